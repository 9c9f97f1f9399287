/*
 * closure - from the services that were named to all that start, in order.
 */
#include <stdlib.h>
#include <string.h>

#include "tools/stack/resolve.h"

static bool
picked(const struct resolving *r, const char *name)
{
	const struct service *service = kit_service(r->kit, name);

	return service != NULL &&
	    r->picks[service - r->kit->services].service != NULL;
}

/* A choice is taken when its profile was named, or one of its services was. */
static bool
choice_taken(const struct resolving *r, const char *profile)
{
	for (size_t i = 0; i < r->profile_count; i++)
		if (ak_streq(r->profiles[i], profile))
			return true;
	for (size_t i = 0; i < r->kit->service_count; i++)
		if (r->picks[i].service != NULL &&
		    service_in_profile(&r->kit->services[i], profile))
			return true;
	return false;
}

/* *taken: the one choice that is; NULL for none. Two are an error. */
static int
choices_check(const struct resolving *r, const struct ak_json *one_of,
    const char **taken, struct ak_err *err)
{
	*taken = NULL;
	ak_json_each(item, one_of) {
		const char *profile = ak_json_str(item);

		if (profile == NULL || !choice_taken(r, profile))
			continue;
		if (*taken != NULL && !r->named_only) {
			ak_err_set(err, AK_USAGE,
			    "%s and %s: only one %s can run", *taken, profile,
			    ak_json_name(one_of));
			ak_err_help(err, "name one of them");
			return -1;
		}
		*taken = profile;
	}
	return 0;
}

/* What the machine has, else the last choice: the one that always works. */
static const char *
choice_detect(const struct ak_json *one_of)
{
	const char *have = host_accelerator(), *last = NULL;

	ak_json_each(item, one_of) {
		last = ak_json_str(item);
		if (ak_streq(last, have))
			return last;
	}
	return last;
}

/* To stop "the accelerator" is to stop whichever runs. */
static bool
choices_add_all(struct resolving *r, const struct ak_json *one_of,
    struct ak_err *err)
{
	ak_json_each(item, one_of)
		if (ak_json_str(item) != NULL &&
		    !profile_add(r, ak_json_str(item), ak_json_name(one_of),
			err))
			return false;
	return true;
}

static int
one_of_decide(struct resolving *r, const struct ak_json *one_of, bool wanted,
    struct ak_err *err)
{
	const char *taken;

	if (choices_check(r, one_of, &taken, err) == -1)
		return -1;
	if (taken == NULL && wanted && r->named_only)
		return choices_add_all(r, one_of, err) ? 0 : -1;
	if (taken == NULL && wanted)
		taken = choice_detect(one_of);
	if (taken != NULL && wanted &&
	    !profile_add(r, taken, ak_json_name(one_of), err))
		return -1;
	if (taken != NULL && r->accelerator == NULL)
		r->accelerator = ak_strdup(taken);
	return 0;
}

static bool
one_of_wanted(const struct resolving *r, const char *name)
{
	for (size_t i = 0; i < r->one_of_count; i++)
		if (ak_streq(r->one_ofs[i], name))
			return true;
	return false;
}

static int
one_ofs_decide(struct resolving *r, struct ak_err *err)
{
	ak_json_each(one_of, ak_json_get(r->kit->x, "one-of"))
		if (one_of_decide(r, one_of,
			one_of_wanted(r, ak_json_name(one_of)), err) == -1)
			return -1;
	return 0;
}

/* The one-of among whose choices a service stands; NULL for none. */
static const char *
one_of_having(const struct kit *kit, const char *name)
{
	const struct service *service = kit_service(kit, name);

	ak_json_each(one_of, ak_json_get(kit->x, "one-of"))
		ak_json_each(item, one_of)
			if (service != NULL && ak_json_str(item) != NULL &&
			    service_in_profile(service, ak_json_str(item)))
				return ak_json_name(one_of);
	return NULL;
}

