/* SPDX-License-Identifier: MIT */
#include "tools/server/server.h"

#include <string.h>

#define ENROLMENT_TRIES  20u
#define ENROLMENT_TRY_NS (3 * SECOND_NS)

int server_load(const struct data *data, struct server *server, struct error *error)
{
	throttles_init(&server->enrolments, ENROLMENT_TRIES, ENROLMENT_TRY_NS);
	int r = data_key(data, DATA_LOG_KEY, &server->log, error);

	if (r == 0)
		r = data_key(data, DATA_FRESHNESS_KEY, &server->freshness, error);
	memcpy(server->name, data->name, sizeof(server->name));
	return r;
}

void server_done(struct server *server)
{
	signing_key_done(&server->log);
	signing_key_done(&server->freshness);
}
