/* SPDX-License-Identifier: MIT */
/* Forwards as both databases keep them, where they may lead, and the wire format that they send. */
#include <errno.h>

#include "tests/unit/cluster.h"
#include "tests/unit/store_fixture.h"
#include "tools/server/forward/forward_sender.h"
#include "tools/server/common/gzip.h"
#include "tools/server/forward/otlp.h"
#include "tools/server/forward/protobuf.h"
#include "tools/server/record/statement.h"

static struct store *store;

static void open_all(void)
{
	make_folder();
	store = open_server_store();
	ck_assert_int_eq(
		store_run_script(store,
				 "INSERT INTO log_tree (log, name, verifier, size, edge, forwarder)"
				 " VALUES (1, 'log', 'a', 7, '', 1), (2, 'log/b', 'b', 5, '', 2)"),
		0);
}

static void close_all(void)
{
	store_close(store);
	remove_folder();
}

static int add(const char *name, const char *headers)
{
	SCOPED(forward_done) struct forward forward = FORWARD_EMPTY;

	snprintf(forward.name, sizeof(forward.name), "%s", name);
	snprintf(forward.url, sizeof(forward.url), "https://siem.example/in?key=secret");
	forward.kind = FORWARD_NDJSON;
	forward.made_ns = 5;
	forward.timeout_s = 30;
	forward.open_after_s = 60;
	buf_add_text(&forward.headers, headers);
	return forward_add(store, &forward, FORWARD_FROM_NOW);
}

static void find(const char *name, struct forward *ret_forward)
{
	ck_assert_int_eq(forward_find(store, name, ret_forward), 0);
}

START_TEST(a_forward_is_what_was_added)
{
	SCOPED(forward_done) struct forward forward = FORWARD_EMPTY;

	ck_assert_int_eq(add("siem", "Authorization: Bearer x"), 0);
	find("siem", &forward);
	ck_assert_int_eq(forward.kind, FORWARD_NDJSON);
	ck_assert_int_eq(forward.state, FORWARD_RUNNING);
	ck_assert_str_eq(buf_text(&forward.headers), "Authorization: Bearer x");
	ck_assert_uint_eq(forward.progress.next.leaf, 7);
	ck_assert_uint_eq(forward.progress.open_leaf, 7);
	ck_assert_uint_eq(forward.succeeded_ns + forward.failed_ns + forward.sent, 0);
	ck_assert(slice_is(forward_shown_url(&forward), "https://siem.example/in"));
}
END_TEST

START_TEST(names_are_taken_once_and_there_is_a_maximum)
{
	char name[8];

	ck_assert_int_eq(add("siem", ""), 0);
	ck_assert_int_eq(add("siem", ""), -EEXIST);
	for (unsigned int i = 1; i < FORWARDS_MAX; i++) {
		snprintf(name, sizeof(name), "s%u", i);
		ck_assert_int_eq(add(name, ""), 0);
	}
	ck_assert_int_eq(add("more", ""), -E2BIG);
	ck_assert_int_eq(forward_remove(store, "siem"), 0);
	ck_assert_int_eq(forward_remove(store, "siem"), -ENOENT);
	ck_assert_int_eq(forward_set_state(store, "siem", FORWARD_PAUSED), -ENOENT);
	ck_assert_int_eq(add("more", ""), 0);
}
END_TEST

START_TEST(what_is_acknowledged_is_added_up)
{
	SCOPED(forward_done) struct forward before = FORWARD_EMPTY;
	SCOPED(forward_done) struct forward after = FORWARD_EMPTY;
	struct forward_receipt receipt = { .progress = { { 9, 3 }, 8 }, .sent = 10 };

	ck_assert_int_eq(add("siem", ""), 0);
	find("siem", &before);
	ck_assert_int_eq(forward_acknowledge(store, &before, &receipt), 0);
	receipt.rejected = 2;
	receipt.error = "too old";
	receipt.is_answered = true;
	ck_assert_int_eq(forward_acknowledge(store, &before, &receipt), 0);
	find("siem", &after);
	ck_assert_uint_eq(after.progress.next.leaf, 9);
	ck_assert_uint_eq(after.progress.next.place, 3);
	ck_assert_uint_eq(after.progress.open_leaf, 8);
	ck_assert_uint_eq(after.sent, 20);
	ck_assert_uint_eq(after.rejected, 2);
	ck_assert_str_eq(after.error, "too old");
	ck_assert(after.succeeded_ns > 0 && after.failed_ns > 0);
}
END_TEST

