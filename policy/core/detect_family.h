/* SPDX-License-Identifier: MIT */
/* What the detectors share: classes of bytes, and how each is asked. */
#ifndef POLICY_CORE_DETECT_FAMILY_H
#define POLICY_CORE_DETECT_FAMILY_H

#include <stdbool.h>
#include <stddef.h>

#include "common/slice.h"
#include "policy/core/detect.h"

enum byte_class {
	BYTE_DIGIT = 1,
	BYTE_LETTER = 2,
	BYTE_HIGH = 4,    /* above 0x7f: part of some non-ASCII character */
	BYTE_LOCAL = 8,   /* may stand inside the local part of an address */
	BYTE_DOMAIN = 16, /* may stand inside a label of a domain */
};

extern const unsigned char BYTE_CLASSES[256];

static inline bool byte_is(struct slice text, size_t at, unsigned classes)
{
	return at < text.length && (BYTE_CLASSES[(unsigned char)text.at[at]] & classes);
}

static inline unsigned digit_value(char c)
{
	return (unsigned)(c - '0');
}

/* Whether a number or code may begin at `at`: what stands before it is no ASCII letter or digit.
 * The letter of an escape ("\n") belongs to neither, because texts quote texts. */
bool token_begins(struct slice text, size_t at);

/* The length of the card number, or IBAN, that begins at `at`; 0 when none does.  Bounded work. */
size_t card_at(struct slice text, size_t at);
size_t iban_at(struct slice text, size_t at);

/* Finds the first address that begins in [begin, end); `begin` is where the search may begin. */
bool email_find(struct slice text, size_t begin, size_t end, struct finding *ret_finding);

#endif
