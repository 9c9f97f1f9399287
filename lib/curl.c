/*
 * curl - libcurl behind a wall: loaded late, and known to no other file.
 */
#include "lib/curl.h"

#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <string.h>

/* Its checks of types are macros around functions that we call by pointer. */
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

/* clang-format off */
#define FUNCTIONS(f) \
	f(curl_global_init, global_init) \
	f(curl_easy_init, easy_init) \
	f(curl_easy_reset, easy_reset) \
	f(curl_easy_setopt, set) \
	f(curl_easy_getinfo, get) \
	f(curl_easy_cleanup, easy_cleanup) \
	f(curl_easy_strerror, strerror) \
	f(curl_slist_append, slist_append) \
	f(curl_slist_free_all, slist_free_all) \
	f(curl_multi_init, multi_init) \
	f(curl_multi_cleanup, multi_cleanup) \
	f(curl_multi_add_handle, add_handle) \
	f(curl_multi_remove_handle, remove_handle) \
	f(curl_multi_perform, perform) \
	f(curl_multi_poll, poll) \
	f(curl_multi_info_read, info_read) \
	f(curl_multi_strerror, multi_strerror)
#define FIELD(function, name) __typeof__(function) *name;
#define ROW(function, name) { #function, &libcurl.name },

/* Its functions once it is loaded, typed by its header. */
static struct { FUNCTIONS(FIELD) } libcurl;
static const struct {
	const char *name;
	void *to;
} functions[] = { FUNCTIONS(ROW) };
/* clang-format on */

