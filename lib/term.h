/*
 * term - the terminal: its width, whether colour is wanted, progress.
 *
 * Progress goes to stderr, and only when that is a terminal; it is redrawn ten
 * times a second at most and wiped before anything else is written there.
 */
#ifndef AK_TERM_H
#define AK_TERM_H

#include "lib/ak.h"

/* Columns of the terminal at fd; 80 when it has none. */
int ak_term_width(int fd);
/* A terminal, NO_COLOR not set, TERM not dumb. */
bool ak_term_colour(int fd);

/* Draws lines (joined by '\n', cut to the width) in place of the last ones. */
void ak_term_progress(const char *lines);
/* Wipes them. */
void ak_term_progress_end(void);

#endif
