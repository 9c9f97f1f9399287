/*
 * pack_read - frames and footers of packs, opened.
 *
 * A frame is read by what the index says of it; its head on the disk is for
 * those who have neither index nor footer.
 */
#include <inttypes.h>
#include <string.h>

#include "lib/crypt.h"
#include "tools/backup/pack_frame.h"
#include "tools/backup/pack_reader.h"

struct pack_reader *
pack_reader_new(struct repo *repo)
{
	struct pack_reader *new = ak_calloc(1, sizeof(*new));

	new->repo = repo;
	new->squeeze = squeeze_new(repo->level);
	return new;
}

void
pack_reader_free(struct pack_reader *reader)
{
	if (!reader)
		return;
	seal_free(reader->seal);
	squeeze_free(reader->squeeze);
	ak_buf_free(&reader->sealed);
	free(reader);
}

void
pack_plain_free(struct pack_plain *plain)
{
	free(plain->data);
	free(plain->lens);
	*plain = (struct pack_plain){ 0 };
}

/* len bytes of a pack, by its parity when mend. */
static int
get(struct pack_reader *reader, const struct pack_range *range, void *data,
    bool mend, struct ak_err *err)
{
	struct repo *repo = reader->repo;

	if (mend && repo->parity_mend)
		return repo->parity_mend(repo, range->name, range->offset, data,
		    range->len, err);
	if (mend)
		return ak_fail(err, AK_DATA, "%s: no parity", range->name);
	return repo->store->ops->get(repo->store, range->name, range->offset,
	    data, range->len, err);
}

int
pack_reader_begin(struct pack_reader *reader, const char *name,
    enum pack_kind kind, bool mend, struct ak_err *err)
{
	struct pack_range range = { name, 0, PACK_HEAD };

	if (reader->seal && !mend && ak_streq(reader->name, name))
		return 0;
	seal_free(reader->seal);
	reader->seal = NULL;
	if (get(reader, &range, reader->head.bytes, mend, err) == -1)
		return -1;
	if (pack_head_check(&reader->head, reader->repo->cipher, kind, err) ==
	    -1)
		return ak_fail_in(err, "%s", name);
	reader->seal = pack_head_key(&reader->head, &reader->repo->keys);
	strncpy(reader->name, name, sizeof(reader->name) - 1);
	return 0;
}

static void
make_room(struct pack_plain *plain, size_t len)
{
	if (len <= plain->cap)
		return;
	free(plain->data);
	plain->data = ak_malloc(len);
	plain->cap = len;
}

int
pack_frame_open(struct pack_reader *reader, const struct pack_frame *frame,
    uint32_t number, struct pack_plain *plain, struct ak_err *err)
{
	uint8_t *sealed = (uint8_t *)reader->sealed.data;
	size_t len = frame->clen - SEAL_TAG;
	struct pack_bound bound;

	pack_bind(&bound, &reader->head, frame, number);
	if (seal_get(reader->seal,
		&(struct seal_message){ bound.nonce, bound.aad, bound.aad_len,
		    sealed, frame->clen, sealed },
		err) == -1)
		return -1;
	make_room(plain, frame->rlen);
	plain->len = frame->rlen;
	if (frame->codec == PACK_RAW && len != frame->rlen)
		return ak_fail(err, AK_DATA, "damaged: another length");
	if (frame->codec == PACK_RAW)
		memcpy(plain->data, sealed, len);
	else if (squeeze_get(reader->squeeze, sealed, len, plain->data,
		     frame->rlen, err) == -1)
		return -1;
	if (!pack_plain_parse(plain))
		return ak_fail(err, AK_DATA, "damaged: its lengths");
	return 0;
}

static int
read_frame(struct pack_reader *reader, const struct pack_at *at, bool mend,
    struct pack_plain *plain, struct ak_err *err)
{
	char name[PACK_NAME];
	struct pack_range range = { name, at->frame->offset + PACK_FRAME_HEAD,
		at->frame->clen };

