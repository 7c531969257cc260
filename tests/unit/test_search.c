/* SPDX-License-Identifier: MIT */
/* Who looks for statements finds each of them once, in bounded steps. */
#include <errno.h>

#include "tests/unit/search_fixture.h"
#include "tests/unit/store_cluster.h"
#include "tools/server/record/search.h"
#include "tools/server/record/search_note.h"

/* What was shown: ids with a space between. */
struct shown {
	struct buf ids;
	size_t count;
};

static int show(void *context, const struct search_event *event)
{
	struct shown *shown = context;
	char id[SEARCH_ID_SIZE];

	search_event_id(event, id);
	buf_printf(&shown->ids, "%.*s/%s ", SLICE_ARGUMENTS(event->agent), id);
	shown->count++;
	return 0;
}

static struct shown look(const struct search *search, char ret_cursor[SEARCH_CURSOR_SIZE])
{
	struct shown shown = { BUF_MAX(MIB), 0 };

	ck_assert_int_eq(search_events(store, search, show, &shown, ret_cursor), 0);
	return shown;
}

static size_t count_of(const struct search_filter *filter)
{
	const struct search search = { .filter = *filter, .limit = SEARCH_LIMIT_MAX };
	char cursor[SEARCH_CURSOR_SIZE];
	struct shown shown = look(&search, cursor);

	buf_done(&shown.ids);
	ck_assert_str_eq(cursor, "");
	return shown.count;
}

START_TEST(each_filter_finds_its_own)
{
	static const struct {
		size_t offset;
		const char *text;
		size_t count;
	} CASES[] = {
#define CASE(member, text, count) { offsetof(struct search_filter, member), text, count }
		CASE(person, "anna", 6),         CASE(person, "b*", 6),
		CASE(person, "refund-bot", 6),   CASE(person, "deploy", 12),
		CASE(person, "ann", 0),          CASE(agent, "a1", 10),
		CASE(agent, "client-2", 3),      CASE(agent, "*", 13),
		CASE(database, "ledger", 6),     CASE(table, "orders", 9),
		CASE(table, "public.*", 11),     CASE(table, "hr.people", 1),
		CASE(table, "people.hr", 0),     CASE(shape, "EMAIL from", 9),
		CASE(shape, "nothing of it", 0), CASE(verdict, "deny", 2),
		CASE(verdict, "refused", 2),     CASE(verdict, "masked", 1),
		CASE(verdict, "unknown", 1),     CASE(verdict, "a*", 10),
		CASE(rule, "no-drops", 2),       CASE(rule, "shop/*", 11),
		CASE(rule, "hr/masks", 1),
#undef CASE
	};

	for (size_t i = 0; i < COUNT_OF(CASES); i++) {
		struct search_filter filter = SEARCH_ANY;

		*(struct slice *)(void *)((char *)&filter + CASES[i].offset) =
			slice_of(CASES[i].text);
		ck_assert_msg(count_of(&filter) == CASES[i].count, "%s", CASES[i].text);
	}
	struct search_filter both = SEARCH_ANY, times = { .from_ns = 1002, .until_ns = 1050 };
	both.person = SLICE("bert");
	both.verdict = SLICE("refused");
	both.agent = SLICE("a1");
	ck_assert_uint_eq(count_of(&both), 1);
	ck_assert_uint_eq(count_of(&times), 5); /* both ends are in */
}
END_TEST

static int keep_shape(void *context, const struct search_event *event)
{
	buf_add_hex(context, event->shape_id.at, event->shape_id.length);
	return 0;
}

START_TEST(a_shape_is_found_by_its_id)
{
	SCOPED(buf_done) struct buf id = BUF_MAX(KIB);
	struct search_filter filter = SEARCH_ANY;

	ck_assert_int_eq(
		search_event_one(store, SLICE("a2"), SLICE("91930c7e-2-32"), keep_shape, &id), 0);
	ck_assert_uint_eq(id.length, 16);
	filter.shape = buf_view(&id);
	ck_assert_uint_eq(count_of(&filter), 1);
}
END_TEST

