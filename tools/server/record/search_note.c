/* SPDX-License-Identifier: MIT */
#include "tools/server/record/search_note.h"

#include <errno.h>
#include <stdio.h>

#include "tools/server/record/search_cursor.h"
#include "tools/server/record/search_match.h"

enum { TIME, LOG, LEAF, PLACE, SOURCE, PARENT, TEXT, AGENT, HOST };
enum { NUMBERS = 4 };

void search_note_id(const struct search_note *note, char ret_id[SEARCH_ID_SIZE])
{
	uint64_t time_ns = (uint64_t)note->time_ns;

	snprintf(ret_id, SEARCH_ID_SIZE, "%08llx-n%08x", (unsigned long long)note->parent >> 32,
		 (unsigned)(time_ns ^ time_ns >> 32));
}

/* A page in the making. */
struct page {
	const struct search *search;
	search_note_fn row;
	void *context;
	size_t examined, shown;
	int64_t last[NUMBERS]; /* of the last note that was looked at */
	bool is_full;
};

static bool is_match(const struct search_filter *filter, const struct store_value *columns)
{
	struct slice text = columns[TEXT].bytes;

	return (filter->agent.length == 0 ||
		search_match_agent(filter->agent, columns[AGENT].bytes, columns[HOST].bytes)) &&
	       (filter->shape.length == 0 || search_match_part(text, filter->shape));
}

static int look_at(void *context, const struct store_value *columns, size_t count)
{
	struct page *page = context;

	(void)count;
	page->is_full = page->shown == page->search->limit || page->examined == SEARCH_EXAMINED_MAX;
	if (page->is_full)
		return -ECANCELED;
	for (size_t i = 0; i < NUMBERS; i++)
		page->last[i] = columns[i].number;
	page->examined++;
	if (!is_match(&page->search->filter, columns))
		return 0;
	page->shown++;
	const struct search_note note = {
		.time_ns = columns[TIME].number,
		.leaf = columns[LEAF].number,
		.place = columns[PLACE].number,
		.source = columns[SOURCE].number,
		.parent = columns[PARENT].number,
		.agent = columns[AGENT].bytes,
		.text = columns[TEXT].bytes,
	};
	return page->row(page->context, &note);
}

/* Where all fit, no more are read than are shown. */
static int64_t read_max(const struct page *page)
{
	const struct search_filter *filter = &page->search->filter;
	bool all_fit = filter->agent.length == 0 && filter->shape.length == 0;

	return all_fit ? (int64_t)page->search->limit + 1 : SEARCH_EXAMINED_MAX + 1;
}

/* One more than is looked at tells whether there is more. */
static int read_notes(struct store *store, struct page *page)
{
	int r = store_run(
		store,
		"SELECT note.time, note.log, note.leaf, note.place, note.source, note.parent, note.text,"
		" agent.id, agent.host FROM (SELECT time, log, leaf, place, source, parent, text"
		" FROM record_note WHERE time <= $1 AND time >= $2 AND (time < $1 OR log < $3"
		" OR (log = $3 AND (leaf < $4 OR (leaf = $4 AND place < $5))))"
		" ORDER BY time DESC, log DESC, leaf DESC, place DESC LIMIT $6) AS note"
		" LEFT JOIN record_source AS origin ON origin.source = note.source"
		" LEFT JOIN agent ON agent.id = origin.agent"
		" ORDER BY note.time DESC, note.log DESC, note.leaf DESC, note.place DESC",
		STORE_VALUES(store_number(page->last[0]),
			     store_number((int64_t)page->search->filter.from_ns),
			     store_number(page->last[1]), store_number(page->last[2]),
			     store_number(page->last[3]), store_number(read_max(page))),
		look_at, page);

	return r == -ECANCELED && page->is_full ? 0 : r;
}

static bool is_right(const struct search *search)
{
	const struct search_filter *filter = &search->filter;

	return search->limit > 0 && search->limit <= SEARCH_LIMIT_MAX &&
	       filter->from_ns <= INT64_MAX && filter->until_ns <= INT64_MAX &&
	       filter->person.length + filter->database.length + filter->table.length +
			       filter->verdict.length + filter->rule.length ==
		       0;
}

int search_notes(struct store *store, const struct search *search, search_note_fn row,
		 void *context, char ret_cursor[SEARCH_CURSOR_SIZE])
{
	struct page page = { .search = search,
			     .row = row,
			     .context = context,
			     .last = { (int64_t)search->filter.until_ns, INT64_MAX, INT64_MAX,
				       INT64_MAX } };
	int r = is_right(search) ? 0 : -EDOM;

	ret_cursor[0] = '\0';
	if (r == 0 && search->cursor.length > 0)
		r = search_cursor_read(search->cursor, CURSOR_NOTES, page.last, NUMBERS);
	if (r == 0)
		r = read_notes(store, &page);
	if (r < 0)
		return r;
	if (page.is_full)
		search_cursor_write(CURSOR_NOTES, page.last, NUMBERS, ret_cursor);
	return 0;
}
