/*
 * tool - the table of a tool, and what it says of itself: help, completion.
 */
#include "lib/tool.h"

#include <string.h>

#include "lib/near.h"

#define COMMANDS_MAX 128

const struct ak_cmd ak_tool_help_cmd = {
	.name = "help",
	.operands = "[command]",
	.help = "this text, or that of a command",
	.max = 1,
};

int
ak_tool_find(const struct ak_tool *tool, const char *name,
    const struct ak_cmd **cmd, struct ak_err *err)
{
	const char *names[COMMANDS_MAX + 2] = { ak_tool_help_cmd.name };
	const char *near;
	size_t count = 1;

	if (ak_streq(name, ak_tool_help_cmd.name)) {
		*cmd = &ak_tool_help_cmd;
		return 0;
	}
	for (const struct ak_cmd *c = tool->commands; c->name; c++) {
		if (ak_streq(c->name, name)) {
			*cmd = c;
			return 0;
		}
		if (count <= COMMANDS_MAX)
			names[count++] = c->name;
	}
	near = ak_near(name, names);
	ak_err_set(err, AK_USAGE, "%s: no such command", name);
	if (near)
		ak_err_help(err, "did you mean %s?", near);
	return -1;
}

/* "  -k, --kit dir" */
static void
add_option(struct ak_buf *buf, const struct ak_opt *opt)
{
	if (opt->letter)
		ak_buf_printf(buf, "  -%c, ", opt->letter);
	else
		ak_buf_str(buf, "      ");
	ak_buf_printf(buf, "--%s", opt->name);
	if (opt->arg)
		ak_buf_printf(buf, " %s", opt->arg);
}

static void
add_command(struct ak_buf *buf, const struct ak_cmd *cmd)
{
	ak_buf_printf(buf, "  %s%s%s", cmd->name, *cmd->operands ? " " : "",
	    cmd->operands);
}

/* From the start of its line on, what it is for at the column. */
static void
add_help(struct ak_buf *buf, size_t start, size_t column, const char *help)
{
	size_t used = buf->len - start;

	ak_buf_printf(buf, "%*s%s\n", (int)(used < column ? column - used : 2),
	    "", help);
}

static size_t
option_width(const struct ak_opt *options, size_t width)
{
	for (; options && options->name; options++) {
		AK_BUF struct ak_buf line = { 0 };

		add_option(&line, options);
		if (line.len + 2 > width)
			width = line.len + 2;
	}
	return width;
}

static void
add_options(struct ak_buf *buf, const struct ak_opt *options, size_t width)
{
	for (; options && options->name; options++) {
		size_t start = buf->len;

		add_option(buf, options);
		add_help(buf, start, width, options->help);
	}
}

static void
add_all_commands(struct ak_buf *buf, const struct ak_tool *tool)
{
	size_t width = 0;

	for (const struct ak_cmd *c = tool->commands; c->name; c++) {
		size_t len = strlen(c->name) + strlen(c->operands) + 5;

		width = len > width ? len : width;
	}
	for (const struct ak_cmd *c = tool->commands;; c++) {
		const struct ak_cmd *cmd = c->name ? c : &ak_tool_help_cmd;
		size_t start = buf->len;

		add_command(buf, cmd);
		add_help(buf, start, width, cmd->help);
		if (!c->name)
			return;
	}
}

void
ak_tool_usage(const struct ak_tool *tool, const struct ak_cmd *cmd,
    struct ak_buf *buf)
{
	ak_buf_printf(buf, "%s %s [options]%s%s", tool->name, cmd->name,
	    *cmd->operands ? " " : "", cmd->operands);
}

void
ak_tool_help(const struct ak_tool *tool, const struct ak_cmd *cmd,
    const struct ak_opt *common, struct ak_buf *buf)
{
	size_t width = option_width(common, option_width(tool->options, 0));

	if (cmd) {
		ak_buf_printf(buf, "%s %s - %s\n\nusage: ", tool->name,
		    cmd->name, cmd->help);
		ak_tool_usage(tool, cmd, buf);
		ak_buf_char(buf, '\n');
		width = option_width(cmd->options, width);
	} else {
		ak_buf_printf(buf,
		    "%s - %s\n\n"
		    "usage: %s command [options] [operands]\n\n",
		    tool->name, tool->summary, tool->name);
		add_all_commands(buf, tool);
	}
	if (cmd && cmd->options && cmd->options->name) {
		ak_buf_str(buf, "\noptions:\n");
		add_options(buf, cmd->options, width);
	}
	ak_buf_str(buf, "\noptions of every command:\n");
	add_options(buf, tool->options, width);
	add_options(buf, common, width);
}

static void
add_candidate(struct ak_buf *buf, const char *word, const char *prefix,
    const char *name)
{
	AK_FREE char *candidate = ak_printf("%s%s", prefix, name);

	if (ak_starts(candidate, word))
		ak_buf_printf(buf, "%s\n", candidate);
}

static void
complete_command(const struct ak_tool *tool, const char *word,
    struct ak_buf *buf)
{
	for (const struct ak_cmd *c = tool->commands; c->name; c++)
		add_candidate(buf, word, "", c->name);
	add_candidate(buf, word, "", ak_tool_help_cmd.name);
}

static void
complete_option(const struct ak_opt *const tables[], const char *word,
    struct ak_buf *buf)
{
	for (; *tables; tables++)
		for (const struct ak_opt *opt = *tables; opt->name; opt++) {
			char letter[] = { opt->letter, '\0' };

			add_candidate(buf, word, "--", opt->name);
			if (opt->letter)
				add_candidate(buf, word, "-", letter);
		}
}

const struct ak_cmd *
ak_tool_complete(const struct ak_tool *tool, const struct ak_opt *common,
    const char *word, int count, char *words[], struct ak_buf *buf)
{
	static const struct ak_opt none[] = { { 0 } };
	const struct ak_opt *tables[] = { tool->options ? tool->options : none,
		common, NULL, NULL };
	int leading = ak_opt_leading(count, words, tables);
	const struct ak_cmd *cmd = NULL;
	struct ak_err unknown;

	if (leading < count &&
	    ak_tool_find(tool, words[leading], &cmd, &unknown) == -1)
		return NULL;
	if (cmd)
		tables[2] = cmd->options;
	if (count > 0 && ak_opt_takes_next(tables, words[count - 1]))
		return NULL;
	if (*word == '-')
		complete_option(tables, word, buf);
	else if (!cmd || cmd == &ak_tool_help_cmd)
		complete_command(tool, word, buf);
	else
		return cmd;
	return NULL;
}
