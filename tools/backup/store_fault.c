/*
 * store_fault - a store that fails, or ends the program, at the nth operation.
 *
 * With "drop" what a power cut may take is taken before the end: names given
 * since the last sync are gone, names removed or replaced since are what they
 * were, and drafts are empty; with "reorder" all of that but the newest change,
 * since a disk need not keep to the order of what it was not told to keep. What
 * was removed or replaced has a name in tmp/ until the sync.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/str.h"
#include "tools/backup/store_local.h"

enum op {
	OP_DRAFT,
	OP_WRITE,
	OP_COMMIT,
	OP_GET,
	OP_LIST,
	OP_REMOVE,
	OP_SYNC,
	OP_LOCK,
	OP_ANY,
};

static const char *const op_names[] = {
	[OP_DRAFT] = "draft",
	[OP_WRITE] = "write",
	[OP_COMMIT] = "commit",
	[OP_GET] = "get",
	[OP_LIST] = "list",
	[OP_REMOVE] = "remove",
	[OP_SYNC] = "sync",
	[OP_LOCK] = "lock",
	[OP_ANY] = "any",
};

static const struct {
	const char *name;
	int error; /* 0: the program ends */
	bool drop;
	size_t survive; /* of the newest changes */
} effects[] = {
	{ "kill", 0, false, 0 },
	{ "drop", 0, true, 0 },
	{ "reorder", 0, true, 1 },
	{ "ENOSPC", ENOSPC, false, 0 },
	{ "EDQUOT", EDQUOT, false, 0 },
	{ "EIO", EIO, false, 0 },
	{ "EACCES", EACCES, false, 0 },
};

/* Not synced yet: the name given, or the place of what it named before. */
struct change {
	char *name;
	char *kept; /* NULL: nothing had the name */
};

struct fault {
	struct store store; /* first */
	struct store *inner;
	int dir; /* of the inner */
	enum op op;
	int64_t left; /* operations until it strikes */
	size_t effect;
	pthread_mutex_t mutex;
	struct change *changes;
	size_t count;
};

static struct fault *
fault_of(struct store *store)
{
	return (struct fault *)store;
}

static void
free_changes(struct fault *fault)
{
	for (size_t i = 0; i < fault->count; i++) {
		free(fault->changes[i].name);
		free(fault->changes[i].kept);
	}
	fault->count = 0;
}

static int
empty_draft(void *arg, const char *name, AK_UNUSED uint64_t size,
    AK_UNUSED struct ak_err *err)
{
	struct fault *fault = arg;

	if (fchmodat(fault->dir, name, 0600, 0) == -1)
		return 0;
	close(openat(fault->dir, name, O_WRONLY | O_TRUNC | O_CLOEXEC));
	return 0;
}

/* Newest first, so that a name given twice is as it was. */
static void
cut_power(struct fault *fault)
{
	size_t survive = effects[fault->effect].survive;
	struct ak_err ignored = { 0 };
	size_t i = fault->count;

	for (i -= i < survive ? i : survive; i-- > 0;) {
		struct change *change = &fault->changes[i];

		if (change->kept)
			renameat(fault->dir, change->kept, fault->dir,
			    change->name);
		else
			unlinkat(fault->dir, change->name, 0);
	}
	(void)!fault->inner->ops->list(fault->inner, "tmp/", empty_draft, fault,
	    &ignored);
}

static void
note(struct fault *fault, const char *name, char *kept)
{
	fault->changes = ak_resize(fault->changes, fault->count + 1,
	    sizeof(*fault->changes));
	fault->changes[fault->count++] = (struct change){ ak_strdup(name),
		kept };
}

/* It says so: a test knows that there are no more operations when it does not.
 */
static int
strike(struct fault *fault, const char *what, struct ak_err *err)
{
	dprintf(STDERR_FILENO, "AIKIT_FAULT: %s\n", what);
	if (effects[fault->effect].drop)
		cut_power(fault);
	if (effects[fault->effect].error == 0) {
		kill(getpid(), SIGKILL);
		_exit(128 + SIGKILL);
	}
	errno = effects[fault->effect].error;
	return ak_fail_sys(err, AK_IO, "%s", what);
}

static int
count(struct fault *fault, enum op op, const char *what, struct ak_err *err)
{
	int result = 0;

	pthread_mutex_lock(&fault->mutex);
	if ((fault->op == op || fault->op == OP_ANY) && --fault->left == 0)
		result = strike(fault, what, err);
	pthread_mutex_unlock(&fault->mutex);
	return result;
}

static int
fault_draft(struct store *store, struct draft *draft, struct ak_err *err)
{
	struct fault *fault = fault_of(store);

	if (count(fault, OP_DRAFT, "tmp", err) == -1)
		return -1;
	return fault->inner->ops->draft(fault->inner, draft, err);
}

/* Half of it is written before: as a full disk does. */
static int
fault_write(struct store *store, struct draft *draft, const void *data,
    size_t len, struct ak_err *err)
{
	struct fault *fault = fault_of(store);
	const struct store_ops *ops = fault->inner->ops;
	size_t half = len / 2;

	if (ops->write(fault->inner, draft, data, half, err) == -1 ||
	    count(fault, OP_WRITE, draft->name, err) == -1)
		return -1;
	return ops->write(fault->inner, draft, (const char *)data + half,
	    len - half, err);
}

static void
fault_abandon(struct store *store, struct draft *draft)
{
	struct fault *fault = fault_of(store);

	fault->inner->ops->abandon(fault->inner, draft);
}

static int
fault_commit(struct store *store, struct draft *draft, const char *name,
    struct ak_err *err)
{
	struct fault *fault = fault_of(store);
	AK_FREE char *kept = NULL;
	int result;

