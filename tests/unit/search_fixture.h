/* SPDX-License-Identifier: MIT */
/* A small record of two machines that can be searched. */
#ifndef TESTS_UNIT_SEARCH_FIXTURE_H
#define TESTS_UNIT_SEARCH_FIXTURE_H

#include "tests/unit/store_fixture.h"
#include "common/record.h"
#include "tools/server/record/index.h"

#define BOOT 0x91930c7eu /* whose numbers are negative where they are signed */
#define OURS ((uint64_t)BOOT << 32)

enum { PROCESS = 2, ANNA = 3, BERT = 4, READS = 16, DROPS, MASKS };

static struct store *store;
static struct index *filled;
static uint64_t place, leaf;

static inline void add_agent(const char *id, const char *host, int64_t source)
{
	ck_assert_int_eq(
		store_do(store,
			 "INSERT INTO agent (id, host, bundle, token_digest, chain_key, enrolled)"
			 " VALUES ($1, $2, 'shop', $3, $3, 1)",
			 STORE_VALUES(store_text(slice_of(id)), store_text(slice_of(host)),
				      store_bytes(id, strlen(id)))),
		0);
	ck_assert_int_eq(store_do(store,
				  "INSERT INTO record_source (agent, source) VALUES ($1, $2)",
				  STORE_VALUES(store_text(slice_of(id)), store_number(source))),
			 0);
}

static inline void take(const struct record_entry *entry)
{
	ck_assert_int_eq(index_add(filled, entry, leaf, place++), 0);
}

static inline void take_subject(enum record_kind kind, uint64_t own, uint64_t parent,
				const struct record_fact *facts, size_t count)
{
	const struct record_entry entry = { .kind = kind,
					    .number = OURS | own,
					    .parent = OURS | parent,
					    .time_ns = 1,
					    .facts = facts,
					    .fact_count = count };

	take(&entry);
}

static inline void take_judgement(uint64_t number, const char *shape, const char *decision,
				  const char *rule, const char *effect)
{
	const struct slice rules[] = { slice_of(rule) }, effects[] = { slice_of(effect) };
	const struct record_entry entry = { .kind = RECORD_JUDGEMENT,
					    .number = OURS | number,
					    .parent = OURS | 1,
					    .time_ns = 1,
					    .shape = slice_of(shape),
					    .decision = slice_of(decision),
					    .would_decide = slice_of(decision),
					    .reason = SLICE("rule"),
					    .rules = rules,
					    .rule_count = 1,
					    .effects = effects,
					    .effect_count = 1 };

	take(&entry);
}

static inline void begin_delivery(int64_t source)
{
	ck_assert_int_eq(store_do(store, "BEGIN", STORE_NO_VALUES), 0);
	ck_assert_int_eq(
		index_new(store, &(struct index_place){ .source = source, .log = 1, .boot = BOOT },
			  &filled),
		0);
	place = 0;
}

static inline void end_delivery(void)
{
	uint64_t first, last;

	ck_assert_int_eq(index_end(filled, &first, &last), 0);
	leaf++;
	ck_assert_int_eq(store_do(store,
				  "INSERT INTO log_tree (log, name, verifier, size, edge,"
				  " forwarder) VALUES (1, 'log', '', $1, $2, 1)"
				  " ON CONFLICT (log) DO UPDATE SET size = excluded.size",
				  STORE_VALUES(store_number((int64_t)leaf), store_bytes("", 0))),
			 0);
	ck_assert_int_eq(store_do(store, "COMMIT", STORE_NO_VALUES), 0);
	index_free(filled);
}

static inline void take_kind(enum record_kind kind, uint64_t connection, uint64_t sequence,
			     uint64_t judgement)
{
	const struct record_entry entry = {
		.kind = kind,
		.number = sequence,
		.parent = OURS | connection,
		.judgement = OURS | judgement,
		.time_ns = 1000 + sequence,
		.slot = { .flags = judgement == DROPS ? RING_REFUSED : RING_CACHED_EXACT,
			  .outcome = { .rows = 3, .masked_cells = judgement == MASKS } }
	};

	take(&entry);
}

static inline void take_statement(uint64_t connection, uint64_t sequence, uint64_t judgement)
{
	take_kind(RECORD_INTENT, connection, sequence, judgement);
	take_kind(RECORD_OUTCOME, connection, sequence, judgement);
}

static inline void tell_who(void)
{
	const struct record_fact process[] = {
		{ SLICE("exe"), SLICE("/usr/bin/psql"), RECORD_OBSERVED },
		{ SLICE("user"), SLICE("deploy"), RECORD_OBSERVED },
	};
	const struct record_fact anna[] = {
		{ SLICE("person"), SLICE("anna"), RECORD_PROVEN },
		{ SLICE("database"), SLICE("shop"), RECORD_OBSERVED },
	};
	const struct record_fact bert[] = {
		{ SLICE("person"), SLICE("bert"), RECORD_PROVEN },
		{ SLICE("agent"), SLICE("refund-bot"), RECORD_CLAIMED },
		{ SLICE("database"), SLICE("ledger"), RECORD_OBSERVED },
	};

	take_subject(RECORD_PROCESS, PROCESS, 0, process, COUNT_OF(process));
	take_subject(RECORD_CONNECTION, ANNA, PROCESS, anna, COUNT_OF(anna));
	take_subject(RECORD_CONNECTION, BERT, PROCESS, bert, COUNT_OF(bert));
	take_judgement(READS, "SELECT email FROM orders", "allow", "shop/reads",
		       "select public.orders");
	take_judgement(DROPS, "drop table audit", "deny", "shop/no-drops", "drop public.audit");
	take_judgement(MASKS, "select * from people", "allow", "hr/masks", "select hr.people");
}

/* Machine a1: five statements of each connection; a2: one that is masked, and a question. */
static inline void open_all(void)
{
	const struct record_entry note = { .kind = RECORD_NOTE,
					   .parent = OURS | PROCESS,
					   .time_ns = 77,
					   .shape = SLICE("Disk full") };

	make_folder();
	store = open_server_store();
	leaf = 0;
	add_agent("a1", "client-1", 1);
	add_agent("a2", "client-2", 2);
	begin_delivery(1);
	tell_who();
	for (uint64_t i = 1; i <= 5; i++) {
		take_statement(ANNA, i, READS);
		take_statement(BERT, 100 + i, i == 3 ? DROPS : READS);
	}
	take(&note);
	end_delivery();
	begin_delivery(2);
	tell_who();
	take_statement(ANNA, 50, MASKS);
	take_kind(RECORD_MISS, BERT, 51, DROPS);
	take_kind(RECORD_INTENT, 9, 52, 0); /* of whom and what nothing is known */
	end_delivery();
}

static inline void close_all(void)
{
	store_close(store);
	remove_folder();
}

#endif
