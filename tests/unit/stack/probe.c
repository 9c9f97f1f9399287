/*
 * probe - what answers are well, cut anywhere; and real sockets asked at once.
 */
#include "tools/stack/probe.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/proc.h"
#include "tests/unit/tap.h"

struct stack_options stack_options;

static const struct {
	const char *scheme, *answer;
	int well;
	const char *text;
} answers[] = {
	{ "http", "HTTP/1.1 200 OK\r\n", 1, "" },
	{ "http", "HTTP/1.0 302 Found\r\nLocation: /x\r\n", 1, "" },
	{ "http", "HTTP/1.1 204\n", 1, "" },
	{ "http", "HTTP/1.1 404 Not Found\r\n", -1, "HTTP 404" },
	{ "http", "HTTP/1.1 503 Busy\r\n", -1, "HTTP 503" },
	{ "http", "SSH-2.0-x\r\n", -1, "the answer is not HTTP" },
	{ "http", "HTTP/1.1", 0, "" },
	{ "redis", "+PONG\r\n", 1, "" },
	{ "redis", "-NOAUTH Authentication required.\r\n", 1, "" },
	{ "redis", "-LOADING Redis is loading\r\n", -1,
	    "LOADING Redis is loading" },
	{ "redis", "+PO", 0, "" },
	{ "postgres", "N", 1, "" },
	{ "postgres", "S", 1, "" },
	{ "postgres", "E...", -1, "the answer is not PostgreSQL's" },
};

static void
test_answer(size_t row)
{
	const char *name = answers[row].scheme, *answer = answers[row].answer;
	const struct scheme *scheme = scheme_find(name, strlen(name));
	char text[PROBE_TEXT] = "";
	int well = 0;

	for (size_t len = 1; len <= strlen(answer) && well == 0; len++)
		well = scheme->judge(answer, len, text);
	is_int(well, answers[row].well, "%s: %s", name, answer);
	is_str(text, answers[row].text, "%s: %s: why", name, answer);
}

/* Until it is killed. */
static void AK_NORETURN
answer_all(int fd, const char *answer)
{
	for (;;) {
		int peer = accept(fd, NULL, NULL);

		if (*answer != '\0') {
			char asked[512];

			(void)!read(peer, asked, sizeof(asked));
			(void)!write(peer, answer, strlen(answer));
			close(peer);
		}
	}
}

/* A server in a child: takes connections, and says what it is to say. */
static pid_t
serve(const char *answer, int *port)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	pid_t pid;

	if (bind(fd, (struct sockaddr *)&address, len) == -1 ||
	    listen(fd, 8) == -1 ||
	    getsockname(fd, (struct sockaddr *)&address, &len) == -1)
		abort();
	*port = ntohs(address.sin_port);
	pid = fork();
	if (pid == 0)
		answer_all(fd, answer);
	close(fd);
	return pid;
}

#define NOBODY "(nobody)"

/* All asked together: the one that is silent takes the whole limit. */
static struct {
	const char *claim;
	const char *label; /* %d: the port */
	const char *says;
	const char *text; /* its end */
	enum probe_result result;
	pid_t server;
} servers[] = {
	{ "HTTP that answers", "http://:%d/healthz", "HTTP/1.1 200 OK\r\n\r\n",
	    "", PROBE_OK, 0 },
	{ "HTTP that is ill", "http://:%d/", "HTTP/1.1 500 No\r\n\r\n",
	    "HTTP 500", PROBE_FAILED, 0 },
	{ "a port that takes connections", "tcp://:%d", "", "", PROBE_OK, 0 },
	{ "Redis that wants a password", "redis://:%d", "-NOAUTH x\r\n", "",
	    PROBE_OK, 0 },
	{ "PostgreSQL", "postgres://:%d", "N", "", PROBE_OK, 0 },
	{ "one that is silent", "http://:%d", "", "no answer in time",
	    PROBE_FAILED, 0 },
	{ "one that hangs up", "http://:%d", "\n", "the answer is not HTTP",
	    PROBE_FAILED, 0 },
	{ "nobody there", "tcp://:%d", NOBODY, "Connection refused",
	    PROBE_FAILED, 0 },
	{ "a label that says nothing", "nonsense%d", NOBODY,
	    "label aikit.probe is not understood", PROBE_FAILED, 0 },
	{ "a label without a port", "http://host/%d", NOBODY,
	    "label aikit.probe is not understood", PROBE_FAILED, 0 },
};

static const char running[] =
    "{\"Id\":\"c1\",\"State\":{\"Status\":\"running\",\"Running\":true},"
    "\"HostConfig\":{\"NetworkMode\":\"host\"}}";

