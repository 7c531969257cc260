/* SPDX-License-Identifier: MIT */
/* Masks rows of a policy test and compares them with those that it wants. */
#include "tools/policy/test_rows.h"

#include <string.h>

#include "policy/core/plan.h"

/* Type OIDs (src/include/catalog/pg_type.dat). */
#define TYPE_BOOL 16
#define TYPE_INT8 20
#define TYPE_TEXT 25

struct masking {
	const struct plan *plan; /* NULL: nothing to do */
	uint32_t statement;
	uint32_t columns; /* of the result */
	bool has_found;
};

/* Keys differ from run to run, so that a test cannot want a certain hash; it gets one all the same.
 * Any state serves as a prepared key. */
static const struct sha256_hmac_key *test_key(void *context, uint32_t key)
{
	static const struct sha256_hmac_key KEY = { .inner = { 0 } };

	(void)context;
	(void)key;
	return &KEY;
}

static struct cell cell_of(const struct policy_test_value *value)
{
	static const uint32_t TYPES[] = {
		[TEST_NULL] = TYPE_TEXT,
		[TEST_BOOLEAN] = TYPE_BOOL,
		[TEST_INTEGER] = TYPE_INT8,
		[TEST_TEXT] = TYPE_TEXT,
	};
	struct cell cell = { .type = TYPES[value->kind], .modifier = -1 };

	cell.value = slice_of(value->text);
	if (value->kind == TEST_BOOLEAN)
		cell.value = value->integer ? SLICE("t") : SLICE("f");
	return cell;
}

static int search(struct masking *masking, const struct cell *cell, struct buf *out,
		  bool *ret_is_changed, bool *ret_is_null)
{
	struct mask_search wanted = { .masks = masking->plan->found, .key_of = test_key };
	struct mask_outcome outcome = { .found = 0 };
	int r;

	for (unsigned i = 0; i < DETECTOR_COUNT; i++) {
		if (masking->plan->found[i].how != MASK_NONE)
			wanted.wanted |= 1u << i;
	}
	if (!wanted.wanted || !mask_type_holds_text(cell->type))
		return 0;
	r = mask_found(&wanted, cell, out, &outcome);
	masking->has_found |= outcome.is_changed;
	*ret_is_changed = outcome.is_changed;
	*ret_is_null = outcome.is_null;
	return r;
}

/* Writes what the program sees of the value to `out`; `*ret_is_null` for NULL. */
static int show(struct masking *masking, const struct policy_test_value *value, uint32_t column,
		struct buf *out, bool *ret_is_null)
{
	struct cell cell = cell_of(value);
	struct plan_question question = { .statement = masking->statement,
					  .column = column,
					  .columns = masking->columns };
	bool is_changed = false;
	struct mask mask = { .how = MASK_NONE };
	int r;

	*ret_is_null = value->kind == TEST_NULL;
	if (*ret_is_null)
		return 0;
	if (masking->plan)
		mask = plan_mask(masking->plan, &question);
	if (mask.how != MASK_NONE)
		return mask_cell(mask, test_key(NULL, 0), &cell, out, ret_is_null);
	r = masking->plan ? search(masking, &cell, out, &is_changed, ret_is_null) : 0;
	if (r == 0 && !is_changed && !*ret_is_null)
		buf_add_text(out, value->text);
	return r < 0 ? r : out->failed;
}

static const struct policy_test_value *find_cell(const struct policy_test_row *row,
						 const char *column)
{
	for (size_t i = 0; i < row->count; i++) {
		if (strcmp(row->cells[i].column, column) == 0)
			return &row->cells[i].value;
	}
	return NULL;
}

static bool is_as_wanted(const struct policy_test_value *want, const struct buf *got, bool is_null)
{
	if (want->kind == TEST_NULL || is_null)
		return want->kind == TEST_NULL && is_null;
	return slice_is(buf_view(got), want->text);
}

static int compare_cell(struct masking *masking, const struct policy_test_cell *cell,
			uint32_t column, const struct policy_test_value *want, struct buf *out)
{
	SCOPED(buf_done) struct buf got = BUF_MAX(1 * MIB);
	bool is_null;
	int r = show(masking, &cell->value, column, &got, &is_null);

	if (r < 0)
		return r;
	if (want && !is_as_wanted(want, &got, is_null))
		buf_printf(out, "row column %s: want %s, got %s\n", cell->column,
			   want->kind == TEST_NULL ? "null" : want->text,
			   is_null ? "null" : buf_text(&got));
	return 0;
}

static int compare_row(struct masking *masking, const struct policy_test_row *row,
		       const struct policy_test_row *want, struct buf *out)
{
	masking->columns = (uint32_t)row->count;
	for (uint32_t i = 0; i < row->count; i++) {
		const struct policy_test_value *cell =
			want ? find_cell(want, row->cells[i].column) : NULL;
		int r = compare_cell(masking, &row->cells[i], i, cell, out);

		if (r < 0)
			return r;
	}
	for (size_t i = 0; want && i < want->count; i++) {
		if (!find_cell(row, want->cells[i].column))
			buf_printf(
				out,
				"row column %s: want it, but the server would not answer with it\n",
				want->cells[i].column);
	}
	return 0;
}

/* The plan without the check of origins, which no server tells here. */
static int copy_plan(struct slice bytes, struct buf *out)
{
	struct plan *plan;

	buf_add_slice(out, bytes);
	if (out->failed || bytes.length < sizeof(*plan))
		return out->failed;
	plan = (struct plan *)(void *)out->at;
	plan->flags &= ~(uint32_t)PLAN_CHECKS_ORIGINS;
	return 0;
}

int test_rows_compare(const struct policy_test *test, struct slice plan, uint32_t statement,
		      struct buf *out, bool *ret_found)
{
	SCOPED(buf_done) struct buf copy = BUF_MAX(32 * MIB);
	const struct policy_test_rows *wanted = &test->want.rows;
	struct masking masking = { .statement = statement };
	int r = copy_plan(plan, &copy);

	if (r < 0)
		return r;
	masking.plan = plan.length > 0 ? plan_read(buf_view(&copy)) : NULL;
	if (plan.length > 0 && !masking.plan)
		return -1;
	if (test->want.has_rows && wanted->count != test->returns.count)
		buf_printf(out, "rows: want %zu, got %zu\n", wanted->count, test->returns.count);
	for (size_t i = 0; i < test->returns.count; i++) {
		bool is_wanted = test->want.has_rows && i < wanted->count;

		r = compare_row(&masking, &test->returns.items[i],
				is_wanted ? &wanted->items[i] : NULL, out);
		if (r < 0)
			return r;
	}
	*ret_found = masking.has_found;
	return 0;
}
