/* SPDX-License-Identifier: MIT */
/* The verb table, expanded. */
#include "policy/core/verb.h"

struct verb_row {
	const char *text;
	unsigned groups;
};

static const struct verb_row ROWS[] = {
#define VERB_ROW(verb, text, groups) [verb] = { text, groups },
	VERBS(VERB_ROW)
#undef VERB_ROW
};

const char *verb_text(enum verb verb)
{
	return (unsigned)verb < VERB_COUNT ? ROWS[verb].text : "?";
}

verb_set verb_group_set(unsigned group)
{
	verb_set set = 0;

	for (unsigned verb = 0; verb < VERB_COUNT; verb++) {
		if (ROWS[verb].groups & group)
			set |= VERB_BIT(verb);
	}
	return set;
}
