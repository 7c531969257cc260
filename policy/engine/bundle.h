/* SPDX-License-Identifier: MIT */
/* A bundle while it is read: what the files said, with names still as texts, until all files are
 * known. */
#ifndef POLICY_ENGINE_BUNDLE_H
#define POLICY_ENGINE_BUNDLE_H

#include "policy/engine/bind.h"
#include "policy/engine/name_table.h"
#include "policy/engine/policy.h"
#include "policy/engine/window_words.h"

/* A name that somebody used. */
struct name_use {
	const char *text;
	struct policy_place place;
};

struct name_uses {
	struct name_use *items;
	size_t count;
};

struct whom_draft {
	bool is_given;
	struct name_uses names;
	const struct policy_who *who; /* written in place, instead of names */
};

struct mask_draft {
	struct name_use group;
	struct mask mask;
};

struct mask_drafts {
	struct mask_draft *items;
	size_t count;
	struct mask found[DETECTOR_COUNT];
};

struct approve_draft {
	struct policy_approve approve;
	struct name_uses by;
	bool has_not;
	unsigned not_words; /* 1: requester, 2: sponsor */
};

struct glass_draft {
	struct policy_break_glass glass;
	struct name_uses by;
	unsigned reason;
};

struct rule_draft {
	struct policy_rule rule;
	struct name_uses databases, overrides;
	struct whom_draft for_whom, except;
	struct mask_drafts masks;
	struct approve_draft *approve;
	struct glass_draft *glass;
};

/* Keys that may stand in one file of a bundle. */
#define BUNDLE_SINGLES 5

/* The names of one sort, with what errors call the sort. */
enum bundle_noun { NOUN_PEOPLE, NOUN_DATABASES, NOUN_COLUMNS, NOUN_RULES, NOUN_COUNT };
extern const char *const BUNDLE_NOUNS[NOUN_COUNT];

struct bundle {
	struct binder binder;
	struct policy policy;
	struct name_table names[NOUN_COUNT];
	struct rule_draft *drafts;
	struct policy_place singles[BUNDLE_SINGLES];
	bool has_single[BUNDLE_SINGLES];
	struct policy_file file; /* the one that is read now */
};

/* The tables of each noun. */
extern const struct bind_type BIND_FILE;        /* struct bundle */
extern const struct bind_type BIND_DATABASES;   /* struct bundle: a map */
extern const struct bind_type BIND_PEOPLE;      /* struct bundle: a map */
extern const struct bind_type BIND_COLUMNS;     /* struct bundle: a map */
extern const struct bind_type BIND_RULES;       /* struct bundle: a list */
extern const struct bind_type BIND_WHO;         /* struct policy_who */
extern const struct bind_type BIND_NAMES;       /* struct name_uses */
extern const struct bind_type BIND_WHOM;        /* struct whom_draft */
extern const struct bind_type BIND_VERBS;       /* verb_set */
extern const struct bind_type BIND_MASKS;       /* struct mask_drafts */
extern const struct bind_type BIND_DURING;      /* struct window * */
extern const struct bind_type BIND_ONLY_WHERE;  /* struct policy_rule: its conditions */
extern const struct bind_type BIND_LIMIT;       /* struct policy_limit */
extern const struct bind_type BIND_APPROVE;     /* struct approve_draft * */
extern const struct bind_type BIND_GLASS;       /* struct glass_draft * */
extern const struct bind_type BIND_KIND;        /* enum caller_kind */
extern const struct bind_type BIND_COLUMN_TEXT; /* const char * */
extern const struct bind_type BIND_ALLOW_DENY;  /* enum decision */
extern const struct bind_type BIND_UNKNOWN;     /* enum decision */

/* The bundle that a binder belongs to. */
struct bundle *bundle_of(struct binder *binder);

/* Adds a name, which is an error where the bundle has it already; `*ret_name` is a copy. */
must_use int bundle_define(struct bundle *bundle, enum bundle_noun noun,
			   const struct yaml_node *key, const char **ret_name);

/* Splits "schema.table.column"; the parts live in the binder's memory. */
must_use int bind_column(struct binder *binder, const struct yaml_node *node,
			 struct policy_column *ret_column);

/* Makes the error speak of `place`, and returns -EINVAL. */
int bundle_refuse(struct bundle *bundle, struct policy_place place, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Turns names into indexes; to be called once, when all files are bound. */
must_use int bundle_resolve(struct bundle *bundle);

#endif
