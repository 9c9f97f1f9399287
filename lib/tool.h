/*
 * tool - the table of a tool, and what it says of itself: help, completion.
 *
 * Tools include lib/cmd.h, which shows the use.
 */
#ifndef AK_TOOL_H
#define AK_TOOL_H

#include "lib/err.h"
#include "lib/opt.h"
#include "lib/out.h"

struct ak_ctx {
	const struct ak_tool *tool;
	const struct ak_cmd *cmd;
	struct ak_out *out;
	bool quiet;
	bool verbose;
	struct ak_err err;
};

struct ak_cmd {
	const char *name;
	const char *operands; /* as in the manual; "" for none */
	const char *help;     /* one line, lower case */
	int min, max;	      /* operands; max -1: any number */
	const struct ak_opt *options;
	/* 0 done, 1 the answer is no, -1 failed with ctx->err set */
	int (*run)(struct ak_ctx *ctx, int count, char *operands[]);
};

struct ak_tool {
	const char *name;    /* "aikit-stack" */
	const char *summary; /* one line, lower case */
	const char *section; /* of aikit.conf(5): "stack" */
	const struct ak_cmd *commands;
	const struct ak_opt *options; /* of every command; may be NULL */
	const struct ak_opt *config;  /* keys of the section; may be NULL */
	/* completes an operand: prints candidates, one a line; may be NULL */
	void (*complete)(const struct ak_cmd *cmd, const char *word);
};

/* The command help, which every tool has; it has no run. */
extern const struct ak_cmd ak_tool_help_cmd;

/* AK_USAGE with the nearest name when there is no such command. */
int ak_tool_find(const struct ak_tool *tool, const char *name,
    const struct ak_cmd **cmd, struct ak_err *err) AK_MUST;

/*
 * Appends the help: of one command, or of all with cmd NULL. common are the
 * options that every tool has.
 */
void ak_tool_help(const struct ak_tool *tool, const struct ak_cmd *cmd,
    const struct ak_opt *common, struct ak_buf *buf);

/* Appends "aikit-stack why [options] service". */
void ak_tool_usage(const struct ak_tool *tool, const struct ak_cmd *cmd,
    struct ak_buf *buf);

/*
 * Appends what word may become, one a line, behind the count words before it:
 * commands, or options when it begins with a dash. Returns the command whose
 * operand it is when only the tool knows, else NULL.
 */
const struct ak_cmd *ak_tool_complete(const struct ak_tool *tool,
    const struct ak_opt *common, const char *word, int count, char *words[],
    struct ak_buf *buf);

#endif