START_TEST(an_id_finds_its_event)
{
	static const struct {
		const char *agent, *id, *shown;
	} CASES[] = {
		{ "a1", "91930c7e-2-3", "a1/91930c7e-2-3 " },
		{ "a1", "91930c7e-2-65", "a1/91930c7e-2-65 " },
		{ "a1", "91930c7e-l4-65", "a1/91930c7e-2-65 " },
		{ "a1", "91930c7e-11", "a1/91930c7e-2-67 " }, /* as refusals name it */
		{ "a1", "91930c7e-10", "a1/91930c7e-2-69 " }, /* the newest */
		{ "a2", "91930c7e-j11", "a2/91930c7e-j11 " },
		{ "a2", "91930c7e-11", "a2/91930c7e-j11 " },
		{ "a2", "91930c7e-l9-34", "a2/91930c7e-l9-34 " },
	};
	static const char *const NONE[] = {
		"",
		"-",
		"91930c7e",
		"91930c7e-",
		"91930c7e-2-",
		"91930c7e-2-6",
		"91930c7e-3-3",
		"91930c7e-J11",
		"91930c7e-2-3-",
		"91930c7e-2-3-1",
		"x1930c7e-2-3",
		"91930C7E-2-3",
		"091930c7e-2-3",
		"91930c7e--3",
	};

	for (size_t i = 0; i < COUNT_OF(CASES); i++) {
		struct shown shown = { BUF_MAX(KIB), 0 };

		ck_assert_int_eq(search_event_one(store, slice_of(CASES[i].agent),
						  slice_of(CASES[i].id), show, &shown),
				 0);
		ck_assert_str_eq(buf_text(&shown.ids), CASES[i].shown);
		buf_done(&shown.ids);
	}
	for (size_t i = 0; i < COUNT_OF(NONE); i++)
		ck_assert_int_eq(
			search_event_one(store, SLICE("a1"), slice_of(NONE[i]), show, NULL),
			-ENOENT);
	ck_assert_int_eq(search_event_one(store, SLICE("a3"), SLICE("91930c7e-2-3"), show, NULL),
			 -ENOENT);
}
END_TEST

START_TEST(pages_have_everything_once_whatever_comes_meanwhile)
{
	static const char ALL[] =
		"a1/91930c7e-2-69 a1/91930c7e-2-68 a1/91930c7e-2-67 a1/91930c7e-2-66 a1/91930c7e-2-65 "
		"a2/91930c7e-l9-34 a2/91930c7e-j11 a2/91930c7e-2-32 a1/91930c7e-2-5 a1/91930c7e-2-4 "
		"a1/91930c7e-2-3 a1/91930c7e-2-2 a1/91930c7e-2-1 ";

	for (size_t limit = 1; limit <= 13; limit++) {
		SCOPED(buf_done) struct buf all = BUF_MAX(MIB);
		char cursor[SEARCH_CURSOR_SIZE] = "";

		do {
			char before[SEARCH_CURSOR_SIZE];
			struct search search = { .filter = SEARCH_ANY, .limit = limit };

			memcpy(before, cursor, sizeof(before));
			search.cursor = slice_of(before);
			search.filter.until_ns = 1200;
			struct shown shown = look(&search, cursor);
			ck_assert_uint_le(shown.count, limit);
			buf_add_slice(&all, buf_view(&shown.ids));
			buf_done(&shown.ids);
			begin_delivery(1);
			take_statement(ANNA, 1000 * limit + leaf, READS);
			end_delivery();
		} while (cursor[0]);
		ck_assert_str_eq(buf_text(&all), ALL);
	}
}
END_TEST

START_TEST(what_is_rare_is_looked_for_in_steps)
{
	struct search search = { .filter = SEARCH_ANY, .limit = 10 };
	char cursor[SEARCH_CURSOR_SIZE] = "", before[SEARCH_CURSOR_SIZE];
	size_t pages = 0, found = 0;

	begin_delivery(2);
	for (uint64_t i = 0; i < 2 * SEARCH_EXAMINED_MAX; i++)
		take_statement(ANNA, 5000 + i, READS);
	end_delivery();
	search.filter.verdict = SLICE("masked");
	do {
		memcpy(before, cursor, sizeof(before));
		search.cursor = slice_of(before);
		struct shown shown = look(&search, cursor);
		found += shown.count;
		buf_done(&shown.ids);
		pages++;
	} while (cursor[0]);
	ck_assert_uint_eq(found, 1);
	ck_assert_uint_eq(pages, 3);
}
END_TEST

static size_t news(struct search *search, char cursor[SEARCH_CURSOR_SIZE], bool is_more)
{
	struct shown shown = { BUF_MAX(MIB), 0 };
	char before[SEARCH_CURSOR_SIZE];

	memcpy(before, cursor, sizeof(before));
	search->cursor = slice_of(before);
	int r = search_news(store, search, show, &shown, cursor);

	ck_assert_int_eq(r, shown.count == search->limit && is_more);
	buf_done(&shown.ids);
	return shown.count;
}

