/*
 * place - a directory for repositories of a test's own, gone at its end.
 */
#ifndef BACKUP_PLACE_H
#define BACKUP_PLACE_H

#include <sys/stat.h>

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/tap.h"
#include "tools/backup/repo.h"

static char place[] = "/tmp/aikit-backup-XXXXXX";
static struct ak_err err;

static int
place_remove(const char *path, const struct stat *st, int what,
    struct FTW *walk)
{
	(void)st;
	(void)what;
	(void)walk;
	remove(path);
	return 0;
}

static void
place_clear(void)
{
	nftw(place, place_remove, 16, FTW_DEPTH | FTW_PHYS);
}

static void
place_begin(void)
{
	if (!mkdtemp(place))
		exit(1);
	atexit(place_clear);
}

/* A path in it; of the test's, never freed. */
static const char *
at(const char *name)
{
	static char paths[8][128];
	static size_t next;

	next = (next + 1) % AK_COUNT(paths);
	snprintf(paths[next], sizeof(paths[next]), "%s/%s", place, name);
	return paths[next];
}

static struct repo_secret
a_key(const char *text)
{
	struct repo_secret secret = { .key_file = true };

	ak_buf_str(&secret.bytes, text);
	return secret;
}

#define KEY_TEXT "0123456789abcdef0123456789abcdef"

/* A repository in it, with a key file's slot; the test ends without. */
static AK_UNUSED struct repo *
a_repo(const char *name, enum seal_cipher cipher)
{
	struct repo_init how = { .cipher = cipher };
	struct repo_secret secret = a_key(KEY_TEXT);
	struct repo *repo = NULL;

	if (repo_init(at(name), &how, cipher == SEAL_NONE ? NULL : &secret,
		&repo, &err) == -1) {
		printf("Bail out! %s\n", err.text);
		exit(1);
	}
	repo_secret_free(&secret);
	return repo;
}

/* Flips one bit of a file below a repository. */
static AK_UNUSED bool
flip(const char *path, long offset)
{
	FILE *file;
	int byte;

	chmod(path, 0600);
	file = fopen(path, "r+");
	if (!file)
		return false;
	if (fseek(file, offset, offset < 0 ? SEEK_END : SEEK_SET) == -1 ||
	    (byte = fgetc(file)) == EOF || fseek(file, -1, SEEK_CUR) == -1 ||
	    fputc(byte ^ 4, file) == EOF) {
		fclose(file);
		return false;
	}
	return fclose(file) == 0;
}

#endif
