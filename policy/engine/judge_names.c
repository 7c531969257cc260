/* SPDX-License-Identifier: MIT */
/* Says what names in statements mean: by the search path and the catalogue, or that it cannot be
 * known. */
#include <errno.h>

#include "policy/engine/judge_private.h"

bool name_is_in(const struct globs *schemas, struct slice schema)
{
	return schemas && schemas->count > 0 ? globs_match(schemas, schema)
					     : slice_is(schema, "public");
}

static bool is_temporary_schema(struct slice schema)
{
	return slice_is(schema, "pg_temp") || slice_starts_with(schema, "pg_temp_");
}

static bool is_system_schema(struct slice schema)
{
	return slice_is(schema, "pg_catalog") || slice_is(schema, "information_schema");
}

/* The session's own temporary schema, by its real name. */
static struct slice temporary_schema(const struct catalogue *catalogue)
{
	const struct catalogue_identity *identity = catalogue_identity(catalogue);

	for (size_t i = 0; i < identity->path_count; i++) {
		if (slice_starts_with(identity->path[i], "pg_temp_"))
			return identity->path[i];
	}
	return SLICE("pg_temp");
}

static struct place place_in_schema(const struct judging *judging, struct slice schema,
				    struct slice name)
{
	struct place place = { .is_known = true, .schema = schema, .name = name };

	if (is_system_schema(schema)) {
		place.builtin = builtin_relation(schema, name);
		return place;
	}
	if (judging->catalogue) {
		struct slice real =
			slice_is(schema, "pg_temp") ? temporary_schema(judging->catalogue) : schema;

		place.relation = catalogue_find(judging->catalogue, real, name);
	}
	if (is_temporary_schema(schema))
		place.schema = SLICE("pg_temp");
	return place;
}

/* What is always on the path, in its order. */
static struct place place_on_bare_path(const struct judging *judging, struct slice name)
{
	struct place place = place_in_schema(judging, SLICE("pg_temp"), name);

	if (!place.relation)
		place = place_in_schema(judging, SLICE("pg_catalog"), name);
	return place.relation || place.builtin != BUILTIN_RELATION_NONE
		       ? place
		       : (struct place){ .name = name };
}

static struct place place_on_path(const struct judging *judging, struct slice name)
{
	const struct catalogue_identity *identity = catalogue_identity(judging->catalogue);

	if (session_path_is_bare(judging->session))
		return place_on_bare_path(judging, name);
	for (size_t i = 0; i < identity->path_count; i++) {
		struct place place = place_in_schema(judging, identity->path[i], name);

		if (place.relation || place.builtin != BUILTIN_RELATION_NONE)
			return place;
	}
	return (struct place){ .name = name };
}

struct place place_find(const struct judging *judging, struct slice schema, struct slice name,
			bool path_is_known)
{
	if (schema.length > 0)
		return place_in_schema(judging, schema, name);
	if (!path_is_known)
		return (struct place){ .name = name };
	if (judging->catalogue && session_name_is_new(judging->session, name))
		return (struct place){ .name = name };
	if (judging->catalogue) {
		struct place place = place_on_path(judging, name);

		place.is_doubtful = session_names_are_doubtful(judging->session);
		return place;
	}
	if (!session_is_assumed(judging->session))
		return (struct place){ .name = name };
	if (builtin_relation(SLICE(""), name) != BUILTIN_RELATION_NONE)
		return place_in_schema(judging, SLICE("pg_catalog"), name);
	return place_in_schema(judging, SLICE("public"), name);
}

static bool changes_names(const struct judging *judging, const struct session_reach *reach)
{
	return (reach->path || reach->freshness != SESSION_FRESH) &&
	       !(session_is_assumed(judging->session) && !reach->path);
}

/* Finds the first statement that changes what names mean, and the first that may take back what the
 * session made, or do what its text does not show. */
