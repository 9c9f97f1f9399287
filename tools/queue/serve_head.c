/*
 * serve_head - from a head to a request: its route, who asks, and whether it
 * is served at all. What is refused is refused before its body has come.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tools/queue/proxy.h"

#define SERVE_CONTINUE "HTTP/1.1 100 Continue\r\n\r\n"

struct request *
request_new(struct queue *q, struct client *c)
{
	struct request *r = ak_calloc(1, sizeof(*r));

	r->next = q->requests;
	r->prev = &q->requests;
	if (r->next != NULL)
		r->next->prev = &r->next;
	q->requests = r;
	q->request_count++;
	if (q->request_count + q->client_count > q->peak)
		q->peak = q->request_count + q->client_count;
	r->id = (uint64_t)q->next_id++;
	r->client = c;
	r->backend = -1;
	r->class = -1;
	r->class_key = r->class_said = -1;
	r->held.spill = -1;
	r->user = name_get("", 0);
	r->model = name_get("", 0);
	r->options = name_get("", 0);
	return r;
}

static int
identify(struct queue *q, struct request *r, const struct http1_head *head,
    const char *data, struct dialect_error *error)
{
	const struct settings *s = q->settings;
	static const struct listen_conf gone = { .need_key = true };
	const struct listen_conf *listen = r->client->listener->conf;
	struct asker asker = {
		.listen = listen != NULL ? listen : &gone,
		.head = head,
		.data = data,
		.from = r->client->from->text,
	};
	static struct identity who;
	int well = s->identify != NULL ? s->identify(s, &asker, &who)
				       : serve_identify(s, &asker, &who);

	name_put(r->user);
	r->user = name_get(who.client, strlen(who.client));
	r->manage = who.manage;
	r->class_key = who.class;
	r->class_best = who.class_best;
	/* A browser asks without a key whether it may send one. */
	if (well == 0 || (r->method == HTTP1_OPTIONS && r->route != NULL))
		return 0;
	error->status = who.status;
	error->text = who.text;
	return -1;
}

static size_t
field(const struct http1_head *head, const char *data, const char *name,
    char *to, size_t size)
{
	const struct http1_field *f = http1_find(head, data, name);
	size_t len = f == NULL ? 0 : f->value_len;

	if (len >= size)
		len = size - 1;
	if (len > 0)
		memcpy(to, data + f->value, len);
	to[len] = '\0';
	return len;
}

/* What the client says of class and deadline, and what rules look at. */
static void
wishes(struct queue *q, struct request *r, const struct http1_head *head,
    const char *data)
{
	const struct settings *s = q->settings;
	char text[256], path[256];
	double seconds;
	char *end;

	if (s->class_header != NULL &&
	    field(head, data, s->class_header, text, sizeof(text)) > 0)
		r->class_said = sched_class(q->sched, text);
	if (s->deadline_header != NULL &&
	    field(head, data, s->deadline_header, text, sizeof(text)) > 0) {
		seconds = strtod(text, &end);
		if (*end == '\0' && seconds > 0 && seconds < 1e9)
			r->deadline = q->now +
			    (int64_t)(seconds * (double)QUEUE_SECOND);
	}
	if (s->rule_count == 0)
		return;
	field(head, data, "User-Agent", text, sizeof(text));
	snprintf(path, sizeof(path), "%.*s", (int)head->path.len,
	    data + head->path.at);
	r->reading->rules = class_rules(q, r, path, text);
}

/* The Allow line for a path that is there with other methods. */
static void
allow(uint16_t methods, char *line, size_t size)
{
	size_t len = (size_t)snprintf(line, size, "Allow:");
	const char *name;

	for (int m = 0; m < HTTP1_METHODS; m++) {
		name = http1_method_name((enum http1_method)m);
		if (name == NULL || !(methods >> m & 1) || len >= size)
			continue;
		len += (size_t)snprintf(line + len, size - len, "%s %s",
		    line[len - 1] == ':' ? "" : ",", name);
	}
	if (len < size)
		snprintf(line + len, size - len, "\r\n");
}

static int
find_route(struct queue *q, struct request *r, const struct http1_head *head,
    const char *data, struct dialect_error *error)
{
	static char line[128];
	const char *path = data + head->path.at;
	uint16_t allowed = 0;

	r->method = head->method;
	r->route = route_find((enum http1_method)head->method, path,
	    head->path.len, &allowed);
	r->lane = ROUTE_PASS;
	if (r->route != NULL) {
		r->lane = r->route->lane;
		r->dialect = r->route->dialect;
	} else {
		r->dialect = (uint8_t)route_dialect(path, head->path.len);
	}
	if (r->lane == ROUTE_REFUSE) {
		*error = (struct dialect_error){ .status = 403,
			.text = "this path is not served" };
		return -1;
	}
	if (r->route != NULL ||
	    (allowed == 0 && q->settings->unknown_paths &&
		route_plain(path, head->path.len)))
		return 0;
	*error = (struct dialect_error){ .status = 404,
		.text = "no such path" };
	if (allowed == 0)
		return -1;
	allow(allowed, line, sizeof(line));
	*error = (struct dialect_error){
		.status = 405, .text = "no such method here", .extra = line
	};
	return -1;
}

/* Known to be refused whatever the body says. */
static int
hopeless(struct queue *q, struct request *r, const struct http1_head *head,
    struct dialect_error *error)
{
	bool blob = r->route != NULL && r->route->blob;

	if (r->route != NULL && r->route->guarded && !r->manage) {
		*error = (struct dialect_error){ .status = 403,
			.text = "not allowed to manage models" };
		return -1;
	}
	if (!blob && head->length > q->settings->body_max) {
		*error = (struct dialect_error){ .status = 413,
			.text = "the body is too large" };
		return -1;
	}
	if (head->expect && r->lane == ROUTE_QUEUE &&
	    q->queued >= q->settings->sched.queue_limit) {
		*error = (struct dialect_error){ .status = 503,
			.text = "the queue is full",
			.code = "queue_full",
			.retry_ms = SERVE_RETRY_MS };
		return -1;
	}
	return 0;
}

bool
serve_head(struct queue *q, struct client *c, const struct http1_head *head,
    const char *data)
{
	struct request *r = request_new(q, c);
	struct dialect_error error = { 0 };
	bool empty = head->framing == HTTP1_NONE || head->length == 0;

	c->request = r;
	q->counters.requests++;
	r->at_begin = c->at_head;
	r->phase = PHASE_BODY;
	if (find_route(q, r, head, data, &error) == -1 ||
	    identify(q, r, head, data, &error) == -1 ||
	    hopeless(q, r, head, &error) == -1) {
		if (empty)
			c->state = CLIENT_WAIT;
		serve_refuse(q, r, &error, OUTCOME_REFUSED);
		return false;
	}
	error.status = body_begin(q, r, head, data, &error.text);
	if (error.status != 0) {
		if (error.status == 503)
			error.retry_ms = SERVE_RETRY_MS;
		serve_refuse(q, r, &error, OUTCOME_REFUSED);
		return false;
	}
	wishes(q, r, head, data);
	r->listing = r->route != NULL && r->route->list &&
	    http1_find(head, data, "Origin") == NULL;
	if (head->expect)
		client_write(q, c, SERVE_CONTINUE, strlen(SERVE_CONTINUE));
	if (r->reading->as == READ_STREAM) {
		r->at_whole = r->at_run = q->now;
		upstream_start(q, r, backend_pick(q, r), false);
		if (c->request != r)
			return false;
	}
	return true;
}
