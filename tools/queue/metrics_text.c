/*
 * metrics_text - all of it as Prometheus reads it.
 *
 * Source: prometheus.io/docs/instrumenting/exposition_formats, text format
 * 0.0.4; names as prometheus.io/docs/practices/naming wants them.
 */
#include <sys/resource.h>

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tools/queue/metrics_impl.h"

#ifndef AK_VERSION
#define AK_VERSION "unknown"
#endif

#define P "aikit_queue_"

static void
family(struct ak_buf *buf, const char *name, const char *type, const char *help)
{
	ak_buf_printf(buf, "# HELP %s %s\n# TYPE %s %s\n", name, help, name,
	    type);
}

static void
label(struct ak_buf *buf, const char *name, const char *value)
{
	ak_buf_char(buf, buf->data[buf->len - 1] == '{' ? '\0' : ',');
	if (buf->data[buf->len - 1] == '\0')
		buf->len--;
	ak_buf_str(buf, name);
	ak_buf_str(buf, "=\"");
	for (; *value != '\0'; value++) {
		if (*value == '\\' || *value == '"')
			ak_buf_char(buf, '\\');
		if (*value == '\n')
			ak_buf_str(buf, "\\n");
		else
			ak_buf_char(buf, *value);
	}
	ak_buf_char(buf, '"');
}

/* us as seconds, exactly. */
static void
seconds(struct ak_buf *buf, int64_t us)
{
	ak_buf_printf(buf, "%lld.%06lld", (long long)(us / QUEUE_SECOND),
	    (long long)(us % QUEUE_SECOND));
}

/* name{a="..."} value, with one label or none. */
static void
sample(struct ak_buf *buf, const char *name, const char *key,
    const char *value, int64_t number)
{
	ak_buf_str(buf, name);
	if (key != NULL) {
		ak_buf_char(buf, '{');
		label(buf, key, value);
		ak_buf_char(buf, '}');
	}
	ak_buf_printf(buf, " %lld\n", (long long)number);
}

static void
sample_seconds(struct ak_buf *buf, const char *name, const char *key,
    const char *value, int64_t us)
{
	ak_buf_str(buf, name);
	if (key != NULL) {
		ak_buf_char(buf, '{');
		label(buf, key, value);
		ak_buf_char(buf, '}');
	}
	ak_buf_char(buf, ' ');
	seconds(buf, us);
	ak_buf_char(buf, '\n');
}

struct labels {
	const char *class, *model; /* NULL: none */
};

static void
open_labels(struct ak_buf *buf, const char *name, const char *suffix,
    const struct labels *labels)
{
	ak_buf_str(buf, name);
	ak_buf_str(buf, suffix);
	ak_buf_char(buf, '{');
	if (labels->class != NULL)
		label(buf, "class", labels->class);
	if (labels->model != NULL)
		label(buf, "model", labels->model);
}

/* "{}" is well-formed, but no labels are nicer without. */
static void
close_labels(struct ak_buf *buf)
{
	if (buf->data[buf->len - 1] == '{')
		buf->len--;
	else
		ak_buf_char(buf, '}');
}

static void
histogram(struct ak_buf *buf, const char *name, const struct labels *labels,
    const struct hist *hist, enum buckets kind)
{
	int64_t sum = 0;

	for (size_t i = 0; i <= BUCKETS; i++)
		sum += hist->counts[i];
	if (sum == 0)
		return;
	sum = 0;
	for (size_t i = 0; i <= BUCKETS; i++) {
		char end[32] = "+Inf";

		if (i < BUCKETS)
			snprintf(end, sizeof(end), "%g",
			    (double)metrics_buckets[kind][i] / 1e6);
		sum += hist->counts[i];
		open_labels(buf, name, "_bucket", labels);
		label(buf, "le", end);
		ak_buf_printf(buf, "} %lld\n", (long long)sum);
	}
	open_labels(buf, name, "_sum", labels);
	close_labels(buf);
	ak_buf_char(buf, ' ');
	seconds(buf, hist->sum);
	ak_buf_char(buf, '\n');
	open_labels(buf, name, "_count", labels);
	close_labels(buf);
	ak_buf_printf(buf, " %lld\n", (long long)sum);
}

