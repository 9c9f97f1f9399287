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

int
main(void)
{
	test_starvation();
	for (int clients = 2; clients <= 8; clients += 3)
		for (int keys = 1; keys <= 5; keys += 2)
			test_fair(clients, keys, keys * (200 * SECOND));
	test_worlds();
	return done_testing();
}
