/* SPDX-License-Identifier: MIT */
/* How long one text takes to analyse and to judge under a policy with masks: p50 in nanoseconds of
 * each, for pgbench's SELECT and for a join as reports have it. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "policy/engine/analyse.h"
#include "policy/engine/rehearse.h"

#define ROUNDS 20000

static const char POLICY[] =
	"version: 1\nname: bench\n"
	"databases: { prod: { engine: postgres, hosts: [pg] } }\n"
	"columns: { c: [customers.email, customers.phone, payments.pan] }\n"
	"rules:\n"
	"  - { name: reads, for: everyone, do: read, then: allow }\n"
	"  - { name: masks, for: everyone, mask: { c: { keep-last: 2 } } }\n"
	"  - { name: no-drops, for: everyone, do: [drop, truncate], then: deny }\n";

static const struct {
	const char *name, *sql;
} TEXTS[] = {
	{ "pgbench", "SELECT abalance FROM pgbench_accounts WHERE aid = 4711;" },
	{ "join",
	  "SELECT c.id,\n"
	  "       c.name,\n"
	  "       c.email,\n"
	  "       upper(c.state) AS state,\n"
	  "       o.id AS order_id,\n"
	  "       o.total * 1.19 + o.shipping AS gross,\n"
	  "       p.name || ' (' || p.kind || ')' AS product,\n"
	  "       coalesce(s.weight::numeric / 1000, 0) AS weight,\n"
	  "       date_trunc('month', o.created) AS month,\n"
	  "       sum(o.total) OVER (PARTITION BY c.id ORDER BY o.created) AS so_far\n"
	  "FROM customers c\n"
	  "JOIN orders o ON o.customer_id = c.id\n"
	  "JOIN products p ON p.id = o.product_id\n"
	  "LEFT JOIN shipments s ON s.order_id = o.id AND s.state <> 'lost'\n"
	  "WHERE o.created BETWEEN '2026-01-01' AND '2026-02-01'\n"
	  "  AND o.state IN ('paid', 'sent') AND p.name LIKE 'A%'\n"
	  "  AND (c.state = 'new' OR c.created > now() - interval '1 day')\n"
	  "  AND EXISTS (SELECT 1 FROM payments y WHERE y.order_id = o.id AND y.amount >= 10)\n"
	  "ORDER BY o.created DESC, c.name\n"
	  "LIMIT 100 OFFSET 20" },
};

static uint64_t samples[ROUNDS];

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint64_t middle(void)
{
	qsort(samples, ROUNDS, sizeof(samples[0]), compare);
	return samples[ROUNDS / 2];
}

static uint64_t analyse_ns(struct slice sql, uint32_t *ret_size)
{
	const struct analyse_settings settings = { .standard_conforming_strings = true,
						   .is_utf8 = true };
	SCOPED(buf_done) struct buf block = BUF_MAX(FACTS_SIZE_MAX);

	for (size_t i = 0; i < ROUNDS; i++) {
		uint64_t begin = monotonic_ns();

		buf_clear(&block);
		if (analyse_postgres(sql, &settings, &block) < 0)
			exit(EXIT_FAILURE);
		samples[i] = monotonic_ns() - begin;
	}
	*ret_size = (uint32_t)block.length;
	return middle();
}

/* The text is analysed again each time: what is printed is both. */
static uint64_t judge_ns(struct rehearsal *rehearsal, struct slice sql)
{
	for (size_t i = 0; i < ROUNDS; i++) {
		struct judgement judgement;
		uint64_t begin = monotonic_ns();

		if (rehearsal_judge(rehearsal, CALL_QUERY, sql, 0, &judgement) < 0 ||
		    judgement.decision != DECISION_ALLOW)
			exit(EXIT_FAILURE);
		judgement_done(&judgement);
		samples[i] = monotonic_ns() - begin;
	}
	return middle();
}

int main(void)
{
	SCOPED(policy_freep) struct policy *policy = NULL;
	SCOPED(rehearsal_freep) struct rehearsal *rehearsal = NULL;
	struct slice text = { POLICY, sizeof(POLICY) - 1 };
	const char *name = "bench.yaml";
	struct caller caller = { .count = 0 };
	struct error error;

	if (policy_read_texts(&name, &text, 1, &policy, &error) < 0 ||
	    rehearsal_new(policy, "prod", &caller, &rehearsal, &error) < 0)
		return EXIT_FAILURE;
	for (size_t i = 0; i < COUNT_OF(TEXTS); i++) {
		struct slice sql = slice_of(TEXTS[i].sql);
		uint32_t size;
		uint64_t analysed = analyse_ns(sql, &size), judged = judge_ns(rehearsal, sql);

		printf("%s: analysed in %llu ns, judged too in %llu ns, facts of %u bytes\n",
		       TEXTS[i].name, (unsigned long long)analysed, (unsigned long long)judged,
		       size);
	}
	return EXIT_SUCCESS;
}
