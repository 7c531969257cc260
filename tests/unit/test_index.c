/* SPDX-License-Identifier: MIT */
/* What a record tells becomes rows, however it is cut into deliveries. */
#include "tests/unit/store_cluster.h"
#include "tests/unit/store_fixture.h"
#include "tools/server/record/index.h"
#include "tools/server/record/index_pending.h"

#define BOOT  0x01930c7eu
#define OTHER 0x02000000u
#define OURS  ((uint64_t)BOOT << 32)

static struct store *store;
static struct index *filled;
static uint64_t place;

static void begin_delivery(void)
{
	ck_assert_int_eq(store_do(store, "BEGIN", STORE_NO_VALUES), 0);
	ck_assert_int_eq(index_new(store,
				   &(struct index_place){ .source = 1, .log = 1, .boot = BOOT },
				   &filled),
			 0);
}

static void open_all(void)
{
	make_folder();
	store = open_server_store();
	begin_delivery();
	place = 0;
}

static void next_delivery(void)
{
	uint64_t first, last;

	ck_assert_int_eq(index_end(filled, &first, &last), 0);
	ck_assert_int_eq(store_do(store, "COMMIT", STORE_NO_VALUES), 0);
	index_free(filled);
	begin_delivery();
}

static void close_all(void)
{
	index_free(filled);
	store_close(store);
	remove_folder();
}

static void take(const struct record_entry *entry)
{
	ck_assert_int_eq(index_add(filled, entry, 7, place++), 0);
}

static void take_kind(enum record_kind kind, uint64_t number, uint64_t judgement, uint8_t flags)
{
	const struct record_entry entry = { .kind = kind,
					    .number = number,
					    .parent = OURS | 4,
					    .judgement = judgement,
					    .time_ns = 1000 + number,
					    .slot = { .flags = flags, .outcome = { .rows = 3 } } };

	take(&entry);
}

START_TEST(an_outcome_finds_its_statement)
{
	for (uint64_t i = 0; i < 3; i++)
		take_kind(RECORD_INTENT, i, OURS | 9, RING_CACHED_EXACT);
	take_kind(RECORD_OUTCOME, 0, 0, 0);
	next_delivery();
	take_kind(RECORD_OUTCOME, 1, 0, 0);
	take_kind(RECORD_LOST, 2, 0, 0);
	take_kind(RECORD_OUTCOME, 2, 0, 0); /* the first one counts */
	take_kind(RECORD_OUTCOME, 77, 0, 0);
	next_delivery();
	ck_assert_int_eq(number(store, "SELECT count(*) FROM record_event"), 3);
	ck_assert_int_eq(
		number(store,
		       "SELECT CAST(sum(rows_count) AS BIGINT) FROM record_event WHERE status = 0"),
		6);
	ck_assert_int_eq(number(store, "SELECT status FROM record_event WHERE sequence = 2"), -1);
	ck_assert_int_eq(number(store, "SELECT min(leaf) FROM record_event"), 7);
}
END_TEST

START_TEST(more_statements_than_are_kept_back)
{
	for (uint64_t i = 0; i < 3 * PENDING_MAX + 5; i++)
		take_kind(RECORD_INTENT, i, OURS | 9, RING_CACHED_EXACT);
	for (uint64_t i = 0; i < 3 * PENDING_MAX + 5; i++)
		take_kind(RECORD_OUTCOME, i, 0, 0);
	next_delivery();
	ck_assert_int_eq(number(store, "SELECT count(*) FROM record_event WHERE status = 0"),
			 3 * PENDING_MAX + 5);
}
END_TEST

START_TEST(a_question_stays_until_a_statement_tells_of_it)
{
	for (uint64_t i = 1; i <= 3; i++)
		take_kind(RECORD_MISS, 0, OURS | i, 0);
	take_kind(RECORD_INTENT, 1, OURS | 1, 0);
	next_delivery();
	ck_assert_int_eq(number(store, "SELECT count(*) FROM record_asked"), 2);
	take_kind(RECORD_INTENT, 2, OURS | 2, 0);
	next_delivery();
	ck_assert_int_eq(number(store, "SELECT count(*) FROM record_asked"), 1);
	ck_assert_int_eq(number(store, "SELECT judgement FROM record_asked"), (int64_t)(OURS | 3));
}
END_TEST

START_TEST(a_question_that_was_answered_can_be_asked_again)
{
	take_kind(RECORD_MISS, 0, OURS | 1, 0);
	take_kind(RECORD_INTENT, 1, OURS | 1, 0);
	take_kind(RECORD_MISS, 7, OURS | 1, 0);
	take_kind(RECORD_MISS, 0, OURS | 2, 0);
	take_kind(RECORD_INTENT, 2, OURS | 2, 0);
	take_kind(RECORD_MISS, 0, OURS | 2, 0);
	take_kind(RECORD_INTENT, 3, OURS | 2, 0);
	next_delivery();
	ck_assert_int_eq(number(store, "SELECT count(*) FROM record_asked"), 1);
	ck_assert_int_eq(number(store, "SELECT time FROM record_asked"), 1007);
	ck_assert_int_eq(number(store, "SELECT count(*) FROM record_event"), 3);
}
END_TEST

