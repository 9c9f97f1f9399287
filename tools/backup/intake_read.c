/*
 * intake_read - one file read into the saver.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tools/backup/intake.h"

#define HASH_PREFIX "sha256-"
#define OPEN_FILE (O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

bool
intake_is_hash(const char *name)
{
	size_t prefix = strlen(HASH_PREFIX);

	return ak_starts(name, HASH_PREFIX) &&
	    strspn(name + prefix, "0123456789abcdef") == 64 &&
	    name[prefix + 64] == '\0';
}

bool
intake_hash_holds(const char *path, const uint8_t whole[ID_SIZE])
{
	const char *digits = path + strlen(path) - 64;
	static const char hex[] = "0123456789abcdef";

	for (size_t i = 0; i < ID_SIZE; i++)
		if (digits[2 * i] != hex[whole[i] >> 4] ||
		    digits[2 * i + 1] != hex[whole[i] & 15])
			return false;
	return true;
}

/* Without marking it as read, where that is allowed. */
static int
open_file(const struct reading *reading, struct ak_err *err)
{
	int fd;

	if (*reading->name == '\0')
		return fcntl(reading->dir, F_DUPFD_CLOEXEC, 0);
	fd = openat(reading->dir, reading->name, OPEN_FILE | O_NOATIME);
	if (fd == -1 && errno == EPERM)
		fd = openat(reading->dir, reading->name, OPEN_FILE);
	if (fd == -1)
		return ak_fail_sys(err,
		    errno == ENOENT ? AK_NOINPUT : AK_NOPERM, "open");
	return fd;
}

static ssize_t
read_at(int fd, void *data, size_t len, uint64_t at)
{
	ssize_t got;

	do
		got = pread(fd, data, len, (off_t)at);
	while (got == -1 && errno == EINTR);
	return got;
}

/* The head is read once, and goes in from where it already is. */
ssize_t
intake_take(struct feed *feed, uint8_t *data, size_t len, uint64_t at)
{
	uint64_t end = feed->head_at + feed->head_len;

	if (at >= feed->head_at && at < end) {
		size_t skip = (size_t)(at - feed->head_at);
		size_t n = feed->head_len - skip;

		n = n < len ? n : len;
		memcpy(data, feed->head + skip, n);
		return (ssize_t)n;
	}
	return read_at(feed->fd, data, len, at);
}

/* 0 all, or all that there was: *at says; 1 not readable, -1. */
static int
feed_range(struct feed *feed, uint64_t *at, uint64_t end, struct ak_err *err)
{
	while (*at < end) {
		struct saver *saver = feed->in->saver;
		uint8_t *data;
		size_t room;
		ssize_t got;

		if (item_room(saver, &data, &room, err) == -1)
			return -1;
		room = end - *at < room ? (size_t)(end - *at) : room;
		got = intake_take(feed, data, room, *at);
		if (got == -1) {
			ak_err_set_sys(err, AK_IO, "read");
			return 1;
		}
		if (got == 0)
			return 0;
		if (item_filled(saver, (size_t)got, err) == -1)
			return -1;
		*at += (uint64_t)got;
		feed->in->progress(feed->in->arg, NULL, (uint64_t)got);
	}
	return 0;
}

/* It ended before its size: what was read of it is its size now. */
static void
cut_to(struct entry *entry, uint64_t size)
{
	while (entry->hole_count > 0 &&
	    entry->holes[entry->hole_count - 1].offset >= size)
		entry->hole_count--;
	entry->size = size;
	entry->changed = true;
}

/* Between the holes. */
static int
feed_data(struct feed *feed, struct entry *entry, struct ak_err *err)
{
	uint64_t at = 0;

	for (size_t i = 0; i <= entry->hole_count; i++) {
		bool last = i == entry->hole_count;
		uint64_t end = last ? entry->size : entry->holes[i].offset;
		int got = feed_range(feed, &at, end, err);

		if (got != 0)
			return got;
		if (at < end) {
			cut_to(entry, at);
			return 0;
		}
		at = last ? at : end + entry->holes[i].len;
	}
	return 0;
}

static int
read_head(struct feed *feed, const struct entry *entry, struct ak_err *err)
{
	uint64_t begin = 0, end = entry->size;
	ssize_t got;

	for (size_t i = 0; i < entry->hole_count; i++) {
		const struct hole *hole = &entry->holes[i];

		if (hole->offset > begin) {
			end = hole->offset;
			break;
		}
		begin = hole->offset + hole->len;
	}
	feed->head_at = begin;
	end = end - begin < INTAKE_HEAD ? end : begin + INTAKE_HEAD;
	got = read_at(feed->fd, feed->head, (size_t)(end - begin), begin);
	if (got == -1) {
		ak_err_set_sys(err, AK_IO, "read");
		return 1;
	}
	feed->head_len = (size_t)got;
	return 0;
}

