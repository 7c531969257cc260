/* SPDX-License-Identifier: MIT */
#include "tools/server/http/server.h"

#include <errno.h>
#include <string.h>

#include "tools/server/record/ledger.h"

#define ENROLMENT_TRIES  20u
#define ENROLMENT_TRY_NS (3 * SECOND_NS)
#define LOGIN_TRIES      20u
#define LOGIN_TRY_NS     (3 * SECOND_NS)
#define PASSWORD_TRIES   10u
#define PASSWORD_TRY_NS  (6 * SECOND_NS)

/* The hash of a password that nobody knows. */
static int make_no_password(struct server *server, struct error *error)
{
	char password[PASSWORD_SIZE];

	password_make(password);
	int r = password_hash(slice_of(password), server->no_password);
	return r < 0 ? error_system(error, r, "a password's hash") : 0;
}

static int open_log(const struct data *data, struct server *server, struct error *error)
{
	int r = ledger_open(data->store, &server->log.verifying, &server->log_number);

	if (r == -EKEYREJECTED)
		return error_set(error, r,
				 "%s is not the key with which this log began: put that back",
				 DATA_LOG_KEY);
	return r < 0 ? error_set(error, r, "the log: %s", store_trouble(data->store)) : 0;
}

/* Of the tries that an account has each server grants its share: more servers are not more tries. */
static int share_passwords(const struct data *data, struct server *server, struct error *error)
{
	uint64_t servers = 1;
	int r = store_run(data->store, "SELECT count(*) FROM log_tree", STORE_NO_VALUES,
			  store_take_number, &servers);

	if (r < 0)
		return error_set(error, r, "the logs: %s", store_trouble(data->store));
	throttles_init(&server->passwords, servers < PASSWORD_TRIES ? PASSWORD_TRIES / servers : 1,
		       PASSWORD_TRY_NS * servers);
	return 0;
}

int server_load(const struct data *data, struct server *server, struct error *error)
{
	throttles_init(&server->enrolments, ENROLMENT_TRIES, ENROLMENT_TRY_NS);
	throttles_init(&server->logins, LOGIN_TRIES, LOGIN_TRY_NS);
	int r = data_key(data, DATA_LOG_KEY, &server->log, error);

	if (r == 0)
		r = open_log(data, server, error);
	if (r == 0)
		r = share_passwords(data, server, error);
	if (r == 0)
		r = data_key(data, DATA_FRESHNESS_KEY, &server->freshness, error);
	if (r == 0)
		r = make_no_password(server, error);
	memcpy(server->name, data->name, sizeof(server->name));
	return r;
}

void server_done(struct server *server)
{
	signing_key_done(&server->log);
	signing_key_done(&server->freshness);
}
