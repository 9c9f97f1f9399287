/*
 * resolve - names to services, on a kit small enough to see through.
 */
#include <string.h>

#include "tests/unit/tap.h"
#include "tools/stack/stack.h"

struct stack_options stack_options;

static const char model[] =
    "{\"name\":\"kit\",\"x-aikit\":{\"default\":\"all\",\"presets\":{"
    "\"all\":[\"chat\",\"metrics\"],\"dev\":[\"cpu\",\"profile:dev\"],"
    "\"round\":[\"trip\"],\"trip\":[\"round\"],\"bad\":[\"nothing\"]},"
    "\"profiles\":{\"chat\":{\"requires\":[\"edge\",\"accelerator\"]},"
    "\"edge\":{\"requires\":null}},"
    "\"one-of\":{\"accelerator\":[\"gpu\",\"cpu\"]}},"
    "\"services\":{"
    "\"web\":{\"profiles\":[\"chat\"],\"depends_on\":{"
    "\"db\":{\"condition\":\"service_healthy\",\"required\":true},"
    "\"llm-cpu\":{\"condition\":\"service_healthy\",\"required\":false},"
    "\"llm-gpu\":{\"condition\":\"service_healthy\",\"required\":false}}},"
    "\"proxy\":{\"profiles\":[\"edge\"]},"
    "\"db\":{\"depends_on\":{\"db-init\":{"
    "\"condition\":\"service_completed_successfully\",\"required\":true}}},"
    "\"db-init\":{},"
    "\"llm-cpu\":{\"profiles\":[\"cpu\"]},"
    "\"llm-gpu\":{\"profiles\":[\"gpu\"]},"
    "\"prom\":{\"profiles\":[\"metrics\"]},"
    "\"shell\":{\"profiles\":[\"dev\"]},"
    "\"a\":{\"profiles\":[\"loop\"],"
    "\"depends_on\":{\"b\":{\"required\":true}}},"
    "\"b\":{\"profiles\":[\"loop\"],\"depends_on\":{\"a\":{\"required\":true}}}"
    "}}";

/* The machine has no accelerator: the last choice, cpu, is taken. */
static const struct {
	const char *names; /* blank-separated */
	const char *services;
	const char *claim;
} rows[] = {
	{ "web", "db-init db llm-cpu web",
	    "a service brings what it depends on, in starting order, and one "
	    "choice of what it waits for" },
	{ "chat", "db-init db llm-cpu web proxy",
	    "a profile brings what it requires" },
	{ "", "db-init db llm-cpu web proxy prom",
	    "no name is the default preset" },
	{ "chat gpu", "db-init db llm-gpu web proxy",
	    "a choice that is named is the one" },
	{ "web llm-gpu", "db-init db llm-gpu web",
	    "a service of a choice decides like its profile" },
	{ "dev", "llm-cpu shell", "a name that is both is the preset" },
	{ "profile:dev", "shell", "profile: says it is the profile" },
	{ "service:db", "db-init db", "service: says it is the service" },
	{ "accelerator", "llm-cpu", "a one-of is a name too" },
	{ "proxy proxy", "proxy", "twice is once" },
};

static const struct {
	const char *names;
	enum ak_code code;
	const char *text;
	const char *help;
} failures[] = {
	{ "cpu gpu", AK_USAGE, "gpu and cpu: only one accelerator can run",
	    "name one of them" },
	{ "prox", AK_USAGE, "prox: no preset, profile or service of /kit",
	    "did you mean proxy?" },
	{ "round", AK_CONFIG, NULL, NULL },
	{ "bad", AK_CONFIG, NULL, NULL },
	{ "loop", AK_CONFIG, NULL, NULL },
};

static size_t
split(char *text, char *words[8])
{
	size_t n = 0;

	for (char *w = strtok(text, " "); w != NULL; w = strtok(NULL, " "))
		words[n++] = w;
	return n;
}

