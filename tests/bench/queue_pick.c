/*
 * queue_pick - how long a pick takes with 10,000 waiting, of 100 clients on 20
 * keys in three classes; and an add, a cancel, an answer's end.
 *
 * One NDJSON record a figure, in microseconds as clock_gettime(2) has them.
 */
#include <stdio.h>
#include <time.h>

#include "tools/queue/sched.h"

#define WAITING 10000
#define ROUNDS 200000
#define FIGURES ((size_t)2 * ROUNDS)

static int64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * (int64_t)1000000000 + t.tv_nsec;
}

static uint64_t
random_of(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15U;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
	z = (z ^ z >> 27) * 0x94d049bb133111ebU;
	return z ^ z >> 31;
}

struct figure {
	const char *name;
	double target;
	int64_t *ns;
	size_t count;
};

static struct figure picks = { .name = "pick", .target = 5 };
static struct figure adds = { .name = "add" };
static struct figure ends = { .name = "done" };
static struct figure cancels = { .name = "cancel", .target = 1000 };

static void
took(struct figure *f, int64_t since)
{
	if (!f->ns)
		f->ns = ak_calloc(FIGURES, sizeof(*f->ns));
	if (f->count < FIGURES)
		f->ns[f->count++] = now_ns() - since;
}

static int
compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void
tell(struct figure *f)
{
	size_t at[3] = { f->count / 2, f->count * 99 / 100, f->count - 1 };
	double p50, p99, most;

	qsort(f->ns, f->count, sizeof(*f->ns), compare);
	p50 = (double)f->ns[at[0]] / 1e3;
	p99 = (double)f->ns[at[1]] / 1e3;
	most = (double)f->ns[at[2]] / 1e3;
	printf("{\"type\":\"bench\",\"name\":\"queue-%s\",\"count\":%zu,"
	       "\"p50_us\":%.3f,\"p99_us\":%.3f,\"max_us\":%.3f",
	    f->name, f->count, p50, p99, most);
	if (f->target > 0)
		printf(",\"target_p99_us\":%g,\"met\":%s", f->target,
		    p99 <= f->target ? "true" : "false");
	printf("}\n");
	free(f->ns);
}

static uint64_t
add(struct sched *s, uint64_t *state, int64_t now)
{
	char client[16], model[16];
	struct sched_request r = { .class = (int)(random_of(state) % 3),
		.client = client,
		.model = model,
		.options = "num_ctx=8192",
		.prompt = (int)(random_of(state) % 2000) };
	uint64_t id = 0;
	int64_t since;

	snprintf(client, sizeof(client), "client%d",
	    (int)(random_of(state) % 100));
	snprintf(model, sizeof(model), "model%d", (int)(random_of(state) % 20));
	if (random_of(state) % 4 == 0)
		r.deadline = now + (int64_t)1000000000000;
	since = now_ns();
	if (sched_add(s, &r, now, &id) != SCHED_OK)
		exit(1);
	took(&adds, since);
	return id;
}

int
main(void)
{
	struct sched_backend gpu = {
		.up = SCHED_UP, .slots = 4, .loaded_max = 3
	};
	struct sched_usage u = {
		.prompt = 500, .generated = 100, .load_us = -1
	};
	static uint64_t ids[WAITING];
	struct sched_config config;
	struct sched_act act;
	uint64_t state = 1;
	int64_t now = 0, since;
	struct sched *s;

	sched_config_default(&config);
	config.queue_limit = WAITING + 1;
	s = sched_new(&config, 1, 0);
	sched_backend_set(s, 0, &gpu, 0);
	for (size_t i = 0; i < WAITING; i++)
		ids[i] = add(s, &state, now);
	for (int i = 0; i < ROUNDS; i++) {
		size_t some = random_of(&state) % WAITING;

		now += 100000;
		for (;;) {
			since = now_ns();
			sched_pick(s, now, &act);
			took(&picks, since);
			if (act.kind != SCHED_RUN)
				break;
			since = now_ns();
			sched_done(s, act.id, &u, now + 50000);
			took(&ends, since);
			add(s, &state, now);
			if (random_of(&state) % 4 == 0)
				break;
		}
		since = now_ns();
		if (sched_cancel(s, ids[some], now)) {
			took(&cancels, since);
			ids[some] = add(s, &state, now);
		}
		if (picks.count >= ROUNDS)
			break;
	}
	tell(&picks);
	tell(&adds);
	tell(&ends);
	tell(&cancels);
	sched_free(s);
	return 0;
}
