/*
 * backend - the servers behind: which are configured, which are ready, and
 * which is asked.
 *
 * One is ready when it answers /api/version (and the probe, if there is one)
 * and its breaker lets through. All are taken to be until they are seen not to
 * be, so that the first request needs not wait for the first answer.
 */
#include <sys/un.h>

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>

#include "tools/queue/proxy.h"

/* Those who wait while no backend that has their model is ready are told after
 * so long. */
#define DARK (10 * QUEUE_SECOND)

static void
tell(struct queue *q, const struct backend *b, const char *what)
{
	if (q->hooks != NULL && q->hooks->backend != NULL)
		q->hooks->backend(q->hooks->arg, q, b, what);
}

bool
backend_other(const struct queue *q, int than)
{
	for (int i = 0; i < SCHED_BACKENDS; i++)
		if (i != than && q->backends[i].ready)
			return true;
	return false;
}

/* Requests that have seen nothing of an answer go where there is one. */
static void
move_on(struct queue *q, struct backend *b)
{
	struct request *r, *next;

	if (!backend_other(q, b->index))
		return;
	for (r = q->requests; r != NULL; r = next) {
		next = r->next;
		if (r->backend == b->index && r->client != NULL &&
		    r->up != NULL && !r->begun && r->held.data != NULL)
			serve_failed(q, r, "the server does not answer");
	}
}

void
backend_state(struct queue *q, struct backend *b)
{
	bool ready = b->used && b->version_ok && b->probe_ok &&
	    b->breaker != BREAKER_OPEN;
	struct sched_backend set = b->sched;

	set.up = !ready ? SCHED_DOWN : b->drained ? SCHED_DRAIN : SCHED_UP;
	if (b->breaker == BREAKER_HALF)
		set.limit = 1;
	sched_backend_set(q->sched, b->index, &set, q->now);
	q->pick = true;
	if (ready == b->ready)
		return;
	b->ready = ready;
	tell(q, b, ready ? "up" : "down");
	if (ready)
		b->at_ps = b->at_tags = 0;
	else if (b->used) /* one that goes by a reload ends what it has */
		move_on(q, b);
}

static void
breaker(struct queue *q, struct backend *b, enum breaker to, const char *what)
{
	if (b->breaker == to)
		return;
	b->breaker = to;
	b->at_breaker = q->now;
	tell(q, b, what);
	backend_state(q, b);
}

/*
 * What passes without the GPU says nothing of whether it works, and neither do
 * our own questions.
 */
void
backend_result(struct queue *q, const struct request *r, bool well)
{
	struct backend *b;

	if (r->client == NULL || r->backend < 0)
		return;
	b = &q->backends[r->backend];
	b->failures += !well;
	if (r->lane != ROUTE_QUEUE)
		return;
	if (well) {
		b->failed = 0;
		if (b->breaker != BREAKER_CLOSED)
			breaker(q, b, BREAKER_CLOSED, "breaker closed");
		return;
	}
	b->failed++;
	if (b->breaker == BREAKER_HALF ||
	    (q->settings->health.breaker > 0 &&
		b->failed >= q->settings->health.breaker))
		breaker(q, b, BREAKER_OPEN, "breaker open");
}

int
backend_pick(struct queue *q, struct request *r)
{
	uint32_t bits = models_where(q, r);

	/* Always the first: lists do not change from one request to the next,
	 * and a model is made where its blobs were sent. */
	for (int i = 0; i < SCHED_BACKENDS; i++)
		if ((bits >> i & 1) && q->backends[i].ready && i != r->backend)
			return i;
	return -1;
}

void
backend_prune(struct queue *q, struct backend *b, bool all)
{
	int64_t old = q->now - q->settings->timeouts.pool;
	struct upstream *u, *next;

	for (u = b->pool; u != NULL; u = next) {
		next = u->next;
		if (all || u->idle_since < old)
			upstream_close(q, u);
	}
}

void
backend_heard(struct queue *q, struct backend *b)
{
	b->at_byte = q->now;
	if (!b->silent)
		return;
	b->silent = false;
	tell(q, b, "not silent any more");
}

/*
 * Only what is work for the GPU counts: everything else is answered also when
 * Ollama's scheduler hangs.
 */
static void
watch(struct queue *q, struct backend *b, int running)
{
	int64_t limit = q->settings->health.watchdog;

	if (running == 0)
		b->at_rest = q->now;
	if (running == 0 && b->silent)
		backend_heard(q, b);
	if (b->silent || limit <= 0 || q->now - b->at_byte < limit ||
	    q->now - b->at_rest < limit)
		return;
	b->silent = true;
	tell(q, b, "silent");
}

static void
tick_one(struct queue *q, struct backend *b, int running)
{
	if (b->breaker == BREAKER_OPEN &&
	    q->now - b->at_breaker > q->settings->health.breaker_wait)
		breaker(q, b, BREAKER_HALF, "breaker half open");
	backend_prune(q, b, false);
	watch(q, b, running);
	probe_start(q, b);
}

/* They would wait for ever. Many have the model of the one before. */
static void
refuse_dark(struct queue *q)
{
	struct request *r, *next;
	const struct name *last = NULL;
	uint32_t lit = 0, dark = 0;
	bool refuse = false;

	for (int i = 0; i < SCHED_BACKENDS; i++) {
		const struct backend *b = &q->backends[i];

		if (b->used && q->now - b->at_light < DARK)
			lit |= UINT32_C(1) << i;
		else if (b->used)
			dark |= UINT32_C(1) << i;
	}
	for (r = q->requests; dark != 0 && r != NULL; r = next) {
		next = r->next;
		if (r->phase != PHASE_QUEUED)
			continue;
		if (r->lane != ROUTE_QUEUE || r->model != last)
			refuse = (models_where(q, r) & lit) == 0;
		last = r->lane == ROUTE_QUEUE && !refuse ? r->model : NULL;
		if (refuse)
			serve_down(q, r); /* and its name may be gone */
	}
}

