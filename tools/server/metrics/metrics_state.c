/* SPDX-License-Identifier: MIT */
/* The metrics of how things are: connections and queues, and what the database has. */
#include <inttypes.h>
#include <stdio.h>

#include "tools/server/metrics/scrape.h"

#define NUMBER_SIZE 24u
#define PREFIX      "chaperone_server_"

static const char *const LANE_NAMES[] = {
#define LANE_NAME(lane, name, threads, waiting, together) [lane] = name,
	LANES(LANE_NAME)
#undef LANE_NAME
};

static void write_connections(const struct scrape *scrape, const char *name)
{
	exposition_count(scrape->out, name, EXPOSITION_NO_LABELS, scrape->http.connections);
}

static void write_connections_max(const struct scrape *scrape, const char *name)
{
	exposition_count(scrape->out, name, EXPOSITION_NO_LABELS, scrape->http.connections_max);
}

static void write_held(const struct scrape *scrape, const char *name)
{
	exposition_count(scrape->out, name, EXPOSITION_NO_LABELS,
			 holds_count(&scrape->server->holds));
}

static void write_waiting(const struct scrape *scrape, const char *name)
{
	for (size_t i = LANE_NONE + 1; i < LANE_COUNT; i++)
		exposition_count(scrape->out, name,
				 EXPOSITION_LABELS({ "lane", slice_of(LANE_NAMES[i]) }),
				 scrape->http.lanes[i].waiting);
}

static void write_rejected(const struct scrape *scrape, const char *name)
{
	for (size_t i = LANE_NONE + 1; i < LANE_COUNT; i++)
		exposition_count(scrape->out, name,
				 EXPOSITION_LABELS({ "lane", slice_of(LANE_NAMES[i]) }),
				 scrape->http.lanes[i].rejected);
}

static void write_ready(const struct scrape *scrape, const char *name)
{
	char why[REPLY_WHY_SIZE];

	exposition_count(scrape->out, name, EXPOSITION_NO_LABELS,
			 pulse_is_there(&scrape->server->pulse, why));
}

static void write_tree(const struct scrape *scrape, const char *name)
{
	if (scrape->has_log)
		exposition_count(scrape->out, name, EXPOSITION_NO_LABELS, scrape->log.size);
}

static void write_signed(const struct scrape *scrape, const char *name)
{
	if (scrape->has_log)
		exposition_count(scrape->out, name, EXPOSITION_NO_LABELS, scrape->log.signed_size);
}

static void write_age(const struct scrape *scrape, const char *name)
{
	uint64_t then_ns = scrape->log.signed_ns, now_ns = scrape->now_ns;

	if (scrape->has_log && then_ns > 0)
		exposition_seconds(scrape->out, name, EXPOSITION_NO_LABELS,
				   now_ns > then_ns ? now_ns - then_ns : 0);
}

static void write_agents(const struct scrape *scrape, const char *name)
{
	const struct census_agents *agents = &scrape->agents;

	if (!scrape->has_agents)
		return;
	exposition_count(scrape->out, name, EXPOSITION_LABELS({ "state", SLICE("seen") }),
			 agents->seen);
	exposition_count(scrape->out, name, EXPOSITION_LABELS({ "state", SLICE("unseen") }),
			 agents->unseen);
	exposition_count(scrape->out, name, EXPOSITION_LABELS({ "state", SLICE("revoked") }),
			 agents->revoked);
}

static void write_spool(const struct scrape *scrape, const char *name)
{
	if (scrape->has_agents)
		exposition_count(scrape->out, name, EXPOSITION_NO_LABELS, scrape->agents.spool);
}

static void write_spool_max(const struct scrape *scrape, const char *name)
{
	if (scrape->has_agents)
		exposition_count(scrape->out, name, EXPOSITION_NO_LABELS, scrape->agents.spool_max);
}

static void write_newest(const struct scrape *scrape, const char *name)
{
	for (size_t i = 0; i < scrape->bundles.count && scrape->has_bundles; i++)
		exposition_count(
			scrape->out, name,
			EXPOSITION_LABELS({ "bundle", slice_of(scrape->bundles.at[i].name) }),
			scrape->bundles.at[i].newest);
}

static void write_spread_one(struct buf *out, const char *name, const char *bundle,
			     const char *version, uint64_t count)
{
	exposition_count(
		out, name,
		EXPOSITION_LABELS({ "bundle", slice_of(bundle) }, { "version", slice_of(version) }),
		count);
}

static void write_spread_of(struct buf *out, const char *name, const struct census_bundle *bundle)
{
	for (uint64_t i = 0; i < CENSUS_VERSIONS_MAX && i < bundle->newest; i++) {
		char version[NUMBER_SIZE];

		snprintf(version, sizeof(version), "%" PRIu64, bundle->newest - i);
		write_spread_one(out, name, bundle->name, version, bundle->versions[i]);
	}
	write_spread_one(out, name, bundle->name, "older", bundle->older);
	write_spread_one(out, name, bundle->name, "none", bundle->none);
	write_spread_one(out, name, bundle->name, "unknown", bundle->unknown);
}

/* No bundle has an empty name, so that of the others is one. */
static void write_spread(const struct scrape *scrape, const char *name)
{
	if (!scrape->has_bundles)
		return;
	for (size_t i = 0; i < scrape->bundles.count; i++)
		write_spread_of(scrape->out, name, &scrape->bundles.at[i]);
	if (scrape->bundles.more > 0)
		write_spread_one(scrape->out, name, "", "", scrape->bundles.more);
}

const struct metric METRICS_STATE[] = {
	{ PREFIX "ready", "gauge", "Whether data can be kept, as GET /readyz says.", write_ready },
	{ PREFIX "connections", "gauge", "Connections that are open.", write_connections },
	{ PREFIX "connections_max", "gauge", "Connections that can be open.",
	  write_connections_max },
	{ PREFIX "polls_held", "gauge", "Machines that wait for a newer policy.", write_held },
	{ PREFIX "lane_waiting", "gauge", "Requests that wait for a thread.", write_waiting },
	{ PREFIX "lane_rejected_total", "counter", "Requests for which too many waited already.",
	  write_rejected },
	{ PREFIX "log_size", "gauge", "Leaves of the log's tree.", write_tree },
	{ PREFIX "checkpoint_size", "gauge", "Leaves that the newest checkpoint has.",
	  write_signed },
	{ PREFIX "checkpoint_age_seconds", "gauge",
	  "Since the newest checkpoint; there is a newer one only when the log grew.", write_age },
	{ PREFIX "agents", "gauge",
	  "Machines: seen within two minutes, enrolled but unseen for longer, revoked.",
	  write_agents },
	{ PREFIX "agents_spool_entries", "gauge",
	  "Entries of records that wait on all machines, as they said last.", write_spool },
	{ PREFIX "agents_spool_entries_max", "gauge", "Those of the machine with the most.",
	  write_spool_max },
	{ PREFIX "policy_version", "gauge", "The newest version of each bundle; 0: there is none.",
	  write_newest },
	{ PREFIX "policy_agents", "gauge",
	  "Machines that are enrolled, by bundle and the version that they judge by.",
	  write_spread },
	{ .name = NULL },
};
