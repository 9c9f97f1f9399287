/*
 * inputs - all that docker compose config depends on, as one hash.
 *
 * Compose does not tell which files it read, so they are found as it finds
 * them: the compose file and its override, .env, and from there every word
 * that ends in .yaml or .yml, or stands where YAML has include, extends, path,
 * env_file or label_file, and names an existing file. A file too many costs a
 * rendering more; to miss one would serve a stale model, so what cannot be
 * followed (a variable in such a place, a URL) makes the kit one that is never
 * cached.
 */
#include "tools/stack/stack.h"

#include <sys/stat.h>

#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "lib/crypt.h"
#include "lib/file.h"

enum { INPUT_MAX = 4 << 20, INPUT_FILES = 256 };

/* What is being gathered; the names below paths are those seen. */
struct inputs {
	struct ak_sha256 *hash;
	char *paths[INPUT_FILES];
	size_t count;
	const char *kit_dir;
	bool lost;	 /* something could not be followed */
	inputs_fn *each; /* gets every YAML file; NULL: nobody */
	void *arg;
};

static const char *const first_files[] = {
	"compose.yaml",
	"compose.yml",
	"docker-compose.yaml",
	"docker-compose.yml",
	"compose.override.yaml",
	"compose.override.yml",
	"docker-compose.override.yaml",
	"docker-compose.override.yml",
	".env",
};

/* Keys whose values are files that Compose reads into the model. */
static const char *const file_keys[] = {
	"include",
	"extends",
	"path",
	"env_file",
	"label_file",
};

static void
note(struct inputs *in, const char *text)
{
	ak_sha256_add(in->hash, text, strlen(text) + 1);
}

/* Adds a path once, when it is a file of a size that Compose would read. */
static bool
add_path(struct inputs *in, const char *path)
{
	AK_FREE char *real = realpath(path, NULL);
	struct stat status;

	if (real == NULL || stat(real, &status) == -1 ||
	    !S_ISREG(status.st_mode) || status.st_size > INPUT_MAX)
		return false;
	for (size_t i = 0; i < in->count; i++)
		if (ak_streq(in->paths[i], real))
			return true;
	if (in->count == INPUT_FILES)
		in->lost = true;
	else
		in->paths[in->count++] = ak_take(&real);
	return true;
}

static bool
add_below(struct inputs *in, const char *dir, const char *name)
{
	AK_FREE char *path = *name == '/' ? ak_strdup(name)
					  : ak_printf("%s/%s", dir, name);

	return add_path(in, path);
}

/* A variable that is mentioned counts with the value it has. */
static const char *
note_variable(struct inputs *in, const char *p)
{
	const char *name = p + (*p == '{');
	size_t len = 0;

	while (isalnum((unsigned char)name[len]) || name[len] == '_')
		len++;
	if (len > 0) {
		AK_FREE char *copy = ak_strndup(name, len);
		const char *value = getenv(copy);

		note(in, copy);
		note(in, value != NULL ? value : "\1");
	}
	return name + len;
}

static bool
is_file_key(const char *key, size_t len)
{
	for (size_t i = 0; i < AK_COUNT(file_keys); i++)
		if (strlen(file_keys[i]) == len &&
		    strncmp(file_keys[i], key, len) == 0)
			return true;
	return false;
}

/* What stands between words of YAML, as far as names of files go. */
static const bool between[256] = {
	[' '] = true,
	['\t'] = true,
	[','] = true,
	['['] = true,
	[']'] = true,
	['{'] = true,
	['}'] = true,
	['"'] = true,
	['\''] = true,
};

/* Of the word that begins here; 0 when what begins is between words. */
static size_t
word_length(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && !between[(unsigned char)s[n]])
		n++;
	return n;
}

/* A word where a file is named; sure when only a file can stand there. */
static void
follow(struct inputs *in, const char *dir, const char *word, size_t len,
    bool sure)
{
	AK_FREE char *name = ak_strndup(word, len);

	if (sure &&
	    (strstr(name, "://") != NULL || strchr(name, '$') != NULL ||
		ak_starts(name, "oci:") || ak_starts(name, "git@")))
		in->lost = true;
	else if ((sure || ak_ends(name, ".yaml") || ak_ends(name, ".yml")) &&
	    !add_below(in, dir, name))
		add_below(in, in->kit_dir, name);
}

