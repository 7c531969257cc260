/* SPDX-License-Identifier: MIT */
/* Lines and columns in bytes: libyaml counts characters. */
#ifndef POLICY_ENGINE_YAML_PLACE_H
#define POLICY_ENGINE_YAML_PLACE_H

#include <stddef.h>
#include <stdint.h>

#include "common/slice.h"

/* Where in the text the last question was; questions come in order, so each walks on from there. */
struct yaml_place {
	struct slice text;
	size_t character, byte;           /* the same spot, counted both ways */
	size_t line_character, line_byte; /* where its line starts */
};

struct yaml_spot {
	uint32_t line, column; /* 1-based, the column in bytes */
};

/* The column in bytes of the character number `index`, which is the `column`-th of its line (both
 * 0-based). */
uint32_t yaml_place_column(struct yaml_place *place, size_t index, size_t column);

/* The place of a byte. */
struct yaml_spot yaml_place_of_offset(const struct yaml_place *place, size_t offset);

/* How many bytes at the start of `text` are well-formed UTF-8. */
size_t utf8_length(struct slice text);

#endif