static const char *
class_text(const struct metrics *m, size_t class)
{
	return class == 0 ? "none" : class == CLASS_OTHER ? "other" :
	    m->classes[class];
}

/* ---- What was counted. ---- */

static void
put_requests(const struct metrics *m, struct ak_buf *buf)
{
	family(buf, P "requests_total", "counter", "Requests that have ended.");
	for (size_t i = 0; i < SERIES; i++) {
		const struct series *s = &m->series[i];

		if (!s->used)
			continue;
		ak_buf_str(buf, P "requests_total{");
		label(buf, "class", class_text(m, s->class));
		label(buf, "endpoint", s->route ? s->route->path : "other");
		label(buf, "model", m->models[s->model] != NULL ?
		    m->models[s->model]->name : "other");
		ak_buf_printf(buf, ",code=\"%d\"} %lld\n", s->code,
		    (long long)s->count);
	}
}

static void
put_pair(struct ak_buf *buf, const char *name, const char *class,
    const char *key, const char *value, int64_t count)
{
	if (count == 0)
		return;
	ak_buf_printf(buf, "%s{", name);
	label(buf, "class", class);
	label(buf, key, value);
	ak_buf_printf(buf, "} %lld\n", (long long)count);
}

static void
put_ends(const struct metrics *m, struct ak_buf *buf)
{
	family(buf, P "rejected_total", "counter",
	    "Requests refused by the queue itself.");
	for (size_t c = 0; c < CLASSES; c++)
		for (int i = 0; i < REJECTED_REASONS; i++)
			if (m->rejected[c][i] > 0)
				put_pair(buf, P "rejected_total",
				    class_text(m, c), "reason",
				    metrics_rejected_name(i),
				    m->rejected[c][i]);
	family(buf, P "cancelled_total", "counter",
	    "Requests whose client left, or that the operator cancelled.");
	for (size_t c = 0; c < CLASSES; c++)
		for (int i = 0; i < PHASES; i++)
			if (m->cancelled[c][i] > 0)
				put_pair(buf, P "cancelled_total",
				    class_text(m, c), "phase",
				    phase_name((enum phase)i),
				    m->cancelled[c][i]);
}

static void
put_class_hists(const struct metrics *m, struct ak_buf *buf)
{
	family(buf, P "wait_seconds", "histogram",
	    "From being queued to being sent.");
	for (size_t c = 0; c < CLASSES; c++)
		histogram(buf, P "wait_seconds",
		    &(struct labels){ .class = class_text(m, c) }, &m->wait[c],
		    BUCKETS_WAIT);
	family(buf, P "request_duration_seconds", "histogram",
	    "From the first byte of the request to the last of the answer.");
	for (size_t c = 0; c < CLASSES; c++)
		histogram(buf, P "request_duration_seconds",
		    &(struct labels){ .class = class_text(m, c) },
		    &m->duration[c], BUCKETS_ANSWER);
	family(buf, P "overhead_seconds", "histogram",
	    "Time that the queue itself took, without any wait.");
	histogram(buf, P "overhead_seconds", &(struct labels){ 0 }, &m->own,
	    BUCKETS_OWN);
}

static void
put_model_hists(const struct metrics *m, struct ak_buf *buf)
{
	static const struct {
		const char *name, *help;
		size_t at;
		enum buckets kind;
	} hists[] = {
		{ P "upstream_ttfb_seconds",
		    "From sending to the first byte of the answer.",
		    offsetof(struct model_counts, first_byte),
		    BUCKETS_ANSWER },
		{ P "inter_token_seconds", "Between two tokens.",
		    offsetof(struct model_counts, token), BUCKETS_TOKEN },
		{ P "model_load_seconds", "Loads, as the backend tells them.",
		    offsetof(struct model_counts, load), BUCKETS_LOAD },
	};

	for (size_t h = 0; h < AK_COUNT(hists); h++) {
		family(buf, hists[h].name, "histogram", hists[h].help);
		for (size_t i = 1; i < MODELS; i++)
			if (m->models[i] != NULL)
				histogram(buf, hists[h].name,
				    &(struct labels){
					.model = m->models[i]->name },
				    (const void *)((const char *)m->models[i] +
					hists[h].at), hists[h].kind);
	}
	family(buf, P "time_to_first_token_seconds", "histogram",
	    "From the first byte of the request to the first token.");
	for (size_t i = 1; i < MODELS; i++)
		for (size_t c = 0; c < CLASSES && m->models[i] != NULL; c++)
			histogram(buf, P "time_to_first_token_seconds",
			    &(struct labels){ class_text(m, c),
				m->models[i]->name },
			    &m->models[i]->classes[c].first_token,
			    BUCKETS_ANSWER);
}

