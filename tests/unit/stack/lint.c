/*
 * lint - each file of tests/golden/lint is a model that breaks one rule.
 *
 * Its name begins with the id that has to be found, and no other; "good" is
 * none. Without x-aikit the same model is somebody's own compose file: nothing
 * in it is an error then.
 */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "tests/unit/tap.h"
#include "tools/stack/stack.h"

struct stack_options stack_options;

#define FOLDER "tests/golden/lint"

struct seen {
	struct ak_buf ids; /* blank-separated */
	struct ak_buf text;
	enum severity worst;
};

static void
take(void *arg, const struct finding *finding)
{
	struct seen *seen = arg;

	ak_buf_printf(&seen->ids, "%s%s", seen->ids.len > 0 ? " " : "",
	    finding->id);
	ak_buf_printf(&seen->text, "%s %s %s\n", finding->subject,
	    finding->evidence, finding->next);
	if (finding->severity > seen->worst)
		seen->worst = finding->severity;
}

static void
look(const char *text, struct seen *seen)
{
	KIT struct kit kit = { .fd = -1, .dir = ak_strdup("/nowhere") };
	struct ak_err err = { 0 };

	if (ak_json_parse(&kit.model, text, strlen(text), &err) == -1 ||
	    kit_take_model(&kit, &err) == -1)
		ok(false, "%s", err.text);
	else
		lint_kit(&kit, take, seen);
}

static void
test_kit(const char *name, const char *id, const char *text)
{
	struct seen seen = { 0 };

	look(text, &seen);
	is_str(ak_buf_text(&seen.ids), id, "%s", name);
	if (*id != '\0')
		ok(seen.worst >= SEV_WARNING, "it is told as an error");
	ok(strstr(ak_buf_text(&seen.text), "canary") == NULL,
	    "without a value that may be a secret");
	ak_buf_free(&seen.ids);
	ak_buf_free(&seen.text);
}

static void
test_other(const char *text)
{
	const char *x = strstr(text, "x-aikit");
	AK_FREE char *other = ak_printf("%.*sx-other%s", (int)(x - text), text,
	    x + strlen("x-aikit"));
	struct seen seen = { 0 };

	look(other, &seen);
	ok(seen.worst < SEV_ERROR, "no error in a project without x-aikit");
	ak_buf_free(&seen.ids);
	ak_buf_free(&seen.text);
}

static int
test_file(int dir, const char *name)
{
	const char *rest = strstr(name, "--");
	AK_FREE char *id = rest == NULL
	    ? ak_strdup(name)
	    : ak_strndup(name, (size_t)(rest - name));
	AK_BUF struct ak_buf text = { 0 };
	struct ak_err err = { 0 };

	if (*name == '.')
		return 0;
	if (ak_file_read(dir, name, 65536, &text, &err) == -1) {
		ok(false, "%s", err.text);
		return 0;
	}
	if (strcmp(id, "good") == 0)
		*id = '\0';
	test_kit(name, id, text.data);
	test_other(text.data);
	return 1;
}

/* Every rule of the table has a file that breaks it. */
static void
test_all_rules(void)
{
	const char *const *ids = lint_ids();

	for (size_t i = 0; ids[i] != NULL; i++) {
		DIR *list = opendir(FOLDER);
		AK_FREE char *start = ak_printf("%s--", ids[i]);
		bool found = ak_starts(ids[i], "setting-") ||
		    strcmp(ids[i], "volume-unused") == 0;

		if (list == NULL)
			return;
		for (struct dirent *e; !found && (e = readdir(list));)
			found = ak_starts(e->d_name, start);
		closedir(list);
		ok(found, "a model breaks %s", ids[i]);
	}
}

int
main(void)
{
	AK_CLOSE int dir = open(FOLDER, O_RDONLY | O_DIRECTORY);
	DIR *list = opendir(FOLDER);
	int count = 0;

	if (list == NULL || dir == -1) {
		ok(false, "there are models in " FOLDER);
		return done_testing();
	}
	for (struct dirent *e; (e = readdir(list)) != NULL;)
		count += test_file(dir, e->d_name);
	closedir(list);
	ok(count > 60, "%d models", count);
	test_all_rules();
	return done_testing();
}
