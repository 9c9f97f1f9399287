/*
 * sources - the words of a command line as things to back up.
 *
 * sources_add() turns a word into one source or many (stack:); the backup
 * command then makes an intake for each and calls its take(), one after
 * another, and at the end sources_end(). A source that fails says so by -1: the
 * command puts that into its snap_source and goes on with the next.
 *
 *	struct sources sources = { 0 };
 *
 *	sources_add(&sources, "stack:", err);
 *	for (size_t i = 0; i < sources.count; i++)
 *		... sources.items[i].take(&sources.items[i], &in, err);
 *	sources_end(&sources, warn, arg, err);
 *	snap_write(repo, snap, sources.more, err);
 */
#ifndef BACKUP_SOURCES_H
#define BACKUP_SOURCES_H

#include "tools/backup/exec.h"
#include "tools/backup/source.h"

struct ak_docker;
struct boxes;
struct keep;
struct kit;

struct source {
	char *type;   /* dir sqlite postgres exec volume kit models */
	char *name;   /* as given: "dir:/srv", "volume:grafana_data" */
	char *prefix; /* where its entries are in the tree: "srv" */
	/* Sets in->about->consistency. */
	int (*take)(struct source *source, struct intake *in,
	    struct ak_err *err);
	/* of the file of its type */
	char *path;	       /* dir, sqlite; of exec: the command */
	char *object;	       /* volume, or service of databases */
	struct sources *group; /* whose engine it asks */
	void *more;
	void (*more_free)(void *more);
};

struct sources {
	struct source *items;
	size_t count;
	char *stack;		  /* project of stack:, else NULL */
	char *more;		  /* JSON for snap_write(); NULL */
	struct ak_docker *engine; /* opened when first asked */
	struct kit *kit;
	struct boxes *ran; /* containers of the kit as they were */
	bool models;	   /* --models: set before sources_add() */
	/* Where messages go that are no failure; may be NULL. */
	void (*warn)(void *arg, const char *text);
	void *arg;
};

/* AK_USAGE with what is wrong with the word. What is uncovered is a source that
 * fails when it is taken. */
int sources_add(struct sources *sources, const char *word, struct ak_err *err)
    AK_MUST;
/* What ran before runs again; -1 when it does not. */
int sources_end(struct sources *sources, struct ak_err *err) AK_MUST;
void sources_free(struct sources *sources);

/* What a command writes as a file of ours, as of now. stream lives as long. */
struct intake_stream exec_file(const char *path, struct exec_stream *stream);

/* backup --plan: one record backup_plan each. 1: something is uncovered. */
struct ak_ctx;
int sources_plan(struct ak_ctx *ctx, size_t count, char *const words[],
    bool models) AK_MUST;

/*
 * Between the files of sources. source_add() makes room for one, which lives
 * until the next; each file fills it from the rest of a word behind its scheme.
 */
struct source *source_add(struct sources *sources);
int sources_engine(struct sources *sources, struct ak_err *err) AK_MUST;

int dir_source(struct source *source, const char *rest, struct ak_err *err)
    AK_MUST;
int sqlite_source(struct source *source, const char *rest, struct ak_err *err)
    AK_MUST;
int exec_source(struct source *source, const char *rest, struct ak_err *err)
    AK_MUST;
int volume_source(struct source *source, const char *rest, struct ak_err *err)
    AK_MUST;
int postgres_source(struct source *source, const char *rest, struct ak_err *err)
    AK_MUST;
/* stack.c: as many as the kit has. */
int stack_sources(struct sources *sources, const char *dir, struct ak_err *err)
    AK_MUST;
/* A volume kept in a way already known; name: its place in the tree. */
void volume_source_as(struct source *source, const char *volume,
    const char *name, const struct keep *keep);
/* All databases of a container; service: its place in the tree. */
void postgres_source_as(struct source *source, const char *container,
    const char *service);

#endif
