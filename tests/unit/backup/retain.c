/*
 * retain - unit test: which snapshots stay, by table.
 */
#include "tools/backup/retain.h"

#include <string.h>

#include "lib/str.h"
#include "tests/unit/tap.h"

/* Each snapshot is a time; kept is a + or - for each. */
struct row {
	const char *claim;
	struct retain retain;
	const char *now;
	const char *times[12];
	const char *kept;
};

#define DAY (INT64_C(86400) * 1000000000)

static const struct row rows[] = {
	{ "no rule keeps the newest alone", { .minimum = 0 },
	    "2026-01-10T12:00:00Z",
	    { "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z" }, "-+" },
	{ "the last three stay, whatever the rules",
	    { .keep = { [RETAIN_DAILY] = 1 }, .minimum = 3 },
	    "2026-01-10T12:00:00Z",
	    { "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z",
		"2026-01-03T00:00:00Z", "2026-01-04T00:00:00Z" },
	    "-+++" },
	{ "the last two", { .keep = { [RETAIN_LAST] = 2 } },
	    "2026-01-10T12:00:00Z",
	    { "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z",
		"2026-01-01T00:00:00Z" },
	    "-++" },
	{ "of an hour the newest", { .keep = { [RETAIN_HOURLY] = 2 } },
	    "2026-01-10T12:00:00Z",
	    { "2026-01-10T09:10:00Z", "2026-01-10T10:00:00Z",
		"2026-01-10T10:59:59.999Z", "2026-01-10T11:00:00Z" },
	    "--++" },
	{ "a day without one is not counted",
	    { .keep = { [RETAIN_DAILY] = 3 } }, "2026-01-10T12:00:00Z",
	    { "2026-01-01T00:00:00Z", "2026-01-02T03:00:00Z",
		"2026-01-05T01:00:00Z", "2026-01-05T02:00:00Z",
		"2026-01-10T00:00:00Z" },
	    "-+-++" },
	{ "the ISO week goes over the year's end",
	    { .keep = { [RETAIN_WEEKLY] = 2 } }, "2027-01-10T12:00:00Z",
	    { "2026-12-27T00:00:00Z", "2026-12-28T00:00:00Z",
		"2027-01-03T23:59:59Z", "2027-01-04T00:00:00Z" },
	    "--++" },
	{ "months", { .keep = { [RETAIN_MONTHLY] = 2 } },
	    "2026-03-10T12:00:00Z",
	    { "2026-01-31T00:00:00Z", "2026-02-01T00:00:00Z",
		"2026-02-28T23:59:59Z", "2026-03-01T00:00:00Z" },
	    "--++" },
	{ "years", { .keep = { [RETAIN_YEARLY] = 2 } }, "2026-03-10T12:00:00Z",
	    { "2024-12-31T23:59:59Z", "2025-01-01T00:00:00Z",
		"2025-12-31T00:00:00Z", "2026-01-01T00:00:00Z" },
	    "--++" },
	{ "before 1970 there were days, too",
	    { .keep = { [RETAIN_DAILY] = 2 } }, "1970-01-03T00:00:00Z",
	    { "1969-12-31T23:00:00Z", "1969-12-31T23:59:59.5Z",
		"1970-01-01T00:00:00Z" },
	    "-++" },
	{ "within is counted back from the newest, not from now",
	    { .within_ns = 2 * DAY }, "2026-06-01T00:00:00Z",
	    { "2026-01-01T00:00:00Z", "2026-01-03T00:00:00Z",
		"2026-01-04T00:00:00Z", "2026-01-05T00:00:00Z" },
	    "-+++" },
	{ "rules add up",
	    { .keep = { [RETAIN_LAST] = 1, [RETAIN_MONTHLY] = 2 } },
	    "2026-03-10T12:00:00Z",
	    { "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z",
		"2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z" },
	    "-+-+" },
	{ "forged snapshots of the future make nothing go",
	    { .keep = { [RETAIN_LAST] = 1, [RETAIN_DAILY] = 2 } },
	    "2026-01-10T12:00:00Z",
	    { "2026-01-08T00:00:00Z", "2026-01-09T00:00:00Z",
		"2026-01-10T11:00:00Z", "2026-01-11T00:00:00Z",
		"2026-01-12T00:00:00Z" },
	    "-++++" },
	{ "an hour ahead is a clock that is a little wrong",
	    { .keep = { [RETAIN_LAST] = 1 } }, "2026-01-10T12:00:00Z",
	    { "2026-01-10T12:00:00Z", "2026-01-10T13:00:00Z" }, "-+" },
	{ "a clock set back by a year finds all of the future, and keeps it",
	    { .keep = { [RETAIN_LAST] = 1 }, .minimum = 1 },
	    "2025-01-01T00:00:00Z",
	    { "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z" }, "++" },
};

static int64_t
ns_of(const char *text)
{
	struct ak_err err = { 0 };
	int64_t ns;

	if (ak_str_time(text, &ns, &err) == -1)
		abort();
	return ns;
}

static void
row_holds(const struct row *row)
{
	struct retain_item items[12] = { 0 };
	char kept[13] = "";
	size_t count = 0;

	for (; row->times[count]; count++)
		items[count].time = ns_of(row->times[count]);
	retain_apply(&row->retain, ns_of(row->now), items, count);
	for (size_t i = 0; i < count; i++)
		kept[i] = items[i].keep ? '+' : '-';
	is_str(kept, row->kept, "%s", row->claim);
}

static const struct {
	struct retain_item item;
	const char *text;
} reasons[] = {
	{ { .keep = false }, "no rule keeps it" },
	{ { .newest = true, .minimum = true }, "newest" },
	{ { .minimum = true }, "one of the last" },
	{ { .future = true }, "dated in the future" },
	{ { .rules = 1U << RETAIN_DAILY | 1U << RETAIN_YEARLY,
	      .within = true,
	      .minimum = true },
	    "daily, yearly, within" },
};

int
main(void)
{
	AK_BUF struct ak_buf text = { 0 };

	for (size_t i = 0; i < AK_COUNT(rows); i++)
		row_holds(&rows[i]);
	for (size_t i = 0; i < AK_COUNT(reasons); i++) {
		retain_reason(&reasons[i].item, &text);
		is_str(text.data, reasons[i].text, "a reason: %s",
		    reasons[i].text);
	}
	ok(!retain_asked(&(struct retain){ .minimum = 3 }),
	    "a minimum alone asks for nothing");
	ok(retain_asked(&(struct retain){ .within_ns = 1 }), "within does");
	retain_apply(&(struct retain){ 0 }, 0, NULL, 0);
	ok(true, "none at all is no trouble");
	return done_testing();
}
