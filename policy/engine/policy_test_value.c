/* SPDX-License-Identifier: MIT */
/* Scalars by YAML's core schema (YAML 1.2.2, 10.3.2), as far as databases tell them apart. */
#include "policy/engine/policy_test_value.h"

#include <string.h>

#include "policy/engine/policy_test.h"

static const struct constant {
	const char *text;
	enum policy_test_kind kind;
	int64_t integer;
} CONSTANTS[] = {
	{ "", TEST_NULL, 0 },         { "~", TEST_NULL, 0 },        { "null", TEST_NULL, 0 },
	{ "Null", TEST_NULL, 0 },     { "NULL", TEST_NULL, 0 },     { "true", TEST_BOOLEAN, 1 },
	{ "True", TEST_BOOLEAN, 1 },  { "TRUE", TEST_BOOLEAN, 1 },  { "false", TEST_BOOLEAN, 0 },
	{ "False", TEST_BOOLEAN, 0 }, { "FALSE", TEST_BOOLEAN, 0 },
};

/* What does not fit 64 bits, or starts with a zero, stays text: a driver would send those very
 * digits. */
static bool read_integer(struct slice text, int64_t *ret_integer)
{
	bool is_negative = slice_starts_with(text, "-");
	struct slice digits = slice_part(text, is_negative, text.length);
	uint64_t number;

	if (slice_to_u64(digits, &number) < 0 || number > INT64_MAX ||
	    (digits.length > 1 && digits.at[0] == '0'))
		return false;
	*ret_integer = is_negative ? -(int64_t)number : (int64_t)number;
	return true;
}

static int read_value(struct binder *binder, const struct yaml_node *node,
		      struct policy_test_value *ret_value)
{
	if (node->kind != YAML_SCALAR)
		return bind_wrong(binder, node, "a value: null, true, a number or text");
	struct policy_test_value value = { .kind = TEST_TEXT };
	int r = bind_copy(binder, node, &value.text);
	if (r < 0)
		return r;
	if (node->is_plain && read_integer(yaml_text(node), &value.integer))
		value.kind = TEST_INTEGER;
	for (size_t i = 0; i < COUNT_OF(CONSTANTS) && node->is_plain; i++) {
		if (!slice_is(yaml_text(node), CONSTANTS[i].text))
			continue;
		value.kind = CONSTANTS[i].kind;
		value.integer = CONSTANTS[i].integer;
	}
	*ret_value = value;
	return 0;
}

int policy_test_add_value(struct binder *binder, const struct bind_type *item,
			  const struct yaml_node *node, void *target)
{
	struct policy_test_values *values = target;
	struct policy_test_value *items =
		arena_grow(binder->memory, values->items, values->count, sizeof(*items));

	(void)item;
	if (!items)
		return bind_out_of_memory(binder);
	values->items = items;
	int r = read_value(binder, node, &items[values->count]);
	values->count += r == 0;
	return r;
}

static int add_cell(struct binder *binder, const struct yaml_pair *pair,
		    struct policy_test_row *row)
{
	struct policy_test_cell *cells =
		arena_grow(binder->memory, row->cells, row->count, sizeof(*cells));

	if (!cells)
		return bind_out_of_memory(binder);
	row->cells = cells;
	int r = bind_copy(binder, pair->key, &cells[row->count].column);
	if (r == 0)
		r = read_value(binder, pair->value, &cells[row->count].value);
	row->count += r == 0;
	return r;
}

int policy_test_add_row(struct binder *binder, const struct bind_type *item,
			const struct yaml_node *node, void *target)
{
	struct policy_test_rows *rows = target;
	struct policy_test_row *items =
		arena_grow(binder->memory, rows->items, rows->count, sizeof(*items));

	(void)item;
	if (!items)
		return bind_out_of_memory(binder);
	rows->items = items;
	struct policy_test_row *row = &items[rows->count];
	*row = (struct policy_test_row){ NULL, 0 };
	int r = bind_is(binder, node, YAML_MAPPING, "a row: a mapping of columns to values");
	for (size_t i = 0; i < node->count && r == 0; i++)
		r = add_cell(binder, &node->of.pairs[i], row);
	rows->count += r == 0;
	return r;
}
