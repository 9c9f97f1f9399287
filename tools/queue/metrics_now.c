/*
 * metrics_now - what is true at this moment, asked of those who know.
 */
#include <sys/resource.h>

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/queue/metrics_impl.h"

#ifndef AK_VERSION
#define AK_VERSION "unknown"
#endif

/* A family of one. */
static void
put_one(struct ak_buf *buf, const char *name, const char *help, int64_t value)
{
	metrics_family(buf, name, help);
	metrics_sample(buf, name, NULL, NULL, value);
}

static void
put_seconds_of(struct ak_buf *buf, const char *name, const char *help,
    int64_t us)
{
	metrics_family(buf, name, help);
	metrics_sample_seconds(buf, name, NULL, NULL, us);
}

static void
put_classes(const struct queue *q, const struct sched_stats *stats,
    struct ak_buf *buf)
{
	static const struct {
		const char *name, *help;
		bool seconds;
	} families[] = {
		{ "depth", "Requests that wait.", false },
		{ "depth_limit", "How many may wait.", false },
		{ "oldest_wait_seconds",
		    "How long the one that waits longest has.", true },
		{ "gpu_busy_seconds_total",
		    "Time that slots of backends worked.", true },
		{ "starvation_promotions_total",
		    "Requests that went first since they had waited max_wait.",
		    false },
	};
	const struct sched_class *classes = q->settings->sched.classes;

	for (size_t f = 0; f < AK_COUNT(families); f++) {
		metrics_family(buf, families[f].name, families[f].help);
		for (int i = 0; i < SCHED_CLASSES && classes[i].name[0]; i++) {
			const int64_t values[] = { stats->classes[i].queued,
				classes[i].queue_limit > 0
				    ? classes[i].queue_limit
				    : q->settings->sched.queue_limit,
				stats->classes[i].oldest_wait,
				stats->classes[i].gpu_us,
				stats->classes[i].promotions };

			(families[f].seconds ? metrics_sample_seconds
					     : metrics_sample)(buf,
			    families[f].name, "class", classes[i].name,
			    values[f]);
		}
	}
}

static void
put_gates(const struct queue *q, const struct sched_stats *stats,
    struct ak_buf *buf)
{
	const struct sched_class *classes = q->settings->sched.classes;
	int64_t gap = 0;

	metrics_family(buf, "paused", "1: starts nothing now.");
	metrics_sample(buf, "paused", "scope", "all",
	    stats->gate == SCHED_PAUSED);
	for (int i = 0; i < SCHED_CLASSES && classes[i].name[0]; i++) {
		AK_FREE char *scope = ak_printf("class:%s", classes[i].name);

		metrics_sample(buf, "paused", "scope", scope,
		    stats->classes[i].gate == SCHED_PAUSED);
		gap = stats->classes[i].gap > gap ? stats->classes[i].gap : gap;
	}
	put_one(buf, "fairness_gap_tokens",
	    "How far apart clients with work are, in weighted tokens.", gap);
}

static void
put_switches(const struct sched_stats *stats, struct ak_buf *buf)
{
	put_seconds_of(buf, "switch_seconds_total", "Time that loads took.",
	    stats->switch_us);
	put_one(buf, "switches_failed_total", "Loads that came to nothing.",
	    stats->switches_failed);
	put_one(buf, "preempted_total",
	    "Requests stopped for better work, and queued again.",
	    stats->preempted);
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
	metrics_family(buf, "running", "Requests that a backend works on.");
	for (size_t i = 0; i < all.count; i++)
		for (int b = 0; b < SCHED_BACKENDS; b++)
			metrics_pair(buf, "running",
			    &(struct metrics_pair){ "backend",
				q->backends[b].name, "model",
				all.models[i].model },
			    all.models[i].running[b]);
	metrics_family(buf, "backend_resident", "1: the model is loaded.");
	for (size_t i = 0; i < all.count; i++)
		for (int b = 0; b < SCHED_BACKENDS; b++)
			metrics_pair(buf, "backend_resident",
			    &(struct metrics_pair){ "backend",
				q->backends[b].name, "model",
				all.models[i].model },
			    q->backends[b].used &&
				(all.models[i].resident >> b & 1));
	free(all.models);
}

static int
slots(const struct backend *b)
{
	return b->sched.limit > 0 ? b->sched.limit
				  : b->sched.slots * b->sched.loaded_max;
}

