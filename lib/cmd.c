/*
 * cmd - one table of commands a tool.
 *
 * The command line is parsed twice: first for itself, since --config says
 * where to read and --help wants nothing read at all; then over what the
 * configuration has set.
 */
#include "lib/cmd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/layers.h"
#include "lib/term.h"
#include "lib/utf8.h"

#ifndef AK_VERSION
#define AK_VERSION "unknown"
#endif

static struct {
	bool help, version, quiet, verbose, json, table;
	const char *config;
} given;

static const struct ak_opt common[] = {
	{ 'h', "help", NULL, "this text, or that of a command",
	    AK_FLAG(&given.help) },
	{ 0, "version", NULL, "print the version", AK_FLAG(&given.version) },
	{ 'q', "quiet", NULL, "only errors on stderr", AK_FLAG(&given.quiet) },
	{ 'v', "verbose", NULL, "tell what happens on stderr",
	    AK_FLAG(&given.verbose) },
	{ 0, "json", NULL, "records as JSON, also on a terminal",
	    AK_FLAG(&given.json) },
	{ 0, "table", NULL, "records as a table, also in a pipe",
	    AK_FLAG(&given.table) },
	{ 0, "config", "file", "read this configuration as well",
	    AK_STRING(&given.config) },
	{ 0 },
};
static const struct ak_opt no_options[] = { { 0 } };

/* The words behind the program's name, the command taken out. */
struct line {
	int count;
	char **words;
};

static int
write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static int
print(const struct ak_buf *text, struct ak_err *err)
{
	if (write_all(STDOUT_FILENO, ak_buf_text(text), text->len) == -1)
		return ak_fail_sys(err, AK_IO, "stdout");
	return 0;
}

/* A text from anywhere as one line that a terminal shows and does not obey. */
static void
add_plain(struct ak_buf *buf, const char *s)
{
	size_t len = strlen(s);

	while (len > 0) {
		uint32_t point = 0;
		size_t step = ak_utf8_next(s, len, &point);
		bool plain = step > 0 && point >= 0x20 &&
		    !(point >= 0x7f && point < 0xa0);

		step = step > 0 ? step : 1;
		ak_buf_add(buf, plain ? s : "?", plain ? step : 1);
		s += step;
		len -= step;
	}
}

/* Nobody is left to tell when stderr does not take it. */
static void
say(const struct ak_ctx *ctx, const char *text, const char *help)
{
	AK_BUF struct ak_buf line = { 0 };

	ak_term_progress_end();
	ak_buf_printf(&line, "%s: ", ctx->tool->name);
	if (ctx->cmd)
		ak_buf_printf(&line, "%s: ", ctx->cmd->name);
	add_plain(&line, text);
	if (help && *help) {
		ak_buf_str(&line, " (");
		add_plain(&line, help);
		ak_buf_char(&line, ')');
	}
	ak_buf_char(&line, '\n');
	(void)!write_all(STDERR_FILENO, line.data, line.len);
}

static void AK_PRINTF(2, 0)
    say_args(const struct ak_ctx *ctx, const char *format, va_list args)
{
	char text[sizeof(ctx->err.text)];

	vsnprintf(text, sizeof(text), format, args);
	say(ctx, text, NULL);
}

void
ak_cmd_tell(const struct ak_ctx *ctx, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (ctx->verbose)
		say_args(ctx, format, args);
	va_end(args);
}

void
ak_cmd_warn(const struct ak_ctx *ctx, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (!ctx->quiet)
		say_args(ctx, format, args);
	va_end(args);
}

char *
ak_cmd_dir(const char *what, const char *name)
{
	static const struct {
		const char *what, *variable, *below_home, *system;
	} rows[] = {
		{ "cache", "XDG_CACHE_HOME", ".cache", "/var/cache" },
		{ "state", "XDG_STATE_HOME", ".local/state", "/var/lib" },
		{ "config", "XDG_CONFIG_HOME", ".config", "/etc" },
	};
	AK_FREE char *home = NULL;
	size_t row = 0;

	while (row < AK_COUNT(rows) - 1 && !ak_streq(rows[row].what, what))
		row++;
	home = ak_layers_home(rows[row].variable, rows[row].below_home);
	return ak_printf("%s/aikit/%s", home ? home : rows[row].system, name);
}

