/*
 * What a configuration is read as, what is refused and how that is told, and
 * that example and manual name every key.
 */
#include <fcntl.h>
#include <string.h>

#include "lib/file.h"
#include "tests/unit/tap.h"
#include "tools/queue/conf.h"
#include "tools/queue/metrics_impl.h"

#define WELL                                  \
	"[listen l]\naddress = 127.0.0.1:0\n" \
	"[backend b]\nurl = http://127.0.0.1:1\n"

static int
read_text(struct config *config, const char *text, struct ak_err *err)
{
	if (conf_text(config, "q.conf", text, err) == -1)
		return -1;
	return conf_finish(config, err);
}

static const struct {
	const char *claim, *text, *error, *help;
} refused[] = {
	{ "a key that is not known", WELL "[queue]\nlimt = 3\n",
	    "q.conf:6: limt: no such key", "did you mean limit?" },
	{ "a section that is not known", "[queu]\nlimit = 3\n",
	    "q.conf:1: [queu]: no such section", "did you mean queue?" },
	{ "a section without its name", "[backend]\nslots = 1\n",
	    "q.conf:1: [backend]: without a name behind it", "" },
	{ "a name where none belongs", "[queue x]\n",
	    "q.conf:1: [queue]: takes no name", "" },
	{ "a key before any section", "limit = 3\n",
	    "q.conf:1: a key before any section", "" },
	{ "a key that comes twice", "[queue]\nlimit = 1\nlimit = 2\n",
	    "q.conf:3: limit: given twice", "" },
	{ "a number with letters", "[queue]\nlimit = many\n",
	    "q.conf:2: limit: many: not a whole number from 0 to 100000", "" },
	{ "a time out of its bounds", "[queue]\nconnect_timeout = 2d\n",
	    "q.conf:2: connect_timeout: 2d: not a time from 10ms to "
	    "24h",
	    "" },
	{ "a size out of its bounds", "[queue]\nbody_max = 5\n",
	    "q.conf:2: body_max: 5: not a size from 1k to "
	    "9223372036854775807",
	    "" },
	{ "a share above all", "[class a]\nmin_share = 101%\n",
	    "q.conf:2: min_share: 101%: not a percentage from 0% to "
	    "100%",
	    "" },
	{ "a share without its sign", "[class a]\nmin_share = 10\n",
	    "q.conf:2: min_share: 10: not a percentage from 0% to "
	    "100%",
	    "" },
	{ "a word that is none of them", "[queue]\nctx_policy = fix\n",
	    "q.conf:2: ctx_policy: fix: not one of pass, pin, max", "" },
	{ "a right to manage that is none",
	    "[listen l]\naddress = unix:/s\nmanage = maybe\n",
	    "q.conf:3: manage: maybe: not one of local, yes, no", "" },
	{ "neither yes nor no", "[queue]\nshed = maybe\n",
	    "q.conf:2: shed: maybe: not yes or no", "" },
	{ "a mode that is not octal",
	    "[listen l]\naddress = unix:/s\nmode = 0689\n",
	    "q.conf:3: mode: 0689: not an octal mode", "" },
	{ "no listener", "[backend b]\nurl = http://b\n",
	    "q.conf: nothing to listen on: no [listen NAME] and no "
	    "--listen",
	    "" },
	{ "no backend", "[listen l]\naddress = 127.0.0.1:1\n",
	    "q.conf: no backend: no [backend NAME] and no --backend", "" },
	{ "a listener without an address", WELL "[listen m]\n",
	    "q.conf:5: [listen m]: without address", "" },
	{ "an address without a port", WELL "[listen m]\naddress = localhost\n",
	    "q.conf:5: [listen m]: address: localhost: not HOST:PORT, "
	    "[HOST]:PORT or unix:/PATH",
	    "" },
	{ "an IPv6 address without brackets",
	    WELL "[listen m]\naddress = ::1:80\n",
	    "q.conf:5: [listen m]: address: ::1:80: not HOST:PORT, "
	    "[HOST]:PORT or unix:/PATH",
	    "" },
	{ "a backend with TLS", WELL "[backend c]\nurl = https://c\n",
	    "q.conf:5: [backend c]: url: https://c: TLS is not spoken "
	    "to backends",
	    "" },
	{ "a backend below a path", WELL "[backend c]\nurl = http://c/v1\n",
	    "q.conf:5: [backend c]: url: http://c/v1: a path behind "
	    "the host",
	    "" },
	{ "a class that nobody has", WELL "[queue]\nclass = bach\n",
	    "q.conf: [queue]: class: bach: no such class",
	    "did you mean batch?" },
	{ "a class of a listener that nobody has",
	    WELL "[listen m]\naddress = 127.0.0.1:2\nclass = x\n",
	    "q.conf:5: [listen m]: class: x: no such class", "" },
	{ "own classes without the default one", WELL "[class a]\n",
	    "q.conf: [queue]: class: normal: no such class", "" },
	{ "a rule without a class", WELL "[rule r]\npath = /x\n",
	    "q.conf:5: [rule r]: without class", "" },
	{ "a rule without a pattern", WELL "[rule r]\nclass = batch\n",
	    "q.conf:5: [rule r]: without path, model, agent or client", "" },
	{ "a model on a backend that is not there",
	    WELL "[model m]\nbackends = b, c\n",
	    "q.conf:5: [model m]: backends: c: no such backend", "" },
	{ "a policy without its number", WELL "[queue]\nctx_policy = pin\n",
	    "q.conf: [queue]: ctx_policy: without num_ctx", "" },
	{ "keys that are needed and not there",
	    WELL "[listen m]\naddress = 127.0.0.1:2\nneed_key = yes\n",
	    "q.conf:5: [listen m]: need_key: there is no file of keys "
	    "([queue] keys)",
	    "" },
	{ "nine classes",
	    "[class 1]\n[class 2]\n[class 3]\n[class 4]\n[class 5]\n"
	    "[class 6]\n[class 7]\n[class 8]\n[class 9]\n",
	    "q.conf:9: more than 8 sections [class ...]", "" },
};

