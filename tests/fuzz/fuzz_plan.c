/* SPDX-License-Identifier: MIT */
/* Mask plans from somebody who may lie: what plan_read accepts answers every question within its
 * bytes. */
#include <string.h>

#include "policy/core/plan.h"
#include "tests/fuzz/fuzz.h"

#define STATEMENTS_ASKED 4u
#define COLUMNS_ASKED    5u

static void ask(const struct plan *plan, uint32_t relation)
{
	for (uint32_t i = 0; i < STATEMENTS_ASKED * COLUMNS_ASKED; i++) {
		struct plan_question question = {
			.statement = i / COLUMNS_ASKED,
			.column = i % COLUMNS_ASKED,
			.columns = i % COLUMNS_ASKED + 1 + i % 2,
			.relation = relation,
			.attribute = (int32_t)(i % 3),
		};

		PROMISE(plan_mask(plan, &question).how <= MASK_BLANK);
	}
}

static void ask_copies(const struct plan *plan)
{
	uint32_t count = 0;

	for (const struct plan_copy *copy = plan_copy_find(plan, 0); copy;
	     copy = plan_copy_find(plan, copy->statement + 1)) {
		struct plan_column column;

		PROMISE(copy->statement < plan->statement_count && ++count <= plan->copy_count);
		for (uint32_t i = 0; i < COLUMNS_ASKED; i++)
			PROMISE(!plan_copy_column(plan, copy, i, COLUMNS_ASKED, &column) ||
				column.mask.how <= MASK_BLANK);
	}
	PROMISE(count == plan->copy_count);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	/* malloc aligns for everything; what was given need not be. */
	char *aligned = malloc(length ? length : 1);

	PROMISE(aligned);
	if (length > 0)
		memcpy(aligned, bytes, length);
	const struct plan *plan = plan_read((struct slice){ aligned, length });
	if (plan) {
		ask(plan, 0);
		ask(plan, 1259);
		ask(plan, 16384);
		ask_copies(plan);
	}
	free(aligned);
	return 0;
}