	pack_name(at->pack, at->kind, name);
	if (pack_reader_begin(reader, name, at->kind, mend, err) == -1)
		return -1;
	ak_buf_reset(&reader->sealed);
	ak_buf_grow(&reader->sealed, range.len);
	if (get(reader, &range, reader->sealed.data, mend, err) == -1)
		return ak_fail_in(err, "frame %" PRIu32, at->number);
	if (pack_frame_open(reader, at->frame, at->number, plain, err) == -1)
		return ak_fail_in(err, "%s: frame %" PRIu32, name, at->number);
	return 0;
}

int
pack_read_frame(struct pack_reader *reader, const struct pack_at *at, bool mend,
    struct pack_plain *plain, struct ak_err *err)
{
	struct ak_err other = { 0 };

	if (read_frame(reader, at, false, plain, err) == 0)
		return 0;
	if (!mend || (err->code != AK_DATA && err->code != AK_NOINPUT))
		return -1;
	if (read_frame(reader, at, true, plain, &other) == -1)
		return -1;
	*err = (struct ak_err){ 0 };
	return 0;
}

/* Every frame must lie before the footer. */
static bool
fits(const struct pack_list *list, uint64_t end)
{
	for (size_t i = 0; i < list->frame_count; i++)
		if (list->frames[i].offset + PACK_FRAME_HEAD +
			list->frames[i].clen >
		    end)
			return false;
	return true;
}

static int
open_footer(struct pack_reader *reader, const uint8_t tail[PACK_TAIL],
    struct pack_list *list, struct ak_err *err)
{
	AK_BUF struct ak_buf plain = { 0 };
	uint8_t *sealed = (uint8_t *)reader->sealed.data;
	struct pack_bound bound;
	uint32_t clen, rlen;

	if (!pack_tail_parse(tail, &clen, &rlen))
		return ak_fail(err, AK_DATA, "damaged: no footer");
	pack_bind_footer(&bound, &reader->head, tail);
	if (seal_get(reader->seal,
		&(struct seal_message){ bound.nonce, bound.aad, bound.aad_len,
		    sealed, clen, sealed },
		err) == -1 ||
	    squeeze_grow(reader->squeeze, sealed, clen - SEAL_TAG, rlen, &plain,
		err) == -1)
		return -1;
	return pack_list_decode(list, plain.data, plain.len, err);
}

static int
get_footer(struct pack_reader *reader, const char *name, uint64_t size,
    struct pack_list *list, struct ak_err *err)
{
	struct store *store = reader->repo->store;
	uint8_t tail[PACK_TAIL];
	uint32_t clen, rlen;
	uint64_t end;

	if (size < PACK_HEAD + PACK_TAIL)
		return ak_fail(err, AK_DATA, "damaged: too short");
	if (store->ops->get(store, name, size - PACK_TAIL, tail, PACK_TAIL,
		err) == -1)
		return -1;
	if (!pack_tail_parse(tail, &clen, &rlen) ||
	    clen > size - PACK_HEAD - PACK_TAIL ||
	    clen > PACK_LIST_MAX + SEAL_TAG)
		return ak_fail(err, AK_DATA, "damaged: no footer");
	end = size - PACK_TAIL - clen;
	ak_buf_reset(&reader->sealed);
	ak_buf_grow(&reader->sealed, clen);
	if (store->ops->get(store, name, end, reader->sealed.data, clen, err) ==
		-1 ||
	    open_footer(reader, tail, list, err) == -1)
		return -1;
	if (fits(list, end))
		return 0;
	pack_list_free(list);
	return ak_fail(err, AK_DATA, "damaged: frames beyond its end");
}

int
pack_read_footer(struct pack_reader *reader, const char *name,
    struct pack_list *list, struct ak_err *err)
{
	struct store *store = reader->repo->store;
	uint8_t pack[ID_SIZE];
	enum pack_kind kind;
	uint64_t size;

	if (!pack_by_name(name, pack, &kind))
		return ak_fail(err, AK_DATA, "%s: no name of a pack", name);
	if (store->ops->size(store, name, &size, err) == -1 ||
	    pack_reader_begin(reader, name, kind, false, err) == -1)
		return -1;
	if (get_footer(reader, name, size, list, err) == -1)
		return ak_fail_in(err, "%s", name);
	memcpy(list->pack, pack, ID_SIZE);
	list->kind = kind;
	list->size = size;
	return 0;
}