START_TEST(a_forward_that_was_made_anew_is_another)
{
	SCOPED(forward_done) struct forward first = FORWARD_EMPTY;
	SCOPED(forward_done) struct forward second = FORWARD_EMPTY;
	const struct forward_receipt receipt = { .progress = { { 9, 0 }, 9 } };

	ck_assert_int_eq(add("siem", ""), 0);
	find("siem", &first);
	first.made_ns--;
	ck_assert_int_eq(forward_acknowledge(store, &first, &receipt), -ENOENT);
	ck_assert_int_eq(forward_fail(store, &first, "gone", true), 0);
	find("siem", &second);
	ck_assert_uint_eq(second.progress.next.leaf, 7);
	ck_assert_int_eq(second.state, FORWARD_RUNNING);
}
END_TEST

struct seen {
	int count;
	uint64_t leaves; /* where they go on, added up */
	bool has_begun;  /* all of them */
};

static int see(void *context, const struct forward *forward)
{
	struct seen *seen = context;

	seen->count++;
	seen->leaves += forward->progress.next.leaf;
	seen->has_begun = seen->has_begun && forward->log.has_begun;
	return 0;
}

static struct seen seen_by(int64_t forwarder)
{
	struct seen seen = { .has_begun = true };

	ck_assert_int_eq(forward_each(store, forwarder, see, &seen), 0);
	return seen;
}

START_TEST(each_server_sends_its_own_log)
{
	ck_assert_int_eq(add("siem", ""), 0);
	ck_assert_int_eq(add("other", ""), 0);
	ck_assert_uint_eq(seen_by(0).leaves, 2 * (7 + 5));
	ck_assert_uint_eq(seen_by(1).leaves, 2 * 7);
	ck_assert_uint_eq(seen_by(2).leaves, 2 * 5);
}
END_TEST

START_TEST(a_log_that_comes_later_is_sent_from_its_start_on)
{
	ck_assert_int_eq(add("siem", ""), 0);
	ck_assert_int_eq(store_run_script(store,
					  "INSERT INTO log_tree (log, name, verifier, size, edge,"
					  " forwarder) VALUES (3, 'log/c', 'c', 9, '', 3)"),
			 0);
	ck_assert(seen_by(3).count == 1 && !seen_by(3).has_begun);
	ck_assert_int_eq(forward_begin(store, 3), 0);
	ck_assert_int_eq(forward_begin(store, 3), 0);
	ck_assert(seen_by(3).has_begun);
	ck_assert_uint_eq(seen_by(3).leaves, 0);
	ck_assert_uint_eq(seen_by(0).leaves, 7 + 5);
}
END_TEST

static int64_t sender_of(int64_t log)
{
	int64_t forwarder = 0;

	ck_assert_int_eq(store_run(store, "SELECT forwarder FROM log_tree WHERE log = $1",
				   STORE_VALUES(store_number(log)), store_take_number, &forwarder),
			 0);
	return forwarder;
}

static void beat(int64_t ago_ns)
{
	ck_assert_int_eq(store_do(store,
				  "INSERT INTO pulse (server, beat) VALUES ('log/b', $1)"
				  " ON CONFLICT (server) DO UPDATE SET beat = excluded.beat",
				  STORE_VALUES(store_number((int64_t)realtime_ns() - ago_ns))),
			 0);
}

START_TEST(a_log_is_taken_over_from_who_is_gone)
{
	ck_assert_int_eq(forward_take_over(store, "log/c", 1), -ENOENT);
	beat(SECOND_NS);
	ck_assert_int_eq(forward_take_over(store, "log/b", 1), -EBUSY);
	ck_assert_int_eq(forward_take_over(store, "log/b", 2), 0); /* its own */
	ck_assert_int_eq(sender_of(2), 2);
	beat(2 * FORWARD_GONE_NS);
	ck_assert_int_eq(forward_take_over(store, "log/b", 1), 0);
	ck_assert_int_eq(sender_of(2), 1);
	ck_assert_int_eq(forward_take_own(store, 2), 0);
	ck_assert_int_eq(sender_of(2), 2);
}
END_TEST

