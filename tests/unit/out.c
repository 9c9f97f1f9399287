/*
 * out - unit test: records out, as a program and as a person reads them.
 */
#include "lib/out.h"

#include <sys/mman.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/tap.h"

static const struct ak_view view = {
	"v",
	AK_COLUMNS({ "v", "VALUE", AK_SHOW_TEXT, 0, NULL },
	    { "n", "NUMBER", AK_SHOW_NUMBER, 0, NULL },
	    { "size_bytes", "SIZE", AK_SHOW_SIZE, 0, NULL },
	    { "wait_seconds", "WAIT", AK_SHOW_SECONDS, 0, NULL },
	    { "part", "PART", AK_SHOW_PERCENT, 0, NULL },
	    { "list", "LIST", AK_SHOW_TEXT, 0, NULL }),
	false,
};

/* All that fd, which is closed, holds. */
static char *
contents(int fd)
{
	struct ak_buf buf = { 0 };
	ssize_t got;

	lseek(fd, 0, SEEK_SET);
	do {
		ak_buf_grow(&buf, 4096);
		got = read(fd, buf.data + buf.len, 4096);
		buf.len += got > 0 ? (size_t)got : 0;
	} while (got > 0);
	buf.data[buf.len] = '\0';
	close(fd);
	return ak_buf_take(&buf);
}

typedef void filler(struct ak_out *out);

/* What a form makes of the records that fill gives. */
static char *
written(enum ak_form form, filler *fill)
{
	int fd = memfd_create("out", MFD_CLOEXEC);
	struct ak_out *out = ak_out_open(fd, form, false);
	struct ak_err err = { 0 };

	fill(out);
	if (ak_out_close(out, &err) == -1)
		ok(false, "a memory file is written: %s", err.text);
	return contents(fd);
}

static const struct {
	const char *claim;
	const char *bytes;
	size_t len;
	const char *json;
	const char *table;
} texts[] = {
	{ "a word stays a word", "word", 4, "word", "word" },
	{ "an escape never reaches the terminal", "\x1b[2J", 4, "\\u001b[2J",
	    "?[2J" },
	{ "a quote is escaped for programs alone", "a\"b", 3, "a\\\"b",
	    "a\"b" },
	{ "a line feed never ends a line", "a\nb", 3, "a\\nb", "a?b" },
	{ "a tab is a blank for people", "a\tb", 3, "a\\tb", "a b" },
	{ "a NUL is a byte as any", "a\0b", 3, "a\\u0000b", "a?b" },
	{ "what is not UTF-8 shows", "a\xff", 2, "a\xef\xbf\xbd", "a?" },
	{ "a control character of two bytes shows", "\xc2\x9b", 2, "\\u009b",
	    "?" },
	{ "a line separator shows to people", "\xe2\x80\xa8", 3, "\xe2\x80\xa8",
	    "?" },
};

static void
one_text(struct ak_out *out, size_t i)
{
	ak_out_begin(out, &view);
	ak_out_bytes(out, "v", texts[i].bytes, texts[i].len);
	ak_out_end(out);
}

static void
every_text(struct ak_out *out)
{
	for (size_t i = 0; i < AK_COUNT(texts); i++)
		one_text(out, i);
}

static void
lines_of_texts(void)
{
	AK_FREE char *json = written(AK_FORM_JSON, every_text);
	AK_FREE char *table = written(AK_FORM_TABLE, every_text);
	char *json_rest, *table_rest;

	is_str(strtok_r(table, "\n", &table_rest), "VALUE",
	    "a table has a header");
	for (size_t i = 0; i < AK_COUNT(texts); i++) {
		AK_FREE char *want = ak_printf("{\"type\":\"v\",\"v\":\"%s\"}",
		    texts[i].json);

		is_str(strtok_r(i == 0 ? json : NULL, "\n", &json_rest), want,
		    "%s, as JSON", texts[i].claim);
		is_str(strtok_r(NULL, "\n", &table_rest), texts[i].table,
		    "%s, in a table", texts[i].claim);
	}
}