	if (count(fault, OP_COMMIT, name, err) == -1) {
		fault_abandon(store, draft);
		return -1;
	}
	pthread_mutex_lock(&fault->mutex);
	kept = ak_printf("tmp/replaced-%zu", fault->count);
	if (!effects[fault->effect].drop ||
	    linkat(fault->dir, name, fault->dir, kept, 0) == -1) {
		free(kept);
		kept = NULL;
	}
	result = fault->inner->ops->commit(fault->inner, draft, name, err);
	if (result == 0)
		note(fault, name, ak_take(&kept));
	pthread_mutex_unlock(&fault->mutex);
	return result;
}

static int
fault_get(struct store *store, const char *name, uint64_t offset, void *data,
    size_t len, struct ak_err *err)
{
	struct fault *fault = fault_of(store);

	if (count(fault, OP_GET, name, err) == -1)
		return -1;
	return fault->inner->ops->get(fault->inner, name, offset, data, len,
	    err);
}

static int
fault_size(struct store *store, const char *name, uint64_t *size,
    struct ak_err *err)
{
	struct fault *fault = fault_of(store);

	return fault->inner->ops->size(fault->inner, name, size, err);
}

static int
fault_list(struct store *store, const char *prefix, store_each *each, void *arg,
    struct ak_err *err)
{
	struct fault *fault = fault_of(store);

	if (count(fault, OP_LIST, prefix, err) == -1)
		return -1;
	return fault->inner->ops->list(fault->inner, prefix, each, arg, err);
}

static int
fault_remove(struct store *store, const char *name, struct ak_err *err)
{
	struct fault *fault = fault_of(store);
	AK_FREE char *kept = NULL;
	int result = 0;

	if (count(fault, OP_REMOVE, name, err) == -1)
		return -1;
	if (!effects[fault->effect].drop)
		return fault->inner->ops->remove(fault->inner, name, err);
	pthread_mutex_lock(&fault->mutex);
	kept = ak_printf("tmp/removed-%zu", fault->count);
	if (renameat(fault->dir, name, fault->dir, kept) == 0)
		note(fault, name, ak_take(&kept));
	else if (errno != ENOENT)
		result = ak_fail_sys(err, AK_IO, "%s", name);
	pthread_mutex_unlock(&fault->mutex);
	return result;
}

static int
fault_sync(struct store *store, struct ak_err *err)
{
	struct fault *fault = fault_of(store);

	if (count(fault, OP_SYNC, "sync", err) == -1 ||
	    fault->inner->ops->sync(fault->inner, err) == -1)
		return -1;
	pthread_mutex_lock(&fault->mutex);
	for (size_t i = 0; i < fault->count; i++)
		if (fault->changes[i].kept)
			unlinkat(fault->dir, fault->changes[i].kept, 0);
	free_changes(fault);
	pthread_mutex_unlock(&fault->mutex);
	return 0;
}

static int
fault_lock(struct store *store, enum store_lock how, const char *who,
    struct ak_err *err)
{
	struct fault *fault = fault_of(store);

	if (count(fault, OP_LOCK, "lock", err) == -1)
		return -1;
	return fault->inner->ops->lock(fault->inner, how, who, err);
}

static int
fault_now(struct store *store, int64_t *ns, struct ak_err *err)
{
	struct fault *fault = fault_of(store);

	return fault->inner->ops->now(fault->inner, ns, err);
}

/* An end in peace: the kernel writes what was not synced. */
static void
fault_close(struct store *store)
{
	struct fault *fault = fault_of(store);

	for (size_t i = 0; i < fault->count; i++)
		if (fault->changes[i].kept)
			unlinkat(fault->dir, fault->changes[i].kept, 0);
	free_changes(fault);
	free(fault->changes);
	store_close(fault->inner);
	pthread_mutex_destroy(&fault->mutex);
	free(fault);
}

static const struct store_ops ops = {
	.draft = fault_draft,
	.write = fault_write,
	.commit = fault_commit,
	.abandon = fault_abandon,
	.get = fault_get,
	.size = fault_size,
	.list = fault_list,
	.remove = fault_remove,
	.sync = fault_sync,
	.lock = fault_lock,
	.now = fault_now,
	.close = fault_close,
};

static bool
read_plan(struct fault *fault, const char *plan)
{
	AK_FREE char *copy = ak_strdup(plan);
	char *next = copy, *op = strsep(&next, ":"), *n = strsep(&next, ":");
	struct ak_err ignored = { 0 };
	size_t i = 0;

	while (i < AK_COUNT(op_names) && !ak_streq(op, op_names[i]))
		i++;
	fault->op = (enum op)i;
	while (next && fault->effect < AK_COUNT(effects) &&
	    !ak_streq(next, effects[fault->effect].name))
		fault->effect++;
	return i < AK_COUNT(op_names) && next &&
	    fault->effect < AK_COUNT(effects) &&
	    ak_str_int(n, 1, INT64_MAX, &fault->left, &ignored) == 0;
}

int
store_open_fault(struct store *inner, const char *plan, struct store **store,
    struct ak_err *err)
{
	struct fault *fault = ak_calloc(1, sizeof(*fault));

	*fault = (struct fault){ .store.ops = &ops, .inner = inner };
	fault->dir = ((struct local *)inner)->dir;
	pthread_mutex_init(&fault->mutex, NULL);
	if (read_plan(fault, plan)) {
		*store = &fault->store;
		return 0;
	}
	fault_close(&fault->store);
	ak_err_set(err, AK_CONFIG, "AIKIT_FAULT=%s: not understood", plan);
	ak_err_help(err, "OPERATION:NUMBER:EFFECT, such as write:3:ENOSPC");
	return -1;
}