/*
 * One line of YAML. under says whether the last key without a value was one
 * that takes files; it holds for the lines of its list.
 */
static void
scan_line(struct inputs *in, const char *dir, const char *line, size_t len,
    bool *under)
{
	bool files = *under;

	for (size_t i = 0; i < len;) {
		size_t word = word_length(line + i, len - i);

		if (line[i] == '#')
			return;
		if (word > 1 && line[i + word - 1] == ':') {
			files = is_file_key(line + i, word - 1);
			*under = files;
		} else if (word > 1 || isalnum((unsigned char)line[i])) {
			follow(in, dir, line + i, word, files);
		}
		i += word == 0 ? 1 : word;
	}
}

static void
scan_yaml(struct inputs *in, const char *path, const char *text)
{
	AK_FREE char *dir = ak_strndup(path,
	    (size_t)(strrchr(path, '/') - path));
	bool under = false;

	while (*text != '\0') {
		size_t len = strcspn(text, "\n");

		scan_line(in, dir, text, len, &under);
		text += len + (text[len] == '\n');
	}
}

static void
scan(struct inputs *in, const char *path)
{
	AK_BUF struct ak_buf text = { 0 };
	struct ak_err ignored = { 0 };

	note(in, path);
	if (ak_file_read(AT_FDCWD, path, INPUT_MAX, &text, &ignored) == -1) {
		in->lost = true; /* Compose will say why */
		return;
	}
	ak_sha256_add(in->hash, text.data, text.len);
	for (const char *p = ak_buf_text(&text); (p = strchr(p, '$')) != NULL;)
		p = note_variable(in, p + 1);
	if (ak_ends(path, ".yaml") || ak_ends(path, ".yml")) {
		scan_yaml(in, path, ak_buf_text(&text));
		if (in->each != NULL)
			in->each(in->arg, path, ak_buf_text(&text));
	} else if (strstr(ak_buf_text(&text), "COMPOSE_FILE=") != NULL)
		in->lost = true; /* names other compose files */
}

/* Compose takes these from the environment whatever the files say. */
static void
note_environment(struct inputs *in)
{
	extern char **environ;

	for (char **p = environ; *p != NULL; p++)
		if (ak_starts(*p, "COMPOSE_") || ak_starts(*p, "DOCKER_"))
			note(in, *p);
}

static void
add_first(struct inputs *in, const struct kit *kit)
{
	const char *list = getenv("COMPOSE_FILE");

	for (size_t i = 0; i < AK_COUNT(first_files); i++)
		add_below(in, kit->dir, first_files[i]);
	while (list != NULL && *list != '\0') {
		size_t len = strcspn(list, ":");
		AK_FREE char *name = ak_strndup(list, len);

		add_below(in, kit->dir, name);
		list += len + (list[len] == ':');
	}
	if (kit->env_file != NULL)
		add_path(in, kit->env_file);
}

/* What one file names is put behind it, and so gets its turn. */
static void
scan_all(struct inputs *in, const struct kit *kit)
{
	add_first(in, kit);
	for (size_t i = 0; i < in->count; i++)
		scan(in, in->paths[i]);
	for (size_t i = 0; i < in->count; i++)
		free(in->paths[i]);
}

char *
inputs_key(const struct kit *kit)
{
	struct inputs in = { .hash = ak_sha256_new(), .kit_dir = kit->dir };
	uint8_t digest[AK_SHA256_SIZE];
	AK_BUF struct ak_buf key = { 0 };
	struct stat status = { 0 };

	note(&in, "aikit-stack model 1");
	note(&in, kit->dir);
	if (compose_program() != NULL && stat(compose_program(), &status) == 0)
		ak_sha256_add(in.hash, &status.st_mtim, sizeof(status.st_mtim));
	note_environment(&in);
	scan_all(&in, kit);
	ak_sha256_end(in.hash, digest);
	if (in.lost)
		return NULL;
	ak_crypt_hex(&key, digest, sizeof(digest));
	return ak_buf_take(&key);
}

void
inputs_each(const struct kit *kit, inputs_fn *each, void *arg)
{
	struct inputs in = {
		.hash = ak_sha256_new(),
		.kit_dir = kit->dir,
		.each = each,
		.arg = arg,
	};
	uint8_t digest[AK_SHA256_SIZE];

	scan_all(&in, kit);
	ak_sha256_end(in.hash, digest);
}
