/* SPDX-License-Identifier: MIT */
/* The log's tree that the database keeps is the one that RFC 6962 defines, however it is cut into
 * transactions, and proves what is in it. */
#include <errno.h>

#include "tests/unit/store_fixture.h"
#include "tools/server/record/ledger.h"

#define LEAVES 66000u /* more than a tile of the third row begins with */

static const struct slice NAME = { "shop.example/log", 16 };
static struct signing_key key;
static int64_t log_number;

/* One with a log, of a key that is new. */
static struct store *open_log_store(void)
{
	struct store *store = open_server_store();

	ck_assert_int_eq(signing_key_new(NAME, &key), 0);
	ck_assert_int_eq(ledger_open(store, &key.verifying, &log_number), 0);
	return store;
}

static struct tree_hash leaf(uint64_t i)
{
	return tree_leaf((struct slice){ (const char *)&i, sizeof(i) });
}

static void grow(struct store *store, uint64_t count)
{
	static struct ledger ledger;

	ck_assert_int_eq(store_do(store, "BEGIN", STORE_NO_VALUES), 0);
	ck_assert_int_eq(ledger_load(store, log_number, &ledger), 0);
	for (uint64_t i = 0; i < count; i++) {
		struct tree_hash hash = leaf(ledger.tree.size);

		ck_assert_int_eq(ledger_add(&ledger, &hash), 0);
	}
	ck_assert_int_eq(ledger_save(&ledger), 0);
	ck_assert_int_eq(store_do(store, "COMMIT", STORE_NO_VALUES), 0);
}

static struct tree_hash root_at(uint64_t size)
{
	struct tree tree = { .size = 0 };

	while (tree.size < size) {
		struct tree_hash hash = leaf(tree.size);

		ck_assert_int_eq(tree_add(&tree, &hash, NULL, NULL), 0);
	}
	return tree_root(&tree);
}

static struct tree_hash kept_root(struct store *store)
{
	static struct ledger ledger;

	ck_assert_int_eq(ledger_load(store, log_number, &ledger), 0);
	return tree_root(&ledger.tree);
}

START_TEST(the_tree_goes_on_where_it_was)
{
	static const uint64_t STEPS[] = { 1, 1, 5, 248, 1, 1, 255, 256, 257, 3, 1000 };
	SCOPED(store_closep) struct store *store = open_log_store();
	uint64_t size = 0;

	for (size_t i = 0; i < COUNT_OF(STEPS); i++) {
		grow(store, STEPS[i]);
		size += STEPS[i];
		struct tree_hash root = kept_root(store), right = root_at(size);
		ck_assert_int_eq(memcmp(&root, &right, sizeof(root)), 0);
	}
}
END_TEST

START_TEST(what_was_undone_leaves_nothing)
{
	SCOPED(store_closep) struct store *store = open_log_store();
	static struct ledger ledger;

	grow(store, 300);
	struct tree_hash before = kept_root(store), hash = leaf(7);
	ck_assert_int_eq(store_do(store, "BEGIN", STORE_NO_VALUES), 0);
	ck_assert_int_eq(ledger_load(store, log_number, &ledger), 0);
	for (int i = 0; i < 300; i++)
		ck_assert_int_eq(ledger_add(&ledger, &hash), 0);
	ck_assert_int_eq(ledger_save(&ledger), 0);
	ck_assert_int_eq(store_do(store, "ROLLBACK", STORE_NO_VALUES), 0);
	struct tree_hash after = kept_root(store);
	ck_assert_int_eq(memcmp(&before, &after, sizeof(before)), 0);
	grow(store, 300);
	after = kept_root(store);
	before = root_at(600);
	ck_assert_int_eq(memcmp(&before, &after, sizeof(before)), 0);
}
END_TEST

START_TEST(leaves_and_growth_are_proved)
{
	static const uint64_t PLACES[] = { 0,   1,     254,   255,   256,       257,
					   511, 12345, 65535, 65536, LEAVES - 1 };
	SCOPED(store_closep) struct store *store = open_log_store();
	struct ledger_place place = { store, log_number };
	const struct tree_source source = { ledger_find, &place };
	struct tree_proof proof;

	grow(store, LEAVES / 2);
	grow(store, LEAVES - LEAVES / 2);
	struct tree_hash root = kept_root(store);
	for (size_t i = 0; i < COUNT_OF(PLACES); i++) {
		struct tree_hash hash = leaf(PLACES[i]), old = root_at(PLACES[i] + 1);

		ck_assert_int_eq(tree_prove_leaf(&source, PLACES[i], LEAVES, &proof), 0);
		ck_assert(tree_has_leaf(&proof, &hash, PLACES[i], LEAVES, &root));
		ck_assert_int_eq(tree_prove_growth(&source, PLACES[i] + 1, LEAVES, &proof), 0);
		ck_assert(tree_has_grown(&proof, PLACES[i] + 1, &old, LEAVES, &root));
	}
}
END_TEST

