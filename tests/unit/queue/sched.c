/*
 * sched - who comes next: scenes in plain words (tests/unit/queue/scenes.h).
 */
#include "tools/queue/sched.h"

#include <stdio.h>
#include <string.h>

#include "lib/buf.h"
#include "tests/unit/queue/scenes.h"
#include "tests/unit/tap.h"

struct stage {
	struct sched *s;
	struct sched_config config;
	struct sched_backend backends[SCHED_BACKENDS];
	int64_t now;
	struct actor {
		char name[8];
		uint64_t id;
	} actors[16];
	int count;
	const char *claim;
	int picks;
};

static struct actor *
actor(struct stage *g, const char *name)
{
	for (int i = 0; i < g->count; i++)
		if (strcmp(g->actors[i].name, name) == 0)
			return &g->actors[i];
	snprintf(g->actors[g->count].name, sizeof(g->actors[0].name), "%s",
	    name);
	return &g->actors[g->count++];
}

static void
do_add(struct stage *g, char *w[])
{
	struct actor *a = actor(g, w[1]);
	char *colon = strchr(w[4], ':');
	struct sched_request r = { .class = sched_class(g->s, w[2]),
		.client = w[3],
		.model = w[4],
		.owner = a };

	if (colon) {
		*colon = '\0';
		r.options = colon + 1;
	}
	if (w[5])
		r.deadline = g->now + strtol(w[5], NULL, 10) * 1000000;
	if (sched_add(g->s, &r, g->now, &a->id) != SCHED_OK)
		a->id = 0;
}

static void
do_pick(struct stage *g, char *w[])
{
	AK_BUF struct ak_buf got = { 0 }, want = { 0 };
	struct sched_act act;

	for (int i = 1; w[i]; i++)
		ak_buf_printf(&want, "%s%s", i > 1 ? " " : "", w[i]);
	for (int i = 0; i < 20; i++) {
		const struct actor *a;

		sched_pick(g->s, g->now, &act);
		a = act.owner;
		if (act.kind == SCHED_WAIT)
			break;
		if (got.len > 0)
			ak_buf_char(&got, ' ');
		if (act.kind == SCHED_UNLOAD)
			ak_buf_printf(&got, "unload=%s", act.model);
		else
			ak_buf_printf(&got, "%s%s%s",
			    act.kind == SCHED_PREEMPT ? "stop=" : "", a->name,
			    act.switching ? "!" : "");
		if (act.backend > 0)
			ak_buf_printf(&got, "@%d", act.backend);
	}
	is_str(got.len > 0 ? got.data : "-", want.data, "%s (%d)", g->claim,
	    ++g->picks);
}

static void
do_late(struct stage *g, char *w[])
{
	enum sched_reason why;
	uint64_t id;
	void *owner;
	int i = 1;

	for (; sched_expired(g->s, g->now, &id, &owner, &why); i++)
		is_str(((struct actor *)owner)->name, w[i] ? w[i] : "none",
		    "%s: late", g->claim);
	ok(w[i] == NULL, "%s: all that are late", g->claim);
}

static void
do_up(struct stage *g, char *w[])
{
	int i = (int)strtol(w[1], NULL, 10);

	g->backends[i].up = SCHED_UP;
	g->backends[i].slots = (int)strtol(w[2], NULL, 10);
	g->backends[i].loaded_max = (int)strtol(w[3], NULL, 10);
	g->backends[i].unload = w[4] != NULL;
	sched_backend_set(g->s, i, &g->backends[i], g->now);
}

static void
do_down(struct stage *g, char *w[])
{
	int i = (int)strtol(w[1], NULL, 10);

	g->backends[i].up = SCHED_DOWN;
	sched_backend_set(g->s, i, &g->backends[i], g->now);
}

static void
do_gate(struct stage *g, char *w[])
{
	static const char *const scopes[] = { [SCHED_ALL] = "all",
		[SCHED_CLASS] = "class",
		[SCHED_CLIENT] = "client",
		[SCHED_MODEL] = "model",
		[SCHED_BACKEND] = "backend" };
	enum sched_gate gate = w[0][0] == 'p' ? SCHED_PAUSED
	    : w[0][0] == 'd'		      ? SCHED_DRAINING
					      : SCHED_OPEN;

	for (size_t i = 0; i < AK_COUNT(scopes); i++)
		if (strcmp(scopes[i], w[1]) == 0)
			ok(sched_gate(g->s, (enum sched_scope)i, w[2], gate),
			    "%s: %s %s %s", g->claim, w[0], w[1], w[2]);
}

