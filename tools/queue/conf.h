/*
 * conf - what is configured: a file of sections, the command line over it,
 * and what the operator sets while it runs.
 *
 *	struct config *config = conf_new();
 *	if (conf_file(config, "aikit-queue.conf", text, &err) == -1 ||
 *	    conf_set(config, "--limit", "queue", "limit", "4", &err) == -1 ||
 *	    conf_finish(config, &err) == -1)
 *		...
 *	queue_new(&config->settings, ...);
 *
 * Every key stands in one table (conf_sections), with its kind, where its value
 * goes, and its bounds: from it come reading, checking, printing, and the test
 * that manual and example name them all.
 *
 * Sections that may come several times have a name, "[backend fast]"; a class
 * that stands in a file replaces the built-in ones. What is wrong is AK_CONFIG,
 * named as FILE:LINE: KEY: WHY.
 */
#ifndef QUEUE_CONF_H
#define QUEUE_CONF_H

#include "tools/queue/queue.h"

#define CONF_LISTENS 32
#define CONF_RULES 64 /* request rules are bits */
#define CONF_FILE_MAX ((size_t)1 << 20)

enum conf_kind {
	CONF_BOOL,
	CONF_INT,     /* int */
	CONF_SIZE,    /* int64_t, bytes */
	CONF_SIZE32,  /* uint32_t, bytes */
	CONF_COUNT32, /* uint32_t */
	CONF_TIME,    /* int64_t, us */
	CONF_SECONDS, /* double */
	CONF_SHARE,   /* int, permille, written as a percentage */
	CONF_MODE,    /* unsigned int, octal */
	CONF_TEXT,    /* const char *; empty is NULL */
	CONF_WORD,    /* int, of words[] */
	CONF_OVERDUE, /* enum sched_overdue, of words[] */
	CONF_ALIVE,   /* const char *, a time as JSON text */
	CONF_LIST,    /* const char *, names with blanks or commas between */
	CONF_KINDS
};

struct conf_key {
	const char *name;
	enum conf_kind kind;
	uint32_t at;	  /* in what its section makes */
	int64_t min, max; /* of numbers; times in us; 0, 0: not looked at */
	const char *const *words;
	const char *help;
};

enum conf_of {
	CONF_OF_QUEUE,
	CONF_OF_LISTEN,
	CONF_OF_BACKEND,
	CONF_OF_CLASS,
	CONF_OF_RULE,
	CONF_OF_CLIENT,
	CONF_OF_MODEL,
	CONF_OFS
};

struct conf_section {
	const char *name;
	bool named;		     /* comes with a name behind it */
	const struct conf_key *keys; /* name NULL ends them */
};
extern const struct conf_section conf_sections[CONF_OFS];

/* A section that was read: the nth of its kind. */
struct conf_part {
	enum conf_of of;
	const char *name; /* "" of [queue] */
	size_t index;
	const char *file; /* where it began; NULL: no file */
	int line;
	uint64_t given, twice; /* bit n: key n, ever, and in this reading */
};

/* model_conf, and what it needs until all backends are known. */
struct conf_model {
	struct model_conf model;
	const char *backends;
};

struct config {
	struct settings settings; /* first: release() is given it */
	const char *file;	  /* NULL: none was read */
	const char *admin;	  /* path of the socket; NULL: none */
	const char *metrics;	  /* address of its listener; NULL: none */
	const char *log;	  /* path, "-", or NULL: none */
	const char *keys;	  /* path; NULL: none */
	const char *user;	  /* NULL: stays as it is */
	bool client_labels;	  /* clients are named in metrics */
	bool confine;
	struct conf_model *models;
	struct conf_part *parts;
	size_t part_count;
	char **kept; /* strings that the settings point to */
	size_t kept_count;
	bool own_classes; /* the built-in ones are gone */
	struct keys *keyring;
};

/* All defaults. */
struct config *conf_new(void) AK_MUST;
void conf_free(struct config *config);
void conf_free_scope(struct config **config);
#define CONFIG __attribute__((cleanup(conf_free_scope)))

/* Takes in the text of a file; file is its name in messages. */
int conf_text(struct config *config, const char *file, const char *text,
    struct ak_err *err) AK_MUST;
/* The same of a path. */
int conf_file(struct config *config, const char *path, struct ak_err *err)
    AK_MUST;
/* One key; where is put before what is wrong. */
int conf_set(struct config *config, const char *where, const char *section,
    const char *key, const char *value, struct ak_err *err) AK_MUST;
/* Looks at the whole, reads the keys, and makes the settings ready for use. */
int conf_finish(struct config *config, struct ak_err *err) AK_MUST;

/* Each key with its value as text: of what is there, or of all there is. */
void conf_each(const struct config *config, bool all,
    void (*each)(void *arg, const char *section, const char *key,
	const char *value, bool given),
    void *arg);

/* ---- Between the files of conf. ---- */

/* The nth of its kind; name is kept already. */
void conf_make(struct config *config, enum conf_of of, size_t index,
    const char *name);
/* conf.c */
int conf_classes(struct config *config, struct ak_err *err) AK_MUST;
/* What lives as long as the configuration. */
const char *conf_keep(struct config *config, const char *text, size_t len);
/* What the keys of a part are offsets into. */
void *conf_base(const struct config *config, const struct conf_part *part);
/* conf_value.c: text to value, and back. */
int conf_parse(struct config *config, const struct conf_key *key, void *base,
    const char *text, struct ak_err *err) AK_MUST;
void conf_print(const struct conf_key *key, const void *base,
    struct ak_buf *buf);

/* ---- Keys (keys.c). ---- */

/*
 * A file of sections, one a client, that only its owner can read:
 *
 *	[alice]
 *	sha256 = 64 hexadecimal digits	; of the key, never the key itself
 *	class = interactive
 *	class_best = interactive
 *	weight = 2
 *	limit = 4
 *	manage = yes
 *
 * A key is "aq-" and 43 letters and digits, 256 random bits. Keys are found by
 * the first byte of their hash and compared in constant time.
 */
#define KEY_PREFIX "aq-"

struct key_entry {
	uint8_t hash[32];
	const char *name;
	const char *class, *class_best;
	int weight, limit;
	bool manage, hashed;
};

struct keys {
	struct key_entry *entries; /* by the first byte of their hash */
	size_t count;
	uint32_t first[257]; /* entries of byte n: [first[n] .. first[n+1]) */
	char **kept;
	size_t kept_count;
};

/* Refuses (AK_NOPERM) a file that others can read. */
int keys_read(const char *path, struct keys **keys, struct ak_err *err) AK_MUST;
/* The same of text. */
int keys_parse(const char *file, const char *text, struct keys **keys,
    struct ak_err *err) AK_MUST;
void keys_free(struct keys *keys);
/* NULL when it is none of them. */
const struct key_entry *keys_find(const struct keys *keys, const char *key,
    size_t len);
/* settings.identify, with settings.keys: by key, else as without. */
int keys_identify(const struct settings *settings, const struct asker *asker,
    struct identity *who);

#endif
