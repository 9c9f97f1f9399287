/*
 * rec - unit test: one JSON object a line, read one at a time.
 */
#include "lib/rec.h"

#include <sys/mman.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/tap.h"

static int
file_of(const char *text, size_t len)
{
	int fd = memfd_create("records", MFD_CLOEXEC);

	if (write(fd, text, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET) != 0)
		perror("memfd");
	return fd;
}

/* The types of the records, each with its line, and the error that ends. */
static char *
read_all(int fd)
{
	struct ak_rec rec = { .fd = fd };
	struct ak_buf seen = { 0 };
	const struct ak_json *json;
	struct ak_err err = { 0 };
	int got;

	while ((got = ak_rec_next(&rec, &json, &err)) == 1)
		ak_buf_printf(&seen, "%zu:%s ", rec.line,
		    ak_json_str(ak_json_get(json, "type")));
	if (got == -1)
		ak_buf_printf(&seen, "%d: %s", err.code, err.text);
	ak_rec_close(&rec);
	return ak_buf_take(&seen);
}

static const struct {
	const char *claim;
	const char *text;
	const char *seen;
} cases[] = {
	{ "no bytes are no records", "", "" },
	{ "a line is a record", "{\"type\":\"a\"}\n", "1:a " },
	{ "the last one needs no line feed",
	    "{\"type\":\"a\"}\n{\"type\":\"b\"}", "1:a 2:b " },
	{ "empty lines are skipped, and counted", "\n\r\n{\"type\":\"a\"}\n\n",
	    "3:a " },
	{ "what is no JSON is named by its line", "{\"type\":\"a\"}\nno\n",
	    "1:a 65: line 2: not JSON, at byte 0" },
	{ "a record has a type", "{\"a\":1}\n",
	    "65: line 1: no object with a \"type\"" },
	{ "which is a string", "{\"type\":1}\n",
	    "65: line 1: no object with a \"type\"" },
	{ "a list is no record", "[1]\n",
	    "65: line 1: no object with a \"type\"" },
	{ "a record that is cut off is none", "{\"type\":\"a\"",
	    "65: line 1: not JSON, at byte 10" },
};

static void
long_lines(void)
{
	AK_BUF struct ak_buf text = { 0 };
	AK_FREE char *seen = NULL, *refused = NULL;
	AK_CLOSE int good = -1, bad = -1;

	ak_buf_str(&text, "{\"type\":\"a\"}\n{\"type\":\"b\",\"x\":\"");
	while (text.len < 13 + 1024 * 1024 - 2)
		ak_buf_char(&text, 'x');
	ak_buf_str(&text, "\"}\n{\"type\":\"c\"}\n");
	good = file_of(text.data, text.len);
	seen = read_all(good);
	is_str(seen, "1:a 2:b 3:c ", "a line of 1 MiB is read");
	ak_buf_reset(&text);
	while (text.len < 1024 * 1024 + 1)
		ak_buf_char(&text, ' ');
	bad = file_of(text.data, text.len);
	refused = read_all(bad);
	is_str(refused, "65: line 1: longer than 1 MiB",
	    "a longer one is refused, with or without its end");
}

/* A writer that gives a byte at a time. */
static void
slow_writer(void)
{
	static const char text[] = "{\"type\":\"a\"}\n\n{\"type\":\"b\"}\n";
	AK_FREE char *seen = NULL;
	int pipe_fd[2], status;
	pid_t child;

	if (pipe2(pipe_fd, O_CLOEXEC) == -1 || (child = fork()) == -1)
		return;
	if (child == 0) {
		for (size_t i = 0; i + 1 < sizeof(text); i++)
			if (write(pipe_fd[1], text + i, 1) != 1)
				_exit(1);
		_exit(0);
	}
	close(pipe_fd[1]);
	seen = read_all(pipe_fd[0]);
	close(pipe_fd[0]);
	waitpid(child, &status, 0);
	is_str(seen, "1:a 3:b ", "bytes may come one by one");
}

static void
bad_fd(void)
{
	AK_CLOSE int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	AK_FREE char *seen = read_all(fd);

	is_str(seen, "74: read: is a directory", "a failed read is told");
}

int
main(void)
{
	for (size_t i = 0; i < AK_COUNT(cases); i++) {
		AK_CLOSE int fd = file_of(cases[i].text, strlen(cases[i].text));
		AK_FREE char *seen = read_all(fd);

		is_str(seen, cases[i].seen, "%s", cases[i].claim);
	}
	long_lines();
	slow_writer();
	bad_fd();
	return done_testing();
}
