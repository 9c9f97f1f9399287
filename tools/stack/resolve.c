/*
 * resolve - names to services: closure, one-of choices, starting order.
 *
 * A name is a preset, a profile, a one-of or a service, looked for in this
 * order; "profile:dev" says which. It brings in what it stands for, a profile
 * also what x-aikit says it requires, and a service what it depends on. A
 * one-of is decided last: by a choice that was asked for by its name or by one
 * of its services, else by what the machine has.
 */
#include "tools/stack/resolve.h"

#include <stdlib.h>
#include <string.h>

#include "lib/near.h"

static bool name_add(struct resolving *r, const char *name,
    const struct pick *from, struct ak_err *err);

static const struct ak_json *
x_list(const struct kit *kit, const char *table, const char *name)
{
	return ak_json_get(ak_json_get(kit->x, table), name);
}

bool
profile_known(const struct kit *kit, const char *name)
{
	if (x_list(kit, "profiles", name) != NULL)
		return true;
	for (size_t i = 0; i < kit->service_count; i++)
		if (service_in_profile(&kit->services[i], name))
			return true;
	return false;
}

/* Takes the prefix off "profile:dev": which kinds the name may be. */
static unsigned
name_kinds(const char **name)
{
	static const struct {
		const char *prefix;
		unsigned kinds;
	} prefixes[] = {
		{ "preset:", NAME_PRESET },
		{ "profile:", NAME_PROFILE },
		{ "service:", NAME_SERVICE },
	};

	for (size_t i = 0; i < AK_COUNT(prefixes); i++)
		if (ak_starts(*name, prefixes[i].prefix)) {
			*name += strlen(prefixes[i].prefix);
			return prefixes[i].kinds;
		}
	return NAME_PRESET | NAME_PROFILE | NAME_ONE_OF | NAME_SERVICE;
}

unsigned
name_kind(const struct kit *kit, const char **name)
{
	unsigned kinds = name_kinds(name);

	if ((kinds & NAME_PRESET) && x_list(kit, "presets", *name) != NULL)
		return NAME_PRESET;
	if ((kinds & NAME_PROFILE) && profile_known(kit, *name))
		return NAME_PROFILE;
	if ((kinds & NAME_ONE_OF) && x_list(kit, "one-of", *name) != NULL)
		return NAME_ONE_OF;
	if ((kinds & NAME_SERVICE) && kit_service(kit, *name) != NULL)
		return NAME_SERVICE;
	return 0;
}

/* Every name there is, for "did you mean"; of the caller's to free. */
static const char **
names_all(const struct kit *kit)
{
	static const char *const tables[] = { "presets", "profiles", "one-of" };
	size_t n = kit->service_count + 1, used = 0;

	for (size_t t = 0; t < AK_COUNT(tables); t++)
		n += ak_json_count(ak_json_get(kit->x, tables[t]));
	for (size_t i = 0; i < kit->service_count; i++)
		n += kit->services[i].profile_count;
	const char **names = ak_calloc(n, sizeof(*names));

	for (size_t t = 0; t < AK_COUNT(tables); t++)
		ak_json_each(item, ak_json_get(kit->x, tables[t]))
			names[used++] = ak_json_name(item);
	for (size_t i = 0; i < kit->service_count; i++) {
		names[used++] = kit->services[i].name;
		for (size_t p = 0; p < kit->services[i].profile_count; p++)
			names[used++] = kit->services[i].profiles[p];
	}
	return names;
}

static void
name_unknown(const struct kit *kit, const char *name, struct ak_err *err)
{
	AK_FREE const char **names = names_all(kit);
	const char *near = ak_near(name, names);

	ak_err_set(err, AK_USAGE, "%s: no preset, profile or service of %s",
	    name, kit->dir);
	if (near != NULL)
		ak_err_help(err, "did you mean %s?", near);
	else
		ak_err_help(err, "aikit-stack list services");
}

/* The first reason to pick a service stays. */
static void
service_add(struct resolving *r, const struct service *service,
    enum pick_reason reason, const char *by, const char *via)
{
	size_t i = (size_t)(service - r->kit->services);

	if (r->picks[i].service == NULL)
		r->picks[i] = (struct pick){ service, reason, by, via };
}

bool
profile_add(struct resolving *r, const char *name, const char *via,
    struct ak_err *err)
{
	struct pick here = { .reason = PICK_PROFILE, .by = name, .via = via };

	for (size_t i = 0; i < r->profile_count; i++)
		if (ak_streq(r->profiles[i], name))
			return true;
	r->profiles[r->profile_count++] = name;
	for (size_t i = 0; i < r->kit->service_count; i++)
		if (service_in_profile(&r->kit->services[i], name))
			service_add(r, &r->kit->services[i], PICK_PROFILE, name,
			    via);
	if (r->named_only)
		return true;
	ak_json_each(item,
	    ak_json_get(x_list(r->kit, "profiles", name), "requires"))
		if (!name_add(r, ak_json_str(item), &here, err))
			return false;
	return true;
}

