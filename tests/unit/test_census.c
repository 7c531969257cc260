/* SPDX-License-Identifier: MIT */
/* Machines, policies and the log in numbers, on each database. */
#include "tests/unit/store_cluster.h"
#include "tools/server/metrics/census.h"

#define NOW_NS      (1000 * (int64_t)SECOND_NS)
#define MANY        (CENSUS_BUNDLES_MAX + 20)
#define NEVER       ((struct store_value){ .kind = STORE_NULL })
#define SPOOL_CLAIM 1000000000000 /* the most that counts of one machine */

/* A machine, as its row has it. */
struct machine {
	const char *id, *bundle;
	struct store_value revoked, seen, policy, spool;
};

static void add_machine(struct store *store, const struct machine *machine)
{
	ck_assert_int_eq(
		store_do(store,
			 "INSERT INTO agent (id, host, bundle, token_digest, chain_key, enrolled,"
			 " revoked, seen, policy, spool)"
			 " VALUES ($1, 'h', $2, $3, $4, 1, $5, $6, $7, $8)",
			 STORE_VALUES(store_text(slice_of(machine->id)),
				      store_text(slice_of(machine->bundle)),
				      store_bytes(machine->id, strlen(machine->id)),
				      store_bytes("", 0), machine->revoked, machine->seen,
				      machine->policy, machine->spool)),
		0);
}

static void add_version(struct store *store, const char *bundle, int64_t version)
{
	ck_assert_int_eq(store_do(store,
				  "INSERT INTO policy (bundle, version, release, digest, note,"
				  " signers, source, published)"
				  " VALUES ($1, $2, '', $3, '', '', $3, 1)",
				  STORE_VALUES(store_text(slice_of(bundle)), store_number(version),
					       store_bytes("", 0))),
			 0);
}

START_TEST(each_machine_is_in_one_state)
{
	SCOPED(store_closep) struct store *store = open_server_store();
	const struct store_value long_ago = store_number(NOW_NS - (int64_t)CENSUS_SEEN_NS - 1);
	const struct store_value just = store_number(NOW_NS - (int64_t)CENSUS_SEEN_NS);
	const struct machine MACHINES[] = {
		{ "a", "shop", NEVER, just, NEVER, store_number(7) },
		{ "b", "shop", NEVER, just, NEVER, NEVER },
		{ "c", "shop", NEVER, long_ago, NEVER, store_number(5) },
		{ "d", "shop", NEVER, NEVER, NEVER, NEVER },
		{ "e", "shop", NEVER, NEVER, NEVER, store_number(INT64_MAX) },
		{ "f", "shop", NEVER, NEVER, NEVER, store_number(INT64_MAX) },
		{ "g", "shop", store_number(1), just, NEVER, store_number(100) },
	};
	struct census_agents agents;

	ck_assert_int_eq(census_agents(store, NOW_NS, &agents), 0);
	ck_assert_uint_eq(agents.seen + agents.unseen + agents.revoked, 0);
	for (size_t i = 0; i < COUNT_OF(MACHINES); i++)
		add_machine(store, &MACHINES[i]);
	ck_assert_int_eq(census_agents(store, NOW_NS, &agents), 0);
	ck_assert_uint_eq(agents.seen, 2);
	ck_assert_uint_eq(agents.unseen, 4);
	ck_assert_uint_eq(agents.revoked, 1);
	ck_assert_uint_eq(agents.spool, 12 + 2 * SPOOL_CLAIM);
	ck_assert_uint_eq(agents.spool_max, SPOOL_CLAIM);
}
END_TEST

