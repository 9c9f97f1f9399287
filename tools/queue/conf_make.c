/*
 * conf_make - a configuration and its sections, as they are before anybody has
 * said anything.
 */
#include <string.h>

#include "tools/queue/conf.h"

static void
release(struct settings *settings)
{
	conf_free((struct config *)(void *)settings);
}

struct config *
conf_new(void)
{
	struct config *config = ak_calloc(1, sizeof(*config));

	settings_default(&config->settings);
	config->settings.release = release;
	config->log = "-";
	config->confine = true;
	return config;
}

void
conf_free(struct config *config)
{
	if (config == NULL)
		return;
	for (size_t i = 0; i < config->kept_count; i++)
		free(config->kept[i]);
	free(config->kept);
	free(config->parts);
	free(config->models);
	free(config->settings.listens);
	free(config->settings.backends);
	free(config->settings.rules);
	free(config->settings.models);
	free(config->settings.clients);
	keys_free(config->keyring);
	free(config);
}

void
conf_free_scope(struct config **config)
{
	conf_free(*config);
}

const char *
conf_keep(struct config *config, const char *text, size_t len)
{
	config->kept = ak_resize(config->kept, config->kept_count + 1,
	    sizeof(*config->kept));
	config->kept[config->kept_count] = ak_strndup(text, len);
	return config->kept[config->kept_count++];
}

void *
conf_base(const struct config *config, const struct conf_part *part)
{
	const struct settings *s = &config->settings;
	const void *base = NULL;

	switch (part->of) {
	case CONF_OF_QUEUE:
		base = config;
		break;
	case CONF_OF_LISTEN:
		base = &s->listens[part->index];
		break;
	case CONF_OF_BACKEND:
		base = &s->backends[part->index];
		break;
	case CONF_OF_CLASS:
		base = &s->sched.classes[part->index];
		break;
	case CONF_OF_RULE:
		base = &s->rules[part->index];
		break;
	case CONF_OF_CLIENT:
		base = &s->clients[part->index];
		break;
	case CONF_OF_MODEL:
		base = &config->models[part->index];
		break;
	case CONF_OFS:
		break;
	}
	return (void *)(uintptr_t)base;
}

/* A class of a file has the values of the built-in one of its name. */
static void
make_class(struct config *config, size_t index, const char *name)
{
	struct sched_class *classes = config->settings.sched.classes;
	struct sched_config built_in;
	size_t model = 1; /* normal */

	sched_config_default(&built_in);
	if (!config->own_classes)
		memset(classes, 0, sizeof(*classes) * SCHED_CLASSES);
	config->own_classes = true;
	for (size_t i = 0; i < SCHED_CLASSES; i++)
		if (ak_streq(built_in.classes[i].name, name))
			model = i;
	classes[index] = built_in.classes[model];
	memset(classes[index].name, 0, sizeof(classes[index].name));
	memcpy(classes[index].name, name, strlen(name));
}

#define GROW(array, count)                                            \
	((array) = ak_resize((array), (count) + 1, sizeof(*(array))), \
	    memset(&(array)[(count)], 0, sizeof(*(array))))

void
conf_make(struct config *config, enum conf_of of, size_t index,
    const char *name)
{
	struct settings *s = &config->settings;

	switch (of) {
	case CONF_OF_LISTEN:
		GROW(s->listens, index);
		s->listen_count++;
		break;
	case CONF_OF_BACKEND:
		GROW(s->backends, index);
		s->backends[index].name = name;
		s->backends[index].sched = (struct sched_backend){
			.up = SCHED_DOWN,
			.slots = 1,
			.loaded_max = 1,
			.weight = 1,
		};
		s->backend_count++;
		break;
	case CONF_OF_CLASS:
		make_class(config, index, name);
		break;
	case CONF_OF_RULE:
		GROW(s->rules, index);
		s->rule_count++;
		break;
	case CONF_OF_CLIENT:
		GROW(s->clients, index);
		s->clients[index].name = name;
		s->client_count++;
		break;
	case CONF_OF_MODEL:
		GROW(config->models, index);
		config->models[index].model.name = name;
		break;
	case CONF_OF_QUEUE:
	case CONF_OFS:
		break;
	}
}
