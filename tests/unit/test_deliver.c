/* SPDX-License-Identifier: MIT */
/* All of a record is delivered in order, once, whatever the server or the network does meanwhile. */
#include <stdbool.h>
#include <sys/inotify.h>

#include "control/frame.h"
#include "tests/unit/record_fixture.h"
#include "tools/remote/deliver.h"

#define PARTS_MAX 16u
#define ROOM_MAX  (4 * MIB)

/* A server that keeps what it is given. */
static struct kept {
	char part[PART_NAME_SIZE];
	struct buf bytes;
} kept[PARTS_MAX];
static size_t kept_count;
static size_t posts;
static unsigned int status; /* that it answers; 0: the right one */
static const char *body;
static int lost; /* the answer; a negative errno */
static char said[128];

static void start(void)
{
	setup();
	kept_count = posts = 0;
	status = 0;
	body = NULL;
	lost = 0;
}

static void end(void)
{
	for (size_t i = 0; i < kept_count; i++)
		buf_done(&kept[i].bytes);
	teardown();
}

static struct kept *find_part(const char *part)
{
	for (size_t i = 0; i < kept_count; i++) {
		if (strcmp(kept[i].part, part) == 0)
			return &kept[i];
	}
	ck_assert_uint_lt(kept_count, PARTS_MAX);
	kept[kept_count].bytes = (struct buf)BUF_MAX(ROOM_MAX);
	strcpy(kept[kept_count].part, part);
	return &kept[kept_count++];
}

static int add_bytes(void *context, struct slice piece)
{
	buf_add_slice(context, piece);
	return ((struct buf *)context)->failed;
}

static void answer_right(const struct delivery *delivery, struct deliver_answer *ret_answer)
{
	struct kept *part = find_part(delivery->part);
	bool is_gap = delivery->start > part->bytes.length;

	if (delivery->start == part->bytes.length)
		ck_assert_int_eq(frame_open(delivery->frame, ROOM_MAX, add_bytes, &part->bytes), 0);
	snprintf(said, sizeof(said), "{%s\"%s\":%zu,\"head\":\"\"}",
		 is_gap ? "\"reason\":\"gap\"," : "", is_gap ? "expect" : "acked",
		 part->bytes.length);
	*ret_answer = (struct deliver_answer){ is_gap ? 409 : 200, slice_of(said) };
}

static int post(void *context, const struct delivery *delivery, struct deliver_answer *ret_answer)
{
	(void)context;
	posts++;
	if (status == 0)
		answer_right(delivery, ret_answer);
	else
		*ret_answer = (struct deliver_answer){ status, slice_of(body) };
	return lost;
}

static struct deliver *open_delivery(void)
{
	struct error error = { .text = "" };
	struct deliver *deliver;
	int r = deliver_open(folder, &deliver, &error);

	ck_assert_msg(r == 0, "%s", error.text);
	return deliver;
}

static void deliver_all(struct deliver *deliver)
{
	int r;

	while ((r = deliver_once(deliver, post, NULL)) == 1)
		ck_assert_uint_lt(posts, 10000);
	ck_assert_int_eq(r, 0);
}

static struct deliver_depth look(struct deliver *deliver)
{
	struct deliver_depth depth;

	ck_assert_int_eq(deliver_look(deliver, &depth), 0);
	return depth;
}

/* `batches` of two entries each, in files of at most `file_max` bytes. */
static void write_batches(size_t batches, uint64_t file_max)
{
	struct error error = { .text = "" };
	struct record *record;

	ck_assert_int_eq(record_open_sized(folder, file_max, &record, &error), 0);
	for (size_t i = 0; i < batches; i++) {
		struct record_entry intent = intent_entry(i), outcome = outcome_entry(i);

		add(record, &intent);
		add(record, &outcome);
		ck_assert_int_eq(record_flush(record), 0);
	}
	record_close(record);
}

static void compare_file(const char *path)
{
	SCOPED(buf_done) struct buf file = BUF_MAX(ROOM_MAX);
	size_t same = 0;

	if (!slice_ends_with(slice_of(path), ".rec"))
		return;
	ck_assert_int_eq(file_read(path, &file), 0);
	for (size_t i = 0; i < kept_count; i++)
		same += slice_equal(buf_view(&kept[i].bytes), buf_view(&file));
	ck_assert_uint_eq(same, 1);
}

