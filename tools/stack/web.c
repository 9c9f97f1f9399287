/*
 * web - URLs asked as a user would: by libcurl, certificates and all.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/http.h"
#include "lib/proc.h"
#include "tools/stack/probe.h"

enum { STEP_MS = 5 };

static void
fail(struct web *web, const struct ak_err *err)
{
	web->done = true;
	web->probe->result = PROBE_FAILED;
	web->probe->ms = ak_proc_now_ms() - web->begun_ms;
	state_first_line(err->text, web->probe->text, PROBE_TEXT);
}

/* The status is the answer; what follows is not fetched. */
static int
skip(void *arg AK_UNUSED, const char *data AK_UNUSED, size_t len AK_UNUSED)
{
	return -1;
}

bool
web_begin(struct web *web, const char *url, int64_t limit_ms)
{
	const char *host = strstr(url, "://");
	size_t base = host != NULL
	    ? (size_t)(host - url) + 3 + strcspn(host + 3, "/?#")
	    : strlen(url);
	AK_FREE char *server = ak_strndup(url, base);
	struct ak_err err = { 0 };

	web->begun_ms = ak_proc_now_ms();
	web->path = url[base] == '/' ? ak_strdup(url + base)
				     : ak_printf("/%s", url + base);
	web->path[strcspn(web->path, "#")] = '\0';
	web->request = ak_calloc(1, sizeof(*web->request));
	web->reply = ak_calloc(1, sizeof(*web->reply));
	*web->request = (struct ak_http_request){
		.path = web->path,
		.connect_ms = limit_ms,
		.stall_ms = limit_ms,
		.any_certificate = web->any_certificate,
		.on_data = skip,
	};
	if (ak_http_open(&web->http, server, &err) == 0 &&
	    ak_http_start(web->http, web->request, web->reply, &err) == 0)
		return true;
	fail(web, &err);
	return false;
}

bool
web_step(struct web *web)
{
	struct ak_err err = { 0 };

	if (web->done)
		return true;
	if (ak_http_step(web->http, NULL, 0, 0, &err) == -1) {
		fail(web, &err);
		return true;
	}
	if (!web->reply->done)
		return false;
	if (web->reply->status == 0) {
		fail(web, &web->reply->err);
		return true;
	}
	web->done = true;
	web->probe->ms = ak_proc_now_ms() - web->begun_ms;
	web->probe->result = web->reply->status < web->below ? PROBE_OK
							     : PROBE_FAILED;
	snprintf(web->probe->text, PROBE_TEXT, "HTTP %d", web->reply->status);
	return true;
}

void
web_end(struct web *web)
{
	if (web->http != NULL)
		ak_http_close(web->http);
	if (web->reply != NULL)
		ak_http_reply_free(web->reply);
	free(web->reply);
	free(web->request);
	free(web->path);
	*web = (struct web){ .done = true };
}

int
probe_urls(const char *const urls[], struct probe probes[], size_t count,
    int64_t limit_ms, struct ak_err *err AK_UNUSED)
{
	AK_FREE struct web *webs = ak_calloc(count + 1, sizeof(*webs));
	size_t left = count;

	for (size_t i = 0; i < count; i++) {
		probes[i] = (struct probe){ .result = PROBE_NONE };
		webs[i] = (struct web){ .probe = &probes[i], .below = 500 };
		web_begin(&webs[i], urls[i], limit_ms);
	}
	while (left > 0) {
		left = 0;
		for (size_t i = 0; i < count; i++)
			left += !web_step(&webs[i]);
		if (left > 0)
			poll(NULL, 0, STEP_MS);
	}
	for (size_t i = 0; i < count; i++)
		web_end(&webs[i]);
	return 0;
}
