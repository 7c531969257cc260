/* SPDX-License-Identifier: MIT */
/* Which of a policy's databases a connection is, from its address and from what the server says
 * of itself. */
#include <errno.h>
#include <string.h>

#include "policy/engine/session_private.h"

/* In the order of certainty, so that the least certain part decides. */
static enum database_match worse(enum database_match a, enum database_match b)
{
	return a < b ? a : b;
}

static enum database_match matches(bool holds)
{
	return holds ? DATABASE_YES : DATABASE_NO;
}

static bool port_matches(const struct policy_database *database, uint16_t port)
{
	for (size_t i = 0; i < database->port_count; i++) {
		if (database->ports[i] == port)
			return true;
	}
	return database->port_count == 0;
}

/* Hosts and sockets are two ways to one server: where one of them is given, one of them must
 * match. */
static bool place_matches(const struct policy_database *database,
			  const struct session_address *address)
{
	if (database->hosts.count == 0 && database->sockets.count == 0)
		return true;
	if (address->socket.length > 0)
		return globs_match(&database->sockets, address->socket);
	return (address->host.length > 0 && globs_match(&database->hosts, address->host)) ||
	       (address->host_address.length > 0 &&
		globs_match(&database->hosts, address->host_address));
}

static enum database_match server_matches(const struct session *session,
					  const struct policy_database *database)
{
	const struct catalogue_identity *identity;

	if (database->server_ids.count == 0 || session->is_assumed)
		return DATABASE_YES;
	if (!session->catalogue)
		return DATABASE_MAYBE;
	identity = catalogue_identity(session->catalogue);
	if (identity->server_id.length == 0)
		return DATABASE_MAYBE;
	return matches(globs_match(&database->server_ids, identity->server_id));
}

/* Before the server has said its own name, the address's one may be an alias. */
static enum database_match name_matches(const struct session *session,
					const struct policy_database *database)
{
	if (database->names.count == 0)
		return DATABASE_YES;
	if (session->is_assumed)
		return matches(globs_match(&database->names, session->address.database));
	if (!session->catalogue)
		return DATABASE_MAYBE;
	return matches(
		globs_match(&database->names, catalogue_identity(session->catalogue)->database));
}

static enum database_match database_matches(const struct session *session,
					    const struct policy_database *database)
{
	enum database_match match;

	if (database->engine != session->address.engine ||
	    !place_matches(database, &session->address) ||
	    !port_matches(database, session->address.port))
		return DATABASE_NO;
	match = worse(name_matches(session, database), server_matches(session, database));
	return match;
}

void session_match_databases(struct session *session)
{
	session->is_pooled = false;
	for (size_t i = 0; i < session->policy->database_count; i++) {
		const struct policy_database *database = &session->policy->databases[i];
		enum database_match match = database_matches(session, database);

		session->databases[i] = (unsigned char)match;
		session->is_pooled |= match != DATABASE_NO && database->is_pooled;
	}
}

bool session_may_be_database(const struct session *session, uint32_t index)
{
	return index < session->policy->database_count && session->databases[index] != DATABASE_NO;
}

bool session_may_be_other_database(const struct session *session)
{
	for (size_t i = 0; i < session->policy->database_count; i++) {
		if (session->databases[i] == DATABASE_YES)
			return false;
	}
	return true;
}

/* A text that the first pattern matches: the pattern without its stars. */
static int sample(const struct globs *globs, const char *otherwise, struct arena *memory,
		  struct slice *ret_text)
{
	const char *pattern = globs->count > 0 ? globs->items[0] : otherwise;
	size_t length = strlen(pattern), kept = 0;
	char *text = arena_get(memory, length + 1);

	if (!text)
		return -ENOMEM;
	for (size_t i = 0; i < length; i++) {
		if (pattern[i] != '*')
			text[kept++] = pattern[i];
	}
	*ret_text = (struct slice){ text, kept };
	return 0;
}

int session_address_of(const struct policy *policy, uint32_t index, struct arena *memory,
		       struct session_address *ret_address)
{
	const struct policy_database *database = &policy->databases[index];
	struct session_address address = { .engine = database->engine };
	bool is_socket = database->hosts.count == 0 && database->sockets.count > 0;
	int r;

	address.port = database->port_count > 0 ? database->ports[0] : 5432;
	if (is_socket)
		r = sample(&database->sockets, "", memory, &address.socket);
	else
		r = sample(&database->hosts, "localhost", memory, &address.host);
	if (r == 0)
		r = sample(&database->names, "postgres", memory, &address.database);
	if (r < 0)
		return r;
	address.user = SLICE("test");
	*ret_address = address;
	return 0;
}