static void
test_row(const struct kit *kit, const char *names, const char *services,
    const char *claim)
{
	AK_FREE char *copy = ak_strdup(names);
	char *words[8];
	size_t count = split(copy, words);
	SELECTION struct selection selection = { 0 };
	AK_BUF struct ak_buf got = { 0 };
	struct ak_err err = { 0 };

	if (!ok(resolve(kit, words, count, &selection, &err) == 0,
		"\"%s\" is resolved", names))
		printf("# %s\n", err.text);
	for (size_t i = 0; i < selection.count; i++)
		ak_buf_printf(&got, "%s%s", i > 0 ? " " : "",
		    selection.picks[i].service->name);
	is_str(ak_buf_text(&got), services, "%s", claim);
}

static void
test_failure(const struct kit *kit, size_t i)
{
	AK_FREE char *copy = ak_strdup(failures[i].names);
	char *words[8];
	size_t count = split(copy, words);
	SELECTION struct selection selection = { 0 };
	struct ak_err err = { 0 };

	ok(resolve(kit, words, count, &selection, &err) == -1,
	    "\"%s\" is refused", failures[i].names);
	is_int(err.code, failures[i].code, "with its exit code: %s", err.text);
	if (failures[i].text != NULL)
		is_str(err.text, failures[i].text, "and says why");
	if (failures[i].help != NULL)
		is_str(err.help, failures[i].help, "and what to do");
}

/* Why each service of "chat" is there. */
static void
test_reasons(const struct kit *kit)
{
	static const struct {
		const char *service, *why;
	} want[] = {
		{ "web", "profile chat" },
		{ "db", "needed by web" },
		{ "db-init", "needed by db" },
		{ "proxy", "profile edge, of chat" },
		{ "llm-cpu", "profile cpu, of accelerator" },
	};
	char name[] = "chat", *words[] = { name };
	SELECTION struct selection selection = { 0 };
	AK_BUF struct ak_buf text = { 0 };
	struct ak_err err = { 0 };

	ok(resolve(kit, words, 1, &selection, &err) == 0, "chat is resolved");
	is_str(selection.accelerator, "cpu", "the choice is told");
	for (size_t i = 0; i < selection.count; i++)
		for (size_t k = 0; k < AK_COUNT(want); k++)
			if (ak_streq(want[k].service,
				selection.picks[i].service->name))
				is_str(pick_text(&selection.picks[i], &text),
				    want[k].why, "why there is %s",
				    want[k].service);
}

static void
test_named(const struct kit *kit)
{
	char chat[] = "chat", choice[] = "accelerator";
	char *words[] = { chat }, *choices[] = { choice };
	SELECTION struct selection named = { 0 };
	SELECTION struct selection all = { 0 };
	SELECTION struct selection either = { 0 };
	struct ak_err err = { 0 };

	ok(resolve_named(kit, words, 1, &named, &err) == 0 &&
		named.count == 1 && selection_has(&named, "web"),
	    "to stop a profile is to stop its own services");
	ok(resolve_named(kit, choices, 1, &either, &err) == 0 &&
		either.count == 2,
	    "to stop a one-of is to stop whichever runs");
	ok(resolve_all(kit, &all, &err) == -1 && err.code == AK_CONFIG,
	    "a circle of dependencies is told when all are asked for");
}

int
main(void)
{
	struct kit kit = { .fd = -1, .dir = ak_strdup("/kit") };
	struct ak_err err = { 0 };

	ok(ak_json_parse(&kit.model, model, strlen(model), &err) == 0 &&
		kit_take_model(&kit, &err) == 0,
	    "the model is taken");
	ok(kit_service(&kit, "db-init")->one_shot,
	    "what another waits to complete is a one-shot");
	for (size_t i = 0; i < AK_COUNT(rows); i++)
		test_row(&kit, rows[i].names, rows[i].services, rows[i].claim);
	for (size_t i = 0; i < AK_COUNT(failures); i++)
		test_failure(&kit, i);
	test_reasons(&kit);
	test_named(&kit);
	kit_close(&kit);
	return done_testing();
}
