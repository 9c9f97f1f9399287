/*
 * tell - records of what is there: status, classes, clients, models, backends.
 */
#include <stdio.h>
#include <string.h>

#include "tools/queue/operate.h"

static const char *
gate_name(enum sched_gate gate)
{
	static const char *const names[] = {
		[SCHED_OPEN] = NULL, /* nothing to tell */
		[SCHED_PAUSED] = "paused",
		[SCHED_DRAINING] = "draining",
	};

	return names[gate];
}

int64_t
tell_time(const struct app *app, int64_t us)
{
	return app->clock + us * 1000;
}

static int
backends_ready(const struct queue *q)
{
	int ready = 0;

	for (int i = 0; i < SCHED_BACKENDS; i++)
		ready += q->backends[i].used && q->backends[i].ready;
	return ready;
}

void
tell_status(const struct app *app, struct queue *q, struct ak_buf *buf)
{
	struct sched_stats stats;

	sched_stats(q->sched, q->now, &stats);
	put_begin(buf, "status");
	put_bool(buf, "ready", backends_ready(q) > 0 && !q->draining);
	put_str(buf, "state", gate_name(stats.gate));
	if (q->draining)
		put_bool(buf, "draining", true);
	put_int(buf, "queued", stats.queued);
	put_int(buf, "running", stats.running);
	put_int(buf, "connections", q->client_count);
	put_int(buf, "requests", q->counters.requests);
	put_int(buf, "refused", q->counters.refused);
	put_int(buf, "backends_ready", backends_ready(q));
	put_int(buf, "body_memory_bytes", q->memory_bytes);
	put_int(buf, "body_spilled_bytes", q->spilled_bytes);
	put_seconds(buf, "uptime_seconds", q->now - app->started);
	put_str(buf, "config", app->path);
	put_int(buf, "overrides", (int64_t)app->override_count);
	put_end(buf);
}

void
tell_classes(struct queue *q, struct ak_buf *buf)
{
	const struct sched_class *classes = q->settings->sched.classes;
	struct sched_stats stats;

	sched_stats(q->sched, q->now, &stats);
	for (int i = 0; i < SCHED_CLASSES && classes[i].name[0]; i++) {
		put_begin(buf, "class");
		put_str(buf, "class", classes[i].name);
		put_int(buf, "queued", stats.classes[i].queued);
		put_int(buf, "running", stats.classes[i].running);
		if (classes[i].limit > 0)
			put_int(buf, "limit", classes[i].limit);
		put_seconds(buf, "oldest_wait_seconds",
		    stats.classes[i].oldest_wait);
		put_seconds(buf, "estimate_seconds",
		    sched_estimate_class(q->sched, i, q->now));
		put_number(buf, "share", stats.classes[i].share / 1000.0);
		put_seconds(buf, "gpu_seconds", stats.classes[i].gpu_us);
		put_int(buf, "promotions", stats.classes[i].promotions);
		put_str(buf, "state", gate_name(stats.classes[i].gate));
		put_end(buf);
	}
}

static void
client(void *arg, const struct sched_client_stats *client)
{
	struct ak_buf *buf = arg;

	put_begin(buf, "client");
	put_str(buf, "client", client->name);
	put_int(buf, "queued", client->queued);
	put_int(buf, "running", client->running);
	put_int(buf, "weight", client->weight);
	put_int(buf, "prompt_tokens", client->prompt);
	put_int(buf, "generated_tokens", client->generated);
	put_seconds(buf, "gpu_seconds", client->gpu_us);
	put_str(buf, "state", gate_name(client->gate));
	put_end(buf);
}

void
tell_clients(struct queue *q, struct ak_buf *buf)
{
	sched_clients(q->sched, client, buf);
}

struct models {
	const struct queue *q;
	struct ak_buf *buf;
};

static void
model(void *arg, const struct sched_key_stats *key)
{
	struct models *to = arg;
	AK_BUF struct ak_buf names = { 0 };

	for (int i = 0; i < SCHED_BACKENDS; i++)
		if ((key->resident >> i & 1) != 0 && to->q->backends[i].used)
			ak_buf_printf(&names, "%s%s", names.len ? " " : "",
			    to->q->backends[i].name);
	put_begin(to->buf, "model");
	put_str(to->buf, "model", key->model);
	if (key->options != NULL && *key->options != '\0')
		put_str(to->buf, "options", key->options);
	put_int(to->buf, "queued", key->queued);
	put_int(to->buf, "running", key->running);
	if (names.len > 0)
		put_str(to->buf, "loaded_on", names.data);
	if (key->load_us > 0)
		put_seconds(to->buf, "load_seconds", key->load_us);
	if (key->tokens_per_second > 0)
		put_number(to->buf, "tokens_per_second",
		    key->tokens_per_second);
	put_str(to->buf, "state", gate_name(key->gate));
	put_end(to->buf);
}

void
tell_models(struct queue *q, struct ak_buf *buf)
{
	sched_keys(q->sched, model, &(struct models){ q, buf });
}

static const char *
backend_word(const struct backend *b)
{
	if (b->drained)
		return "drained";
	if (b->breaker == BREAKER_OPEN)
		return "breaker open";
	if (b->ready)
		return b->silent ? "silent" : "up";
	return b->version_ok && !b->probe_ok ? "does not generate" : "down";
}

void
tell_backends(struct queue *q, struct ak_buf *buf)
{
	struct sched_stats stats;

	sched_stats(q->sched, q->now, &stats);
	for (int i = 0; i < SCHED_BACKENDS; i++) {
		const struct backend *b = &q->backends[i];
		const char *gate = gate_name(stats.backends[i].gate);

		if (!b->used)
			continue;
		put_begin(buf, "backend");
		put_str(buf, "backend", b->name);
		put_str(buf, "url", b->url);
		put_str(buf, "state",
		    gate != NULL && b->ready ? gate : backend_word(b));
		if (b->version[0] != '\0')
			put_str(buf, "version", b->version);
		put_int(buf, "running", stats.backends[i].running);
		put_int(buf, "slots", b->sched.slots);
		put_int(buf, "loaded", stats.backends[i].resident);
		if (stats.backends[i].switching)
			put_bool(buf, "switching", true);
		put_int(buf, "requests", b->requests);
		put_int(buf, "failures", b->failures);
		put_end(buf);
	}
}

void
tell_event(const struct app *app, const struct queue *q,
    const struct backend *b, const char *what, struct ak_buf *buf)
{
	put_begin(buf, "backend_change");
	put_time(buf, "time", tell_time(app, q->now));
	put_str(buf, "backend", b->name);
	put_str(buf, "what", what);
	put_str(buf, "state", backend_word(b));
	put_end(buf);
}

static void
setting(void *arg, const char *section, const char *key, const char *value,
    bool given)
{
	struct ak_buf *buf = arg;

	put_begin(buf, "queue_key");
	put_str(buf, "section", section);
	put_str(buf, "key", key);
	put_str(buf, "value", value);
	put_bool(buf, "default", !given);
	put_end(buf);
}

void
tell_config(const struct config *config, struct ak_buf *buf)
{
	conf_each(config, true, setting, buf);
}
