/* SPDX-License-Identifier: MIT */
/* PostgreSQL's built-in types, grouped by how a masked value of them has to look. */
#ifndef POLICY_CORE_MASK_TYPE_H
#define POLICY_CORE_MASK_TYPE_H

#include <stddef.h>
#include <stdint.h>

#include "policy/core/mask.h"

enum type_family {
	FAMILY_UNKNOWN = 0, /* user-defined, composite, or not listed: may hold text */
	FAMILY_TEXT,
	FAMILY_XML,
	FAMILY_JSON,
	FAMILY_JSONB,
	FAMILY_TEXT_ARRAY,
	FAMILY_JSON_ARRAY,
	FAMILY_BYTEA,
	FAMILY_UUID,
	FAMILY_INT2,
	FAMILY_INT4,
	FAMILY_INT8,
	FAMILY_OID,
	FAMILY_NUMERIC,
	FAMILY_VALUE, /* holds no text, and no mask but NULL fits it */
	FAMILY_COUNT
};

enum type_family type_family(uint32_t type);

/* What a text of a column can have at most; SIZE_MAX without a limit. */
struct text_limit {
	size_t characters;
	size_t bytes;
};

#define NO_TEXT_LIMIT ((struct text_limit){ SIZE_MAX, SIZE_MAX })

struct text_limit type_text_limit(const struct cell *cell);

#endif
