/*
 * metrics_text - all of it as Prometheus reads it.
 *
 * Source: prometheus.io/docs/instrumenting/exposition_formats, text format
 * 0.0.4; names as prometheus.io/docs/practices/naming wants them.
 */
#include <stdio.h>

#include "tools/queue/metrics_impl.h"

void
metrics_name(struct ak_buf *buf, const char *name)
{
	if (!ak_starts(name, "process_"))
		ak_buf_str(buf, "aikit_queue_");
	ak_buf_str(buf, name);
}

static void
family(struct ak_buf *buf, const char *name, const char *type, const char *help)
{
	ak_buf_str(buf, "# HELP ");
	metrics_name(buf, name);
	ak_buf_printf(buf, " %s\n# TYPE ", help);
	metrics_name(buf, name);
	ak_buf_printf(buf, " %s\n", type);
}

void
metrics_family(struct ak_buf *buf, const char *name, const char *help)
{
	family(buf, name, ak_ends(name, "_total") ? "counter" : "gauge", help);
}

void
metrics_label(struct ak_buf *buf, const char *name, const char *value)
{
	ak_buf_char(buf, buf->data[buf->len - 1] == '{' ? '\0' : ',');
	if (buf->data[buf->len - 1] == '\0')
		buf->len--;
	ak_buf_str(buf, name);
	ak_buf_str(buf, "=\"");
	for (; value != NULL && *value != '\0'; value++) {
		if (*value == '\\' || *value == '"')
			ak_buf_char(buf, '\\');
		if (*value == '\n')
			ak_buf_str(buf, "\\n");
		else
			ak_buf_char(buf, *value);
	}
	ak_buf_char(buf, '"');
}

/* name{a="..."}, with one label or none. */
static void
open_sample(struct ak_buf *buf, const char *name, const char *key,
    const char *value)
{
	metrics_name(buf, name);
	if (key == NULL)
		return;
	ak_buf_char(buf, '{');
	metrics_label(buf, key, value);
	ak_buf_char(buf, '}');
}

/* The value, and the end of the line. */
static void
end_sample(struct ak_buf *buf, int64_t number)
{
	ak_buf_printf(buf, " %lld\n", (long long)number);
}

/* us as seconds, exactly. */
static void
end_seconds(struct ak_buf *buf, int64_t us)
{
	ak_buf_printf(buf, " %lld.%06lld\n", (long long)(us / QUEUE_SECOND),
	    (long long)(us % QUEUE_SECOND));
}

void
metrics_sample(struct ak_buf *buf, const char *name, const char *key,
    const char *value, int64_t number)
{
	open_sample(buf, name, key, value);
	end_sample(buf, number);
}

void
metrics_sample_seconds(struct ak_buf *buf, const char *name, const char *key,
    const char *value, int64_t us)
{
	open_sample(buf, name, key, value);
	end_seconds(buf, us);
}

void
metrics_pair(struct ak_buf *buf, const char *name,
    const struct metrics_pair *of, int64_t number)
{
	if (number == 0)
		return;
	metrics_name(buf, name);
	ak_buf_char(buf, '{');
	metrics_label(buf, of->key, of->value);
	metrics_label(buf, of->key_2, of->value_2);
	ak_buf_char(buf, '}');
	end_sample(buf, number);
}

struct labels {
	const char *class, *model; /* NULL: none */
};

static void
open_labels(struct ak_buf *buf, const char *name, const char *suffix,
    const struct labels *labels)
{
	metrics_name(buf, name);
	ak_buf_str(buf, suffix);
	ak_buf_char(buf, '{');
	if (labels->class != NULL)
		metrics_label(buf, "class", labels->class);
	if (labels->model != NULL)
		metrics_label(buf, "model", labels->model);
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
		metrics_label(buf, "le", end);
		ak_buf_char(buf, '}');
		end_sample(buf, sum);
	}
	open_labels(buf, name, "_sum", labels);
	close_labels(buf);
	end_seconds(buf, hist->sum);
	open_labels(buf, name, "_count", labels);
	close_labels(buf);
	end_sample(buf, sum);
}

static const char *
class_text(const struct metrics *m, size_t class)
{
	return class == 0	   ? "none"
	    : class == CLASS_OTHER ? "other"
				   : m->classes[class];
}

/* ---- What was counted. ---- */

static void
put_requests(const struct metrics *m, struct ak_buf *buf)
{
	metrics_family(buf, "requests_total", "Requests that have ended.");
	for (size_t i = 0; i < SERIES; i++) {
		const struct series *s = &m->series[i];

		if (!s->used)
			continue;
		metrics_name(buf, "requests_total{");
		metrics_label(buf, "class", class_text(m, s->class));
		metrics_label(buf, "endpoint",
		    s->route ? s->route->path : "other");
		metrics_label(buf, "model",
		    m->models[s->model] != NULL ? m->models[s->model]->name
						: "other");
		ak_buf_printf(buf, ",code=\"%d\"} %lld\n", s->code,
		    (long long)s->count);
	}
}

