/*
 * lex_read - what the two halves of lex share. Included by lex*.c alone.
 */
#ifndef QUEUE_LEX_READ_H
#define QUEUE_LEX_READ_H

#include "tools/queue/lex.h"

enum lex_state {
	LEX_AT_VALUE,	   /* a value must begin */
	LEX_AT_FIRST_ITEM, /* a value or ] */
	LEX_AT_FIRST_NAME, /* a name or } */
	LEX_AT_NAME,	   /* a name must begin */
	LEX_AT_COLON,
	LEX_AT_AFTER, /* , or the end of what is open */
	LEX_AT_STRING,
	LEX_AT_ESCAPE,
	LEX_AT_HEX,
	LEX_AT_NUMBER,
	LEX_AT_WORD,
	LEX_AT_FAILED,
};

/* Parts of a number; RFC 8259 6. */
enum lex_part {
	LEX_AT_MINUS,
	LEX_AT_ZERO,
	LEX_AT_INTEGER,
	LEX_AT_POINT,
	LEX_AT_FRACTION,
	LEX_AT_EXPONENT,
	LEX_AT_SIGN,
	LEX_AT_POWER,
};

/* Sets error; LEX_BAD. */
enum lex_token lex_fail(struct lex *lex, const char *why);
/* A value has ended: token. */
enum lex_token lex_ended(struct lex *lex, enum lex_token token);
/* A byte of the text. */
void lex_keep(struct lex *lex, char c);

/* What one byte, or a run of them, does; *used is how many were taken. */
enum lex_token lex_in_string(struct lex *lex, const char *data, size_t len,
    size_t *used);
enum lex_token lex_in_escape(struct lex *lex, char c);
enum lex_token lex_in_hex(struct lex *lex, char c);
enum lex_token lex_in_number(struct lex *lex, const char *data, size_t len,
    size_t *used);

#endif
