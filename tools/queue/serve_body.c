/*
 * serve_body - a body on its way in: scanned for what decides where it goes,
 * and held; or sent on as it comes, when it is a blob.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tools/queue/proxy.h"

/* Zstd expands; Ollama stops there as well. */
#define ZSTD_FACTOR 4

void
reading_free(struct request *r)
{
	if (r->reading != NULL && r->reading->zstd != NULL)
		scan_zstd_free(r->reading->zstd);
	free(r->reading);
	r->reading = NULL;
}

static bool
coded(const struct http1_head *head, const char *data)
{
	return head->content_encoding.len > 0 &&
	    !http1_is(data, head->content_encoding, "identity");
}

/* Of a body in JSON. */
static int
json_begin(struct queue *q, struct reading *reading,
    const struct http1_head *head, const char *data, const char **text)
{
	scan_begin(&reading->scan);
	reading->as = READ_JSON;
	if (!coded(head, data))
		return 0;
	if (!http1_is(data, head->content_encoding, "zstd")) {
		*text = "this content encoding is not served, only zstd";
		return 415;
	}
	reading->as = READ_ZSTD;
	reading->zstd = scan_zstd_new((uint64_t)q->settings->body_max *
		ZSTD_FACTOR,
	    NULL, NULL);
	return 0;
}

static void
take_model(struct request *r, const char *model)
{
	char name[SCHED_NAME];

	if (model[0] == '\0')
		return;
	r->untagged = class_model(model, name);
	name_put(r->model);
	r->model = name_get(name, strlen(name));
}

static void
path_begin(struct request *r, const struct http1_head *head, const char *data)
{
	struct http1_span span = route_model(r->route, data + head->path.at,
	    head->path.len);
	AK_FREE char *model = ak_strndup(span.data, span.len);

	take_model(r, model);
}

static int
form_begin(struct reading *reading, const struct http1_head *head,
    const char *data, const char **text)
{
	reading->as = READ_FORM;
	/* Ollama would take a model from there first. */
	if (head->query.len > 0) {
		*text = "a form is taken without a query";
		return 400;
	}
	if (scan_form_begin(&reading->form, data + head->content_type.at,
		head->content_type.len) == 0)
		return 0;
	*text = reading->form.error;
	return 400;
}

int
body_begin(struct queue *q, struct request *r, const struct http1_head *head,
    const char *data, const char **text)
{
	const struct route *route = r->route;
	struct reading *reading = ak_malloc(sizeof(*reading));
	int status = 0;

	memset(reading, 0, offsetof(struct reading, scan));
	r->reading = reading;
	http1_body_start(&reading->body, head);
	reading->at_piece = q->now;
	reading->strict = r->lane == ROUTE_QUEUE;
	if (route != NULL && route->blob && head->framing != HTTP1_NONE) {
		reading->as = READ_STREAM;
	} else if (route != NULL && route->named == ROUTE_FORM) {
		status = form_begin(reading, head, data, text);
	} else if (route != NULL && route->named == ROUTE_BODY &&
	    head->framing != HTTP1_NONE) {
		status = json_begin(q, reading, head, data, text);
	} else if (route != NULL && route->named == ROUTE_PATH) {
		path_begin(r, head, data);
	}
	if (status != 0 && !reading->strict) {
		reading->as = READ_PLAIN;
		status = 0;
	}
	if (status != 0)
		return status;
	status = held_begin(q, &r->held, head, data,
	    reading->as == READ_STREAM ? 0 : head->length);
	if (status != 0)
		*text = "no more room for requests";
	return status;
}

static int
look(struct reading *reading, const char *data, size_t len, const char **text)
{
	int well = 0;

	if (reading->as == READ_JSON)
		well = scan_feed(&reading->scan, data, len);
	else if (reading->as == READ_ZSTD)
		well = scan_zstd_feed(reading->zstd, data, len, &reading->scan);
	else if (reading->as == READ_FORM)
		well = scan_form_feed(&reading->form, data, len);
	if (well == 0)
		return 0;
	*text = reading->as == READ_FORM ? reading->form.error
					 : reading->scan.error;
	if (reading->strict)
		return 400;
	reading->as = READ_PLAIN;
	return 0;
}

int
body_piece(struct queue *q, struct request *r, const char *data, size_t len,
    const char **text)
{
	int status;

	r->bytes_in += (int64_t)len;
	if (r->reading->as == READ_STREAM) {
		upstream_piece(q, r, data, len);
		return 0;
	}
	if (r->bytes_in > q->settings->body_max) {
		*text = "the body is too large";
		return 413;
	}
	status = look(r->reading, data, len, text);
	if (status != 0)
		return status;
	status = held_add(q, &r->held, data, len);
	if (status != 0)
		*text = "no more room for requests";
	return status;
}

