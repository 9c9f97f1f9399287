/*
 * sqlite_check - is a database that was brought back sound?
 *
 * The header is looked at here ("Database File Format" at sqlite.org, 1.3). All
 * the rest is what sqlite3(1) says: to walk its trees by other code than
 * SQLite's would prove less.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/proc.h"
#include "tools/backup/sqlite.h"

enum { HEADER = 100, CHECK_MS = 3600 * 1000, SAID_MAX = 1 << 20 };

static const char *
wrong_header(const uint8_t *head, int64_t size)
{
	uint32_t page = (uint32_t)head[16] << 8 | head[17];
	uint32_t pages = sqlite_number(head + 28);

	page = page == 1 ? 65536 : page;
	if (page < 512 || (page & (page - 1)) != 0)
		return "no page size";
	if (size % page != 0)
		return "its end is cut off";
	/* Only who knows this field keeps it; else it is of another time. */
	if (sqlite_number(head + 24) == sqlite_number(head + 92) &&
	    (int64_t)pages * page > size)
		return "pages are missing";
	if (sqlite_number(head + 36) > (uint64_t)size / page)
		return "its list of free pages is too long";
	return NULL;
}

static int
check_header(int dir, const char *name, struct ak_err *err)
{
	AK_FREE char *wal = ak_printf("%s-wal", name);
	AK_CLOSE int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	uint8_t head[HEADER];
	struct stat status;
	const char *wrong;

	if (fd == -1 || fstat(fd, &status) == -1)
		return ak_fail_sys(err, AK_IO, "%s", name);
	if (pread(fd, head, sizeof(head), 0) != (ssize_t)sizeof(head))
		return ak_fail(err, AK_DATA, "%s: shorter than a header", name);
	wrong = wrong_header(head, status.st_size);
	/* With a -wal the database alone need not be whole. */
	if (wrong == NULL || faccessat(dir, wal, F_OK, 0) == 0)
		return 0;
	return ak_fail(err, AK_DATA, "%s: %s", name, wrong);
}

/* 1 sound, 0 there is no sqlite3 to ask. */
static int
ask_sqlite(int dir, const char *name, struct ak_err *err)
{
	AK_FREE char *file = ak_printf("./%s", name);
	AK_FREE char *place = ak_printf("/proc/%ld/fd/%d", (long)getpid(), dir);
	const char *argv[] = { "sqlite3", "-batch", "-bail", "-init",
		"/dev/null", file, "PRAGMA integrity_check;", NULL };
	struct ak_proc proc = { .argv = argv,
		.directory = place,
		.timeout_ms = CHECK_MS,
		.max_output = SAID_MAX };
	AK_PROC_RESULT struct ak_proc_result result = { 0 };
	const char *said;

	if (ak_proc_run(&proc, &result, err) == -1) {
		if (err->code != AK_UNAVAILABLE)
			return -1;
		*err = (struct ak_err){ 0 };
		return 0;
	}
	said = ak_buf_text(result.status == 0 ? &result.out : &result.err);
	if (result.status == 0 && ak_streq(said, "ok\n"))
		return 1;
	return ak_fail(err, AK_DATA, "%s: integrity_check: %.*s", name,
	    (int)strcspn(said, "\n"), said);
}

int
sqlite_check(int dir, const char *name, bool *deep, struct ak_err *err)
{
	int got;

	if (check_header(dir, name, err) == -1)
		return -1;
	got = ask_sqlite(dir, name, err);
	if (got == -1)
		return -1;
	*deep = got == 1;
	return 0;
}
