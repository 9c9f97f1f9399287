/*
 * near - which word was meant: "did you mean status?"
 */
#ifndef AK_NEAR_H
#define AK_NEAR_H

#include "lib/ak.h"

/*
 * The candidate nearest to word, NULL when none is near enough to be what was
 * meant (a distance of at most a third of its length, transpositions count
 * one). The candidates end in NULL.
 */
const char *ak_near(const char *word, const char *const candidates[]);

#endif
