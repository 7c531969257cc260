/* SPDX-License-Identifier: MIT */
/* The words of one row of the catalogue's query: each call takes what stands first, and the blank
 * behind it.  -EBADMSG for anything else than what the query writes. */
#ifndef POLICY_ENGINE_CATALOGUE_ROW_H
#define POLICY_ENGINE_CATALOGUE_ROW_H

#include <stddef.h>

#include "policy/engine/arena.h"

/* A name as quote_ident writes it: plain, or in double quotes with inner ones doubled. */
must_use int row_name(struct arena *memory, struct slice *row, struct slice *ret_name);
must_use int row_number(struct slice *row, uint32_t *ret_number);
must_use int row_character(struct slice *row, char *ret_character);

/* An array of numbers: in braces, with commas between them. */
must_use int row_numbers(struct arena *memory, struct slice *row, uint32_t **ret_numbers,
			 size_t *ret_count);

#endif
