/*
 * state - what a container's state means for its service.
 *
 * Three facts are kept apart: what the container does, what its image's health
 * check says, and what our own probe hears (probe.c). Here the first two are
 * judged, with a reason in words for everything that is not well.
 */
#include <stdio.h>
#include <string.h>

#include "lib/str.h"
#include "lib/utf8.h"
#include "tools/stack/stack.h"

const char *const wellness_names[] = {
	[WELL_DONE] = "done",
	[WELL_OK] = "ok",
	[WELL_STARTING] = "starting",
	[WELL_ILL] = "ill",
	[WELL_ABSENT] = "absent",
};
_Static_assert(AK_COUNT(wellness_names) == WELL_ABSENT + 1,
    "a wellness without a name");

enum { SIGNAL_BASE = 128 };

/* Docker itself forgets earlier crashes once a container ran this long. */
#define SETTLED_NS INT64_C(10000000000)

static bool
is_control(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point < 0xa0);
}

size_t
state_first_line(const char *text, char *line, size_t size)
{
	size_t len = 0, step;
	uint32_t point;

	text += strspn(text, " \t\r\n");
	for (size_t left = strcspn(text, "\n"); left > 0;
	     text += step, left -= step) {
		step = ak_utf8_next(text, left, &point);
		if (step == 0 || is_control(point)) {
			step = step > 0 ? step : 1;
			continue;
		}
		if (len + step >= size)
			break;
		memcpy(line + len, text, step);
		len += step;
	}
	while (len > 0 && line[len - 1] == ' ')
		len--;
	line[len] = '\0';
	return len;
}

/* WHAT, or "WHAT: " and the first line of the detail. */
static void
say(struct state *state, const char *what, const char *detail)
{
	char line[sizeof(state->text)] = "";
	AK_FREE char *text = NULL;

	if (detail != NULL && state_first_line(detail, line, sizeof(line)) > 0)
		text = ak_printf("%s: %s", what, line);
	state_first_line(text != NULL ? text : what, state->text,
	    sizeof(state->text));
}

static const char *
failure_of(const struct container *container)
{
	return ak_json_str(ak_json_at(container->inspect, "State.Error"));
}

static bool
out_of_memory(const struct container *container)
{
	return ak_json_bool(ak_json_at(container->inspect, "State.OOMKilled"),
	    false);
}

static bool
has_settled(const struct container *container)
{
	return container->restarts == 0 ||
	    ak_str_now() - container->since_ns > SETTLED_NS;
}

static enum wellness
judge_running(const struct container *container, struct state *state)
{
	const char *health = container->health;

	if (ak_streq(health, "unhealthy")) {
		say(state, "unhealthy", container->health_text);
		return WELL_ILL;
	}
	if (ak_streq(health, "starting")) {
		say(state, "its health check has not passed yet",
		    container->health_text);
		return WELL_STARTING;
	}
	if (state->service != NULL && state->service->one_shot) {
		say(state, "runs, is not done yet", NULL);
		return WELL_STARTING;
	}
	/* Between two crashes it runs too. */
	if (health == NULL && !has_settled(container)) {
		snprintf(state->text, sizeof(state->text),
		    "restarted a moment ago (%lld times)",
		    (long long)container->restarts);
		return WELL_STARTING;
	}
	return WELL_OK;
}

static enum wellness
judge_restarting(const struct container *container, struct state *state)
{
	snprintf(state->text, sizeof(state->text),
	    "restarting (%lld times, last exit %lld%s)",
	    (long long)container->restarts, (long long)container->exit_code,
	    out_of_memory(container) ? ", out of memory" : "");
	return WELL_ILL;
}

/* "exited 137, out of memory"; "exited 143, signal 15". */
static enum wellness
judge_exited(const struct container *container, struct state *state)
{
	AK_FREE char *what = NULL;
	int64_t code = container->exit_code;

	if (code == 0 && state->service != NULL && state->service->one_shot)
		return WELL_DONE;
	if (out_of_memory(container))
		what = ak_printf("exited %lld, out of memory", (long long)code);
	else if (code > SIGNAL_BASE && code < SIGNAL_BASE + 65)
		what = ak_printf("exited %lld, signal %lld", (long long)code,
		    (long long)(code - SIGNAL_BASE));
	else
		what = ak_printf("exited %lld", (long long)code);
	say(state, what, failure_of(container));
	return WELL_ILL;
}

static enum wellness
judge_created(const struct container *container, struct state *state)
{
	say(state, "created, never started", failure_of(container));
	return WELL_ILL;
}

static enum wellness
judge_other(const struct container *container, struct state *state)
{
	say(state, container->state, failure_of(container));
	return WELL_ILL;
}

static const struct {
	const char *state;
	enum wellness (*judge)(const struct container *, struct state *);
} judges[] = {
	{ "running", judge_running },
	{ "restarting", judge_restarting },
	{ "exited", judge_exited },
	{ "created", judge_created },
};

void
state_judge(const struct service *service, const struct container *container,
    struct state *state)
{
	*state = (struct state){ .service = service, .container = container };
	if (container == NULL) {
		say(state, "no container", NULL);
		state->well = WELL_ABSENT;
		return;
	}
	for (size_t i = 0; i < AK_COUNT(judges); i++)
		if (ak_streq(container->state, judges[i].state)) {
			state->well = judges[i].judge(container, state);
			return;
		}
	state->well = judge_other(container, state);
}
