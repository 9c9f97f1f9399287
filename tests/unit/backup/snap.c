/*
 * snap - a snapshot comes back as it was written, under its name alone.
 */
#include "tools/backup/snap.h"

#include "lib/crypt.h"
#include "tests/unit/backup/place.h"

#define SECOND INT64_C(1000000000)
#define BEGIN (INT64_C(1767323045) * SECOND) /* 2026-01-02T03:04:05Z */

static char *tags[] = { (char[]){ "daily" }, (char[]){ "\"quoted\"" } };

static int
write_one(struct repo *repo, int64_t begin, struct snap *snap)
{
	static char type[] = "dir", name[] = "dir:/srv", host[] = "here";
	static char prefix[] = "srv";
	static struct chunk tree[2] = { { { 1, 2 }, 70000 }, { { 3 }, 5 } };
	static struct snap_source source = { .type = type,
		.name = name,
		.prefix = prefix,
		.consistency = CONSISTENT_APP,
		.files = 12,
		.bytes = 1234567890123 };

	source.tree = (struct chunks){ tree, 2, 2 };
	*snap = (struct snap){ .host = host,
		.begin = begin,
		.end = begin + 5,
		.tags = tags,
		.tag_count = 2,
		.full = true,
		.sources = &source,
		.source_count = 1,
		.stored_bytes = 99 };
	return snap_write(repo, snap, "{\"running\":[\"web\"]}", &err);
}

static void
test_same(struct repo *repo)
{
	struct snap wrote, *read = NULL;

	is_int(write_one(repo, BEGIN, &wrote), 0, "written %s", err.text);
	ok(ak_starts(wrote.name, "20260102T030405Z-"), "named %s", wrote.name);
	is_int(snap_read(repo, wrote.name, &read, &err), 0, "and read %s",
	    err.text);
	is_str(read->name, wrote.name, "its name");
	is_str(read->id, wrote.name + 17, "its id");
	is_str(read->host, "here", "its host");
	is_int(read->begin, BEGIN, "its begin");
	is_int((long long)read->tag_count, 2, "its tags");
	is_str(read->tags[1], "\"quoted\"", "as they were");
	ok(read->full && !read->independent, "its flags");
	is_int((long long)read->sources[0].bytes, 1234567890123, "its sizes");
	is_int(read->sources[0].consistency, CONSISTENT_APP, "its consistency");
	is_int((long long)read->sources[0].tree.count, 2, "its tree");
	is_int(read->sources[0].tree.items[0].len, 70000, "with lengths");
	is_str(ak_json_str(ak_json_first(ak_json_get(read->more, "running"))),
	    "web", "and what the kit told");
	snap_free(read);
}

static void
test_find(struct repo *repo)
{
	struct snap wrote, *read = NULL;
	struct snaps snaps;

	for (int n = 1; n < 4; n++)
		if (write_one(repo, BEGIN + n * INT64_C(86400) * SECOND,
			&wrote) == -1)
			exit(1);
	is_int(snap_find(repo, "latest", &read, &err), 0, "the latest");
	is_str(read->name, wrote.name, "is the last");
	snap_free(read);
	is_int(snap_find(repo, "20260103", &read, &err), 0, "one by its day");
	snap_free(read);
	is_int(snap_find(repo, wrote.id, &read, &err), 0, "one by its id");
	snap_free(read);
	ok(snap_find(repo, "2026", &read, &err) == -1 && err.code == AK_NOINPUT,
	    "not what is not clear: %s", err.text);
	ok(snap_find(repo, "2027", &read, &err) == -1, "nor what is not: %s",
	    err.text);
	ok(snap_find(repo, "", &read, &err) == -1, "nor nothing");
	ok(snap_read(repo, "../config", &read, &err) == -1 &&
		err.code == AK_NOINPUT,
	    "nor a path: %s", err.text);
	is_int(snap_list(repo, &snaps, &err), 0, "all are listed");
	is_int((long long)snaps.count, 4, "four");
	ok(snaps.items[0]->begin < snaps.items[3]->begin, "oldest first");
	snaps_free(&snaps);
}

static void
test_damage(struct repo *repo)
{
	struct snap wrote, *read = NULL;
	struct snaps snaps;
	char path[256], other[256];

	if (write_one(repo, BEGIN - SECOND, &wrote) == -1)
		exit(1);
	snprintf(path, sizeof(path), "%s/snaps/%s", at("repo"), wrote.name);
	flip(path, 60);
	ok(snap_read(repo, wrote.name, &read, &err) == -1 &&
		err.code == AK_DATA,
	    "a bit flipped: %s", err.text);
	is_int(snap_list(repo, &snaps, &err), 0, "the list goes on");
	is_int((long long)snaps.bad_count, 1, "with one that is bad");
	is_int((long long)snaps.count, 4, "and the others");
	snaps_free(&snaps);
	flip(path, 60);
	is_int(snap_read(repo, wrote.name, &read, &err), 0, "put right: read");
	snap_free(read);
	snprintf(other, sizeof(other), "%s/snaps/20270101T000000Z-%s",
	    at("repo"), wrote.id);
	is_int(rename(path, other), 0, "under another time");
	ok(snap_read(repo, strrchr(other, '/') + 1, &read, &err) == -1 &&
		err.code == AK_DATA,
	    "it is refused: %s", err.text);
}

int
main(void)
{
	struct repo *repo;

	place_begin();
	repo = a_repo("repo", SEAL_AES_256_GCM);
	test_same(repo);
	test_find(repo);
	test_damage(repo);
	repo_close(repo);
	return done_testing();
}
