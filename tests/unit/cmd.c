/*
 * cmd - what a tool says and how it ends, run as a process each.
 */
#include "lib/cmd.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/tap.h"

static struct {
	const char *kit;
	int64_t wait_ms;
	bool plan;
	struct ak_opt_list only;
} o;

static const struct ak_view view = { "run",
	AK_COLUMNS({ "kit", "KIT", AK_SHOW_TEXT, 0, NULL },
	    { "wait_ms", "WAIT", AK_SHOW_NUMBER, 0, NULL }),
	false };

static const struct ak_opt run_options[] = {
	{ 0, "plan", NULL, "show what would change", AK_FLAG(&o.plan) },
	{ 'o', "only", "name", "only these", AK_LIST(&o.only) },
	{ 0 },
};
static const struct ak_opt tool_options[] = {
	{ 'k', "kit", "dir", "the kit", AK_STRING(&o.kit) },
	{ 0 },
};
static const struct ak_opt config[] = {
	{ 0, "kit", "dir", "the kit", AK_STRING(&o.kit) },
	{ 0, "wait-time", "time", "how long",
	    AK_DURATION(&o.wait_ms, 0, 60000) },
	{ 0 },
};

static int
run(struct ak_ctx *ctx, int count, char *operands[])
{
	ak_out_begin(ctx->out, &view);
	ak_out_str(ctx->out, "kit", o.kit);
	ak_out_int(ctx->out, "wait_ms", o.wait_ms);
	if (o.plan)
		ak_out_bool(ctx->out, "plan", true);
	ak_out_list(ctx->out, "only");
	for (size_t i = 0; i < o.only.count; i++)
		ak_out_item(ctx->out, o.only.items[i]);
	ak_out_list_end(ctx->out);
	ak_out_list(ctx->out, "operands");
	for (int i = 0; i < count; i++)
		ak_out_item(ctx->out, operands[i]);
	ak_out_list_end(ctx->out);
	ak_out_end(ctx->out);
	ak_cmd_tell(ctx, "told %d", count);
	ak_cmd_warn(ctx, "warned");
	return 0;
}

static int
answer_no(struct ak_ctx *ctx, int count, char *operands[])
{
	(void)ctx, (void)count, (void)operands;
	return AK_NO;
}

static int
fail(struct ak_ctx *ctx, int count, char *operands[])
{
	(void)count;
	if (ak_streq(operands[0], "silently"))
		return -1;
	ak_err_set(&ctx->err, AK_UNAVAILABLE, "%s: gone", operands[0]);
	ak_err_help(&ctx->err, "start it");
	return -1;
}

static void
complete(const struct ak_cmd *cmd, const char *word)
{
	printf("%s-%s\n%s\n", cmd->name, word, o.kit ? o.kit : "no kit");
}

static const struct ak_cmd commands[] = {
	{ "run", "[name ...]", "print what was given", 0, -1, run_options,
	    run },
	{ "refuse", "", "answer no", 0, 0, NULL, answer_no },
	{ "fail", "name", "fail", 1, 1, NULL, fail },
	{ 0 },
};
static const struct ak_tool tool = {
	.name = "aikit-try",
	.summary = "try the table",
	.section = "stack",
	.commands = commands,
	.options = tool_options,
	.config = config,
	.complete = complete,
};

/* What a run said, and how it ended. */
struct result {
	struct ak_buf out, err;
	int status;
};

static void
read_all(int fd, struct ak_buf *buf)
{
	char data[4096];
	ssize_t n;

	while ((n = read(fd, data, sizeof(data))) > 0)
		ak_buf_add(buf, data, (size_t)n);
	close(fd);
}

/* line is split at blanks; prepare is called in the child; neither NULL. */
static void
try(const char *line, void (*prepare)(void), struct result *result)
{
	AK_FREE char *words = ak_strdup(line);
	char *argv[16] = { (char *)(uintptr_t) "aikit-try" }, *at = words;
	int out[2], err[2], argc = 1, status = 0;
	pid_t pid;

	for (char *word; (word = strsep(&at, " "));)
		if (*word != '\0')
			argv[argc++] = ak_streq(word, "''") ? word + 2 : word;
	*result = (struct result){ .status = -1 };
	if (pipe(out) == -1 || pipe(err) == -1)
		return;
	pid = fork();
	if (pid == 0) {
		dup2(out[1], STDOUT_FILENO);
		dup2(err[1], STDERR_FILENO);
		prepare();
		_exit(ak_cmd_main(&tool, argc, argv));
	}
	close(out[1]);
	close(err[1]);
	read_all(out[0], &result->out);
	read_all(err[0], &result->err);
	waitpid(pid, &status, 0);
	result->status = WEXITSTATUS(status);
}

