/* SPDX-License-Identifier: MIT */
/* "Did you mean": which of the known words a misspelt one was meant to be. */
#ifndef POLICY_ENGINE_NEAREST_H
#define POLICY_ENGINE_NEAREST_H

#include <stdbool.h>

#include "common/slice.h"

#define NEAREST_LENGTH_MAX 64

/* Looks for the word that the fewest changed, missing, added or swapped letters make of `wanted`.
 * */
struct nearest {
	struct slice wanted;
	const char *best; /* NULL while none is near enough */
	unsigned distance;
};

struct nearest nearest_to(struct slice wanted);
void nearest_try(struct nearest *nearest, const char *word);

#define NEAREST_HINT_SIZE 96

/* Writes "; did you mean 'WORD'?" or nothing into `ret_hint`. */
void nearest_hint(const struct nearest *nearest, char ret_hint[NEAREST_HINT_SIZE]);

#endif
