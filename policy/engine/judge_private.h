/* SPDX-License-Identifier: MIT */
/* What the files that judge share: one pass of judging, the charges that it collects, names
 * resolved. */
#ifndef POLICY_ENGINE_JUDGE_PRIVATE_H
#define POLICY_ENGINE_JUDGE_PRIVATE_H

#include "policy/engine/arena.h"
#include "policy/engine/builtins.h"
#include "policy/engine/cover.h"
#include "policy/engine/judge.h"
#include "policy/engine/session_change.h"

#define JUDGE_MEMORY_MAX  (256 * MIB)
#define POSSIBILITIES_MAX 16
#define NESTING_MAX       4

/* A rule whose caller, database and time match. */
struct active_rule {
	uint32_t index;
	bool restricts;        /* for deny, approve, warn, mask, limit */
	bool grants;           /* for allow */
	bool had_effect_match; /* some effect of the call matched as a restriction */
};

/* Something that speaks against a call, or for it. */
struct charge {
	enum decision decision;
	enum reason reason;
	uint32_t rule;  /* FACTS_NONE: none */
	enum verb verb; /* VERB_COUNT: none */
	char object[140];
	char what[320]; /* ends the message's first sentence */
	char columns[256];
	char instead[160]; /* "allowed_instead" */
	char hint[256];    /* when the rule says nothing */
};

struct tally {
	bool is_used;
	unsigned rank; /* of `first` */
	struct charge first;
	uint32_t rules[JUDGEMENT_RULES_MAX];
	size_t rule_count;
	bool is_truncated;
	bool is_unbreakable; /* something here that no broken glass lifts */
};

/* What a name in a statement means. */
struct place {
	bool is_known;       /* schema is certain */
	bool is_own;         /* a table that the session made itself, all of it known */
	bool is_doubtful;    /* as far as was learned: enough to restrict, not to grant */
	struct slice schema; /* "pg_temp" for temporary ones */
	struct slice name;
	/* NULL: not in the catalogue, or there is none */
	const struct catalogue_relation *relation;
	enum builtin_relation builtin;
};

/* A block of facts being judged. */
struct reading {
	const struct facts *facts;
	bool is_outdated;      /* session_is_outdated: no name in it means anything for sure */
	uint64_t since;        /* the call that the server first read it in */
	uint32_t first_change; /* statements behind this one run under an unknown path */
	uint32_t first_ending; /* or this one, after which the session's own tables may be gone */
	struct place *places;  /* per relation of the facts */
	struct cover *covers;
	bool makes_calls;    /* something is created or altered */
	bool is_untraceable; /* a function is not the one that the analyser took it for */
};

struct judging {
	const struct judge_question *question;
	const struct policy *policy;
	const struct session *session;
	const struct catalogue *catalogue; /* NULL: none */
	struct arena *memory;
	bool includes_trial;
	bool has_trial; /* some rule that would be active is on trial */
	struct active_rule *rules;
	size_t rule_count;
	struct guards guards;
	uint32_t databases[SESSION_DATABASES_MAX]; /* entries that the connection may be */
	size_t database_count;
	bool may_be_other;
	struct tally tallies[DECISION_DENY + 1];
	struct judgement *judgement;
	bool is_value_dependent; /* an only-where was looked at */
	bool is_unknown;         /* some part was not understood */
	bool shows_masked;       /* some output is masked */
	struct shield outputs;   /* what lies over the outputs, together */
	bool is_cut;             /* the list of masked columns is full */
	bool meets_new;          /* a name that session_learn_own may tell more of */
	int failed;
};

/* judge_rules.c: the rules that can apply to this caller, here and now. */
must_use int judge_collect(struct judging *judging);

/* Whether the connection's entry `database` (FACTS_NONE: other) is one that the rule is for. */
bool rule_covers_database(const struct policy_rule *rule, uint32_t database);

/* judge_tally.c */
void charge_add(struct judging *judging, const struct charge *charge);
void allow_add(struct judging *judging, uint32_t rule);
void rules_add(struct judgement *judgement, const uint32_t *rules, size_t count);

/* judge_names.c */
must_use int reading_open(struct judging *judging, const struct facts *facts,
			  struct reading *ret_reading);
struct place place_find(const struct judging *judging, struct slice schema, struct slice name,
			bool path_is_known);
