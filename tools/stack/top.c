/*
 * top - what the services use, again and again.
 *
 * On a terminal the table is drawn anew, the busiest first, until q; elsewhere
 * each round is a record a service.
 */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "lib/proc.h"
#include "tools/stack/status.h"

enum { FIRST_MS = 100 }; /* between the two readings of the first round */

static int64_t interval_ms = 2000, rounds;

const struct ak_opt top_options[] = {
	{ 'i', "interval", "time", "between rounds (2s)",
	    AK_DURATION(&interval_ms, 100, 3600000) },
	{ 'n', "count", "n", "rounds, then end",
	    AK_INT(&rounds, 1, INT32_MAX) },
	{ 0 },
};

static const struct ak_view usage_view = {
	.type = "usage",
	.columns = AK_COLUMNS({ "service", "SERVICE", AK_SHOW_TEXT, 0, NULL },
	    { "cpu_percent", "CPU %", AK_SHOW_PERCENT, 7, NULL },
	    { "memory_bytes", "MEMORY", AK_SHOW_SIZE, 7, NULL },
	    { "memory_limit_bytes", "LIMIT", AK_SHOW_SIZE, 7, NULL },
	    { "received_bytes", "RECEIVED", AK_SHOW_SIZE, 8, NULL },
	    { "sent_bytes", "SENT", AK_SHOW_SIZE, 8, NULL },
	    { "read_bytes", "READ", AK_SHOW_SIZE, 8, NULL },
	    { "written_bytes", "WRITTEN", AK_SHOW_SIZE, 8, NULL },
	    { "processes", "PROCESSES", AK_SHOW_NUMBER, 0, NULL }),
};

/* The readings of the round before, by container. */
struct reading {
	char *id;
	struct usage usage;
};

struct top {
	struct ak_ctx *ctx;
	struct kit *kit;
	struct ak_docker *engine;
	struct look_want want;
	struct reading *before;
	size_t before_count;
	bool screen;
};

static struct termios terminal;

static void
terminal_restore(void)
{
	tcsetattr(STDIN_FILENO, TCSANOW, &terminal);
}

static void
end_by_signal(int number)
{
	terminal_restore();
	signal(number, SIG_DFL);
	raise(number);
}

/* Keys come at once and are not shown. */
static void
terminal_prepare(void)
{
	struct sigaction action = { .sa_handler = end_by_signal };
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &terminal) == -1)
		return;
	raw = terminal;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	atexit(terminal_restore);
}

static void
forget(struct top *top)
{
	for (size_t i = 0; i < top->before_count; i++)
		free(top->before[i].id);
	free(top->before);
	top->before = NULL;
	top->before_count = 0;
}

static void
remember(struct top *top, const struct usage_target targets[], size_t count)
{
	forget(top);
	top->before = ak_calloc(count + 1, sizeof(*top->before));
	for (size_t i = 0; i < count; i++)
		top->before[i] = (struct reading){
			.id = ak_strdup(targets[i].container->id),
			.usage = targets[i].usage,
		};
	top->before_count = count;
}

static struct usage
reading_of(const struct top *top, const char *id)
{
	for (size_t i = 0; i < top->before_count; i++)
		if (ak_streq(top->before[i].id, id))
			return top->before[i].usage;
	return (struct usage){ 0 };
}

static int
busiest_first(const void *a, const void *b)
{
	const struct row *left = a, *right = b;
	double x = left->usage.cpu_percent, y = right->usage.cpu_percent;

	if (x != y)
		return x < y ? 1 : -1;
	return strcmp(left->name, right->name);
}

static void
print_rows(const struct top *top, struct look *look)
{
	struct ak_out *out = top->ctx->out;

	if (top->screen) {
		qsort(look->rows, look->count, sizeof(*look->rows),
		    busiest_first);
		ak_out_raw(out, "\033[H\033[J");
	}
	for (size_t i = 0; i < look->count; i++) {
		if (!look->rows[i].usage.known)
			continue;
		ak_out_begin(out, &usage_view);
		ak_out_str(out, "service", look->rows[i].name);
		usage_print(out, &look->rows[i].usage);
		ak_out_end(out);
	}
	ak_out_flush(out);
}

static int
read_usage(struct top *top, struct look *look)
{
	size_t count = look->containers.count;
	AK_FREE struct usage_target *targets = ak_calloc(count + 1,
	    sizeof(*targets));
	int failed;

	for (size_t i = 0; i < count; i++)
		targets[i] = (struct usage_target){
			.container = &look->containers.items[i],
			.usage = reading_of(top, look->containers.items[i].id),
		};
	if (top->before == NULL)
		failed = usage_read(targets, count, FIRST_MS, &top->ctx->err);
	else
		failed = usage_sample(targets, count, &top->ctx->err);
	if (failed == -1)
		return -1;
	look_add_usage(look, targets, count);
	remember(top, targets, count);
	return 0;
}

static int
round_do(struct top *top)
{
	LOOK struct look look = { 0 };

	if (look_take(top->kit, top->engine, &top->want, &look,
		&top->ctx->err) == -1 ||
	    read_usage(top, &look) == -1)
		return -1;
	print_rows(top, &look);
	return 0;
}

/* True when it is to end: q, or nobody reads any more. */
static bool
pause_for(const struct top *top, int64_t wait_ms)
{
	struct pollfd fds[2] = { { .fd = STDOUT_FILENO },
		{ .fd = top->screen ? STDIN_FILENO : -1, .events = POLLIN } };
	int64_t until = ak_proc_now_ms() + wait_ms, left = wait_ms;
	char key = 0;

	while (left > 0) {
		poll(fds, 2, (int)left);
		if ((fds[0].revents & (POLLERR | POLLHUP)) != 0)
			return true;
		if (fds[1].revents != 0 &&
		    (read(STDIN_FILENO, &key, 1) < 1 || key == 'q'))
			return true;
		left = until - ak_proc_now_ms();
	}
	return ak_out_failed(top->ctx->out);
}

static int
run(struct top *top)
{
	for (int64_t n = 1;; n++) {
		int64_t begun_ms = ak_proc_now_ms();

		if (round_do(top) == -1)
			return -1;
		if (n == rounds ||
		    pause_for(top, interval_ms - (ak_proc_now_ms() - begun_ms)))
			return 0;
	}
}

int
top_run(struct ak_ctx *ctx, int count, char *operands[])
{
	KIT struct kit kit = { .fd = -1 };
	AK_DOCKER struct ak_docker *engine = NULL;
	struct top top = { .ctx = ctx, .kit = &kit };
	int failed;

	if (names_read(&count, &operands, &ctx->err) == -1 ||
	    kit_open(&kit, stack_options.kit, &ctx->err) == -1 ||
	    engine_open(&engine, &ctx->err) == -1)
		return -1;
	if (!look_is_local(engine))
		return ak_fail(&ctx->err, AK_UNAVAILABLE,
		    "docker: %s: what another machine's containers use "
		    "cannot be read here",
		    ak_docker_where(engine));
	top.engine = engine;
	top.want = (struct look_want){ operands, (size_t)count, 0 };
	top.screen = ak_out_is_table(ctx->out) && isatty(STDIN_FILENO) == 1 &&
	    isatty(STDOUT_FILENO) == 1;
	if (top.screen)
		terminal_prepare();
	failed = run(&top);
	forget(&top);
	return failed;
}
