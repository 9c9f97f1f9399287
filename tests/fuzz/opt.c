/*
 * opt - fuzz: whatever the words, each is taken once: operands stand in front
 * in their order, values lie in their range, and an error names a word.
 *
 * Words are separated by NUL.
 */
#include "lib/opt.h"

#include <string.h>

#include "tests/fuzz/fuzz.h"

#define WORDS 200

static struct {
	bool flag, other;
	const char *string;
	int64_t number, size, wait;
	struct ak_opt_list list;
} o;

static const struct ak_opt first[] = {
	{ 'f', "flag", NULL, "", AK_FLAG(&o.flag) },
	{ 'n', "number", "n", "", AK_INT(&o.number, -5, 9) },
	{ 'l', "list", "name", "", AK_LIST(&o.list) },
	{ 0 },
};
static const struct ak_opt second[] = {
	{ 'o', "other", NULL, "", AK_FLAG(&o.other) },
	{ 's', "string", "s", "", AK_STRING(&o.string) },
	{ 0, "size", "bytes", "", AK_SIZE(&o.size) },
	{ 0, "wait", "time", "", AK_DURATION(&o.wait, 1000, 60000) },
	{ 0 },
};
static const struct ak_opt *const tables[] = { first, second, NULL };

/* Operands are words that were given, and in that order. */
static void
check_order(char *given[], int count, char *operands[], int operand_count)
{
	int at = 0;

	law(operand_count <= count);
	for (int i = 0; i < operand_count; i++) {
		while (at < count && given[at] != operands[i])
			at++;
		law(at < count);
		at++;
	}
}

static void
check_values(void)
{
	law(o.number >= -5 && o.number <= 9);
	law(o.size >= 0);
	law(o.wait == 0 || (o.wait >= 1000 && o.wait <= 60000));
	law(o.list.count <= AK_COUNT(o.list.items));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AK_FREE char *text = ak_malloc(size + 1);
	char *given[WORDS], *words[WORDS];
	struct ak_err err = { 0 };
	int count = 0, operands = -1, leading;

	memcpy(text, data, size);
	text[size] = '\0';
	for (size_t at = 0; at < size && count < WORDS; count++) {
		given[count] = words[count] = text + at;
		at += strlen(text + at) + 1;
	}
	leading = ak_opt_leading(count, words, tables);
	law(leading >= 0 && leading <= count);
	memset(&o, 0, sizeof(o));
	if (ak_opt_parse(count, words, tables, &operands, &err) == 0) {
		check_order(given, count, words, operands);
	} else {
		law(err.code == AK_USAGE);
		law(err.text[0] == '-');
		law(operands == -1);
	}
	check_values();
	return 0;
}
