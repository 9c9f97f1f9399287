/*
 * engine - the daemon, opened for a command, and which of its events matter.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/http.h"
#include "tools/stack/stack.h"

int
engine_open(struct ak_docker **engine, struct ak_err *err)
{
	return ak_docker_open(engine, getenv, err);
}

/* Health checks are execs, several a second; nobody waits for those. */
void
engine_events_path(struct ak_buf *path, const char *project)
{
	AK_BUF struct ak_buf filter = { 0 };
	AK_FREE char *label = ak_printf("com.docker.compose.project=%s",
	    project);

	ak_buf_str(&filter,
	    "{\"type\":[\"container\"],\"event\":["
	    "\"create\",\"start\",\"restart\",\"stop\",\"kill\",\"die\","
	    "\"oom\",\"pause\",\"unpause\",\"rename\",\"update\","
	    "\"destroy\",\"health_status\"],\"label\":[");
	ak_json_quote(&filter, label, strlen(label));
	ak_buf_str(&filter, "]}");
	ak_buf_str(path, "/events?filters=");
	ak_http_escape(path, filter.data);
}