/* Its receiver has it, maybe; the other one sends it again. */
START_TEST(who_sends_a_log_no_more_moves_it_no_further)
{
	SCOPED(forward_done) struct forward first = FORWARD_EMPTY;
	const struct forward_receipt receipt = { .progress = { { 9, 0 }, 9 } };

	ck_assert_int_eq(add("siem", ""), 0);
	find("siem", &first);
	ck_assert_int_eq(forward_take_over(store, "log", 2), 0);
	ck_assert_int_eq(forward_acknowledge(store, &first, &receipt), -ENOENT);
	ck_assert_uint_eq(seen_by(2).leaves, 7 + 5);
}
END_TEST

START_TEST(a_failure_stops_what_runs_and_leaves_a_pause)
{
	static const struct {
		enum forward_state before;
		bool stops;
		enum forward_state after;
	} CASES[] = { { FORWARD_RUNNING, false, FORWARD_RUNNING },
		      { FORWARD_RUNNING, true, FORWARD_STOPPED },
		      { FORWARD_PAUSED, true, FORWARD_PAUSED } };

	ck_assert_int_eq(add("siem", ""), 0);
	for (size_t i = 0; i < COUNT_OF(CASES); i++) {
		SCOPED(forward_done) struct forward forward = FORWARD_EMPTY;
		SCOPED(forward_done) struct forward failed = FORWARD_EMPTY;

		ck_assert_int_eq(forward_set_state(store, "siem", CASES[i].before), 0);
		find("siem", &forward);
		ck_assert_int_eq(forward_fail(store, &forward, "no", CASES[i].stops), 0);
		find("siem", &failed);
		ck_assert_int_eq(failed.state, CASES[i].after);
		ck_assert_str_eq(failed.error, "no");
	}
}
END_TEST

static int count_statement(void *context, const struct statement *statement)
{
	(void)statement;
	++*(int *)context;
	return 0;
}

static int count_open(bool is_asked, uint64_t behind)
{
	const struct statement_page page = { .is_asked = is_asked,
					     .log = 1,
					     .first_leaf = 3,
					     .end_leaf = 5,
					     .has_begun = behind > 0,
					     .connection = 1,
					     .number = behind,
					     .count_max = 10 };
	int count = 0;

	ck_assert_int_eq(statement_each_open(store, &page, count_statement, &count), 0);
	return count;
}

START_TEST(statements_without_an_outcome_are_found_by_their_leaf)
{
	struct statement statement = { .source = 1, .connection = 1, .number = 2 };
	struct log_delivery delivery;

	ck_assert_int_eq(statement_find(store, &statement), -ENOENT);
	ck_assert_int_eq(log_find_delivery(store, 1, 0, &delivery), -ENOENT);
	ck_assert_int_eq(
		store_run_script(store,
				 "INSERT INTO record_event (source, connection, sequence, time,"
				 " judgement, flags, text_bytes, log, leaf, ended) VALUES"
				 " (1, 1, 1, 100, 0, 4, 40, 1, 3, NULL),"
				 " (1, 1, 2, 200, 0, 0, 9, 1, 4, NULL),"
				 " (1, 1, 3, 300, 0, 0, 9, 1, 4, 400),"
				 " (1, 1, 4, 500, 0, 0, 9, 1, 5, NULL),"
				 " (1, 1, 5, 600, 0, 0, 9, 2, 4, 700),"
				 " (1, 1, 6, 600, 0, 0, 9, 2, 4, NULL);"
				 "INSERT INTO record_asked (source, connection, judgement, time,"
				 " log, leaf) VALUES (1, 1, 8, 100, 1, 4), (1, 1, 9, 100, 1, 5),"
				 " (1, 1, 7, 100, 2, 4)"),
		0);
	ck_assert_int_eq(statement_find(store, &statement), 0);
	ck_assert(statement.time_ns == 200 && statement.leaf == 4 && statement.text_bytes == 9);
	ck_assert_int_eq(statement.log, 1);
	statement.number = 5;
	ck_assert_int_eq(statement_find(store, &statement), 0);
	ck_assert_int_eq(statement.log, 2); /* another server's */
	ck_assert_int_eq(count_open(false, 0), 2);
	ck_assert_int_eq(count_open(false, 1), 1);
	ck_assert_int_eq(count_open(true, 0), 1);
	ck_assert_int_eq(count_open(true, 8), 0);
}
END_TEST