static void
as_it_is(void)
{
}

static void
result_free(struct result *result)
{
	ak_buf_free(&result->out);
	ak_buf_free(&result->err);
}

#define RECORD(rest) "{\"type\":\"run\"," rest "}\n"
#define WARNED "aikit-try: run: warned\n"

static const struct {
	const char *claim, *line;
	int status;
	const char *out, *err; /* NULL: not looked at */
} rows[] = {
	{ "a command", "run", 0,
	    RECORD("\"wait_ms\":0,\"only\":[],\"operands\":[]"), WARNED },
	{ "options and operands", "run a --plan -k /d b", 0,
	    RECORD("\"kit\":\"/d\",\"wait_ms\":0,\"plan\":true,\"only\":[],"
		   "\"operands\":[\"a\",\"b\"]"),
	    WARNED },
	{ "options before the command", "--plan --kit /d -q run a", 0,
	    RECORD("\"kit\":\"/d\",\"wait_ms\":0,\"plan\":true,\"only\":[],"
		   "\"operands\":[\"a\"]"),
	    "" },
	{ "a list is not doubled", "run -q -o a -ob", 0,
	    RECORD("\"wait_ms\":0,\"only\":[\"a\",\"b\"],\"operands\":[]"),
	    "" },
	{ "-v tells more", "run -v a", 0, NULL,
	    "aikit-try: run: told 1\n" WARNED },
	{ "a table", "run -q --table -k /d", 0, "KIT  WAIT\n/d      0\n", "" },
	{ "the answer is no", "refuse", 1, "", "" },
	{ "a failure and what helps", "fail it", 69, "",
	    "aikit-try: fail: it: gone (start it)\n" },
	{ "a failure is one line that no terminal obeys", "fail a\n\033[2J\xff",
	    69, "", "aikit-try: fail: a??[2J?: gone (start it)\n" },
	{ "a failure without a reason is ours", "fail silently", 70, "",
	    "aikit-try: fail: failed without a reason\n" },
	{ "no such command", "rum", 64, "",
	    "aikit-try: rum: no such command (did you mean run?)\n" },
	{ "nothing near", "xyzzy", 64, "",
	    "aikit-try: xyzzy: no such command (see aikit-try --help)\n" },
	{ "no such option", "run --plam", 64, "",
	    "aikit-try: run: --plam: no such option "
	    "(did you mean --plan?)\n" },
	{ "an option of another command", "refuse --plan", 64, "",
	    "aikit-try: refuse: --plan: no such option "
	    "(see aikit-try refuse --help)\n" },
	{ "an operand is missing", "fail", 64, "",
	    "aikit-try: fail: an operand is missing "
	    "(usage: aikit-try fail [options] name)\n" },
	{ "too many operands", "refuse x", 64, "",
	    "aikit-try: refuse: too many operands "
	    "(usage: aikit-try refuse [options])\n" },
	{ "both forms", "run --json --table", 64, "",
	    "aikit-try: run: --json, --table: only one of them "
	    "(see aikit-try run --help)\n" },
	{ "a configuration that is missing", "run --config /no/such", 66, "",
	    NULL },
	{ "version", "--version", 0, NULL, "" },
	{ "commands complete", "complete r", 0, "run\nrefuse\n", "" },
	{ "all of them", "complete", 0, "run\nrefuse\nfail\nhelp\n", "" },
	{ "options complete", "complete --p run", 0, "--plan\n", "" },
	{ "options before a command", "complete --k", 0, "--kit\n", "" },
	{ "operands are the tool's to complete", "complete w run --kit /d x", 0,
	    "run-w\n/d\n", "" },
	{ "a value is the shell's to complete", "complete w run --kit", 0, "",
	    "" },
	{ "help completes commands", "complete f help", 0, "fail\n", "" },
	{ "nothing completes an unknown command", "complete w quux", 0, "",
	    "" },
};

