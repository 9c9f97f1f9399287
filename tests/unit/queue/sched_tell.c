/*
 * sched_tell - what the scheduler refuses, and what it tells of itself.
 */
#include <stdio.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "tests/unit/tap.h"
#include "tools/queue/sched.h"

#define SECOND ((int64_t)1000000)

static const char *const names[] = { "ann", "bob" };

static void
keep(void *arg, int64_t at, const char *text)
{
	char *all = arg;
	size_t len = strlen(all);

	snprintf(all + len, 2000 - len, "%d %s\n", (int)(at / SECOND), text);
}

static void
test_explain(void)
{
	static const struct sched_backend gpu = {
		.up = SCHED_UP, .slots = 1, .loaded_max = 1
	};
	struct sched_usage u = { .prompt = 10, .generated = 100 };
	struct sched_config config;
	struct sched_act act;
	uint64_t a, b, c;
	char all[2000] = "";
	struct sched *s;

	sched_config_default(&config);
	s = sched_new(&config, 1, 0);
	sched_backend_set(s, 0, &gpu, 0);
	law(sched_add(s,
		&(struct sched_request){
		    .client = "ann", .model = "A", .class = 1 },
		0, &a) == SCHED_OK);
	sched_pick(s, 0, &act);
	law(sched_add(s,
		&(struct sched_request){
		    .client = "cy", .model = "B", .class = 1 },
		SECOND, &c) == SCHED_OK);
	law(sched_add(s,
		&(struct sched_request){ .client = "bob", .model = "A" },
		2 * SECOND, &b) == SCHED_OK);
	is_int(sched_position(s, c), 2, "one of a better class is before it");
	sched_first_byte(s, a, 4 * SECOND);
	sched_done(s, a, &u, 5 * SECOND);
	sched_pick(s, 5 * SECOND, &act);
	law(act.id == b);
	sched_done(s, b, &u, 9 * SECOND);
	ok(sched_estimate_class(s, 0, 9 * SECOND) >= 0, "a wait can be told");
	sched_pick(s, 9 * SECOND, &act);
	law(act.id == c && act.switching);
	sched_done(s, c, &u, 20 * SECOND);
	ok(sched_explain(s, c, 21 * SECOND, keep, all),
	    "it is known afterwards too why a request waited");
	is_str(all,
	    "1 waits in normal for B\n"
	    "4 A loaded in 4.0 s\n"
	    "5 interactive goes first: bob\n"
	    "9 its turn: a switch was decided on backend 0\n"
	    "9 sent to backend 0\n"
	    "20 loaded on backend 0\n",
	    "step by step");
	ok(!sched_explain(s, 12345, 0, keep, all), "of others nothing is");
	sched_free(s);
}

static void
add_client(void *arg, const struct sched_client_stats *client)
{
	char *all = arg;
	size_t len = strlen(all);

	snprintf(all + len, 2000 - len, "%s %d+%d %lld;", client->name,
	    client->queued, client->running, (long long)client->generated);
}

static void
add_key(void *arg, const struct sched_key_stats *key)
{
	char *all = arg;
	size_t len = strlen(all);

	snprintf(all + len, 2000 - len, "%s(%s) %d+%d on %u, %.0f/s;",
	    key->model, key->options, key->queued, key->running, key->resident,
	    key->tokens_per_second);
}

static void
count_one(void *arg, uint64_t id, const struct sched_info *info)
{
	law(id != 0 && info->state != SCHED_GONE);
	*(int *)arg += 1;
}

static void
test_stats(void)
{
	static const struct sched_backend gpu = {
		.up = SCHED_UP, .slots = 1, .loaded_max = 1
	};
	struct sched_usage u = {
		.prompt = 10, .generated = 90, .generated_us = 2 * SECOND
	};
	struct sched_config config;
	struct sched_act act;
	char clients[2000] = "", keys[2000] = "";
	struct sched *s;
	uint64_t id;
	int count = 0;

	sched_config_default(&config);
	s = sched_new(&config, 1, 0);
	sched_backend_set(s, 0, &gpu, 0);
	for (int i = 0; i < 3; i++) {
		struct sched_request r = {
			.client = names[i % 2], .model = "A", .options = "x"
		};

		law(sched_add(s, &r, 0, &id) == SCHED_OK);
	}
	sched_pick(s, 0, &act);
	sched_done(s, act.id, &u, 5 * SECOND);
	sched_pick(s, 5 * SECOND, &act);
	sched_clients(s, add_client, clients);
	sched_keys(s, add_key, keys);
	sched_each(s, count_one, &count);
	is_str(clients, "ann 1+0 90;bob 0+1 0;", "what each client has");
	is_str(keys, "A(x) 1+1 on 1, 45/s;", "what is known of a key");
	is_int(count, 2, "each request is told");
	is_str(sched_reason_name(SCHED_LATE), "waited_too_long",
	    "a reason has a name");
	sched_free(s);
}

