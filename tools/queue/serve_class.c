/*
 * serve_class - who asks, what for, and so in which class.
 *
 * A key's class comes first, then the first rule that fits, then the
 * listener's, then the default. A header may ask for another: any that is
 * worse, and better ones up to the best that the key or listener allows.
 */
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "tools/queue/proxy.h"

static bool
fits(const char *pattern, const char *text)
{
	return pattern == NULL || fnmatch(pattern, text, 0) == 0;
}

uint64_t
class_rules(struct queue *q, const struct request *r, const char *path,
    const char *agent)
{
	const struct settings *s = q->settings;
	uint64_t rules = 0;

	for (size_t i = 0; i < s->rule_count && i < 64; i++)
		if (fits(s->rules[i].path, path) &&
		    fits(s->rules[i].agent, agent) &&
		    fits(s->rules[i].client, r->user->text))
			rules |= UINT64_C(1) << i;
	return rules;
}

static int
by_name(const struct queue *q, const char *name)
{
	return name == NULL ? -1 : sched_class(q->sched, name);
}

int
class_of(struct queue *q, const struct request *r, uint64_t rules)
{
	const struct settings *s = q->settings;
	const struct listen_conf *listen = r->client->listener->conf;
	int class = r->class_key;

	for (size_t i = 0; class == -1 && i < s->rule_count && i < 64; i++)
		if ((rules >> i & 1) && fits(s->rules[i].model, r->model->text))
			class = by_name(q, s->rules[i].class);
	if (class == -1 && listen != NULL)
		class = by_name(q, listen->class);
	if (class == -1)
		class = by_name(q, s->class_default);
	if (r->class_said != -1)
		class = r->class_said > r->class_best ? r->class_said
						      : r->class_best;
	return class == -1 ? 0 : class;
}

/* "x:local" says that x is not to be run elsewhere; blanks say nothing. */
static size_t
without_end(const char *model)
{
	static const char local[] = ":local";
	size_t len = strlen(model), n = strlen(local);

	while (len > 0 && (model[len - 1] == ' ' || model[len - 1] == '\t'))
		len--;
	if (len > n && strncasecmp(model + len - n, local, n) == 0)
		len -= n;
	return len;
}

bool
class_model(const char *model, char *to)
{
	static const char *const prefixes[] = { "registry.ollama.ai/",
		"library/" };
	const char *name;
	size_t len;
	bool add;

	model += strspn(model, " \t");

	for (size_t i = 0; i < AK_COUNT(prefixes); i++)
		if (ak_starts(model, prefixes[i]))
			model += strlen(prefixes[i]);
	len = without_end(model);
	if (len > SCHED_NAME - 8)
		len = SCHED_NAME - 8;
	name = memrchr(model, '/', len);
	name = name != NULL ? name + 1 : model;
	add = memchr(name, ':', len - (size_t)(name - model)) == NULL;
	to = mempcpy(to, model, len);
	stpcpy(to, add ? ":latest" : "");
	return add;
}

static void
take(char to[SCHED_NAME], const char *data, size_t len)
{
	if (len >= SCHED_NAME)
		len = SCHED_NAME - 1;
	memcpy(to, data, len);
	to[len] = '\0';
}

bool
listen_manages(const struct listen_conf *listen)
{
	static const char *const local[] = { "127.",
		"[::1]:", "localhost:", "unix:" };

	if (listen->manage != LISTEN_LOCAL || listen->address == NULL)
		return listen->manage == LISTEN_YES;
	for (size_t i = 0; i < AK_COUNT(local); i++)
		if (ak_starts(listen->address, local[i]))
			return true;
	return false;
}

int
serve_identify(const struct settings *settings, const struct asker *asker,
    struct identity *who)
{
	const struct listen_conf *listen = asker->listen;
	const struct http1_field *user = NULL;

	*who = (struct identity){ .class = -1,
		.manage = listen_manages(listen) };
	for (int i = 0; listen->class_best != NULL && i < SCHED_CLASSES; i++)
		if (ak_streq(settings->sched.classes[i].name,
			listen->class_best))
			who->class_best = i;
	if (listen->trust_user)
		user = http1_find(asker->head, asker->data,
		    "X-OpenWebUI-User-Id");
	if (user != NULL && user->value_len > 0)
		take(who->client, asker->data + user->value, user->value_len);
	else if (listen->client != NULL)
		take(who->client, listen->client, strlen(listen->client));
	else
		take(who->client, asker->from, strlen(asker->from));
	if (!listen->need_key)
		return 0;
	who->status = 401;
	who->text = "a key is needed";
	return -1;
}
