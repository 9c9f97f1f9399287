/*
 * aikit-backup - backups that are small, checked, and proven to restore.
 *
 * Only the table is here; each command stands in the file of its concern.
 */
#include "tools/backup/commands.h"

static const struct ak_opt options[] = {
	{ 'r', "repo", "dir", "the repository",
	    AK_STRING(&backup_options.repo) },
	{ 'k', "key-file", "file", "open it by the key in this file",
	    AK_STRING(&backup_options.key_file) },
	{ 'p', "passphrase-file", "file", "open it by a passphrase; - is stdin",
	    AK_STRING(&backup_options.passphrase_file) },
	{ 0 },
};

static const struct ak_opt config[] = {
	{ 0, "repo", "dir", "the repository", AK_STRING(&backup_options.repo) },
	{ 0, "key-file", "file", "what opens it",
	    AK_STRING(&backup_options.key_file) },
	{ 0, "passphrase-file", "file", "what opens it, a passphrase",
	    AK_STRING(&backup_options.passphrase_file) },
	{ 0, "sources", "words", "what backup takes without operands",
	    AK_STRING(&backup_options.sources) },
	{ 0, "metrics", "dir", "where the metrics of each run are written",
	    AK_STRING(&backup_options.metrics) },
	{ 0, "checkpoint", "time", "how often backup notes how far it is",
	    AK_DURATION(&backup_options.checkpoint_ms, 0, INT64_MAX) },
	{ 0, "notify", "program", "told of each run by a record on its stdin",
	    AK_STRING(&backup_options.notify) },
	{ 0 },
};

static const struct ak_cmd commands[] = {
	{ "init", "", "make a repository", 0, 0, init_options, init_run },
	{ "key", "list|add|rm|passwd [id]", "the slots that open it", 1, 2,
	    key_options, key_run },
	{ "repo", "info|upgrade", "what the repository is", 1, 1, repo_options,
	    repo_run },
	{ "backup", "[source ...]", "take one snapshot", 0, -1, backup_opts,
	    backup_run },
	{ "snapshots", "", "all snapshots, oldest first", 0, 0,
	    snapshots_options, snapshots_run },
	{ "show", "snapshot", "one snapshot and its sources", 1, 1, NULL,
	    show_run },
	{ "ls", "snapshot [path]", "entries below a path", 1, 2, NULL, ls_run },
	{ "find", "pattern", "where a name is, in every snapshot", 1, 1, NULL,
	    find_run },
	{ "diff", "a b", "from one snapshot to another", 2, 2, NULL, diff_run },
	{ "cat", "snapshot path", "the bytes of a file", 2, 2, NULL, cat_run },
	{ "stats", "[snapshot]", "sizes, and what they take", 0, 1, NULL,
	    stats_run },
	{ "restore", "[snapshot] [path ...]", "bring back files, or a kit", 0,
	    -1, restore_options, restore_run },
	{ "verify", "[snapshot]", "look for damage", 0, 1, verify_options,
	    verify_run },
	{ "reindex", "", "make the index anew from packs", 0, 0,
	    reindex_options, reindex_run },
	{ "repair", "", "rebuild what is damaged, mark what is lost", 0, 0,
	    repair_options, repair_run },
	{ "forget", "[snapshot ...]", "remove snapshots", 0, -1, forget_options,
	    forget_run },
	{ "prune", "", "free what no snapshot needs", 0, 0, prune_options,
	    prune_run },
	{ "export", "snapshot", "as a tar archive", 1, 1, export_options,
	    export_run },
	{ "import", "file", "a snapshot of an archive", 1, 1, import_options,
	    import_run },
	{ "schedule", "install|show", "timers that do it all", 1, 1,
	    schedule_options, schedule_run },
	{ "status", "", "ages, sizes, and what is late", 0, 0, NULL,
	    status_run },
	{ 0 },
};

static const struct ak_tool tool = {
	.name = "aikit-backup",
	.summary = "backups that are small, checked, and proven to restore",
	.section = "backup",
	.commands = commands,
	.options = options,
	.config = config,
};

int
main(int argc, char *argv[])
{
	return ak_cmd_main(&tool, argc, argv);
}