static void
put_tokens(const struct metrics *m, struct ak_buf *buf)
{
	family(buf, P "prompt_tokens_total", "counter", "Tokens read.");
	for (size_t i = 1; i < MODELS; i++)
		for (size_t c = 0; c < CLASSES && m->models[i] != NULL; c++)
			if (m->models[i]->classes[c].prompt > 0)
				put_pair(buf, P "prompt_tokens_total",
				    class_text(m, c), "model",
				    m->models[i]->name,
				    m->models[i]->classes[c].prompt);
	family(buf, P "generated_tokens_total", "counter", "Tokens made.");
	for (size_t i = 1; i < MODELS; i++)
		for (size_t c = 0; c < CLASSES && m->models[i] != NULL; c++)
			if (m->models[i]->classes[c].generated > 0)
				put_pair(buf, P "generated_tokens_total",
				    class_text(m, c), "model",
				    m->models[i]->name,
				    m->models[i]->classes[c].generated);
}

/* ---- What is asked of others. ---- */

static void
put_classes(const struct queue *q, const struct sched_stats *stats,
    struct ak_buf *buf)
{
	const struct sched_class *classes = q->settings->sched.classes;
	int64_t limit = q->settings->sched.queue_limit;
	int64_t gap = 0;

#define EACH_CLASS(i) \
	for (int i = 0; i < SCHED_CLASSES && classes[i].name[0]; i++)
	family(buf, P "depth", "gauge", "Requests that wait.");
	EACH_CLASS(i)
		sample(buf, P "depth", "class", classes[i].name,
		    stats->classes[i].queued);
	family(buf, P "depth_limit", "gauge", "How many may wait.");
	EACH_CLASS(i)
		sample(buf, P "depth_limit", "class", classes[i].name,
		    classes[i].queue_limit > 0 ? classes[i].queue_limit :
						 limit);
	family(buf, P "oldest_wait_seconds", "gauge",
	    "How long the one that waits longest has.");
	EACH_CLASS(i)
		sample_seconds(buf, P "oldest_wait_seconds", "class",
		    classes[i].name, stats->classes[i].oldest_wait);
	family(buf, P "gpu_busy_seconds_total", "counter",
	    "Time that slots of backends worked.");
	EACH_CLASS(i)
		sample_seconds(buf, P "gpu_busy_seconds_total", "class",
		    classes[i].name, stats->classes[i].gpu_us);
	family(buf, P "starvation_promotions_total", "counter",
	    "Requests that went first since they had waited max_wait.");
	EACH_CLASS(i)
		sample(buf, P "starvation_promotions_total", "class",
		    classes[i].name, stats->classes[i].promotions);
	family(buf, P "paused", "gauge", "1: starts nothing now.");
	EACH_CLASS(i) {
		AK_FREE char *scope = ak_printf("class:%s", classes[i].name);

		sample(buf, P "paused", "scope", scope,
		    stats->classes[i].paused);
		gap = stats->classes[i].gap > gap ? stats->classes[i].gap : gap;
	}
#undef EACH_CLASS
	family(buf, P "fairness_gap_tokens", "gauge",
	    "How far apart clients with work are, in weighted tokens.");
	sample(buf, P "fairness_gap_tokens", NULL, NULL, gap);
}

