/*
 * when - a time on the command line, as the Engine API takes it.
 */
#include <stdio.h>

#include "lib/str.h"
#include "tools/stack/logs.h"

#define SECOND INT64_C(1000000000)
#define MS_NS INT64_C(1000000)

int
when_read(const char *text, char **when, struct ak_err *err)
{
	struct ak_err ignored = { 0 };
	int64_t ns, ms;

	if (ak_str_time(text, &ns, &ignored) == -1) {
		if (ak_str_duration(text, &ms, &ignored) == -1)
			return ak_fail(err, AK_USAGE,
			    "%s: neither a duration (10m) nor a time "
			    "(2026-01-31T12:00:00Z)",
			    text);
		ns = ak_str_now() - ms * MS_NS;
	}
	if (ns < 0)
		ns = 0;
	*when = ak_printf("%lld.%09lld", (long long)(ns / SECOND),
	    (long long)(ns % SECOND));
	return 0;
}
