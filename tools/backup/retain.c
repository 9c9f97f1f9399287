/*
 * retain - which snapshots stay, and why.
 */
#include "tools/backup/retain.h"

#include <stdio.h>
#include <time.h>

#define SECOND INT64_C(1000000000)
#define HOUR (3600 * SECOND)

/* A period in a form that two times share exactly when they lie in it. */
static void
period(enum retain_rule rule, int64_t ns, char text[40])
{
	static const size_t lens[] = {
		[RETAIN_HOURLY] = 13,
		[RETAIN_DAILY] = 10,
		[RETAIN_MONTHLY] = 7,
		[RETAIN_YEARLY] = 4,
	};
	time_t seconds = (time_t)(ns / SECOND - (ns % SECOND < 0));
	struct tm tm;

	if (!gmtime_r(&seconds, &tm)) {
		snprintf(text, 40, "%lld", (long long)seconds);
	} else if (rule == RETAIN_WEEKLY) {
		strftime(text, 40, "%G-%V", &tm);
	} else {
		strftime(text, 40, "%Y-%m-%d %H", &tm);
		text[lens[rule]] = '\0';
	}
}

/* The newest of each period, newest period first, until there are enough. */
static void
apply_rule(enum retain_rule rule, int64_t wanted, struct retain_item items[],
    size_t count)
{
	char last[40] = "", this[40] = "";

	for (size_t i = count; i-- > 0 && wanted > 0;) {
		if (items[i].future)
			continue;
		if (rule != RETAIN_LAST)
			period(rule, items[i].time, this);
		if (rule != RETAIN_LAST && ak_streq(this, last))
			continue;
		snprintf(last, sizeof(last), "%s", this);
		items[i].rules |= 1U << rule;
		wanted--;
	}
}

static void
apply_minimum(const struct retain *retain, struct retain_item items[],
    size_t count)
{
	int64_t left = retain->minimum, newest = 0;
	bool found = false;

	for (size_t i = count; i-- > 0;) {
		if (items[i].future)
			continue;
		if (!found)
			newest = items[i].time;
		items[i].newest = !found;
		items[i].minimum = left-- > 0;
		items[i].within = retain->within_ns > 0 &&
		    items[i].time >= newest - retain->within_ns;
		found = true;
	}
}

bool
retain_asked(const struct retain *retain)
{
	for (int i = 0; i < RETAIN_RULES; i++)
		if (retain->keep[i] > 0)
			return true;
	return retain->within_ns > 0;
}

void
retain_apply(const struct retain *retain, int64_t now,
    struct retain_item items[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		items[i] = (struct retain_item){
			.time = items[i].time,
			.future = items[i].time - HOUR > now,
		};
	apply_minimum(retain, items, count);
	for (int rule = 0; rule < RETAIN_RULES; rule++)
		apply_rule((enum retain_rule)rule, retain->keep[rule], items,
		    count);
	for (size_t i = 0; i < count; i++)
		items[i].keep = items[i].future || items[i].newest ||
		    items[i].minimum || items[i].within || items[i].rules;
}

static void
say(struct ak_buf *text, const char *word)
{
	if (text->len > 0)
		ak_buf_str(text, ", ");
	ak_buf_str(text, word);
}

void
retain_reason(const struct retain_item *item, struct ak_buf *text)
{
	static const char *const names[] = {
		[RETAIN_LAST] = "last",
		[RETAIN_HOURLY] = "hourly",
		[RETAIN_DAILY] = "daily",
		[RETAIN_WEEKLY] = "weekly",
		[RETAIN_MONTHLY] = "monthly",
		[RETAIN_YEARLY] = "yearly",
	};
	_Static_assert(AK_COUNT(names) == RETAIN_RULES, "a name a rule");

	ak_buf_reset(text);
	if (item->future)
		say(text, "dated in the future");
	if (item->newest)
		say(text, "newest");
	for (int rule = 0; rule < RETAIN_RULES; rule++)
		if (item->rules & 1U << rule)
			say(text, names[rule]);
	if (item->within)
		say(text, "within");
	if (item->minimum && text->len == 0)
		say(text, "one of the last");
	if (text->len == 0)
		say(text, "no rule keeps it");
}