static void find_changes(const struct judging *judging, struct reading *reading)
{
	const struct facts *facts = reading->facts;

	reading->first_change = reading->first_ending = UINT32_MAX;
	for (uint32_t i = 0; i < facts->top_level_count; i++) {
		struct session_reach reach = statement_reach(facts, i, judging->session);
		bool is_ending = facts_statements(facts)[i].kind == STATEMENT_EXECUTE ||
				 reach.ends_transaction;

		if (reading->first_change == UINT32_MAX && changes_names(judging, &reach))
			reading->first_change = i;
		if (reading->first_ending == UINT32_MAX && is_ending)
			reading->first_ending = i;
	}
}

/* Which statement a body belongs to does not matter: the whole call must leave things alone. */
static bool is_before(const struct reading *reading, uint32_t statement, uint32_t change)
{
	if (statement >= reading->facts->top_level_count)
		return change == UINT32_MAX || reading->facts->top_level_count == 1;
	return statement <= change;
}

bool reading_path_is_known(const struct judging *judging, const struct reading *reading,
			   uint32_t statement)
{
	return session_path_is_known(judging->session) &&
	       is_before(reading, statement, reading->first_change);
}

/* The session's own tables were learned under the path of now, whichever that is. */
static const struct catalogue_relation *find_own(const struct judging *judging,
						 const struct reading *reading,
						 const struct facts_relation *relation)
{
	if (!is_before(reading, relation->statement, reading->first_change) ||
	    !is_before(reading, relation->statement, reading->first_ending))
		return NULL;
	return session_own_table(judging->session, facts_slice(reading->facts, relation->schema),
				 facts_slice(reading->facts, relation->name), reading->since);
}

static struct place own_place(const struct catalogue_relation *table)
{
	bool is_temporary = is_temporary_schema(table->schema);

	return (struct place){ .is_known = true,
			       .is_own = true,
			       .schema = is_temporary ? SLICE("pg_temp") : table->schema,
			       .name = table->name,
			       .relation = table };
}

static struct place find_place(struct judging *judging, const struct reading *reading,
			       const struct facts_relation *relation)
{
	const struct catalogue_relation *own;
	struct slice schema = facts_slice(reading->facts, relation->schema);
	struct slice name = facts_slice(reading->facts, relation->name);
	struct place place;

	if (reading->is_outdated)
		return (struct place){ .name = name };
	own = find_own(judging, reading, relation);
	if (own)
		return own_place(own);
	place = place_find(judging, schema, name,
			   reading_path_is_known(judging, reading, relation->statement));
	if (session_name_is_new(judging->session, name) ||
	    (!place.relation && place.builtin == BUILTIN_RELATION_NONE))
		judging->meets_new |= session_may_learn_own(judging->session);
	return place;
}

/* Whether what the catalogue says of this relation may be out of date. */
static bool is_doubtful(const struct judging *judging, const struct reading *reading,
			uint32_t statement, const struct place *place)
{
	enum session_freshness freshness = session_freshness(judging->session);

	if (place->is_own || (session_is_assumed(judging->session) && !judging->catalogue))
		return false;
	if (!place->is_known || !judging->catalogue)
		return true;
	if (place->builtin != BUILTIN_RELATION_NONE)
		return false;
	if (!place->relation || freshness == SESSION_CHANGED)
		return true;
	if (statement > reading->first_change || freshness == SESSION_CREATED)
		return place->relation->kind == 'v' || place->relation->kind == 'm';
	return false;
}

static const struct catalogue_relation *relation_of(const struct judging *judging,
						    const struct place *place)
{
	if (place->relation || place->builtin == BUILTIN_RELATION_NONE || !judging->catalogue)
		return place->relation;
	return catalogue_builtin(judging->catalogue, place->schema, place->name);
}

