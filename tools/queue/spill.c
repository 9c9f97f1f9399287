/*
 * spill - what a client sent, held until it can be asked for no more.
 *
 * A small body stays in memory, behind its head in one piece. One that grows
 * above memory_body goes to a file without a name, whole: O_TMPFILE in
 * spill_dir, or a memory file, which at least can be swapped.
 */
#include <sys/mman.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tools/queue/proxy.h"

static bool
room(struct queue *q, struct held *h, size_t more)
{
	size_t need = h->data_len + more, cap = h->cap;

	if (need <= cap)
		return true;
	cap = cap * 2 < need ? need : cap * 2;
	if (q->memory_bytes + (int64_t)(cap - h->cap) > q->settings->memory_max)
		return false;
	h->data = ak_resize(h->data, cap, 1);
	q->memory_bytes += (int64_t)(cap - h->cap);
	h->cap = (uint32_t)cap;
	return true;
}

/* Ours to know, not the backend's. */
static const char *const drop[] = { "Accept-Encoding", NULL };
static const char *const drop_keys[] = { "Accept-Encoding", "Authorization",
	"X-Api-Key", NULL };

int
held_begin(struct queue *q, struct held *h, const struct http1_head *head,
    const char *data, int64_t length)
{
	static struct ak_buf made; /* of the process, while it is read */
	const struct http1_onward how = {
		.framing = HTTP1_NONE,
		.drop = q->settings->keys != NULL ? drop_keys : drop,
	};
	size_t more;

	ak_buf_reset(&made);
	http1_put_request(&made, head, data, &how);
	more = made.len;
	h->spill = -1;
	h->framing = (uint8_t)head->framing;
	h->length = head->length;
	/*
	 * What is promised is believed for a small body only: a promise costs
	 * nothing.
	 */
	if (length > 0 && length <= 4096)
		more += (size_t)length;
	if (!room(q, h, more))
		return 503;
	memcpy(h->data, made.data, made.len);
	h->head_len = h->data_len = (uint32_t)made.len;
	return 0;
}

static int
spill_write(struct queue *q, struct held *h, const char *data, size_t len)
{
	ssize_t n;

	if (q->spilled_bytes + (int64_t)len > q->settings->spill_max)
		return 503;
	while (len > 0) {
		n = write(h->spill, data, len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return 503;
		q->spilled_bytes += n;
		h->spilled += (uint64_t)n;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static int
spill_open(struct queue *q, struct held *h)
{
	const char *dir = q->settings->spill_dir;
	size_t body = h->data_len - h->head_len;
	int status;

	h->spill = dir != NULL ? open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)
			       : memfd_create("aikit-queue", MFD_CLOEXEC);
	if (h->spill == -1)
		return 503;
	status = spill_write(q, h, h->data + h->head_len, body);
	h->data_len = h->head_len;
	held_whole(q, h);
	return status;
}

int
held_add(struct queue *q, struct held *h, const char *data, size_t len)
{
	int status = 0;

	h->body_len += len;
	if (h->spill == -1 && h->body_len > (uint64_t)q->settings->memory_body)
		status = spill_open(q, h);
	if (status != 0)
		return status;
	if (h->spill != -1)
		return spill_write(q, h, data, len);
	if (!room(q, h, len))
		return 503;
	memcpy(h->data + h->data_len, data, len);
	h->data_len += (uint32_t)len;
	return 0;
}

void
held_whole(struct queue *q, struct held *h)
{
	if (h->cap == h->data_len || h->data_len == 0)
		return;
	h->data = ak_resize(h->data, h->data_len, 1);
	q->memory_bytes -= (int64_t)(h->cap - h->data_len);
	h->cap = h->data_len;
}

void
held_free(struct queue *q, struct held *h)
{
	q->memory_bytes -= h->cap;
	free(h->data);
	free(h->edits);
	if (h->spill > 0)
		close(h->spill);
	q->spilled_bytes -= (int64_t)h->spilled;
	*h = (struct held){ .spill = -1 };
}

/* Of a body in memory at once; of a spilled one when it is sent. */
void
held_edit(struct queue *q, struct held *h, const struct scan_edit *edit,
    size_t count)
{
	size_t text_len, at, rest;

	if (count == 0)
		return;
	if (h->spill != -1) {
		h->edits = ak_calloc(count, sizeof(*edit));
		memcpy(h->edits, edit, count * sizeof(*edit));
		h->edit_count = (uint8_t)count;
		return;
	}
	/* From the last, so that the places of the others still hold. */
	while (count-- > 0) {
		text_len = strlen(edit[count].text);
		at = h->head_len + edit[count].at;
		rest = h->data_len - at - edit[count].len;
		if (!room(q, h, text_len))
			return;
		memmove(h->data + at + text_len, h->data + at + edit[count].len,
		    rest);
		memcpy(h->data + at, edit[count].text, text_len);
		h->data_len += (uint32_t)(text_len - edit[count].len);
		h->body_len += text_len - edit[count].len;
	}
}
