/*
 * lists - what several backends have, as one list.
 *
 *	{"models":[{"model":"a",...},...]}		/api/tags, /api/ps
 *	{"object":"list","data":[{"id":"a",...},...]}	/v1/models
 *
 * Sources: Ollama api/types.go (ListResponse, ProcessResponse),
 *openai/openai.go (ListCompletion).
 */
#ifndef QUEUE_LISTS_H
#define QUEUE_LISTS_H

#include "lib/buf.h"

/* Is it one whole JSON value? */
bool lists_whole(const struct ak_buf *list) AK_MUST;

/*
 * Appends the first list, with the objects of the others behind its own; with
 * once, of those that have the same "model" or "id" only the first. All must be
 * lists_whole(). When none holds an array of objects, the first is appended as
 * it is; when there is none, nothing.
 */
void lists_merge(struct ak_buf *to, const struct ak_buf *lists, size_t count,
    bool once);

#endif
