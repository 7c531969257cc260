/* SPDX-License-Identifier: MIT */
/* Says what policy/engine/builtins.h knows of each "kind<TAB>schema<TAB>name" line of standard
 * input. */
#include <stdio.h>

#include "common/cleanup.h"
#include "policy/engine/builtins.h"

/* -1 where the relation does not tell its columns apart. */
static int answer_column(struct slice schema, struct slice name)
{
	struct slice relation = slice_cut(&name, '.');
	const struct builtin_columns *columns = builtin_columns(schema, relation);

	return columns && columns->relation[0] ? (int)builtin_column(columns, name) : -1;
}

static int answer(struct slice kind, struct slice schema, struct slice name)
{
	bool can_raise = false;

	if (slice_is(kind, "operator"))
		return builtin_operator(name, &can_raise) ? 1 + can_raise : 0;
	if (slice_is(kind, "type"))
		return builtin_type(name);
	if (slice_is(kind, "setting"))
		return builtin_setting_is_harmless(name);
	if (slice_is(kind, "column"))
		return answer_column(schema, name);
	return (int)builtin_relation(schema, name);
}

int main(void)
{
	char line[1024];

	while (fgets(line, sizeof(line), stdin) != NULL) {
		struct slice rest = slice_trim(slice_of(line));
		struct slice kind = slice_cut(&rest, '\t');
		struct slice schema = slice_cut(&rest, '\t');

		printf("%.*s\t%.*s\t%.*s\t%d\n", SLICE_ARGUMENTS(kind), SLICE_ARGUMENTS(schema),
		       SLICE_ARGUMENTS(rest), answer(kind, schema, rest));
	}
	return EXIT_SUCCESS;
}
