/* SPDX-License-Identifier: MIT */
#include "tools/server/people/scope.h"

#include <errno.h>

#include "tools/server/people/person.h"

static const struct {
	const char *name;
	unsigned int bit, roles;
} ROWS[] = {
#define SCOPE_ROW(scope, bit, name, roles) { name, bit, roles },
	SCOPES(SCOPE_ROW)
#undef SCOPE_ROW
};

static unsigned int find(struct slice name)
{
	for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
		if (slice_is(name, ROWS[i].name))
			return ROWS[i].bit;
	}
	return SCOPE_NONE;
}

int scopes_read(struct slice text, unsigned int *ret_scopes)
{
	unsigned int scopes = SCOPE_NONE;

	if (text.length > SCOPES_TEXT_MAX)
		return -EINVAL;
	while (text.at) {
		unsigned int scope = find(slice_cut(&text, ','));

		if (scope == SCOPE_NONE)
			return -EINVAL;
		scopes |= scope;
	}
	if (scopes == SCOPE_NONE)
		return -EINVAL;
	*ret_scopes = scopes;
	return 0;
}

void scopes_write(unsigned int scopes, struct buf *out)
{
	const char *between = "";

	for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
		if (!(scopes & ROWS[i].bit))
			continue;
		buf_printf(out, "%s%s", between, ROWS[i].name);
		between = ",";
	}
}

bool scopes_fit(unsigned int scopes, unsigned int role)
{
	for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
		if (scopes & ROWS[i].bit && !(ROWS[i].roles & role))
			return false;
	}
	return true;
}