START_TEST(receivers_are_reached_by_tls_or_on_this_machine)
{
	static const struct {
		const char *url;
		enum forward_kind kind;
		const char *becomes; /* NULL: it is none */
	} CASES[] = {
		{ "https://a.example", FORWARD_OTLP, "https://a.example/v1/logs" },
		{ "https://a.example:4318/", FORWARD_OTLP, "https://a.example:4318/v1/logs" },
		{ "https://a.example/otlp", FORWARD_OTLP, "https://a.example/otlp" },
		{ "https://a.example/in?k=1", FORWARD_NDJSON, "https://a.example/in?k=1" },
		{ "http://127.0.0.2:80/", FORWARD_NDJSON, "http://127.0.0.2:80/" },
		{ "http://localhost/", FORWARD_NDJSON, "http://localhost/" },
		{ "http://[::1]:1/", FORWARD_NDJSON, "http://[::1]:1/" },
		{ "http://128.0.0.1/", FORWARD_NDJSON, NULL },
		{ "http://127.0.0.1.example/", FORWARD_NDJSON, NULL },
		{ "http://localhost.example/", FORWARD_NDJSON, NULL },
		{ "https://me@a.example/", FORWARD_NDJSON, NULL },
		{ "file:///etc/passwd", FORWARD_NDJSON, NULL },
		{ "a.example", FORWARD_NDJSON, NULL },
		{ "", FORWARD_NDJSON, NULL },
	};

	for (size_t i = 0; i < COUNT_OF(CASES); i++) {
		char read[FORWARD_URL_MAX];
		struct error error = { .text = "" };
		int r = forward_url_read(CASES[i].url, CASES[i].kind, read, &error);

		ck_assert_msg((r == 0) == (CASES[i].becomes != NULL), "%s", CASES[i].url);
		if (CASES[i].becomes)
			ck_assert_str_eq(read, CASES[i].becomes);
		else
			ck_assert(error.text[0]);
	}
}
END_TEST

START_TEST(messages_are_as_protobuf_has_them)
{
	/* protobuf.dev/programming-guides/encoding: 150 in field 1, "testing" in field 2, both in field 3 */
	static const char WANTED[] =
		"\x08\x96\x01\x12\x07testing\x1a\x0c\x08\x96\x01\x12\x07testing";
	SCOPED(buf_done) struct buf out = BUF_MAX(KIB);
	struct protobuf_field field;

	protobuf_number(&out, 1, 150);
	protobuf_bytes(&out, 2, SLICE("testing"));
	size_t place = protobuf_open(&out, 3);
	protobuf_number(&out, 1, 150);
	protobuf_bytes(&out, 2, SLICE("testing"));
	protobuf_close(&out, place);
	ck_assert_uint_eq(out.length, sizeof(WANTED) - 1);
	ck_assert_mem_eq(out.at, WANTED, out.length);
	struct slice rest = buf_view(&out);
	ck_assert_int_eq(protobuf_next(&rest, &field), 1);
	ck_assert(field.number == 1 && field.is_number && field.value == 150);
	ck_assert_int_eq(protobuf_next(&rest, &field), 1);
	ck_assert(field.number == 2 && slice_is(field.bytes, "testing"));
	ck_assert_int_eq(protobuf_next(&rest, &field), 1);
	ck_assert(field.number == 3 && field.bytes.length == 12);
	ck_assert_int_eq(protobuf_next(&rest, &field), 0);
}
END_TEST

START_TEST(lengths_of_every_size_are_put_before_what_they_count)
{
	for (size_t length = 0; length < 70000; length = length * 3 + 1) {
		SCOPED(buf_done) struct buf text = BUF_MAX(MIB);
		SCOPED(buf_done) struct buf out = BUF_MAX(MIB);
		struct protobuf_field field;

		memset(buf_extend(&text, length), 'x', length);
		size_t outer = protobuf_open(&out, 1);
		protobuf_bytes(&out, 2, buf_view(&text));
		protobuf_close(&out, outer);
		struct slice rest = buf_view(&out);
		ck_assert_int_eq(protobuf_next(&rest, &field), 1);
		rest = field.bytes;
		ck_assert_int_eq(protobuf_next(&rest, &field), 1);
		ck_assert(slice_equal(field.bytes, buf_view(&text)) && rest.length == 0);
	}
}
END_TEST