static struct ak_json *
parse(const char *text)
{
	struct ak_json *json = NULL;
	struct ak_err err = { 0 };

	if (ak_json_parse(&json, text, strlen(text), &err) == -1)
		ok(false, "%s", err.text);
	return json;
}

/* Bound for the life of this program, and never listened on. */
static int
free_port(void)
{
	struct sockaddr_in at = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(fd, (struct sockaddr *)&at, len) == -1 ||
	    getsockname(fd, (struct sockaddr *)&at, &len) == -1)
		return 0;
	return ntohs(at.sin_port);
}

/* The model of a service with the label, its port filled in. */
static struct ak_json *
labelled(const char *label, int port)
{
	AK_FREE char *value = NULL;
	AK_FREE char *text = NULL;
	const char *mark = strstr(label, "%d");

	value = ak_printf("%.*s%d%s", (int)(mark - label), label, port,
	    mark + 2);
	text = ak_printf("{\"labels\":{\"aikit.probe\":\"%s\"}}", value);
	return parse(text);
}

static void
test_sockets(void)
{
	static struct service services[AK_COUNT(servers)];
	static struct probe_target targets[AK_COUNT(servers)];
	AK_JSON struct ak_json *inspect = parse(running);
	struct container container = { .inspect = inspect,
		.state = "running",
		.id = (char[]){ "c1" },
		.name = (char[]){ "c" } };
	struct ak_err err = { 0 };
	int64_t begun_ms;

	for (size_t i = 0; i < AK_COUNT(servers); i++) {
		int port = 0;

		if (ak_streq(servers[i].says, NOBODY))
			port = free_port();
		else
			servers[i].server = serve(servers[i].says, &port);
		services[i] = (struct service){ .name = "s",
			.json = labelled(servers[i].label, port) };
		targets[i] = (struct probe_target){ .service = &services[i],
			.container = &container };
	}
	begun_ms = ak_proc_now_ms();
	if (probe_all(targets, AK_COUNT(servers), 700, &err) == -1)
		ok(false, "%s", err.text);
	begun_ms = ak_proc_now_ms() - begun_ms;
	ok(begun_ms >= 700, "the slowest had its time: %lld ms",
	    (long long)begun_ms);
	for (size_t i = 0; i < AK_COUNT(servers); i++) {
		const struct probe *probe = &targets[i].probe;

		is_int(probe->result, servers[i].result, "%s: %s",
		    servers[i].claim, probe->text);
		ok(ak_ends(probe->text, servers[i].text), "%s: why: %s",
		    servers[i].claim, probe->text);
		ak_json_free((struct ak_json *)(void *)services[i].json);
		if (servers[i].server > 0)
			kill(servers[i].server, SIGKILL);
	}
}

static const char addressed[] =
    "{\"HostConfig\":{\"NetworkMode\":\"kit_default\"},"
    "\"NetworkSettings\":{\"Networks\":{"
    "\"a\":{\"IPAddress\":\"172.30.0.2\",\"GlobalIPv6Address\":\"\"},"
    "\"b\":{\"IPAddress\":\"172.31.0.2\",\"GlobalIPv6Address\":\"fd00::2\"}},"
    "\"Ports\":{\"99/udp\":null,\"53/tcp\":null,\"80/tcp\":[{\"HostIp\":"
    "\"0.0.0.0\",\"HostPort\":\"8080\"},{\"HostIp\":\"::\",\"HostPort\":"
    "\"8080\"}]}}}";

static void
test_addresses(void)
{
	AK_JSON struct ak_json *inspect = parse(addressed);
	AK_JSON struct ak_json *shared =
	    parse("{\"HostConfig\":{\"NetworkMode\":\"container:owner\"}}");
	struct container owner = { .inspect = inspect,
		.id = (char[]){ "owner" },
		.name = (char[]){ "o" } };
	struct container sidecar = { .inspect = shared };
	struct probe_target others[] = { { .container = &sidecar },
		{ .container = &owner } };
	struct address list[ADDRESSES];

	is_int((long long)address_list(&owner, 80, others, 2, list), 5,
	    "three of its own, and two published");
	is_str(list[0].ip, "172.30.0.2", "its own come first");
	ok(ak_streq(list[3].ip, "127.0.0.1") && list[3].port == 8080 &&
		list[3].published,
	    "published on all is asked on loopback");
	ok(ak_streq(list[4].ip, "::1"), "of IPv6 too");
	is_int((long long)address_list(&sidecar, 53, others, 2, list), 3,
	    "who shares a network has its owner's addresses");
	is_int(address_port(&owner), 80, "a published port before others");
}

int
main(void)
{
	for (size_t i = 0; i < AK_COUNT(answers); i++)
		test_answer(i);
	test_addresses();
	test_sockets();
	return done_testing();
}
