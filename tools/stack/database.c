/*
 * database - the major version in a volume against that of the image.
 *
 * PostgreSQL of one major version does not read the files of another. Its
 * volume says in PG_VERSION who wrote it, and the image says in PG_MAJOR, or in
 * its tag, who would read it.
 */
#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "lib/file.h"
#include "lib/http.h"
#include "lib/str.h"
#include "tools/stack/findings.h"

#define PG_FOLDER "/var/lib/postgresql"

static bool
is_postgres(const struct service *service)
{
	const char *probe = service_label(service, "aikit.probe");
	const char *name, *slash;

	if (probe != NULL && ak_starts(probe, "postgres:"))
		return true;
	if (service->image == NULL)
		return false;
	slash = strrchr(service->image, '/');
	name = slash != NULL ? slash + 1 : service->image;
	return (ak_starts(name, "postgres") || ak_starts(name, "pgvector") ||
		   ak_starts(name, "postgis") ||
		   ak_starts(name, "timescaledb")) &&
	    strstr(name, "exporter") == NULL;
}

static int
leading_number(const char *s)
{
	return isdigit((unsigned char)*s) ? (int)strtol(s, NULL, 10) : 0;
}

/* pgvector:0.8.0-pg17 and postgres:17.2-alpine; 0 when it does not tell. */
static int
major_of_tag(const char *image)
{
	const char *colon = strrchr(image, ':');
	const char *pg = colon == NULL ? NULL : strstr(colon, "pg");

	if (pg != NULL && leading_number(pg + 2) > 0)
		return leading_number(pg + 2);
	if (colon == NULL || strstr(image, "postgres:") == NULL)
		return 0;
	return leading_number(colon + 1);
}

/* The value of NAME in a list of NAME=value; NULL when it has none. */
static const char *
variable(const struct ak_json *list, const char *name)
{
	size_t len = strlen(name);

	ak_json_each(item, list) {
		const char *text = ak_json_str(item);

		if (text != NULL && strncmp(text, name, len) == 0 &&
		    text[len] == '=')
			return text + len + 1;
	}
	return NULL;
}

static int
major_of_image(const struct image *image, const char *name)
{
	const char *value = variable(ak_json_at(image->inspect, "Config.Env"),
	    "PG_MAJOR");

	return value != NULL && leading_number(value) > 0
	    ? leading_number(value)
	    : major_of_tag(name);
}

/* The named volume below which PostgreSQL keeps its files; NULL: none. */
static const struct ak_json *
data_mount(const struct service *service)
{
	ak_json_each(item, ak_json_get(service->json, "volumes")) {
		const char *target = ak_json_str(ak_json_get(item, "target"));

		if (target != NULL && ak_starts(target, PG_FOLDER) &&
		    ak_streq(ak_json_str(ak_json_get(item, "type")), "volume"))
			return item;
	}
	return NULL;
}

/* PG_VERSION below the mount: PGDATA may be a folder in it. */
static char *
version_path(const struct service *service, const struct image *image,
    const char *target)
{
	const char *data = ak_json_str(ak_json_at(service->json,
	    "environment.PGDATA"));
	size_t len = strlen(target);

	if (data == NULL)
		data = variable(ak_json_at(image->inspect, "Config.Env"),
		    "PGDATA");
	if (data == NULL)
		data = PG_FOLDER "/data";
	if (strncmp(data, target, len) != 0 ||
	    (data[len] != '/' && data[len] != '\0'))
		return ak_strdup("PG_VERSION");
	data += len;
	data += strspn(data, "/");
	return *data == '\0' ? ak_strdup("PG_VERSION")
			     : ak_printf("%s/PG_VERSION", data);
}

/* NULL when the volume is not made yet. */
static char *
mountpoint(const struct machine *m, const char *source)
{
	const char *name =
	    ak_json_str(ak_json_get(ak_json_get(ak_json_get(m->kit->model,
						    "volumes"),
					source),
		"name"));
	AK_BUF struct ak_buf path = { 0 };
	AK_JSON struct ak_json *volume = NULL;
	struct ak_err ignored = { 0 };
	const char *where;

	if (name == NULL)
		return NULL;
	ak_buf_str(&path, "/volumes/");
	ak_http_escape(&path, name);
	if (ak_docker_get(m->engine, path.data, &volume, &ignored) == -1)
		return NULL;
	where = ak_json_str(ak_json_get(volume, "Mountpoint"));
	return where != NULL ? ak_strdup(where) : NULL;
}

/* The number in PG_VERSION: 1, 0 when there is no data yet, or -1. */
static int
read_version(const char *where, const char *name, int *major,
    struct ak_err *err)
{
	AK_CLOSE int dir = -1;
	AK_BUF struct ak_buf text = { 0 };

	if (ak_dir_open(AT_FDCWD, where, &dir, err) == 0 &&
	    ak_file_read(dir, name, 64, &text, err) == 0) {
		*major = leading_number(ak_buf_text(&text));
		return 1;
	}
	return err->code == AK_NOINPUT ? 0 : -1;
}

static void
compare(const struct machine *m, const struct service *service, int in_volume,
    int in_image)
{
	AK_FREE char *next = NULL;

	if (in_image == 0) {
		findings_add(m->findings, "database-version", SEV_NOTE,
		    service->name, NULL,
		    "the volume is of PostgreSQL %d; image %s does not tell",
		    in_volume, service->image);
		return;
	}
	if (in_image == in_volume) {
		findings_add(m->findings, "database-version", SEV_OK,
		    service->name, NULL, "PostgreSQL %d in volume and image",
		    in_volume);
		return;
	}
	next = ak_printf("with the image of %d: pg_dumpall to a file; then "
			 "a new volume, and psql the file into it",
	    in_volume);
	findings_add(m->findings, "database-version", SEV_ERROR, service->name,
	    next,
	    "the volume is of PostgreSQL %d, the image of %d: it will not "
	    "start",
	    in_volume, in_image);
}

static void
check_one(const struct machine *m, const struct service *service,
    const struct image *image)
{
	const struct ak_json *mount = data_mount(service);
	const char *target = ak_json_str(ak_json_get(mount, "target"));
	const char *source = ak_json_str(ak_json_get(mount, "source"));
	AK_FREE char *where = NULL;
	AK_FREE char *name = NULL;
	struct ak_err err = { 0 };
	int major = 0, there;

	if (source == NULL || service->image == NULL)
		return;
	where = mountpoint(m, source);
	if (where == NULL)
		return;
	name = version_path(service, image, target);
	there = read_version(where, name, &major, &err);
	if (there == -1)
		findings_add(m->findings, "database-version", SEV_NOTE,
		    service->name, "run this as root", "not checked: %s: %s",
		    where, err.text);
	else if (there == 1)
		compare(m, service, major,
		    major_of_image(image, service->image));
}

void
database_check(const struct machine *m)
{
	for (size_t i = 0; i < m->selection->count; i++) {
		const struct service *s = m->selection->picks[i].service;

		if (is_postgres(s))
			check_one(m, s, &m->images[i]);
	}
}
