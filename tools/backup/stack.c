/*
 * stack - a whole kit as sources: its folder, its volumes, its databases.
 *
 * Nothing is left out in silence: what no label speaks of becomes a source that
 * fails, so that the snapshot is marked as incomplete by it.
 */
#include "tools/backup/stack.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/backup/sqlite.h"

#define UNSAID "no service says in its label aikit.backup how it is kept"
#define NAMELESS "a volume without a name is not found again: give it one"
#define MODELS "models are listed, and pulled again (--models keeps them)"

int
stack_open(struct sources *sources, const char *dir, struct ak_err *err)
{
	if (sources->stack != NULL)
		return ak_fail(err, AK_USAGE, "one kit in a snapshot");
	if (kit_open(*dir != '\0' ? dir : NULL, &sources->kit, err) == -1 ||
	    sources_engine(sources, err) == -1)
		return -1;
	sources->ran = ak_calloc(1, sizeof(*sources->ran));
	if (engine_boxes(sources->engine, DOCKER_PROJECT, sources->kit->project,
		sources->ran, err) == -1)
		return -1;
	sources->stack = ak_strdup(sources->kit->project);
	return 0;
}

static int
judge_files(struct sources *sources, const struct holding *holding,
    struct part *part, struct ak_err *err)
{
	VOLUME struct volume volume = { 0 };

	part->fate = PART_FILES;
	if (holding->volume == NULL) {
		if (access(holding->name, F_OK) == -1)
			part->fate = PART_ABSENT;
		return 0;
	}
	if (engine_volume(sources->engine, holding->name, &volume, err) == 0)
		return 0;
	if (err->code != AK_NOINPUT)
		return -1;
	*err = (struct ak_err){ 0 };
	part->fate = PART_ABSENT;
	return 0;
}

int
part_judge(struct sources *sources, const struct holding *holding,
    struct part *part, struct ak_err *err)
{
	const struct keep *keep = &holding->keep;

	*part = (struct part){ .holding = holding };
	if (keep->how == KEEP_NONE ||
	    (keep->how == KEEP_MODELS && !sources->models)) {
		part->fate = PART_EXCLUDED;
		part->reason = keep->how == KEEP_NONE ? keep->reason : MODELS;
		return 0;
	}
	if (keep->how == KEEP_UNSAID || ak_streq(holding->volume, "")) {
		part->fate = PART_UNCOVERED;
		part->reason = keep->how == KEEP_UNSAID ? UNSAID : NAMELESS;
		return 0;
	}
	if (keep->how == KEEP_POSTGRES) {
		part->box = boxes_find(sources->ran, holding->service);
		if (part->box != NULL && part->box->running) {
			part->fate = PART_DATABASES;
			return 0;
		}
	}
	return judge_files(sources, holding, part, err);
}

static int
take_uncovered(struct source *source, struct intake *in AK_UNUSED,
    struct ak_err *err)
{
	ak_err_set(err, AK_NO, "uncovered: %s", (const char *)source->more);
	ak_err_help(err, "aikit-backup backup --plan stack:");
	return -1;
}

static void
add_uncovered(struct sources *sources, const struct part *part)
{
	struct source *source = source_add(sources);

	source->type = ak_strdup("volume");
	source->name = ak_printf("volume:%s", part->holding->name);
	source->prefix = ak_printf("volumes/%s", part->holding->name);
	source->more = ak_strdup(part->reason);
	source->more_free = free;
	source->take = take_uncovered;
}

static int
add_files(struct sources *sources, const struct holding *holding,
    struct ak_err *err)
{
	if (holding->volume == NULL)
		return dir_source(source_add(sources), holding->name, err);
	volume_source_as(source_add(sources), holding->name, holding->volume,
	    &holding->keep);
	return 0;
}

static int
add_holding(struct sources *sources, const struct holding *holding,
    struct ak_err *err)
{
	struct part part;

	if (part_judge(sources, holding, &part, err) == -1)
		return -1;
	switch (part.fate) {
	case PART_FILES:
		return add_files(sources, holding, err);
	case PART_DATABASES:
		postgres_source_as(source_add(sources), part.box->name,
		    holding->service);
		break;
	case PART_UNCOVERED:
		add_uncovered(sources, &part);
		break;
	case PART_ABSENT:
	case PART_EXCLUDED:
		break;
	}
	return 0;
}

/* .env is made of the settings; a restore leaves what it replaced. */
static const char *const left_out[] = { "/kit/.env", "/kit/.replaced-*",
	"/kit/.restoring-*" };

/* The kit's folder: its files, settings, secrets and certificates. */
static int
take_kit(struct source *source, struct intake *in, struct ak_err *err)
{
	const char *const *given = in->excludes;
	AK_FREE const char **excludes = NULL;
	size_t count = 0;
	int failed;

	while (given != NULL && given[count] != NULL)
		count++;
	excludes = ak_calloc(count + AK_COUNT(left_out) + 1, sizeof(*excludes));
	for (size_t i = 0; i < count; i++)
		excludes[i] = given[i];
	memcpy(excludes + count, left_out, sizeof(left_out));
	in->about->consistency = CONSISTENT_NONE;
	in->excludes = excludes;
	failed = sqlite_intake(in, source->group->kit->fd, err);
	in->excludes = given;
	return failed;
}

static void
add_kit(struct sources *sources)
{
	struct source *source = source_add(sources);

	source->type = ak_strdup("kit");
	source->name = ak_printf("kit:%s", sources->kit->project);
	source->prefix = ak_strdup("kit");
	source->take = take_kit;
}

int
stack_sources(struct sources *sources, const char *dir, struct ak_err *err)
{
	HOLDINGS struct holdings holdings = { 0 };

	if (stack_open(sources, dir, err) == -1 ||
	    kit_holdings(sources->kit, &holdings, err) == -1)
		return -1;
	add_kit(sources);
	for (size_t i = 0; i < holdings.count; i++)
		if (add_holding(sources, &holdings.items[i], err) == -1)
			return -1;
	return manifest_make(sources, &holdings, &sources->more, err);
}
