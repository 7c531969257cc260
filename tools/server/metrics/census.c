/* SPDX-License-Identifier: MIT */
#include "tools/server/metrics/census.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static int take_agents(void *context, const struct store_value *columns, size_t count)
{
	struct census_agents *agents = context;

	(void)count;
	agents->seen = (uint64_t)columns[0].number;
	agents->unseen = (uint64_t)columns[1].number;
	agents->revoked = (uint64_t)columns[2].number;
	agents->spool = (uint64_t)columns[3].number;
	agents->spool_max = (uint64_t)columns[4].number;
	return 0;
}

/* The sums of numbers that machines said are no integers any more where they would be too large:
 * each counts as a million of millions at most. */
int census_agents(struct store *store, int64_t now_ns, struct census_agents *ret_agents)
{
	return store_run(
		store,
		"SELECT"
		" coalesce(sum(CASE WHEN revoked IS NULL AND seen >= $1 THEN 1 ELSE 0 END), 0),"
		" coalesce(sum(CASE WHEN revoked IS NULL AND coalesce(seen, 0) < $1"
		" THEN 1 ELSE 0 END), 0),"
		" coalesce(sum(CASE WHEN revoked IS NULL THEN 0 ELSE 1 END), 0),"
		" CAST(coalesce(sum(CASE WHEN revoked IS NOT NULL OR spool IS NULL THEN 0"
		" WHEN spool > 1000000000000 THEN 1000000000000 ELSE spool END), 0) AS BIGINT),"
		" coalesce(max(CASE WHEN revoked IS NOT NULL OR spool IS NULL THEN 0"
		" WHEN spool > 1000000000000 THEN 1000000000000 ELSE spool END), 0)"
		" FROM agent",
		STORE_VALUES(store_number(now_ns - (int64_t)CENSUS_SEEN_NS)), take_agents,
		ret_agents);
}

static int take_size(void *context, const struct store_value *columns, size_t count)
{
	(void)count;
	((struct census_log *)context)->size = (uint64_t)columns[0].number;
	return 0;
}

static int take_checkpoint(void *context, const struct store_value *columns, size_t count)
{
	struct census_log *log = context;

	(void)count;
	log->signed_size = (uint64_t)columns[0].number;
	log->signed_ns = (uint64_t)columns[1].number;
	return 0;
}

int census_log(struct store *store, struct slice name, struct census_log *ret_log)
{
	*ret_log = (struct census_log){ .size = 0 };
	int r = store_run(store, "SELECT size FROM log_tree WHERE name = $1",
			  STORE_VALUES(store_text(name)), take_size, ret_log);

	return r < 0 ? r
		     : store_run(store,
				 "SELECT c.size, c.made FROM log_checkpoint c"
				 " JOIN log_tree t ON t.log = c.log WHERE t.name = $1"
				 " ORDER BY c.size DESC LIMIT 1",
				 STORE_VALUES(store_text(name)), take_checkpoint, ret_log);
}

/* The bundle of a row, which comes in order of name; NULL: it has no number of its own. */
static struct census_bundle *bundle_of(struct census_bundles *bundles, struct slice name)
{
	struct census_bundle *last = bundles->count > 0 ? &bundles->at[bundles->count - 1] : NULL;

	if (last && slice_is(name, last->name))
		return last;
	if (bundles->count == CENSUS_BUNDLES_MAX)
		return NULL;
	struct census_bundle *bundle = &bundles->at[bundles->count++];
	*bundle = (struct census_bundle){ .newest = 0 };
	snprintf(bundle->name, sizeof(bundle->name), "%.*s", SLICE_ARGUMENTS(name));
	return bundle;
}

static uint64_t *place_of(struct census_bundle *bundle, const struct store_value *policy)
{
	uint64_t version = (uint64_t)policy->number;

	if (policy->kind == STORE_NULL || policy->number == 0)
		return &bundle->none;
	if (version > bundle->newest)
		return &bundle->unknown;
	return bundle->newest - version < CENSUS_VERSIONS_MAX
		       ? &bundle->versions[bundle->newest - version]
		       : &bundle->older;
}

static int take_bundle(void *context, const struct store_value *columns, size_t count)
{
	struct census_bundles *bundles = context;
	struct census_bundle *bundle = bundle_of(bundles, columns[0].bytes);

	(void)count;
	if (!bundle) {
		bundles->more += (uint64_t)columns[3].number;
		return 0;
	}
	bundle->newest = (uint64_t)columns[1].number;
	*place_of(bundle, &columns[2]) += (uint64_t)columns[3].number;
	return 0;
}

int census_bundles(struct store *store, struct census_bundles *ret_bundles)
{
	*ret_bundles = (struct census_bundles){ .at = calloc(CENSUS_BUNDLES_MAX,
							     sizeof(struct census_bundle)) };
	if (!ret_bundles->at)
		return -ENOMEM;
	return store_run(
		store,
		"SELECT known.bundle, coalesce(newest.version, 0), agent.policy, count(agent.id)"
		" FROM (SELECT bundle FROM policy UNION"
		" SELECT bundle FROM agent WHERE revoked IS NULL) known"
		" LEFT JOIN (SELECT bundle, max(version) AS version FROM policy GROUP BY bundle)"
		" newest ON newest.bundle = known.bundle"
		" LEFT JOIN agent ON agent.bundle = known.bundle AND agent.revoked IS NULL"
		" GROUP BY known.bundle, newest.version, agent.policy ORDER BY known.bundle",
		STORE_NO_VALUES, take_bundle, ret_bundles);
}

void census_bundles_done(struct census_bundles *bundles)
{
	free(bundles->at);
}
