/*
 * intake_stream - what is read from anywhere, as a file of a tree.
 */
#include <string.h>

#include "tools/backup/intake.h"

#define UNKNOWN ((uint64_t)1 << 40) /* as large, for how it is cut */

/* The head of a stream, as far as it goes. */
static int
stream_head(struct feed *feed, const struct intake_stream *stream,
    struct ak_err *err)
{
	while (feed->head_len < INTAKE_HEAD) {
		ssize_t got = stream->read(stream->arg,
		    feed->head + feed->head_len, INTAKE_HEAD - feed->head_len,
		    err);

		if (got == -1)
			return -1;
		if (got == 0)
			return 0;
		feed->head_len += (size_t)got;
	}
	return 1;
}

/* more: what is behind the head is still to be read. */
static int
feed_stream(struct feed *feed, const struct intake_stream *stream, bool more,
    uint64_t *size, struct ak_err *err)
{
	struct saver *saver = feed->in->saver;

	while (*size < feed->head_len || more) {
		uint8_t *data;
		size_t room;
		ssize_t got;

		if (item_room(saver, &data, &room, err) == -1)
			return -1;
		got = *size < feed->head_len
		    ? intake_take(feed, data, room, *size)
		    : stream->read(stream->arg, data, room, err);
		if (got == -1)
			return -1;
		if (got == 0)
			return 0;
		if (item_filled(saver, (size_t)got, err) == -1)
			return -1;
		*size += (uint64_t)got;
		feed->in->progress(feed->in->arg, stream->path, (uint64_t)got);
	}
	return 0;
}

static int
stream_item(struct feed *feed, const struct intake_stream *stream,
    struct pending *pending, struct ak_err *err)
{
	int more = stream_head(feed, stream, err);
	uint64_t size = more == 1 ? UNKNOWN : feed->head_len;
	struct item_how how;

	if (stream->size > 0)
		size = stream->size;
	if (more == -1 || feed->head_len == 0)
		return more == -1 ? -1 : 0;
	how = intake_how(feed, -1, stream->path, size);
	if (item_begin(feed->in->saver, &pending->item, &how, err) == -1)
		return -1;
	if (feed_stream(feed, stream, more == 1, &pending->entry.size, err) ==
		0 &&
	    item_end(feed->in->saver, err) == 0 &&
	    item_wait(feed->in->saver, &pending->item, err) == 0)
		return 0;
	item_drop(feed->in->saver, &pending->item);
	return -1;
}

int
intake_chunks(struct intake *in, const struct intake_stream *stream,
    struct chunks *chunks, struct ak_err *err)
{
	AK_FREE struct feed *feed = ak_calloc(1, sizeof(*feed));
	struct pending pending = { 0 };
	int got;

	feed->in = in;
	feed->fd = -1;
	got = stream_item(feed, stream, &pending, err);
	if (got == 0) {
		*chunks = pending.item.chunks;
		pending.item.chunks = (struct chunks){ 0 };
	}
	item_free(&pending.item);
	return got;
}

int
intake_stream(struct intake *in, const struct intake_stream *stream,
    struct ak_err *err)
{
	struct entry entry = { .type = ENTRY_FILE,
		.mode = stream->mode,
		.uid = stream->uid,
		.gid = stream->gid,
		.mtime = stream->mtime,
		.ctime = stream->mtime };
	int got = intake_chunks(in, stream, &entry.chunks, err);

	for (size_t i = 0; i < entry.chunks.count; i++)
		entry.size += entry.chunks.items[i].len;
	entry.path = (uint8_t *)ak_strdup(stream->path);
	entry.path_len = strlen(stream->path);
	if (got == 0)
		got = tree_writer_add(in->tree, &entry, err);
	if (got == 0) {
		in->about->files++;
		in->about->bytes += entry.size;
	}
	entry_free(&entry);
	return got;
}