static void
test_rows(void)
{
	for (size_t i = 0; i < AK_COUNT(rows); i++) {
		struct result result;

		try(rows[i].line, as_it_is, &result);
		is_int(result.status, rows[i].status, "%s: exit status",
		    rows[i].claim);
		if (rows[i].out)
			is_str(ak_buf_text(&result.out), rows[i].out,
			    "%s: stdout", rows[i].claim);
		if (rows[i].err)
			is_str(ak_buf_text(&result.err), rows[i].err,
			    "%s: stderr", rows[i].claim);
		result_free(&result);
	}
}

static void
test_help(void)
{
	static const struct {
		const char *line;
		int status;
		const char *has;
	} lines[] = {
		{ "--help", 0, "  run [name ...]  print what was given\n" },
		{ "-h", 0, "  -k, --kit dir      the kit\n" },
		{ "help", 0, "  refuse          answer no\n" },
		{ "run --help", 0, "      --plan         show what would" },
		{ "help run", 0,
		    "usage: aikit-try run [options] [name ...]\n" },
		{ "help rum", 64, "did you mean run?" },
		{ "", 64, "usage: aikit-try command [options] [operands]\n" },
	};

	for (size_t i = 0; i < AK_COUNT(lines); i++) {
		struct result result;
		const struct ak_buf *said;

		try(lines[i].line, as_it_is, &result);
		said = lines[i].status == 0 ? &result.out : &result.err;
		is_int(result.status, lines[i].status, "\"%s\": status",
		    lines[i].line);
		if (!ok(strstr(ak_buf_text(said), lines[i].has),
			"\"%s\": says what is asked", lines[i].line))
			printf("# %s\n", ak_buf_text(said));
		result_free(&result);
	}
}

static void
full_disk(void)
{
	dup2(open("/dev/full", O_WRONLY), STDOUT_FILENO);
}

static void
no_stdout(void)
{
	close(STDOUT_FILENO);
}

static void
nothing_open(void)
{
	closefrom(0);
}

static void
test_outputs(void)
{
	static const struct {
		const char *claim;
		void (*prepare)(void);
		const char *says;
	} cases[] = {
		{ "a full disk", full_disk, "no space left" },
		{ "a closed stdout", no_stdout, "bad file descriptor" },
		{ "nothing open", nothing_open, "" },
	};
	static const char *const lines[] = { "run -q", "--help", "--version",
		"complete" };

	for (size_t i = 0; i < AK_COUNT(cases); i++)
		for (size_t k = 0; k < AK_COUNT(lines); k++) {
			struct result result;

			try(lines[k], cases[i].prepare, &result);
			is_int(result.status, AK_IO, "%s: %s", cases[i].claim,
			    lines[k]);
			if (!ok(strstr(ak_buf_text(&result.err), cases[i].says),
				"%s: %s: is told", cases[i].claim, lines[k]))
				printf("# %s", ak_buf_text(&result.err));
			result_free(&result);
		}
}

static void
test_dir(void)
{
	static const struct {
		const char *what, *variable, *value, *home, *path;
	} cases[] = {
		{ "cache", "XDG_CACHE_HOME", "/c", "/h", "/c/aikit/x" },
		{ "cache", "XDG_CACHE_HOME", NULL, "/h", "/h/.cache/aikit/x" },
		{ "cache", "XDG_CACHE_HOME", "rel", "/h", "/h/.cache/aikit/x" },
		{ "cache", "XDG_CACHE_HOME", NULL, NULL, "/var/cache/aikit/x" },
		{ "state", "XDG_STATE_HOME", NULL, "/h",
		    "/h/.local/state/aikit/x" },
		{ "state", "XDG_STATE_HOME", NULL, NULL, "/var/lib/aikit/x" },
		{ "config", "XDG_CONFIG_HOME", "/g", NULL, "/g/aikit/x" },
		{ "config", "XDG_CONFIG_HOME", NULL, "", "/etc/aikit/x" },
	};

	for (size_t i = 0; i < AK_COUNT(cases); i++) {
		AK_FREE char *path = NULL;

		unsetenv("HOME");
		unsetenv(cases[i].variable);
		if (cases[i].home)
			setenv("HOME", cases[i].home, 1);
		if (cases[i].value)
			setenv(cases[i].variable, cases[i].value, 1);
		path = ak_cmd_dir(cases[i].what, "x");
		is_str(path, cases[i].path, "%s: %s", cases[i].what,
		    cases[i].path);
	}
}

int
main(void)
{
	setenv("XDG_CONFIG_HOME", "/nowhere", 1);
	test_rows();
	test_help();
	test_outputs();
	test_dir();
	return done_testing();
}