static void
test_refused(void)
{
	for (size_t i = 0; i < AK_COUNT(refused); i++) {
		CONFIG struct config *config = conf_new();
		struct ak_err err = { 0 };

		ok(read_text(config, refused[i].text, &err) == -1,
		    "%s is refused", refused[i].claim);
		is_str(err.text, refused[i].error, "%s is told",
		    refused[i].claim);
		is_str(err.help, refused[i].help, "%s: what helps",
		    refused[i].claim);
		is_int(err.code, AK_CONFIG, "%s: 78", refused[i].claim);
	}
}

static void
test_values(void)
{
	static const char text[] =
	    "[queue]\nlimit = 4\nkeep_alive = 90\nkeep_alive_max = 1h30m\n"
	    "num_ctx = 8k\nctx_policy = max\nbody_max = 20M\nlog = none\n"
	    "drain_timeout = 1.5s\nunknown_paths = yes\n"
	    "[listen l]\naddress = unix:/run/q.sock\nmode = 0600\n"
	    "[class fast]\nmin_share = 2.5%\nmax_wait = 2m\noverdue = refuse\n"
	    "[class batch]\nlimit = 3\n"
	    "[queue]\nclass = fast\n"
	    "[backend a]\nurl = http://a\n[backend b]\nurl = http://b\n"
	    "weight = 3\n"
	    "[rule r]\nmodel = qwen*\nclass = batch\n"
	    "[client alice]\nweight = 2\n"
	    "[model llama3]\nbackends = b\nslots = 2\n"
	    "[model big]\nname = hf.co/x/y:Q4\nnum_ctx = 32k\n"
	    "[model qwen*]\nslots = 5\n";
	CONFIG struct config *config = conf_new();
	const struct settings *s = &config->settings;
	struct sched_config built_in;
	struct ak_err err = { 0 };

	sched_config_default(&built_in);
	is_int(read_text(config, text, &err), 0, "all of it is right: %s",
	    err.text);
	is_int(s->sched.limit, 4, "a number");
	is_str(s->keep_alive, "90", "a time for Ollama is in seconds");
	ok(s->keep_alive_max > 5399 && s->keep_alive_max < 5401,
	    "a time as seconds");
	is_int(s->num_ctx, 8192, "a size");
	is_int(s->ctx_policy, CTX_MAX, "a word");
	is_int(s->body_max, 20 << 20, "a larger size");
	is_str(config->log, NULL, "none is none");
	is_int(s->timeouts.drain, 1500000, "a time with a fraction");
	is_int(s->unknown_paths, true, "yes");
	is_int(s->listens[0].mode, 0600, "a mode");
	is_str(s->sched.classes[0].name, "fast", "classes in their order");
	is_str(s->sched.classes[1].name, "batch", "the second one");
	is_str(s->sched.classes[2].name, "", "and no others");
	is_int(s->sched.classes[0].min_share, 25, "a share in permille");
	is_int(s->sched.classes[0].overdue, SCHED_REFUSE, "a word of a class");
	is_int(s->sched.classes[0].patience, built_in.classes[1].patience,
	    "a new class is like normal where it says nothing");
	is_int(s->sched.classes[1].patience, built_in.classes[2].patience,
	    "batch is like batch");
	is_int(s->sched.classes[1].limit, 3, "but for what it says");
	is_int(s->backends[1].sched.weight, 3, "of the second backend");
	is_str(s->rules[0].model, "qwen*", "a pattern");
	is_str(s->clients[0].name, "alice", "a client");
	is_str(s->models[0].name, "llama3:latest", "a model has its tag");
	is_int(s->models[0].sched.backends, 2, "a bit for each backend");
	is_str(s->models[1].name, "hf.co/x/y:Q4", "a name that is too long");
	is_int(s->models[1].num_ctx, 32768, "a context of a model");
	is_str(s->models[2].name, "qwen*", "a pattern stays as it is");
}