/*
 * A need that is not required is one for a choice of a one-of when it names
 * any of the choices: one of them must be there.
 */
static bool
needs_add(struct resolving *r, const struct service *service)
{
	bool more = false;

	for (size_t i = 0; i < service->need_count; i++) {
		const struct need *need = &service->needs[i];
		const struct service *other = kit_service(r->kit,
		    need->service);
		const char *one_of = one_of_having(r->kit, need->service);

		if (other == NULL || picked(r, need->service))
			continue;
		if (need->required) {
			r->picks[other - r->kit->services] = (struct pick){
				other, PICK_NEEDED, service->name, NULL
			};
			more = true;
		} else if (one_of != NULL && !one_of_wanted(r, one_of)) {
			r->one_ofs[r->one_of_count++] = one_of;
			more = true;
		}
	}
	return more;
}

static int
needs_follow(struct resolving *r, struct ak_err *err)
{
	for (bool more = true; more;) {
		if (one_ofs_decide(r, err) == -1)
			return -1;
		more = false;
		for (size_t i = 0; i < r->kit->service_count; i++)
			if (!r->named_only && r->picks[i].service != NULL &&
			    needs_add(r, &r->kit->services[i]))
				more = true;
	}
	return 0;
}

enum { UNSEEN, OPEN, PLACED };

/* Depth first: what a service needs stands before it. */
static int
place(const struct resolving *r, size_t i, char *marks,
    struct selection *selection, struct ak_err *err)
{
	const struct service *service = &r->kit->services[i];

	if (marks[i] == PLACED || r->picks[i].service == NULL)
		return 0;
	if (marks[i] == OPEN)
		return ak_fail(err, AK_CONFIG,
		    "%s: depends on itself in the end", service->name);
	marks[i] = OPEN;
	for (size_t k = 0; k < service->need_count; k++) {
		const struct service *other = kit_service(r->kit,
		    service->needs[k].service);

		if (other != NULL &&
		    place(r, (size_t)(other - r->kit->services), marks,
			selection, err) == -1)
			return ak_fail_in(err, "%s", service->name);
	}
	marks[i] = PLACED;
	selection->picks[selection->count++] = r->picks[i];
	return 0;
}

int
closure(struct resolving *r, struct selection *selection, struct ak_err *err)
{
	AK_FREE char *marks = ak_calloc(r->kit->service_count + 1, 1);

	*selection = (struct selection){ 0 };
	if (needs_follow(r, err) == -1) {
		free(r->accelerator);
		return -1;
	}
	selection->accelerator = r->accelerator;
	selection->picks = ak_calloc(r->kit->service_count + 1,
	    sizeof(*selection->picks));
	for (size_t i = 0; i < r->kit->service_count; i++)
		if (place(r, i, marks, selection, err) == -1) {
			selection_free(selection);
			return -1;
		}
	return 0;
}

void
selection_free(struct selection *selection)
{
	free(selection->picks);
	free(selection->accelerator);
	*selection = (struct selection){ 0 };
}

bool
selection_has(const struct selection *selection, const char *service)
{
	for (size_t i = 0; i < selection->count; i++)
		if (ak_streq(selection->picks[i].service->name, service))
			return true;
	return false;
}

/* "named", "profile chat-ai", "needed by open-webui"; lives with buf. */
const char *
pick_text(const struct pick *pick, struct ak_buf *buf)
{
	static const char *const words[] = {
		[PICK_NAMED] = "named",
		[PICK_PRESET] = "preset",
		[PICK_PROFILE] = "profile",
		[PICK_NEEDED] = "needed by",
	};

	ak_buf_reset(buf);
	ak_buf_str(buf, words[pick->reason]);
	if (pick->by != NULL)
		ak_buf_printf(buf, " %s", pick->by);
	if (pick->via != NULL)
		ak_buf_printf(buf, ", of %s", pick->via);
	return ak_buf_text(buf);
}
