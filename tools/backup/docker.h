/*
 * docker - the Docker engine: containers and volumes of a Compose project, what
 * they are told, and programs run in them.
 *
 * Questions and orders go over the unix socket that docker(1) would use
 * (DOCKER_HOST, else its context); programs in containers are docker(1)'s own
 * `exec`, since their input and output are streams. The Engine API without a
 * version in its paths is the daemon's own, as in aikit-stack.
 *
 * AK_UNAVAILABLE: nothing answers. AK_NOPERM: the socket is not ours to use.
 * AK_NOINPUT: no such container or volume.
 */
#ifndef BACKUP_DOCKER_H
#define BACKUP_DOCKER_H

#include "lib/docker.h"

#define DOCKER_PROJECT "com.docker.compose.project"
#define DOCKER_SERVICE "com.docker.compose.service"

/* Opened by the unix socket only: the files of volumes are read beside it. */
int engine_open(struct ak_docker **engine, struct ak_err *err) AK_MUST;
/* POST, or another method, with a JSON body or NULL; any 2xx and 304 is well.
 */
int engine_order(struct ak_docker *engine, const char *method, const char *path,
    const char *body, struct ak_err *err) AK_MUST;

/* A container. Strings belong to inspect. */
struct box {
	const char *id;	     /* 64 hexadecimal digits */
	const char *name;    /* without the slash */
	const char *service; /* NULL: not Compose's */
	const char *image;
	bool running, paused, one_off;
	const char *health; /* healthy, unhealthy, starting; NULL: no check */
	int64_t exit_code;
	const struct ak_json *labels, *mounts;
	struct ak_json *inspect;
};
struct boxes {
	struct box *items; /* by service, then name */
	size_t count;
};
#define BOXES __attribute__((cleanup(boxes_free)))

/* All with "label=value", running or not. */
int engine_boxes(struct ak_docker *engine, const char *label, const char *value,
    struct boxes *boxes, struct ak_err *err) AK_MUST;
/* All that mount a volume. */
int engine_boxes_of_volume(struct ak_docker *engine, const char *volume,
    struct boxes *boxes, struct ak_err *err) AK_MUST;
/* One, by name or id. */
int engine_box(struct ak_docker *engine, const char *name, struct boxes *boxes,
    struct ak_err *err) AK_MUST;
void boxes_free(struct boxes *boxes);
const struct box *boxes_find(const struct boxes *boxes, const char *service);
const char *box_label(const struct box *box, const char *label);
/* Does it mount the volume for writing? */
bool box_mounts(const struct box *box, const char *volume);

/* "pause", "unpause", "stop?t=60", "start". */
int box_order(struct ak_docker *engine, const struct box *box,
    const char *order, struct ak_err *err) AK_MUST;

/* A volume. mountpoint and labels are the caller's to free. */
struct volume {
	char *mountpoint;
	char *project, *volume; /* Compose's labels; NULL */
	char *driver;
};
int engine_volume(struct ak_docker *engine, const char *name,
    struct volume *volume, struct ak_err *err) AK_MUST;
void volume_free(struct volume *volume);
#define VOLUME __attribute__((cleanup(volume_free)))
/* Names of all of a project, NULL ends; the caller's, freed like words. */
int engine_volumes(struct ak_docker *engine, const char *project, char ***names,
    struct ak_err *err) AK_MUST;
/* With the labels by which Compose takes it for its own. */
int engine_volume_make(struct ak_docker *engine, const char *name,
    const char *project, const char *volume, struct ak_err *err) AK_MUST;
int engine_volume_remove(struct ak_docker *engine, const char *name,
    struct ak_err *err) AK_MUST;
/* Its files; AK_NOPERM with what helps when they are not ours to read. */
int volume_files(const char *name, const struct volume *volume, int *fd,
    struct ak_err *err) AK_MUST;

#endif
