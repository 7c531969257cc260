/* SPDX-License-Identifier: MIT */
/* Reading mask plans: checking their bytes, and deciding on result columns by them. */
#include "policy/core/plan.h"

_Static_assert(sizeof(struct plan) == 20 + 8 * (DETECTOR_COUNT + 1), "crosses processes");
_Static_assert(sizeof(struct plan_statement) == 12, "crosses processes");
_Static_assert(sizeof(struct plan_column) == 20, "crosses processes");
_Static_assert(sizeof(struct plan_origin) == 16, "crosses processes");
_Static_assert(sizeof(struct plan_copy) == 72, "crosses processes");

/* FirstNormalObjectId (src/include/access/transam.h): below it are the system catalogues. */
#define RELATION_FIRST_NORMAL 16384

#define FLAGS_KNOWN (PLAN_CHECKS_ORIGINS | PLAN_HIDES_TEXTS | PLAN_HIDES_COMPUTED)

/* All parts have a size that is a multiple of four, so that each is aligned when the first one is.
 * */
static const struct plan_statement *statements_of(const struct plan *plan)
{
	return (const struct plan_statement *)(const void *)(plan + 1);
}

static const struct plan_column *columns_of(const struct plan *plan)
{
	return (const struct plan_column *)(const void *)(statements_of(plan) +
							  plan->statement_count);
}

static const struct plan_origin *origins_of(const struct plan *plan)
{
	return (const struct plan_origin *)(const void *)(columns_of(plan) + plan->column_count);
}

static const struct plan_copy *copies_of(const struct plan *plan)
{
	return (const struct plan_copy *)(const void *)(origins_of(plan) + plan->origin_count);
}

static bool mask_is_valid(struct mask mask)
{
	return mask.how <= MASK_BLANK && mask.detector <= DETECTOR_COUNT;
}

static bool head_is_valid(const struct plan *plan)
{
	for (unsigned detector = 0; detector < DETECTOR_COUNT; detector++) {
		if (!mask_is_valid(plan->found[detector]))
			return false;
	}
	return mask_is_valid(plan->unpredicted) && (plan->flags & ~(uint32_t)FLAGS_KNOWN) == 0;
}

/* Counts are 32 bits and parts at most 72 bytes, so that nothing overflows in 64. */
static bool size_is_valid(const struct plan *plan, size_t length)
{
	uint64_t size = sizeof(*plan);

	size += (uint64_t)plan->statement_count * sizeof(struct plan_statement);
	size += (uint64_t)plan->column_count * sizeof(struct plan_column);
	size += (uint64_t)plan->origin_count * sizeof(struct plan_origin);
	size += (uint64_t)plan->copy_count * sizeof(struct plan_copy);
	return size == length;
}

static bool statements_are_valid(const struct plan *plan)
{
	const struct plan_statement *statements = statements_of(plan);

	for (uint32_t i = 0; i < plan->statement_count; i++) {
		uint64_t end = (uint64_t)statements[i].first_column + statements[i].head +
			       statements[i].tail;

		if (end > plan->column_count || statements[i].has_star > 1 ||
		    (!statements[i].has_star && statements[i].tail != 0))
			return false;
	}
	return true;
}

static bool columns_are_valid(const struct plan *plan)
{
	const struct plan_column *columns = columns_of(plan);

	for (uint32_t i = 0; i < plan->column_count; i++) {
		if (columns[i].is_derived > 1 || !mask_is_valid(columns[i].mask))
			return false;
	}
	return true;
}

/* Whether `origin` sorts before (relation, column). */
static bool is_before(const struct plan_origin *origin, uint32_t relation, int32_t column)
{
	if (origin->relation != relation)
		return origin->relation < relation;
	return origin->column < column;
}

static bool origins_are_valid(const struct plan *plan)
{
	const struct plan_origin *origins = origins_of(plan);

	for (uint32_t i = 0; i < plan->origin_count; i++) {
		if (!mask_is_valid(origins[i].mask))
			return false;
		if (i > 0 && !is_before(&origins[i - 1], origins[i].relation, origins[i].column))
			return false;
	}
	return true;
}

static bool copy_is_valid(const struct plan *plan, const struct plan_copy *copy)
{
	if (copy->statement >= plan->statement_count || copy->is_from > 1 || copy->is_masked > 1 ||
	    copy->format.kind > COPY_UNREADABLE)
		return false;
	return !copy->is_masked || (!statements_of(plan)[copy->statement].has_star &&
				    !copy->is_from && copy_format_is_readable(&copy->format));
}

static bool copies_are_valid(const struct plan *plan)
{
	const struct plan_copy *copies = copies_of(plan);

	for (uint32_t i = 0; i < plan->copy_count; i++) {
		if (!copy_is_valid(plan, &copies[i]))
			return false;
		if (i > 0 && copies[i - 1].statement >= copies[i].statement)
			return false;
	}
	return true;
}

const struct plan *plan_read(struct slice bytes)
{
	const struct plan *plan = (const struct plan *)(const void *)bytes.at;

	if (bytes.length < sizeof(*plan) || (uintptr_t)bytes.at % _Alignof(struct plan) != 0)
		return NULL;
	bool is_valid = size_is_valid(plan, bytes.length) && head_is_valid(plan) &&
			statements_are_valid(plan) && columns_are_valid(plan) &&
			origins_are_valid(plan) && copies_are_valid(plan);
	return is_valid ? plan : NULL;
}

