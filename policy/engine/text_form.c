/* SPDX-License-Identifier: MIT */
/* The schema's patterns, written out. */
#include "policy/engine/text_form.h"

#include <string.h>

/* Whether every byte is one of `allowed`. */
static bool holds_only(struct slice text, const char *allowed)
{
	for (size_t i = 0; i < text.length; i++) {
		if (!text.at[i] || !strchr(allowed, text.at[i]))
			return false;
	}
	return true;
}

#define SMALL  "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

bool text_is_id(struct slice text)
{
	return text.length >= 1 && text.length <= 63 && holds_only(slice_part(text, 0, 1), SMALL) &&
	       holds_only(text, SMALL DIGITS "-");
}

bool text_is_name(struct slice text)
{
	return text.length >= 1 && text.length <= 63 &&
	       holds_only(slice_part(text, 0, 1), SMALL "*") && holds_only(text, SMALL DIGITS "*-");
}

bool text_is_column(struct slice text)
{
	size_t parts = 0;

	while (text.at) {
		if (slice_cut(&text, '.').length == 0)
			return false;
		parts++;
	}
	return parts >= 2;
}

bool text_is_sqlstate(struct slice text)
{
	return text.length == 5 && holds_only(text, DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
}