static void
do_set(struct stage *g, char *w[])
{
	int class = w[3] ? sched_class(g->s, w[2]) : -1;
	struct sched_class *c = &g->config.classes[class < 0 ? 0 : class];
	int n = (int)strtol(w[3] ? w[3] : w[2], NULL, 10);
	struct ak_err err = { 0 };

	if (strcmp(w[1], "quantum") == 0)
		g->config.quantum = n * (int64_t)1000000;
	else if (strcmp(w[1], "patience") == 0)
		c->patience = n * (int64_t)1000000;
	else if (strcmp(w[1], "maxwait") == 0)
		c->max_wait = n * (int64_t)1000000;
	else if (strcmp(w[1], "sharewait") == 0)
		c->share_wait = n * (int64_t)1000000;
	else if (strcmp(w[1], "share") == 0)
		c->min_share = n;
	else if (strcmp(w[1], "refuse") == 0)
		c->overdue = SCHED_REFUSE;
	else if (strcmp(w[1], "preempt") == 0)
		c->preemptible = true;
	else if (class >= 0)
		c->limit = n;
	else
		g->config.limit = n;
	if (!ok(sched_config_check(&g->config, &err) == 0, "%s: set %s (%s)",
		g->claim, w[1], err.text))
		return;
	sched_reconfigure(g->s, &g->config, g->now);
}

static void
do_limit(struct stage *g, char *w[])
{
	int n = (int)strtol(w[3], NULL, 10), i = w[2][0] - '0';
	struct sched_model m = { .limit = n };

	if (strcmp(w[1], "client") == 0)
		sched_client_set(g->s, w[2], 1, n);
	else if (strcmp(w[1], "model") == 0)
		sched_model_set(g->s, w[2], &m);
	else {
		g->backends[i].weight = n;
		sched_backend_set(g->s, i, &g->backends[i], g->now);
	}
}

static void
do_request(struct stage *g, char *w[])
{
	uint64_t id = actor(g, w[1])->id;
	struct sched_usage u = { .prompt = 0,
		.load_us = -1,
		.generated = w[2] ? strtol(w[2], NULL, 10) : 0 };

	if (strcmp(w[0], "first") == 0)
		sched_first_byte(g->s, id, g->now);
	else if (strcmp(w[0], "cancel") == 0)
		ok(sched_cancel(g->s, id, g->now), "%s: cancel %s", g->claim,
		    w[1]);
	else if (strcmp(w[0], "back") == 0)
		ok(sched_requeue(g->s, id, true, g->now), "%s: back %s",
		    g->claim, w[1]);
	else if (strcmp(w[0], "promote") == 0)
		ok(sched_promote(g->s, id, g->now), "%s: promote %s", g->claim,
		    w[1]);
	else {
		u.failed = strcmp(w[0], "fail") == 0;
		sched_done(g->s, id, &u, g->now);
	}
}

static void
do_at(struct stage *g, char *w[])
{
	g->now = strtol(w[1], NULL, 10) * 1000000;
}

static void
do_unloaded(struct stage *g, char *w[])
{
	sched_unloaded(g->s, (int)strtol(w[1], NULL, 10), w[2], g->now);
}

static const struct verb {
	const char *name;
	void (*act)(struct stage *g, char *w[]);
} verbs[] = {
	{ "add", do_add },
	{ "at", do_at },
	{ "back", do_request },
	{ "cancel", do_request },
	{ "done", do_request },
	{ "down", do_down },
	{ "drain", do_gate },
	{ "fail", do_request },
	{ "first", do_request },
	{ "late", do_late },
	{ "limit", do_limit },
	{ "open", do_gate },
	{ "pause", do_gate },
	{ "pick", do_pick },
	{ "promote", do_request },
	{ "set", do_set },
	{ "unloaded", do_unloaded },
	{ "up", do_up },
};

static void
command(struct stage *g, char *text)
{
	char *words[16] = { NULL }, *save = NULL;
	size_t count = 0;

	for (char *w = strtok_r(text, " ", &save); w && count < 15;
	     w = strtok_r(NULL, " ", &save))
		words[count++] = w;
	for (size_t i = 0; i < AK_COUNT(verbs); i++)
		if (ak_streq(verbs[i].name, words[0])) {
			verbs[i].act(g, words);
			return;
		}
	ok(false, "%s: %s is a command", g->claim,
	    words[0] ? words[0] : "nothing");
}

static void
test_scene(const struct scene *scene)
{
	AK_FREE char *script = ak_strdup(scene->script);
	struct stage g = { .claim = scene->claim };
	char *save = NULL;

	g.backends[0] = (struct sched_backend){
		.up = SCHED_UP, .slots = 1, .loaded_max = 1
	};
	sched_config_default(&g.config);
	for (int i = 0; i < 3; i++)
		g.config.classes[i].min_share = 0;
	g.s = sched_new(&g.config, 7, 0);
	sched_backend_set(g.s, 0, &g.backends[0], 0);
	for (char *c = strtok_r(script, ";", &save); c;
	     c = strtok_r(NULL, ";", &save))
		command(&g, c);
	sched_free(g.s);
}

int
main(void)
{
	for (size_t i = 0; i < AK_COUNT(scenes); i++)
		test_scene(&scenes[i]);
	return done_testing();
}