void
backend_tick(struct queue *q)
{
	static struct sched_stats stats;
	bool out = false;

	sched_stats(q->sched, q->now, &stats);
	for (int i = 0; i < SCHED_BACKENDS; i++) {
		struct backend *b = &q->backends[i];

		if (!b->used)
			continue;
		tick_one(q, b, stats.backends[i].running);
		if (b->ready)
			b->at_light = q->now;
		out |= !b->ready;
	}
	if (out && q->queued > 0)
		refuse_dark(q);
}

static int
resolve_unix(struct backend *b, const char *path, struct ak_err *err)
{
	struct sockaddr_un *un = (void *)&b->addr;

	if (strlen(path) >= sizeof(un->sun_path))
		return ak_fail(err, AK_CONFIG, "%s: path too long", b->url);
	un->sun_family = AF_UNIX;
	memcpy(un->sun_path, path, strlen(path) + 1);
	b->addr_len = sizeof(*un);
	free(b->host);
	b->host = ak_strdup("localhost");
	return 0;
}

/* A name that is not there yet is asked for again, see backend_look(). */
int
backend_resolve(struct backend *b, struct ak_err *err)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list;
	char host[256], port[8] = "80";
	const char *at, *end, *colon;

	if (ak_starts(b->url, "unix:"))
		return resolve_unix(b, b->url + strlen("unix:"), err);
	if (!ak_starts(b->url, "http://"))
		return ak_fail(err, AK_CONFIG,
		    "%s: neither http://HOST[:PORT] nor unix:/PATH", b->url);
	at = b->url + strlen("http://");
	end = at + strcspn(at, "/");
	colon = memrchr(at, ':', (size_t)(end - at));
	if (colon != NULL && memchr(colon, ']', (size_t)(end - colon)))
		colon = NULL;
	if (colon != NULL)
		snprintf(port, sizeof(port), "%.*s", (int)(end - colon - 1),
		    colon + 1);
	if (b->host == NULL)
		b->host = ak_strndup(at, (size_t)(end - at));
	if (colon != NULL)
		end = colon;
	if (*at == '[' && end[-1] == ']')
		at++, end--;
	if (end <= at || end[strspn(end, "]/:0123456789")] != '\0')
		return ak_fail(err, AK_CONFIG, "%s: no server", b->url);
	snprintf(host, sizeof(host), "%.*s", (int)(end - at), at);
	if (getaddrinfo(host, port, &hints, &list) != 0)
		return 0;
	memcpy(&b->addr, list->ai_addr, list->ai_addrlen);
	b->addr_len = list->ai_addrlen;
	freeaddrinfo(list);
	return 0;
}

static struct backend *
slot_for(struct queue *q, const struct backend_conf *conf)
{
	const char *name = conf->name != NULL ? conf->name : conf->url;
	struct backend *empty = NULL;

	for (int i = SCHED_BACKENDS; i-- > 0;) {
		struct backend *b = &q->backends[i];

		if (b->name != NULL && ak_streq(b->name, name) &&
		    ak_streq(b->url, conf->url))
			return b;
		if (!b->used && !b->kept && b->busy == 0 && b->idle == 0)
			empty = b;
	}
	return empty;
}

static void
forget(struct backend *b)
{
	free(b->name);
	free(b->url);
	free(b->host);
	b->name = b->url = b->host = NULL;
	models_forget(b);
}

static int
setup(struct queue *q, const struct backend_conf *conf, struct ak_err *err)
{
	struct backend *b = slot_for(q, conf);

	if (b == NULL)
		return ak_fail(err, AK_CONFIG, "%s: more than %d backends",
		    conf->url, SCHED_BACKENDS);
	if (b->name == NULL || !ak_streq(b->url, conf->url)) {
		forget(b);
		*b = (struct backend){ .index = (int)(b - q->backends),
			.version_ok = true,
			.probe_ok = true };
		b->url = ak_strdup(conf->url);
		b->name = ak_strdup(conf->name != NULL ? conf->name
						       : conf->url);
		b->drained = conf->draining;
		b->at_byte = b->at_light = q->now;
	}
	free(b->host);
	b->host = conf->host != NULL ? ak_strdup(conf->host) : NULL;
	b->sched = conf->sched;
	b->kept = true;
	return backend_resolve(b, err);
}

int
backend_update(struct queue *q, const struct settings *to, struct ak_err *err)
{
	int well = 0;

	for (int i = 0; i < SCHED_BACKENDS; i++)
		q->backends[i].kept = false;
	for (size_t i = 0; i < to->backend_count && well == 0; i++)
		well = setup(q, &to->backends[i], err);
	if (well == -1)
		return -1;
	for (int i = 0; i < SCHED_BACKENDS; i++) {
		struct backend *b = &q->backends[i];

		if (!b->used && !b->kept)
			continue;
		b->index = i;
		b->used = b->kept;
		backend_state(q, b);
		if (!b->used)
			backend_prune(q, b, true);
	}
	return 0;
}

void
backend_free(struct queue *q)
{
	for (int i = 0; i < SCHED_BACKENDS; i++) {
		backend_prune(q, &q->backends[i], true);
		forget(&q->backends[i]);
	}
}

bool
queue_backend_drain(struct queue *q, int backend, bool on)
{
	struct backend *b = &q->backends[backend];

	if (backend < 0 || backend >= SCHED_BACKENDS || !b->used)
		return false;
	b->drained = on;
	backend_state(q, b);
	tell(q, b, on ? "draining" : "resumed");
	return true;
}