static void
every_kind(struct ak_out *out)
{
	ak_out_begin(out, &view);
	ak_out_str(out, "v", "a");
	ak_out_int(out, "n", -12);
	ak_out_int(out, "size_bytes", 1546188226);
	ak_out_int(out, "wait_seconds", 200);
	ak_out_number(out, "part", 12.345);
	ak_out_list(out, "list");
	ak_out_item(out, "x");
	ak_out_item(out, "y\"");
	ak_out_list_end(out);
	ak_out_end(out);
	ak_out_begin(out, &view);
	ak_out_str(out, "v", NULL);
	ak_out_int(out, "n", 9007199254740993);
	ak_out_int(out, "size_bytes", 9007199254740992);
	ak_out_number(out, "wait_seconds", 0.5);
	ak_out_bool(out, "list", true);
	ak_out_bool(out, "no_column", false);
	ak_out_end(out);
}

static void
kinds(void)
{
	AK_FREE char *json = written(AK_FORM_JSON, every_kind);
	AK_FREE char *table = written(AK_FORM_TABLE, every_kind);

	is_str(json,
	    "{\"type\":\"v\",\"v\":\"a\",\"n\":-12,\"size_bytes\":1546188226,"
	    "\"wait_seconds\":200,\"part\":12.345,\"list\":[\"x\",\"y\\\"\"]}\n"
	    "{\"type\":\"v\",\"n\":\"9007199254740993\","
	    "\"size_bytes\":9007199254740992,\"wait_seconds\":0.5,"
	    "\"list\":true,\"no_column\":false}\n",
	    "every kind of field has its form in JSON");
	is_str(table,
	    "VALUE            NUMBER   SIZE   WAIT   PART  LIST\n"
	    "a                   -12  1.44G  3m20s  12.3%  x, y\"\n"
	    "       9007199254740993  8.00P  500ms         yes\n",
	    "and in a table");
}

static void
every_number(struct ak_out *out)
{
	static const double numbers[] = { 0, -0.0, 1, -1.5, 0.1, 1e-9, -1e-9,
		0.1234567, 1234567.125, 1e15 };

	for (size_t i = 0; i < AK_COUNT(numbers); i++) {
		ak_out_begin(out, &view);
		ak_out_number(out, "n", numbers[i]);
		ak_out_end(out);
	}
	ak_out_begin(out, &view);
	ak_out_number(out, "n", NAN);
	ak_out_number(out, "n", INFINITY);
	ak_out_end(out);
}

static void
numbers(void)
{
	static const char *const want[] = { ",\"n\":0", ",\"n\":0", ",\"n\":1",
		",\"n\":-1.5", ",\"n\":0.1", ",\"n\":0", ",\"n\":0",
		",\"n\":0.123457", ",\"n\":1234567.125",
		",\"n\":1000000000000000", "" };
	AK_FREE char *json = written(AK_FORM_JSON, every_number);
	char *rest = json;

	for (size_t i = 0; i < AK_COUNT(want); i++) {
		AK_FREE char *line = ak_printf("{\"type\":\"v\"%s}", want[i]);

		is_str(strsep(&rest, "\n"), line,
		    "a number has at most six decimals, case %zu", i);
	}
}

static void
two_times(struct ak_out *out)
{
	ak_out_begin(out, &view);
	ak_out_time(out, "at", 1769860800500000000);
	ak_out_time(out, "before", -1000000);
	ak_out_end(out);
	ak_out_note(out, "%d lines for people", 2);
}

static void
times(void)
{
	AK_FREE char *json = written(AK_FORM_JSON, two_times);

	is_str(json,
	    "{\"type\":\"v\",\"at\":\"2026-01-31T12:00:00.500Z\","
	    "\"before\":\"1969-12-31T23:59:59.999Z\"}\n",
	    "times are RFC 3339, and a note is not for programs");
}

