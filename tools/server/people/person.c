/* SPDX-License-Identifier: MIT */
#include "tools/server/people/person.h"

#include <errno.h>
#include <stdio.h>

#include "common/clock.h"
#include "tools/server/people/scope.h"
#include "tools/server/people/token.h"

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

const char *person_role_name(unsigned int role)
{
	for (size_t i = 0; i < COUNT_OF(NAMES); i++) {
		if (NAMES[i].role == role)
			return NAMES[i].name;
	}
	return "";
}

/* The columns of both queries; a log-in has the first two. */
enum column { ACCOUNT, ROLE, ID, SCOPE };

static int take(void *context, const struct store_value *columns, size_t count)
{
	struct person *person = context;

	snprintf(person->account, sizeof(person->account), "%.*s",
		 SLICE_ARGUMENTS(columns[ACCOUNT].bytes));
	person->role = person_role(columns[ROLE].bytes);
	if (count <= ID) {
		person->scopes = SCOPES_OF_LOGIN;
		snprintf(person->actor, sizeof(person->actor), "%s", person->account);
		return 0;
	}
	snprintf(person->actor, sizeof(person->actor), "%s/%.*s", person->account,
		 SLICE_ARGUMENTS(columns[ID].bytes));
	return scopes_read(columns[SCOPE].bytes, &person->scopes);
}

static int find_login(struct store *store, struct store_values values, struct person *person)
{
	return store_run(
		store,
		"SELECT account.name, account.role FROM token"
		" JOIN account ON account.name = token.account"
		" WHERE token.digest = $1 AND token.expires > $2 AND account.disabled IS NULL",
		values, take, person);
}

static int find_api_token(struct store *store, struct store_values values, struct person *person)
{
	return store_run(store,
			 "SELECT account.name, account.role, api_token.id, api_token.scopes"
			 " FROM api_token JOIN account ON account.name = api_token.account"
			 " WHERE api_token.digest = $1 AND api_token.expires > $2"
			 " AND account.disabled IS NULL",
			 values, take, person);
}

int person_recognise(struct store *store, struct slice authorization, struct person *ret_person)
{
	static const char API_TOKEN[] = TOKEN_SCHEME API_TOKEN_PREFIX;
	bool is_api_token = slice_starts_with(authorization, API_TOKEN);
	struct person person = { .role = 0 };
	int r = token_digest_after(is_api_token ? API_TOKEN : TOKEN_SCHEME, authorization,
				   person.token);

	if (r < 0)
		return r;
	struct store_values values = STORE_VALUES(store_bytes(person.token, sizeof(person.token)),
						  store_number((int64_t)realtime_ns()));
	r = is_api_token ? find_api_token(store, values, &person)
			 : find_login(store, values, &person);
	if (r < 0)
		return r;
	*ret_person = person;
	return person.role ? 0 : -EACCES;
}

struct audit_actor person_actor(const struct person *person)
{
	struct slice name = slice_of(person->actor);

	return person->scopes & SCOPE_LOGIN ? AUDIT_ACCOUNT(name) : AUDIT_TOKEN_OF(name);
}
