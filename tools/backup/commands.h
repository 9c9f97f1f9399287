/*
 * commands - one function a command, and its options; the table is main.c's.
 */
#ifndef BACKUP_COMMANDS_H
#define BACKUP_COMMANDS_H

#include "tools/backup/backup.h"

extern const struct ak_opt backup_opts[];
int backup_run(struct ak_ctx *ctx, int count, char *operands[]);

extern const struct ak_opt snapshots_options[];
int snapshots_run(struct ak_ctx *ctx, int count, char *operands[]);
int show_run(struct ak_ctx *ctx, int count, char *operands[]);
int ls_run(struct ak_ctx *ctx, int count, char *operands[]);
int find_run(struct ak_ctx *ctx, int count, char *operands[]);
int diff_run(struct ak_ctx *ctx, int count, char *operands[]);
int cat_run(struct ak_ctx *ctx, int count, char *operands[]);
int stats_run(struct ak_ctx *ctx, int count, char *operands[]);

extern const struct ak_opt restore_options[];
int restore_run(struct ak_ctx *ctx, int count, char *operands[]);

extern const struct ak_opt export_options[];
int export_run(struct ak_ctx *ctx, int count, char *operands[]);
extern const struct ak_opt import_options[];
int import_run(struct ak_ctx *ctx, int count, char *operands[]);

extern const struct ak_opt init_options[];
int init_run(struct ak_ctx *ctx, int count, char *operands[]);
extern const struct ak_opt key_options[];
int key_run(struct ak_ctx *ctx, int count, char *operands[]);
extern const struct ak_opt repo_options[];
int repo_run(struct ak_ctx *ctx, int count, char *operands[]);

extern const struct ak_opt verify_options[];
int verify_run(struct ak_ctx *ctx, int count, char *operands[]);
/* verify --level drill (drill.c); snapshot NULL: the latest. */
int drill_run(struct ak_ctx *ctx, const char *snapshot);
extern const struct ak_opt reindex_options[];
int reindex_run(struct ak_ctx *ctx, int count, char *operands[]);
extern const struct ak_opt repair_options[];
int repair_run(struct ak_ctx *ctx, int count, char *operands[]);
extern const struct ak_opt forget_options[];
int forget_run(struct ak_ctx *ctx, int count, char *operands[]);
extern const struct ak_opt prune_options[];
int prune_run(struct ak_ctx *ctx, int count, char *operands[]);

extern const struct ak_opt schedule_options[];
int schedule_run(struct ak_ctx *ctx, int count, char *operands[]);
int status_run(struct ak_ctx *ctx, int count, char *operands[]);

#endif
