/* SPDX-License-Identifier: MIT */
/* Messages and packets survive the way between shim and agent, and nothing else is taken for
 * one. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "common/message.h"
#include "common/socket.h"
#include "tests/unit/run_suite.h"

static int pair[2];

static void open_pair(void)
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
}

static void close_pair(void)
{
	close(pair[0]);
	close(pair[1]);
}

static uint64_t soon(void)
{
	return monotonic_ns() + 2 * SECOND_NS;
}

START_TEST(verdict_arrives_as_it_was_sent)
{
	SCOPED(buf_done) struct buf body = BUF_MAX(4096);
	struct message_verdict sent = { .decision = VERDICT_DENY,
					.flags = VERDICT_REPORTS_OUTCOME,
					.generation = 7,
					.context = 0x1122334455667788,
					.judgement = 42,
					.valid_until_ns = UINT64_MAX,
					.plan = SLICE("plan\0bytes"),
					.instead = SLICE("DO") };
	struct message_verdict read;

	message_verdict_write(&body, &sent);
	ck_assert_int_eq(message_verdict_read(buf_view(&body), &read), 0);
	ck_assert_int_eq(read.decision, sent.decision);
	ck_assert_uint_eq(read.context, sent.context);
	ck_assert_uint_eq(read.valid_until_ns, UINT64_MAX);
	ck_assert(slice_equal(read.plan, sent.plan));
	ck_assert(slice_equal(read.instead, sent.instead));
}
END_TEST

START_TEST(a_question_needs_no_memory_but_the_callers)
{
	char room[64], small[32];
	struct packet sent = PACKET_OVER(room), received = PACKET_OVER(small);
	struct message_outside outside = { OUTSIDE_CONNECTION, SLICE("127.0.0.1:5432") }, read;

	open_pair();
	sent.kind = MESSAGE_OUTSIDE;
	message_outside_write(&sent.body, &outside);
	ck_assert_ptr_eq(sent.body.at, room);
	ck_assert_int_eq(packet_send(pair[0], &sent, soon()), 0);
	ck_assert_int_eq(packet_receive_small(pair[1], &received, soon()), 0);
	ck_assert_ptr_eq(received.body.at, small);
	ck_assert_int_eq(message_outside_read(buf_view(&received.body), &read), 0);
	ck_assert_uint_eq(read.kind, OUTSIDE_CONNECTION);
	ck_assert(slice_is(read.text, "127.0.0.1:5432"));
	close_pair();
}
END_TEST

START_TEST(what_does_not_fit_the_callers_memory_is_refused)
{
	char room[512], small[16];
	struct packet sent = PACKET_OVER(room), received = PACKET_OVER(small);
	static const char bytes[PACKET_SMALL_MAX + 1];

	open_pair();
	buf_add(&sent.body, bytes, sizeof(small)); /* its NUL has no room */
	ck_assert_int_eq(packet_send(pair[0], &sent, soon()), 0);
	ck_assert_int_eq(packet_receive_small(pair[1], &received, soon()), -E2BIG);
	buf_clear(&sent.body);
	buf_add(&sent.body, bytes, sizeof(bytes));
	ck_assert_int_eq(packet_send(pair[0], &sent, soon()), 0);
	ck_assert_int_eq(packet_receive_small(pair[1], &received, soon()), -EBADMSG);
	buf_clear(&sent.body);
	for (size_t i = 0; i < 3; i++)
		buf_add(&sent.body, bytes, sizeof(bytes));
	ck_assert_int_eq(packet_send(pair[0], &sent, soon()), -E2BIG);
	close_pair();
}
END_TEST

START_TEST(every_truncation_and_every_surplus_is_refused)
{
	SCOPED(buf_done) struct buf body = BUF_MAX(4096);
	struct message_judge sent = { .connection = 1,
				      .text = SLICE("select 1"),
				      .name = SLICE("p") },
			     read;

	message_judge_write(&body, &sent);
	for (size_t length = 0; length < body.length; length++)
		ck_assert_int_eq(message_judge_read(slice_part(buf_view(&body), 0, length), &read),
				 -EBADMSG);
	buf_add_char(&body, 'x');
	ck_assert_int_eq(message_judge_read(buf_view(&body), &read), -EBADMSG);
}
END_TEST

