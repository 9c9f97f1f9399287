/*
 * near - a misspelt word has one that was meant, another has none.
 */
#include "lib/near.h"

#include "tests/unit/tap.h"

static void
near(void)
{
	static const char *const commands[] = { "up", "down", "status", "logs",
		"restart", "validate", NULL };
	static const char *const none[] = { NULL };
	static const struct {
		const char *word, *meant;
	} cases[] = {
		{ "status", "status" },
		{ "statsu", "status" },
		{ "tsatus", "status" },
		{ "stats", "status" },
		{ "sttaus", "status" },
		{ "restrat", "restart" },
		{ "valdate", "validate" },
		{ "lgs", "logs" },
		{ "donw", "down" },
		{ "stat", NULL },
		{ "u", NULL },
		{ "xx", NULL },
		{ "", NULL },
		{ "configuration", NULL },
	};
	char word[200] = { 0 };

	for (size_t i = 0; i < AK_COUNT(cases); i++)
		is_str(ak_near(cases[i].word, commands), cases[i].meant,
		    "\"%s\" means %s", cases[i].word,
		    cases[i].meant ? cases[i].meant : "nothing");
	is_str(ak_near("up", none), NULL, "of no candidates none is near");
	for (size_t i = 0; i + 1 < sizeof(word); i++)
		word[i] = 'x';
	is_str(ak_near(word, commands), NULL,
	    "a word of 199 letters means nothing");
}

int
main(void)
{
	near();
	return done_testing();
}
