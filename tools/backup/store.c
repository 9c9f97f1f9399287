/*
 * store - where a repository's objects are: what any store gives.
 */
#include "tools/backup/store.h"

void
store_close(struct store *store)
{
	if (store)
		store->ops->close(store);
}

void
store_close_scope(struct store **store)
{
	store_close(*store);
}

int
store_write(struct store *store, struct draft *draft, const void *data,
    size_t len, struct ak_err *err)
{
	return store->ops->write(store, draft, data, len, err);
}

int
store_put(struct store *store, const char *name, const void *data, size_t len,
    struct ak_err *err)
{
	struct draft draft = { .fd = -1 };

	if (store->ops->draft(store, &draft, err) == -1)
		return -1;
	if (store_write(store, &draft, data, len, err) == 0)
		return store->ops->commit(store, &draft, name, err);
	store->ops->abandon(store, &draft);
	return -1;
}

int
store_read(struct store *store, const char *name, size_t max,
    struct ak_buf *buf, struct ak_err *err)
{
	uint64_t size;

	if (store->ops->size(store, name, &size, err) == -1)
		return -1;
	if (size > max)
		return ak_fail(err, AK_DATA, "%s: larger than %zu bytes", name,
		    max);
	ak_buf_grow(buf, (size_t)size);
	if (store->ops->get(store, name, 0, buf->data + buf->len, (size_t)size,
		err) == -1)
		return -1;
	buf->len += (size_t)size;
	buf->data[buf->len] = '\0';
	return 0;
}