struct item_how
intake_how(const struct feed *feed, int dir, const char *path, uint64_t size)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	struct chunk_hint hint = { .name = name,
		.head = feed->head,
		.head_len = feed->head_len,
		.size = size };
	struct item_how how = { 0 };

	hint.pg_directory = *name >= '0' && *name <= '9' && dir >= 0 &&
	    faccessat(dir, "PG_VERSION", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	how.class = chunk_classify(&hint, &how.page);
	how.hash_whole = intake_is_hash(name);
	return how;
}

/* Once through the file. 0, 1 not readable, -1. */
static int
read_once(struct feed *feed, const struct reading *reading,
    struct pending *pending, struct ak_err *err)
{
	struct entry *entry = &pending->entry;
	struct item_how how;
	int got = read_head(feed, entry, err);

	if (got != 0)
		return got;
	how = intake_how(feed, reading->dir, (const char *)entry->path,
	    entry->size);
	pending->hashed = how.hash_whole && entry->hole_count == 0;
	if (item_begin(feed->in->saver, &pending->item, &how, err) == -1)
		return -1;
	pending->reading = true;
	got = feed_data(feed, entry, err);
	return got == 0 ? item_end(feed->in->saver, err) : got;
}

/* What it is now, by the descriptor, so that it is what is read. */
static int
refresh(int fd, const struct reading *reading, struct pending *pending,
    struct ak_err *err)
{
	struct entry *entry = &pending->entry;
	struct entry fresh = { 0 };
	uint64_t blocks;

	if (meta_stat(fd, "", &fresh, &blocks, err) == -1)
		return -1;
	if (fresh.type != ENTRY_FILE)
		return ak_fail(err, AK_NOINPUT, "replaced by another");
	fresh.path = entry->path;
	fresh.path_len = entry->path_len;
	entry->path = NULL;
	entry_free(entry);
	*entry = fresh;
	if (meta_attributes(fd, "", entry, err) == -1)
		return -1;
	/* Whoever names a file by its hash means all of its bytes. */
	return blocks < entry->size && !intake_is_hash(reading->name)
	    ? meta_read_holes(fd, entry, err)
	    : 0;
}

static bool
changed(int fd, const struct entry *entry, bool strict)
{
	struct entry now = { 0 };
	struct ak_err err;

	return meta_stat(fd, "", &now, NULL, &err) == -1 ||
	    now.mtime != entry->mtime || now.size != entry->size ||
	    (strict && now.ctime != entry->ctime);
}

/* Chunks that nobody will refer to; the item can be used again. */
static void
forget_item(struct intake *in, struct pending *pending)
{
	if (!pending->reading)
		return;
	pending->reading = false;
	item_drop(in->saver, &pending->item);
	item_free(&pending->item);
}

/*
 * At the second time, a new link or owner (ctime alone) is no change of what
 * was read.
 */
static int
read_twice(struct feed *feed, const struct reading *reading,
    struct pending *pending, struct ak_err *err)
{
	for (int round = 0; round < 2; round++) {
		int got;

		forget_item(feed->in, pending);
		if (refresh(feed->fd, reading, pending, err) == -1)
			return 1;
		got = pending->entry.size > 0
		    ? read_once(feed, reading, pending, err)
		    : 0;
		if (got != 0)
			return got;
		if (!pending->entry.changed &&
		    !changed(feed->fd, &pending->entry, round == 0))
			return 0;
		pending->entry.changed = round == 1;
	}
	return 0;
}

static int
read_instead(struct feed *feed, const struct reading *reading,
    struct pending *pending, struct ak_err *err)
{
	struct stat st;

	if (fstat(feed->fd, &st) == -1) {
		ak_err_set_sys(err, AK_IO, "stat");
		return 1;
	}
	if (meta_attributes(reading->dir, reading->name, &pending->entry,
		err) == -1)
		return 1;
	pending->entry.size = (uint64_t)st.st_size;
	return st.st_size > 0 ? read_once(feed, reading, pending, err) : 0;
}

int
intake_read(struct intake *in, const struct reading *reading,
    struct pending *pending, struct ak_err *err)
{
	AK_FREE struct feed *feed = ak_malloc(sizeof(*feed));
	AK_CLOSE int fd = reading->fd >= 0 ? reading->fd
					   : open_file(reading, err);
	int got;

	if (fd == -1)
		return 1;
	feed->in = in;
	feed->fd = fd;
	got = reading->fd >= 0 ? read_instead(feed, reading, pending, err)
			       : read_twice(feed, reading, pending, err);
	if (got != 0)
		forget_item(in, pending);
	return got;
}