/* The options of a command: its own, the tool's, and every tool's. */
static void
tables_of(const struct ak_ctx *ctx, const struct ak_opt *tables[AK_OPT_TABLES])
{
	const struct ak_opt *own = ctx->cmd ? ctx->cmd->options : NULL;

	tables[0] = own ? own : no_options;
	tables[1] = ctx->tool->options ? ctx->tool->options : no_options;
	tables[2] = common;
	tables[3] = NULL;
}

/* Options may stand before the command: it is taken out from among them. */
static int
take_command(struct ak_ctx *ctx, struct line *line)
{
	const struct ak_opt *tables[AK_OPT_TABLES];
	const char *name;
	int leading;

	tables_of(ctx, tables);
	leading = ak_opt_leading(line->count, line->words, tables);
	if (leading == line->count)
		return 0;
	name = line->words[leading];
	memmove(line->words + 1, line->words,
	    (size_t)leading * sizeof(*line->words));
	line->words++;
	line->count--;
	return ak_tool_find(ctx->tool, name, &ctx->cmd, &ctx->err);
}

/* A list is added to by each parsing; all else is set to the same again. */
static void
empty_lists(const struct ak_opt *const tables[])
{
	for (; *tables; tables++)
		for (const struct ak_opt *opt = *tables; opt->name; opt++)
			if (opt->value.kind == AK_OPT_LIST)
				((struct ak_opt_list *)opt->value.to)
				    ->count = 0;
}

static int
parse(struct ak_ctx *ctx, struct line *line)
{
	const struct ak_opt *tables[AK_OPT_TABLES];

	tables_of(ctx, tables);
	empty_lists(tables);
	return ak_opt_parse(line->count, line->words, tables, &line->count,
	    &ctx->err);
}

/* The same on a copy, since parsing moves the words about. */
static int
parse_first(struct ak_ctx *ctx, const struct line *line)
{
	size_t size = (size_t)line->count * sizeof(*line->words);
	AK_FREE char **words = ak_malloc(size);
	struct line copy = { line->count, words };

	memcpy(words, line->words, size);
	return parse(ctx, &copy);
}

static int
count_operands(struct ak_ctx *ctx, int count)
{
	const struct ak_cmd *cmd = ctx->cmd;
	AK_BUF struct ak_buf usage = { 0 };

	if (count >= cmd->min && (cmd->max == -1 || count <= cmd->max))
		return 0;
	ak_err_set(&ctx->err, AK_USAGE, "%s",
	    count < cmd->min ? "an operand is missing" : "too many operands");
	ak_buf_str(&usage, "usage: ");
	ak_tool_usage(ctx->tool, cmd, &usage);
	ak_err_help(&ctx->err, "%s", usage.data);
	return -1;
}

static int
help(struct ak_ctx *ctx, const struct ak_cmd *cmd)
{
	AK_BUF struct ak_buf text = { 0 };

	ak_tool_help(ctx->tool, cmd == &ak_tool_help_cmd ? NULL : cmd, common,
	    &text);
	return print(&text, &ctx->err);
}

/* The command help, with or without the name of another. */
static int
run_help(struct ak_ctx *ctx, const struct line *line)
{
	const struct ak_cmd *cmd = NULL;

	if (line->count > 0 &&
	    ak_tool_find(ctx->tool, line->words[0], &cmd, &ctx->err) == -1)
		return -1;
	return help(ctx, cmd);
}

static int
version(struct ak_ctx *ctx)
{
	AK_BUF struct ak_buf text = { 0 };

	ak_buf_printf(&text, "%s %s\n", ctx->tool->name, AK_VERSION);
	return print(&text, &ctx->err);
}

/* Without a command: what there is, where an error would be. */
static int
no_command(struct ak_ctx *ctx)
{
	AK_BUF struct ak_buf text = { 0 };

	ak_tool_help(ctx->tool, NULL, common, &text);
	(void)!write_all(STDERR_FILENO, text.data, text.len);
	return AK_USAGE;
}

