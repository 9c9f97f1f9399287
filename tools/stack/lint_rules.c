/*
 * lint_rules - how a service is run: version, restarts, health, limits, logs.
 */
#include <ctype.h>
#include <string.h>

#include "tools/stack/lint.h"

/* The part of an image name behind its last colon, none in a registry's port.
 */
static const char *
image_tag(const char *image)
{
	const char *slash = strrchr(image, '/');
	const char *colon = strrchr(image, ':');

	return colon == NULL || (slash != NULL && colon < slash) ? NULL
								 : colon + 1;
}

/* A tag without a digit, such as alpine or stable, moves as latest does. */
void
lint_image(const struct kit *kit AK_UNUSED, const struct service *service,
    struct ak_buf *evidence)
{
	const char *tag;

	if (service->image == NULL || strstr(service->image, "@sha256:"))
		return;
	tag = image_tag(service->image);
	if (tag == NULL)
		lint_add(evidence, "image %s has no tag: the newest each time",
		    service->image);
	else if (strcmp(tag, "latest") == 0 ||
	    strpbrk(tag, "0123456789") == NULL)
		lint_add(evidence, "image %s: tag %s moves", service->image,
		    tag);
}

static const char *
restart_policy(const struct service *service)
{
	const char *policy = ak_json_str(ak_json_get(service->json, "restart"));
	const struct ak_json *deploy = ak_json_at(service->json,
	    "deploy.restart_policy");

	if (policy != NULL)
		return policy;
	if (deploy == NULL)
		return "no";
	policy = ak_json_str(ak_json_get(deploy, "condition"));
	return policy == NULL || strcmp(policy, "any") == 0 ? "always" : policy;
}

void
lint_restart(const struct kit *kit AK_UNUSED, const struct service *service,
    struct ak_buf *evidence)
{
	const char *policy = restart_policy(service);
	bool always = strcmp(policy, "always") == 0 ||
	    strcmp(policy, "unless-stopped") == 0;

	if (service->one_shot && always)
		lint_add(evidence, "restart %s, and it ends by itself", policy);
	else if (!service->one_shot && !always)
		lint_add(evidence,
		    "restart %s: it stays down after a crash "
		    "or a reboot",
		    policy);
}

void
lint_check_missing(const struct kit *kit AK_UNUSED,
    const struct service *service, struct ak_buf *evidence)
{
	if (service->has_check || service->one_shot)
		return;
	if (ak_json_get(service->json, "healthcheck") != NULL)
		lint_add(evidence, "its health check is switched off");
	else
		lint_add(evidence, "the compose file gives it no health check");
}

/* The words of a health check as one line. */
static void
check_text(const struct service *service, struct ak_buf *text)
{
	const struct ak_json *test = ak_json_at(service->json,
	    "healthcheck.test");

	if (ak_json_str(test) != NULL)
		ak_buf_str(text, ak_json_str(test));
	ak_json_each(item, test) {
		if (item == ak_json_first(test))
			continue; /* CMD or CMD-SHELL */
		if (text->len > 0)
			ak_buf_char(text, ' ');
		ak_buf_str(text, ak_json_str(item) ? ak_json_str(item) : "");
	}
}

static bool
has_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = text; (p = strstr(p, word)) != NULL; p++)
		if ((p == text || !isalnum((unsigned char)p[-1])) &&
		    !isalnum((unsigned char)p[len]))
			return true;
	return false;
}

static bool
has_any(const char *text, const char *const words[], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (has_word(text, words[i]))
			return true;
	return false;
}

void
lint_check_process(const struct kit *kit AK_UNUSED,
    const struct service *service, struct ak_buf *evidence)
{
	static const char *const processes[] = { "pgrep", "pidof", "kill -0",
		"ps", "/proc/1" };
	static const char *const questions[] = { "curl", "wget", "nc",
		"redis-cli", "pg_isready", "psql", "mysqladmin", "/dev/tcp",
		"http", "https" };
	static const char *const nothing[] = { "true", "/bin/true", "exit 0",
		":", "test true" };
	AK_BUF struct ak_buf text = { 0 };

	if (!service->has_check)
		return;
	check_text(service, &text);
	for (size_t i = 0; i < AK_COUNT(nothing); i++)
		if (ak_streq(ak_buf_text(&text), nothing[i]))
			lint_add(evidence, "its health check is %s",
			    nothing[i]);
	if (has_any(ak_buf_text(&text), processes, AK_COUNT(processes)) &&
	    !has_any(ak_buf_text(&text), questions, AK_COUNT(questions)))
		lint_add(evidence,
		    "its health check asks whether a process exists: %s",
		    ak_buf_text(&text));
}