static void
put_backends(const struct queue *q, struct ak_buf *buf)
{
	static const struct {
		const char *name, *help;
	} families[] = {
		{ "slots", "Requests that it takes at once." },
		{ "backend_up", "1: answers and may be sent to." },
		{ "backend_silent",
		    "1: busy, and no byte for longer than watchdog." },
		{ "breaker_state",
		    "0: closed, 1: open, 2: one is let through." },
		{ "backend_requests_total", "Sent to it." },
		{ "backend_failures_total", "That it failed." },
	};

	for (size_t f = 0; f < AK_COUNT(families); f++) {
		metrics_family(buf, families[f].name, families[f].help);
		for (int i = 0; i < SCHED_BACKENDS; i++) {
			const struct backend *b = &q->backends[i];
			const int64_t values[] = { slots(b), b->ready,
				b->silent, (int64_t)b->breaker, b->requests,
				b->failures };

			if (b->used)
				metrics_sample(buf, families[f].name, "backend",
				    b->name, values[f]);
		}
	}
}

static void
each_client(void *arg, const struct sched_client_stats *client)
{
	metrics_sample(arg, "client_tokens_total", "client", client->name,
	    client->prompt + client->generated);
}

static void
put_counters(const struct queue *q, int64_t dropped, struct ak_buf *buf)
{
	/* A name, its help, the next name: without a pointer to each. */
	static const char plain[] =
	    "connections\0"
	    "Connections of clients.\0"
	    "accepted_total\0"
	    "Connections accepted.\0"
	    "accept_throttled_total\0"
	    "Times that accepting stopped for want of files.\0"
	    "retried_total\0"
	    "Requests sent to another backend.\0"
	    "replayed_total\0"
	    "Requests sent anew when a kept connection had died.\0"
	    "upstream_connects_total\0"
	    "Connections opened to backends.\0"
	    "upstream_malformed_total\0"
	    "Answers of backends that were no HTTP.\0"
	    "body_memory_bytes\0"
	    "Bodies held in memory.\0"
	    "spilled_bytes\0"
	    "Bodies held on disk.\0"
	    "log_dropped_total\0"
	    "Lines of the access log that nobody took.\0";
	const struct counters *c = &q->counters;
	const int64_t values[] = { q->client_count, c->accepted, c->throttled,
		c->retried, c->replayed, c->upstream_connects, c->upstream_bad,
		q->memory_bytes, q->spilled_bytes, dropped };
	const char *name = plain;

	for (size_t i = 0; i < AK_COUNT(values); i++) {
		const char *help = name + strlen(name) + 1;

		put_one(buf, name, help, values[i]);
		name = help + strlen(help) + 1;
	}
	metrics_family(buf, "parse_errors_total",
	    "Requests that were no HTTP as it must be.");
	for (int i = 1; i < HTTP1_BADS; i++)
		if (c->bad[i] > 0)
			metrics_sample(buf, "parse_errors_total", "kind",
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
	const char *resident;
	int64_t files = open_files(m->fds);
	struct rusage usage;

	/* The second number, in pages: proc_pid_statm(5). */
	if (m->statm != -1 && pread(m->statm, text, sizeof(text) - 1, 0) > 0 &&
	    (resident = strchr(text, ' ')) != NULL)
		put_one(buf, "process_resident_memory_bytes",
		    "Resident memory.",
		    strtol(resident, NULL, 10) * sysconf(_SC_PAGESIZE));
	if (files >= 0)
		put_one(buf, "process_open_fds", "Open descriptors.", files);
	getrusage(RUSAGE_SELF, &usage);
	put_seconds_of(buf, "process_cpu_seconds_total", "CPU time used.",
	    (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * QUEUE_SECOND +
		usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

void
metrics_text(struct metrics *m, const struct queue *q, bool client_labels,
    int64_t dropped, struct ak_buf *buf)
{
	struct sched_stats stats;

	sched_stats(q->sched, q->now, &stats);
	metrics_family(buf, "build_info", "Always 1.");
	metrics_sample(buf, "build_info", "version", AK_VERSION, 1);
	metrics_counted(m, buf);
	put_classes(q, &stats, buf);
	put_gates(q, &stats, buf);
	put_models(q, buf);
	put_switches(&stats, buf);
	put_backends(q, buf);
	if (client_labels) {
		metrics_family(buf, "client_tokens_total",
		    "Tokens read and made for a client.");
		sched_clients(q->sched, each_client, buf);
	}
	put_counters(q, dropped, buf);
	put_process(m, buf);
}
