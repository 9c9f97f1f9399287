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
 * that the manual names every command and option. Every tool has besides the
 * command help, and the options:
 *	-h --help, --version, -q --quiet, -v --verbose, --json, --table,
 *	--config FILE
 * Options may stand before the command. Before it runs, the keys of the tool's
 * [section] are read as lib/layers.h says, and the command line wins over them.
 *
 * An error is one line, printed once: "aikit-stack: up: TEXT (HELP)", its
 * control bytes as ?. What could not be written to stdout is AK_IO.
 */
#ifndef AK_CMD_H
#define AK_CMD_H

#include "lib/tool.h"

/* Returns the exit status. */
int ak_cmd_main(const struct ak_tool *tool, int argc, char *argv[]);

/*
 * One line on stderr, "aikit-stack: up: TEXT": what happens, with -v only; and
 * what should be known, unless -q is given.
 */
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
