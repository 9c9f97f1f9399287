/*
 * notify - tells a program what happened.
 *
 * It gets one record "backup_run" on its standard input, a line of JSON, and
 * has half a minute.
 */
#include "lib/proc.h"
#include "tools/backup/care.h"

int
notify_run(const char *program, const char *record, struct ak_err *err)
{
	const char *argv[] = { program, NULL };
	struct ak_proc proc = {
		.argv = argv,
		.input = record,
		.timeout_ms = 30000,
		.max_output = 65536,
		.pass_err = true,
	};
	AK_PROC_RESULT struct ak_proc_result result = { 0 };

	if (ak_proc_run(&proc, &result, err) == -1)
		return ak_fail_in(err, "notify");
	if (result.status != 0)
		return ak_fail(err, AK_UNAVAILABLE,
		    "notify: %s ended with status %d", program, result.status);
	return 0;
}
