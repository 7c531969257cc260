/* SPDX-License-Identifier: MIT */
/* Pages of events: pieces of the record in order of time, or in the order in which they came, of which
 * those are shown that match. */
#include "tools/server/record/search.h"

#include <errno.h>

#include "tools/server/record/search_cursor.h"
#include "tools/server/record/search_event.h"
#include "tools/server/record/search_match.h"

#define PIECE_MAX 1024u

/* A page in the making. */
struct page {
	struct store *store;
	const struct search *search;
	struct search_match *match;
	search_event_fn row;
	void *context;
	size_t examined, shown;
	size_t piece_max;
	int64_t log; /* of read_news */
	struct search_event piece[PIECE_MAX];
	size_t piece_count;
};

/* Reads the next piece behind `last`, the last event that was looked at. */
typedef int (*read_fn)(struct page *page, const struct search_event *last);

static int take_row(void *context, const struct store_value *columns, size_t count)
{
	struct page *page = context;

	(void)count;
	if (page->piece_count == PIECE_MAX)
		return -E2BIG;
	search_event_take(columns, &page->piece[page->piece_count++]);
	return 0;
}

static int read_older(struct page *page, const struct search_event *last)
{
	const struct search_key *key = &last->key;

	return store_run(
		page->store,
		"SELECT * FROM (SELECT * FROM (SELECT " SEARCH_STATEMENT_COLUMNS
		" FROM record_event WHERE time <= $1 AND time >= $2 AND (time < $1 OR source < $3"
		" OR (source = $3 AND (connection < $4 OR (connection = $4"
		" AND (1 < $5 OR (1 = $5 AND sequence < $6))))))"
		" ORDER BY time DESC, source DESC, connection DESC, sequence DESC LIMIT $7)"
		" AS statement UNION ALL SELECT * FROM (SELECT " SEARCH_ASKED_COLUMNS
		" FROM record_asked WHERE time <= $1 AND time >= $2 AND (time < $1 OR source < $3"
		" OR (source = $3 AND (connection < $4 OR (connection = $4"
		" AND (0 < $5 OR (0 = $5 AND judgement < $6))))))"
		" ORDER BY time DESC, source DESC, connection DESC, judgement DESC LIMIT $7)"
		" AS asked) AS event"
		" ORDER BY time DESC, source DESC, connection DESC, kind DESC, sequence DESC"
		" LIMIT $7",
		STORE_VALUES(store_number(key->time_ns),
			     store_number((int64_t)page->search->filter.from_ns),
			     store_number(key->source), store_number(key->connection),
			     store_number(key->kind), store_number(key->sequence),
			     store_number((int64_t)page->piece_max)),
		take_row, page);
}

/* A leaf is of one source alone. */
static int read_news(struct page *page, const struct search_event *last)
{
	const struct search_key *key = &last->key;

	return store_run(
		page->store,
		"SELECT * FROM (SELECT * FROM (SELECT " SEARCH_STATEMENT_COLUMNS
		" FROM record_event WHERE log = $1 AND leaf >= $2 AND (leaf > $2 OR connection > $3"
		" OR (connection = $3 AND (1 > $4 OR (1 = $4 AND sequence > $5))))"
		" ORDER BY leaf, connection, sequence LIMIT $6)"
		" AS statement UNION ALL SELECT * FROM (SELECT " SEARCH_ASKED_COLUMNS
		" FROM record_asked WHERE log = $1 AND leaf >= $2 AND (leaf > $2 OR connection > $3"
		" OR (connection = $3 AND (0 > $4 OR (0 = $4 AND judgement > $5))))"
		" ORDER BY leaf, connection, judgement LIMIT $6)"
		" AS asked) AS event ORDER BY leaf, connection, kind, sequence LIMIT $6",
		STORE_VALUES(store_number(page->log), store_number(last->leaf),
			     store_number(key->connection), store_number(key->kind),
			     store_number(key->sequence), store_number((int64_t)page->piece_max)),
		take_row, page);
}

static bool is_full(const struct page *page)
{
	return page->shown == page->search->limit || page->examined == SEARCH_EXAMINED_MAX;
}

static bool is_in_time(const struct page *page, const struct search_event *event)
{
	const struct search_filter *filter = &page->search->filter;

	return event->key.time_ns >= (int64_t)filter->from_ns &&
	       event->key.time_ns <= (int64_t)filter->until_ns;
}

static int look_at(struct page *page, const struct search_event *event)
{
	page->examined++;
	int r = is_in_time(page, event) ? search_match_event(page->match, event) : 0;

	if (r <= 0)
		return r;
	page->shown++;
	r = search_event_show(page->store, event, page->row, page->context);
	return r < 0 ? r : 0;
}

