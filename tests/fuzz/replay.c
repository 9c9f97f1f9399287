/*
 * replay - main of a fuzz target without a fuzzer: its corpus, as TAP.
 *
 * The files are those below tests/fuzz/corpus/TARGET, or the arguments. A law
 * that is broken ends the program, which prove(1) counts as a failure.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "lib/file.h"
#include "tests/fuzz/fuzz.h"

#define INPUT_MAX ((size_t)16 << 20)

static int count;

static void
replay(int dir, const char *name)
{
	AK_BUF struct ak_buf buf = { 0 };
	struct ak_err err = { 0 };

	if (ak_file_read(dir, name, INPUT_MAX, &buf, &err) == -1) {
		printf("not ok %d - %s\n", ++count, err.text);
		return;
	}
	/* A copy of its size, so that a sanitizer sees a read behind it. */
	{
		AK_FREE uint8_t *data = ak_malloc(buf.len);

		if (buf.len > 0)
			memcpy(data, buf.data, buf.len);
		LLVMFuzzerTestOneInput(data, buf.len);
	}
	printf("ok %d - %s\n", ++count, name);
}

static int
replay_all(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;

	if (!dir) {
		printf("Bail out! %s: %s\n", path, strerror(errno));
		return 1;
	}
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			replay(dirfd(dir), entry->d_name);
	closedir(dir);
	return 0;
}

int
main(int argc, char *argv[])
{
	AK_FREE char *path = ak_printf("tests/fuzz/corpus/%s",
	    program_invocation_short_name);

	if (argc < 2 && replay_all(path) != 0)
		return 1;
	for (int i = 1; i < argc; i++)
		replay(AT_FDCWD, argv[i]);
	printf("1..%d\n", count);
	return 0;
}
