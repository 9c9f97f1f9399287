/*
 * lint_model - who can reach a server of models, and that nobody gets past the
 * queue before it.
 *
 * A container reaches what it shares a network with, whatever it was told to
 * ask. So where Ollama is, nobody but the queue may be.
 */
#include <string.h>

#include "tools/stack/lint.h"

/* The service whose networks it uses: its own, or those of another. */
static const struct service *
housed_by(const struct kit *kit, const struct service *service)
{
	const char *mode = ak_json_str(ak_json_get(service->json,
	    "network_mode"));
	const struct service *other = NULL;

	if (mode != NULL && ak_starts(mode, "service:"))
		other = kit_service(kit, mode + strlen("service:"));
	return other != NULL ? other : service;
}

static bool
is_on(const struct kit *kit, const struct service *service, const char *network)
{
	const struct ak_json
	    *networks = ak_json_get(housed_by(kit, service)->json, "networks");

	return ak_json_get(networks, network) != NULL;
}

/* The first network that both are on; NULL when there is none. */
static const char *
shared_network(const struct kit *kit, const struct service *a,
    const struct service *b)
{
	const struct ak_json *networks = ak_json_get(housed_by(kit, a)->json,
	    "networks");

	ak_json_each(network, networks)
		if (is_on(kit, b, ak_json_name(network)))
			return ak_json_name(network);
	return NULL;
}

static bool
has_alias(const struct service *service, const char *name)
{
	ak_json_each(network, ak_json_get(service->json, "networks"))
		ak_json_each(item, ak_json_get(network, "aliases"))
			if (ak_streq(ak_json_str(item), name))
				return true;
	return false;
}

/* The image of Ollama, whoever packed it: [REGISTRY/][NAME/]ollama[:TAG]. */
static bool
is_image_of_ollama(const char *image)
{
	const char *slash = strrchr(image, '/');
	const char *name = slash != NULL ? slash + 1 : image;

	return ak_starts(name, "ollama") &&
	    strchr(":@", name[strlen("ollama")]) != NULL;
}

/* Told to do something else, that image is a client. */
static bool
serves(const struct service *service)
{
	const struct ak_json *command = ak_json_get(service->json, "command");
	const char *word = ak_json_str(ak_json_first(command));

	return ak_json_count(ak_json_get(service->json, "entrypoint")) == 0 &&
	    (word == NULL || strcmp(word, "serve") == 0);
}

/* A server of models, whatever the service is called. */
static bool
is_ollama(const struct service *service)
{
	if (service->one_shot || service_flag(service, "aikit.queue"))
		return false;
	return has_alias(service, "ollama") ||
	    (ak_starts(service->name, "ollama") && serves(service)) ||
	    (service->image != NULL && is_image_of_ollama(service->image) &&
		serves(service));
}

/* The first that is labelled so, on a network of server; NULL for any. */
static const struct service *
find_queue(const struct kit *kit, const struct service *server)
{
	for (size_t i = 0; i < kit->service_count; i++) {
		const struct service *service = &kit->services[i];

		if (service_flag(service, "aikit.queue") &&
		    (server == NULL || shared_network(kit, service, server)))
			return service;
	}
	return NULL;
}

void
lint_model_network(const struct kit *kit, const struct service *service,
    struct ak_buf *evidence)
{
	if (is_on(kit, service, "model") &&
	    !service_flag(service, "aikit.model"))
		lint_add(evidence,
		    "it can ask models: it is on network model without label "
		    "aikit.model");
}

void
lint_model_port(const struct kit *kit AK_UNUSED, const struct service *service,
    struct ak_buf *evidence)
{
	if (!is_ollama(service) && !service_flag(service, "aikit.queue"))
		return;
	ak_json_each(port, ak_json_get(service->json, "ports")) {
		AK_FREE char *text = port_text(port);

		lint_add(evidence, "%s reaches Ollama past the edge", text);
	}
}

/* Told once a service, of the first server that it reaches. */
void
lint_queue_bypass(const struct kit *kit, const struct service *service,
    struct ak_buf *evidence)
{
	if (is_ollama(service) || service_flag(service, "aikit.queue"))
		return;
	for (size_t i = 0; i < kit->service_count; i++) {
		const struct service *server = &kit->services[i];
		const char *network = is_ollama(server)
		    ? shared_network(kit, server, service)
		    : NULL;

		if (network == NULL)
			continue;
		lint_add(evidence,
		    "it reaches %s past the queue, on network %s", server->name,
		    network);
		return;
	}
}

/* One queue alone knows all that runs, and it reaches every server. */
void
lint_queue_one(const struct kit *kit, const struct service *service,
    struct ak_buf *evidence)
{
	const struct service *queue = find_queue(kit, NULL);

	if (is_ollama(service) && find_queue(kit, service) == NULL)
		lint_add(evidence,
		    "no service with label aikit.queue shares a network "
		    "with it");
	if (service_flag(service, "aikit.queue") && queue != NULL &&
	    service != queue)
		lint_add(evidence, "%s has label aikit.queue as well",
		    queue->name);
}
