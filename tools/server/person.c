/* SPDX-License-Identifier: MIT */
#include "tools/server/person.h"

#include <errno.h>
#include <stdio.h>

#include "common/clock.h"
#include "tools/server/token.h"

static const struct {
	const char *name;
	enum role role;
} NAMES[] = {
#define ROLE_NAME(role, bit, name) { name, role },
	ROLES(ROLE_NAME)
#undef ROLE_NAME
};

unsigned int person_role(struct slice name)
{
	for (size_t i = 0; i < COUNT_OF(NAMES); i++) {
		if (slice_is(name, NAMES[i].name))
			return NAMES[i].role;
	}
	return 0;
}

static int take(void *context, const struct store_value *columns, size_t count)
{
	struct person *person = context;

	(void)count;
	snprintf(person->account, sizeof(person->account), "%.*s",
		 SLICE_ARGUMENTS(columns[0].bytes));
	person->role = person_role(columns[1].bytes);
	return 0;
}

int person_recognise(struct store *store, struct slice authorization, struct person *ret_person)
{
	struct person person = { .role = 0 };
	int r = token_digest(authorization, person.token);

	if (r < 0)
		return r;
	r = store_run(
		store,
		"SELECT account.name, account.role FROM token"
		" JOIN account ON account.name = token.account"
		" WHERE token.digest = $1 AND token.expires > $2 AND account.disabled IS NULL",
		STORE_VALUES(store_bytes(person.token, sizeof(person.token)),
			     store_number((int64_t)realtime_ns())),
		take, &person);
	if (r < 0)
		return r;
	*ret_person = person;
	return person.role ? 0 : -EACCES;
}
