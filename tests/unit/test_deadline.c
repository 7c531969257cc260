/* SPDX-License-Identifier: MIT */
/* Connections that are late are cut, and no others. */
#include <check.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/run_suite.h"
#include "tools/server/http/deadline.h"

#define PAIR_COUNT 5
#define MANY       1000u

static struct deadlines deadlines;
static int pairs[PAIR_COUNT][2];
static struct deadline *begun[PAIR_COUNT];
static atomic_uint told_count;

static void count(void *context, const struct sockaddr *address, const char *why)
{
	(void)context;
	(void)address;
	ck_assert_ptr_nonnull(strstr(why, "in time"));
	atomic_fetch_add(&told_count, 1);
}

static void begin(size_t most)
{
	for (size_t i = 0; i < PAIR_COUNT; i++)
		ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i]), 0);
	atomic_store(&told_count, 0);
	ck_assert_int_eq(deadlines_start(&deadlines, most, count, NULL), 0);
	for (size_t i = 0; i < PAIR_COUNT; i++)
		begun[i] = deadline_begin(&deadlines, pairs[i][0]);
}

static void end(void)
{
	static const size_t ORDER[PAIR_COUNT] = { 2, 0, 4, 1, 3 };

	for (size_t i = 0; i < PAIR_COUNT; i++) {
		deadline_end(&deadlines, begun[ORDER[i]]);
		close(pairs[ORDER[i]][0]);
		close(pairs[ORDER[i]][1]);
	}
	ck_assert_uint_eq(deadlines.count, 0);
	ck_assert_ptr_null(deadlines.first);
	deadlines_stop(&deadlines);
}

/* Whether the other side sees the end of the connection within `ms`. */
static bool is_cut(size_t i, int ms)
{
	struct pollfd other = { .fd = pairs[i][1], .events = POLLIN };

	return poll(&other, 1, ms) == 1 && other.revents & POLLHUP;
}

START_TEST(only_what_is_late_is_cut)
{
	uint64_t far_ns = monotonic_ns() + 1000 * SECOND_NS;

	begin(MANY);
	deadline_set(begun[0], DEADLINE_BODY, 1);
	deadline_set(begun[1], DEADLINE_ANSWER, 1);
	deadline_set(begun[2], DEADLINE_BODY, far_ns);
	deadline_set(begun[3], DEADLINE_SERVER, 0);
	ck_assert(is_cut(0, 5000) && is_cut(1, 5000));
	ck_assert(!is_cut(2, 2000) && !is_cut(3, 0) && !is_cut(4, 0));
	ck_assert_uint_eq(atomic_load(&told_count), 2);
	end();
}
END_TEST

START_TEST(heads_have_less_time_where_no_connection_is_left)
{
	begin(PAIR_COUNT);
	deadline_set(begun[0], DEADLINE_SERVER, 0);
	deadline_set(begun[1], DEADLINE_NEXT_HEAD, 0);
	ck_assert(is_cut(1, 5000) && is_cut(2, 5000) && is_cut(3, 5000) && is_cut(4, 5000));
	ck_assert(!is_cut(0, 1000));
	ck_assert_uint_eq(atomic_load(&told_count), 4);
	end();
}
END_TEST

START_TEST(what_waits_to_be_read_is_the_servers_turn)
{
	char byte;

	begin(PAIR_COUNT);
	for (size_t i = 0; i < 3; i++)
		ck_assert_int_eq(write(pairs[i][1], "x", 1), 1);
	deadline_set(begun[1], DEADLINE_NEXT_HEAD, 0);
	deadline_set(begun[2], DEADLINE_BODY, monotonic_ns() + SECOND_NS);
	ck_assert(is_cut(3, 5000) && is_cut(4, 5000));
	ck_assert(!is_cut(0, 3000) && !is_cut(1, 0) && !is_cut(2, 0));
	for (size_t i = 0; i < 3; i++)
		ck_assert_int_eq(read(pairs[i][0], &byte, 1), 1);
	ck_assert(is_cut(0, 5000) && is_cut(1, 5000) && is_cut(2, 5000));
	end();
}
END_TEST

