/* SPDX-License-Identifier: MIT */
/* What statements can do to the session that they run in. */
#ifndef POLICY_ENGINE_SESSION_CHANGE_H
#define POLICY_ENGINE_SESSION_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/engine/catalogue.h"
#include "policy/engine/facts.h"
#include "policy/engine/session.h"

/* The most that a statement may change. */
struct session_reach {
	bool path;       /* search path or role */
	unsigned lexing; /* enum session_doubt */
	bool names;      /* prepared names and cursors, in ways that cannot be followed */
	bool ends_transaction;
	bool takes_back;  /* what the transaction made or dropped may not have been */
	bool alters;      /* something may have another name or shape */
	bool is_opaque;   /* runs what the text does not show, which may write anything */
	bool hides_names; /* makes or renames relations whose names the text does not show */
	enum session_freshness freshness;
};

/* While no catalogue was learned every function may be anybody's. */
struct session_reach statement_reach(const struct facts *facts, uint32_t statement,
				     const struct session *session);

/* Whether functions, operators, types or casts may have another name or schema after it. */
bool effect_moves_calls(const struct facts_effect *effect);

#endif
