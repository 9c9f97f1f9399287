/*
 * models - which backend has which model, and what is configured for it.
 *
 * Each backend is asked for its list (/api/tags) now and then, after a request
 * that changes it, and when a model is asked for that none has: then the
 * request waits for the answer, since models also come past the queue. What no
 * list has is refused at once; where no list could be read, the backend
 * decides.
 */
#include <fnmatch.h>
#include <string.h>
#include <strings.h>

#include "tools/queue/lex.h"
#include "tools/queue/proxy.h"

/* So old a list is not read again for a name that it has not. */
#define FRESH (QUEUE_SECOND / 4)

const struct model_conf *
models_conf(const struct settings *s, const char *name)
{
	for (size_t i = 0; i < s->model_count; i++)
		if (ak_streq(s->models[i].name, name))
			return &s->models[i];
	for (size_t i = 0; i < s->model_count; i++)
		if (fnmatch(s->models[i].name, name, 0) == 0)
			return &s->models[i];
	return NULL;
}

/* ---- Lists. ---- */

/* Ollama takes names in any case. */
static int
by_name(const void *a, const void *b)
{
	char *const *x = a, *const *y = b;

	return strcasecmp(*x, *y);
}

void
models_forget(struct backend *b)
{
	for (size_t i = 0; i < b->model_count; i++)
		free(b->models[i]);
	free(b->models);
	b->models = NULL;
	b->model_count = 0;
	b->listed = false;
}

int
models_each(const struct ak_buf *answer, void (*each)(void *, const char *),
    void *arg)
{
	struct lex lex = { 0 };
	const char *data = answer->data;
	size_t len = answer->len;
	enum lex_token token;
	char name[SCHED_NAME];
	bool wanted = false;

	while ((token = lex_next(&lex, &data, &len)) > LEX_MORE) {
		if (wanted && token == LEX_STRING && !lex.cut) {
			(void)class_model(lex.text, name);
			each(arg, name);
		}
		wanted = token == LEX_NAME && lex.depth == 3 &&
		    ak_streq(lex.text, "model");
		lex.keep = wanted;
	}
	return lex_end(&lex);
}

static void
take(void *arg, const char *name)
{
	struct backend *b = arg;

	b->models = ak_resize(b->models, b->model_count + 1,
	    sizeof(*b->models));
	b->models[b->model_count++] = ak_strdup(name);
}

int
models_take(struct backend *b, const struct ak_buf *answer)
{
	models_forget(b);
	if (models_each(answer, take, b) == -1) {
		models_forget(b);
		return -1;
	}
	if (b->model_count > 0)
		qsort(b->models, b->model_count, sizeof(*b->models), by_name);
	b->listed = true;
	return 0;
}

/* As the backend spells it; NULL when it has it not. */
static const char *
spelled(const struct backend *b, const char *name)
{
	char **found = NULL;

	if (b->model_count > 0)
		found = bsearch(&name, b->models, b->model_count,
		    sizeof(*b->models), by_name);
	return found != NULL ? *found : NULL;
}

/* ---- One request. ---- */

/* The backends that may be asked for it, as bits. */
static uint32_t
holders(struct queue *q, struct request *r, uint32_t allowed)
{
	const char *name = NULL;
	uint32_t bits = 0;

	for (int i = 0; i < SCHED_BACKENDS; i++) {
		const struct backend *b = &q->backends[i];

		if (!b->used || (allowed != 0 && !(allowed >> i & 1)))
			continue;
		if (b->listed && (name = spelled(b, r->model->text)) == NULL)
			continue;
		bits |= UINT32_C(1) << i;
		if (name != NULL && !ak_streq(name, r->model->text)) {
			name_put(r->model);
			r->model = name_get(name, strlen(name));
		}
	}
	return bits;
}

bool
models_has(const struct backend *b, const char *name)
{
	return !b->listed || spelled(b, name) != NULL;
}

static uint32_t
used(const struct queue *q)
{
	uint32_t bits = 0;

	for (int i = 0; i < SCHED_BACKENDS; i++)
		if (q->backends[i].used)
			bits |= UINT32_C(1) << i;
	return bits;
}

uint32_t
models_tell(struct queue *q, struct request *r)
{
	const struct model_conf *conf = models_conf(q->settings,
	    r->model->text);
	struct sched_model set = { 0 };
	uint32_t bits, all = used(q);

	if (conf != NULL)
		set = conf->sched;
	set.backends = queue_numbers(q, set.backends);
	bits = holders(q, r, set.backends);
	if (bits == 0)
		return 0;
	set.backends = bits == all ? 0 : bits;
	/* A model for embeddings has one slot, whatever its server has. */
	if (r->work == ROUTE_EMBED && set.slots == 0)
		set.slots = 1;
	q->embedded |= set.slots == 1;
	/* Of one backend sched knows no more than that. */
	if (conf != NULL || q->embedded || (all & (all - 1)) != 0)
		sched_model_set(q->sched, r->model->text, &set);
	return bits;
}

struct loaded {
	const char *model;
	uint32_t bits;
};

static void
loaded(void *arg, const struct sched_key_stats *key)
{
	struct loaded *to = arg;

	if (ak_streq(key->model, to->model))
		to->bits |= key->resident;
}

uint32_t
models_where(struct queue *q, struct request *r)
{
	struct loaded at = { r->model->text, 0 };
	const struct model_conf *conf;
	uint32_t bits = 0;

	if (r->lane == ROUTE_CONTROL)
		sched_keys(q->sched, loaded, &at);
	if (at.bits != 0)
		return at.bits;
	if (r->model->text[0] != '\0') {
		conf = models_conf(q->settings, r->model->text);
		bits = holders(q, r,
		    conf != NULL ? queue_numbers(q, conf->sched.backends) : 0);
	}
	/* That it is nowhere is for the backend to say. */
	return bits != 0 ? bits : used(q);
}

/* ---- When to read them again. ---- */

static bool
reading(const struct queue *q)
{
	for (int i = 0; i < SCHED_BACKENDS; i++)
		if (q->backends[i].checking & CHECK_TAGS)
			return true;
	return false;
}

bool
models_wait(struct queue *q, struct request *r)
{
	for (int i = 0; i < SCHED_BACKENDS; i++) {
		struct backend *b = &q->backends[i];

		if (b->used && b->ready && b->listed &&
		    q->now - b->at_tags >= FRESH)
			probe_tags(q, b);
	}
	if (!reading(q))
		return false;
	r->phase = PHASE_QUEUED;
	r->asking = true;
	q->asking++;
	return true;
}

void
models_read(struct queue *q)
{
	struct request *r, *next;

	for (r = q->requests; r != NULL; r = r->next)
		if (r->sched_id != 0 && r->phase == PHASE_QUEUED)
			(void)models_tell(q, r);
	q->pick = true;
	if (q->asking == 0 || reading(q))
		return;
	for (r = q->requests; r != NULL; r = next) {
		next = r->next;
		if (r->asking)
			serve_known(q, r);
	}
}

void
models_changed(struct queue *q, const struct request *r)
{
	static const char *const paths[] = { "/api/pull", "/api/create",
		"/api/copy", "/api/delete" };

	if (r->route == NULL || r->backend < 0)
		return;
	if (r->lane == ROUTE_CONTROL)
		q->backends[r->backend].at_ps = 0;
	if (!r->route->guarded)
		return;
	for (size_t i = 0; i < AK_COUNT(paths); i++)
		if (ak_streq(r->route->path, paths[i]))
			q->backends[r->backend].at_tags = 0;
}
