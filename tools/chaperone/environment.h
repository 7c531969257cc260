/* SPDX-License-Identifier: MIT */
/* What an environment claims: AI agents, continuous integration, containers, traces.  Whoever
 * starts a process writes its environment, so every fact here is a claim. */
#ifndef TOOLS_CHAPERONE_ENVIRONMENT_H
#define TOOLS_CHAPERONE_ENVIRONMENT_H

#include <stdbool.h>

#include "common/slice.h"
#include "tools/chaperone/fact_list.h"

#define ENVIRONMENT_MAX (1 * MIB)

struct environment_claims {
	const char *agent; /* "claude-code"; NULL: nobody says that this is an AI agent */
	const char *ci;    /* "github-actions"; NULL: none */
};

/* Reads `entries`, which is /proc/PID/environ, and says what it claims. */
struct environment_claims environment_claims(struct slice entries);

/* Adds a fact for each telling variable.  Only variables known to hold no secret give their
 * value, the others "set". What does not fit is left out. */
void environment_add_facts(struct slice entries, const struct environment_claims *claims,
			   struct fact_list *facts);

#endif
