/*
 * conf - fuzz: whatever the text, each item stands in its line whole: nothing
 * of a section, a key or a value is cut or made up.
 */
#include "lib/conf.h"

#include <string.h>

#include "lib/utf8.h"
#include "tests/fuzz/fuzz.h"

/* Line n of the text, from 1; not ended. */
static const char *
line_at(const char *text, int n, size_t *len)
{
	for (; n > 1; n--)
		text += strcspn(text, "\n") + 1;
	*len = strcspn(text, "\n");
	return text;
}

static int
check(void *arg, const struct ak_conf_item *item, struct ak_err *err)
{
	const char *text = *(const char **)arg;
	AK_FREE char *header = ak_printf("[%s]", item->section);
	size_t len, end = strlen(item->value);
	const char *line = line_at(text, item->line, &len);

	(void)err;
	law(*item->key != '\0' && item->line > 0);
	law(memmem(line, len, item->key, strlen(item->key)));
	law(memmem(line, len, item->value, end));
	law(*item->section == '\0' || strstr(text, header));
	law(ak_utf8_valid(line, len) && len < 8192);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AK_FREE char *text = ak_strndup((const char *)data, size);
	const char *arg = text;
	struct ak_err err = { 0 };

	if (ak_conf_parse("f", text, check, &arg, &err) == -1)
		law(err.code == AK_CONFIG && ak_starts(err.text, "f:"));
	return 0;
}
