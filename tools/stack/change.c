/*
 * change - one changer at a time, and Docker Compose does the changing.
 *
 * What is to be done is decided elsewhere (up.c, halt.c). Compose is given the
 * services by name and told not to add any, so that what happens is what plan
 * said.
 */
#include "tools/stack/change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/file.h"
#include "lib/lock.h"

int
words_begin(struct words *words, const struct kit *kit, size_t room,
    struct ak_err *err)
{
	int n;

	words->argv = ak_calloc(COMPOSE_ARGS + room + 8, sizeof(*words->argv));
	n = compose_argv(kit, words->argv, err);
	words->count = n == -1 ? 0 : (size_t)n;
	return n == -1 ? -1 : 0;
}

void
words_add(struct words *words, const char *word)
{
	words->argv[words->count++] = word;
}

/* Which exit code a text of Compose or the daemon deserves. */
static enum ak_code
code_of(const char *text)
{
	static const struct {
		const char *part;
		enum ak_code code;
	} parts[] = {
		{ "no space left on device", AK_IO },
		{ "permission denied", AK_NOPERM },
		{ "Cannot connect to the Docker daemon", AK_UNAVAILABLE },
	};

	for (size_t i = 0; i < AK_COUNT(parts); i++)
		if (strstr(text, parts[i].part) != NULL)
			return parts[i].code;
	return AK_UNAVAILABLE;
}

int
change_failed(struct ak_ctx *ctx, const struct kit *kit,
    const struct ak_child *child)
{
	const char *text = ak_buf_text(&child->result.err);

	if (ctx->verbose)
		fputs(text, stderr);
	if (compose_failed(kit, text, &ctx->err) == -1)
		ctx->err.code = code_of(text);
	return ak_fail_in(&ctx->err, "docker compose");
}

int
compose_run(struct ak_ctx *ctx, const struct kit *kit,
    const struct words *words)
{
	struct ak_proc proc = { .argv = words->argv,
		.directory = kit->dir,
		.timeout_ms = COMPOSE_MS,
		.max_output = COMPOSE_SAYS };
	AK_PROC_RESULT struct ak_proc_result result = { 0 };
	struct ak_child child = { 0 };

	if (ak_proc_run(&proc, &result, &ctx->err) == -1)
		return -1;
	if (result.status == 0)
		return 0;
	child.result = result;
	return change_failed(ctx, kit, &child);
}

int
lock_take(struct ak_ctx *ctx, const struct kit *kit, int *fd)
{
	AK_FREE char *dir = ak_cmd_dir("state", "stack");
	AK_FREE char *name = ak_printf("%s.lock", kit->project);
	AK_FREE char *who = ak_printf("aikit-stack %s", ctx->cmd->name);
	AK_CLOSE int state = -1;

	if (ak_dir_make(dir, 0700, &state, &ctx->err) == -1)
		return -1;
	return ak_lock(state, name, who, fd, &ctx->err);
}
