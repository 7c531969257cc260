/* SPDX-License-Identifier: MIT */
/* Refusals that no rule made: the agent's own. */
#ifndef TOOLS_CHAPERONE_DENIAL_H
#define TOOLS_CHAPERONE_DENIAL_H

#include "policy/engine/judge.h"

struct denial {
	enum reason reason;
	const char *sqlstate;
	const char *what; /* "chaperone refused this: WHAT" */
	const char *why;  /* sentences */
	const char *hint; /* what to do about it */
};

/* The judgement becomes this refusal, to be recorded as judgement `number`. */
must_use int denial_make(struct judgement *judgement, uint64_t number, const struct denial *denial);

#endif