START_TEST(all_files_arrive_whole_and_once)
{
	write_batches(40, 1024);
	write_small();
	SCOPED(deliver_closep) struct deliver *deliver = open_delivery();
	deliver_all(deliver);
	ck_assert_uint_gt(kept_count, 3);
	each_file(compare_file);
	size_t needed = posts;
	ck_assert_int_eq(deliver_once(deliver, post, NULL), 0);
	ck_assert_uint_eq(posts, needed);
	ck_assert_uint_eq(look(deliver).entries, 0);
}
END_TEST

START_TEST(a_delivery_has_an_end)
{
	write_batches(2000, RECORD_FILE_MAX);
	SCOPED(deliver_closep) struct deliver *deliver = open_delivery();
	ck_assert_uint_eq(look(deliver).entries, 4000);
	for (uint64_t left = 4000; left > 0; left -= DELIVER_ENTRIES) {
		ck_assert_uint_eq(look(deliver).entries, left);
		ck_assert_int_eq(deliver_once(deliver, post, NULL), 1);
	}
	ck_assert_int_eq(deliver_once(deliver, post, NULL), 0);
	ck_assert_uint_eq(posts, 4);
	ck_assert_uint_eq(look(deliver).entries, 0);
}
END_TEST

/* How often files of the record were opened since the last call. */
static size_t count_opened(int watch)
{
	_Alignas(struct inotify_event) char events[64 * KIB];
	ssize_t length = read(watch, events, sizeof(events));
	size_t count = 0;

	for (ssize_t at = 0; at < length;) {
		const struct inotify_event *event = (const void *)(events + at);

		count += event->len > 0 && slice_ends_with(slice_of(event->name), ".rec");
		at += (ssize_t)(sizeof(*event) + event->len);
	}
	return count;
}

START_TEST(a_record_that_does_not_grow_is_left_alone)
{
	write_batches(40, 1024);
	SCOPED(deliver_closep) struct deliver *deliver = open_delivery();
	deliver_all(deliver);
	ck_assert_uint_eq(look(deliver).entries, 0);
	SCOPED(close_p) int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	ck_assert_int_ge(inotify_add_watch(watch, folder, IN_OPEN), 0);
	ck_assert_uint_eq(look(deliver).entries, 0);
	ck_assert_int_eq(deliver_once(deliver, post, NULL), 0);
	ck_assert_uint_eq(count_opened(watch), kept_count);
}
END_TEST

START_TEST(the_position_outlives_whoever_delivers)
{
	write_batches(1200, RECORD_FILE_MAX);
	struct deliver *deliver = open_delivery();
	ck_assert_int_eq(deliver_once(deliver, post, NULL), 1);
	deliver_close(deliver);
	deliver = open_delivery();
	ck_assert_uint_eq(look(deliver).entries, 1400);
	deliver_all(deliver);
	deliver_close(deliver);
	ck_assert_uint_eq(posts, 3);
	each_file(compare_file);
}
END_TEST

START_TEST(what_is_written_meanwhile_follows)
{
	struct record *record = open_record();
	SCOPED(deliver_closep) struct deliver *deliver = open_delivery();

	for (size_t i = 0; i < 5; i++) {
		struct record_entry intent = intent_entry(i);

		add(record, &intent);
		ck_assert_int_eq(record_flush(record), 0);
		ck_assert_uint_eq(look(deliver).entries, 1);
		deliver_all(deliver);
		each_file(compare_file);
	}
	record_close(record);
}
END_TEST

START_TEST(half_a_batch_waits)
{
	write_batches(3, RECORD_FILE_MAX);
	ck_assert_uint_eq(find_files(), 1);
	SCOPED(buf_done) struct buf file = BUF_MAX(ROOM_MAX);
	ck_assert_int_eq(file_read(found[0], &file), 0);
	ck_assert_int_eq(truncate(found[0], (off_t)file.length - 20), 0);
	SCOPED(deliver_closep) struct deliver *deliver = open_delivery();
	deliver_all(deliver);
	size_t first = kept[0].bytes.length;
	ck_assert_uint_lt(first, file.length - 20);
	ck_assert_uint_eq(look(deliver).entries, 0);
	FILE *whole = fopen(found[0], "w");
	ck_assert_uint_eq(fwrite(file.at, 1, file.length, whole), file.length);
	fclose(whole);
	ck_assert_uint_eq(look(deliver).entries, 2);
	deliver_all(deliver);
	each_file(compare_file);
}
END_TEST