START_TEST(machines_are_counted_by_what_they_judge_by)
{
	SCOPED(store_closep) struct store *store = open_server_store();
	SCOPED(census_bundles_done) struct census_bundles bundles = { .count = 0 };
	const struct machine MACHINES[] = {
		{ "a", "shop", NEVER, NEVER, store_number(12), NEVER },
		{ "b", "shop", NEVER, NEVER, store_number(12), NEVER },
		{ "c", "shop", NEVER, NEVER, store_number(5), NEVER },
		{ "d", "shop", NEVER, NEVER, store_number(4), NEVER },
		{ "e", "shop", NEVER, NEVER, store_number(3), NEVER },
		{ "f", "shop", NEVER, NEVER, NEVER, NEVER },
		{ "g", "shop", NEVER, NEVER, store_number(0), NEVER },
		{ "h", "shop", NEVER, NEVER, store_number(INT64_MAX), NEVER },
		{ "i", "shop", store_number(1), NEVER, store_number(12), NEVER },
		{ "j", "empty", NEVER, NEVER, store_number(1), NEVER },
	};

	for (int64_t version = 1; version <= 12; version++)
		add_version(store, "shop", version);
	add_version(store, "alone", 1);
	for (size_t i = 0; i < COUNT_OF(MACHINES); i++)
		add_machine(store, &MACHINES[i]);
	ck_assert_int_eq(census_bundles(store, &bundles), 0);
	ck_assert_uint_eq(bundles.count, 3);
	ck_assert_uint_eq(bundles.more, 0);
	const struct census_bundle *alone = &bundles.at[0], *empty = &bundles.at[1],
				   *shop = &bundles.at[2];
	ck_assert_str_eq(alone->name, "alone");
	ck_assert_uint_eq(alone->newest, 1);
	ck_assert_uint_eq(alone->versions[0] + alone->none + alone->unknown + alone->older, 0);
	ck_assert_str_eq(empty->name, "empty");
	ck_assert_uint_eq(empty->newest, 0);
	ck_assert_uint_eq(empty->unknown, 1);
	ck_assert_str_eq(shop->name, "shop");
	ck_assert_uint_eq(shop->newest, 12);
	ck_assert_uint_eq(shop->versions[0], 2);
	ck_assert_uint_eq(shop->versions[CENSUS_VERSIONS_MAX - 1], 1);
	ck_assert_uint_eq(shop->older, 2);
	ck_assert_uint_eq(shop->none, 2);
	ck_assert_uint_eq(shop->unknown, 1);
}
END_TEST

START_TEST(bundles_have_an_end)
{
	SCOPED(store_closep) struct store *store = open_server_store();
	SCOPED(census_bundles_done) struct census_bundles bundles = { .count = 0 };
	char name[32];

	for (unsigned int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "bundle-%03u", i);
		const struct machine machine = { name, name, NEVER, NEVER, NEVER, NEVER };
		add_machine(store, &machine);
	}
	ck_assert_int_eq(census_bundles(store, &bundles), 0);
	ck_assert_uint_eq(bundles.count, CENSUS_BUNDLES_MAX);
	ck_assert_uint_eq(bundles.more, MANY - CENSUS_BUNDLES_MAX);
}
END_TEST

START_TEST(the_log_is_as_large_as_its_tree_and_signed_up_to_its_checkpoint)
{
	SCOPED(store_closep) struct store *store = open_server_store();
	struct census_log log;

	ck_assert_int_eq(census_log(store, SLICE("shop/log"), &log), 0);
	ck_assert_uint_eq(log.size + log.signed_size + log.signed_ns, 0);
	ck_assert_int_eq(
		store_do(store,
			 "INSERT INTO log_tree (log, name, verifier, size, edge, forwarder)"
			 " VALUES (1, 'shop/log', '', 9, $1, 1), (2, 'other/log', '', 99, $1, 2)",
			 STORE_VALUES(store_bytes("", 0))),
		0);
	ck_assert_int_eq(store_do(store,
				  "INSERT INTO log_checkpoint (log, size, made, note)"
				  " VALUES (1, 3, 30, ''), (1, 8, 80, ''), (2, 90, 900, '')",
				  STORE_NO_VALUES),
			 0);
	ck_assert_int_eq(census_log(store, SLICE("shop/log"), &log), 0);
	ck_assert_uint_eq(log.size, 9);
	ck_assert_uint_eq(log.signed_size, 8);
	ck_assert_uint_eq(log.signed_ns, 80);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, each_machine_is_in_one_state);
	tcase_add_test(tests, machines_are_counted_by_what_they_judge_by);
	tcase_add_test(tests, bundles_have_an_end);
	tcase_add_test(tests, the_log_is_as_large_as_its_tree_and_signed_up_to_its_checkpoint);
}

int main(int argc, char **argv)
{
	(void)argv;
	return argc == 2 ? run_on_postgresql("census in PostgreSQL", add_tests)
			 : run_suite("census", make_folder, remove_folder, add_tests);
}
