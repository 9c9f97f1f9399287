/*
 * secret - what opens a repository, from a file, stdin or the terminal.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "lib/crypt.h"
#include "lib/file.h"
#include "lib/secret.h"
#include "tools/backup/repo.h"

#define TYPED_MAX 1024

/* Set by the options of main.c, and by its configuration. */
struct backup_options backup_options = { .checkpoint_ms = 300000 };

void
repo_secret_free(struct repo_secret *secret)
{
	ak_secret_wipe(&secret->bytes);
}

/* All of it, without one line feed at its end. */
static int
read_stdin(struct ak_buf *buf, struct ak_err *err)
{
	ak_buf_grow(buf, AK_SECRET_MAX + 1);
	for (;;) {
		ssize_t got = read(STDIN_FILENO, buf->data + buf->len,
		    AK_SECRET_MAX + 1 - buf->len);

		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1)
			return ak_fail_sys(err, AK_IO, "stdin");
		if (got == 0)
			break;
		buf->len += (size_t)got;
		if (buf->len > AK_SECRET_MAX)
			return ak_fail(err, AK_DATA,
			    "stdin: larger than %d bytes", AK_SECRET_MAX);
	}
	if (buf->len > 0 && buf->data[buf->len - 1] == '\n')
		buf->len--;
	buf->data[buf->len] = '\0';
	return 0;
}

/* 64 digits, so that a key can be copied by hand. */
static int
make_key_file(const char *name, struct ak_err *err)
{
	AK_SECRET struct ak_buf text = { 0 };
	uint8_t key[32];
	int made;

	ak_buf_grow(&text, 256);
	ak_crypt_random(key, sizeof(key));
	ak_crypt_hex(&text, key, sizeof(key));
	ak_crypt_wipe(key, sizeof(key));
	ak_buf_char(&text, '\n');
	made = ak_file_create(AT_FDCWD, name, text.data, text.len, 0600, err);
	return made == -1 ? -1 : 0;
}

static int
read_named(const char *name, struct ak_buf *buf, struct ak_err *err)
{
	if (ak_streq(name, "-"))
		return read_stdin(buf, err);
	return ak_secret_read(AT_FDCWD, name, buf, err);
}

static int
type_line(const char *prompt, struct ak_buf *buf, struct ak_err *err)
{
	char byte = 0;

	dprintf(STDERR_FILENO, "%s: ", prompt);
	ak_buf_grow(buf, TYPED_MAX + 1);
	while (buf->len < TYPED_MAX) {
		ssize_t got = read(STDIN_FILENO, &byte, 1);

		if (got == -1 && errno == EINTR)
			continue;
		if (got <= 0 || byte == '\n')
			break;
		ak_buf_char(buf, byte);
	}
	dprintf(STDERR_FILENO, "\n");
	return byte == '\n' ? 0
			    : ak_fail(err, AK_USAGE, "no passphrase was typed");
}

static int
type_twice(bool confirm, struct ak_buf *buf, struct ak_err *err)
{
	AK_SECRET struct ak_buf again = { 0 };

	if (type_line("passphrase", buf, err) == -1)
		return -1;
	if (!confirm)
		return 0;
	if (type_line("again", &again, err) == -1)
		return -1;
	if (again.len != buf->len ||
	    !ak_crypt_equal(again.data, buf->data, buf->len))
		return ak_fail(err, AK_USAGE, "the two are not the same");
	return 0;
}

static int
ask(bool confirm, struct ak_buf *buf, struct ak_err *err)
{
	struct termios before, quiet;
	int result;

	if (tcgetattr(STDIN_FILENO, &before) == -1) {
		ak_err_set(err, AK_USAGE, "nothing opens the repository");
		ak_err_help(err, "--key-file FILE or --passphrase-file FILE");
		return -1;
	}
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	quiet.c_lflag |= ICANON;
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
	result = type_twice(confirm, buf, err);
	tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
	return result;
}

int
repo_secret_read(struct repo_secret *secret, bool confirm, struct ak_err *err)
{
	const char *key = backup_options.key_file;
	const char *passphrase = backup_options.passphrase_file;

	*secret = (struct repo_secret){ .key_file = key != NULL };
	if (key && passphrase)
		return ak_fail(err, AK_USAGE,
		    "a key file and a passphrase file are given: one opens");
	if (key && confirm && !ak_streq(key, "-") && access(key, F_OK) == -1 &&
	    errno == ENOENT && make_key_file(key, err) == -1)
		return -1;
	if (key || passphrase)
		return read_named(key ? key : passphrase, &secret->bytes, err);
	return ask(confirm, &secret->bytes, err);
}