START_TEST(news_are_what_came_since)
{
	struct search search = { .filter = SEARCH_ANY, .limit = 2 };
	char cursor[SEARCH_CURSOR_SIZE];
	int64_t size;

	ck_assert_int_eq(search_now(store, cursor, &size), 0);
	ck_assert_int_eq(size, 2);
	ck_assert_uint_eq(news(&search, cursor, false), 0);
	begin_delivery(1);
	for (uint64_t i = 0; i < 3; i++)
		take_statement(ANNA, 7 + i, READS); /* older than what is here */
	take_kind(RECORD_MISS, BERT, 51, DROPS);
	end_delivery();
	ck_assert_uint_eq(news(&search, cursor, true), 2);
	ck_assert_uint_eq(news(&search, cursor, false), 2);
	ck_assert_uint_eq(news(&search, cursor, false), 0);
	begin_delivery(2);
	take_statement(ANNA, 7, READS);
	take_statement(BERT, 107, READS);
	end_delivery();
	search.filter.person = SLICE("bert");
	ck_assert_uint_eq(news(&search, cursor, false), 1);
	ck_assert_uint_eq(news(&search, cursor, false), 0);
}
END_TEST

START_TEST(a_cursor_is_the_servers_own)
{
	static const char *const NONE[] = {
		"x",          "e",
		"e1.2.3.4",   "e1.2.3.4.5.6",
		"e1.2.3.4.",  "n1.2.3.4",
		"e1.2.3.4.g", "e1.2.3.4.-5",
		"e.....",     "e1.2.3.4.12345678901234567",
		"E1.2.3.4.5",
	};
	char cursor[SEARCH_CURSOR_SIZE];

	for (size_t i = 0; i < COUNT_OF(NONE); i++) {
		const struct search search = { .filter = SEARCH_ANY,
					       .cursor = slice_of(NONE[i]),
					       .limit = 1 };

		ck_assert_int_eq(search_events(store, &search, show, NULL, cursor), -EDOM);
	}
	struct search wide = { .filter = SEARCH_ANY, .limit = SEARCH_LIMIT_MAX + 1 };
	ck_assert_int_eq(search_events(store, &wide, show, NULL, cursor), -EDOM);
}
END_TEST

static int show_note(void *context, const struct search_note *note)
{
	char id[SEARCH_ID_SIZE];

	search_note_id(note, id);
	buf_printf(context, "%.*s/%s %.*s", SLICE_ARGUMENTS(note->agent), id,
		   SLICE_ARGUMENTS(note->text));
	return 0;
}

START_TEST(notes_are_found)
{
	struct search search = { .filter = SEARCH_ANY, .limit = 10 };
	SCOPED(buf_done) struct buf told = BUF_MAX(KIB);
	char cursor[SEARCH_CURSOR_SIZE];

	search.filter.shape = SLICE("disk");
	search.filter.agent = SLICE("client-1");
	ck_assert_int_eq(search_notes(store, &search, show_note, &told, cursor), 0);
	ck_assert_str_eq(buf_text(&told), "a1/91930c7e-n0000004d Disk full");
	search.filter.agent = SLICE("a2");
	ck_assert_int_eq(search_notes(store, &search, show_note, &told, cursor), 0);
	ck_assert_str_eq(buf_text(&told), "a1/91930c7e-n0000004d Disk full");
	search.filter.rule = SLICE("reads");
	ck_assert_int_eq(search_notes(store, &search, show_note, &told, cursor), -EDOM);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, each_filter_finds_its_own);
	tcase_add_test(tcase, a_shape_is_found_by_its_id);
	tcase_add_test(tcase, an_id_finds_its_event);
	tcase_add_test(tcase, pages_have_everything_once_whatever_comes_meanwhile);
	tcase_add_test(tcase, what_is_rare_is_looked_for_in_steps);
	tcase_add_test(tcase, news_are_what_came_since);
	tcase_add_test(tcase, a_cursor_is_the_servers_own);
	tcase_add_test(tcase, notes_are_found);
}

int main(int argc, char **argv)
{
	(void)argv;
	return argc == 2 ? run_set_up_on_postgresql("search in PostgreSQL", open_all, close_all,
						    add_tests)
			 : run_suite("search", open_all, close_all, add_tests);
}
