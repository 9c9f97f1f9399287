/*
 * sched_laws - what holds whatever happens: random worlds (tests/fuzz), the
 * bound of fairness, the bound of waiting.
 */
#include "tests/fuzz/queue_sched.h"
#include "tests/unit/tap.h"

#define SECOND ((int64_t)1000000)

static uint64_t
random_of(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15U;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
	z = (z ^ z >> 27) * 0x94d049bb133111ebU;
	return z ^ z >> 31;
}

static int64_t
below(uint64_t *state, int64_t n)
{
	return (int64_t)(random_of(state) % (uint64_t)n);
}

/* A law that is broken ends the program. */
static void
test_worlds(void)
{
	static uint8_t bytes[6000];
	uint64_t state = 1;

	for (int i = 0; i < 250; i++) {
		for (size_t j = 0; j < sizeof(bytes); j++)
			bytes[j] = (uint8_t)random_of(&state);
		world_run(bytes, sizeof(bytes));
	}
	ok(true, "250 random worlds of 6000 bytes keep every law");
}

/* One backend, one slot; each client always has one request waiting more. */
struct fair {
	struct sched *s;
	struct sched_config config;
	uint64_t random;
	int64_t now, cost[8], largest, worst;
	int clients, keys, waiting[8];
};

static const char *const names[] = { "ann", "bob", "cy", "dot", "eve", "flo",
	"gil", "hal" };

static void
fair_add(struct fair *f, int client)
{
	struct sched_request r = { .class = 1,
		.client = names[client],
		.model = names[below(&f->random, f->keys)],
		.prompt = (int)below(&f->random, 2000),
		.owner = (void *)(uintptr_t)client };
	uint64_t id;

	law(sched_add(f->s, &r, f->now, &id) == SCHED_OK);
	f->waiting[client]++;
}

/* Books of our own: what each had, as the weights say. */
static void
fair_run(struct fair *f, const struct sched_act *act)
{
	int64_t load = act->switching ? below(&f->random, 8) * SECOND : 0;
	struct sched_usage u = { .prompt = below(&f->random, 4000),
		.generated = below(&f->random, 800),
		.load_us = load };
	int client = (int)(uintptr_t)act->owner;
	int64_t cost = u.prompt * f->config.prompt_weight +
	    u.generated * f->config.generated_weight +
	    load / SECOND * f->config.switch_weight;

	f->waiting[client]--;
	fair_add(f, client);
	f->now += load + 1;
	sched_first_byte(f->s, act->id, f->now);
	f->now += u.prompt * 700 + u.generated * 20000;
	sched_done(f->s, act->id, &u, f->now);
	f->cost[client] += cost;
	if (cost > f->largest)
		f->largest = cost;
}

static void
fair_look(struct fair *f)
{
	int64_t least = INT64_MAX, most = 0;

	for (int i = 0; i < f->clients; i++) {
		if (f->cost[i] < least)
			least = f->cost[i];
		if (f->cost[i] > most)
			most = f->cost[i];
	}
	if ((most - least) * 1000 / f->largest > f->worst)
		f->worst = (most - least) * 1000 / f->largest;
}

static void
test_fair(int clients, int keys, int64_t quantum)
{
	static const struct sched_backend gpu = {
		.up = SCHED_UP, .slots = 1, .loaded_max = 1
	};
	struct fair f = { .random = (uint64_t)(clients * 100 + keys),
		.clients = clients,
		.keys = keys };
	struct sched_act act;

	sched_config_default(&f.config);
	f.config.quantum = quantum;
	f.config.classes[1].max_wait = 0;
	f.s = sched_new(&f.config, 1, 0);
	sched_backend_set(f.s, 0, &gpu, 0);
	for (int i = 0; i < clients; i++)
		for (int j = 0; j < 3; j++)
			fair_add(&f, i);
	for (int i = 0; i < 4000; i++) {
		sched_pick(f.s, f.now, &act);
		law(act.kind == SCHED_RUN);
		fair_run(&f, &act);
		fair_look(&f);
	}
	ok(f.worst <= 2000,
	    "%d clients on %d keys, quantum %d s: %lld.%03lld of the largest "
	    "request apart, at most",
	    clients, keys, (int)(quantum / SECOND), (long long)f.worst / 1000,
	    (long long)f.worst % 1000);
	sched_free(f.s);
}

/*
 * Interactive work on A never ends; one batch request on B has no share, but
 * max_wait: it starts then, or after what was running.
 */
static void
test_starvation(void)
{
	static const struct sched_backend gpu = {
		.up = SCHED_UP, .slots = 1, .loaded_max = 1
	};
	struct sched_usage u = { .prompt = 10, .generated = 100 };
	struct sched_config config;
	struct sched_stats stats;
	struct sched_act act = { 0 };
	uint64_t id, batch = 0;
	int64_t now = 0;
	struct sched *s;

	sched_config_default(&config);
	for (int i = 0; i < 3; i++)
		config.classes[i].min_share = 0;
	config.classes[2].max_wait = 200 * SECOND;
	s = sched_new(&config, 1, 0);
	sched_backend_set(s, 0, &gpu, 0);
	for (int i = 0; i < 6; i++)
		law(sched_add(s,
			&(struct sched_request){ .client = names[i % 3],
			    .model = "A",
			    .class = i % 2 },
			now, &id) == SCHED_OK);
	law(sched_add(s,
		&(struct sched_request){
		    .client = "hal", .model = "B", .class = 2 },
		now, &batch) == SCHED_OK);
	for (int i = 0; i < 1000 && act.id != batch; i++) {
		sched_pick(s, now, &act);
		law(act.kind == SCHED_RUN);
		if (act.id == batch)
			break;
		law(sched_add(s,
			&(struct sched_request){ .client = names[i % 3],
			    .model = "A",
			    .class = i % 2 },
			now, &id) == SCHED_OK);
		now += 3 * SECOND;
		sched_done(s, act.id, &u, now);
	}
	ok(act.id == batch && now >= 200 * SECOND && now <= 203 * SECOND,
	    "a batch request starts when max_wait has passed: after %lld s",
	    (long long)(now / SECOND));
	sched_stats(s, now, &stats);
	is_int(stats.classes[2].promotions, 1, "and is counted");
	is_int(stats.switches[SCHED_BY_MAXWAIT], 1, "as a cause of the switch");
	sched_free(s);
}

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
	test_explain();
	test_starvation();
	for (int clients = 2; clients <= 8; clients += 3)
		for (int keys = 1; keys <= 5; keys += 2)
			test_fair(clients, keys, keys * (200 * SECOND));
	test_worlds();
	return done_testing();
}