static bool
preset_add(struct resolving *r, const char *name, const char *via,
    struct ak_err *err)
{
	struct pick here = { .reason = PICK_PRESET, .by = name, .via = via };

	ak_json_each(item, x_list(r->kit, "presets", name))
		if (!name_add(r, ak_json_str(item), &here, err))
			return false;
	return true;
}

static void
one_of_add(struct resolving *r, const char *name)
{
	for (size_t i = 0; i < r->one_of_count; i++)
		if (ak_streq(r->one_ofs[i], name))
			return;
	r->one_ofs[r->one_of_count++] = name;
}

/* from: what led here; reason PICK_NAMED when a person wrote the name. */
static bool
name_add(struct resolving *r, const char *name, const struct pick *from,
    struct ak_err *err)
{
	const char *bare = name == NULL ? "" : name;
	unsigned kind = name_kind(r->kit, &bare);
	bool ok = kind != 0;

	if (r->depth == RESOLVE_DEPTH) {
		ak_err_set(err, AK_CONFIG, "%s: x-aikit goes round in a circle",
		    bare);
		return false;
	}
	r->depth++;
	if (kind == NAME_PRESET)
		ok = preset_add(r, bare, from->by, err);
	else if (kind == NAME_PROFILE)
		ok = profile_add(r, bare, from->by, err);
	else if (kind == NAME_ONE_OF)
		one_of_add(r, bare);
	else if (kind == NAME_SERVICE)
		service_add(r, kit_service(r->kit, bare), from->reason,
		    from->by, from->via);
	else
		name_unknown(r->kit, bare, err);
	r->depth--;
	if (kind == 0 && from->by != NULL) {
		ak_err_in(err, "x-aikit: %s", from->by);
		err->code = AK_CONFIG;
	}
	return ok;
}

/* Names that are given, or what stands for none. */
static int
names_add(struct resolving *r, char *const names[], size_t count,
    struct ak_err *err)
{
	static const struct pick by_hand = { .reason = PICK_NAMED };
	const char *preset = stack_options.preset;

	for (size_t i = 0; i < count; i++)
		if (!name_add(r, names[i], &by_hand, err))
			return -1;
	if (count > 0)
		return 0;
	if (preset == NULL)
		preset = ak_json_str(ak_json_get(r->kit->x, "default"));
	if (preset != NULL)
		return name_add(r, preset, &by_hand, err) ? 0 : -1;
	for (size_t i = 0; i < r->kit->service_count; i++)
		if (r->kit->services[i].profile_count == 0)
			service_add(r, &r->kit->services[i], PICK_NAMED, NULL,
			    NULL);
	return 0;
}

int
resolving_run(const struct kit *kit, char *const names[], size_t count,
    bool named_only, struct selection *selection, struct ak_err *err)
{
	struct resolving r = { .kit = kit, .named_only = named_only };
	size_t room = kit->service_count +
	    ak_json_count(ak_json_get(kit->x, "one-of")) + 1;
	int failed;

	for (size_t i = 0; i < kit->service_count; i++)
		room += kit->services[i].profile_count;
	room += ak_json_count(ak_json_get(kit->x, "profiles"));
	ak_json_each(one_of, ak_json_get(kit->x, "one-of"))
		room += ak_json_count(one_of);
	r.picks = ak_calloc(room, sizeof(*r.picks));
	r.profiles = ak_calloc(room, sizeof(*r.profiles));
	r.one_ofs = ak_calloc(room, sizeof(*r.one_ofs));
	failed = names_add(&r, names, count, err);
	if (failed == 0)
		failed = closure(&r, selection, err);
	free(r.picks);
	free(r.profiles);
	free(r.one_ofs);
	return failed;
}

int
resolve(const struct kit *kit, char *const names[], size_t count,
    struct selection *selection, struct ak_err *err)
{
	return resolving_run(kit, names, count, false, selection, err);
}

int
resolve_named(const struct kit *kit, char *const names[], size_t count,
    struct selection *selection, struct ak_err *err)
{
	return resolving_run(kit, names, count, true, selection, err);
}

int
resolve_all(const struct kit *kit, struct selection *selection,
    struct ak_err *err)
{
	AK_FREE char **names = ak_calloc(kit->service_count + 1,
	    sizeof(*names));
	int failed;

	for (size_t i = 0; i < kit->service_count; i++)
		names[i] = ak_printf("service:%s", kit->services[i].name);
	failed = resolving_run(kit, names, kit->service_count, true, selection,
	    err);
	for (size_t i = 0; i < kit->service_count; i++)
		free(names[i]);
	return failed;
}