/* What makes the server load anew, in one order. */
static void
take_options(struct request *r, const struct scan *scan, int64_t num_ctx)
{
	static struct ak_buf text;
	char digits[HTTP1_DIGITS], *end = digits + sizeof(digits), *at;
	const struct scan_value *value;
	int64_t n;

	ak_buf_reset(&text);

	for (int i = 0; i < SCAN_OPTIONS; i++) {
		value = &scan->options[i];
		n = value->integer;
		if (i == SCAN_NUM_CTX && num_ctx > 0)
			n = num_ctx;
		else if (value->kind == SCAN_TRUE || value->kind == SCAN_FALSE)
			n = value->kind == SCAN_TRUE;
		else if (value->kind != SCAN_NUMBER)
			continue;
		at = http1_digits(end, n < 0 ? -(uint64_t)n : (uint64_t)n);
		if (text.len > 0)
			ak_buf_char(&text, ',');
		ak_buf_str(&text, scan_option_name((enum scan_option)i));
		ak_buf_str(&text, n < 0 ? "=-" : "=");
		ak_buf_add(&text, at, (size_t)(end - at));
	}
	if (text.len == 0 || text.len >= SCHED_NAME)
		return;
	name_put(r->options);
	r->options = name_get(text.data, text.len);
}

/* The num_ctx to write into the body; 0: as it is. */
static int64_t
num_ctx_of(const struct queue *q, const struct request *r,
    const struct scan *scan)
{
	const struct settings *s = q->settings;
	const struct scan_value *said = &scan->options[SCAN_NUM_CTX];
	const struct model_conf *conf = models_conf(s, r->model->text);
	int64_t want = s->num_ctx;

	if (conf != NULL && conf->num_ctx > 0)
		want = conf->num_ctx;
	if (s->ctx_policy == CTX_PASS || want <= 0)
		return 0;
	if (said->kind == SCAN_NUMBER &&
	    (said->integer == want ||
		(s->ctx_policy == CTX_MAX && said->integer > want)))
		return 0;
	return want;
}

/* The keep_alive to write into the body, or NULL. */
static const char *
keep_alive_of(const struct queue *q, const struct scan *scan, char text[32])
{
	const struct settings *s = q->settings;
	double seconds;

	if (scan->keep_alive == SCAN_ABSENT || scan->keep_alive == SCAN_NULL)
		return s->keep_alive;
	if (s->keep_alive_max <= 0 || scan_keep_alive(scan, &seconds) != 0 ||
	    seconds <= s->keep_alive_max)
		return NULL;
	snprintf(text, 32, "%.0f", s->keep_alive_max);
	return text;
}

/* Only Ollama's own routes know options and keep_alive. */
static void
edit(struct queue *q, struct request *r, const struct scan *scan)
{
	struct scan_edit edits[2];
	char alive[32], ctx[32];
	int64_t num_ctx = 0;
	const char *keep;

	if (r->dialect == DIALECT_OLLAMA && r->reading->as == READ_JSON &&
	    r->lane == ROUTE_QUEUE) {
		num_ctx = num_ctx_of(q, r, scan);
		keep = keep_alive_of(q, scan, alive);
		if (num_ctx > 0)
			snprintf(ctx, sizeof(ctx), "%lld", (long long)num_ctx);
		if (num_ctx > 0 || keep != NULL)
			held_edit(q, &r->held, edits,
			    scan_edits(scan, num_ctx > 0 ? ctx : NULL, keep,
				edits));
	}
	if (r->dialect == DIALECT_OLLAMA)
		take_options(r, scan, num_ctx);
}

static int
json_end(struct queue *q, struct request *r, const char **text)
{
	struct reading *reading = r->reading;
	struct scan *scan = &reading->scan;
	int well = reading->as == READ_ZSTD ? scan_zstd_end(reading->zstd, scan)
					    : scan_end(scan);

	if (well == -1 && !reading->strict)
		return 0;
	if (well == -1) {
		*text = scan->error;
		return 400;
	}
	take_model(r, scan->model);
	if (r->lane != ROUTE_QUEUE)
		return 0;
	if (scan->model_len == 0) {
		*text = "model is required";
		return 400;
	}
	r->work = (uint8_t)route_work(r->route, scan);
	r->lane = (uint8_t)route_lane(r->route, (enum route_work)r->work);
	r->streams = r->route->stream == ROUTE_NDJSON
	    ? scan->stream != SCAN_FALSE
	    : r->route->stream == ROUTE_EVENTS && scan->stream == SCAN_TRUE;
	edit(q, r, scan);
	return 0;
}

int
body_end(struct queue *q, struct request *r, const char **text)
{
	struct reading *reading = r->reading;
	int status = 0;

	if (reading->as == READ_STREAM) {
		upstream_piece(q, r, NULL, 0);
		return 0;
	}
	if (reading->as == READ_JSON || reading->as == READ_ZSTD) {
		status = json_end(q, r, text);
	} else if (reading->as == READ_FORM) {
		if (scan_form_end(&reading->form) == -1 ||
		    reading->form.model_len == 0) {
			*text = reading->form.error != NULL
			    ? reading->form.error
			    : "model is required";
			status = 400;
		} else {
			take_model(r, reading->form.model);
		}
	} else if (r->lane == ROUTE_QUEUE) {
		*text = "missing request body";
		status = 400;
	}
	if (status != 0)
		return status;
	held_whole(q, &r->held);
	if (r->class == -1 && r->lane == ROUTE_QUEUE)
		r->class = (int8_t)class_of(q, r, reading->rules);
	reading_free(r);
	return 0;
}
