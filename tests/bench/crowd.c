/* SPDX-License-Identifier: MIT */
/* Many machines at a server, in one thread: each holds a poll for its policy, delivers its record, or
 * both.
 *
 *   crowd URL TOKENS PART POLLS DELIVER_EVERY_MS BATCHES SECONDS
 *
 * TOKENS: a file with a token a line, one for each machine.  PART: a file of a record, which each of
 * them delivers as its own, BATCHES at once every DELIVER_EVERY_MS (0: as soon as it may; -1: never).
 * POLLS: whether they wait for a policy newer than version 1, each on a connection of its own.
 * Deliveries share theirs, as they do behind a proxy, and begin when all have asked for their policy, or so many as could in
 * HELD_MAX_S; "held SECONDS MACHINES" is printed then, and what was measured, as one JSON object, SECONDS later.  Who
 * fails comes back as machines do: after a time as chance has it, up to two seconds first, up to a minute later.
 *
 * Machines have a processor each and the simulation a part of one: it begins no more handshakes at once than it can go on
 * with, since those that wait for it would be late at the server.  Who is asked is not verified. */
#include <curl/curl.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/file.h"
#include "tests/bench/crowd_frames.h"

#define FRAMES_MAX   100000u
#define SAMPLES_MAX  (1u << 22)
#define PART_MAX     (1024 * MIB)
#define PATH_SIZE    512u
#define HEADER_SIZE  128u
#define HTTP_OK      200
#define HTTP_SAME    304
#define HTTP_BUSY    429
#define PAUSE_MS     2000
#define PAUSE_MAX_MS 60000
#define HELD_MAX_S   120
#define BEGUN_MAX    128 /* handshakes */
#define BEGUN_MS     20

#define POLL_AFTER_MS        3
#define DELIVERY_CONNECTIONS 256u

struct crowd;

/* Requests of one kind, which share their connections. */
struct pool {
	struct crowd *crowd;
	CURLM *multi;
	struct event *timer;
};

/* A request of a machine that is sent again and again. */
struct line {
	struct crowd *crowd;
	struct pool *pool;
	CURL *easy;
	struct curl_slist *headers, *all;
	struct event *due;
	uint64_t begun_ns;
	size_t frame;
	unsigned int failures; /* in a row */
	bool was_sent;
	bool is_begun;     /* its handshake */
	struct line *next; /* that waits for a connection */
};

struct crowd {
	const char *url;
	struct event_base *loop;
	struct pool polls, deliveries;
	struct event *end, *patience;
	struct timeval seconds;
	struct frames frames;
	struct line *lines;
	size_t line_count, poll_count, polls_unsent, handshakes, delivering;
	struct line *first, **last; /* that wait for a connection to deliver */
	int64_t every_ms;
	uint32_t *samples_us;
	size_t sample_count;
	uint64_t begun_ns, first_news_ns, last_news_ns;
	uint64_t news, unchanged, entries, busy, polls_failed, deliveries_failed;
	bool is_begun;
};

static size_t ignore_body(char *at, size_t size, size_t count, void *context)
{
	(void)at;
	(void)context;
	return size * count;
}

static bool is_poll(const struct line *line)
{
	return line->pool == &line->crowd->polls;
}

/* Of a poll, whose connection is its own. */
static void end_handshake(struct line *line)
{
	line->crowd->handshakes -= line->is_begun;
	line->is_begun = false;
}

static void ask_in(struct line *line, int64_t wait_ms)
{
	const struct timeval in = { wait_ms / 1000, wait_ms % 1000 * 1000 };

	evtimer_add(line->due, &in);
}

static void ask_later(struct line *line)
{
	int64_t most_ms = PAUSE_MS;

	for (unsigned int i = 0; i < line->failures && most_ms < PAUSE_MAX_MS; i++)
		most_ms *= 2;
	line->failures++;
	ask_in(line, random() % (most_ms < PAUSE_MAX_MS ? most_ms : PAUSE_MAX_MS));
}

/* Deliveries begin spread over the time that lies between two of a machine. */
static void begin_deliveries(struct crowd *crowd)
{
	if (crowd->is_begun)
		return;
	crowd->is_begun = true;
	printf("held %.2f %zu\n", (double)(monotonic_ns() - crowd->begun_ns) / SECOND_NS,
	       crowd->poll_count - crowd->polls_unsent);
	fflush(stdout);
	evtimer_add(crowd->end, &crowd->seconds);
	crowd->begun_ns = monotonic_ns();
	for (size_t i = 0; i < crowd->line_count; i++) {
		if (!is_poll(&crowd->lines[i]))
			ask_in(&crowd->lines[i],
			       crowd->every_ms > 0 ? random() % crowd->every_ms : 0);
	}
}