START_TEST(what_waits_to_be_read_gives_no_time_to_answers)
{
	begin(MANY);
	ck_assert_int_eq(write(pairs[0][1], "x", 1), 1);
	deadline_set(begun[0], DEADLINE_ANSWER, 1);
	ck_assert(is_cut(0, 5000));
	end();
}
END_TEST

static void connect_pair(int ret_pair[2])
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	ret_pair[1] = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(listener, (struct sockaddr *)&address, length), 0);
	ck_assert_int_eq(listen(listener, 1), 0);
	ck_assert_int_eq(getsockname(listener, (struct sockaddr *)&address, &length), 0);
	ck_assert_int_eq(connect(ret_pair[1], (struct sockaddr *)&address, length), 0);
	ret_pair[0] = accept(listener, NULL, NULL);
	ck_assert_int_ge(ret_pair[0], 0);
	close(listener);
}

START_TEST(who_always_has_sent_a_byte_more_is_late_all_the_same)
{
	struct pollfd other = { .events = POLLIN };
	uint64_t until_ns = monotonic_ns() + 6 * SECOND_NS;
	int pair[2];
	char bytes[2];

	connect_pair(pair);
	other.fd = pair[1];
	atomic_store(&told_count, 0);
	ck_assert_int_eq(deadlines_start(&deadlines, 2, count, NULL), 0);
	struct deadline *deadline = deadline_begin(&deadlines, pair[0]);
	struct deadline *served = deadline_begin(&deadlines, pair[1]);
	deadline_set(served, DEADLINE_SERVER, 0);
	ck_assert_int_eq(write(pair[1], "xx", 2), 2);
	while (atomic_load(&told_count) == 0 && monotonic_ns() < until_ns) {
		ck_assert_int_eq(read(pair[0], bytes, 1), 1);
		ck_assert_int_eq(send(pair[1], "x", 1, MSG_NOSIGNAL), 1);
		poll(&other, 1, 20);
	}
	ck_assert_uint_eq(atomic_load(&told_count), 1);
	deadline_end(&deadlines, deadline);
	deadline_end(&deadlines, served);
	deadlines_stop(&deadlines);
	close(pair[0]);
	close(pair[1]);
}
END_TEST

START_TEST(who_has_gone_away_is_not_begun_with)
{
	int pair[2];

	begin(MANY);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	ck_assert_int_eq(write(pair[1], "x", 1), 1);
	close(pair[1]);
	ck_assert_ptr_null(deadline_begin(&deadlines, pair[0]));
	close(pair[0]);
	end();
}
END_TEST

START_TEST(patience_ends_with_the_room)
{
	uint64_t before_ns = deadline_patience_ns(0, MANY);

	ck_assert_uint_eq(before_ns, DEADLINE_HEAD_NS);
	ck_assert_uint_eq(deadline_patience_ns(MANY / 2, MANY), DEADLINE_HEAD_NS);
	for (size_t i = 0; i <= MANY; i++) {
		uint64_t now_ns = deadline_patience_ns(i, MANY);

		ck_assert_uint_le(now_ns, before_ns);
		before_ns = now_ns;
	}
	ck_assert_uint_eq(before_ns, DEADLINE_HEAD_MIN_NS);
	ck_assert_uint_eq(deadline_patience_ns(MANY + 1, MANY), DEADLINE_HEAD_MIN_NS);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, only_what_is_late_is_cut);
	tcase_add_test(tests, heads_have_less_time_where_no_connection_is_left);
	tcase_add_test(tests, what_waits_to_be_read_is_the_servers_turn);
	tcase_add_test(tests, what_waits_to_be_read_gives_no_time_to_answers);
	tcase_add_test(tests, who_always_has_sent_a_byte_more_is_late_all_the_same);
	tcase_add_test(tests, who_has_gone_away_is_not_begun_with);
	tcase_add_test(tests, patience_ends_with_the_room);
}

int main(void)
{
	return run_suite("deadline", NULL, NULL, add_tests);
}
