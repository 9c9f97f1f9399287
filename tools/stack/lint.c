/*
 * lint - the rules for compose files, in one table.
 *
 * They look at the model, in which Compose has put in every value and every
 * default. In a kit with x-aikit a broken rule is an error; anybody else's
 * compose file gets a warning, and is not asked for our labels.
 */
#include "tools/stack/lint.h"

#include <stdarg.h>

const char *const severity_names[] = {
	[SEV_OK] = "ok",
	[SEV_NOTE] = "note",
	[SEV_WARNING] = "warning",
	[SEV_ERROR] = "error",
};

struct rule {
	const char *id;
	enum severity severity; /* in a kit with x-aikit */
	bool kit_only;		/* asks for what only such a kit has */
	lint_fn *broken;
	const char *next;
};

static const struct rule rules[] = {
	{ "image-pinned", SEV_ERROR, false, lint_image,
	    "name a version: image: NAME:1.2.3" },
	{ "restart-policy", SEV_ERROR, false, lint_restart,
	    "restart: unless-stopped, or \"no\" for what ends by itself" },
	{ "health-check", SEV_ERROR, false, lint_check_missing,
	    "healthcheck: test: [CMD, ...], a question to the service" },
	{ "health-check-process", SEV_ERROR, false, lint_check_process,
	    "ask the service itself, as by HTTP: a hung process exists too" },
	{ "cpu-limit", SEV_ERROR, false, lint_cpus,
	    "deploy: {resources: {limits: {cpus: \"1.0\"}}}" },
	{ "memory-limit", SEV_ERROR, false, lint_memory,
	    "deploy: {resources: {limits: {memory: 512m}}}" },
	{ "log-rotation", SEV_ERROR, false, lint_log,
	    "logging: {driver: json-file, options: {max-size: 10m, "
	    "max-file: \"3\"}}" },
	{ "log-tag", SEV_ERROR, true, lint_log_tag,
	    "logging: {options: {tag: app.NAME}}, or access or system" },
	{ "port-public", SEV_ERROR, false, lint_ports,
	    "publish on 127.0.0.1:PORT; the edge serves the rest" },
	{ "port-twice", SEV_ERROR, false, lint_port_twice,
	    "give one of them another port" },
	{ "docker-socket", SEV_ERROR, false, lint_socket,
	    "who has the socket is root: drop it, or give the reason in label "
	    "aikit.socket and publish nothing" },
	{ "privileged", SEV_ERROR, false, lint_privileged,
	    "cap_add what it needs, or give the reason in label "
	    "aikit.privileged" },
	{ "host-network", SEV_WARNING, false, lint_host_network,
	    "a network of its own, and ports" },
	{ "secret-environment", SEV_ERROR, false, lint_secret_environment,
	    "secrets: a file, and NAME_FILE if the image knows it" },
	{ "secret-command", SEV_ERROR, false, lint_secret_command,
	    "secrets: a file; everybody can read a command line" },
	{ "container-name", SEV_ERROR, false, lint_container_name,
	    "remove container_name: two kits could not run side by side" },
	{ "model-network", SEV_ERROR, true, lint_model_network,
	    "leave network model, or say why with label aikit.model" },
	{ "model-port", SEV_ERROR, true, lint_model_port,
	    "remove ports: the edge asks for a token, the model does not" },
	{ "backup-uncovered", SEV_ERROR, true, lint_backup,
	    "label aikit.backup: live, pause 10s, stop 60s, postgres, models, "
	    "or none: REASON" },
	{ "queue-bypass", SEV_ERROR, true, lint_queue_bypass,
	    "leave that network and ask the queue, on network model" },
	{ "queue-one", SEV_ERROR, true, lint_queue_one,
	    "label aikit.queue on one service, on a network with Ollama" },
	{ "label-title", SEV_ERROR, true, lint_title,
	    "labels: {aikit.title: its name for people}" },
	{ "label-docs", SEV_ERROR, true, lint_docs,
	    "labels: {aikit.docs: URL of its documentation}" },
};

bool
lint_is_kit(const struct kit *kit)
{
	return kit->x != NULL;
}

void
lint_add(struct ak_buf *evidence, const char *format, ...)
{
	va_list args;

	if (evidence->len > 0)
		ak_buf_str(evidence, ", ");
	va_start(args, format);
	ak_buf_vprintf(evidence, format, args);
	va_end(args);
}

static enum severity
severity_in(const struct kit *kit, enum severity severity)
{
	return lint_is_kit(kit) || severity < SEV_WARNING ? severity
							  : SEV_WARNING;
}

static void
apply(const struct rule *rule, const struct kit *kit,
    const struct service *service, finding_fn *each, void *arg)
{
	AK_BUF struct ak_buf evidence = { 0 };
	struct finding finding = {
		.id = rule->id,
		.severity = severity_in(kit, rule->severity),
		.subject = service->name,
		.next = rule->next,
	};

	if (rule->kit_only && !lint_is_kit(kit))
		return;
	rule->broken(kit, service, &evidence);
	finding.evidence = ak_buf_text(&evidence);
	if (evidence.len > 0)
		each(arg, &finding);
}

/*
 * Compose gives a volume or network the name of the project and its own. Any
 * other is fixed, and the same in every copy of the kit.
 */
static void
fixed_names(const struct kit *kit, const char *what, const char *singular,
    finding_fn *each, void *arg)
{
	ak_json_each(item, ak_json_get(kit->model, what)) {
		const char *name = ak_json_str(ak_json_get(item, "name"));
		AK_FREE char *own = ak_printf("%s_%s", kit->project,
		    ak_json_name(item));
		AK_FREE char *subject = ak_printf("%s %s", singular,
		    ak_json_name(item));
		AK_FREE char *evidence = ak_printf("its name is fixed: %s",
		    name != NULL ? name : "");
		struct finding finding = { "fixed-name",
			severity_in(kit, SEV_ERROR), subject, evidence,
			"remove name: two kits could not run side by side" };

		if (name != NULL && !ak_streq(name, own) &&
		    !ak_json_bool(ak_json_get(item, "external"), false))
			each(arg, &finding);
	}
}

void
lint_kit(const struct kit *kit, finding_fn *each, void *arg)
{
	for (size_t s = 0; s < kit->service_count; s++)
		for (size_t r = 0; r < AK_COUNT(rules); r++)
			apply(&rules[r], kit, &kit->services[s], each, arg);
	fixed_names(kit, "volumes", "volume", each, arg);
	fixed_names(kit, "networks", "network", each, arg);
	lint_files(kit, each, arg);
}

/* Of the findings that are not of the table. */
static const char *const other_ids[] = {
	"fixed-name",
	"setting-default",
	"setting-service",
	"setting-unknown",
	"setting-unused",
	"volume-unused",
};

const char *const *
lint_ids(void)
{
	static const char *ids[AK_COUNT(rules) + AK_COUNT(other_ids) + 1];

	for (size_t i = 0; i < AK_COUNT(rules); i++)
		ids[i] = rules[i].id;
	for (size_t i = 0; i < AK_COUNT(other_ids); i++)
		ids[AK_COUNT(rules) + i] = other_ids[i];
	return ids;
}
