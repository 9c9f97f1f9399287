/*
 * lex - JSON in pieces: one token at a time, no tree, memory of a fixed size.
 *
 *	struct lex lex = { 0 };
 *
 *	while ((token = lex_next(&lex, &data, &len)) > LEX_MORE)
 *		...
 *
 * Takes bytes from *data and advances it, until a token is whole. The grammar
 * of RFC 8259 is checked, with LEX_DEPTH levels; bytes above 0x7f are taken as
 * they are. Pieces may be cut anywhere.
 *
 * The text of a name, and of a string for which keep was set when its name came
 * (cleared after each value), is in text, unescaped, a NUL behind it, at most
 * LEX_TEXT bytes: cut says that there were more. Of other strings only filled
 * is known. Of a number text is what was written.
 */
#ifndef QUEUE_LEX_H
#define QUEUE_LEX_H

#include <stdint.h>

#include "lib/ak.h"

#define LEX_DEPTH 64
#define LEX_TEXT 255

enum lex_token {
	LEX_BAD = -1, /* no JSON: error says why; stays so */
	LEX_MORE,     /* *len is 0 now */
	LEX_NAME,     /* of a member, whose value is next */
	LEX_STRING,
	LEX_NUMBER,
	LEX_TRUE,
	LEX_FALSE,
	LEX_NULL,
	LEX_OBJECT,	/* depth counts it already */
	LEX_OBJECT_END, /* depth counts it no more */
	LEX_ARRAY,
	LEX_ARRAY_END,
};

/* Zero-initialise. */
struct lex {
	uint64_t start;	   /* of the token given, in bytes from the first */
	uint64_t at;	   /* bytes taken: the token's end */
	uint64_t arrays;   /* bit n: level n is an array */
	const char *error; /* static */
	uint8_t depth;
	bool whole;  /* the value has ended: only blanks may follow */
	bool keep;   /* set it to have the next string's text */
	bool filled; /* the string is not empty */
	bool cut;
	bool name; /* the text is a name */
	uint8_t state, part, left;
	uint16_t text_len, high;
	uint32_t point;
	char text[LEX_TEXT + 1];
};

enum lex_token lex_next(struct lex *lex, const char **data, size_t *len);

/* The value of the number that was given last. */
double lex_number(const struct lex *lex);

/*
 * No more will come: 0 when one whole value has come, -1 with error. A number
 * that was the whole value is given by a call of lex_next() with a blank.
 */
int lex_end(struct lex *lex) AK_MUST;

#endif
