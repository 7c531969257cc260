/* SPDX-License-Identifier: MIT */
/* What every request may need of the server besides its database. */
#ifndef TOOLS_SERVER_HTTP_SERVER_H
#define TOOLS_SERVER_HTTP_SERVER_H

#include "common/clock.h"
#include "common/sha256.h"
#include "tools/server/http/counters.h"
#include "tools/server/store/data.h"
#include "tools/server/http/holds.h"
#include "tools/server/common/journal.h"
#include "tools/server/people/password.h"
#include "tools/server/http/pulse.h"
#include "tools/server/http/sightings.h"
#include "tools/server/common/throttle.h"

struct server {
	char name[DATA_NAME_MAX + 1];
	struct signing_key log, freshness;
	int64_t log_number;
	struct throttles enrolments; /* that went wrong, by who asked */
	struct throttles logins;     /* as that */
	struct throttles passwords;  /* that were wrong, by account */
	char no_password
		[PASSWORD_HASH_SIZE]; /* nobody's: what is unknown takes as long as what is wrong */
	struct holds holds;
	struct journal journal;
	struct pulse pulse;
	struct sightings sightings;
	struct counters counters;
	unsigned char key_hash[SHA256_SIZE]; /* of its certificate's key (certificate.h) */
	uint64_t begun_ns;                   /* since 1970 */
};

#define SERVER_EMPTY                                                                               \
	{                                                                                          \
		.name = "", .sightings = SIGHTINGS_EMPTY                                           \
	}

/* Fills it from the data folder. */
must_use int server_load(const struct data *data, struct server *server, struct error *error);
void server_done(struct server *server);

#endif
