/*
 * deep - each service's own configuration checker, in its image.
 *
 * A container is made as Compose would make it, but apart: no network, files
 * and volumes read-only, a time limit, none of the project's labels. It is
 * removed when it has ended. Nothing is pulled, and no volume is made.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/http.h"
#include "tools/stack/deep.h"
#include "tools/stack/secrets.h"

enum { CHECK_MS = 60000, CHECK_LINES = 20 };

struct check {
	const struct machine *m;
	const struct service *service;
	char *command;	 /* of label aikit.check */
	char *name;	 /* of the container */
	bool lacks_data; /* a volume of it is not made yet */
};

static int
ask(const struct check *c, const char *method, const char *path,
    const char *body, struct ak_http_reply *reply, struct ak_err *err)
{
	struct ak_http_request request = {
		.method = method,
		.path = path,
		.body = body,
		.stall_ms = CHECK_MS,
	};

	if (ak_http_do(ak_docker_http(c->m->engine), &request, reply, err) ==
	    -1)
		return ak_fail_in(err, "docker");
	if (reply->status < 200 || reply->status > 299)
		return ak_docker_failed(c->m->engine, reply, err);
	return 0;
}

/* What is left of an earlier one that was interrupted, too. */
static void
remove_container(const struct check *c)
{
	AK_FREE char *path = ak_printf("/containers/%s?force=1&v=1", c->name);
	AK_HTTP_REPLY struct ak_http_reply reply = { 0 };
	struct ak_err ignored = { 0 };

	if (ask(c, "DELETE", path, NULL, &reply, &ignored) == -1)
		ignored.code = AK_DONE; /* it was not there */
}

static int
create(const struct check *c, struct ak_err *err)
{
	AK_FREE char *path = ak_printf("/containers/create?name=%s", c->name);
	AK_HTTP_REPLY struct ak_http_reply reply = { 0 };
	AK_BUF struct ak_buf body = { 0 };

	deep_describe(c->m->kit, c->service, c->command, c->m->volumes, &body);
	return ask(c, "POST", path, body.data, &reply, err);
}

static int
start(const struct check *c, struct ak_err *err)
{
	AK_FREE char *path = ak_printf("/containers/%s/start", c->name);
	AK_HTTP_REPLY struct ak_http_reply reply = { 0 };

	return ask(c, "POST", path, NULL, &reply, err);
}

static int
wait_end(const struct check *c, int64_t *status, struct ak_err *err)
{
	AK_FREE char *path = ak_printf("/containers/%s/wait", c->name);
	AK_HTTP_REPLY struct ak_http_reply reply = { 0 };
	AK_JSON struct ak_json *json = NULL;

	if (ask(c, "POST", path, NULL, &reply, err) == -1 ||
	    ak_json_parse(&json, ak_buf_text(&reply.body), reply.body.len,
		err) == -1)
		return -1;
	*status = ak_json_int(ak_json_get(json, "StatusCode"), -1);
	return 0;
}

/* The last line that says something, out of the stream's frames. */
static void
last_line(const struct ak_buf *stream, struct ak_buf *line)
{
	AK_BUF struct ak_buf text = { 0 };

	for (size_t i = 0; i + 8 <= stream->len;) {
		const unsigned char *head = (unsigned char *)stream->data + i;
		size_t len = (size_t)head[4] << 24 | (size_t)head[5] << 16 |
		    (size_t)head[6] << 8 | head[7];

		i += 8;
		if (len > stream->len - i)
			len = stream->len - i;
		ak_buf_add(&text, stream->data + i, len);
		i += len;
	}
	for (const char *p = ak_buf_text(&text); *p != '\0';) {
		size_t len = strcspn(p, "\n");

		if (strspn(p, " \t\r") < len) {
			ak_buf_reset(line);
			ak_buf_add(line, p, len);
		}
		p += len + (p[len] == '\n');
	}
}

static void
read_output(const struct check *c, struct ak_buf *line)
{
	AK_FREE char
	    *path = ak_printf("/containers/%s/logs?stdout=1&stderr=1&tail=%d",
		c->name, CHECK_LINES);
	AK_HTTP_REPLY struct ak_http_reply reply = { 0 };
	struct ak_err ignored = { 0 };

	if (ask(c, "GET", path, NULL, &reply, &ignored) == 0)
		last_line(&reply.body, line);
}

static void
judge(const struct check *c, int64_t status)
{
	AK_BUF struct ak_buf line = { 0 };
	AK_FREE char *next = NULL;
	struct findings *findings = c->m->findings;

	read_output(c, &line);
	secrets_redact(c->m->kit, &line);
	if (status == 0) {
		findings_add(findings, "check-failed", SEV_OK, c->service->name,
		    NULL, "%s", c->command);
		return;
	}
	if (c->lacks_data) {
		findings_add(findings, "check-failed", SEV_NOTE,
		    c->service->name, NULL,
		    "not checked: its volume is not made yet (%s: exit %lld: "
		    "%s)",
		    c->command, (long long)status, ak_buf_text(&line));
		return;
	}
	next = ak_printf("put its configuration right; %s tells the rest",
	    c->command);
	findings_add(findings, "check-failed", SEV_ERROR, c->service->name,
	    next, "exit %lld: %s", (long long)status, ak_buf_text(&line));
}

static void
run(struct check *c)
{
	struct ak_err err = { 0 };
	int64_t status;
	int failed;

	remove_container(c);
	failed = create(c, &err);
	if (failed == 0 && (failed = start(c, &err)) == 0 &&
	    (failed = wait_end(c, &status, &err)) == 0)
		judge(c, status);
	if (failed == -1 && err.code == AK_TEMPFAIL)
		findings_add(c->m->findings, "check-failed", SEV_ERROR,
		    c->service->name, NULL, "%s: not done after %d s",
		    c->command, CHECK_MS / 1000);
	else if (failed == -1)
		findings_error(c->m->findings, "check-failed", SEV_ERROR,
		    c->service->name, &err);
	remove_container(c);
}

static bool
lacks_data(const struct machine *m, const struct service *service)
{
	ak_json_each(item, ak_json_get(service->json, "volumes")) {
		const char *source = ak_json_str(ak_json_get(item, "source"));

		if (source != NULL &&
		    ak_streq(ak_json_str(ak_json_get(item, "type")),
			"volume") &&
		    deep_volume(m->kit, m->volumes, source) == NULL)
			return true;
	}
	return false;
}

static void
check_service(const struct machine *m, const struct service *service,
    const struct image *image)
{
	const char *label = service_label(service, "aikit.check");
	struct check c = { .m = m, .service = service };

	if (label == NULL || *label == '\0')
		return;
	if (!image->present) {
		findings_add(m->findings, "check-failed", SEV_NOTE,
		    service->name, NULL, "not checked: image %s is not here",
		    service->image != NULL ? service->image : "");
		return;
	}
	c.command = model_text(label);
	c.name = ak_printf("%s-check-%s", m->kit->project, service->name);
	c.lacks_data = lacks_data(m, service);
	run(&c);
	free(c.command);
	free(c.name);
}

void
deep_check(const struct machine *m)
{
	for (size_t i = 0; i < m->selection->count; i++)
		check_service(m, m->selection->picks[i].service, &m->images[i]);
}