/* Records go out while it runs; the first write error is told at the end. */
static int
run_command(struct ak_ctx *ctx, const struct line *line)
{
	enum ak_form form = given.json ? AK_FORM_JSON
	    : given.table	       ? AK_FORM_TABLE
				       : AK_FORM_AUTO;
	struct ak_err closing = { 0 };
	int status;

	ctx->out = ak_out_open(STDOUT_FILENO, form,
	    ak_term_colour(STDOUT_FILENO));
	status = ctx->cmd->run(ctx, line->count, line->words);
	if (ak_out_close(ctx->out, &closing) == -1 && status != -1) {
		ctx->err = closing;
		return ak_fail_in(&ctx->err, "stdout");
	}
	return status;
}

/* complete WORD BEFORE...: answers the shell, and never complains to it. */
static int
complete(struct ak_ctx *ctx, int count, char *words[])
{
	const char *word = count > 0 ? words[0] : "";
	AK_BUF struct ak_buf candidates = { 0 };
	struct line line = { count > 1 ? count - 1 : 0, words + 1 };
	const struct ak_cmd *cmd = ak_tool_complete(ctx->tool, common, word,
	    line.count, line.words, &candidates);

	if (print(&candidates, &ctx->err) == -1)
		return -1;
	if (!cmd || !ctx->tool->complete)
		return 0;
	if (take_command(ctx, &line) == 0 && parse_first(ctx, &line) == 0 &&
	    ak_layers_read(ctx->tool->section, ctx->tool->config, given.config,
		&ctx->err) == 0)
		(void)parse(ctx, &line);
	ctx->tool->complete(cmd, word);
	ctx->cmd = NULL;
	if (fflush(stdout) == EOF)
		return ak_fail_sys(&ctx->err, AK_IO, "stdout");
	return 0;
}

static int
begin(struct ak_ctx *ctx, struct line *line)
{
	if (take_command(ctx, line) == -1 || parse_first(ctx, line) == -1)
		return -1;
	if (given.help)
		return help(ctx, ctx->cmd);
	if (given.version)
		return version(ctx);
	if (!ctx->cmd)
		return no_command(ctx);
	if (given.json && given.table)
		return ak_fail(&ctx->err, AK_USAGE,
		    "--json, --table: only one of them");
	if (ctx->cmd != &ak_tool_help_cmd &&
	    ak_layers_read(ctx->tool->section, ctx->tool->config, given.config,
		&ctx->err) == -1)
		return -1;
	if (parse(ctx, line) == -1 || count_operands(ctx, line->count) == -1)
		return -1;
	ctx->quiet = given.quiet;
	ctx->verbose = given.verbose;
	return ctx->cmd == &ak_tool_help_cmd ? run_help(ctx, line)
					     : run_command(ctx, line);
}

/*
 * A closed stdin, stdout or stderr would be the number of the next file that
 * is opened, and records would go into it. A descriptor that fails stands in.
 */
static void
prepare(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) == -1)
			open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
	signal(SIGCHLD, SIG_DFL);
}

int
ak_cmd_main(const struct ak_tool *tool, int argc, char *argv[])
{
	struct ak_ctx ctx = { .tool = tool };
	struct line line = { argc > 0 ? argc - 1 : 0, argv + 1 };
	int status;

	prepare();
	if (line.count > 0 && ak_streq(line.words[0], "complete"))
		status = complete(&ctx, line.count - 1, line.words + 1);
	else
		status = begin(&ctx, &line);
	if (status != -1)
		return status;
	if (ctx.err.code == AK_DONE)
		ak_err_set(&ctx.err, AK_BUG, "failed without a reason");
	if (ctx.err.code == AK_USAGE && *ctx.err.help == '\0')
		ak_err_help(&ctx.err, "see %s%s%s --help", tool->name,
		    ctx.cmd ? " " : "", ctx.cmd ? ctx.cmd->name : "");
	say(&ctx, ctx.err.text, ctx.err.help);
	return (int)ctx.err.code;
}
