/*
 * backend_probe - what we ask the backends ourselves: whether they are there,
 * what is resident, and whether they still generate.
 *
 * /api/version and /api/ps stay well while Ollama's scheduler hangs. So a small
 * request to generate goes along that path as well, if a model is named for it;
 * only while the backend is idle, since it must not cost anybody a load.
 */
#include <stdio.h>
#include <string.h>

#include "tools/queue/lex.h"
#include "tools/queue/proxy.h"

/* As one from a client is held. */
static void
write_head(struct ak_buf *to, const char *method, const char *path,
    const char *body)
{
	ak_buf_printf(to, "%s %s HTTP/1.1\r\nUser-Agent: aikit-queue\r\n",
	    method, path);
	if (body != NULL)
		ak_buf_str(to, "Content-Type: application/json\r\n");
	ak_buf_str(to, "\r\n");
}

struct request *
request_own(struct queue *q, int backend, const char *path, const char *body,
    void (*done)(struct queue *, struct request *, void *), void *arg)
{
	struct request *r = request_new(q, NULL);
	AK_BUF struct ak_buf text = { 0 };

	r->method = body != NULL ? HTTP1_POST : HTTP1_GET;
	write_head(&text, body != NULL ? "POST" : "GET", path, body);
	r->held.head_len = (uint32_t)text.len;
	if (body != NULL)
		ak_buf_str(&text, body);
	/* However full memory_max is: a backend is not down for that. */
	r->held.data_len = r->held.cap = (uint32_t)text.len;
	r->held.body_len = text.len - r->held.head_len;
	r->held.data = ak_buf_take(&text);
	q->memory_bytes += r->held.cap;
	r->answer = ak_calloc(1, sizeof(*r->answer));
	r->done = done;
	r->arg = arg;
	r->at_begin = r->at_whole = r->at_run = q->now;
	r->lane = ROUTE_CONTROL;
	r->backend = backend;
	return r;
}

static bool
answered(const struct request *r)
{
	return r->outcome == OUTCOME_OK && r->status == 200;
}

static struct backend *
of(struct queue *q, const struct request *r)
{
	return &q->backends[r->backend];
}

/* Ended at text, printable, of at most size. */
static void
take_version(const struct ak_buf *answer, char *to, size_t size)
{
	struct lex lex = { 0 };
	const char *data = answer->data;
	size_t len = answer->len;
	enum lex_token token;
	bool wanted = false;

	while ((token = lex_next(&lex, &data, &len)) > LEX_MORE) {
		if (wanted && token == LEX_STRING)
			snprintf(to, size, "%.*s", (int)size - 1, lex.text);
		wanted = token == LEX_NAME && lex.depth == 1 &&
		    ak_streq(lex.text, "version");
		lex.keep = wanted;
	}
}

static void
version_done(struct queue *q, struct request *r, void *arg)
{
	const struct health_conf *health = &q->settings->health;
	struct backend *b = of(q, r);
	bool well = answered(r);

	(void)arg;
	b->checking &= ~CHECK_VERSION;
	if (well) {
		b->fails = 0;
		b->passes++;
		take_version(r->answer, b->version, sizeof(b->version));
	} else {
		b->passes = 0;
		b->fails++;
	}
	if (b->version_ok && b->fails >= health->fall)
		b->version_ok = false;
	else if (!b->version_ok && b->passes >= health->rise)
		b->version_ok = true;
	else
		return;
	backend_state(q, b);
}

static void
probe_done(struct queue *q, struct request *r, void *arg)
{
	struct backend *b = of(q, r);
	/* A model that is not there is no fault of the backend. */
	bool well = r->outcome == OUTCOME_OK && r->status < 500;

	(void)arg;
	b->checking &= ~CHECK_PROBE;
	if (b->probe_ok == well)
		return;
	b->probe_ok = well;
	backend_state(q, b);
}

struct resident {
	char names[SCHED_RESIDENT][SCHED_NAME];
	bool known[SCHED_RESIDENT];
	size_t count;
	char gone[SCHED_RESIDENT][SCHED_NAME];
	size_t gone_count;
	int backend;
};

static void
take(void *arg, const char *name)
{
	struct resident *to = arg;

	if (to->count < SCHED_RESIDENT)
		snprintf(to->names[to->count++], SCHED_NAME, "%s", name);
}

static void
compare(void *arg, const struct sched_key_stats *key)
{
	struct resident *seen = arg;

	if (!(key->resident >> seen->backend & 1))
		return;
	for (size_t i = 0; i < seen->count; i++)
		if (ak_streq(seen->names[i], key->model)) {
			seen->known[i] = true;
			return;
		}
	if (key->running == 0 && seen->gone_count < SCHED_RESIDENT)
		snprintf(seen->gone[seen->gone_count++], SCHED_NAME, "%s",
		    key->model);
}

