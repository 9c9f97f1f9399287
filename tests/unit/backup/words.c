/*
 * words - what is read from people and programs: words of a command, labels,
 * names of dumps, and what is shown of what a program said.
 */
#include <string.h>

#include "tests/unit/tap.h"
#include "tools/backup/backup.h"
#include "tools/backup/exec.h"
#include "tools/backup/kit.h"
#include "tools/backup/postgres.h"

struct backup_options backup_options;

static void
test_words(void)
{
	static const struct {
		const char *text, *want; /* joined by |; NULL: refused */
	} rows[] = {
		{ "a b", "a|b" },
		{ "  a\t\tb\n", "a|b" },
		{ "'a b' c", "a b|c" },
		{ "\"a 'b\" c", "a 'b|c" },
		{ "a\\ b", "a b" },
		{ "'a\\b'", "a\\b" },
		{ "\"a\\\"b\"", "a\"b" },
		{ "'' b", "|b" },
		{ "a'b'\"c\"d", "abcd" },
		{ "$HOME;id *", "$HOME;id|*" },
		{ "a\\", "a\\" },
		{ "", NULL },
		{ "  ", NULL },
		{ "'a", NULL },
		{ "a \"b'", NULL },
	};

	for (size_t i = 0; i < AK_COUNT(rows); i++) {
		AK_BUF struct ak_buf joined = { 0 };
		struct ak_err err = { 0 };
		char **words = NULL;
		int got = exec_words(rows[i].text, &words, &err);

		for (size_t k = 0; got == 0 && words[k] != NULL; k++)
			ak_buf_printf(&joined, "%s%s", k > 0 ? "|" : "",
			    words[k]);
		is_str(got == 0 ? ak_buf_text(&joined) : NULL, rows[i].want,
		    "row %zu as words", i);
		exec_words_free(words);
	}
}

static void
test_labels(void)
{
	static const struct {
		const char *label;
		enum keep_how how; /* KEEP_UNSAID: refused */
		int64_t max_ms;
	} rows[] = {
		{ "live", KEEP_LIVE, 0 },
		{ "pause 10s", KEEP_PAUSE, 10000 },
		{ "stop 1m30s", KEEP_STOP, 90000 },
		{ "postgres", KEEP_POSTGRES, 0 },
		{ "models", KEEP_MODELS, 0 },
		{ "none: it is made anew", KEEP_NONE, 0 },
		{ "none:x", KEEP_NONE, 0 },
		{ "none:", KEEP_UNSAID, 0 },
		{ "none:  ", KEEP_UNSAID, 0 },
		{ "none", KEEP_UNSAID, 0 },
		{ "pause", KEEP_UNSAID, 0 },
		{ "pause 0s", KEEP_UNSAID, 0 },
		{ "pause soon", KEEP_UNSAID, 0 },
		{ "live 3s", KEEP_UNSAID, 0 },
		{ "lively", KEEP_UNSAID, 0 },
		{ "uncovered", KEEP_UNSAID, 0 },
		{ "", KEEP_UNSAID, 0 },
	};

	for (size_t i = 0; i < AK_COUNT(rows); i++) {
		struct ak_err err = { 0 };
		struct keep keep;
		int got = keep_parse(rows[i].label, &keep, &err);

		if (rows[i].how == KEEP_UNSAID) {
			is_int(err.code, AK_CONFIG, "<%s> is refused",
			    rows[i].label);
			continue;
		}
		ok(got == 0 && keep.how == rows[i].how &&
			keep.max_ms == rows[i].max_ms,
		    "<%s> is known", rows[i].label);
	}
}

static void
test_files(void)
{
	static const char *const names[] = { "plain", "a/b", "50%", "%2F",
		"with space", "globals", ".sql" };

	for (size_t i = 0; i < AK_COUNT(names); i++) {
		AK_FREE char *file = postgres_file(names[i]);
		AK_FREE char *back = postgres_database(file);

		ok(strchr(file, '/') == NULL, "%s is one name", file);
		is_str(back, names[i], "%s is the database again", file);
	}
	ok(postgres_database(POSTGRES_GLOBALS) == NULL,
	    "the roles are no database");
}

static void
test_last_line(void)
{
	static const struct {
		const char *said, *want;
	} rows[] = {
		{ "one\ntwo\n\n", "two" },
		{ "", "" },
		{ "at postgres://u:hunter2@h/db",
		    "at postgres://*********@h/db" },
		{ "PGPASSWORD=hunter2 x", "PGPASSWORD=******* x" },
		{ "Token=abc, b", "Token=***, b" },
		{ "http://h/a@b", "http://h/a@b" },
	};

	for (size_t i = 0; i < AK_COUNT(rows); i++) {
		AK_BUF struct ak_buf said = { 0 };
		AK_BUF struct ak_buf line = { 0 };

		ak_buf_str(&said, rows[i].said);
		exec_last_line(&said, &line);
		is_str(ak_buf_text(&line), rows[i].want,
		    "what is shown of <%s>", rows[i].want);
	}
}

/* However it is cut, the trailer is found; without one the end is an error. */
static void
test_trailer(void)
{
	static const struct {
		const char *script;
		int code;
	} rows[] = {
		{ "echo 'the end'", AK_DONE },
		{ "printf 'the '; printf end", AK_DONE },
		{ "seq 1 100000; echo the end; echo", AK_DONE },
		{ "echo the end; seq 1 100000", AK_DATA },
		{ "true", AK_DATA },
		{ "echo the end; exit 2", AK_UNAVAILABLE },
		{ "echo the end; kill -9 $$", AK_UNAVAILABLE },
	};

	for (size_t i = 0; i < AK_COUNT(rows); i++) {
		const char *argv[] = { "sh", "-c", rows[i].script, NULL };
		EXEC_STREAM struct exec_stream stream;
		struct ak_err err = { 0 };
		char data[100];

		if (exec_open(&stream, argv, 20000, &err) == 0) {
			stream.trailer = "the end";
			while (exec_read(&stream, data, sizeof(data), &err) > 0)
				;
		}
		is_int(err.code, rows[i].code, "%s", rows[i].script);
	}
}

int
main(void)
{
	test_words();
	test_labels();
	test_files();
	test_last_line();
	test_trailer();
	return done_testing();
}
