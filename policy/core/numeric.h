/* SPDX-License-Identifier: MIT */
/* PostgreSQL's numeric in both wire formats (src/backend/utils/adt/numeric.c: numeric_send,
 * numeric_in). */
#ifndef POLICY_CORE_NUMERIC_H
#define POLICY_CORE_NUMERIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/slice.h"

#define NUMERIC_CANONICAL_MAX 512

/* Writes the number without leading zeros, and without trailing ones behind the point, so that
 * equal numbers read the same in either format.  False for what cannot be read or is longer than
 * NUMERIC_CANONICAL_MAX. */
bool numeric_canonical(struct slice value, bool is_binary, char ret_text[NUMERIC_CANONICAL_MAX],
		       size_t *ret_length);

/* Appends the whole number `number` in the format asked for. */
void numeric_write(uint64_t number, bool is_binary, struct buf *out);

/* The largest power of ten (of those that fit) below which each whole number fits a column with
 * this modifier; 0 when the column has no digits before the point. */
uint64_t numeric_bound(int32_t modifier);

#endif
