/*
 * probe - what the files that ask services share.
 */
#ifndef PROBE_H
#define PROBE_H

#include "tools/stack/stack.h"

/* A way to ask: its question and what answers are well. */
struct scheme {
	const char *name;
	/* Appends what to send; NULL: to connect is enough. */
	void (*ask)(struct ak_buf *question, const char *host,
	    const char *path);
	/*
	 * What came so far, never empty: 1 well, 0 more is needed, -1 not
	 * well, with why in text (PROBE_TEXT bytes).
	 */
	int (*judge)(const char *data, size_t len, char *text);
};
#define PROBE_TEXT sizeof(((struct probe *)0)->text)

/* NULL: none of that name. */
const struct scheme *scheme_find(const char *name, size_t len);

/* Where a question goes. */
struct address {
	char ip[48];
	int port;
	bool published; /* a port of this machine, not the container's own */
};
#define ADDRESSES 8

/*
 * The addresses of a port of a container; others are the containers whose
 * network it may share. Returns how many.
 */
size_t address_list(const struct container *container, int port,
    const struct probe_target others[], size_t count,
    struct address list[ADDRESSES]);
/* The port asked without a label: the first published; 0: none. */
int address_port(const struct container *container);

/* One GET by libcurl. */
struct web {
	struct ak_http *http;
	char *path;
	struct ak_http_request *request;
	struct ak_http_reply *reply;
	int64_t begun_ms;
	struct probe *probe; /* filled when it ends */
	int below;	     /* a status under this is well */
	bool any_certificate;
	bool done;
};
#define WEB __attribute__((cleanup(web_end)))
/* false with probe filled when it cannot even begin. */
bool web_begin(struct web *web, const char *url, int64_t limit_ms);
/* Moves it; true once it is done. */
bool web_step(struct web *web);
void web_end(struct web *web);

#endif