static void
put_switches(const struct sched_stats *stats, struct ak_buf *buf)
{
	family(buf, P "model_switches_total", "counter",
	    "Loads that the scheduler decided on.");
	for (int i = 0; i < SCHED_CAUSES; i++)
		sample(buf, P "model_switches_total", "reason",
		    sched_cause_name((enum sched_cause)i), stats->switches[i]);
	family(buf, P "switch_seconds_total", "counter",
	    "Time that they took.");
	sample_seconds(buf, P "switch_seconds_total", NULL, NULL,
	    stats->switch_us);
	family(buf, P "switches_failed_total", "counter",
	    "Loads that came to nothing.");
	sample(buf, P "switches_failed_total", NULL, NULL,
	    stats->switches_failed);
	family(buf, P "preempted_total", "counter",
	    "Requests stopped for better work, and queued again.");
	sample(buf, P "preempted_total", NULL, NULL, stats->preempted);
}

/* Numbers of one model on the backends. */
struct of_model {
	const char *model;
	int running[SCHED_BACKENDS];
	uint32_t resident;
};

struct of_models {
	struct of_model *models;
	size_t count;
};

static struct of_model *
of_model(struct of_models *all, const char *model)
{
	for (size_t i = 0; i < all->count; i++)
		if (ak_streq(all->models[i].model, model))
			return &all->models[i];
	all->models = ak_resize(all->models, all->count + 1,
	    sizeof(*all->models));
	all->models[all->count] = (struct of_model){ .model = model };
	return &all->models[all->count++];
}

/* One model may be several keys, by its options. */
static void
each_key(void *arg, const struct sched_key_stats *key)
{
	if (key->resident != 0)
		of_model(arg, key->model)->resident |= key->resident;
}

static void
put_models(const struct queue *q, struct ak_buf *buf)
{
	struct of_models all = { 0 };

	sched_keys(q->sched, each_key, &all);
	for (const struct request *r = q->requests; r != NULL; r = r->next)
		if (r->backend >= 0 && r->model != NULL && r->sched_id != 0 &&
		    r->phase > PHASE_QUEUED && r->phase < PHASE_ENDED)
			of_model(&all, r->model->text)->running[r->backend]++;
	family(buf, P "running", "gauge", "Requests that a backend works on.");
	for (size_t i = 0; i < all.count; i++)
		for (int b = 0; b < SCHED_BACKENDS; b++)
			if (all.models[i].running[b] > 0) {
				ak_buf_str(buf, P "running{");
				label(buf, "backend", q->backends[b].name);
				label(buf, "model", all.models[i].model);
				ak_buf_printf(buf, "} %d\n",
				    all.models[i].running[b]);
			}
	family(buf, P "backend_resident", "gauge", "1: the model is loaded.");
	for (size_t i = 0; i < all.count; i++)
		for (int b = 0; b < SCHED_BACKENDS; b++)
			if ((all.models[i].resident >> b & 1) != 0 &&
			    q->backends[b].used) {
				ak_buf_str(buf, P "backend_resident{");
				label(buf, "backend", q->backends[b].name);
				label(buf, "model", all.models[i].model);
				ak_buf_str(buf, "} 1\n");
			}
	free(all.models);
}

static int
slots(const struct backend *b)
{
	return b->sched.limit > 0 ? b->sched.limit :
	    b->sched.slots * b->sched.loaded_max;
}

static void
put_backends(const struct queue *q, struct ak_buf *buf)
{
	static const struct {
		const char *name, *type, *help;
	} families[] = {
		{ P "slots", "gauge", "Requests that it takes at once." },
		{ P "backend_up", "gauge", "1: answers and may be sent to." },
		{ P "breaker_state", "gauge",
		    "0: closed, 1: open, 2: one is let through." },
		{ P "backend_requests_total", "counter", "Sent to it." },
		{ P "backend_failures_total", "counter", "That it failed." },
	};

	for (size_t f = 0; f < AK_COUNT(families); f++) {
		family(buf, families[f].name, families[f].type,
		    families[f].help);
		for (int i = 0; i < SCHED_BACKENDS; i++) {
			const struct backend *b = &q->backends[i];
			const int64_t values[] = { slots(b), b->ready,
				(int64_t)b->breaker, b->requests,
				b->failures };

			if (b->used)
				sample(buf, families[f].name, "backend",
				    b->name, values[f]);
		}
	}
}

static void
each_client(void *arg, const struct sched_client_stats *client)
{
	sample(arg, P "client_tokens_total", "client", client->name,
	    client->prompt + client->generated);
}