static void
ps_done(struct queue *q, struct request *r, void *arg)
{
	static struct resident seen;
	struct backend *b = of(q, r);

	(void)arg;
	b->checking &= ~CHECK_PS;
	memset(&seen, 0, sizeof(seen));
	seen.backend = b->index;
	if (!answered(r) || models_each(r->answer, take, &seen) == -1)
		return;
	sched_keys(q->sched, compare, &seen);
	for (size_t i = 0; i < seen.gone_count; i++)
		sched_unloaded(q->sched, b->index, seen.gone[i], q->now);
	for (size_t i = 0; i < seen.count; i++)
		if (!seen.known[i])
			sched_loaded(q->sched, b->index, seen.names[i], "",
			    q->now);
	q->pick = true;
}

static void
tags_done(struct queue *q, struct request *r, void *arg)
{
	struct backend *b = of(q, r);

	(void)arg;
	b->checking &= ~CHECK_TAGS;
	if (!answered(r) || models_take(b, r->answer) == -1)
		models_forget(b);
	models_read(q);
}

static void
ask(struct queue *q, struct backend *b, int check, const char *path,
    const char *body, void (*done)(struct queue *, struct request *, void *))
{
	struct request *r;

	b->checking |= check;
	r = request_own(q, b->index, path, body, done, NULL);
	r->deadline = q->now +
	    q->settings->health.timeout * (check == CHECK_PROBE ? 30 : 1);
	upstream_start(q, r, b->index, check == CHECK_VERSION);
}

static bool
idle(struct queue *q, const struct backend *b)
{
	static struct sched_stats stats;

	if (q->queued > 0)
		return false;
	sched_stats(q->sched, q->now, &stats);
	return stats.backends[b->index].running == 0;
}

static void
generate(struct queue *q, struct backend *b)
{
	AK_FREE char *body =
	    ak_printf("{\"model\":\"%s\",\"prompt\":\"1\","
		      "\"stream\":false,\"options\":{\"num_predict\":1}}",
		q->settings->health.probe_model);

	ask(q, b, CHECK_PROBE, "/api/generate", body, probe_done);
}

static bool
due(struct queue *q, struct backend *b, int check, int64_t *last,
    int64_t interval)
{
	if (b->checking & check || interval <= 0 ||
	    (*last != 0 && q->now - *last < interval))
		return false;
	*last = q->now;
	return true;
}

void
probe_tags(struct queue *q, struct backend *b)
{
	if (b->checking & CHECK_TAGS)
		return;
	b->at_tags = q->now;
	ask(q, b, CHECK_TAGS, "/api/tags", NULL, tags_done);
}

void
probe_start(struct queue *q, struct backend *b)
{
	const struct health_conf *health = &q->settings->health;

	if (due(q, b, CHECK_VERSION, &b->at_version, health->interval)) {
		if (b->addr_len == 0 || !b->version_ok)
			backend_look(q, b);
		ask(q, b, CHECK_VERSION, "/api/version", NULL, version_done);
	}
	/* One that does not generate has no work, and is asked whether it does
	 * again. */
	if (b->version_ok && !b->probe_ok && health->probe_model != NULL &&
	    due(q, b, CHECK_PROBE, &b->at_probe, health->probe_interval))
		generate(q, b);
	if (!b->ready)
		return;
	if (due(q, b, CHECK_PS, &b->at_ps, health->residency))
		ask(q, b, CHECK_PS, "/api/ps", NULL, ps_done);
	if (due(q, b, CHECK_TAGS, &b->at_tags, health->models))
		probe_tags(q, b);
	else if (health->models <= 0)
		models_forget(b);
	if (health->probe_model != NULL && idle(q, b) &&
	    due(q, b, CHECK_PROBE, &b->at_probe, health->probe_interval))
		generate(q, b);
}

/* POST /api/generate without a prompt. */
static struct request *
empty(struct queue *q, int backend, const char *model, const char *rest,
    void (*done)(struct queue *, struct request *, void *), void *arg)
{
	AK_BUF struct ak_buf body = { 0 };
	struct request *r;

	ak_buf_str(&body, "{\"model\":\"");
	for (const char *at = model; *at != '\0'; at++) {
		if (*at == '"' || *at == '\\')
			ak_buf_char(&body, '\\');
		ak_buf_char(&body, *at);
	}
	ak_buf_str(&body, rest);
	r = request_own(q, backend, "/api/generate", body.data, done, arg);
	name_put(r->model);
	r->model = name_get(model, strlen(model));
	return r;
}

void
queue_unload(struct queue *q, int backend, const char *model,
    void (*done)(struct queue *, struct request *, void *), void *arg)
{
	struct request *r = empty(q, backend, model, "\",\"keep_alive\":0}",
	    done, arg);

	upstream_start(q, r, backend, false);
}

void
queue_load(struct queue *q, int backend, const char *model,
    void (*done)(struct queue *, struct request *, void *), void *arg)
{
	struct request *r = empty(q, -1, model, "\"}", done, arg);
	char name[SCHED_NAME];

	(void)class_model(model, name);
	name_put(r->model);
	r->model = name_get(name, strlen(name));
	r->lane = ROUTE_QUEUE;
	r->class = 0;
	r->at_run = 0;
	if (backend >= 0)
		r->avoid = (uint16_t) ~(1U << backend);
	serve_whole(q, r);
}
