/*
 * secrets - the files below secrets/, one a secret.
 *
 * Each is readable by one user: the uid that its service has in its container.
 * What is in them is compared and measured here, and never leaves.
 */
#include "tools/stack/secrets.h"

#include <sys/stat.h>

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/crypt.h"
#include "lib/file.h"
#include "lib/secret.h"

/* Shorter than this, a secret can be found by trying. */
enum { SECRET_SHORT = 12, SECRET_LETTERS = 6 };

/* What examples and habits put where a secret belongs, in lower case. */
static const char *const weak_words[] = {
	"admin",
	"password",
	"passwd",
	"secret",
	"changeme",
	"change-me",
	"change_me",
	"changeit",
	"default",
	"example",
	"placeholder",
	"postgres",
	"keycloak",
	"grafana",
	"redis",
	"letmein",
	"qwerty",
	"123456",
	"your-",
	"your_",
	"todo",
	"xxx",
};

char *
secret_name(const struct setting *setting)
{
	char *name = ak_strdup(setting->name);

	for (char *p = name; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	return name;
}

char *
secret_path(const struct setting *setting)
{
	AK_FREE char *name = secret_name(setting);

	return ak_printf("secrets/%s", name);
}

bool
secret_is_set(int kit_fd, const struct setting *setting)
{
	AK_FREE char *path = secret_path(setting);
	struct stat status;

	return fstatat(kit_fd, path, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISREG(status.st_mode) && status.st_size > 0;
}

int
secret_make(int dir, const struct setting *setting, struct ak_err *err)
{
	AK_FREE char *name = secret_name(setting);
	AK_SECRET struct ak_buf random = { 0 };
	AK_SECRET struct ak_buf text = { 0 };
	size_t size = setting->required ? (size_t)setting->bytes : 0;

	/* All at once, so that no copy is left behind by growing. */
	ak_buf_grow(&random, size + 1);
	ak_buf_grow(&text, 2 * size + 1);
	ak_crypt_random(random.data, size);
	if (setting->base64)
		ak_crypt_base64url(&text, random.data, size);
	else
		ak_crypt_hex(&text, random.data, size);
	return ak_file_create(dir, name, ak_buf_text(&text), text.len, 0600,
	    err);
}

/* Shown in the text of a weak word only as "a word known to all". */
static const char *
judge(const struct ak_buf *secret)
{
	bool seen[256] = { false };
	int letters = 0;

	for (size_t i = 0; i < secret->len; i++) {
		unsigned char c = (unsigned char)secret->data[i];

		letters += !seen[c];
		seen[c] = true;
	}
	if (secret->len > 0 && memchr(secret->data, '\n', secret->len))
		return "has a line feed in it";
	if (secret->len < 32)
		for (size_t i = 0; i < AK_COUNT(weak_words); i++)
			if (strcasestr(ak_buf_text(secret), weak_words[i]))
				return "holds a word that everyone tries first";
	if (secret->len < SECRET_SHORT)
		return "is shorter than 12 characters";
	if (letters < SECRET_LETTERS)
		return "is made of a few characters only";
	return NULL;
}

/* What was read of each secret, to find the same value twice. */
struct seen {
	struct ak_buf value;
	char *path;
};

struct checking {
	const struct kit *kit;
	finding_fn *each;
	void *arg;
	struct seen *seen; /* the last one is being looked at */
	size_t count;
};

static struct seen *
now(const struct checking *c)
{
	return &c->seen[c->count - 1];
}

static void
tell(const struct checking *c, const char *id, enum severity severity,
    const char *evidence, const char *next)
{
	struct finding finding = { id, severity, now(c)->path, evidence, next };

	c->each(c->arg, &finding);
}

static void
check_owner(const struct checking *c, const struct setting *setting,
    const struct stat *status)
{
	AK_FREE char *evidence = NULL;
	AK_FREE char *next = NULL;

	if ((int64_t)status->st_uid == setting->owner)
		return;
	evidence = ak_printf("belongs to uid %u; its service reads it as %lld",
	    (unsigned)status->st_uid, (long long)setting->owner);
	next = ak_printf("sudo chown %lld %s/%s", (long long)setting->owner,
	    c->kit->dir, now(c)->path);
	tell(c, "secret-owner", SEV_ERROR, evidence, next);
}

static bool
check_mode(const struct checking *c, const struct stat *status)
{
	AK_FREE char *evidence = NULL;
	AK_FREE char *next = NULL;

	if ((status->st_mode & 077) == 0)
		return true;
	evidence = ak_printf("others can read it: mode %03o",
	    (unsigned)status->st_mode & 0777);
	next = ak_printf("chmod 600 %s/%s", c->kit->dir, now(c)->path);
	tell(c, "secret-readable", SEV_ERROR, evidence, next);
	return false;
}

static void
check_twice(const struct checking *c)
{
	const struct ak_buf *value = &now(c)->value;

	for (const struct seen *s = c->seen; s < now(c) && value->len > 0; s++)
		if (s->value.len == value->len &&
		    ak_crypt_equal(s->value.data, value->data, value->len)) {
			AK_FREE char *evidence =
			    ak_printf("has the same value as %s", s->path);

			tell(c, "secret-twice", SEV_ERROR, evidence,
			    "give each its own: remove one, aikit-stack init");
			return;
		}
}

static void
check_value(const struct checking *c, const struct setting *setting)
{
	const struct ak_buf *value = &now(c)->value;
	const char *why = judge(value);

	if (value->len == 0 && setting->required)
		tell(c, "secret-missing", SEV_ERROR, "is empty",
		    "remove it, then aikit-stack init");
	else if (value->len > 0 && why != NULL)
		tell(c, "secret-weak", SEV_ERROR, why,
		    "choose another, or remove it and aikit-stack init");
}

static void
check_unread(const struct checking *c, const char *why)
{
	tell(c, "secret-unread", SEV_NOTE, why, "run this as root");
}

static void
check_one(struct checking *c, const struct setting *setting)
{
	struct ak_err err = { 0 };
	struct stat status;
	const char *path;

	c->count++;
	path = now(c)->path = secret_path(setting);
	if (fstatat(c->kit->fd, path, &status, AT_SYMLINK_NOFOLLOW) == -1) {
		if (errno == ENOENT)
			tell(c, "secret-missing", SEV_ERROR,
			    "there is no such file", "aikit-stack init");
		else
			check_unread(c, strerror(errno));
		return;
	}
	if (S_ISREG(status.st_mode)) {
		check_owner(c, setting, &status);
		if (!check_mode(c, &status))
			return;
	}
	if (ak_secret_read(c->kit->fd, path, &now(c)->value, &err) == -1) {
		check_unread(c, err.text);
		return;
	}
	check_value(c, setting);
	check_twice(c);
}

size_t
secrets_check(const struct kit *kit, finding_fn *each, void *arg)
{
	size_t total = settings_count(kit->settings);
	AK_FREE struct seen *seen = ak_calloc(total + 1, sizeof(*seen));
	struct checking c = { kit, each, arg, seen, 0 };

	for (size_t i = 0; i < total; i++) {
		const struct setting *setting = settings_at(kit->settings, i);

		if (setting->type == SET_SECRET)
			check_one(&c, setting);
	}
	for (size_t i = 0; i < c.count; i++) {
		ak_secret_wipe(&seen[i].value);
		free(seen[i].path);
	}
	return c.count;
}

/* Where a file is missing, the daemon makes a folder and mounts that. */
void
secrets_check_model(const struct kit *kit, finding_fn *each, void *arg)
{
	ak_json_each(item, ak_json_get(kit->model, "secrets")) {
		const char *file = ak_json_str(ak_json_get(item, "file"));
		struct finding finding = { .subject = file,
			.severity = SEV_WARNING };
		AK_FREE char *next = ak_printf("chmod 600 %s, and chown it to "
					       "the uid that reads it",
		    file != NULL ? file : "");
		struct stat status;

		if (file == NULL)
			continue;
		if (stat(file, &status) == -1) {
			finding.id = "secret-missing";
			finding.evidence = strerror(errno);
			finding.next = "write the secret to that file";
			each(arg, &finding);
		} else if ((status.st_mode & 077) != 0) {
			finding.id = "secret-readable";
			finding.evidence = "others can read it";
			finding.next = next;
			each(arg, &finding);
		}
	}
}

/* Shorter ones are words of any text, and no secrets. */
enum { REDACT_LEAST = 4 };

static void
redact(struct ak_buf *text, const struct ak_buf *secret)
{
	AK_SECRET struct ak_buf rest = { 0 };
	const char *p = ak_buf_text(text), *end = p + text->len, *hit;

	if (secret->len < REDACT_LEAST ||
	    memmem(p, text->len, secret->data, secret->len) == NULL)
		return;
	while ((hit = memmem(p, (size_t)(end - p), secret->data,
		    secret->len)) != NULL) {
		ak_buf_add(&rest, p, (size_t)(hit - p));
		ak_buf_str(&rest, "***");
		p = hit + secret->len;
	}
	ak_buf_add(&rest, p, (size_t)(end - p));
	ak_secret_wipe(text);
	*text = rest;
	rest = (struct ak_buf){ 0 };
}

void
secrets_redact(const struct kit *kit, struct ak_buf *text)
{
	ak_json_each(item, ak_json_get(kit->model, "secrets")) {
		const char *file = ak_json_str(ak_json_get(item, "file"));
		AK_SECRET struct ak_buf secret = { 0 };
		struct ak_err ignored = { 0 };

		if (file == NULL ||
		    ak_file_read(AT_FDCWD, file, AK_SECRET_MAX, &secret,
			&ignored) == -1)
			continue;
		if (secret.len > 0 && secret.data[secret.len - 1] == '\n')
			secret.len--;
		redact(text, &secret);
	}
}