/* libcurl is about to send: the connection is there. */
static int note_sent(void *context, char *remote, char *local, int remote_port, int local_port)
{
	struct line *line = context;

	(void)remote;
	(void)local;
	(void)remote_port;
	(void)local_port;
	if (is_poll(line) && !line->was_sent && --line->crowd->polls_unsent == 0)
		begin_deliveries(line->crowd);
	line->was_sent = true;
	end_handshake(line);
	return CURL_PREREQFUNC_OK;
}

static void set_delivery(struct line *line)
{
	const struct frame *frame = &line->crowd->frames.at[line->frame];
	char part[HEADER_SIZE], offset[HEADER_SIZE];

	snprintf(part, sizeof(part), "Record-Part: %s", line->crowd->frames.part);
	snprintf(offset, sizeof(offset), "Record-Offset: %llu", (unsigned long long)frame->start);
	curl_slist_free_all(line->all);
	line->all = must(curl_slist_append(NULL, line->headers->data));
	curl_slist_append(line->all, "Content-Encoding: zstd");
	curl_slist_append(line->all, part);
	curl_slist_append(line->all, offset);
	curl_easy_setopt(line->easy, CURLOPT_HTTPHEADER, line->all);
	curl_easy_setopt(line->easy, CURLOPT_POSTFIELDS, buf_text(&frame->bytes));
	curl_easy_setopt(line->easy, CURLOPT_POSTFIELDSIZE, (long)frame->bytes.length);
}

/* libcurl would look at all that wait whenever one is done. */
static bool must_wait(struct line *line)
{
	struct crowd *crowd = line->crowd;

	if (is_poll(line) || crowd->delivering < DELIVERY_CONNECTIONS) {
		crowd->delivering += !is_poll(line);
		return false;
	}
	line->next = NULL;
	*crowd->last = line;
	crowd->last = &line->next;
	return true;
}

static void send_delivery(struct line *line)
{
	set_delivery(line);
	curl_multi_add_handle(line->pool->multi, line->easy);
}

static void begin_next(struct crowd *crowd)
{
	struct line *line = crowd->first;

	if (!line) {
		crowd->delivering--;
		return;
	}
	crowd->first = line->next;
	if (!crowd->first)
		crowd->last = &crowd->first;
	send_delivery(line);
}

static void ask(evutil_socket_t none, short what, void *context)
{
	struct line *line = context;

	(void)none;
	(void)what;
	line->begun_ns = monotonic_ns();
	if (must_wait(line))
		return;
	if (!is_poll(line)) {
		send_delivery(line);
	} else if (line->crowd->handshakes == BEGUN_MAX) {
		ask_in(line, BEGUN_MS + random() % BEGUN_MS);
	} else {
		line->crowd->handshakes++;
		line->is_begun = true;
		curl_multi_add_handle(line->pool->multi, line->easy);
	}
}

static void take_delivery(struct line *line, long status)
{
	struct crowd *crowd = line->crowd;

	begin_next(crowd);
	if (status != HTTP_OK) {
		crowd->busy += status >= HTTP_BUSY;
		crowd->deliveries_failed += status < HTTP_BUSY;
		ask_later(line);
		return;
	}
	line->failures = 0;
	if (crowd->sample_count < SAMPLES_MAX)
		crowd->samples_us[crowd->sample_count++] =
			(uint32_t)((monotonic_ns() - line->begun_ns) / 1000);
	crowd->entries += crowd->frames.at[line->frame].entries;
	if (++line->frame < crowd->frames.count)
		ask_in(line, crowd->every_ms);
}

static void take_poll(struct line *line, long status)
{
	struct crowd *crowd = line->crowd;

	end_handshake(line);
	if (status == HTTP_OK) {
		crowd->last_news_ns = realtime_ns();
		if (crowd->news++ == 0)
			crowd->first_news_ns = crowd->last_news_ns;
		return;
	}
	if (status == HTTP_SAME) {
		line->failures = 0;
		crowd->unchanged++;
		ask_in(line, 0);
		return;
	}
	crowd->polls_failed++;
	ask_later(line);
}

