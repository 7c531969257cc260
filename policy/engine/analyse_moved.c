/* SPDX-License-Identifier: MIT */
/* Definitions after which values stand under another name.  Masks are laid over names, so that a
 * protected column that is renamed would be shown by its new one. */
#include "policy/engine/analyse_moved.h"

static void move_whole(struct analysis *analysis, uint32_t from, uint32_t to)
{
	struct sources whole = { NULL, 0, 0, false };

	sources_add(&whole, (struct facts_source){ .relation = from });
	write_add(analysis, (struct facts_write){ .relation = to, .flags = WRITE_ALL_COLUMNS },
		  &whole);
}

void moved_relation(struct analysis *analysis, const RangeVar *range, struct facts_text schema,
		    struct facts_text name)
{
	move_whole(analysis, relation_mention(analysis, range),
		   relation_add(analysis, schema, name));
}

static void moved_column(struct analysis *analysis, const RenameStmt *rename)
{
	struct sources column = { NULL, 0, 0, false };
	struct facts_write write = { .relation = relation_mention(analysis, rename->relation),
				     .column = analysis_text(analysis, rename->newname) };

	sources_add(&column,
		    (struct facts_source){ .relation = write.relation,
					   .column = analysis_text(analysis, rename->subname) });
	write_add(analysis, write, &column);
}

void moved_by_rename(struct analysis *analysis, const RenameStmt *rename)
{
	if (rename->renameType == OBJECT_COLUMN)
		moved_column(analysis, rename);
	/* ALTER INDEX renames a table too (commands/tablecmds.c, RenameRelation). */
	else if (object_kind(rename->renameType) == OBJECT_RELATION)
		moved_relation(analysis, rename->relation,
			       analysis_text(analysis, rename->relation->schemaname),
			       analysis_text(analysis, rename->newname));
}

void moved_out(struct analysis *analysis, uint32_t relation)
{
	struct facts_text none = { 0, 0 };

	move_whole(analysis, relation,
		   relation_add(analysis, none, analysis_text(analysis, "a table of its own")));
}

void computed_column(struct analysis *analysis, uint32_t relation, const char *name,
		     const struct value *value)
{
	if (value->sources.count > 0)
		write_add(analysis,
			  (struct facts_write){ .relation = relation,
						.column = analysis_text(analysis, name) },
			  &value->sources);
}