/* 1: the page is full; 0: there is no more. */
static int fill(struct page *page, read_fn read, struct search_event *last)
{
	bool is_more;

	do {
		page->piece_count = 0;
		int r = read(page, last);

		for (size_t i = 0; r >= 0 && i < page->piece_count; i++) {
			if (is_full(page))
				return 1;
			*last = page->piece[i];
			r = look_at(page, last);
		}
		if (r < 0)
			return r;
		is_more = page->piece_count == page->piece_max;
		page->piece_max = 2 * page->piece_max < PIECE_MAX ? 2 * page->piece_max : PIECE_MAX;
	} while (is_more);
	return 0;
}

/* `make` fills the page, which has a match then. */
static int make_page(struct page *page, int (*make)(struct page *page, void *context),
		     void *context)
{
	SCOPED(search_match_freep) struct search_match *match = NULL;
	const struct search *search = page->search;

	if (search->limit == 0 || search->limit > SEARCH_LIMIT_MAX ||
	    search->filter.from_ns > INT64_MAX || search->filter.until_ns > INT64_MAX)
		return -EDOM;
	int r = search_match_new(page->store, &search->filter, &match);
	if (r < 0)
		return r;
	/* one more than is shown tells whether there is more; what is rare is looked for in longer pieces */
	page->piece_max = search->limit + 1;
	page->match = match;
	return make(page, context);
}

static int fill_older(struct page *page, void *last)
{
	return fill(page, read_older, last);
}

static int begin(struct store *store, const struct search *search, search_event_fn row,
		 void *context, struct page **ret_page)
{
	struct page *page = malloc(sizeof(*page));

	if (!page)
		return -ENOMEM;
	page->store = store;
	page->search = search;
	page->row = row;
	page->context = context;
	page->examined = page->shown = 0;
	*ret_page = page;
	return 0;
}

enum { EVENT_NUMBERS = 5 };

/* Where nothing was seen yet, everything that is old enough lies behind. */
static int read_start(const struct search *search, struct search_event *ret_last)
{
	int64_t numbers[EVENT_NUMBERS] = { (int64_t)search->filter.until_ns, INT64_MAX, INT64_MAX,
					   SEARCH_STATEMENT, INT64_MAX };
	int r = search->cursor.length == 0
			? 0
			: search_cursor_read(search->cursor, CURSOR_EVENTS, numbers, EVENT_NUMBERS);

	*ret_last = (struct search_event){
		.key = { numbers[0], numbers[1], numbers[2], numbers[3], numbers[4] },
	};
	return r;
}

int search_events(struct store *store, const struct search *search, search_event_fn row,
		  void *context, char ret_cursor[SEARCH_CURSOR_SIZE])
{
	SCOPED(free_p) struct page *page = NULL;
	struct search_event last;
	int r = read_start(search, &last);

	ret_cursor[0] = '\0';
	if (r == 0)
		r = begin(store, search, row, context, &page);
	if (r == 0)
		r = make_page(page, fill_older, &last);
	if (r <= 0)
		return r;
	const struct search_key *key = &last.key;
	const int64_t numbers[EVENT_NUMBERS] = { key->time_ns, key->source, key->connection,
						 key->kind, key->sequence };
	search_cursor_write(CURSOR_EVENTS, numbers, EVENT_NUMBERS, ret_cursor);
	return 0;
}

/* ---- what came ---- */

/* How far the logs were seen, in the order of their numbers: everything below a leaf was, and of one of
 * them, in whose midst a page ended, all up to `last` besides. */
struct news {
	size_t count;
	struct position {
		int64_t log, leaf;
	} at[SEARCH_LOGS_MAX];
	int64_t log; /* 0: none */
	struct search_event last;
};

enum { LAST_NUMBERS = 4, LOG_NUMBERS = 2 };

static int read_news_cursor(struct slice cursor, struct news *news)
{
	int64_t numbers[CURSOR_LIST_MAX];
	size_t count = 0;
	int r = search_cursor_read_list(cursor, CURSOR_NEWS, numbers, &count);

	if (r < 0 || count < LAST_NUMBERS || count % LOG_NUMBERS != 0)
		return -EDOM;
	news->log = numbers[0];
	news->last = (struct search_event){
		.key = { .connection = numbers[1], .kind = numbers[2], .sequence = numbers[3] }
	};
	news->count = 0;
	for (size_t i = LAST_NUMBERS; i < count; i += LOG_NUMBERS)
		news->at[news->count++] = (struct position){ numbers[i], numbers[i + 1] };
	return 0;
}

