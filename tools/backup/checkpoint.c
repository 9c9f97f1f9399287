/*
 * checkpoint - the note of a run that may be cut short.
 */
#include "tools/backup/checkpoint.h"

#include <string.h>

#include "lib/crypt.h"
#include "lib/proc.h"
#include "tools/backup/snap_text.h"
#include "tools/backup/squeeze.h"

/* Keyed, so that a name tells nobody what is backed up. */
static void
set_name(struct backup_run *run, const struct sources *sources)
{
	AK_BUF struct ak_buf text = { 0 }, name = { 0 };
	uint8_t mac[32];

	ak_buf_str(&text, run->snap->host);
	for (size_t i = 0; i < sources->count; i++) {
		ak_buf_char(&text, '\0');
		ak_buf_str(&text, sources->items[i].name);
	}
	seal_hmac(run->session.repo->keys.use[SEAL_MAC], text.data, text.len,
	    mac);
	ak_buf_str(&name, CHECKPOINT_PREFIX);
	ak_crypt_hex(&name, mac, 8);
	memcpy(run->checkpoint, name.data, sizeof(run->checkpoint));
}

static int
read_note(struct backup_run *run, struct ak_err *err)
{
	AK_BUF struct ak_buf sealed = { 0 }, squeezed = { 0 }, text = { 0 };
	struct repo *repo = run->session.repo;
	struct squeeze *squeeze;
	int got;

	if (store_read(repo->store, run->checkpoint, OBJECT_MAX, &sealed,
		err) == -1)
		return -1;
	if (sealed.len < SEAL_HEAD || sealed.data[5] != (char)repo->cipher)
		return ak_fail(err, AK_DATA, "another cipher");
	if (seal_object_open(repo->keys.use[SEAL_META], SEAL_CHECKPOINT,
		sealed.data, sealed.len, &squeezed, err) == -1)
		return -1;
	squeeze = squeeze_new(repo->level);
	got = squeeze_grow(squeeze, squeezed.data, squeezed.len, OBJECT_MAX,
	    &text, err);
	squeeze_free(squeeze);
	return got == -1 ? -1
			 : snap_parse(text.data, text.len, &run->resumed, err);
}

void
checkpoint_begin(struct backup_run *run, const struct sources *sources)
{
	struct ak_err ignored = { 0 };

	run->noted_ms = ak_proc_now_ms();
	set_name(run, sources);
	(void)!read_note(run, &ignored);
}

/* What the tree being made has until now is in it for that long. */
static int
print(struct backup_run *run, struct ak_buf *text, struct ak_err *err)
{
	struct snap *snap = run->snap;
	struct snap_source *about = &snap->sources[snap->source_count - 1];

	if (tree_writer_so_far(run->tree, &about->tree, err) == -1)
		return -1;
	snap_print(snap, NULL, text);
	chunks_free(&about->tree);
	return saver_checkpoint(run->saver, err);
}

int
checkpoint_due(void *arg, struct ak_err *err)
{
	AK_BUF struct ak_buf text = { 0 }, sealed = { 0 };
	struct backup_run *run = arg;
	struct repo *repo = run->session.repo;
	struct ak_err ignored = { 0 };
	int64_t now = ak_proc_now_ms();

	if (now - run->noted_ms < backup_options.checkpoint_ms)
		return 0;
	run->noted_ms = now;
	if (print(run, &text, err) == -1)
		return -1;
	snap_seal(repo, &text, SEAL_CHECKPOINT, &sealed);
	(void)!store_put(repo->store, run->checkpoint, sealed.data, sealed.len,
	    &ignored);
	return 0;
}

void
checkpoint_end(struct backup_run *run)
{
	struct store *store = run->session.repo->store;
	struct ak_err ignored = { 0 };

	(void)!store->ops->remove(store, run->checkpoint, &ignored);
}