static const size_t SIZES[] = { 0, 1, PACKET_INLINE_MAX, PACKET_INLINE_MAX + 1, 3 * MIB };

START_TEST(packets_of_every_size_arrive_whole)
{
	SCOPED(packet_done) struct packet sent = PACKET_EMPTY;
	SCOPED(packet_done) struct packet received = PACKET_EMPTY;

	open_pair();
	sent.kind = 9;
	char *room = buf_extend(&sent.body, SIZES[_i]);
	for (size_t i = 0; i < SIZES[_i]; i++)
		room[i] = (char)(i * 31);
	ck_assert_int_eq(packet_send(pair[0], &sent, soon()), 0);
	ck_assert_int_eq(packet_receive(pair[1], &received, soon()), 0);
	ck_assert_int_eq(received.kind, 9);
	ck_assert(slice_equal(buf_view(&sent.body), buf_view(&received.body)));
	close_pair();
}
END_TEST

START_TEST(descriptors_arrive_and_are_closed_on_exec)
{
	SCOPED(packet_done) struct packet sent = PACKET_EMPTY;
	SCOPED(packet_done) struct packet received = PACKET_EMPTY;

	open_pair();
	sent.descriptors[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	sent.descriptors[1] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ck_assert_int_eq(packet_send(pair[0], &sent, soon()), 0);
	ck_assert_int_eq(packet_receive(pair[1], &received, soon()), 0);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_ge(received.descriptors[i], 0);
		ck_assert_int_eq(fcntl(received.descriptors[i], F_GETFD), FD_CLOEXEC);
	}
	close_pair();
}
END_TEST

START_TEST(garbage_is_not_taken_for_a_packet)
{
	SCOPED(packet_done) struct packet received = PACKET_EMPTY;
	char garbage[300];

	open_pair();
	for (size_t length = 1; length < sizeof(garbage); length += 7) {
		memset(garbage, (int)length, sizeof(garbage));
		ck_assert_int_eq(send(pair[0], garbage, length, 0), (ssize_t)length);
		ck_assert_int_eq(packet_receive(pair[1], &received, soon()), -EBADMSG);
	}
	close_pair();
}
END_TEST

START_TEST(silence_ends_at_the_deadline)
{
	SCOPED(packet_done) struct packet received = PACKET_EMPTY;
	uint64_t begin = monotonic_ns();

	open_pair();
	ck_assert_int_eq(packet_receive(pair[1], &received, begin + 50 * MILLISECOND_NS),
			 -ETIMEDOUT);
	ck_assert_uint_ge(monotonic_ns() - begin, 50 * MILLISECOND_NS);
	ck_assert_uint_lt(monotonic_ns() - begin, SECOND_NS);
	close_pair();
}
END_TEST

START_TEST(a_peer_that_left_is_noticed)
{
	SCOPED(packet_done) struct packet packet = PACKET_EMPTY;

	open_pair();
	close(pair[0]);
	ck_assert_int_eq(packet_receive(pair[1], &packet, soon()), -ENOTCONN);
	ck_assert_int_eq(packet_send(pair[1], &packet, soon()), -EPIPE);
	close(pair[1]);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, a_question_needs_no_memory_but_the_callers);
	tcase_add_test(tcase, what_does_not_fit_the_callers_memory_is_refused);
	tcase_add_test(tcase, verdict_arrives_as_it_was_sent);
	tcase_add_test(tcase, every_truncation_and_every_surplus_is_refused);
	tcase_add_loop_test(tcase, packets_of_every_size_arrive_whole, 0, COUNT_OF(SIZES));
	tcase_add_test(tcase, descriptors_arrive_and_are_closed_on_exec);
	tcase_add_test(tcase, garbage_is_not_taken_for_a_packet);
	tcase_add_test(tcase, silence_ends_at_the_deadline);
	tcase_add_test(tcase, a_peer_that_left_is_noticed);
}

int main(void)
{
	return run_suite("message", NULL, NULL, add_tests);
}
