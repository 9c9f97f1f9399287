/*
 * top - live: rounds of asking, drawn on a terminal or written as records.
 */
#include <sys/ioctl.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "lib/proc.h"
#include "lib/term.h"
#include "tools/queue/top.h"

static struct {
	int64_t interval_ms, count;
} o = { .interval_ms = 1000 };

const struct ak_opt top_options[] = {
	{ 'i', "interval", "time", "between rounds (1s)",
	    AK_DURATION(&o.interval_ms, 100, 3600000) },
	{ 'n', "count", "n", "so many rounds, then end",
	    AK_INT(&o.count, 1, INT64_MAX) },
	{ 0 },
};

static const struct ak_view rate_view = { "rate",
	AK_COLUMNS({ "queued", "WAIT", AK_SHOW_NUMBER, 0, NULL },
	    { "running", "RUN", AK_SHOW_NUMBER, 0, NULL },
	    { "requests_per_second", "REQUESTS/S", AK_SHOW_NUMBER, 0, NULL },
	    { "tokens_per_second", "TOKENS/S", AK_SHOW_NUMBER, 0, NULL }),
	false };

static volatile sig_atomic_t stopped;

static void
stop(int signal)
{
	stopped = signal;
}

/* ---- In a pipe. ---- */

static void
write_round(struct ak_ctx *ctx, const struct top *top)
{
	int64_t queued = 0, running = 0;

	for (int i = 0; i < TOP_KINDS; i++)
		for (size_t j = 0; j < top->of[i].count; j++)
			ask_show(ctx->out, top->of[i].rows[j].json);
	for (size_t j = 0; j < top->of[TOP_CLASS].count; j++) {
		const struct ak_json *class = top->of[TOP_CLASS].rows[j].json;

		queued += ak_json_int(ak_json_get(class, "queued"), 0);
		running += ak_json_int(ak_json_get(class, "running"), 0);
	}
	ak_out_begin(ctx->out, &rate_view);
	ak_out_int(ctx->out, "queued", queued);
	ak_out_int(ctx->out, "running", running);
	ak_out_number(ctx->out, "requests_per_second", top->request_rate);
	ak_out_number(ctx->out, "tokens_per_second", top->rate);
	ak_out_end(ctx->out);
	ak_out_flush(ctx->out);
}

static int
write_rounds(struct ak_ctx *ctx, struct top *top, struct ak_http *http)
{
	for (int64_t round = 1; stopped == 0; round++) {
		if (top_read(top, http, &ctx->err) == -1)
			return -1;
		write_round(ctx, top);
		if (round == o.count || ak_out_failed(ctx->out))
			break;
		poll(NULL, 0, (int)o.interval_ms);
	}
	return 0;
}

/* ---- On a terminal. ---- */

/* The other screen, no cursor, keys one by one; and back. */
static bool
screen_begin(struct termios *was)
{
	static const char begin[] = "\033[?1049h\033[?25l\033[?7l";
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, was) == -1)
		return false;
	raw = *was;
	raw.c_lflag &= (tcflag_t) ~(ICANON | ECHO);
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	if (tcsetattr(STDIN_FILENO, TCSANOW, &raw) == -1)
		return false;
	return write(STDOUT_FILENO, begin, sizeof(begin) - 1) > 0;
}

static void
screen_end(const struct termios *was)
{
	static const char end[] = "\033[?7h\033[?25h\033[?1049l";

	(void)!write(STDOUT_FILENO, end, sizeof(end) - 1);
	tcsetattr(STDIN_FILENO, TCSANOW, was);
}

