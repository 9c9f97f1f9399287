/*
 * links - the first name of each file that has several: a table with open
 * addressing.
 */
#include "tools/backup/links.h"

struct link {
	uint64_t dev, group;
	char *path; /* NULL: free */
};

struct links {
	struct link *items;
	size_t count, cap; /* cap a power of 2 */
};

struct links *
links_new(void)
{
	struct links *links = ak_calloc(1, sizeof(*links));

	links->cap = 64;
	links->items = ak_calloc(links->cap, sizeof(*links->items));
	return links;
}

void
links_free(struct links *links)
{
	if (!links)
		return;
	for (size_t i = 0; i < links->cap; i++)
		free(links->items[i].path);
	free(links->items);
	free(links);
}

static struct link *
find(const struct links *links, uint64_t dev, uint64_t group)
{
	uint64_t hash = (group ^ dev * 0x9e3779b97f4a7c15) * 0xbf58476d1ce4e5b9;
	size_t i = (size_t)(hash >> 20) & (links->cap - 1);

	while (links->items[i].path &&
	    (links->items[i].dev != dev || links->items[i].group != group))
		i = (i + 1) & (links->cap - 1);
	return &links->items[i];
}

const char *
links_get(const struct links *links, uint64_t dev, uint64_t group)
{
	return find(links, dev, group)->path;
}

static void
grow(struct links *links)
{
	struct links old = *links;

	links->cap *= 2;
	links->items = ak_calloc(links->cap, sizeof(*links->items));
	for (size_t i = 0; i < old.cap; i++)
		if (old.items[i].path)
			*find(links, old.items[i].dev,
			    old.items[i].group) = old.items[i];
	free(old.items);
}

void
links_put(struct links *links, uint64_t dev, uint64_t group, const char *path)
{
	struct link *link;

	if (links->count * 2 >= links->cap)
		grow(links);
	link = find(links, dev, group);
	if (link->path)
		return;
	*link = (struct link){ dev, group, ak_strdup(path) };
	links->count++;
}