static void
test_manage(void)
{
	static const struct {
		const char *address;
		enum listen_manage manage;
		bool may;
	} rows[] = {
		{ "127.0.0.1:1", LISTEN_LOCAL, true },
		{ "127.8.9.1:1", LISTEN_LOCAL, true },
		{ "[::1]:1", LISTEN_LOCAL, true },
		{ "localhost:1", LISTEN_LOCAL, true },
		{ "unix:/run/q", LISTEN_LOCAL, true },
		{ "0.0.0.0:1", LISTEN_LOCAL, false },
		{ "[::]:1", LISTEN_LOCAL, false },
		{ "*:1", LISTEN_LOCAL, false },
		{ "128.0.0.1:1", LISTEN_LOCAL, false },
		{ "localhost.example:1", LISTEN_LOCAL, false },
		{ "[::1]:1", LISTEN_NO, false },
		{ "0.0.0.0:1", LISTEN_YES, true },
	};

	for (size_t i = 0; i < AK_COUNT(rows); i++) {
		struct listen_conf listen = {
			.address = rows[i].address,
			.manage = rows[i].manage,
		};

		is_int(listen_manages(&listen), rows[i].may,
		    "who comes by %s may%s manage", rows[i].address,
		    rows[i].may ? "" : " not");
	}
}

static void
test_over(void)
{
	CONFIG struct config *config = conf_new();
	struct ak_err err = { 0 };

	is_int(conf_text(config, "q.conf", WELL "[queue]\nlimit = 4\n", &err),
	    0, "the file says four");
	is_int(conf_set(config, "--limit", "queue", "limit", "9", &err), 0,
	    "the command line says nine");
	is_int(config->settings.sched.limit, 9, "it is nine");
	ok(conf_set(config, "--limit", "queue", "limit", "x", &err) == -1,
	    "a letter is refused");
	is_str(err.text,
	    "--limit: limit: x: not a whole number from 0 to 100000",
	    "and told with the option");
	err = (struct ak_err){ 0 };
	is_int(conf_set(config, NULL, "class batch", "limit", "1", &err), 0,
	    "a built-in class is set");
	is_int(conf_set(config, NULL, "class extra", "limit", "2", &err), 0,
	    "and another one");
	is_int(conf_finish(config, &err), 0, "that is right: %s", err.text);
	is_str(config->settings.sched.classes[0].name, "interactive",
	    "the others stay");
	is_int(config->settings.sched.classes[2].limit, 1, "batch has it");
	is_str(config->settings.sched.classes[3].name, "extra",
	    "what is new is the last");
}

/* What is printed is read as the same. */
struct trip {
	struct config *to;
	int bad, count;
};