static void
forms(void)
{
	int fd = memfd_create("out", MFD_CLOEXEC);
	struct ak_out *out = ak_out_open(fd, AK_FORM_AUTO, true);
	struct ak_err err = { 0 };

	ok(!ak_out_is_table(out), "what is no terminal gets JSON");
	is_int(ak_out_close(out, &err), 0, "no records are no failure");
	is_int(lseek(fd, 0, SEEK_END), 0, "and nothing is written");
	out = ak_out_open(fd, AK_FORM_TABLE, false);
	ok(ak_out_is_table(out), "a table can be asked for");
	is_int(ak_out_close(out, &err), 0, "an empty table is no failure");
	is_int(lseek(fd, 0, SEEK_END), 0, "and has no header");
	close(fd);
}

/* A flush hands over whole lines; what is begun waits. */
static void
flushes(void)
{
	int fd = memfd_create("out", MFD_CLOEXEC);
	struct ak_out *out = ak_out_open(fd, AK_FORM_JSON, false);
	struct ak_err err = { 0 };
	AK_FREE char *all = NULL;

	one_text(out, 0);
	is_int(lseek(fd, 0, SEEK_END), 0, "a record waits for its flush");
	ak_out_begin(out, &view);
	ak_out_flush(out);
	is_int(lseek(fd, 0, SEEK_END), 24, "a flush hands over whole records");
	ak_out_str(out, "v", "b");
	ak_out_end(out);
	for (int i = 0; i < 3000; i++)
		one_text(out, 0);
	ok(lseek(fd, 0, SEEK_END) >= 65536, "64 KiB wait for no flush");
	is_int(ak_out_close(out, &err), 0, "the close hands over the rest");
	all = contents(fd);
	is_int((long long)strlen(all), 24 + 21 + 3000 * 24, "all of it");
}

static void
full_disk(void)
{
	AK_CLOSE int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct ak_out *out = ak_out_open(fd, AK_FORM_JSON, false);
	struct ak_err err = { 0 };

	one_text(out, 0);
	ok(!ak_out_failed(out), "a record that waits has not failed yet");
	ak_out_flush(out);
	ok(ak_out_failed(out), "a full disk shows at the flush");
	for (int i = 0; i < 10000; i++)
		one_text(out, 0);
	is_int(ak_out_close(out, &err), -1, "and is told at the close");
	is_str(err.text, "write: no space left on device", "with its reason");
	is_int(err.code, AK_IO, "as an I/O error");
}

static void
reader_gone(void)
{
	struct ak_err err = { 0 };
	struct ak_out *out;
	int pipe_fd[2];

	if (pipe2(pipe_fd, O_CLOEXEC) == -1)
		return;
	signal(SIGPIPE, SIG_IGN);
	close(pipe_fd[0]);
	out = ak_out_open(pipe_fd[1], AK_FORM_TABLE, false);
	one_text(out, 0);
	is_int(ak_out_close(out, &err), -1, "a reader that is gone is told");
	is_str(err.text, "write: broken pipe", "with its reason");
	close(pipe_fd[1]);
}

/* A pipe that is full for a while is no failure. */
static void
slow_reader(void)
{
	struct ak_err err = { 0 };
	int pipe_fd[2], status = -1;
	struct ak_out *out;
	pid_t child;

	if (pipe2(pipe_fd, O_CLOEXEC | O_NONBLOCK) == -1 ||
	    (child = fork()) == -1)
		return;
	if (child == 0) {
		char bytes[100];
		size_t total = 0;
		ssize_t got;

		close(pipe_fd[1]);
		fcntl(pipe_fd[0], F_SETFL, 0);
		while ((got = read(pipe_fd[0], bytes, sizeof(bytes))) > 0)
			total += (size_t)got;
		_exit(total == (size_t)24 * 20000);
	}
	close(pipe_fd[0]);
	out = ak_out_open(pipe_fd[1], AK_FORM_JSON, false);
	for (int i = 0; i < 20000; i++)
		one_text(out, 0);
	is_int(ak_out_close(out, &err), 0, "a full pipe is waited for");
	close(pipe_fd[1]);
	waitpid(child, &status, 0);
	is_int(WEXITSTATUS(status), 1, "and gets every byte");
}

int
main(void)
{
	lines_of_texts();
	kinds();
	numbers();
	times();
	forms();
	flushes();
	full_disk();
	reader_gone();
	slow_reader();
	return done_testing();
}
