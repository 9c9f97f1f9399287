/*
 * hostile: a repository that somebody wrote who means harm. What it says is
 * refused as damage, and nothing is written outside of the target.
 */
#include "lib/cmd.h"
#include "tests/unit/backup/place.h"
#include "tools/backup/commands.h"
#include "tools/backup/session.h"

static const struct ak_cmd command = { .name = "restore", .operands = "" };
static const struct ak_tool tool = { .name = "aikit-backup" };

/* What is stored as a tree; path: of a file with the bytes "harm". */
struct tree {
	struct ak_buf bytes;
	struct chunk harm;
};

static void
add(struct tree *tree, const char *path, enum entry_type type, uint64_t size)
{
	struct entry entry = { .path = (uint8_t *)ak_strdup(path),
		.path_len = strlen(path),
		.type = type,
		.mode = 0755,
		.size = size };

	if (type == ENTRY_LINK) {
		entry.link = ak_strdup(at("outside"));
		entry.link_len = strlen(entry.link);
	}
	if (type == ENTRY_FILE)
		chunks_add(&entry.chunks, &tree->harm);
	tree_encode(&tree->bytes, &entry, NULL, 0);
	entry_free(&entry);
}

static void
goes_up(struct tree *tree)
{
	add(tree, "../outside/harm", ENTRY_FILE, 4);
}

static void
goes_up_inside(struct tree *tree)
{
	add(tree, "a/../../outside/harm", ENTRY_FILE, 4);
}

static void
is_absolute(struct tree *tree)
{
	AK_FREE char *path = ak_printf("%s/harm", at("outside"));

	add(tree, path, ENTRY_FILE, 4);
}

static void
goes_through_a_link(struct tree *tree)
{
	add(tree, "link", ENTRY_LINK, 0);
	/* Encoded without what came before, as at the begin of a chunk. */
}

static void
claims_a_size(struct tree *tree)
{
	add(tree, "huge", ENTRY_FILE, (uint64_t)1 << 60);
}

static void
claims_a_type(struct tree *tree)
{
	add(tree, "odd", (enum entry_type)99, 0);
}

static void
is_garbage(struct tree *tree)
{
	for (int i = 0; i < 1000; i++)
		ak_buf_char(&tree->bytes, (char)(i * 7 + 128));
}

static void
must(int got)
{
	if (got == 0)
		return;
	printf("Bail out! %s\n", err.text);
	exit(1);
}

/* A snapshot whose tree is each of the chunks that were made. */
static void
write_snap(const char *name, void (*make[2])(struct tree *tree))
{
	struct repo *repo = a_repo(name, SEAL_NONE);
	static char type[] = "dir", source[] = "dir:/x", prefix[] = "x";
	static char host[] = "here";
	struct snap_source about = {
		.type = type, .name = source, .prefix = prefix
	};
	struct snap snap = { .host = host,
		.begin = 1,
		.end = 2,
		.sources = &about,
		.source_count = 1 };
	struct saver_options how = { .workers = 1 };
	struct saver *saver = NULL;
	struct index *index = NULL;

	must(index_load(repo, &index, &err));
	must(saver_open(repo, index, &how, &saver, &err));
	for (int i = 0; i < 2 && make[i]; i++) {
		struct tree tree = { 0 };
		struct chunk chunk;

		must(saver_chunk(saver, PACK_DATA, "harm", 4, &tree.harm,
		    &err));
		make[i](&tree);
		must(saver_chunk(saver, PACK_META, tree.bytes.data,
		    tree.bytes.len, &chunk, &err));
		chunks_add(&about.tree, &chunk);
		ak_buf_free(&tree.bytes);
	}
	must(saver_finish(saver, &err));
	must(snap_write(repo, &snap, NULL, &err));
	saver_close(saver);
	index_free(index);
	chunks_free(&about.tree);
	repo_close(repo);
}

static int
restore_into(const char *repo, const char *target, struct ak_err *why)
{
	AK_FREE char *path = ak_strdup(repo), *to = ak_strdup(target);
	char latest[] = "latest", *operands[] = { latest, NULL };
	int quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);
	struct ak_ctx ctx = { .tool = &tool,
		.cmd = &command,
		.out = ak_out_open(quiet, AK_FORM_JSON, false),
		.quiet = true };
	int got;

	backup_options.repo = path;
	must(ak_opt_set(&restore_options[0], to, &err));
	got = restore_run(&ctx, 1, operands);
	*why = ctx.err;
	must(ak_out_close(ctx.out, &err));
	close(quiet);
	return got;
}

static void
child_of_link(struct tree *tree)
{
	add(tree, "link/harm", ENTRY_FILE, 4);
}

int
main(void)
{
	static const struct {
		const char *what;
		void (*make[2])(struct tree *tree);
	} rows[] = {
		{ "a path that goes up", { goes_up, NULL } },
		{ "a path that goes up inside", { goes_up_inside, NULL } },
		{ "an absolute path", { is_absolute, NULL } },
		{ "a file below a link of its own",
		    { goes_through_a_link, child_of_link } },
		{ "a file of 2^60 bytes", { claims_a_size, NULL } },
		{ "an unknown type", { claims_a_type, NULL } },
		{ "garbage", { is_garbage, NULL } },
	};

	place_begin();
	mkdir(at("outside"), 0700);
	for (size_t i = 0; i < AK_COUNT(rows); i++) {
		AK_FREE char *name = ak_printf("repo%zu", i);
		AK_FREE char *target = ak_printf("%s/back%zu", place, i);
		struct ak_err why = { 0 };
		void (*make[2])(struct tree * tree) = { rows[i].make[0],
			rows[i].make[1] };

		write_snap(name, make);
		is_int(restore_into(at(name), target, &why), -1,
		    "%s is refused", rows[i].what);
		is_int(why.code, AK_DATA, "as damage: %s", why.text);
		ok(access(at("outside/harm"), F_OK) == -1,
		    "and nothing is written elsewhere");
	}
	return done_testing();
}