static void
put_counters(const struct queue *q, int64_t dropped, struct ak_buf *buf)
{
	const struct counters *c = &q->counters;
	const struct {
		const char *name, *type, *help;
		int64_t value;
	} plain[] = {
		{ P "connections", "gauge", "Connections of clients.",
		    q->client_count },
		{ P "accepted_total", "counter", "Connections accepted.",
		    c->accepted },
		{ P "accept_throttled_total", "counter",
		    "Times that accepting stopped for want of files.",
		    c->throttled },
		{ P "retried_total", "counter",
		    "Requests sent to another backend.", c->retried },
		{ P "replayed_total", "counter",
		    "Requests sent anew when a kept connection had died.",
		    c->replayed },
		{ P "upstream_connects_total", "counter",
		    "Connections opened to backends.", c->upstream_connects },
		{ P "upstream_malformed_total", "counter",
		    "Answers of backends that were no HTTP.",
		    c->upstream_bad },
		{ P "body_memory_bytes", "gauge", "Bodies held in memory.",
		    q->memory_bytes },
		{ P "spilled_bytes", "gauge", "Bodies held on disk.",
		    q->spilled_bytes },
		{ P "log_dropped_total", "counter",
		    "Lines of the access log that nobody took.", dropped },
	};

	for (size_t i = 0; i < AK_COUNT(plain); i++) {
		family(buf, plain[i].name, plain[i].type, plain[i].help);
		sample(buf, plain[i].name, NULL, NULL, plain[i].value);
	}
	family(buf, P "parse_errors_total", "counter",
	    "Requests that were no HTTP as it must be.");
	for (int i = 1; i < HTTP1_BADS; i++)
		if (c->bad[i] > 0)
			sample(buf, P "parse_errors_total", "kind",
			    http1_kind((enum http1_bad)i), c->bad[i]);
}

static int64_t
open_files(int dir)
{
	char buf[4096];
	int64_t count = 0;
	ssize_t got;

	if (dir == -1 || lseek(dir, 0, SEEK_SET) == -1)
		return -1;
	while ((got = getdents64(dir, buf, sizeof(buf))) > 0)
		for (ssize_t at = 0; at < got; count++) {
			struct dirent64 *entry = (void *)(buf + at);

			at += entry->d_reclen;
		}
	return count - 2; /* . and .. */
}

static void
put_process(const struct metrics *m, struct ak_buf *buf)
{
	char text[128] = "";
	long long size, pages;
	int64_t files = open_files(m->fds);
	struct rusage usage;

	if (m->statm != -1 && pread(m->statm, text, sizeof(text) - 1, 0) > 0 &&
	    sscanf(text, "%20lld %20lld", &size, &pages) == 2) {
		family(buf, "process_resident_memory_bytes", "gauge",
		    "Resident memory.");
		sample(buf, "process_resident_memory_bytes", NULL, NULL,
		    pages * sysconf(_SC_PAGESIZE));
	}
	if (files >= 0) {
		family(buf, "process_open_fds", "gauge", "Open descriptors.");
		sample(buf, "process_open_fds", NULL, NULL, files);
	}
	getrusage(RUSAGE_SELF, &usage);
	family(buf, "process_cpu_seconds_total", "counter", "CPU time used.");
	sample_seconds(buf, "process_cpu_seconds_total", NULL, NULL,
	    (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * QUEUE_SECOND +
		usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

void
metrics_text(struct metrics *m, const struct queue *q, bool client_labels,
    int64_t dropped, struct ak_buf *buf)
{
	struct sched_stats stats;

	sched_stats(q->sched, q->now, &stats);
	family(buf, P "build_info", "gauge", "Always 1.");
	sample(buf, P "build_info", "version", AK_VERSION, 1);
	put_requests(m, buf);
	put_classes(q, &stats, buf);
	put_class_hists(m, buf);
	put_ends(m, buf);
	put_models(q, buf);
	put_model_hists(m, buf);
	put_tokens(m, buf);
	put_switches(&stats, buf);
	put_backends(q, buf);
	if (client_labels) {
		family(buf, P "client_tokens_total", "counter",
		    "Tokens read and made for a client.");
		sched_clients(q->sched, each_client, buf);
	}
	put_counters(q, dropped, buf);
	put_process(m, buf);
}
