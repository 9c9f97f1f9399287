/*
 * cmd - one table of commands a tool.
 *
 *	static const struct ak_cmd commands[] = {
 *		{ "push", "command [argument ...]", "add a job", 1, -1,
 *		    push_options, push },
 *		{ 0 },
 *	};
 *
 *	int
 *	main(int argc, char *argv[])
 *	{
 *		return ak_cmd_main(&tool, argc, argv);
 *	}
 *
 * The table gives dispatch, the count of operands, --help, "did you mean",
 * completion (the hidden command "complete", see etc/completion), and the test
 * that the manual names every command and option. Every tool has besides:
 *	-h --help, --version, -q --quiet, -v --verbose, --json, --table,
 *	--config FILE
 * Before a command runs, the keys of its [section] are read from
 * /etc/aikit/aikit.conf, $XDG_CONFIG_HOME/aikit/aikit.conf, --config and
 * AIKIT_SECTION_KEY in the environment (AIKIT_STACK_KIT), later ones winning,
 * and the command line over all.
 */
#ifndef AK_CMD_H
#define AK_CMD_H

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

/* Returns the exit status. */
int ak_cmd_main(const struct ak_tool *tool, int argc, char *argv[]);

/* One line on stderr: "aikit-stack: up: TEXT"; for -v, and for warnings. */
void ak_cmd_tell(const struct ak_ctx *ctx, const char *format, ...)
    AK_PRINTF(2, 3);
void ak_cmd_warn(const struct ak_ctx *ctx, const char *format, ...)
    AK_PRINTF(2, 3);

/*
 * $XDG_CACHE_HOME/aikit/NAME and the like, of the caller's to free:
 * "cache", "state" or "config" for what; root without a home gets
 * /var/cache/aikit, /var/lib/aikit, /etc/aikit.
 */
char *ak_cmd_dir(const char *what, const char *name) AK_MUST;

#endif
