/*
 * queue - the whole: from settings to a loop that runs, reloads and drains.
 */
#include <sys/signalfd.h>

#include <malloc.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/queue/proxy.h"

#define MINUTE (60 * QUEUE_SECOND)

void
settings_default(struct settings *settings)
{
	*settings = (struct settings){
		.timeouts = { .head = 10 * QUEUE_SECOND,
		    .body = 30 * QUEUE_SECOND,
		    .idle = MINUTE,
		    .write = MINUTE,
		    .connect = 5 * QUEUE_SECOND,
		    .first = 10 * MINUTE,
		    .stall = 2 * MINUTE,
		    .run = 60 * MINUTE,
		    .pool = MINUTE,
		    .drain = MINUTE },
		.health = { .interval = 2 * QUEUE_SECOND,
		    .timeout = 2 * QUEUE_SECOND,
		    .fall = 3,
		    .rise = 1,
		    .residency = 5 * QUEUE_SECOND,
		    .models = MINUTE,
		    .breaker = 5,
		    .breaker_wait = 10 * QUEUE_SECOND,
		    .probe_interval = MINUTE,
		    .watchdog = 5 * MINUTE },
		.http = http1_limits,
		.class_default = "normal",
		.class_header = "X-Aikit-Priority",
		.deadline_header = "X-Aikit-Deadline",
		.manage_limit = 2,
		.clients_max = 20000,
		.pool_max = 256,
		.retry_max = 2,
		.body_max = 256 << 20,
		.memory_body = 64 << 10,
		.memory_max = 256 << 20,
		.spill_max = INT64_C(4) << 30,
		.buffer_max = 256 << 10,
	};
	settings->http.ignore_h2c = true;
	sched_config_default(&settings->sched);
}

static void
reload(struct queue *q)
{
	struct settings *to = NULL;
	struct ak_err err = { 0 };

	if (q->hooks != NULL && q->hooks->reload != NULL)
		to = q->hooks->reload(q->hooks->arg, q);
	if (to != NULL && queue_reload(q, to, &err) == -1 &&
	    to->release != NULL)
		to->release(to);
}

static void
signalled(struct queue *q, struct source *source, uint32_t events)
{
	struct signalfd_siginfo info;

	(void)events;
	while (read(source->fd, &info, sizeof(info)) == sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGHUP:
			reload(q);
			break;
		case SIGUSR1:
			if (q->hooks != NULL && q->hooks->reopen != NULL)
				q->hooks->reopen(q->hooks->arg, q);
			break;
		default:
			if (q->draining)
				q->drain_end = q->now;
			else
				queue_drain(q);
			break;
		}
	}
}

static int
signals(struct queue *q, struct ak_err *err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	/* Nobody asks how they ended, see backend_name.c. */
	signal(SIGCHLD, SIG_IGN);
	q->signal_source.ready = signalled;
	q->signal_source.fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (q->signal_source.fd == -1 || loop_add(q, &q->signal_source) == -1)
		return ak_fail_sys(err, AK_SYSTEM, "signals");
	return 0;
}

/*
 * A burst leaves its memory with malloc, which keeps what it could give back:
 * it is told to when things have calmed down.
 */
static void
trim(struct queue *q)
{
	int now = q->request_count + q->client_count;

	if (q->peak - now < 128 || now > q->peak / 2)
		return;
	malloc_trim(0);
	q->peak = now;
}

static void
tick(struct queue *q, struct timer *timer)
{
	int64_t beat = q->settings->health.interval;

	timer_set(q, timer,
	    q->now + (beat < QUEUE_SECOND ? beat : QUEUE_SECOND));
	backend_tick(q);
	trim(q);
	if (q->hooks != NULL && q->hooks->tick != NULL)
		q->hooks->tick(q->hooks->arg, q);
}

uint32_t
queue_numbers(const struct queue *q, uint32_t bits)
{
	const struct settings *s = q->settings;
	uint32_t to = 0;

	for (size_t i = 0; i < s->backend_count; i++)
		for (int n = 0; n < SCHED_BACKENDS; n++)
			if ((bits >> i & 1) && q->backends[n].used &&
			    ak_streq(q->backends[n].url, s->backends[i].url))
				to |= UINT32_C(1) << n;
	return to;
}