static void
trip(void *arg, const char *section, const char *key, const char *value,
    bool given AK_UNUSED)
{
	struct trip *t = arg;
	struct ak_err err = { 0 };

	t->count++;
	if (conf_set(t->to, NULL, section, key, value, &err) == 0)
		return;
	t->bad++;
	printf("# %s %s = %s: %s\n", section, key, value, err.text);
}

struct compare {
	struct ak_buf buf;
};

static void
print(void *arg, const char *section, const char *key, const char *value,
    bool given AK_UNUSED)
{
	struct ak_buf *buf = arg;

	/* A path that is empty is none. */
	ak_buf_printf(buf, "%s.%s=%s\n", section, key, value);
}

static void
test_print(void)
{
	CONFIG struct config *from = conf_new(), *to = conf_new();
	AK_BUF struct ak_buf a = { 0 }, b = { 0 };
	struct trip t = { .to = to };
	struct ak_err err = { 0 };

	is_int(conf_text(from, "q.conf",
		   WELL
		   "[class interactive]\n[class normal]\npatience=12345ms\n"
		   "[class batch]\n"
		   "[queue]\nkeep_alive=forever\nnum_ctx=5000\n"
		   "head_max=20000\n[rule r]\npath=/x\nclass=normal\n"
		   "[client c]\n[model m]\nnum_ctx=4k\n",
		   &err),
	    0, "a configuration: %s", err.text);
	conf_each(from, true, trip, &t);
	is_int(t.bad, 0, "each of %d keys is read as it was printed", t.count);
	conf_each(from, true, print, &a);
	conf_each(to, true, print, &b);
	is_str(b.data, a.data, "and printed again the same");
}

/* ---- Manual and example have them all. ---- */

static bool
has(const struct ak_buf *text, const char *format, const char *word)
{
	AK_BUF struct ak_buf line = { 0 };

	ak_buf_printf(&line, "%s%s", format, word);
	for (const char *at = ak_buf_text(text);
	     (at = strstr(at, line.data)) != NULL; at += line.len)
		if (at[line.len] == '\n' || at[line.len] == ' ')
			return true;
	return false;
}

static void
test_documents(void)
{
	AK_BUF struct ak_buf manual = { 0 }, example = { 0 };
	struct ak_err err = { 0 };

	is_int(ak_file_read(AT_FDCWD, "man/aikit-queue.conf.5", 1 << 20,
		   &manual, &err),
	    0, "the manual is there");
	is_int(ak_file_read(AT_FDCWD, "etc/aikit-queue.conf", 1 << 20, &example,
		   &err),
	    0, "the example is there");
	for (int i = 0; i < CONF_OFS; i++)
		for (const struct conf_key *key = conf_sections[i].keys;
		     key->name != NULL; key++) {
			ok(has(&manual, ".It Ic ", key->name) ||
				has(&manual, ", ", key->name),
			    "[%s] %s is in the manual", conf_sections[i].name,
			    key->name);
			ok(has(&example, "#", key->name),
			    "[%s] %s is in the example", conf_sections[i].name,
			    key->name);
		}
}

/* Each status that a client may be given, and each reason. */
static void
test_told(void)
{
	AK_BUF struct ak_buf manual = { 0 };
	struct ak_err err = { 0 };

	is_int(ak_file_read(AT_FDCWD, "man/aikit-queue.1", 1 << 20, &manual,
		   &err),
	    0, "the other manual is there");
	for (int i = HTTP1_GOOD + 1; i < HTTP1_BADS; i++) {
		int status = http1_status((enum http1_bad)i);
		AK_FREE char *text = ak_printf("%d", status);

		ok(has(&manual, ".It ", text) || has(&manual, ", ", text),
		    "%s is in the manual", text);
	}
	for (int i = SCHED_OK + 1; i < REJECTED_REASONS; i++) {
		const char *name = metrics_rejected_name(i);

		ok(has(&manual, ".It Li ", name) || has(&manual, ", ", name),
		    "%s is in the manual", name);
	}
}

int
main(void)
{
	test_told();
	test_refused();
	test_values();
	test_manage();
	test_over();
	test_print();
	test_documents();
	return done_testing();
}
