/*
 * opt - one table of options a command.
 *
 *	static struct { int64_t priority; bool plan; } o;
 *
 *	static const struct ak_opt push_options[] = {
 *		{ 'p', "priority", "n", "run before higher numbers",
 *		    AK_INT(&o.priority, 0, 9) },
 *		{ 0, "plan", NULL, "show what would change", AK_FLAG(&o.plan) },
 *		{ 0 },
 *	};
 *
 * GNU rules: --name value, --name=value, -n value, -nvalue, -ab for flags, --
 * ends them, and options may stand behind operands. A name must be whole.
 * From the same table come --help, completion, and the keys of aikit.conf(5).
 */
#ifndef AK_OPT_H
#define AK_OPT_H

#include <stdint.h>

#include "lib/err.h"

enum ak_opt_kind {
	AK_OPT_END,
	AK_OPT_FLAG,	 /* bool: true when given */
	AK_OPT_STRING,	 /* const char * */
	AK_OPT_INT,	 /* int64_t */
	AK_OPT_SIZE,	 /* int64_t, bytes */
	AK_OPT_DURATION, /* int64_t, milliseconds */
	AK_OPT_LIST,	 /* struct ak_opt_list: may be given again */
};

/* Holds what AK_LIST options were given; 64 at most. */
struct ak_opt_list {
	const char *items[64];
	size_t count;
};

struct ak_opt_value {
	enum ak_opt_kind kind;
	void *to;
	int64_t min, max;
};

struct ak_opt {
	char letter;	  /* 0 when it has none */
	const char *name; /* without the dashes */
	const char *arg;  /* name of its value in the help; NULL for a flag */
	const char *help;
	struct ak_opt_value value;
};

/* clang-format off */
#define AK_FLAG(to) { AK_OPT_FLAG, (to), 0, 0 }
#define AK_STRING(to) { AK_OPT_STRING, (to), 0, 0 }
#define AK_INT(to, min, max) { AK_OPT_INT, (to), (min), (max) }
#define AK_SIZE(to) { AK_OPT_SIZE, (to), 0, INT64_MAX }
#define AK_DURATION(to, min, max) { AK_OPT_DURATION, (to), (min), (max) }
#define AK_LIST(to) { AK_OPT_LIST, (to), 0, 0 }
/* clang-format on */

#define AK_OPT_TABLES 4

/*
 * Takes the options out of argv[0..argc), by up to AK_OPT_TABLES tables
 * (NULL ends them); the operands stay in front, *operands counts them. An
 * unknown option is AK_USAGE with the nearest one named.
 */
int ak_opt_parse(int argc, char *argv[], const struct ak_opt *const tables[],
    int *operands, struct ak_err *err) AK_MUST;

/*
 * How many words in front are options, each with the value that a table says
 * it takes: the command of a tool stands behind them.
 */
int ak_opt_leading(int argc, char *argv[], const struct ak_opt *const tables[]);

/* Is it an option whose value is the next word? */
bool ak_opt_takes_next(const struct ak_opt *const tables[], const char *word);

/*
 * Sets one option from text (a configuration file or the environment), which
 * must live as long as the option. A flag takes true and false, yes and no.
 */
int ak_opt_set(const struct ak_opt *opt, const char *text, struct ak_err *err)
    AK_MUST;

#endif
