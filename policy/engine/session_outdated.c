/* SPDX-License-Identifier: MIT */
/* Prepared statements and cursors whose names the server may read in another way than they read
 * now. */
#include "policy/engine/session_private.h"

static const struct facts *facts_of(const struct held_facts *held)
{
	return (const struct facts *)held->block;
}

static bool names(const struct held_facts *held, struct slice name)
{
	const struct facts *facts = facts_of(held);

	for (uint32_t i = 0; i < facts->relation_count; i++) {
		if (slice_equal(facts_slice(facts, facts_relations(facts)[i].name), name))
			return true;
	}
	return name.length == 0 && facts->relation_count > 0;
}

void session_touch_held(struct session *session, struct slice name)
{
	for (size_t i = 0; i < session->prepared.count; i++) {
		struct held_facts *held = session->prepared.items[i].facts;

		held->is_touched |= names(held, name);
	}
	for (size_t i = 0; i < session->cursors.count; i++) {
		struct held_facts *held = session->cursors.items[i].facts;

		held->is_outdated |= names(held, name);
	}
}

static void outdate(const struct held_names *names, uint64_t from)
{
	for (size_t i = 0; i < names->count; i++) {
		struct held_facts *held = names->items[i].facts;

		held->is_outdated |= held->made_by >= from;
	}
}

void session_outdate_held(struct session *session)
{
	session->any_created_by = session->calls;
	if (session->changed_by == 0)
		return;
	outdate(&session->prepared, session->changed_by);
	outdate(&session->cursors, session->changed_by);
}

static bool is_hidden(const struct held_facts *held, const struct catalogue *old,
		      const struct catalogue *catalogue)
{
	const struct facts *facts = facts_of(held);

	for (uint32_t i = 0; i < facts->relation_count; i++) {
		if (catalogue_has_another(catalogue, old,
					  facts_slice(facts, facts_relations(facts)[i].name)))
			return true;
	}
	return false;
}

void session_settle_touched(struct session *session, const struct catalogue *catalogue)
{
	for (size_t i = 0; i < session->prepared.count; i++) {
		struct held_facts *held = session->prepared.items[i].facts;

		if (held->is_touched)
			held->is_outdated |= is_hidden(held, session->catalogue, catalogue);
		held->is_touched = false;
	}
}

static const struct held_facts *find_held(const struct held_names *names, const struct facts *facts)
{
	for (size_t i = 0; i < names->count; i++) {
		if (facts_of(names->items[i].facts) == facts)
			return names->items[i].facts;
	}
	return NULL;
}

static const struct held_facts *find(const struct session *session, const struct facts *facts)
{
	const struct held_facts *held = find_held(&session->prepared, facts);

	return held ? held : find_held(&session->cursors, facts);
}

uint64_t session_held_since(const struct session *session, const struct facts *facts)
{
	const struct held_facts *held = find(session, facts);

	return held ? held->made_by : 0;
}

bool session_is_outdated(const struct session *session, const struct facts *facts)
{
	const struct held_facts *held = find(session, facts);

	return held && held->is_outdated;
}