static int write_news_cursor(const struct news *news, char ret_cursor[SEARCH_CURSOR_SIZE])
{
	const struct search_key *key = &news->last.key;
	int64_t numbers[CURSOR_LIST_MAX] = { news->log, key->connection, key->kind, key->sequence };
	size_t count = LAST_NUMBERS;

	for (size_t i = 0; i < news->count; i++) {
		numbers[count++] = news->at[i].log;
		numbers[count++] = news->at[i].leaf;
	}
	return search_cursor_write_list(CURSOR_NEWS, numbers, count, ret_cursor);
}

static int take_position(void *context, const struct store_value *columns, size_t count)
{
	struct news *news = context;

	(void)count;
	if (news->count == SEARCH_LOGS_MAX)
		return -E2BIG;
	news->at[news->count++] = (struct position){ columns[0].number, columns[1].number };
	return 0;
}

/* The logs as they are: what comes next has the tree's size as its leaf. */
static int read_logs(struct store *store, struct news *ret_news)
{
	*ret_news = (struct news){ .count = 0 };
	return store_run(store,
			 "SELECT log, size FROM (SELECT tree.log AS log, tree.size AS size"
			 " FROM log_tree AS tree LEFT JOIN pulse ON pulse.server = tree.name"
			 " ORDER BY coalesce(pulse.beat, 0) DESC, tree.log LIMIT $1) AS newest"
			 " ORDER BY log",
			 STORE_VALUES(store_number(SEARCH_LOGS_MAX)), take_position, ret_news);
}

/* All of a log that was not there yet is new. */
static int64_t seen_of(const struct news *seen, int64_t log)
{
	for (size_t i = 0; i < seen->count; i++) {
		if (seen->at[i].log == log)
			return seen->at[i].leaf;
	}
	return 0;
}

struct newly {
	struct news seen, now; /* what is in `now` becomes what is seen */
};

/* Nothing of a leaf stands before the lowest numbers. */
static struct search_event begin_log(const struct news *seen, int64_t log)
{
	struct search_event first = {
		.key = { .connection = INT64_MIN, .kind = SEARCH_ASKED, .sequence = INT64_MIN }
	};

	if (seen->log == log)
		first = seen->last;
	first.leaf = seen_of(seen, log);
	return first;
}

/* A leaf comes whole: behind the last one that was seen there is nothing of it. */
static int fill_log(struct page *page, const struct news *seen, struct position *position,
		    struct news *now)
{
	struct search_event last = begin_log(seen, position->log);
	int64_t begin_leaf = last.leaf;
	size_t examined = page->examined;

	page->log = position->log;
	int r = fill(page, read_news, &last);
	if (r < 0)
		return r;
	position->leaf = last.leaf;
	if (r == 1) {
		now->log = position->log;
		now->last = last;
	} else if (page->examined > examined || seen->log == position->log) {
		position->leaf = last.leaf + 1;
	} else {
		position->leaf = begin_leaf;
	}
	return r;
}

static int fill_news(struct page *page, void *context)
{
	struct newly *newly = context;
	size_t piece_max = page->piece_max;
	int r = 0;

	for (size_t i = 0; i < newly->now.count; i++) {
		struct position *position = &newly->now.at[i];

		if (r == 1) { /* the page is full */
			position->leaf = seen_of(&newly->seen, position->log);
			continue;
		}
		page->piece_max = piece_max;
		r = fill_log(page, &newly->seen, position, &newly->now);
		if (r < 0)
			return r;
	}
	return r;
}

int search_news(struct store *store, const struct search *search, search_event_fn row,
		void *context, char ret_cursor[SEARCH_CURSOR_SIZE])
{
	SCOPED(free_p) struct page *page = NULL;
	struct newly newly;
	int r = read_news_cursor(search->cursor, &newly.seen);

	if (r == 0)
		r = read_logs(store, &newly.now);
	if (r == 0)
		r = begin(store, search, row, context, &page);
	if (r == 0)
		r = make_page(page, fill_news, &newly);
	if (r < 0)
		return r;
	int failed = write_news_cursor(&newly.now, ret_cursor);
	return failed < 0 ? failed : r;
}

/* The size is read first: what comes in between is there then, and not waited for. */
int search_now(struct store *store, char ret_cursor[SEARCH_CURSOR_SIZE], int64_t *ret_size)
{
	struct news now;
	int r = store_run(store, "SELECT CAST(coalesce(sum(size), 0) AS BIGINT) FROM log_tree",
			  STORE_NO_VALUES, store_take_number, ret_size);

	if (r == 0)
		r = read_logs(store, &now);
	return r < 0 ? r : write_news_cursor(&now, ret_cursor);
}