/* A limit is a number or a string in the model. */
static bool
has_limit(const struct service *service, const char *key, const char *old)
{
	const struct ak_json *limits = ak_json_at(service->json,
	    "deploy.resources.limits");
	const struct ak_json *limit = ak_json_get(limits, key);

	if (limit == NULL)
		limit = ak_json_get(service->json, old);
	if (ak_json_kind(limit) == AK_JSON_STRING)
		return strspn(ak_json_str(limit), "0.") <
		    strlen(ak_json_str(limit));
	return ak_json_number(limit, 0) > 0;
}

void
lint_cpus(const struct kit *kit AK_UNUSED, const struct service *service,
    struct ak_buf *evidence)
{
	if (!has_limit(service, "cpus", "cpus"))
		lint_add(evidence, "it may take every processor");
}

void
lint_memory(const struct kit *kit AK_UNUSED, const struct service *service,
    struct ak_buf *evidence)
{
	if (!has_limit(service, "memory", "mem_limit"))
		lint_add(evidence, "it may take all memory");
}

static const char *
log_option(const struct service *service, const char *name)
{
	return ak_json_str(ak_json_get(ak_json_at(service->json,
					   "logging.options"),
	    name));
}

/* What other drivers keep is not for the compose file to say. */
void
lint_log(const struct kit *kit, const struct service *service,
    struct ak_buf *evidence)
{
	const char *driver = ak_json_str(ak_json_at(service->json,
	    "logging.driver"));
	bool json = driver == NULL || strcmp(driver, "json-file") == 0;

	if (!json && lint_is_kit(kit))
		lint_add(evidence, "log driver %s, not json-file", driver);
	if (!json)
		return;
	if (driver == NULL && lint_is_kit(kit))
		lint_add(evidence, "no log driver is named");
	if (log_option(service, "max-size") == NULL)
		lint_add(evidence, "its log grows without end: no max-size");
	else if (log_option(service, "max-file") == NULL)
		lint_add(evidence, "no max-file: one old log is kept");
}

void
lint_log_tag(const struct kit *kit AK_UNUSED, const struct service *service,
    struct ak_buf *evidence)
{
	static const char *const classes[] = { "app.", "access.", "system." };
	const char *tag = log_option(service, "tag");

	if (tag == NULL) {
		lint_add(evidence, "no log tag");
		return;
	}
	for (size_t i = 0; i < AK_COUNT(classes); i++) {
		const char *name = tag + strlen(classes[i]);

		if (ak_starts(tag, classes[i]) && *name != '\0' &&
		    name[strspn(name,
			"abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0')
			return;
	}
	lint_add(evidence, "log tag %s is not CLASS.SERVICE", tag);
}

static void
need_label(const struct service *service, const char *label,
    struct ak_buf *evidence)
{
	const char *value = service_label(service, label);

	if (value == NULL || *value == '\0')
		lint_add(evidence, "no label %s", label);
}

void
lint_title(const struct kit *kit AK_UNUSED, const struct service *service,
    struct ak_buf *evidence)
{
	need_label(service, "aikit.title", evidence);
}

void
lint_docs(const struct kit *kit AK_UNUSED, const struct service *service,
    struct ak_buf *evidence)
{
	need_label(service, "aikit.docs", evidence);
}

void
lint_container_name(const struct kit *kit AK_UNUSED,
    const struct service *service, struct ak_buf *evidence)
{
	const char *name = ak_json_str(ak_json_get(service->json,
	    "container_name"));

	if (name != NULL)
		lint_add(evidence, "container_name %s is fixed", name);
}
