/*
 * restore_plan - what a restore would do, by looks alone: size and time of a
 * file are compared, not its bytes.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>

#include "tools/backup/beneath.h"
#include "tools/backup/records.h"
#include "tools/backup/restore.h"

static bool
looks_same(const struct entry *entry, const struct entry *now)
{
	if (entry->type != now->type || entry->mode != now->mode ||
	    entry->uid != now->uid || entry->gid != now->gid)
		return false;
	return entry->type == ENTRY_DIR ||
	    (entry->size == now->size && entry->mtime == now->mtime &&
		entry->rdev == now->rdev);
}

/* NULL: nothing would be done. */
static const char *
action_for(const struct restore *restore, const struct entry *entry,
    const char *path)
{
	struct entry now = { 0 };
	struct ak_err err;
	AK_CLOSE int fd = restore->target.root == -1
	    ? -1
	    : beneath_open(restore->target.root, path, O_PATH | O_NOFOLLOW, 0);

	if (fd == -1)
		return restore->target.root != -1 && errno == ELOOP ? "refuse"
								    : "create";
	if (meta_stat(fd, "", &now, NULL, &err) == -1)
		return "change";
	if (looks_same(entry, &now))
		return restore->options.in_place || entry->type == ENTRY_DIR
		    ? NULL
		    : "conflict";
	if (now.type == ENTRY_DIR && entry->type == ENTRY_DIR)
		return "change";
	return restore->options.in_place ? "change" : "conflict";
}

int
restore_plan(void *arg, const struct snap_source *source AK_UNUSED,
    const char *path, const struct entry *entry, struct ak_err *err AK_UNUSED)
{
	struct restore *restore = arg;
	AK_BUF struct ak_buf below = { 0 };
	const char *action;

	if (restore_is_others(restore, path))
		return 0;
	restore_path(restore, entry, &below);
	action = action_for(restore, entry, ak_buf_text(&below));
	if (!action)
		return 0;
	restore->would = true;
	record_action(restore->ctx->out, action, ak_buf_text(&below),
	    entry->type == ENTRY_FILE ? (int64_t)entry->size : -1);
	return 0;
}