START_TEST(a_buffer_that_is_full_stays_failed)
{
	for (size_t max = 0; max < 16; max++) {
		SCOPED(buf_done) struct buf out = BUF_MAX(max);
		size_t place = protobuf_open(&out, 1);

		protobuf_bytes(&out, 2, SLICE("twelve bytes"));
		protobuf_close(&out, place);
		ck_assert_int_eq(out.failed, -E2BIG);
	}
}
END_TEST

START_TEST(answers_tell_what_was_rejected)
{
	static const struct {
		struct slice answer;
		int r;
		uint64_t rejected;
		const char *message;
	} CASES[] = {
		{ { "", 0 }, 0, 0, "" },
		{ { "\x0a\x06\x08\x03\x12\x02no", 8 }, 0, 3, "no" },
		{ { "\x0a\x00", 2 }, 0, 0, "" },
		{ { "\x0d\x01\x02\x03\x04\x0a\x02\x08\x05", 9 },
		  0,
		  5,
		  "" }, /* after a field unknown to us */
		{ { "\x0a\x06\x08\x03", 4 }, -EBADMSG, 0, NULL },
		{ { "{\"partialSuccess\":{}}", 21 }, -EBADMSG, 0, NULL },
		{ { "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 11 }, -EBADMSG, 0, NULL },
	};

	for (size_t i = 0; i < COUNT_OF(CASES); i++) {
		struct slice message;
		uint64_t rejected;

		ck_assert_int_eq(otlp_read_answer(CASES[i].answer, &rejected, &message),
				 CASES[i].r);
		if (CASES[i].r < 0)
			continue;
		ck_assert_uint_eq(rejected, CASES[i].rejected);
		ck_assert(slice_is(message, CASES[i].message));
	}
}
END_TEST

START_TEST(what_does_not_fit_is_not_packed)
{
	SCOPED(buf_done) struct buf small = BUF_MAX(8);
	SCOPED(buf_done) struct buf enough = BUF_MAX(KIB);

	ck_assert_int_eq(gzip_make(SLICE("twelve bytes"), &small), -E2BIG);
	ck_assert_int_eq(gzip_make(SLICE("twelve bytes"), &enough), 0);
	ck_assert_mem_eq(enough.at, "\x1f\x8b\x08", 3);
	ck_assert_int_eq(gzip_make((struct slice){ NULL, 0 }, &enough), 0);
}
END_TEST

static void add_store_tests(TCase *tests)
{
	tcase_add_test(tests, a_forward_is_what_was_added);
	tcase_add_test(tests, names_are_taken_once_and_there_is_a_maximum);
	tcase_add_test(tests, what_is_acknowledged_is_added_up);
	tcase_add_test(tests, a_forward_that_was_made_anew_is_another);
	tcase_add_test(tests, a_failure_stops_what_runs_and_leaves_a_pause);
	tcase_add_test(tests, each_server_sends_its_own_log);
	tcase_add_test(tests, a_log_that_comes_later_is_sent_from_its_start_on);
	tcase_add_test(tests, a_log_is_taken_over_from_who_is_gone);
	tcase_add_test(tests, who_sends_a_log_no_more_moves_it_no_further);
	tcase_add_test(tests, statements_without_an_outcome_are_found_by_their_leaf);
}

static void add_tests(TCase *tests)
{
	add_store_tests(tests);
	tcase_add_test(tests, receivers_are_reached_by_tls_or_on_this_machine);
	tcase_add_test(tests, messages_are_as_protobuf_has_them);
	tcase_add_test(tests, lengths_of_every_size_are_put_before_what_they_count);
	tcase_add_test(tests, a_buffer_that_is_full_stays_failed);
	tcase_add_test(tests, answers_tell_what_was_rejected);
	tcase_add_test(tests, what_does_not_fit_is_not_packed);
}

static int run_on_postgresql(void)
{
	struct cluster cluster = { .postmaster = 0 };
	int r = cluster_start(&cluster);

	if (r == -ENOENT)
		return 77; /* skipped */
	snprintf(url, sizeof(url), "postgresql://postgres@/postgres?host=%s", cluster.folder);
	if (r == 0)
		r = run_suite("forward in PostgreSQL", open_all, close_all, add_store_tests);
	cluster_stop(&cluster);
	return r == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
	(void)argv;
	return argc == 2 ? run_on_postgresql()
			 : run_suite("forward", open_all, close_all, add_tests);
}
