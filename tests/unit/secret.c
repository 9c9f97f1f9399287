/*
 * secret - read only from a file that nobody else can read, then wiped.
 */
#include "lib/secret.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/tap.h"

static void
put(int dir, const char *name, const char *data, size_t len, mode_t mode)
{
	AK_CLOSE int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ok(write(fd, data, len) == (ssize_t)len && fchmod(fd, mode) == 0,
	    "%s is there", name);
}

static void
test_modes(int dir)
{
	static const struct {
		mode_t mode;
		bool good;
	} rows[] = { { 0600, true }, { 0400, true }, { 0700, true },
		{ 0640, false }, { 0604, false }, { 0620, false },
		{ 0602, false }, { 0660, false }, { 0601, false } };

	for (size_t i = 0; i < AK_COUNT(rows); i++) {
		AK_SECRET struct ak_buf buf = { 0 };
		struct ak_err err = { 0 };
		int got;

		put(dir, "mode", "x", 1, rows[i].mode);
		got = ak_secret_read(dir, "mode", &buf, &err);
		is_int(got, rows[i].good ? 0 : -1, "mode %03o",
		    (unsigned)rows[i].mode);
		if (rows[i].good)
			continue;
		is_int(err.code, AK_NOPERM, "is not allowed");
		is_str(err.help, "chmod 600 mode", "and told what helps");
		is_int((long long)buf.len, 0, "nothing is read");
	}
}

static void
test_bytes(int dir)
{
	static const struct {
		const char *claim, *bytes, *want;
	} rows[] = {
		{ "a secret", "s3cret", "before s3cret" },
		{ "its line feed is not part of it", "s3cret\n",
		    "before s3cret" },
		{ "a second one is", "s3cret\n\n", "before s3cret\n" },
		{ "blanks are", " s \n", "before  s " },
		{ "an empty one", "", "before " },
		{ "only a line feed", "\n", "before " },
	};

	for (size_t i = 0; i < AK_COUNT(rows); i++) {
		AK_SECRET struct ak_buf buf = { 0 };
		struct ak_err err = { 0 };

		ak_buf_str(&buf, "before ");
		put(dir, "bytes", rows[i].bytes, strlen(rows[i].bytes), 0600);
		is_int(ak_secret_read(dir, "bytes", &buf, &err), 0, "%s (%s)",
		    rows[i].claim, err.text);
		is_str(ak_buf_text(&buf), rows[i].want, "%s: bytes",
		    rows[i].claim);
	}
}

static void
test_refused(int dir)
{
	static const struct {
		const char *name;
		enum ak_code code;
	} rows[] = { { "missing", AK_NOINPUT }, { "link", AK_NOINPUT },
		{ "dir", AK_DATA }, { "pipe", AK_DATA }, { "big", AK_DATA } };
	AK_FREE char *big = ak_calloc(1, AK_SECRET_MAX + 1);

	ok(symlinkat("bytes", dir, "link") == 0 &&
		mkdirat(dir, "dir", 0700) == 0 &&
		mkfifoat(dir, "pipe", 0600) == 0,
	    "a link, a directory and a pipe are there");
	put(dir, "big", big, AK_SECRET_MAX + 1, 0600);
	for (size_t i = 0; i < AK_COUNT(rows); i++) {
		AK_SECRET struct ak_buf buf = { 0 };
		struct ak_err err = { 0 };

		is_int(ak_secret_read(dir, rows[i].name, &buf, &err), -1,
		    "%s is refused", rows[i].name);
		is_int(err.code, rows[i].code, "%s: code (%s)", rows[i].name,
		    err.text);
	}
	put(dir, "big", big, AK_SECRET_MAX, 0600);
	{
		AK_SECRET struct ak_buf buf = { 0 };
		struct ak_err err = { 0 };

		is_int(ak_secret_read(dir, "big", &buf, &err), 0,
		    "the limit itself is allowed");
		is_int((long long)buf.len, AK_SECRET_MAX, "and read whole");
	}
}

int
main(void)
{
	static const char *const names[] = { "mode", "bytes", "link", "pipe",
		"big" };
	char path[] = "/tmp/secret.XXXXXX";
	int dir = mkdtemp(path) ? open(path, O_RDONLY | O_DIRECTORY) : -1;

	if (!ok(dir != -1, "a directory"))
		return done_testing();
	test_modes(dir);
	test_bytes(dir);
	test_refused(dir);
	for (size_t i = 0; i < AK_COUNT(names); i++)
		unlinkat(dir, names[i], 0);
	unlinkat(dir, "dir", AT_REMOVEDIR);
	close(dir);
	rmdir(path);
	return done_testing();
}
