/*
 * session - what a command works with that reads snapshots.
 */
#include "tools/backup/session.h"

#include <string.h>

int
session_open(struct session *session, struct ak_ctx *ctx, size_t frames)
{
	struct ak_err why = { 0 };

	if (session_open_as_indexed(session, ctx, frames) == -1)
		return -1;
	/* Of what it cannot read the rest can be had all the same. */
	if (index_adopt(session->repo, session->index, false, &why) == -1)
		ak_cmd_warn(ctx, "%s", why.text);
	return 0;
}

int
session_open_as_indexed(struct session *session, struct ak_ctx *ctx,
    size_t frames)
{
	AK_FREE char *who = ak_printf("%s %s", ctx->tool->name, ctx->cmd->name);
	struct store *store;

	if (repo_open_asked(&session->repo, &ctx->err) == -1)
		return -1;
	store = session->repo->store;
	if (store->ops->lock(store, STORE_SHARED, who, &ctx->err) == -1 ||
	    index_load(session->repo, &session->index, &ctx->err) == -1)
		return -1;
	session->loader = loader_new(session->repo, session->index, frames);
	return 0;
}

void
session_close(struct session *session)
{
	if (session->loader)
		loader_free(session->loader);
	if (session->index)
		index_free(session->index);
	if (session->repo)
		repo_close(session->repo);
	*session = (struct session){ 0 };
}

/* Without "./" and slashes at either end, or twice; false with "..". */
static bool
normalise(const char *word, struct ak_buf *buf)
{
	while (*word != '\0') {
		size_t len = strcspn(word, "/");

		if (len == 2 && memcmp(word, "..", 2) == 0)
			return false;
		if (len > 0 && !(len == 1 && *word == '.')) {
			if (buf->len > 0)
				ak_buf_char(buf, '/');
			ak_buf_add(buf, word, len);
		}
		word += len + (word[len] == '/');
	}
	return true;
}

int
wanted_set(struct wanted *wanted, size_t count, char *const words[],
    struct ak_err *err)
{
	wanted->paths = ak_calloc(count + 1, sizeof(*wanted->paths));
	wanted->found = ak_calloc(count + 1, sizeof(*wanted->found));
	for (size_t i = 0; i < count; i++) {
		AK_BUF struct ak_buf buf = { 0 };

		if (!normalise(words[i], &buf))
			return ak_fail(err, AK_USAGE,
			    "%s: a path in a snapshot has no ..", words[i]);
		wanted->paths[wanted->count++] = ak_buf_take(&buf);
	}
	return 0;
}

void
wanted_free(struct wanted *wanted)
{
	for (size_t i = 0; i < wanted->count; i++)
		free(wanted->paths[i]);
	free(wanted->paths);
	free(wanted->found);
	*wanted = (struct wanted){ 0 };
}

static bool
is_below(const char *path, const char *top)
{
	size_t len = strlen(top);

	return len == 0 ||
	    (strncmp(path, top, len) == 0 &&
		(path[len] == '\0' || path[len] == '/'));
}

bool
wanted_has(struct wanted *wanted, const char *path)
{
	bool has = wanted->count == 0;

	for (size_t i = 0; i < wanted->count; i++)
		if (is_below(path, wanted->paths[i]))
			has = wanted->found[i] = true;
	return has;
}

bool
wanted_below(const struct wanted *wanted, const char *path)
{
	for (size_t i = 0; i < wanted->count; i++)
		if (is_below(path, wanted->paths[i]) ||
		    is_below(wanted->paths[i], path))
			return true;
	return wanted->count == 0;
}

const char *
wanted_missing(const struct wanted *wanted)
{
	for (size_t i = 0; i < wanted->count; i++)
		if (!wanted->found[i])
			return wanted->paths[i];
	return NULL;
}

void
path_join(struct ak_buf *buf, const char *prefix, const char *path)
{
	ak_buf_reset(buf);
	ak_buf_grow(buf, 1);
	ak_buf_str(buf, prefix ? prefix : "");
	if (buf->len > 0 && *path != '\0')
		ak_buf_char(buf, '/');
	ak_buf_str(buf, path);
}

static int
visit_entry(const struct visit *visit, const struct snap_source *source,
    const struct entry *entry, struct ak_buf *path, struct ak_err *err)
{
	path_join(path, source->prefix, (const char *)entry->path);
	if (!wanted_has(visit->wanted, ak_buf_text(path)))
		return 0;
	return visit->entry(visit->arg, source, ak_buf_text(path), entry, err);
}

int
visit_source(const struct visit *visit, const struct snap_source *source,
    struct ak_err *err)
{
	struct tree_reader *reader;
	AK_BUF struct ak_buf path = { 0 };
	int got = 1;

	if (source->failed ||
	    !wanted_below(visit->wanted, source->prefix ? source->prefix : ""))
		return 0;
	reader = tree_reader_new(visit->session->loader, &source->tree);
	while (got != 0) {
		struct entry *entry;

		got = tree_reader_next(reader, &entry, err);
		if (got == 1 &&
		    visit_entry(visit, source, entry, &path, err) == 0)
			continue;
		if (got == -1 && err->code == AK_DATA && visit->lost) {
			visit->lost(visit->arg, source, err);
			continue;
		}
		break;
	}
	tree_reader_free(reader);
	return got == 0 ? 0 : -1;
}

int
visit_all(const struct visit *visit, struct ak_err *err)
{
	for (size_t i = 0; i < visit->snap->source_count; i++)
		if (visit_source(visit, &visit->snap->sources[i], err) == -1)
			return -1;
	return 0;
}
