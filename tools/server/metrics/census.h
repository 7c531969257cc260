/* SPDX-License-Identifier: MIT */
/* What the database says of machines, policies and the log, in numbers. */
#ifndef TOOLS_SERVER_METRICS_CENSUS_H
#define TOOLS_SERVER_METRICS_CENSUS_H

#include "common/clock.h"
#include "control/name.h"
#include "tools/server/store/store.h"

#define CENSUS_SEEN_NS      (120 * SECOND_NS)
#define CENSUS_BUNDLES_MAX  100u /* that have numbers of their own */
#define CENSUS_VERSIONS_MAX 8u   /* of a bundle, the newest, that have */

/* Each machine is in one state. */
struct census_agents {
	uint64_t seen; /* within CENSUS_SEEN_NS */
	uint64_t unseen;
	uint64_t revoked;
	uint64_t spool, spool_max; /* entries that wait to be delivered, on those not revoked */
};

struct census_log {
	uint64_t size, signed_size; /* leaves */
	uint64_t signed_ns;         /* since 1970; 0: never */
};

/* Those of a bundle that judge by … */
struct census_bundle {
	char name[NAME_PLAIN_MAX + 1];
	uint64_t newest;                        /* version; 0: there is none */
	uint64_t versions[CENSUS_VERSIONS_MAX]; /* the newest one, the one before it, … */
	uint64_t older, none;
	uint64_t unknown; /* a version that was never published */
};

struct census_bundles {
	struct census_bundle *at;
	size_t count;
	uint64_t more; /* bundles that have no number of their own */
};

must_use int census_agents(struct store *store, int64_t now_ns, struct census_agents *ret_agents);
must_use int census_log(struct store *store, struct slice name, struct census_log *ret_log);

/* Those that machines belong to or that have versions, in order of name. */
must_use int census_bundles(struct store *store, struct census_bundles *ret_bundles);
void census_bundles_done(struct census_bundles *bundles);

#endif