bool reading_path_is_known(const struct judging *judging, const struct reading *reading,
			   uint32_t statement);

/* Whether a function, operator or cast that the analyser took for the server's own is. */
bool function_is_own(const struct judging *judging, const struct reading *reading,
		     uint32_t statement, const struct facts_effect *effect);

/* Whether the globs hold the schema; no globs: public. */
bool name_is_in(const struct globs *schemas, struct slice schema);

/* judge_match.c: one effect against one rule. */
struct effect {
	const struct reading *reading;
	const struct facts_effect *facts;
	uint32_t statement;
	enum verb verb;
	struct slice schema, name;
	struct place place; /* of relations */
	bool path_is_known;
	bool is_harmless;
};

bool effect_is_restricted_by(struct judging *judging, const struct effect *effect,
			     const struct policy_rule *rule);

/* With the declared schemas of the entry (FACTS_NONE: other). */
bool effect_is_granted_by(struct judging *judging, const struct effect *effect,
			  const struct policy_rule *rule, uint32_t database);

/* Whether the rule names the effect's object in so many words. */
bool effect_is_named_by(struct judging *judging, const struct effect *effect,
			const struct policy_rule *rule);

/* judge_where.c */
bool only_where_holds(struct judging *judging, const struct effect *effect,
		      const struct policy_rule *rule, bool grants);

/* judge_effects.c */
void judge_effect(struct judging *judging, struct effect *effect);
void judge_unknown(struct judging *judging, const char *why, size_t length);
void effect_object(const struct effect *effect, char *ret_text, size_t size);

/* judge_statement.c */
void judge_call(struct judging *judging);

/* Judges an effect that no facts tell of. */
void judge_object(struct judging *judging, enum verb verb, enum facts_object object,
		  struct slice name);

/* judge_startup.c */
void judge_startup(struct judging *judging);

/* The texts that a statement runs besides its own: of a prepared name or cursor, made earlier in
 * this call or before it. */
struct meanings {
	const struct facts *blocks[POSSIBILITIES_MAX]; /* statement 0 of each */
	int block_count;                               /* negative: not known */
	uint32_t local; /* a statement of the same block, or FACTS_NONE */
};
struct meanings meanings_find(const struct judging *judging, const struct facts *facts,
			      uint32_t statement);

/* judge_shields.c: what lies over sources. */
/* Whether `row.column` may call a function that somebody made, so that its value can be anything:
 * the relation is not known to have the column, and a function that takes its rows has the name. */
bool source_may_be_call(const struct reading *reading, const struct judging *judging,
			const struct facts_source *source);

void source_shield(const struct reading *reading, const struct judging *judging,
		   const struct facts_source *source, struct shield *shield);
void sources_shield(const struct reading *reading, const struct judging *judging,
		    struct facts_range sources, struct shield *shield);

/* Whether the value counts as masked only because nothing is known of its table: there is none of
 * that name, or it is too new. */
bool source_is_strange(const struct reading *reading, const struct facts_source *source);
void source_text(const struct reading *reading, const struct facts_source *source, char *ret_text,
		 size_t size);

/* What lies over one output of a statement; for a star over its whole relation. */
void output_shield(const struct reading *reading, const struct judging *judging,
		   const struct facts_output *output, struct shield *shield);

/* judge_probes.c */
void judge_probes(struct judging *judging, const struct reading *reading, uint32_t statement);

/* judge_writes.c */
void judge_writes(struct judging *judging, const struct reading *reading, uint32_t statement);

/* judge_copy.c: whether what COPY sends can be masked. */
void judge_copy(struct judging *judging, const struct reading *reading, uint32_t statement);

/* judge_limits.c */
void judge_limits(struct judging *judging);

/* judge_plan.c */
/* Whether detectors of the rule look into what the call gets. */
bool rule_searches(const struct judging *judging, const struct active_rule *active);
must_use int judge_plan(struct judging *judging);

/* judge_hides.c: the PLAN_HIDES_* of one text. */
uint32_t hidden_texts(const struct judging *judging, const struct reading *reading);

/* judge_texts.c */
must_use int judge_texts(struct judgement *judgement, const struct policy *policy,
			 const struct charge *charge, struct slice event);

#endif
