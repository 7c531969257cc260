/* SPDX-License-Identifier: MIT */
/* Reads from facts what a statement can do to its session. */
#include "policy/engine/session_change.h"

#include "common/cleanup.h"

#define REACHES_PATH 4u /* beside enum session_doubt */
#define EVERY_DOUBT  (DOUBT_STRINGS | DOUBT_ENCODING)

/* Settings that decide what a name means or how text is read. */
static const struct {
	const char *name;
	unsigned reach;
} SETTINGS[] = {
	{ "search_path", REACHES_PATH },           { "role", REACHES_PATH },
	{ "session_authorization", REACHES_PATH }, { "standard_conforming_strings", DOUBT_STRINGS },
	{ "client_encoding", DOUBT_ENCODING },     { "names", DOUBT_ENCODING },
	{ "backslash_quote", DOUBT_STRINGS },
};

/* Functions of pg_catalog that run text or change settings. */
static const char *const RUNNERS[] = {
	"set_config",
	"query_to_xml",
	"query_to_xmlschema",
	"query_to_xml_and_xmlschema",
	"cursor_to_xml",
	"cursor_to_xmlschema",
	"ts_stat",
	"ts_rewrite",
};

static void reach_setting(struct session_reach *reach, struct slice name)
{
	for (size_t i = 0; i < COUNT_OF(SETTINGS); i++) {
		if (!slice_equal_ignoring_case(name, slice_of(SETTINGS[i].name)))
			continue;
		reach->path |= (SETTINGS[i].reach & REACHES_PATH) != 0;
		reach->lexing |= SETTINGS[i].reach & EVERY_DOUBT;
	}
}

static void reach_settings(struct session_reach *reach)
{
	reach->path = true;
	reach->lexing = EVERY_DOUBT;
}

static void raise(struct session_reach *reach, enum session_freshness freshness)
{
	if (freshness > reach->freshness)
		reach->freshness = freshness;
}

static void reach_everything(struct session_reach *reach)
{
	reach->path = reach->names = reach->hides_names = true;
	reach->alters = reach->is_opaque = true;
	reach->lexing = EVERY_DOUBT;
	raise(reach, SESSION_CHANGED);
}

static bool runs_text(struct slice name)
{
	for (size_t i = 0; i < COUNT_OF(RUNNERS); i++) {
		if (slice_is(name, RUNNERS[i]))
			return true;
	}
	return false;
}

/* A function that somebody made may set the path or make a view; one of pg_catalog only where it
 * runs text. */
static void reach_call(struct session_reach *reach, const struct facts *facts,
		       const struct facts_effect *effect, const struct session *session)
{
	const struct catalogue *catalogue = session_catalogue(session);
	struct slice name = facts_slice(facts, effect->name);
	bool is_qualified = slice_is(facts_slice(facts, effect->schema), "pg_catalog");
	bool is_listed = (effect->flags & (EFFECT_HARMLESS | EFFECT_TRACED)) != 0;
	bool is_builtin;

	/* Where the path is not the one that was learned, it is about to be learned anyway. */
	if (is_listed)
		is_builtin =
			is_qualified || !catalogue || !catalogue_overloads(catalogue, name, true);
	else
		is_builtin =
			is_qualified || (catalogue && !catalogue_overloads(catalogue, name, false));
	is_builtin &= is_qualified || !session_call_is_new(session, name);
	if (!is_builtin || (!is_listed && runs_text(name))) {
		reach->path = reach->hides_names = true;
		reach->is_opaque |= !is_builtin || !slice_is(name, "set_config");
		reach->lexing = EVERY_DOUBT;
		raise(reach, SESSION_CREATED);
	}
}

static void reach_effect(struct session_reach *reach, const struct facts *facts,
			 const struct facts_effect *effect, const struct session *session)
{
	switch ((enum verb)effect->verb) {
	case VERB_CALL:
		reach_call(reach, facts, effect, session);
		break;
	case VERB_CREATE:
		raise(reach, SESSION_CREATED);
		break;
	case VERB_ALTER:
	case VERB_DROP:
		reach->alters |= effect->verb == VERB_ALTER;
		reach->hides_names = true;
		raise(reach, SESSION_CHANGED);
		break;
	case VERB_GRANT:
		reach->path = true;
		break;
	case VERB_SET:
		reach_setting(reach, facts_slice(facts, effect->name));
		break;
	default:
		break;
	}
}

static void reach_kind(struct session_reach *reach, const struct facts *facts,
		       const struct facts_statement *statement)
{
	struct slice name = facts_slice(facts, statement->name);

	switch ((enum facts_statement_kind)statement->kind) {
	case STATEMENT_SET:
		reach_setting(reach, name);
		break;
	case STATEMENT_RESET:
		if (name.length == 0)
			reach_settings(reach);
		reach_setting(reach, name);
		break;
	case STATEMENT_DISCARD:
		if (slice_equal_ignoring_case(facts_slice(facts, statement->value), SLICE("all")))
			reach_settings(reach);
		raise(reach, SESSION_CREATED);
		break;
	case STATEMENT_ROLLBACK:
	case STATEMENT_ROLLBACK_TO:
		reach->takes_back = reach->ends_transaction = true;
		break;
	case STATEMENT_COMMIT:
	case STATEMENT_TWO_PHASE:
		reach->ends_transaction = true;
		break;
	default:
		break;
	}
}

bool effect_moves_calls(const struct facts_effect *effect)
{
	return effect->verb == VERB_ALTER &&
	       (effect->object == OBJECT_FUNCTION || effect->object == OBJECT_OTHER ||
		effect->object == OBJECT_SCHEMA);
}

struct session_reach statement_reach(const struct facts *facts, uint32_t statement,
				     const struct session *session)
{
	const struct facts_statement *first = &facts_statements(facts)[statement];
	struct session_reach reach = { .freshness = SESSION_FRESH };

	if (first->unknown.length > 0)
		reach_everything(&reach);
	reach_kind(&reach, facts, first);
	for (uint32_t i = 0; i < first->effects.count; i++)
		reach_effect(&reach, facts, &facts_effects(facts)[first->effects.first + i],
			     session);
	if (first->body != FACTS_NONE && first->body != statement &&
	    first->kind != STATEMENT_PREPARE) {
		const struct facts_statement *body = &facts_statements(facts)[first->body];

		for (uint32_t i = 0; i < body->effects.count; i++)
			reach_effect(&reach, facts, &facts_effects(facts)[body->effects.first + i],
				     session);
	}
	return reach;
}