static void
test_config(void)
{
	static const struct {
		const char *claim, *error;
		int shares[2];
		int64_t max_wait;
		int queue;
		const char *name;
	} rows[] = {
		{ "shares above one",
		    "min_share: all classes together have "
		    "1200 permille",
		    { 600, 600 }, 0, 9, "x" },
		{ "a share above one",
		    "x: min_share: 1001 is not between 0 and 1000", { 1001, 0 },
		    0, 9, "x" },
		{ "no queue", "queue_limit: 0 is not between 1 and 1000000",
		    { 0, 0 }, 0, 0, "x" },
		{ "two of a name", "y: there are two classes of that name",
		    { 0, 0 }, 0, 9, "y" },
		{ "no class", "no class", { 0, 0 }, 0, 9, "" },
	};

	for (size_t i = 0; i < AK_COUNT(rows); i++) {
		struct sched_config c;
		struct ak_err err = { 0 };

		sched_config_default(&c);
		memset(c.classes, 0, sizeof(c.classes));
		snprintf(c.classes[0].name, 32, "%s", rows[i].name);
		snprintf(c.classes[1].name, 32, "y");
		c.classes[0].min_share = rows[i].shares[0];
		c.classes[1].min_share = rows[i].shares[1];
		c.queue_limit = rows[i].queue;
		ok(sched_config_check(&c, &err) == -1 && err.code == AK_CONFIG,
		    "%s is refused", rows[i].claim);
		is_str(err.text, rows[i].error, "%s: why", rows[i].claim);
	}
}

static void
test_bounds(void)
{
	static const struct sched_backend gpu = {
		.up = SCHED_UP, .slots = 1, .loaded_max = 1
	};
	struct sched_request r = { .client = "ann", .model = "A" };
	struct sched_config config;
	struct sched *s;
	char name[SCHED_NAME + 1];
	uint64_t id;

	sched_config_default(&config);
	config.queue_limit = 3;
	config.classes[0].queue_limit = 2;
	config.client_queue = 1;
	config.clients_max = 2;
	s = sched_new(&config, 1, 0);
	is_int(sched_add(s, &r, 0, &id), SCHED_NO_BACKEND, "no backend at all");
	sched_backend_set(s, 0, &gpu, 0);
	is_int(sched_add(s, &r, 0, &id), SCHED_OK, "one waits");
	is_int(sched_add(s, &r, 0, &id), SCHED_CLIENT_FULL, "a client is full");
	r.client = "bob";
	is_int(sched_add(s, &r, 0, &id), SCHED_OK, "another waits");
	r.client = "cy";
	is_int(sched_add(s, &r, 0, &id), SCHED_TABLE_FULL, "no more names");
	is_int(sched_cancel(s, id, 0), true, "one goes, and its name may");
	is_int(sched_add(s, &r, 0, &id), SCHED_OK, "another takes its place");
	config.clients_max = 9;
	sched_reconfigure(s, &config, 0);
	r.client = "dot";
	is_int(sched_add(s, &r, 0, &id), SCHED_CLASS_FULL, "a class is full");
	r.class = 1;
	is_int(sched_add(s, &r, 0, &id), SCHED_OK, "another class is not");
	r.client = "eve";
	is_int(sched_add(s, &r, 0, &id), SCHED_FULL, "all are full");
	r.class = 3;
	is_int(sched_add(s, &r, 0, &id), SCHED_NO_CLASS, "no class");
	memset(name, 'x', SCHED_NAME);
	name[SCHED_NAME] = '\0';
	r.class = 0;
	r.client = name;
	is_int(sched_add(s, &r, 0, &id), SCHED_BAD_NAME, "too long a name");
	sched_free(s);
}

int
main(void)
{
	test_bounds();
	test_config();
	test_stats();
	test_explain();
	return done_testing();
}