static void take_answers(struct pool *pool)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(pool->multi, &left))) {
		struct line *line = NULL;
		CURL *easy = message->easy_handle;
		long status = 0;

		curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&line);
		curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
		if (message->data.result != CURLE_OK)
			status = 0;
		curl_multi_remove_handle(pool->multi, easy);
		(is_poll(line) ? take_poll : take_delivery)(line, status);
	}
}

static void act(struct pool *pool, curl_socket_t socket, int what)
{
	int running;

	curl_multi_socket_action(pool->multi, socket, what, &running);
	take_answers(pool);
}

static void socket_ready(evutil_socket_t socket, short what, void *pool)
{
	act(pool, (curl_socket_t)socket,
	    (what & EV_READ ? CURL_CSELECT_IN : 0) | (what & EV_WRITE ? CURL_CSELECT_OUT : 0));
}

static void time_came(evutil_socket_t none, short what, void *pool)
{
	(void)none;
	(void)what;
	act(pool, CURL_SOCKET_TIMEOUT, 0);
}

static int watch(CURL *easy, curl_socket_t socket, int what, void *context, void *old)
{
	struct pool *pool = context;
	short wanted = (short)((what & CURL_POLL_IN ? EV_READ : 0) |
			       (what & CURL_POLL_OUT ? EV_WRITE : 0) | EV_PERSIST);
	struct event *event = NULL;

	(void)easy;
	if (old)
		event_free(old);
	if (what != CURL_POLL_REMOVE) {
		event = must(event_new(pool->crowd->loop, socket, wanted, socket_ready, pool));
		event_add(event, NULL);
	}
	curl_multi_assign(pool->multi, socket, event);
	return 0;
}

static int wake_in(CURLM *multi, long wait_ms, void *context)
{
	struct pool *pool = context;
	const struct timeval in = { wait_ms / 1000, wait_ms % 1000 * 1000 };

	(void)multi;
	if (wait_ms < 0)
		evtimer_del(pool->timer);
	else
		evtimer_add(pool->timer, &in);
	return 0;
}

static void line_begin(struct crowd *crowd, struct pool *pool, const char *token)
{
	struct line *line = &crowd->lines[crowd->line_count++];
	char text[PATH_SIZE];

	*line = (struct line){ .crowd = crowd, .pool = pool };
	line->easy = must(curl_easy_init());
	line->due = must(evtimer_new(crowd->loop, ask, line));
	snprintf(text, sizeof(text), "Authorization: Bearer %s", token);
	line->headers = must(curl_slist_append(NULL, text));
	snprintf(text, sizeof(text), "%s/v1/%s", crowd->url, is_poll(line) ? "policy" : "record");
	curl_easy_setopt(line->easy, CURLOPT_URL, text);
	curl_easy_setopt(line->easy, CURLOPT_SSL_VERIFYPEER, 0L);
	curl_easy_setopt(line->easy, CURLOPT_SSL_VERIFYHOST, 0L);
	curl_easy_setopt(line->easy, CURLOPT_PRIVATE, line);
	curl_easy_setopt(line->easy, CURLOPT_WRITEFUNCTION, ignore_body);
	curl_easy_setopt(line->easy, CURLOPT_PREREQFUNCTION, note_sent);
	curl_easy_setopt(line->easy, CURLOPT_PREREQDATA, line);
	if (!is_poll(line))
		return;
	curl_slist_append(line->headers, "If-None-Match: \"1\"");
	curl_slist_append(line->headers, "Prefer: wait=30");
	curl_easy_setopt(line->easy, CURLOPT_HTTPHEADER, line->headers);
	ask_in(line, (int64_t)crowd->polls_unsent++ * POLL_AFTER_MS);
	crowd->poll_count++;
}

static void add_machines(struct crowd *crowd, struct slice tokens, bool polls)
{
	const struct timeval patience = { HELD_MAX_S, 0 };
	size_t count = 0;

	for (size_t i = 0; i < tokens.length; i++)
		count += tokens.at[i] == '\n';
	crowd->lines = must(calloc(2 * count, sizeof(*crowd->lines)));
	while (tokens.length > 0) {
		struct slice line = slice_cut(&tokens, '\n');
		char token[HEADER_SIZE];

		snprintf(token, sizeof(token), "%.*s", SLICE_ARGUMENTS(line));
		if (polls)
			line_begin(crowd, &crowd->polls, token);
		if (crowd->every_ms >= 0)
			line_begin(crowd, &crowd->deliveries, token);
	}
	if (!polls)
		begin_deliveries(crowd);
	evtimer_add(crowd->patience, &patience);
}

