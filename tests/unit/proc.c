/*
 * proc - what a program says, how it ends, and what it gets from us.
 */
#include "lib/proc.h"

#include <sys/mman.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/tap.h"

#define SHELL(script) ((const char *const[]){ "sh", "-c", (script), NULL })

static struct ak_proc
shell(const char *const *argv)
{
	return (struct ak_proc){
		.argv = argv, .timeout_ms = 20000, .max_output = (size_t)1 << 20
	};
}

static void
test_ends(void)
{
	static const struct {
		const char *claim, *script;
		int status;
		const char *out, *err;
	} rows[] = {
		{ "both outputs are kept apart", "echo a; echo b >&2", 0, "a\n",
		    "b\n" },
		{ "the exit status is told", "exit 7", 7, "", "" },
		{ "127 of a shell is a status", "exec /no/such 2>&-", 127, "",
		    "" },
		{ "a signal is 128 more", "kill -KILL $$", 137, "", "" },
		{ "stdin is at its end", "cat; echo end", 0, "end\n", "" },
		{ "what stays behind is not waited for", "sleep 5 & echo $$", 0,
		    NULL, "" },
	};

	for (size_t i = 0; i < AK_COUNT(rows); i++) {
		AK_PROC_RESULT struct ak_proc_result result = { 0 };
		struct ak_proc proc = shell(SHELL(rows[i].script));
		struct ak_err err = { 0 };
		int64_t began = ak_proc_now_ms();

		if (!ok(ak_proc_run(&proc, &result, &err) == 0, "%s: runs",
			rows[i].claim))
			continue;
		is_int(result.status, rows[i].status, "%s: status",
		    rows[i].claim);
		if (rows[i].out)
			is_str(ak_buf_text(&result.out), rows[i].out,
			    "%s: stdout", rows[i].claim);
		is_str(ak_buf_text(&result.err), rows[i].err, "%s: stderr",
		    rows[i].claim);
		ok(ak_proc_now_ms() - began < 10000, "%s: soon", rows[i].claim);
	}
}

static void
test_cannot_run(void)
{
	static const struct {
		const char *claim, *program, *directory;
		enum ak_code code;
		const char *text;
	} rows[] = {
		{ "a name that PATH has not", "no-such-program-here", NULL,
		    AK_UNAVAILABLE, "no-such-program-here: no such program" },
		{ "a file that is no program", "/etc/passwd", NULL,
		    AK_UNAVAILABLE, NULL },
		{ "a directory that is not there", "true", "/no/such",
		    AK_NOINPUT, NULL },
	};

	for (size_t i = 0; i < AK_COUNT(rows); i++) {
		const char *argv[] = { rows[i].program, NULL };
		AK_PROC_RESULT struct ak_proc_result result = { 0 };
		struct ak_proc proc = shell(argv);
		struct ak_err err = { 0 };

		proc.directory = rows[i].directory;
		is_int(ak_proc_run(&proc, &result, &err), -1, "%s is refused",
		    rows[i].claim);
		is_int(err.code, rows[i].code, "%s: code", rows[i].claim);
		if (rows[i].text)
			is_str(err.text, rows[i].text, "%s: text",
			    rows[i].claim);
	}
}

static void
test_given(void)
{
	static const char *const env[] = { "HOME=/there", "NEW=1", NULL };
	AK_PROC_RESULT struct ak_proc_result result = { 0 };
	AK_FREE char *big = ak_malloc(300001);
	struct ak_proc proc =
	    shell(SHELL("pwd; echo $HOME $NEW $KEPT; wc -c; "
			"if [ -e /proc/$$/fd/77 ]; then echo leaked; fi"));
	struct ak_err err = { 0 };
	int stray = dup2(1, 77);

	memset(big, 'x', 300000);
	big[300000] = '\0';
	setenv("HOME", "/here", 1);
	setenv("KEPT", "kept", 1);
	proc.directory = "/usr";
	proc.env = env;
	proc.input = big;
	is_int(ak_proc_run(&proc, &result, &err), 0, "runs (%s)", err.text);
	is_str(ak_buf_text(&result.out), "/usr\n/there 1 kept\n300000\n",
	    "directory, environment, input, and no other descriptor");
	close(stray);

	proc = shell(SHELL("true"));
	proc.input = big;
	ak_proc_result_free(&result);
	is_int(ak_proc_run(&proc, &result, &err), 0,
	    "input that nobody reads hurts nobody");
}

