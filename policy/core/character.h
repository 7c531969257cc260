/* SPDX-License-Identifier: MIT */
/* Steps over UTF-8 text by characters; a byte that is not part of a well-formed character is one
 * itself. */
#ifndef POLICY_CORE_CHARACTER_H
#define POLICY_CORE_CHARACTER_H

#include <stddef.h>

#include "common/slice.h"

/* The bytes of the first character of `text`; 0 for an empty text. */
size_t character_first(struct slice text);

/* The bytes of the last character of `text`; 0 for an empty text. */
size_t character_last(struct slice text);

/* The bytes that the first `characters` characters of `text` have; all of it when it has fewer. */
size_t character_span(struct slice text, size_t characters);

/* The longest start of `text` that has at most `bytes` bytes and ends between two characters. */
size_t character_fit(struct slice text, size_t bytes);

#endif