static void
put_ends(const struct metrics *m, struct ak_buf *buf)
{
	metrics_family(buf, "rejected_total",
	    "Requests refused by the queue itself.");
	for (size_t c = 0; c < CLASSES; c++)
		for (int i = 0; i < REJECTED_REASONS; i++)
			metrics_pair(buf, "rejected_total",
			    &(struct metrics_pair){ "class", class_text(m, c),
				"reason", metrics_rejected_name(i) },
			    m->rejected[c][i]);
	metrics_family(buf, "cancelled_total",
	    "Requests whose client left, or that the operator cancelled.");
	for (size_t c = 0; c < CLASSES; c++)
		for (int i = 0; i < PHASES; i++)
			metrics_pair(buf, "cancelled_total",
			    &(struct metrics_pair){ "class", class_text(m, c),
				"phase", phase_name((enum phase)i) },
			    m->cancelled[c][i]);
}

static void
put_class_hists(const struct metrics *m, struct ak_buf *buf)
{
	family(buf, "wait_seconds", "histogram",
	    "From being queued to being sent.");
	for (size_t c = 0; c < CLASSES; c++)
		histogram(buf, "wait_seconds",
		    &(struct labels){ .class = class_text(m, c) }, &m->wait[c],
		    BUCKETS_WAIT);
	family(buf, "request_duration_seconds", "histogram",
	    "From the first byte of the request to the last of the answer.");
	for (size_t c = 0; c < CLASSES; c++)
		histogram(buf, "request_duration_seconds",
		    &(struct labels){ .class = class_text(m, c) },
		    &m->duration[c], BUCKETS_ANSWER);
	family(buf, "overhead_seconds", "histogram",
	    "Time that the queue itself took, without any wait.");
	histogram(buf, "overhead_seconds", &(struct labels){ 0 }, &m->own,
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
		{ "upstream_ttfb_seconds",
		    "From sending to the first byte of the answer.",
		    offsetof(struct model_counts, first_byte), BUCKETS_ANSWER },
		{ "inter_token_seconds", "Between two tokens.",
		    offsetof(struct model_counts, token), BUCKETS_TOKEN },
		{ "model_load_seconds", "Loads, as the backend tells them.",
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
					hists[h].at),
				    hists[h].kind);
	}
	family(buf, "time_to_first_token_seconds", "histogram",
	    "From the first byte of the request to the first token.");
	for (size_t i = 1; i < MODELS; i++)
		for (size_t c = 0; c < CLASSES && m->models[i] != NULL; c++)
			histogram(buf, "time_to_first_token_seconds",
			    &(struct labels){
				class_text(m, c), m->models[i]->name },
			    &m->models[i]->classes[c].first_token,
			    BUCKETS_ANSWER);
}

static void
put_tokens(const struct metrics *m, struct ak_buf *buf, bool generated)
{
	const char *name = generated ? "generated_tokens_total"
				     : "prompt_tokens_total";

	metrics_family(buf, name, generated ? "Tokens made." : "Tokens read.");
	for (size_t i = 1; i < MODELS; i++)
		for (size_t c = 0; c < CLASSES && m->models[i] != NULL; c++)
			metrics_pair(buf, name,
			    &(struct metrics_pair){ "class", class_text(m, c),
				"model", m->models[i]->name },
			    generated ? m->models[i]->classes[c].generated
				      : m->models[i]->classes[c].prompt);
}

/* "other" before the first such model was seen, too. */
static const char *
model_text(const struct metrics *m, size_t model)
{
	return model == 0	       ? "none"
	    : m->models[model] != NULL ? m->models[model]->name
				       : "other";
}

static void
put_switches(const struct metrics *m, struct ak_buf *buf)
{
	const struct switched *rest = &m->switches[SWITCHES];

	metrics_family(buf, "model_switches_total",
	    "Loads of a model, for which another had to go or none.");
	for (size_t i = 0; i < m->switch_count; i++) {
		const struct switched *s = &m->switches[i];

		metrics_name(buf, "model_switches_total{");
		metrics_label(buf, "from", model_text(m, s->from));
		metrics_label(buf, "to", model_text(m, s->to));
		metrics_label(buf, "reason",
		    sched_cause_name((enum sched_cause)s->cause));
		ak_buf_char(buf, '}');
		end_sample(buf, s->count);
	}
	if (rest->count > 0)
		ak_buf_printf(buf,
		    "aikit_queue_model_switches_total{from=\"other\","
		    "to=\"other\",reason=\"other\"} %lld\n",
		    (long long)rest->count);
}

void
metrics_counted(const struct metrics *m, struct ak_buf *buf)
{
	put_requests(m, buf);
	put_class_hists(m, buf);
	put_ends(m, buf);
	put_model_hists(m, buf);
	put_tokens(m, buf, false);
	put_tokens(m, buf, true);
	put_switches(m, buf);
}