static int compare(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return (a > b) - (a < b);
}

static double sample_ms(const struct crowd *crowd, unsigned int percent)
{
	return crowd->sample_count == 0
		       ? 0
		       : crowd->samples_us[(crowd->sample_count - 1) * percent / 100] / 1000.0;
}

static void tell(struct crowd *crowd)
{
	qsort(crowd->samples_us, crowd->sample_count, sizeof(*crowd->samples_us), compare);
	printf("{\"seconds\":%.3f,\"deliveries\":%zu,\"entries\":%llu,\"busy\":%llu,"
	       "\"polls_failed\":%llu,\"deliveries_failed\":%llu,"
	       "\"p50_ms\":%.2f,\"p95_ms\":%.2f,\"news\":%llu,\"unchanged\":%llu,"
	       "\"first_news\":%.3f,\"last_news\":%.3f}\n",
	       (double)(monotonic_ns() - crowd->begun_ns) / SECOND_NS, crowd->sample_count,
	       (unsigned long long)crowd->entries, (unsigned long long)crowd->busy,
	       (unsigned long long)crowd->polls_failed,
	       (unsigned long long)crowd->deliveries_failed, sample_ms(crowd, 50),
	       sample_ms(crowd, 95), (unsigned long long)crowd->news,
	       (unsigned long long)crowd->unchanged, (double)crowd->first_news_ns / SECOND_NS,
	       (double)crowd->last_news_ns / SECOND_NS);
}

static void lose_patience(evutil_socket_t none, short what, void *crowd)
{
	(void)none;
	(void)what;
	begin_deliveries(crowd);
}

static void finish(evutil_socket_t none, short what, void *context)
{
	(void)none;
	(void)what;
	event_base_loopbreak(context);
}

static void pool_open(struct crowd *crowd, struct pool *pool, long connections)
{
	pool->crowd = crowd;
	pool->multi = must(curl_multi_init());
	pool->timer = must(evtimer_new(crowd->loop, time_came, pool));
	curl_multi_setopt(pool->multi, CURLMOPT_SOCKETFUNCTION, watch);
	curl_multi_setopt(pool->multi, CURLMOPT_SOCKETDATA, pool);
	curl_multi_setopt(pool->multi, CURLMOPT_TIMERFUNCTION, wake_in);
	curl_multi_setopt(pool->multi, CURLMOPT_TIMERDATA, pool);
	curl_multi_setopt(pool->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, connections);
}

static void crowd_open(struct crowd *crowd, long seconds)
{
	crowd->seconds.tv_sec = seconds;
	crowd->last = &crowd->first;
	curl_global_init(CURL_GLOBAL_DEFAULT);
	crowd->loop = must(event_base_new());
	crowd->end = must(evtimer_new(crowd->loop, finish, crowd->loop));
	crowd->patience = must(evtimer_new(crowd->loop, lose_patience, crowd));
	pool_open(crowd, &crowd->polls, 0);
	pool_open(crowd, &crowd->deliveries, DELIVERY_CONNECTIONS);
}

int main(int argc, char **argv)
{
	static struct crowd crowd;
	struct buf tokens = BUF_MAX(64 * MIB), part = BUF_MAX(PART_MAX);

	if (argc != 8)
		return EXIT_FAILURE;
	crowd.url = argv[1];
	crowd.every_ms = atol(argv[5]);
	crowd.samples_us = must(calloc(SAMPLES_MAX, sizeof(*crowd.samples_us)));
	check(file_read(argv[2], &tokens), argv[2]);
	check(file_read(argv[3], &part), argv[3]);
	frames_cut(&crowd.frames, buf_view(&part), strtoul(argv[6], NULL, 10));
	crowd_open(&crowd, atol(argv[7]));
	crowd.begun_ns = monotonic_ns();
	add_machines(&crowd, buf_view(&tokens), atol(argv[4]) != 0);
	event_base_dispatch(crowd.loop);
	tell(&crowd);
	fflush(stdout);
	_Exit(EXIT_SUCCESS);
}
