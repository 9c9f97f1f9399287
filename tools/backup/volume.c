/*
 * volume - a volume of the engine, its users held as its labels say.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/backup/docker.h"
#include "tools/backup/kit.h"
#include "tools/backup/quiesce.h"
#include "tools/backup/sources.h"
#include "tools/backup/sqlite.h"

static bool
anybody_runs(const struct boxes *boxes)
{
	for (size_t i = 0; i < boxes->count; i++)
		if (boxes->items[i].running)
			return true;
	return false;
}

/* Only who may write to it is in the way. */
static void
writers_only(struct boxes *boxes, const char *volume)
{
	size_t kept = 0;

	for (size_t i = 0; i < boxes->count; i++) {
		if (box_mounts(&boxes->items[i], volume))
			boxes->items[kept++] = boxes->items[i];
		else
			ak_json_free(boxes->items[i].inspect);
	}
	boxes->count = kept;
}

static void
tell_late(struct intake *in, const struct source *source, int64_t max_ms)
{
	AK_FREE char *text =
	    ak_printf("%s: not read in %lld s, its users went on meanwhile "
		      "(a longer time in its label aikit.backup)",
		source->name, (long long)max_ms / 1000);

	in->about->consistency = CONSISTENT_NONE;
	in->warn(in->arg, text);
}

static int
take_held(struct source *source, struct intake *in, const struct boxes *boxes,
    int fd, struct ak_err *err)
{
	const struct keep *keep = source->more;
	bool stop = keep->how == KEEP_STOP, late;
	struct quiesce *quiesce;
	struct ak_err ended = { 0 };
	int failed;

	if (quiesce_begin(source->group->engine, boxes,
		stop ? QUIESCE_STOP : QUIESCE_PAUSE, keep->max_ms, &quiesce,
		err) == -1)
		return -1;
	in->about->consistency = stop ? CONSISTENT_CLEAN : CONSISTENT_CRASH;
	failed = sqlite_intake(in, fd, err);
	if (quiesce_end(quiesce, &late, &ended) == -1)
		in->warn(in->arg, ended.text);
	if (late)
		tell_late(in, source, keep->max_ms);
	return failed;
}

static int
take(struct source *source, struct intake *in, struct ak_err *err)
{
	struct ak_docker *engine = source->group->engine;
	const struct keep *keep = source->more;
	VOLUME struct volume volume = { 0 };
	BOXES struct boxes boxes = { 0 };
	AK_CLOSE int fd = -1;

	if (engine_volume(engine, source->object, &volume, err) == -1 ||
	    volume_files(source->object, &volume, &fd, err) == -1 ||
	    engine_boxes_of_volume(engine, source->object, &boxes, err) == -1)
		return -1;
	writers_only(&boxes, source->object);
	if (anybody_runs(&boxes) &&
	    (keep->how == KEEP_PAUSE || keep->how == KEEP_STOP))
		return take_held(source, in, &boxes, fd, err);
	in->about->consistency = anybody_runs(&boxes) ? CONSISTENT_NONE
						      : CONSISTENT_CLEAN;
	return sqlite_intake(in, fd, err);
}

void
volume_source_as(struct source *source, const char *volume, const char *name,
    const struct keep *keep)
{
	struct keep *copy = ak_malloc(sizeof(*copy));

	*copy = *keep;
	copy->reason = NULL;
	source->type = ak_strdup("volume");
	source->name = ak_printf("volume:%s", volume);
	source->prefix = ak_printf("volumes/%s", name);
	source->object = ak_strdup(volume);
	source->more = copy;
	source->more_free = free;
	source->take = take;
}

/* What the labels of the containers that mount it say; live when none does. */
static int
ask_labels(struct sources *sources, const char *name, const char *volume,
    struct keep *keep, struct ak_err *err)
{
	AK_FREE char *own = ak_printf("aikit.backup.%s", volume);
	BOXES struct boxes boxes = { 0 };

	if (engine_boxes_of_volume(sources->engine, name, &boxes, err) == -1)
		return -1;
	for (size_t i = 0; i < boxes.count; i++) {
		const char *label = box_label(&boxes.items[i], own);

		if (label == NULL)
			label = box_label(&boxes.items[i], "aikit.backup");
		if (label != NULL)
			return keep_parse(label, keep, err);
	}
	*keep = (struct keep){ .how = KEEP_LIVE };
	return 0;
}

int
volume_source(struct source *source, const char *rest, struct ak_err *err)
{
	VOLUME struct volume volume = { 0 };
	struct keep keep;

	if (sources_engine(source->group, err) == -1 ||
	    engine_volume(source->group->engine, rest, &volume, err) == -1)
		return ak_fail_in(err, "volume:%s", rest);
	if (ask_labels(source->group, rest,
		volume.volume != NULL ? volume.volume : rest, &keep, err) == -1)
		return -1;
	volume_source_as(source, rest, rest, &keep);
	return 0;
}