START_TEST(hashes_that_are_not_there_are_none)
{
	SCOPED(store_closep) struct store *store = open_log_store();
	struct ledger_place place = { store, log_number };
	struct tree_hash hash;

	grow(store, 300);
	ck_assert_int_eq(ledger_find(&place, 0, 299, &hash), 0);
	ck_assert_int_eq(ledger_find(&place, 0, 300, &hash), -ERANGE);
	ck_assert_int_eq(ledger_find(&place, 8, 0, &hash), 0);
	ck_assert_int_eq(ledger_find(&place, 8, 1, &hash), -ERANGE);
	ck_assert_int_eq(ledger_find(&place, 3, 37, &hash), -ERANGE);
	ck_assert_int_eq(ledger_find(&place, 63, 0, &hash), -ERANGE);
}
END_TEST

static int64_t checkpoints(struct store *store)
{
	return number(store, "SELECT count(*) FROM log_checkpoint");
}

START_TEST(a_checkpoint_is_signed_once_for_each_size)
{
	SCOPED(store_closep) struct store *store = open_log_store();
	const struct ledger_signer signer = { log_number, &key };

	ck_assert_int_eq(ledger_sign(store, &signer), 0);
	ck_assert_int_eq(checkpoints(store), 0);
	for (int64_t i = 1; i <= 3; i++) {
		grow(store, 10);
		ck_assert_int_eq(ledger_sign(store, &signer), 0);
		ck_assert_int_eq(ledger_sign(store, &signer), 0);
		ck_assert_int_eq(checkpoints(store), i);
	}
	signing_key_done(&key);
}
END_TEST

START_TEST(every_key_has_a_log_of_its_own)
{
	static const struct slice OTHER = { "shop.example/log/b", 18 };
	SCOPED(store_closep) struct store *store = open_log_store();
	int64_t first = log_number, second;
	struct signing_key other;

	grow(store, 300);
	ck_assert_int_eq(signing_key_new(OTHER, &other), 0);
	ck_assert_int_eq(ledger_open(store, &other.verifying, &second), 0);
	ck_assert_int_ne(first, second);
	log_number = second;
	grow(store, 400);
	ck_assert_int_eq(ledger_sign(store, &(struct ledger_signer){ second, &other }), 0);
	log_number = first;
	grow(store, 300);
	ck_assert_int_eq(ledger_sign(store, &(struct ledger_signer){ first, &key }), 0);
	struct tree_hash root = kept_root(store), right = root_at(600);
	ck_assert_int_eq(memcmp(&root, &right, sizeof(root)), 0);
	ck_assert_int_eq(checkpoints(store), 2);
	ck_assert_int_eq(ledger_open(store, &key.verifying, &second), 0);
	ck_assert_int_eq(first, second);
	signing_key_done(&other);
}
END_TEST

START_TEST(another_key_of_the_name_is_told)
{
	SCOPED(store_closep) struct store *store = open_log_store();
	struct signing_key other;
	int64_t log;

	ck_assert_int_eq(signing_key_new(NAME, &other), 0);
	ck_assert_int_eq(ledger_open(store, &other.verifying, &log), -EKEYREJECTED);
	signing_key_done(&other);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, the_tree_goes_on_where_it_was);
	tcase_add_test(tcase, what_was_undone_leaves_nothing);
	tcase_add_test(tcase, leaves_and_growth_are_proved);
	tcase_add_test(tcase, hashes_that_are_not_there_are_none);
	tcase_add_test(tcase, a_checkpoint_is_signed_once_for_each_size);
	tcase_add_test(tcase, every_key_has_a_log_of_its_own);
	tcase_add_test(tcase, another_key_of_the_name_is_told);
}

int main(void)
{
	return run_suite("ledger", make_folder, remove_folder, add_tests);
}
