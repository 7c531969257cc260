/* SPDX-License-Identifier: MIT */
/* Definitions after which values stand under another name: copies, as far as protection goes. */
#ifndef POLICY_ENGINE_ANALYSE_MOVED_H
#define POLICY_ENGINE_ANALYSE_MOVED_H

#include "policy/engine/analysis.h"

/* The relation will be called `schema`.`name`. */
void moved_relation(struct analysis *analysis, const RangeVar *range, struct facts_text schema,
		    struct facts_text name);
/* A column or a relation gets another name. */
void moved_by_rename(struct analysis *analysis, const RenameStmt *rename);
/* The relation loses what it had from its parent. */
void moved_out(struct analysis *analysis, uint32_t relation);
/* A column of `relation` will hold `value`; nothing to note when that comes from nowhere. */
void computed_column(struct analysis *analysis, uint32_t relation, const char *name,
		     const struct value *value);

#endif