START_TEST(an_answer_may_be_lost)
{
	write_batches(1200, RECORD_FILE_MAX);
	SCOPED(deliver_closep) struct deliver *deliver = open_delivery();

	lost = -EPIPE;
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(deliver_once(deliver, post, NULL), -EPIPE);
	lost = 0;
	deliver_all(deliver);
	each_file(compare_file);
}
END_TEST

START_TEST(a_server_may_have_lost_what_it_had)
{
	write_batches(1200, RECORD_FILE_MAX);
	SCOPED(deliver_closep) struct deliver *deliver = open_delivery();

	ck_assert_int_eq(deliver_once(deliver, post, NULL), 1);
	ck_assert_int_eq(deliver_once(deliver, post, NULL), 1);
	buf_clear(&kept[0].bytes);
	deliver_all(deliver);
	each_file(compare_file);
	ck_assert_uint_eq(look(deliver).entries, 0);
}
END_TEST

static const struct {
	unsigned int status;
	const char *body;
	int result;
	bool is_refused;
} ANSWERS[] = {
	{ 409, "{\"reason\":\"fork\",\"expect\":80}", 1, true },
	{ 400, "{}", 1, true },
	{ 200, "{\"acked\":99999999}", 1, true },
	{ 409, "{\"reason\":\"gap\",\"expect\":99999999}", 1, true },
	{ 409, "{\"reason\":\"gap\",\"expect\":0}", -EPROTO, false },
	{ 409, "{}", -EPROTO, false },
	{ 200, "{\"acked\":0}", -EPROTO, false },
	{ 200, "{\"acked\":99999999999999999999}", -EPROTO, false },
	{ 200, "{\"acked\":\"7\"}", -EPROTO, false },
	{ 200, "", -EPROTO, false },
	{ 401, "", -EACCES, false },
	{ 429, "", -EAGAIN, false },
	{ 503, "", -EAGAIN, false },
	{ 500, "", -EAGAIN, false },
	{ 302, "", -EPROTO, false },
	{ 404, "", -EPROTO, false },
};

START_TEST(other_answers_are_told_apart)
{
	write_batches(3, RECORD_FILE_MAX);
	SCOPED(deliver_closep) struct deliver *deliver = open_delivery();

	status = ANSWERS[_i].status;
	body = ANSWERS[_i].body;
	ck_assert_int_eq(deliver_once(deliver, post, NULL), ANSWERS[_i].result);
	ck_assert_uint_eq(look(deliver).refused, ANSWERS[_i].is_refused);
	ck_assert_uint_eq(look(deliver).entries, 6);
	status = 0;
	deliver_all(deliver);
	ck_assert_uint_eq(kept_count, ANSWERS[_i].is_refused ? 0 : 1);
}
END_TEST

START_TEST(one_file_that_is_refused_does_not_stop_the_others)
{
	write_batches(3, RECORD_FILE_MAX);
	write_batches(4, RECORD_FILE_MAX);
	SCOPED(deliver_closep) struct deliver *deliver = open_delivery();

	status = 409;
	body = ANSWERS[0].body;
	ck_assert_int_eq(deliver_once(deliver, post, NULL), 1);
	status = 0;
	deliver_all(deliver);
	ck_assert_uint_eq(kept_count, 1);
	ck_assert_uint_eq(look(deliver).refused, 1);
	ck_assert_uint_eq(look(deliver).entries, 6);
}
END_TEST

START_TEST(one_delivers_at_a_time)
{
	struct error error = { .text = "" };
	struct deliver *second;

	write_batches(1, RECORD_FILE_MAX);
	struct deliver *first = open_delivery();
	ck_assert_int_eq(deliver_open(folder, &second, &error), -EBUSY);
	deliver_close(first);
	deliver_close(open_delivery());
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, all_files_arrive_whole_and_once);
	tcase_add_test(tcase, a_delivery_has_an_end);
	tcase_add_test(tcase, a_record_that_does_not_grow_is_left_alone);
	tcase_add_test(tcase, the_position_outlives_whoever_delivers);
	tcase_add_test(tcase, what_is_written_meanwhile_follows);
	tcase_add_test(tcase, half_a_batch_waits);
	tcase_add_test(tcase, an_answer_may_be_lost);
	tcase_add_test(tcase, a_server_may_have_lost_what_it_had);
	tcase_add_loop_test(tcase, other_answers_are_told_apart, 0, COUNT_OF(ANSWERS));
	tcase_add_test(tcase, one_file_that_is_refused_does_not_stop_the_others);
	tcase_add_test(tcase, one_delivers_at_a_time);
}

int main(void)
{
	return run_suite("deliver", start, end, add_tests);
}