static int find_cover(struct judging *judging, struct reading *reading, uint32_t i)
{
	const struct place *place = &reading->places[i];
	uint32_t statement = facts_relations(reading->facts)[i].statement;
	struct cover_name name = {
		.schema = place->is_known ? place->schema : SLICE(""),
		.name = place->name,
		.relation = relation_of(judging, place),
		.builtin = place->is_known ? builtin_columns(place->schema, place->name) : NULL,
		.is_open = is_doubtful(judging, reading, statement, place),
	};

	return cover_find(&reading->covers[i], &judging->guards, judging->catalogue, &name,
			  judging->memory);
}

/* Whether the call itself makes a function, operator, type or cast of this name. */
static bool is_made_in(const struct facts *facts, struct slice name)
{
	for (uint32_t i = 0; i < facts->effect_count; i++) {
		const struct facts_effect *effect = &facts_effects(facts)[i];

		if (effect_moves_calls(effect))
			return true;
		if (effect->verb == VERB_CREATE &&
		    (effect->object == OBJECT_FUNCTION || effect->object == OBJECT_OTHER) &&
		    slice_equal(facts_slice(facts, effect->name), name))
			return true;
	}
	return false;
}

bool function_is_own(const struct judging *judging, const struct reading *reading,
		     uint32_t statement, const struct facts_effect *effect)
{
	struct slice schema = facts_slice(reading->facts, effect->schema);
	struct slice name = facts_slice(reading->facts, effect->name);

	if (is_system_schema(schema))
		return true;
	if (schema.length > 0 || (reading->makes_calls && is_made_in(reading->facts, name)))
		return false;
	if (session_call_is_new(judging->session, name))
		return false;
	if (judging->catalogue)
		return !catalogue_overloads(judging->catalogue, name,
					    reading_path_is_known(judging, reading, statement));
	return session_is_assumed(judging->session);
}

static bool makes_calls(const struct facts *facts)
{
	for (uint32_t i = 0; i < facts->effect_count; i++) {
		const struct facts_effect *effect = &facts_effects(facts)[i];

		if (effect->verb == VERB_CREATE || effect->verb == VERB_ALTER)
			return true;
	}
	return false;
}

/* The analyser took a function for the server's own that may be another. */
static bool has_stranger(const struct judging *judging, const struct reading *reading,
			 uint32_t statement)
{
	struct facts_range range = facts_statements(reading->facts)[statement].effects;

	for (uint32_t i = 0; i < range.count; i++) {
		const struct facts_effect *effect = &facts_effects(reading->facts)[range.first + i];

		if ((effect->flags & (EFFECT_HARMLESS | EFFECT_TRACED)) &&
		    effect->object == OBJECT_FUNCTION &&
		    !function_is_own(judging, reading, statement, effect))
			return true;
	}
	return false;
}

/* Texts of the call are read now, those of names were when they got them. */
static void find_age(const struct judging *judging, struct reading *reading)
{
	const struct facts *facts = reading->facts;

	reading->since = UINT64_MAX;
	if (facts == judging->question->facts || facts == judging->question->other)
		return;
	reading->since = session_held_since(judging->session, facts);
	reading->is_outdated = session_is_outdated(judging->session, facts);
}

int reading_open(struct judging *judging, const struct facts *facts, struct reading *ret_reading)
{
	struct reading reading = { .facts = facts };
	uint32_t count = facts->relation_count;

	find_age(judging, &reading);
	find_changes(judging, &reading);
	reading.makes_calls = makes_calls(facts);
	for (uint32_t i = 0; i < facts->statement_count && !reading.is_untraceable; i++)
		reading.is_untraceable = has_stranger(judging, &reading, i);
	reading.places = arena_get(judging->memory, (count + 1) * sizeof(*reading.places));
	reading.covers = arena_get(judging->memory, (count + 1) * sizeof(*reading.covers));
	if (!reading.places || !reading.covers)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		reading.places[i] = find_place(judging, &reading, &facts_relations(facts)[i]);
		int r = find_cover(judging, &reading, i);
		if (r < 0)
			return r;
	}
	*ret_reading = reading;
	return 0;
}
