/*
 * pending - bytes that the other side does not take yet.
 *
 * Almost everything is taken at once, so there is no buffer until it is not,
 * and none again when it has been.
 */
#include <sys/socket.h>

#include <errno.h>
#include <string.h>

#include "tools/queue/proxy.h"

void
pending_free(struct pending *p)
{
	free(p->data);
	*p = (struct pending){ 0 };
}

void
pending_add(struct pending *p, const char *data, size_t len)
{
	size_t size = p->len - p->at;

	if (p->at > 0 && p->len + len > p->cap) {
		memmove(p->data, p->data + p->at, size);
		p->at = 0;
		p->len = size;
	}
	if (p->len + len > p->cap) {
		p->cap = p->cap == 0 ? len : p->cap * 2;
		if (p->cap < p->len + len)
			p->cap = p->len + len;
		p->data = ak_resize(p->data, p->cap, 1);
	}
	memcpy(p->data + p->len, data, len);
	p->len += len;
}

/* How much went; -1 when the other side is gone. */
static ssize_t
give(int fd, const char *data, size_t len)
{
	ssize_t n;

	do
		n = send(fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n == -1 && errno == EINTR);
	if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return 0;
	return n;
}

int
pending_write(int fd, struct pending *p, const char *data, size_t len)
{
	ssize_t n = 0;

	if (len == 0)
		return 0;
	if (pending_size(p) == 0)
		n = give(fd, data, len);
	if (n == -1)
		return -1;
	if ((size_t)n < len)
		pending_add(p, data + n, len - (size_t)n);
	return 0;
}

int
pending_flush(int fd, struct pending *p)
{
	ssize_t n;

	while (pending_size(p) > 0) {
		n = give(fd, p->data + p->at, pending_size(p));
		if (n == -1)
			return -1;
		if (n == 0)
			return 0;
		p->at += (size_t)n;
	}
	pending_free(p);
	return 0;
}
