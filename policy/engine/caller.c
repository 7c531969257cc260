/* SPDX-License-Identifier: MIT */
/* Matches conditions on the caller against what is known of the caller, as far as each fact is
 * believed. */
#include "policy/engine/caller.h"

#include <errno.h>

int caller_add(struct caller *caller, enum caller_fact_name name, enum caller_mark mark,
	       const char *value)
{
	if (caller->count == CALLER_FACTS_MAX)
		return -E2BIG;
	caller->facts[caller->count++] = (struct caller_fact){ name, mark, value };
	return 0;
}

static int declare(struct caller *caller, enum caller_fact_name name, const struct globs *values)
{
	for (size_t i = 0; i < values->count; i++) {
		int r = caller_add(caller, name, MARK_DECLARED, values->items[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

/* A pattern is declared as it is written: it matches itself and every wider pattern, nothing
 * narrower. */
static int declare_who(struct caller *caller, const struct policy_who *who)
{
	int r = 0;

	if (who->kind != KIND_NONE)
		r = caller_add(caller, FACT_KIND, MARK_DECLARED, caller_kind_text(who->kind));
	if (r == 0)
		r = declare(caller, FACT_GROUP, &who->group);
	if (r == 0)
		r = declare(caller, FACT_SUBJECT, &who->subject);
	if (r == 0)
		r = declare(caller, FACT_WORKLOAD, &who->workload);
	return r;
}

int caller_declare(struct caller *caller, const struct policy *policy, const char *name)
{
	for (size_t i = 0; i < policy->person_count; i++) {
		if (slice_is(slice_of(policy->people[i].name), name))
			return declare_who(caller, &policy->people[i].who);
	}
	return -ENOENT;
}

static bool is_believed(const struct caller_fact *fact, enum caller_use use)
{
	return use == CALLER_RESTRICTS || fact->mark > MARK_CLAIMED;
}

static bool has_fact(const struct caller *caller, enum caller_fact_name name,
		     enum caller_mark at_least)
{
	for (size_t i = 0; i < caller->count; i++) {
		if (caller->facts[i].name == name && caller->facts[i].mark >= at_least)
			return true;
	}
	return false;
}

static bool globs_hold(const struct caller *caller, enum caller_fact_name name,
		       const struct globs *globs, enum caller_use use)
{
	for (size_t i = 0; i < caller->count; i++) {
		const struct caller_fact *fact = &caller->facts[i];

		if (fact->name == name && is_believed(fact, use) &&
		    globs_match(globs, slice_of(fact->value)))
			return true;
	}
	return false;
}

static bool kind_holds(const struct caller *caller, enum caller_kind kind, enum caller_use use)
{
	const char *wanted = caller_kind_text(kind);

	for (size_t i = 0; i < caller->count; i++) {
		const struct caller_fact *fact = &caller->facts[i];

		if (fact->name == FACT_KIND && is_believed(fact, use) &&
		    slice_is(slice_of(fact->value), wanted))
			return true;
	}
	return false;
}

/* Whether a restriction written for agents meets a caller of whom nobody trusted says what kind
 * it is. */
static bool is_agent_for_want_of_proof(const struct caller *caller, const struct policy_who *who,
				       enum caller_use use)
{
	return use == CALLER_RESTRICTS && who->kind == KIND_AGENT &&
	       !has_fact(caller, FACT_KIND, MARK_DECLARED);
}

static bool exe_stands_alone(const struct policy_who *who)
{
	return who->exe.count > 0 && who->kind == KIND_NONE && who->group.count == 0 &&
	       who->subject.count == 0 && who->workload.count == 0 && who->db_user.count == 0 &&
	       who->user.count == 0;
}

static bool who_matches(const struct caller *caller, const struct policy_who *who,
			enum caller_use use)
{
	const struct {
		enum caller_fact_name name;
		const struct globs *globs;
		bool may_be_unproven; /* only a token tells it: absence proves nothing */
	} keys[] = {
		{ FACT_GROUP, &who->group, true },       { FACT_SUBJECT, &who->subject, true },
		{ FACT_WORKLOAD, &who->workload, true }, { FACT_EXE, &who->exe, false },
		{ FACT_DB_USER, &who->db_user, false },  { FACT_USER, &who->user, false },
	};
	bool is_unproven = is_agent_for_want_of_proof(caller, who, use);

	if (use == CALLER_GRANTS && exe_stands_alone(who))
		return false;
	if (who->kind != KIND_NONE && !is_unproven && !kind_holds(caller, who->kind, use))
		return false;
	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		if (keys[i].globs->count == 0)
			continue;
		if (is_unproven && keys[i].may_be_unproven &&
		    !has_fact(caller, keys[i].name, MARK_OBSERVED))
			continue;
		if (!globs_hold(caller, keys[i].name, keys[i].globs, use))
			return false;
	}
	return true;
}

bool caller_matches(const struct caller *caller, const struct policy *policy,
		    const struct policy_whom *whom, enum caller_use use)
{
	if (!whom->is_given || whom->is_everyone)
		return true;
	for (size_t i = 0; i < whom->people_count; i++) {
		if (who_matches(caller, &policy->people[whom->people[i]].who, use))
			return true;
	}
	return whom->who && who_matches(caller, whom->who, use);
}
