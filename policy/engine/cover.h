/* SPDX-License-Identifier: MIT */
/* Which masks lie over the columns of a relation: by name, through partitions and inheritance,
 * through views. Unknown never uncovers: what cannot be known to be unprotected is covered. */
#ifndef POLICY_ENGINE_COVER_H
#define POLICY_ENGINE_COVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy/engine/arena.h"
#include "policy/engine/builtins.h"
#include "policy/engine/catalogue.h"
#include "policy/engine/policy.h"

/* One column pattern of a mask rule that applies. */
struct guard {
	const struct policy_column *column;
	struct mask mask;
	uint32_t rule;
};

struct guards {
	const struct policy *policy;
	struct guard *items;
	size_t count;
	/* There is no server: `*.column` covers columns that are named, not whole tables. */
	bool is_rehearsed;
};

#define SHIELD_RULES_MAX 16

/* What lies over one value: zeroed is nothing. */
struct shield {
	struct mask mask;
	enum policy_probe probe;          /* the strictest answer of the rules */
	uint32_t rules[SHIELD_RULES_MAX]; /* the first so many */
	size_t rule_count;
	bool is_counted_masked; /* some rule has no `derived: allow` */
	bool is_copy_denied;
	bool is_write_back_denied;
};

static inline bool shield_holds(const struct shield *shield)
{
	return shield->mask.how != MASK_NONE;
}

/* Adds what `guard` asks for, with `how` when that is stricter. */
void shield_add(struct shield *shield, const struct policy *policy, const struct guard *guard,
		enum mask_how how);

/* Adds every guard, whole: the value can come from anywhere. */
void shield_add_all(struct shield *shield, const struct guards *guards);

void shield_join(struct shield *shield, const struct shield *other);

/* The relations that protection of `relation` comes from or goes to: its family of parents and
 * children, and for a view everything that it shows. */
#define REACH_MAX 4096
struct reach {
	const struct catalogue_relation *relations[REACH_MAX];
	uint16_t slots[2 * REACH_MAX];
	size_t count;
	bool is_open; /* something is not known, or it is too much: it may reach anything */
};
void reach_collect(struct reach *reach, const struct catalogue *catalogue,
		   const struct catalogue_relation *relation);

/* A relation as a statement names it. */
struct cover_name {
	struct slice schema; /* empty: not known, any */
	struct slice name;
	const struct catalogue_relation *relation; /* NULL: not known */
	const struct builtin_columns *builtin;     /* of a revealing one of the server's, or NULL */
	bool is_open;                              /* it may be or show anything */
};

struct cover {
	const struct guards *guards;
	const struct catalogue_relation *relation;
	uint32_t *direct; /* guards on the relation and its family */
	size_t direct_count;
	uint32_t *derived; /* guards on what the view shows */
	size_t derived_count;
	const struct builtin_columns *builtin; /* only some of its columns show anything */
	bool is_open;
};

/* Whether the relation is known not to have the column, so that an unqualified name is another's. */
bool cover_has_not(const struct cover *cover, struct slice column);

/* Whether it shows, in columns that nobody has named, what may come from anywhere. */
static inline bool cover_reveals(const struct cover *cover)
{
	return cover->is_open || cover->builtin;
}

/* Whether its columns are known, all of them and in their order. */
static inline bool cover_is_listed(const struct cover *cover)
{
	return cover->relation && !cover->is_open && cover->relation->column_count > 0;
}

/* The column of this name, where they are known; else NULL. */
const struct catalogue_column *cover_find_column(const struct cover *cover, struct slice name);

/* Finds the cover of `name`.  Lives in `memory`. */
must_use int cover_find(struct cover *ret_cover, const struct guards *guards,
			const struct catalogue *catalogue, const struct cover_name *name,
			struct arena *memory);

/* Whether the column is a list of options of the server's, of which only the values are secret. */
bool cover_is_options(const struct cover *cover, struct slice column);

/* What lies over the column of this name. */
void cover_column(const struct cover *cover, struct slice column, struct shield *shield);

/* What lies over the whole row or an unknown column: every mask, as for something computed. */
void cover_whole(const struct cover *cover, struct shield *shield);

/* What lies over columns that nobody named (plan_origin's column 0). */
void cover_rest(const struct cover *cover, struct shield *shield);

#endif
