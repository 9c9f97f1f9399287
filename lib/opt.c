/*
 * opt - one table of options a command.
 */
#include "lib/opt.h"

#include <string.h>

#include "lib/near.h"
#include "lib/str.h"

static const struct ak_opt *
find_name(const struct ak_opt *const tables[], const char *name, size_t len)
{
	for (; *tables; tables++)
		for (const struct ak_opt *opt = *tables; opt->name; opt++)
			if (strncmp(opt->name, name, len) == 0 &&
			    opt->name[len] == '\0')
				return opt;
	return NULL;
}

static const struct ak_opt *
find_letter(const struct ak_opt *const tables[], char letter)
{
	for (; *tables; tables++)
		for (const struct ak_opt *opt = *tables; opt->name; opt++)
			if (opt->letter == letter)
				return opt;
	return NULL;
}

static int
set_flag(bool *to, const char *text, struct ak_err *err)
{
	static const struct {
		const char *text;
		bool value;
	} words[] = { { "true", true }, { "false", false }, { "yes", true },
		{ "no", false } };

	for (size_t i = 0; i < AK_COUNT(words); i++)
		if (ak_streq(text, words[i].text)) {
			*to = words[i].value;
			return 0;
		}
	return ak_fail(err, AK_USAGE, "%s: not true or false", text);
}

static int
set_duration(const struct ak_opt_value *value, const char *text,
    struct ak_err *err)
{
	AK_BUF struct ak_buf range = { 0 };
	int64_t ms;

	if (ak_str_duration(text, &ms, err) == -1)
		return -1;
	if (ms >= value->min && ms <= value->max) {
		*(int64_t *)value->to = ms;
		return 0;
	}
	ak_str_from_duration(&range, value->min);
	ak_buf_str(&range, " to ");
	ak_str_from_duration(&range, value->max);
	return ak_fail(err, AK_USAGE, "%s: not a time from %s", text,
	    range.data);
}

static int
add_to_list(struct ak_opt_list *list, const char *text, struct ak_err *err)
{
	if (list->count == AK_COUNT(list->items))
		return ak_fail(err, AK_USAGE, "given more than %zu times",
		    AK_COUNT(list->items));
	list->items[list->count++] = text;
	return 0;
}

int
ak_opt_set(const struct ak_opt *opt, const char *text, struct ak_err *err)
{
	const struct ak_opt_value *value = &opt->value;

	switch (value->kind) {
	case AK_OPT_FLAG:
		return set_flag(value->to, text, err);
	case AK_OPT_STRING:
		*(const char **)value->to = text;
		return 0;
	case AK_OPT_INT:
		return ak_str_int(text, value->min, value->max, value->to, err);
	case AK_OPT_SIZE:
		return ak_str_size(text, value->to, err);
	case AK_OPT_DURATION:
		return set_duration(value, text, err);
	case AK_OPT_LIST:
		return add_to_list(value->to, text, err);
	case AK_OPT_END:
		break;
	}
	return ak_fail(err, AK_BUG, "%s: an option of no kind", opt->name);
}

/* What is left of the command line. */
struct rest {
	int count;
	char **words;
	const struct ak_opt *const *tables;
};

/* An error of the value of an option, named as it was given. */
static int
set_given(const struct ak_opt *opt, const char *dashes, const char *name,
    size_t len, const char *text, struct ak_err *err)
{
	if (ak_opt_set(opt, text, err) == 0)
		return 0;
	return ak_fail_in(err, "%s%.*s", dashes, (int)len, name);
}

static int
no_such(const struct rest *rest, const char *name, size_t len,
    struct ak_err *err)
{
	const char *names[256] = { NULL };
	AK_FREE char *word = ak_strndup(name, len);
	const char *near;
	size_t count = 0;

	for (const struct ak_opt *const *t = rest->tables; *t; t++)
		for (const struct ak_opt *opt = *t; opt->name; opt++)
			if (count < AK_COUNT(names) - 1)
				names[count++] = opt->name;
	near = ak_near(word, names);
	ak_err_set(err, AK_USAGE, "--%s: no such option", word);
	if (near)
		ak_err_help(err, "did you mean --%s?", near);
	return -1;
}

/* --name, --name=value or --name value; word is behind the dashes. */
static int
take_long(struct rest *rest, const char *word, struct ak_err *err)
{
	size_t len = strcspn(word, "=");
	const char *value = word[len] == '=' ? word + len + 1 : NULL;
	const struct ak_opt *opt = find_name(rest->tables, word, len);

	if (!opt)
		return no_such(rest, word, len, err);
	if (opt->value.kind == AK_OPT_FLAG) {
		if (value)
			return ak_fail(err, AK_USAGE, "--%s: takes no value",
			    opt->name);
		*(bool *)opt->value.to = true;
		return 0;
	}
	if (!value && rest->count == 0)
		return ak_fail(err, AK_USAGE, "--%s: needs a value (%s)",
		    opt->name, opt->arg);
	if (!value) {
		value = *rest->words++;
		rest->count--;
	}
	return set_given(opt, "--", word, len, value, err);
}

/* -ab, -nvalue or -n value; word is behind the dash. */
static int
take_letters(struct rest *rest, const char *word, struct ak_err *err)
{
	for (; *word != '\0'; word++) {
		const struct ak_opt *opt = find_letter(rest->tables, *word);
		const char *value = word + 1;

		if (!opt)
			return ak_fail(err, AK_USAGE, "-%c: no such option",
			    *word);
		if (opt->value.kind == AK_OPT_FLAG) {
			*(bool *)opt->value.to = true;
			continue;
		}
		if (*value == '\0' && rest->count == 0)
			return ak_fail(err, AK_USAGE, "-%c: needs a value (%s)",
			    *word, opt->arg);
		if (*value == '\0') {
			value = *rest->words++;
			rest->count--;
		}
		return set_given(opt, "-", word, 1, value, err);
	}
	return 0;
}

static bool
is_option(const char *word)
{
	return word[0] == '-' && word[1] != '\0' && !ak_streq(word, "--");
}

int
ak_opt_parse(int argc, char *argv[], const struct ak_opt *const tables[],
    int *operands, struct ak_err *err)
{
	struct rest rest = { argc, argv, tables };
	int count = 0;

	while (rest.count > 0) {
		char *word = *rest.words++;

		rest.count--;
		if (ak_streq(word, "--"))
			break;
		if (!is_option(word))
			argv[count++] = word;
		else if ((word[1] == '-'
				 ? take_long(&rest, word + 2, err)
				 : take_letters(&rest, word + 1, err)) == -1)
			return -1;
	}
	while (rest.count-- > 0)
		argv[count++] = *rest.words++;
	*operands = count;
	return 0;
}

bool
ak_opt_takes_next(const struct ak_opt *const tables[], const char *word)
{
	const struct ak_opt *opt;

	if (!is_option(word))
		return false;
	if (word[1] == '-') {
		size_t len = strcspn(word + 2, "=");

		opt = find_name(tables, word + 2, len);
		return opt && opt->arg && word[2 + len] == '\0';
	}
	while (*++word != '\0') {
		opt = find_letter(tables, *word);
		if (opt && opt->arg)
			return word[1] == '\0';
	}
	return false;
}

int
ak_opt_leading(int argc, char *argv[], const struct ak_opt *const tables[])
{
	int i = 0;

	while (i < argc && is_option(argv[i]))
		i += ak_opt_takes_next(tables, argv[i]) ? 2 : 1;
	return i < argc ? i : argc;
}