static int
load(struct ak_err *err)
{
	static bool loaded;
	void *library;

	if (loaded)
		return 0;
	library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
	if (!library)
		library = dlopen("libcurl-gnutls.so.4", RTLD_NOW | RTLD_LOCAL);
	if (!library) {
		ak_err_set(err, AK_SYSTEM, "libcurl.so.4: not installed");
		ak_err_help(err, "apt install libcurl4");
		return -1;
	}
	for (size_t i = 0; i < AK_COUNT(functions); i++) {
		void *symbol = dlsym(library, functions[i].name);

		if (!symbol)
			return ak_fail(err, AK_SYSTEM, "libcurl.so.4: no %s",
			    functions[i].name);
		/* By its bytes: C has no cast from data to function. */
		memcpy(functions[i].to, &symbol, sizeof(symbol));
	}
	if (libcurl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return ak_fail(err, AK_SYSTEM, "libcurl.so.4: does not start");
	loaded = true;
	return 0;
}

/* The state of this carrier is a CURLM. */
static int
open_multi(void **state, struct ak_err *err)
{
	CURLM *multi;

	if (load(err) == -1)
		return -1;
	multi = libcurl.multi_init();
	if (!multi)
		return ak_fail(err, AK_SYSTEM, "libcurl.so.4: no memory");
	*state = multi;
	return 0;
}

static void
close_multi(void *multi)
{
	libcurl.multi_cleanup(multi);
}

/* Called when a connection is there, before the request goes out. */
static int
on_connected(void *arg, char *to, char *from, int to_port, int from_port)
{
	struct ak_curl_transfer *transfer = arg;

	(void)to, (void)from, (void)to_port, (void)from_port;
	transfer->on_life(transfer->arg);
	return CURL_PREREQFUNC_OK;
}

static size_t
on_header(char *data, size_t size, size_t count, void *arg)
{
	struct ak_curl_transfer *transfer = arg;

	(void)data;
	transfer->on_life(transfer->arg);
	return size * count;
}

static size_t
on_body(char *data, size_t size, size_t count, void *arg)
{
	struct ak_curl_transfer *transfer = arg;
	long status = 0;

	libcurl.get(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	if (transfer->on_body(transfer->arg, (int)status, data, size * count))
		return size * count;
	transfer->refused = true;
	return 0;
}

static void
set_method(struct ak_curl_transfer *transfer)
{
	const char *method = transfer->method ? transfer->method : "GET";
	const char *body = transfer->body;
	CURL *easy = transfer->easy;

	if (body || ak_streq(method, "POST") || ak_streq(method, "PUT")) {
		libcurl.set(easy, CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)(body ? strlen(body) : 0));
		libcurl.set(easy, CURLOPT_POSTFIELDS, body ? body : "");
	}
	if (ak_streq(method, "HEAD"))
		libcurl.set(easy, CURLOPT_NOBODY, 1L);
	else
		libcurl.set(easy, CURLOPT_CUSTOMREQUEST, method);
}

static void
add_header(struct ak_curl_transfer *transfer, const char *header)
{
	struct curl_slist *list = libcurl.slist_append(transfer->sent_headers,
	    header);

	if (list)
		transfer->sent_headers = list;
}

static void
set_headers(struct ak_curl_transfer *transfer)
{
	const char *const *header = transfer->headers;

	/* Without "Expect: 100-continue", which costs a round trip. */
	add_header(transfer, "Expect:");
	if (transfer->body)
		add_header(transfer, "Content-Type: application/json");
	for (; header && *header; header++)
		add_header(transfer, *header);
	libcurl.set(transfer->easy, CURLOPT_HTTPHEADER, transfer->sent_headers);
}

static void
set_address(const struct ak_curl_transfer *transfer)
{
	CURL *easy = transfer->easy;

	libcurl.set(easy, CURLOPT_URL, transfer->url);
	libcurl.set(easy, CURLOPT_PATH_AS_IS, 1L);
	libcurl.set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	libcurl.set(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	libcurl.set(easy, CURLOPT_CONNECTTIMEOUT_MS,
	    (long)transfer->connect_ms);
	if (transfer->unix_path)
		libcurl.set(easy, CURLOPT_UNIX_SOCKET_PATH,
		    transfer->unix_path);
	if (transfer->direct)
		libcurl.set(easy, CURLOPT_PROXY, "");
}

static int
start(void *multi, struct ak_curl_transfer *transfer, struct ak_err *err)
{
	CURL *easy = transfer->easy;

	if (easy)
		libcurl.easy_reset(easy);
	else
		easy = transfer->easy = libcurl.easy_init();
	if (!easy)
		return ak_fail(err, AK_SYSTEM, "libcurl.so.4: no memory");
	transfer->refused = false;
	transfer->err = (struct ak_err){ 0 };
	transfer->text[0] = '\0';

	set_address(transfer);
	set_method(transfer);
	set_headers(transfer);
	libcurl.set(easy, CURLOPT_PRIVATE, transfer);
	libcurl.set(easy, CURLOPT_NOSIGNAL, 1L);
	libcurl.set(easy, CURLOPT_ERRORBUFFER, transfer->text);
	libcurl.set(easy, CURLOPT_PREREQFUNCTION, on_connected);
	libcurl.set(easy, CURLOPT_PREREQDATA, transfer);
	libcurl.set(easy, CURLOPT_HEADERFUNCTION, on_header);
	libcurl.set(easy, CURLOPT_HEADERDATA, transfer);
	libcurl.set(easy, CURLOPT_WRITEFUNCTION, on_body);
	libcurl.set(easy, CURLOPT_WRITEDATA, transfer);
	if (transfer->any_certificate) {
		libcurl.set(easy, CURLOPT_SSL_VERIFYPEER, 0L);
		libcurl.set(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	}
	if (libcurl.add_handle(multi, easy) != CURLM_OK)
		return ak_fail(err, AK_SYSTEM, "libcurl.so.4: no memory");
	transfer->under_way = true;
	return 0;
}

static void
stop(void *multi, struct ak_curl_transfer *transfer)
{
	if (transfer->under_way)
		libcurl.remove_handle(multi, transfer->easy);
	libcurl.slist_free_all(transfer->sent_headers);
	transfer->sent_headers = NULL;
	transfer->under_way = false;
}

static void
forget(void *multi, struct ak_curl_transfer *transfer)
{
	stop(multi, transfer);
	libcurl.easy_cleanup(transfer->easy);
	transfer->easy = NULL;
}

/* What deserves other words or another code than AK_UNAVAILABLE. */
static const struct {
	CURLcode result;
	enum ak_code code;
	const char *text; /* NULL: libcurl's own */
} outcomes[] = {
	{ CURLE_COULDNT_RESOLVE_HOST, AK_UNAVAILABLE, "no such host" },
	{ CURLE_GOT_NOTHING, AK_UNAVAILABLE, "closed without an answer" },
	{ CURLE_PARTIAL_FILE, AK_UNAVAILABLE, "closed within the answer" },
	{ CURLE_OPERATION_TIMEDOUT, AK_TEMPFAIL, "no connection in time" },
	{ CURLE_OUT_OF_MEMORY, AK_SYSTEM, NULL },
	{ CURLE_URL_MALFORMAT, AK_USAGE, "not a URL" },
	{ CURLE_UNSUPPORTED_PROTOCOL, AK_PROTOCOL, "the answer is not HTTP" },
	{ CURLE_WEIRD_SERVER_REPLY, AK_PROTOCOL, "the answer is not HTTP" },
	{ CURLE_SSL_CONNECT_ERROR, AK_PROTOCOL, NULL },
	{ CURLE_PEER_FAILED_VERIFICATION, AK_PROTOCOL, NULL },
};

static void
explain(struct ak_curl_transfer *transfer, CURLcode result)
{
	const char *text = transfer->text;
	enum ak_code code = AK_UNAVAILABLE;
	long why = 0;

	if (!*text)
		text = libcurl.strerror(result);
	for (size_t i = 0; i < AK_COUNT(outcomes); i++)
		if (outcomes[i].result == result) {
			code = outcomes[i].code;
			text = outcomes[i].text ? outcomes[i].text : text;
		}
	if (result == CURLE_COULDNT_CONNECT)
		libcurl.get(transfer->easy, CURLINFO_OS_ERRNO, &why);
	if (why != 0)
		text = strerror((int)why);
	if (why == EACCES || why == EPERM)
		code = AK_NOPERM;
	/* Neither libcurl nor the C library begins in lower case. */
	ak_err_set(&transfer->err, code, "%c%s", tolower(*text), text + 1);
}

static void
end(void *multi, struct ak_curl_transfer *transfer, CURLcode result)
{
	curl_off_t retry_after = 0;
	long status = 0;

	libcurl.get(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	libcurl.get(transfer->easy, CURLINFO_RETRY_AFTER, &retry_after);
	transfer->status = (int)status;
	transfer->retry_after = retry_after > 0 ? retry_after : -1;
	if (result != CURLE_OK && !transfer->refused)
		explain(transfer, result);
	stop(multi, transfer);
}

static int
perform(void *multi, struct ak_err *err)
{
	int running, left;
	CURLMcode result = libcurl.perform(multi, &running);
	struct ak_curl_transfer *transfer;
	CURLMsg *message;

	if (result != CURLM_OK)
		return ak_fail(err, AK_BUG, "libcurl.so.4: %s",
		    libcurl.multi_strerror(result));
	while ((message = libcurl.info_read(multi, &left))) {
		CURLcode outcome = message->data.result;

		libcurl.get(message->easy_handle, CURLINFO_PRIVATE, &transfer);
		end(multi, transfer, outcome);
	}
	return 0;
}

static void
poll_multi(void *multi, struct pollfd *extra, unsigned count, int wait_ms)
{
	AK_FREE struct curl_waitfd *fds = ak_calloc(count + 1, sizeof(*fds));

	/* POLLIN, POLLPRI and POLLOUT have libcurl's numbers. */
	for (unsigned i = 0; i < count; i++)
		fds[i] = (struct curl_waitfd){ extra[i].fd, extra[i].events,
			0 };
	libcurl.poll(multi, fds, count, wait_ms, NULL);
	/* Asked again: libcurl does not tell of an end or an error. */
	if (count > 0)
		poll(extra, count, 0);
}

const struct ak_carrier ak_by_curl = { .open = open_multi,
	.close = close_multi,
	.start = start,
	.stop = stop,
	.forget = forget,
	.perform = perform,
	.poll = poll_multi };
