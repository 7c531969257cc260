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
		STORE_VALUES(store_number(page->search->log), store_number(last->leaf),
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

static int make_page(struct page *page, read_fn read, struct search_event *last)
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
	return fill(page, read, last);
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

enum { EVENT_NUMBERS = 5, NEWS_NUMBERS = 4 };

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
		r = make_page(page, read_older, &last);
	if (r <= 0)
		return r;
	const struct search_key *key = &last.key;
	const int64_t numbers[EVENT_NUMBERS] = { key->time_ns, key->source, key->connection,
						 key->kind, key->sequence };
	search_cursor_write(CURSOR_EVENTS, numbers, EVENT_NUMBERS, ret_cursor);
	return 0;
}

int search_news(struct store *store, const struct search *search, search_event_fn row,
		void *context, char ret_cursor[SEARCH_CURSOR_SIZE])
{
	SCOPED(free_p) struct page *page = NULL;
	int64_t at[NEWS_NUMBERS] = { 0, 0, 0, 0 };
	int r = search_cursor_read(search->cursor, CURSOR_NEWS, at, NEWS_NUMBERS);

	if (r == 0)
		r = begin(store, search, row, context, &page);
	if (r < 0)
		return r;
	struct search_event last = {
		.leaf = at[0], .key = { .connection = at[1], .kind = at[2], .sequence = at[3] }
	};
	r = make_page(page, read_news, &last);
	if (r < 0)
		return r;
	const int64_t numbers[NEWS_NUMBERS] = { last.leaf, last.key.connection, last.key.kind,
						last.key.sequence };
	search_cursor_write(CURSOR_NEWS, numbers, NEWS_NUMBERS, ret_cursor);
	return r;
}

/* What comes next has the tree's size as its leaf; nothing of it stands before the lowest number. */
int search_now(struct store *store, int64_t log, char ret_cursor[SEARCH_CURSOR_SIZE],
	       int64_t *ret_size)
{
	*ret_size = 0;
	int r = store_run(store, "SELECT size FROM log_tree WHERE log = $1",
			  STORE_VALUES(store_number(log)), store_take_number, ret_size);
	const int64_t numbers[NEWS_NUMBERS] = { *ret_size, INT64_MIN, SEARCH_ASKED, INT64_MIN };

	search_cursor_write(CURSOR_NEWS, numbers, NEWS_NUMBERS, ret_cursor);
	return r < 0 ? r : 0;
}
