/*
 * metrics_impl - what is counted, and what it is counted by.
 *
 * Labels are bounded: so many classes, models and combinations are told apart,
 * and the rest is "other". What is asked of the scheduler anyway is not counted
 * here again.
 */
#ifndef QUEUE_METRICS_IMPL_H
#define QUEUE_METRICS_IMPL_H

#include "tools/queue/operate.h"

#define CLASSES 12 /* 0: none, the last: other */
#define CLASS_OTHER (CLASSES - 1)
#define MODELS 65 /* 0: none, the last: other */
#define MODEL_OTHER (MODELS - 1)
#define SERIES 2048 /* a power of two */
#define SWITCHES 512
#define BUCKETS 14

enum buckets {
	BUCKETS_WAIT,
	BUCKETS_ANSWER,
	BUCKETS_TOKEN,
	BUCKETS_LOAD,
	BUCKETS_OWN,
	BUCKETS_KINDS
};
/* Upper ends in us; 0 ends a list. */
extern const int64_t metrics_buckets[BUCKETS_KINDS][BUCKETS + 1];

struct hist {
	int64_t counts[BUCKETS + 1]; /* the last: above all */
	int64_t sum;		     /* us */
};

enum rejected {
	REJECTED_SCHED, /* and so many more: enum sched_reason */
	REJECTED_KEY = SCHED_REASONS,
	REJECTED_FORBIDDEN,
	REJECTED_UNKNOWN,
	REJECTED_TOO_LARGE,
	REJECTED_MALFORMED,
	REJECTED_OTHER,
	REJECTED_REASONS
};
const char *metrics_rejected_name(int reason);

struct model_counts {
	char *name;
	uint32_t hash;
	struct hist first_byte, token, load;
	struct {
		struct hist first_token;
		int64_t prompt, generated;
	} classes[CLASSES];
};

struct series {
	const struct route *route;
	int64_t count;
	uint16_t code;
	uint8_t class, model;
	bool used;
};

struct switched {
	uint8_t from, to, cause; /* models by number */
	int64_t count;
};

struct metrics {
	char *classes[CLASSES]; /* names; NULL: free */
	struct hist wait[CLASSES], duration[CLASSES], own;
	int64_t rejected[CLASSES][REJECTED_REASONS];
	int64_t cancelled[CLASSES][PHASES];
	struct model_counts *models[MODELS];
	struct series *series;
	size_t series_count;
	struct switched switches[SWITCHES + 1]; /* the last: all others */
	size_t switch_count;
	int statm, fds; /* descriptors, -1 */
};

/*
 * metrics_text.c: names are without "aikit_queue_", which is put before all but
 * those of a process.
 */
void metrics_name(struct ak_buf *buf, const char *name);
/* "# HELP" and "# TYPE": a counter if name ends in _total, else a gauge. */
void metrics_family(struct ak_buf *buf, const char *name, const char *help);
/* Within braces that are open. */
void metrics_label(struct ak_buf *buf, const char *name, const char *value);
/* key NULL: without a label. */
void metrics_sample(struct ak_buf *buf, const char *name, const char *key,
    const char *value, int64_t number);
void metrics_sample_seconds(struct ak_buf *buf, const char *name,
    const char *key, const char *value, int64_t us);
/* A sample with two labels, unless it is 0. */
struct metrics_pair {
	const char *key, *value, *key_2, *value_2;
};
void metrics_pair(struct ak_buf *buf, const char *name,
    const struct metrics_pair *of, int64_t number);
void metrics_counted(const struct metrics *m, struct ak_buf *buf);

#endif