/* Each line is wiped to its end, what is below too: nothing flickers. */
static int
draw(const struct top *top)
{
	AK_BUF struct ak_buf picture = { 0 }, frame = { 0 };
	struct winsize size = { .ws_row = 24 };

	ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	top_draw(top, ak_term_width(STDOUT_FILENO),
	    size.ws_row > 6 ? size.ws_row : 24, ak_term_colour(STDOUT_FILENO),
	    &picture);
	ak_buf_str(&frame, "\033[H");
	for (size_t i = 0; i < picture.len; i++) {
		if (picture.data[i] == '\n')
			ak_buf_str(&frame, "\033[K\r");
		ak_buf_char(&frame, picture.data[i]);
	}
	ak_buf_str(&frame, "\033[K\033[J");
	for (size_t at = 0; at < frame.len;) {
		ssize_t wrote = write(STDOUT_FILENO, frame.data + at,
		    frame.len - at);

		if (wrote == -1 && errno != EINTR)
			return -1;
		at += wrote > 0 ? (size_t)wrote : 0;
	}
	return 0;
}

static void
toggle_pause(struct top *top, struct ak_http *http)
{
	AK_BUF struct ak_buf answer = { 0 };
	struct ak_err err = { 0 };

	if (ask(http, "POST",
		top_state(top) != NULL ? "/v1/resume" : "/v1/pause", NULL,
		&answer, &err) == -1)
		snprintf(top->problem, sizeof(top->problem), "%.255s",
		    err.text);
}

/* What the keys say; false to end. */
static bool
press(struct top *top, struct ak_http *http)
{
	static const struct {
		char key;
		int shown;
	} views[] = { { 'a', -1 }, { 'c', TOP_CLIENT }, { 'm', TOP_MODEL },
		{ 'r', TOP_REQUEST }, { 'b', TOP_BACKEND } };
	char keys[16];
	ssize_t got = read(STDIN_FILENO, keys, sizeof(keys));

	for (ssize_t i = 0; i < got; i++) {
		if (keys[i] == 'q' || keys[i] == 4)
			return false;
		if (keys[i] == 'p')
			toggle_pause(top, http);
		for (size_t v = 0; v < AK_COUNT(views); v++)
			if (keys[i] == views[v].key)
				top->shown = views[v].shown;
	}
	return true;
}

/* A queue that is started anew is found again: the view stays. */
static void
look(struct top *top, struct ak_http *http)
{
	struct ak_err err = { 0 };

	top->problem[0] = '\0';
	if (top_read(top, http, &err) == -1)
		snprintf(top->problem, sizeof(top->problem), "%.255s",
		    err.text);
}

static int
draw_rounds(struct top *top, struct ak_http *http)
{
	struct pollfd keys = { .fd = STDIN_FILENO, .events = POLLIN };
	int64_t next = 0, round = 0;

	while (stopped == 0) {
		int64_t now = ak_proc_now_ms();

		if (now >= next) {
			if (o.count > 0 && round++ == o.count)
				return 0;
			look(top, http);
			next = now + o.interval_ms;
		}
		if (draw(top) == -1)
			return -1;
		if (poll(&keys, 1, (int)(next > now ? next - now : 0)) == 1 &&
		    !press(top, http))
			return 0;
	}
	return 0;
}

int
top_run(struct ak_ctx *ctx, int count AK_UNUSED, char *operands[] AK_UNUSED)
{
	const struct sigaction catch = { .sa_handler = stop };
	AK_HTTP struct ak_http *http = NULL;
	struct top top = { .shown = -1 };
	struct termios was;
	int failed;

	if (ask_open(&http, &ctx->err) == -1)
		return -1;
	/* The first time it must answer; later it may come and go. */
	if (top_read(&top, http, &ctx->err) == -1) {
		top_free(&top);
		return -1;
	}
	sigaction(SIGINT, &catch, NULL);
	sigaction(SIGTERM, &catch, NULL);
	if (ak_out_is_table(ctx->out) && isatty(STDOUT_FILENO) &&
	    isatty(STDIN_FILENO) && screen_begin(&was)) {
		failed = draw_rounds(&top, http);
		screen_end(&was);
	} else {
		failed = write_rounds(ctx, &top, http);
	}
	top_free(&top);
	if (stopped != 0) {
		ak_out_flush(ctx->out);
		signal(stopped, SIG_DFL);
		raise(stopped);
	}
	return failed;
}
