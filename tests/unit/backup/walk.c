/*
 * walk: a directory in the order of a tree, and patterns that leave out.
 */
#include "tools/backup/walk.h"

#include "tests/unit/backup/place.h"
#include "tools/backup/glob.h"
#include "tools/backup/tree.h"

static void
patterns(void)
{
	static const struct {
		const char *pattern, *path;
		bool matches;
	} rows[] = {
		{ "*.o", "a.o", true },
		{ "*.o", "src/a.o", true },
		{ "*.o", "a.c", false },
		{ "src/*.o", "src/a.o", true },
		{ "src/*.o", "src/deep/a.o", false },
		{ "src/*.o", "more/src/a.o", false },
		{ "src/**/*.o", "src/a.o", true },
		{ "src/**/*.o", "src/a/b/c.o", true },
		{ "**/cache", "a/b/cache", true },
		{ "**/cache", "cache", true },
		{ "src/**", "src/a/b", true },
		{ "src/**", "src", false },
		{ "[ab]?", "a1", true },
		{ "[!ab]?", "a1", false },
		{ "/srv/data/x", "x", true },
		{ "/srv/*/x", "x", true },
		{ "/srv/data/x", "y/x", false },
		{ "a\\*", "a*", true },
		{ "a\\*", "ab", false },
		{ "\xff*", "\xff\xfe", true },
		{ "dir/", "dir", false },
	};

	for (size_t i = 0; i < AK_COUNT(rows); i++)
		ok(glob_match_entry(rows[i].pattern, "srv/data", rows[i].path,
		       false) == rows[i].matches,
		    "%s %s %s", rows[i].pattern,
		    rows[i].matches ? "matches" : "does not match",
		    rows[i].path);
	ok(glob_match_entry("dir/", "", "a/dir", true),
	    "a slash at the end is for directories");
}

static void
make(const char *name, bool dir)
{
	if (dir)
		mkdir(at(name), 0700);
	else
		close(open(at(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

static int vanished, unreadable;

static void
trouble(void *arg, enum walk_trouble what, const char *path,
    const struct ak_err *why)
{
	(void)arg;
	(void)path;
	(void)why;
	vanished += what == WALK_VANISHED;
	unreadable += what == WALK_UNREADABLE;
}

/* All paths, joined by blanks; between: called at each. */
static const char *
walked(struct walk_options *options, void (*between)(const char *path))
{
	static struct ak_buf all;
	AK_BUF struct ak_buf before = { 0 };
	AK_CLOSE int fd = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct walk_place now;
	struct walk *walk;
	bool ordered = true, any = false;

	options->trouble = trouble;
	options->prefix = "";
	walk = walk_new(fd, options);
	ak_buf_reset(&all);
	while (walk_next(walk, &now, &err) == 1) {
		ak_buf_printf(&all, "%s%s", all.len ? " " : "", now.path);
		if (any &&
		    tree_compare((uint8_t *)before.data, before.len,
			(const uint8_t *)now.path, now.path_len) >= 0)
			ordered = false;
		any = true;
		ak_buf_reset(&before);
		ak_buf_str(&before, now.path);
		if (between)
			between(now.path);
	}
	walk_free(walk);
	ok(ordered, "it is in the order of a tree");
	return ak_buf_text(&all);
}

/* What was looked at is another directory when it is entered. */
static void
swap(const char *path)
{
	if (!ak_streq(path, "a"))
		return;
	rename(at("a"), at("was"));
	if (symlink("a.b", at("a")) == -1)
		printf("# %s\n", "no link");
}

static void
take_away(const char *path)
{
	if (!ak_streq(path, "a"))
		return;
	unlink(at("z"));
}

int
main(void)
{
	static const char *const names[] = { "a.b", "*/no", NULL };
	struct walk_options plain = { 0 }, without = { .excludes = names };

	patterns();
	place_begin();
	make("a", true);
	make("a/1", false);
	make("a/no", false);
	make("a.b", true);
	make("a.b/2", false);
	make("a b", false);
	make("z", false);
	is_str(walked(&plain, NULL), "a a/1 a/no a b a.b a.b/2 z",
	    "all of a directory");
	is_str(walked(&without, NULL), "a a/1 a b z", "without two");
	walked(&plain, take_away);
	is_int(vanished, 1, "what vanishes is told");
	vanished = 0;
	is_str(walked(&plain, swap), "a a b a.b a.b/2",
	    "a link put in place of a directory is not followed");
	is_int(vanished, 1, "and told");
	is_int(unreadable, 0, "nothing else is");
	return done_testing();
}
