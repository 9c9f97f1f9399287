/*
 * restore_into - one source of a snapshot, below any open directory.
 */
#include "tools/backup/restore_into.h"

#include <fcntl.h>
#include <unistd.h>

/* What is lost of a tree: names that nobody knows. */
static void
on_lost(void *arg, const struct snap_source *source, const struct ak_err *why)
{
	struct restore *restore = arg;
	AK_FREE char *what = ak_printf("%s: entries of its tree", source->name);

	restore_failed(restore, what, why);
}

static int
pass(struct restore *restore, struct ak_err *err)
{
	struct visit visit = { &restore->session, restore->snap,
		&restore->wanted, restore_make, on_lost, restore };
	int got = visit_source(&visit, restore->source, err);

	restore_pool_wait(restore->pool);
	if (atomic_load(&restore->stop)) {
		*err = restore->first;
		return -1;
	}
	return got == -1 ? -1 : restore_end_source(restore, err);
}

static int
judge(const struct restore *restore, struct ak_err *err)
{
	unsigned long long lost = restore->damaged + restore->failed;

	if (lost == 0)
		return 0;
	return ak_fail(err, restore->first.code,
	    "%s: %llu files could not be restored", restore->source->name,
	    lost);
}

int
restore_into(struct ak_ctx *ctx, const struct session *session,
    const struct restored *what, int root, struct restored_sums *sums,
    struct ak_err *err)
{
	struct restore restore = { .ctx = ctx,
		.session = *session,
		.snap = what->snap,
		.source = what->source,
		.options = { .in_place = true },
		.expected_bytes = what->source->bytes,
		.held_dir = -1,
		.target = { .root = root, .base = ak_strdup("") },
		.links = links_new() };
	int got;

	pthread_mutex_init(&restore.lock, NULL);
	restore.pool = restore_pool_new(&restore, err);
	got = restore.pool ? pass(&restore, err) : -1;
	restore_pool_free(restore.pool);
	if (got == 0)
		got = judge(&restore, err);
	sums->files += restore.files;
	sums->bytes += restore.bytes;
	pthread_mutex_destroy(&restore.lock);
	links_free(restore.links);
	ak_close_scope(&restore.held_dir);
	free(restore.held_path);
	free(restore.target.base);
	return got;
}
