/*
 * models - unit test: what is configured for a model, and what a list of a
 * backend is read as.
 */
#include <string.h>

#include "tests/unit/tap.h"
#include "tools/queue/proxy.h"

static void
test_names(void)
{
	static const struct {
		const char *said, *is;
	} rows[] = {
		{ "llama3", "llama3:latest" },
		{ "llama3:8b", "llama3:8b" },
		{ "library/llama3", "llama3:latest" },
		{ "registry.ollama.ai/library/llama3:8b", "llama3:8b" },
		{ "hf.co/x/y", "hf.co/x/y:latest" },
		{ "host:5000/x/y", "host:5000/x/y:latest" },
		{ "llama3:local", "llama3:latest" },
		{ "llama3:8b:LOCAL", "llama3:8b" },
		{ " llama3 ", "llama3:latest" },
		{ ":local", ":local" },
		{ "", ":latest" },
	};
	char name[SCHED_NAME];

	for (size_t i = 0; i < AK_COUNT(rows); i++) {
		is_int(class_model(rows[i].said, name),
		    strstr(rows[i].is, ":latest") != NULL,
		    "\"%s\": whether a tag is put to it", rows[i].said);
		is_str(name, rows[i].is, "\"%s\" is %s", rows[i].said,
		    rows[i].is);
	}
}

static void
test_conf(void)
{
	static struct model_conf models[] = {
		{ .name = "qwen*", .num_ctx = 1 },
		{ .name = "qwen3:8b", .num_ctx = 2 },
		{ .name = "*:70b", .num_ctx = 3 },
		{ .name = "llama3:latest", .num_ctx = 4 },
		{ .name = "gemma[23]:?b", .num_ctx = 5 },
		{ .name = "*70b", .num_ctx = 6 },
	};
	static const struct {
		const char *name;
		int row;
		const char *claim;
	} rows[] = {
		{ "qwen3:8b", 2, "a name comes before a pattern" },
		{ "qwen3:latest", 1, "a pattern fits the name with its tag" },
		{ "llama3:70b", 3, "the first pattern that fits" },
		{ "x/y-70b", 6, "a star takes a slash too" },
		{ "llama3:latest", 4, "a name" },
		{ "llama3:8b", 0, "other tags are other models" },
		{ "gemma2:9b", 5, "all that fnmatch(3) knows" },
		{ "gemma4:9b", 0, "and nothing else" },
		{ "QWEN3:latest", 0, "patterns know the case of letters" },
	};
	struct settings s = { .models = models,
		.model_count = AK_COUNT(models) };

	for (size_t i = 0; i < AK_COUNT(rows); i++) {
		const struct model_conf *c = models_conf(&s, rows[i].name);

		is_int(c == NULL ? 0 : c->num_ctx, rows[i].row, "%s: %s",
		    rows[i].name, rows[i].claim);
	}
}

static void
test_lists(void)
{
	static const struct {
		const char *text;
		int count; /* -1: no list */
		const char *claim;
	} rows[] = {
		{ "{\"models\":[{\"name\":\"n\",\"model\":\"b\","
		  "\"details\":{\"model\":\"no\"}},{\"model\":\"A:x\"}]}",
		    2, "names, each once" },
		{ "{\"models\":[]}", 0, "an empty list is one" },
		{ "{\"models\":null}", 0, "and so is none" },
		{ "{\"models\":[{\"model\":7},{\"model\":\"a\"}]}", 1,
		    "what is no name is none" },
		{ "{\"models\":[{\"model\":\"a\"}", -1, "cut short" },
		{ "<html>", -1, "something else" },
		{ "", -1, "nothing at all" },
	};
	struct backend b = { 0 };

	for (size_t i = 0; i < AK_COUNT(rows); i++) {
		AK_BUF struct ak_buf text = { 0 };
		int well;

		ak_buf_str(&text, rows[i].text);
		well = models_take(&b, &text);
		is_int(well == -1 ? -1 : (int)b.model_count, rows[i].count,
		    "%s", rows[i].claim);
		is_int(b.listed, rows[i].count != -1, "%s: known or not",
		    rows[i].claim);
		if (i == 0)
			is_str(b.models[1], "b:latest",
			    "sorted without regard to case, with tags");
	}
	models_forget(&b);
}

int
main(void)
{
	test_names();
	test_conf();
	test_lists();
	return done_testing();
}
