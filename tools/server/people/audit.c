/* SPDX-License-Identifier: MIT */
#include "tools/server/people/audit.h"

#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#include "common/clock.h"

#define NAME_SIZE 256u

static const char *const NAMES[] = {
#define AUDIT_NAME(action, name) [action] = name,
	AUDIT_ACTIONS(AUDIT_NAME)
#undef AUDIT_NAME
};

struct audit_actor audit_system(void)
{
	static char name[NAME_SIZE];
	uid_t user = getuid();
	const struct passwd *entry = getpwuid(user);

	if (entry)
		snprintf(name, sizeof(name), "%s", entry->pw_name);
	else
		snprintf(name, sizeof(name), "%ju", (uintmax_t)user);
	return (struct audit_actor){ "os", slice_of(name) };
}

int audit_add(struct store *store, struct audit_actor actor, struct audit_deed deed)
{
	return store_do(store,
			"INSERT INTO audit (number, time, kind, actor, action, subject, detail)"
			" SELECT COALESCE(MAX(number), 0) + 1, $1, $2, $3, $4, $5, $6 FROM audit",
			STORE_VALUES(store_number((int64_t)realtime_ns()),
				     store_text(slice_of(actor.kind)), store_text(actor.name),
				     store_text(slice_of(NAMES[deed.action])),
				     store_text(deed.subject), store_text(deed.detail)));
}

static int add_refused(struct store *store, void *context)
{
	const struct slice *name = context;
	struct audit_deed deed = { AUDIT_LOGIN_REFUSED, *name, SLICE("") };
	int r = audit_add(store, AUDIT_NOBODY, deed);

	if (r < 0)
		return r;
	return store_do(store,
			"DELETE FROM audit WHERE action = $1 AND number <="
			" (SELECT MAX(number) FROM audit) - $2",
			STORE_VALUES(store_text(slice_of(NAMES[AUDIT_LOGIN_REFUSED])),
				     store_number(AUDIT_REFUSALS_MAX)));
}

int audit_add_refused(struct store *store, struct slice name)
{
	return store_transact(store, add_refused, &name);
}

void audit_version_text(struct slice bundle, int64_t version, char ret_text[AUDIT_VERSION_SIZE])
{
	snprintf(ret_text, AUDIT_VERSION_SIZE, "%.*s %" PRId64, SLICE_ARGUMENTS(bundle), version);
}
