/*
 * chosen - the services that were asked for, a line each.
 *
 * Kept beside the lock, and only changed by who holds it.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/file.h"
#include "tools/stack/change.h"

enum { CHOSEN_MAX = 1 << 20 };

static int
chosen_dir(int *dir)
{
	AK_FREE char *path = ak_cmd_dir("state", "stack");
	struct ak_err ignored = { 0 };

	return ak_dir_make(path, 0700, dir, &ignored);
}

char *
chosen_read(const struct kit *kit)
{
	AK_CLOSE int dir = -1;
	AK_FREE char *name = ak_printf("%s.chosen", kit->project);
	AK_BUF struct ak_buf text = { 0 };
	struct ak_err ignored = { 0 };

	if (chosen_dir(&dir) == -1 ||
	    ak_file_read(dir, name, CHOSEN_MAX, &text, &ignored) == -1)
		ak_buf_reset(&text);
	return ak_buf_take(&text);
}

bool
chosen_has(const char *lines, const char *service)
{
	size_t len = strlen(service);

	while (*lines != '\0') {
		size_t line = strcspn(lines, "\n");

		if (line == len && strncmp(lines, service, len) == 0)
			return true;
		lines += line + (lines[line] == '\n');
	}
	return false;
}

static void
chosen_write(const struct kit *kit, const struct ak_buf *text)
{
	AK_CLOSE int dir = -1;
	AK_FREE char *name = ak_printf("%s.chosen", kit->project);
	struct ak_err ignored = { 0 };

	if (chosen_dir(&dir) == 0 &&
	    ak_file_replace(dir, name, text->data, text->len, 0600, &ignored) ==
		-1)
		ignored.code = AK_DONE; /* not an error; see change.h */
}

void
chosen_add(const struct kit *kit, const struct selection *selection)
{
	AK_FREE char *before = chosen_read(kit);
	AK_BUF struct ak_buf text = { 0 };

	ak_buf_str(&text, before);
	for (size_t i = 0; i < selection->count; i++) {
		const struct pick *pick = &selection->picks[i];

		if (pick->reason != PICK_NEEDED &&
		    !chosen_has(before, pick->service->name))
			ak_buf_printf(&text, "%s\n", pick->service->name);
	}
	chosen_write(kit, &text);
}

void
chosen_remove(const struct kit *kit, const char *const services[], size_t count)
{
	AK_FREE char *before = chosen_read(kit);
	AK_BUF struct ak_buf text = { 0 };

	for (const char *line = before; *line != '\0';) {
		size_t len = strcspn(line, "\n");
		bool gone = false;

		for (size_t i = 0; i < count; i++)
			if (strlen(services[i]) == len &&
			    strncmp(services[i], line, len) == 0)
				gone = true;
		if (!gone && len > 0) {
			ak_buf_add(&text, line, len);
			ak_buf_char(&text, '\n');
		}
		line += len + (line[len] == '\n');
	}
	chosen_write(kit, &text);
}