/* What sched is told besides its config, which forgets it. */
static void
tell_sched(struct queue *q)
{
	const struct settings *s = q->settings;

	for (size_t i = 0; i < s->client_count; i++)
		sched_client_set(q->sched, s->clients[i].name,
		    s->clients[i].weight, s->clients[i].limit);
	/* Of other models it is told when they are asked for. */
	for (struct request *r = q->requests; r != NULL; r = r->next)
		if (r->sched_id != 0)
			(void)models_tell(q, r);
	q->pick = true;
}

static int
start(struct queue *q, struct ak_err *err)
{
	struct settings *s = q->settings;
	struct timespec real;

	clock_gettime(CLOCK_REALTIME, &real);
	q->next_id = ((int64_t)real.tv_sec << 20) + 1;
	q->sched = sched_new(&s->sched,
	    (uint64_t)real.tv_sec * 1000003 ^ (uint64_t)real.tv_nsec, q->now);
	if (signals(q, err) == -1 || listen_update(q, s, err) == -1 ||
	    backend_update(q, s, err) == -1)
		return -1;
	tell_sched(q);
	q->tick.fire = tick;
	timer_set(q, &q->tick, q->now);
	return 0;
}

struct queue *
queue_new(struct settings *settings, const struct hooks *hooks,
    struct ak_err *err)
{
	struct queue *q = ak_calloc(1, sizeof(*q));

	q->settings = settings;
	q->hooks = hooks;
	q->epoll = q->signal_source.fd = -1;
	q->manage_last = &q->manage_first;
	if (loop_new(q, err) == 0 && start(q, err) == 0)
		return q;
	queue_free(q);
	return NULL;
}

static bool
over(struct queue *q)
{
	if (!q->draining)
		return false;
	return q->client_count == 0 || q->now >= q->drain_end;
}

int
queue_run(struct queue *q, struct ak_err *err)
{
	return loop_run(q, over, err);
}

void
queue_drain(struct queue *q)
{
	if (q->draining)
		return;
	q->draining = true;
	q->drain_end = q->now + q->settings->timeouts.drain;
	q->accept_timer.fire = q->tick.fire;
	timer_drop(q, &q->accept_timer);
	listen_close(q);
	/* Wakes up at the end, whatever is going on. */
	q->wake = q->wake < q->drain_end ? q->wake : q->drain_end;
	q->drain_timer.fire = tick;
	timer_set(q, &q->drain_timer, q->drain_end);
}

int
queue_reload(struct queue *q, struct settings *settings, struct ak_err *err)
{
	struct settings *old = q->settings;

	if (q->draining)
		return ak_fail(err, AK_TEMPFAIL, "draining");
	if (listen_update(q, settings, err) == -1)
		return -1;
	if (backend_update(q, settings, err) == -1) {
		/* The old ones were well before. */
		struct ak_err again = { 0 };

		if (listen_update(q, old, &again) == -1 ||
		    backend_update(q, old, &again) == -1)
			ak_err_help(err, "%s", again.text);
		return -1;
	}
	q->settings = settings;
	sched_reconfigure(q->sched, &settings->sched, q->now);
	tell_sched(q);
	for (int i = 0; i < SCHED_BACKENDS; i++)
		if (q->backends[i].used)
			backend_state(q, &q->backends[i]);
	if (old->release != NULL)
		old->release(old);
	return 0;
}

struct request *
queue_find(struct queue *q, uint64_t id)
{
	struct request *r;

	for (r = q->requests; r != NULL; r = r->next)
		if (r->id == id)
			return r;
	return NULL;
}

bool
queue_kill(struct queue *q, uint64_t id)
{
	struct request *r = queue_find(q, id);
	struct dialect_error error = { .status = 503,
		.text = "cancelled by the operator",
		.code = "cancelled" };

	if (r == NULL || r->client == NULL)
		return false;
	serve_refuse(q, r, &error, OUTCOME_KILLED);
	return true;
}

bool
queue_promote(struct queue *q, uint64_t id)
{
	struct request *r = queue_find(q, id);

	if (r == NULL || r->sched_id == 0 ||
	    !sched_promote(q->sched, r->sched_id, q->now))
		return false;
	q->pick = true;
	return true;
}

void
queue_free(struct queue *q)
{
	while (q->clients != NULL)
		client_close(q, q->clients);
	while (q->requests != NULL)
		serve_cancel(q, q->requests, OUTCOME_CANCELLED);
	listen_close(q);
	backend_free(q);
	sched_free(q->sched);
	if (q->signal_source.fd != -1)
		loop_close(q, &q->signal_source, NULL);
	loop_free(q);
	if (q->settings->release != NULL)
		q->settings->release(q->settings);
	free(q);
}