static void
test_input_fd(void)
{
	AK_PROC_RESULT struct ak_proc_result result = { 0 };
	AK_CLOSE int fd = memfd_create("input", MFD_CLOEXEC);
	struct ak_proc proc = shell(SHELL("cat"));
	struct ak_err err = { 0 };

	dprintf(fd, "0123456789");
	lseek(fd, 4, SEEK_SET);
	proc.input_fd = fd;
	proc.input = "not this";
	is_int(ak_proc_run(&proc, &result, &err), 0, "runs (%s)", err.text);
	is_str(ak_buf_text(&result.out), "456789",
	    "a descriptor is its input from where it stands");
}

/* A zombie that nobody has reaped yet is not. */
static bool
alive(pid_t pid)
{
	AK_FREE char *path = ak_printf("/proc/%ld/stat", (long)pid);
	AK_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	char stat[256] = "";
	const char *state;

	if (fd == -1 || read(fd, stat, sizeof(stat) - 1) <= 0)
		return false;
	state = strrchr(stat, ')');
	return state && state[2] != 'Z' && state[2] != 'X';
}

static bool
soon_gone(pid_t pid)
{
	for (int i = 0; i < 500 && alive(pid); i++)
		poll(NULL, 0, 10);
	return !alive(pid);
}

static void
test_limits(void)
{
	AK_PROC_RESULT struct ak_proc_result result = { 0 };
	struct ak_proc proc = shell(SHELL("sleep 60; true"));
	struct ak_err err = { 0 };
	int64_t began = ak_proc_now_ms();

	proc.timeout_ms = 100;
	is_int(ak_proc_run(&proc, &result, &err), -1, "time is limited");
	is_int(err.code, AK_TEMPFAIL, "and worth another try");
	is_str(err.text, "sh: not done within 100ms", "and the limit is told");
	ok(ak_proc_now_ms() - began < 1900, "SIGTERM was enough");

	proc.argv = SHELL("trap '' TERM; while :; do sleep 1; done");
	began = ak_proc_now_ms();
	is_int(ak_proc_run(&proc, &result, &err), -1, "SIGTERM is ignored");
	ok(ak_proc_now_ms() - began >= 2000, "for its 2 s");
	ok(ak_proc_now_ms() - began < 8000, "and then it is killed");

	proc = shell(SHELL("yes"));
	proc.max_output = 100000;
	is_int(ak_proc_run(&proc, &result, &err), -1, "output is limited");
	is_int(err.code, AK_DATA, "as bad data");
	is_str(err.text, "sh: its output exceeds 97.7K",
	    "and the limit is told");
	proc = shell(SHELL("yes | head -c 100001"));
	proc.max_output = 100000;
	is_int(ak_proc_run(&proc, &result, &err), -1,
	    "also when it ended of itself");
	proc.argv = SHELL("yes | head -c 100000");
	is_int(ak_proc_run(&proc, &result, &err), 0,
	    "the limit itself is allowed");
}

/* The group goes with its leader, and close ends what still runs. */
static void
test_group(void)
{
	struct ak_proc proc = shell(SHELL("sleep 60 & echo $!; wait"));
	struct ak_child child;
	struct ak_err err = { 0 };
	pid_t leader, member = 0;

	if (!ok(ak_proc_start(&proc, &child, &err) == 0, "starts"))
		return;
	leader = child.pid;
	while (child.result.out.len == 0 && ak_proc_step(&child, &err) == 0)
		poll(&(struct pollfd){ child.out_fd, POLLIN, 0 }, 1, 1000);
	member = (pid_t)strtol(ak_buf_text(&child.result.out), NULL, 10);
	ok(alive(member), "a child of the child runs");
	ok(fcntl(child.pid_fd, F_GETFD) == FD_CLOEXEC,
	    "its descriptor is ours alone");
	ak_proc_close(&child);
	ok(!alive(leader), "closing ends the child");
	ok(soon_gone(member), "and its child");
}

/* A parent that is killed takes the program with it. */
static void
test_orphan(void)
{
	int ends[2];
	pid_t parent, orphan = 0;

	if (!ok(pipe(ends) == 0, "a pipe"))
		return;
	parent = fork();
	if (parent == 0) {
		struct ak_proc proc = shell(SHELL("sleep 60"));
		struct ak_child child;
		struct ak_err err = { 0 };

		if (ak_proc_start(&proc, &child, &err) == -1 ||
		    write(ends[1], &child.pid, sizeof(child.pid)) == -1)
			_exit(1);
		for (;;)
			pause();
	}
	ok(read(ends[0], &orphan, sizeof(orphan)) == sizeof(orphan) &&
		alive(orphan),
	    "a program runs below another process");
	kill(parent, SIGKILL);
	waitpid(parent, NULL, 0);
	ok(soon_gone(orphan), "and ends when that is killed");
	close(ends[0]);
	close(ends[1]);
}

int
main(void)
{
	test_ends();
	test_cannot_run();
	test_given();
	test_input_fd();
	test_limits();
	test_group();
	test_orphan();
	return done_testing();
}
