/* SPDX-License-Identifier: MIT */
/* Who is asking: facts about the caller, each with the mark that says how far it is believed. */
#ifndef POLICY_ENGINE_CALLER_H
#define POLICY_ENGINE_CALLER_H

#include <stdbool.h>
#include <stddef.h>

#include "common/slice.h"
#include "policy/engine/policy.h"

/* From weakest to strongest; policy/README.md, "Who is asking". */
enum caller_mark {
	MARK_CLAIMED,  /* the environment or a comment says so */
	MARK_OBSERVED, /* seen from outside the process */
	MARK_DECLARED, /* by whoever started the run, with --as */
	MARK_PROVEN,   /* a token that was checked */
};

enum caller_fact_name {
	FACT_KIND,
	FACT_GROUP,
	FACT_SUBJECT,
	FACT_WORKLOAD,
	FACT_EXE,
	FACT_DB_USER,
	FACT_USER,
};

struct caller_fact {
	enum caller_fact_name name;
	enum caller_mark mark;
	const char *value; /* borrowed; a kind is spelled as in policies */
};

#define CALLER_FACTS_MAX 128

struct caller {
	struct caller_fact facts[CALLER_FACTS_MAX];
	size_t count;
};

/* Adds a fact; silently full beyond the maximum would weaken restrictions, so that returns
 * -E2BIG. */
must_use int caller_add(struct caller *caller, enum caller_fact_name name, enum caller_mark mark,
			const char *value);

/* Adds the facts of the policy's person `name` as declared ones (`--as`).  -ENOENT when there is
 * none. */
must_use int caller_declare(struct caller *caller, const struct policy *policy, const char *name);

/* How a match will be used: claims restrict but never grant; `exe` alone never grants. */
enum caller_use {
	CALLER_RESTRICTS, /* deny, approve, mask, limit */
	CALLER_GRANTS,    /* allow, overrides, except */
};

bool caller_matches(const struct caller *caller, const struct policy *policy,
		    const struct policy_whom *whom, enum caller_use use);

#endif
