/*
 * scan - what a request body says that decides where it goes, read in pieces.
 *
 * The body is looked at as it passes: there is no tree, and no size that is too
 * large. What is found are the members that decide who waits for what: the
 * model, the options that make Ollama load it anew, keep_alive, and whether
 * there is anything to do. Bytes may be cut anywhere, the result is the same.
 *
 *	struct scan scan;
 *
 *	scan_begin(&scan);
 *	while (... a piece of the body ...)
 *		if (scan_feed(&scan, data, len) == -1)
 *			... 400, scan.error at byte scan.at ...
 *	if (scan_end(&scan) == -1)
 *		...
 *
 * Members mean what Go's encoding/json makes of them, since Ollama reads the
 * same bytes and must not see another model than we do:
 *  - a top-level name matches in any case ("Model"), also with U+017F for s
 *    and U+212A for k; the names in options are a map's and match exactly;
 *  - of a name that comes again the last one counts; a null leaves "model" and
 *    what is no pointer as it was, and takes others back (stream, keep_alive);
 *    a second "options" adds to the first, "options": null empties it;
 *  - escapes are undone in names and in the model (\u0041, surrogate pairs, a
 *    lone one is U+FFFD).
 * Stricter than Ollama, which stops reading at the end of the first value:
 * nothing but blanks may follow it. Refused besides what is no JSON (RFC 8259):
 * a body that is no object, more than 64 levels, a model that is no string,
 * longer than SCAN_MODEL_MAX, not UTF-8 or with a control byte, a number below
 * or a keep_alive of over 39 bytes.
 */
#ifndef QUEUE_SCAN_H
#define QUEUE_SCAN_H

#include <stdint.h>

#include "lib/ak.h"
#include "tools/queue/lex.h"

#define SCAN_MODEL_MAX 255 /* bytes */

/* What a member was. A null counts as absent where it takes others back. */
enum scan_kind {
	SCAN_ABSENT,
	SCAN_NULL,
	SCAN_FALSE,
	SCAN_TRUE,
	SCAN_NUMBER,
	SCAN_STRING,
	SCAN_ARRAY,
	SCAN_OBJECT,
};

/* Options by which Ollama's needsReload() compares runners. */
enum scan_option {
	SCAN_NUM_CTX,
	SCAN_NUM_BATCH,
	SCAN_NUM_GPU,
	SCAN_MAIN_GPU,
	SCAN_USE_MMAP,
	SCAN_NUM_THREAD,
	SCAN_DRAFT_NUM_PREDICT,
	SCAN_OPTIONS,
};

/* Bytes of the body, from its first. */
struct scan_range {
	uint64_t at;
	uint64_t len; /* 0: there is none */
};

struct scan_value {
	uint8_t kind;	 /* enum scan_kind; not an array or object */
	int64_t integer; /* of a number, towards zero as Go converts */
	struct scan_range range;
};

struct scan {
	/* The model, unescaped, a NUL behind it; empty: absent. */
	char model[SCAN_MODEL_MAX + 1];
	uint16_t model_len;
	uint8_t stream; /* SCAN_ABSENT, _NULL, _FALSE, _TRUE */
	/* Not absent, not null, not "", [] or {}. */
	bool prompt, messages, input;
	uint32_t message_count, input_count; /* items; input: 1 for a string */
	struct scan_value options[SCAN_OPTIONS];
	/* Most tokens to generate; -1: not said. */
	int64_t num_predict; /* options.num_predict */
	int64_t max_tokens;  /* the larger of max_tokens, max_completion_tokens,
				and max_output_tokens */
	/* keep_alive: a number of seconds or a duration as Go writes it. */
	uint8_t keep_alive; /* enum scan_kind */
	char keep_alive_text[40];
	struct scan_range keep_alive_range;
	struct scan_range options_range; /* of the last "options" */
	uint8_t options_kind;		 /* enum scan_kind */
	bool options_empty;		 /* the last one is {} */
	bool empty;			 /* the body is {} */
	uint64_t end;			 /* where the body's last } is */
	/* After -1. */
	const char *error; /* static, as in "model is not a string" */
	uint64_t at;	   /* the byte */
	/* Ours. */
	uint8_t member, option;
	uint8_t inside;
	uint32_t items;
	uint64_t start;
	struct lex lex;
};

void scan_begin(struct scan *scan);
/* 0, or -1 with error and at set; then every later call is -1 as well. */
int scan_feed(struct scan *scan, const char *data, size_t len) AK_MUST;
/* The body is whole: 0, or -1 when it is cut short. */
int scan_end(struct scan *scan) AK_MUST;

/* "num_ctx" */
const char *scan_option_name(enum scan_option option);

/*
 * keep_alive in seconds: 0 at once, INFINITY for ever (as any below zero).
 * 0; 1 when absent, -1 when it is neither number nor duration (Ollama says
 * 400).
 */
int scan_keep_alive(const struct scan *scan, double *seconds) AK_MUST;

/* Replace len bytes of the body at at by text. */
struct scan_edit {
	uint64_t at;
	uint64_t len;
	char text[128];
};

/*
 * What makes a body say num_ctx and keep_alive (each JSON text of at most 40
 * bytes such as 8192 or "10m", or NULL to leave it), whether or not it said
 * them before. edits are ordered and do not overlap; their count comes back.
 * After scan_end(). The body's new length is the old one, less every len, plus
 * every strlen(text).
 */
size_t scan_edits(const struct scan *scan, const char *num_ctx,
    const char *keep_alive, struct scan_edit edits[2]);

/*
 * A form (multipart/form-data, RFC 7578): the field "model", whose first value
 * counts as with Go's FormValue. Files pass by unseen.
 */
#define SCAN_BOUNDARY_MAX 70 /* RFC 2046 5.1.1 */

struct scan_form {
	char model[SCAN_MODEL_MAX + 1];
	uint16_t model_len;
	const char *error; /* static */
	uint64_t at;	   /* bytes seen */
	/* Ours. */
	char delimiter[SCAN_BOUNDARY_MAX + 5];
	uint8_t delimiter_len, matched, given, state;
	bool wanted, found, cut;
	uint16_t line_len;
	char line[512];
};

/*
 * type is the value of Content-Type. -1 with error when it is no form or has no
 * fit boundary.
 */
int scan_form_begin(struct scan_form *form, const char *type, size_t len)
    AK_MUST;
int scan_form_feed(struct scan_form *form, const char *data, size_t len)
    AK_MUST;
int scan_form_end(struct scan_form *form) AK_MUST;

/*
 * A body in zstd (RFC 8878; Content-Encoding: zstd), decoded piece by piece, so
 * that the scanner can read it; the bytes themselves go on as they came. At
 * most max bytes may come out, and windows above 8 MiB are refused, as Ollama
 * does (middleware/openai.go). Of a body that is to be changed (scan_edits) the
 * decoded bytes must go on instead: take has them, and may be NULL.
 */
struct scan_zstd;
typedef void scan_take_fn(void *arg, const char *data, size_t len);

struct scan_zstd *scan_zstd_new(uint64_t max, scan_take_fn *take, void *arg)
    AK_MUST;
void scan_zstd_free(struct scan_zstd *zstd);
/* 0, or -1 with scan->error set: no zstd, too large, or no good JSON. */
int scan_zstd_feed(struct scan_zstd *zstd, const char *data, size_t len,
    struct scan *scan) AK_MUST;
/* The body is whole: as scan_end(), and -1 when a frame is cut short. */
int scan_zstd_end(struct scan_zstd *zstd, struct scan *scan) AK_MUST;

#endif