detector_set plan_searches(const struct plan *plan)
{
	detector_set wanted = 0;

	for (unsigned i = 0; i < DETECTOR_COUNT; i++) {
		if (plan->found[i].how != MASK_NONE)
			wanted |= (detector_set)1 << i;
	}
	return wanted;
}

/* The first origin that does not sort before (relation, column); `origin_count` when there is none.
 * */
static uint32_t origin_at_or_after(const struct plan *plan, uint32_t relation, int32_t column)
{
	const struct plan_origin *origins = origins_of(plan);
	uint32_t begin = 0, end = plan->origin_count;

	while (begin < end) {
		uint32_t middle = begin + (end - begin) / 2;

		if (is_before(&origins[middle], relation, column))
			begin = middle + 1;
		else
			end = middle;
	}
	return begin;
}

static const struct plan_origin *origin_find(const struct plan *plan, uint32_t relation,
					     int32_t column)
{
	uint32_t at = origin_at_or_after(plan, relation, column);
	const struct plan_origin *origin = origins_of(plan) + at;

	if (at == plan->origin_count || origin->relation != relation || origin->column != column)
		return NULL;
	return origin;
}

/* The strictest mask of all columns of `relation`.  False when the plan does not know it. */
static bool whole_row(const struct plan *plan, uint32_t relation, struct mask *ret_mask)
{
	uint32_t first = origin_at_or_after(plan, relation, INT32_MIN), at = first;
	struct mask mask = { 0 };

	for (; at < plan->origin_count && origins_of(plan)[at].relation == relation; at++)
		mask = mask_stricter(mask, origins_of(plan)[at].mask);
	if (at == first)
		return false;
	*ret_mask = mask;
	return true;
}

/* What the origin of a column asks for.  False when it is unknown: no relation, one that the plan
 * does not have, or a column that has no entry in a relation without an entry for all. */
static bool origin_mask(const struct plan *plan, const struct plan_question *question,
			struct mask *ret_mask)
{
	uint32_t relation = question->relation;

	*ret_mask = (struct mask){ 0 };
	if (relation == 0)
		return false;
	if (relation < RELATION_FIRST_NORMAL)
		return true;
	if (question->attribute == 0)
		return whole_row(plan, relation, ret_mask);
	const struct plan_origin *origin = origin_find(plan, relation, question->attribute);
	if (!origin)
		origin = origin_find(plan, relation, 0);
	if (!origin)
		return false;
	*ret_mask = origin->mask;
	return true;
}

/* Whether the result of `statement` can have so many columns. */
static bool shape_fits(const struct plan_statement *statement, const struct plan_question *question)
{
	uint32_t fixed = (uint32_t)statement->head + statement->tail;

	return statement->has_star ? question->columns >= fixed : question->columns == fixed;
}

/* The prediction for a column; NULL for one from a star. */
static const struct plan_column *prediction(const struct plan *plan,
					    const struct plan_statement *statement,
					    const struct plan_question *question)
{
	const struct plan_column *columns = columns_of(plan) + statement->first_column;
	uint32_t from_right = question->columns - question->column;

	if (question->column < statement->head)
		return &columns[question->column];
	if (from_right <= statement->tail)
		return &columns[statement->head + statement->tail - from_right];
	return NULL;
}

/* Whether what the server says about a predicted column does not bear out the prediction. */
static bool is_contradicted(const struct plan *plan, const struct plan_column *column,
			    const struct plan_question *question, bool is_known)
{
	if (is_known || !(plan->flags & PLAN_CHECKS_ORIGINS))
		return false;
	return question->relation != 0 || !column->is_derived;
}

struct mask plan_mask(const struct plan *plan, const struct plan_question *question)
{
	struct mask mask;
	bool is_known = origin_mask(plan, question, &mask);

	if (question->statement >= plan->statement_count)
		return is_known ? mask : plan->unpredicted;
	const struct plan_statement *statement = statements_of(plan) + question->statement;
	if (!shape_fits(statement, question) || question->column >= question->columns)
		return mask_stricter(mask, plan->unpredicted);
	const struct plan_column *column = prediction(plan, statement, question);
	if (!column)
		return is_known ? mask : plan->unpredicted;
	mask = mask_stricter(mask, column->mask);
	if (is_contradicted(plan, column, question, is_known))
		mask = mask_stricter(mask, plan->unpredicted);
	return mask;
}

const struct plan_copy *plan_copy_find(const struct plan *plan, uint32_t statement)
{
	for (uint32_t i = 0; i < plan->copy_count; i++) {
		if (copies_of(plan)[i].statement >= statement)
			return &copies_of(plan)[i];
	}
	return NULL;
}

bool plan_copy_column(const struct plan *plan, const struct plan_copy *copy, uint32_t column,
		      uint32_t columns, struct plan_column *ret_column)
{
	const struct plan_statement *statement = statements_of(plan) + copy->statement;
	struct plan_question question = { .statement = copy->statement,
					  .column = column,
					  .columns = columns };

	*ret_column = (struct plan_column){ .modifier = -1 };
	if (!shape_fits(statement, &question) || column >= columns)
		return !copy->is_masked;
	const struct plan_column *predicted = prediction(plan, statement, &question);
	if (predicted)
		*ret_column = *predicted;
	return true;
}
