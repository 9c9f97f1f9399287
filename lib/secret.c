/*
 * secret - read a secret from a file that nobody else can read.
 */
#include "lib/secret.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "lib/crypt.h"

void
ak_secret_wipe(struct ak_buf *buf)
{
	ak_crypt_wipe(buf->data, buf->cap);
	ak_buf_free(buf);
}

/* What may be read as a secret: a file that is its owner's alone. */
static int
check(int fd, const char *name, size_t *size, struct ak_err *err)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		return ak_fail_sys(err, AK_IO, "%s", name);
	if (!S_ISREG(st.st_mode))
		return ak_fail(err, AK_DATA, "%s: not a regular file", name);
	if ((st.st_mode & 077) != 0) {
		ak_err_set(err, AK_NOPERM, "%s: others can read it (mode %03o)",
		    name, (unsigned)st.st_mode & 07777);
		ak_err_help(err, "chmod 600 %s", name);
		return -1;
	}
	if (st.st_size > AK_SECRET_MAX)
		return ak_fail(err, AK_DATA, "%s: larger than %d bytes", name,
		    AK_SECRET_MAX);
	*size = (size_t)st.st_size;
	return 0;
}

/*
 * Room is made once, before the first byte: a buffer that moved would leave a
 * copy behind that nobody wipes.
 */
static void
make_room(struct ak_buf *buf, size_t more)
{
	AK_SECRET struct ak_buf larger = { 0 };
	struct ak_buf old = *buf;

	if (buf->cap > buf->len + more)
		return;
	ak_buf_grow(&larger, buf->len + more);
	ak_buf_add(&larger, ak_buf_text(buf), buf->len);
	*buf = larger;
	larger = old;
}

int
ak_secret_read(int dir, const char *name, struct ak_buf *buf,
    struct ak_err *err)
{
	AK_CLOSE int fd = openat(dir, name,
	    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	size_t size, got = 0;

	if (fd == -1)
		return ak_fail_sys(err,
		    errno == EACCES ? AK_NOPERM : AK_NOINPUT, "%s", name);
	if (check(fd, name, &size, err) == -1)
		return -1;

	make_room(buf, size);
	while (got < size) {
		ssize_t n = read(fd, buf->data + buf->len + got, size - got);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return ak_fail_sys(err, AK_IO, "%s", name);
		if (n == 0)
			break;
		got += (size_t)n;
	}
	if (got > 0 && buf->data[buf->len + got - 1] == '\n')
		got--;
	buf->len += got;
	buf->data[buf->len] = '\0';
	return 0;
}
