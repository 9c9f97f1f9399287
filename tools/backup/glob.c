/*
 * glob - patterns for paths, name by name through fnmatch(3).
 */
#include "tools/backup/glob.h"

#include <fnmatch.h>
#include <string.h>

#include "lib/buf.h"

/* One name of a pattern with one of a path; both end at a slash or a NUL. */
static bool
match_name(const char *pattern, size_t pattern_len, const char *name,
    size_t name_len)
{
	AK_FREE char *p = ak_strndup(pattern, pattern_len);
	AK_FREE char *n = ak_strndup(name, name_len);

	return fnmatch(p, n, 0) == 0;
}

static const char *
behind(const char *at, size_t len)
{
	return at + len + (at[len] == '/');
}

bool
glob_match(const char *pattern, const char *path)
{
	while (*pattern != '\0') {
		size_t len = strcspn(pattern, "/"), n = strcspn(path, "/");

		if (len == 2 && memcmp(pattern, "**", 2) == 0) {
			pattern = behind(pattern, len);
			if (*pattern == '\0')
				return *path != '\0';
			for (; *path != '\0';
			     path = behind(path, strcspn(path, "/")))
				if (glob_match(pattern, path))
					return true;
			return false;
		}
		if (*path == '\0' || !match_name(pattern, len, path, n))
			return false;
		pattern = behind(pattern, len);
		path = behind(path, n);
	}
	return *path == '\0';
}

static bool
match_whole(const char *pattern, const char *prefix, const char *path)
{
	AK_BUF struct ak_buf whole = { 0 };

	ak_buf_str(&whole, prefix);
	if (*prefix != '\0' && *path != '\0')
		ak_buf_char(&whole, '/');
	ak_buf_str(&whole, path);
	return glob_match(pattern, ak_buf_text(&whole));
}

bool
glob_match_entry(const char *pattern, const char *prefix, const char *path,
    bool directory)
{
	AK_FREE char *cut = NULL;
	size_t len = strlen(pattern);
	const char *name = strrchr(path, '/');

	if (len > 1 && pattern[len - 1] == '/') {
		if (!directory)
			return false;
		cut = ak_strndup(pattern, len - 1);
		pattern = cut;
	}
	if (pattern[0] == '/')
		return match_whole(pattern + 1, prefix, path);
	if (strchr(pattern, '/') != NULL)
		return glob_match(pattern, path);
	return fnmatch(pattern, name ? name + 1 : path, 0) == 0;
}
