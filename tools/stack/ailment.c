/*
 * ailment - what running containers say is wrong.
 */
#include <string.h>

#include "tools/stack/doctor.h"
#include "tools/stack/secrets.h"

enum { RESTARTS_MANY = 3 };

static void
check_state(const struct machine *m, const struct container *c, bool one_shot)
{
	AK_FREE char *logs = ak_printf("aikit-stack logs %s", c->service);
	bool ended = ak_streq(c->state, "exited") || ak_streq(c->state, "dead");

	if (ak_streq(c->state, "restarting") || c->restarts > RESTARTS_MANY)
		findings_add(m->findings, "restarting", SEV_ERROR, c->service,
		    logs, "restarted %lld times, last exit %lld",
		    (long long)c->restarts, (long long)c->exit_code);
	if (ended && one_shot && c->exit_code != 0)
		findings_add(m->findings, "one-shot-failed", SEV_ERROR,
		    c->service, logs, "ended with exit %lld",
		    (long long)c->exit_code);
	else if (ended && !one_shot)
		findings_add(m->findings, "exited", SEV_ERROR, c->service, logs,
		    "%s, with exit %lld", c->state, (long long)c->exit_code);
	if (ak_streq(c->state, "paused"))
		findings_add(m->findings, "paused", SEV_WARNING, c->service,
		    "docker unpause it", "paused: it answers nobody");
}

static void
check_health(const struct machine *m, const struct container *c)
{
	AK_FREE char *logs = ak_printf("aikit-stack logs %s", c->service);
	AK_BUF struct ak_buf said = { 0 };

	if (c->health_text != NULL)
		ak_buf_str(&said, c->health_text);
	secrets_redact(m->kit, &said);
	if (ak_streq(c->health, "unhealthy"))
		findings_add(m->findings, "unhealthy", SEV_ERROR, c->service,
		    logs, "its health check says: %s",
		    said.len > 0 ? said.data : "nothing");
	if (ak_json_bool(ak_json_at(c->inspect, "State.OOMKilled"), false))
		findings_add(m->findings, "out-of-memory", SEV_ERROR,
		    c->service,
		    "raise its *_MEMORY in local.ini, then aikit-stack up",
		    "it was killed at its memory limit");
}

static void
check_drift(const struct machine *m, const struct service *service,
    const struct container *c, const struct image *image)
{
	AK_FREE char *next = ak_printf("aikit-stack up %s", service->name);
	AK_BUF struct ak_buf what = { 0 };
	struct drift drift = { 0 };

	drift_find(m->kit, service, c, image, &drift);
	for (size_t i = 0; i < drift.count; i++)
		ak_buf_printf(&what, "%s%s", i > 0 ? ", " : "", drift.items[i]);
	if (drift.count > 0 || drift.hash_differs)
		findings_add(m->findings, "drift", SEV_WARNING, service->name,
		    next, "it runs otherwise than the kit says: %s",
		    drift.count > 0 ? ak_buf_text(&what) : "its configuration");
	drift_free(&drift);
}

static void
check_orphan(const struct machine *m, const struct container *c)
{
	AK_FREE char *next = ak_printf("docker rm -f %s, if nobody needs it",
	    c->name);

	findings_add(m->findings, "orphan", SEV_WARNING, c->name, next,
	    "a container of service %s, which the kit has not", c->service);
}

static const struct image *
image_of(const struct machine *m, const struct service *service)
{
	for (size_t i = 0; i < m->selection->count; i++)
		if (m->selection->picks[i].service == service)
			return &m->images[i];
	return NULL;
}

void
ailment_check(const struct machine *m)
{
	for (size_t i = 0; i < m->containers.count; i++) {
		const struct container *c = &m->containers.items[i];
		const struct service *service = kit_service(m->kit, c->service);
		const struct image *image;

		if (service == NULL) {
			check_orphan(m, c);
			continue;
		}
		check_state(m, c, service->one_shot);
		check_health(m, c);
		image = image_of(m, service);
		if (image != NULL)
			check_drift(m, service, c, image);
	}
}
