/*
 * term - the terminal: its width, whether colour is wanted, progress.
 */
#include "lib/term.h"

#include <sys/ioctl.h>

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/utf8.h"

#define REDRAW_MS 100

static struct {
	int lines; /* on the screen now */
	long long drawn_ms;
} progress;

static struct winsize
size_of(int fd)
{
	struct winsize size = { 0 };

	if (ioctl(fd, TIOCGWINSZ, &size) == -1 || size.ws_col == 0)
		return (struct winsize){ .ws_col = 80, .ws_row = 24 };
	return size;
}

int
ak_term_width(int fd)
{
	return size_of(fd).ws_col;
}

/* An empty NO_COLOR counts as not set, see no-color.org. */
bool
ak_term_colour(int fd)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fd) && !(no_color && *no_color) && term && *term &&
	    !ak_streq(term, "dumb");
}

static long long
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* One column is left free, so that no terminal wraps. */
static void
add_cut(struct ak_buf *buf, const char *s, size_t len, int columns)
{
	uint32_t point;
	size_t step;

	for (size_t i = 0; i < len; i += step) {
		step = ak_utf8_next(s + i, len - i, &point);
		if (step == 0 || point < ' ' || (point >= 0x7f && point < 0xa0))
			point = '?';
		columns -= ak_utf8_width(point);
		if (columns < 1)
			return;
		if (point == '?')
			ak_buf_char(buf, '?');
		else
			ak_buf_add(buf, s + i, step);
		step = step > 0 ? step : 1;
	}
}

static void
show(const struct ak_buf *buf)
{
	size_t done = 0;

	while (done < buf->len) {
		ssize_t put = write(STDERR_FILENO, buf->data + done,
		    buf->len - done);

		/* Progress that cannot be shown is no failure. */
		if (put <= 0)
			return;
		done += (size_t)put;
	}
}

static void
add_wipe(struct ak_buf *buf)
{
	if (progress.lines > 1)
		ak_buf_printf(buf, "\033[%dA", progress.lines - 1);
	ak_buf_str(buf, "\r\033[J");
	progress.lines = 0;
}

void
ak_term_progress(const char *lines)
{
	AK_BUF struct ak_buf buf = { 0 };
	struct winsize size = size_of(STDERR_FILENO);
	long long now = now_ms();

	if (!isatty(STDERR_FILENO) ||
	    (progress.lines > 0 && now - progress.drawn_ms < REDRAW_MS))
		return;
	progress.drawn_ms = now;
	add_wipe(&buf);
	while (*lines != '\0' && progress.lines < size.ws_row - 1) {
		size_t len = strcspn(lines, "\n");

		if (progress.lines++ > 0)
			ak_buf_char(&buf, '\n');
		add_cut(&buf, lines, len, size.ws_col);
		lines += len + (lines[len] == '\n');
	}
	show(&buf);
}

void
ak_term_progress_end(void)
{
	AK_BUF struct ak_buf buf = { 0 };

	if (progress.lines == 0)
		return;
	add_wipe(&buf);
	show(&buf);
}