START_TEST(numbers_belong_to_their_boot)
{
	take_kind(RECORD_INTENT, 1, 9, RING_CACHED_EXACT);
	take_kind(RECORD_INTENT, 2, (uint64_t)OTHER << 32 | 9, RING_CACHED_EXACT);
	take_kind(RECORD_INTENT, 3, 0, RING_REFUSED); /* nobody judged it */
	next_delivery();
	ck_assert_int_eq(number(store, "SELECT judgement FROM record_event WHERE sequence = 1"),
			 (int64_t)(OURS | 9));
	ck_assert_int_eq(number(store, "SELECT judgement FROM record_event WHERE sequence = 2"),
			 (int64_t)((uint64_t)OTHER << 32 | 9));
	ck_assert_int_eq(number(store, "SELECT judgement FROM record_event WHERE sequence = 3"), 0);
}
END_TEST

static void take_subject(enum record_kind kind, uint64_t own, uint64_t parent, const char *name,
			 struct slice value)
{
	const struct record_fact fact = { slice_of(name), value, RECORD_OBSERVED };
	const struct record_entry entry = {
		.kind = kind, .number = own, .parent = parent, .facts = &fact, .fact_count = 1
	};

	take(&entry);
}

START_TEST(a_connection_has_what_is_said_of_those_it_belongs_to)
{
	take_subject(RECORD_BOOT, BOOT, 0, "host", SLICE("db-client"));
	take_subject(RECORD_RUN, OURS | 1, 0, "as", SLICE("anna"));
	next_delivery();
	take_subject(RECORD_PROCESS, OURS | 2, OURS | 1, "exe", SLICE("/usr/bin/psql"));
	take_subject(RECORD_PROCESS, OURS | 3, 0, "person", SLICE("bert"));
	take_subject(RECORD_CONNECTION, OURS | 4, OURS | 2, "database", SLICE("shop"));
	take_subject(RECORD_CONNECTION, OURS | 5, OURS | 3, "database", SLICE("shop"));
	next_delivery();
	ck_assert_int_eq(number(store, "SELECT count(*) FROM record_subject WHERE kind = 5"
				       " AND number & 15 = 4 AND person = 'anna'"
				       " AND program = '/usr/bin/psql' AND database = 'shop'"
				       " AND host = 'db-client'"),
			 1);
	ck_assert_int_eq(number(store, "SELECT count(*) FROM record_subject WHERE kind = 5"
				       " AND number & 15 = 5 AND person = 'bert'"
				       " AND program IS NULL AND host = 'db-client'"),
			 1);
}
END_TEST

START_TEST(texts_are_such_as_every_database_takes)
{
	static char longest[RECORD_BATCH_MAX];
	const struct record_entry note = { .kind = RECORD_NOTE,
					   .shape = SLICE("a\0b\xff"
							  "c") };

	memset(longest, 'x', sizeof(longest));
	take_subject(RECORD_RUN, 1, 0, "as", SLICE("\xc3\xa4\0"));
	take_subject(RECORD_RUN, 2, 0, "as", (struct slice){ longest, sizeof(longest) });
	take(&note);
	next_delivery();
	ck_assert_int_eq(number(store, "SELECT count(*) FROM record_note WHERE text = 'a?b?c'"), 1);
	ck_assert_int_eq(
		number(store, "SELECT count(*) FROM record_subject WHERE person = '\?\?\?'"), 1);
	ck_assert_int_eq(number(store, "SELECT max(length(person)) FROM record_subject"), 4096);
}
END_TEST

START_TEST(judgements_are_searched_by_what_they_touch)
{
	static const struct slice EFFECTS[] = { { "select public.a", 15 },
						{ "delete public.b", 15 } };
	const struct record_entry judgement = { .kind = RECORD_JUDGEMENT,
						.number = OURS | 9,
						.shape = SLICE("delete from b"),
						.decision = SLICE("allow"),
						.would_decide = SLICE("deny"),
						.effects = EFFECTS,
						.effect_count = 2 };

	take(&judgement);
	take(&judgement); /* the first one stands */
	next_delivery();
	ck_assert_int_eq(number(store, "SELECT count(*) FROM record_judgement"
				       " WHERE verdict = 'would-deny' AND length(shape_id) = 8"
				       " AND effects = 'select public.a' || '\n' ||"
				       " 'delete public.b'"),
			 1);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, an_outcome_finds_its_statement);
	tcase_add_test(tcase, more_statements_than_are_kept_back);
	tcase_add_test(tcase, a_question_stays_until_a_statement_tells_of_it);
	tcase_add_test(tcase, a_question_that_was_answered_can_be_asked_again);
	tcase_add_test(tcase, numbers_belong_to_their_boot);
	tcase_add_test(tcase, a_connection_has_what_is_said_of_those_it_belongs_to);
	tcase_add_test(tcase, texts_are_such_as_every_database_takes);
	tcase_add_test(tcase, judgements_are_searched_by_what_they_touch);
}

int main(int argc, char **argv)
{
	(void)argv;
	return argc == 2 ? run_set_up_on_postgresql("index in PostgreSQL", open_all, close_all,
						    add_tests)
			 : run_suite("index", open_all, close_all, add_tests);
}
