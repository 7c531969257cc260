/* SPDX-License-Identifier: MIT */
/* Collects the parts of a plan in buffers of their own and joins them at the end. */
#include "policy/core/plan_build.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void plan_build_init(struct plan_build *build)
{
	*build = (struct plan_build){
		.statements = BUF_MAX(PLAN_STATEMENTS_MAX * sizeof(struct plan_statement)),
		.columns = BUF_MAX(PLAN_COLUMNS_MAX * sizeof(struct plan_column)),
		.origins = BUF_MAX(PLAN_ORIGINS_MAX * sizeof(struct plan_origin)),
		.copies = BUF_MAX(PLAN_STATEMENTS_MAX * sizeof(struct plan_copy)),
	};
}

void plan_build_done(struct plan_build *build)
{
	buf_done(&build->statements);
	buf_done(&build->columns);
	buf_done(&build->origins);
	buf_done(&build->copies);
}

static struct plan_statement *last_statement(struct plan_build *build)
{
	struct buf *statements = &build->statements;

	if (statements->length == 0) {
		build->failed = -EINVAL;
		return NULL;
	}
	return (struct plan_statement *)(void *)(statements->at + statements->length) - 1;
}

static uint32_t column_count(const struct plan_build *build)
{
	return (uint32_t)(build->columns.length / sizeof(struct plan_column));
}

void plan_build_statement(struct plan_build *build)
{
	struct plan_statement statement = { .first_column = column_count(build) };

	buf_add(&build->statements, &statement, sizeof(statement));
}

void plan_build_column(struct plan_build *build, struct mask mask, bool is_derived)
{
	struct plan_statement *statement = last_statement(build);
	struct plan_column column = { mask, is_derived, 0, -1 };

	if (!statement)
		return;
	buf_add(&build->columns, &column, sizeof(column));
	if (build->columns.failed)
		return;
	/* No overflow: all columns of a plan together are at most 65535. */
	if (statement->has_star)
		statement->tail++;
	else
		statement->head++;
}

void plan_build_type(struct plan_build *build, uint32_t type, int32_t modifier)
{
	struct buf *columns = &build->columns;

	if (columns->length == 0) {
		build->failed = -EINVAL;
		return;
	}
	struct plan_column *last =
		(struct plan_column *)(void *)(columns->at + columns->length) - 1;
	last->type = type;
	last->modifier = modifier;
}

void plan_build_copy(struct plan_build *build, const struct copy_format *format, bool is_from,
		     bool is_masked)
{
	struct plan_copy copy = { .is_from = is_from, .is_masked = is_masked, .format = *format };

	if (!last_statement(build))
		return;
	copy.statement = (uint32_t)(build->statements.length / sizeof(struct plan_statement)) - 1;
	buf_add(&build->copies, &copy, sizeof(copy));
}

void plan_build_star(struct plan_build *build)
{
	struct plan_statement *statement = last_statement(build);

	if (!statement)
		return;
	buf_truncate(&build->columns, (statement->first_column + (size_t)statement->head) *
					      sizeof(struct plan_column));
	statement->has_star = 1;
	statement->tail = 0;
}

void plan_build_origin(struct plan_build *build, uint32_t relation, int32_t column,
		       struct mask mask)
{
	struct plan_origin origin = { relation, column, mask };

	buf_add(&build->origins, &origin, sizeof(origin));
}

static int compare_origins(const void *left, const void *right)
{
	const struct plan_origin *a = left, *b = right;

	if (a->relation != b->relation)
		return a->relation < b->relation ? -1 : 1;
	return (a->column > b->column) - (a->column < b->column);
}

/* Sorts the origins and joins those of one column. */
static void sort_origins(struct plan_build *build)
{
	struct plan_origin *origins = (struct plan_origin *)(void *)build->origins.at;
	size_t count = build->origins.length / sizeof(*origins), kept = 0;

	if (count == 0)
		return;
	qsort(origins, count, sizeof(*origins), compare_origins);
	for (size_t i = 1; i < count; i++) {
		if (compare_origins(&origins[kept], &origins[i]) == 0)
			origins[kept].mask = mask_stricter(origins[kept].mask, origins[i].mask);
		else
			origins[++kept] = origins[i];
	}
	buf_truncate(&build->origins, (kept + 1) * sizeof(*origins));
}

static int first_failure(const struct plan_build *build)
{
	const int failures[] = { build->failed, build->statements.failed, build->columns.failed,
				 build->origins.failed, build->copies.failed };

	for (size_t i = 0; i < COUNT_OF(failures); i++) {
		if (failures[i])
			return failures[i];
	}
	return 0;
}

int plan_build_finish(struct plan_build *build, struct buf *out)
{
	int r = first_failure(build);

	if (r < 0)
		return r;
	sort_origins(build);
	build->plan.statement_count =
		(uint32_t)(build->statements.length / sizeof(struct plan_statement));
	build->plan.column_count = column_count(build);
	build->plan.origin_count = (uint32_t)(build->origins.length / sizeof(struct plan_origin));
	build->plan.copy_count = (uint32_t)(build->copies.length / sizeof(struct plan_copy));
	buf_add(out, &build->plan, sizeof(build->plan));
	buf_add_slice(out, buf_view(&build->statements));
	buf_add_slice(out, buf_view(&build->columns));
	buf_add_slice(out, buf_view(&build->origins));
	buf_add_slice(out, buf_view(&build->copies));
	return out->failed;
}
