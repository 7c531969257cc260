/* SPDX-License-Identifier: MIT */
#include "tools/server/store/statements.h"

void statements_touch(struct statements *statements, size_t place)
{
	statements->used[place] = ++statements->uses;
}

void statements_put(struct statements *statements, size_t place, const char *sql)
{
	statements->sql[place] = sql;
	statements_touch(statements, place);
}

/* Whether a place makes room rather than the other one. */
static bool is_rather(const struct statements *statements, size_t place, size_t other)
{
	if (!statements->sql[place] || !statements->sql[other])
		return statements->sql[other];
	return other < STATEMENTS_KEPT ||
	       (place >= STATEMENTS_KEPT && statements->used[place] < statements->used[other]);
}

bool statements_find(struct statements *statements, const char *sql, size_t *ret_place)
{
	size_t room = 0;

	for (size_t i = 0; i < STATEMENTS_MAX; i++) {
		if (statements->sql[i] == sql) {
			statements_touch(statements, i);
			*ret_place = i;
			return true;
		}
		if (is_rather(statements, i, room))
			room = i;
	}
	*ret_place = room;
	return false;
}
