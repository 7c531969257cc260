/* SPDX-License-Identifier: MIT */
#include "tools/server/record/index_count.h"

#include <errno.h>
#include <string.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/record.h"

#define CELLS_MAX  2048u
#define CELL_SLOTS (2 * CELLS_MAX)
#define NAMES_MAX                                                                                  \
	(2 * KIB) /* of a row: an index's rows are shorter than 2700 bytes in PostgreSQL */
#define STEP_NS (60 * (int64_t)SECOND_NS) /* the shortest */

enum { PERSON, VERDICT, RULES, NAMES };

/* One row of each step, whose names are not looked up again while they stay the same. */
struct row {
	bool is_begun;
	struct counted sum; /* its time is the span's */
	char room[NAMES][NAMES_MAX];
	struct slice names[NAMES];
};

struct counts {
	struct store *store;
	int64_t source;
	struct counted cells[CELLS_MAX]; /* of one span, connection and judgement each */
	size_t count;
	uint16_t slots[CELL_SLOTS]; /* one more than the place in `cells`; 0: free */
	struct row row;
};

int counts_new(struct store *store, int64_t source, struct counts **ret_counts)
{
	struct counts *counts = calloc(1, sizeof(*counts));

	if (!counts)
		return -ENOMEM;
	counts->store = store;
	counts->source = source;
	*ret_counts = counts;
	return 0;
}

void counts_free(struct counts *counts)
{
	free(counts);
}

static void sum_up(struct counted *sum, const struct counted *more)
{
	sum->statements += more->statements;
	sum->refused += more->refused;
	sum->failed += more->failed;
	sum->masked_cells += more->masked_cells;
}

/* ---- rows ---- */

static int write_step(const struct counts *counts, int64_t step_s)
{
	const struct row *row = &counts->row;
	int64_t start_ns = row->sum.time_ns - row->sum.time_ns % (step_s * (int64_t)SECOND_NS);

	return store_queue(
		counts->store,
		"INSERT INTO record_count (step, start, source, person, verdict, rules, statements,"
		" refused, failed, masked_cells) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
		" ON CONFLICT (step, start, source, person, verdict, rules) DO UPDATE SET"
		" statements = record_count.statements + excluded.statements,"
		" refused = record_count.refused + excluded.refused,"
		" failed = record_count.failed + excluded.failed,"
		" masked_cells = record_count.masked_cells + excluded.masked_cells",
		STORE_VALUES(store_number(step_s), store_number(start_ns),
			     store_number(counts->source), store_text(row->names[PERSON]),
			     store_text(row->names[VERDICT]), store_text(row->names[RULES]),
			     store_number(row->sum.statements), store_number(row->sum.refused),
			     store_number(row->sum.failed), store_number(row->sum.masked_cells)));
}

static int write_row(struct counts *counts)
{
	static const int64_t STEPS[] = {
#define COUNT_STEP(seconds) seconds,
		COUNT_STEPS(COUNT_STEP)
#undef COUNT_STEP
	};
	int r = 0;

	for (size_t i = 0; counts->row.is_begun && i < COUNT_OF(STEPS) && r == 0; i++)
		r = write_step(counts, STEPS[i]);
	counts->row.is_begun = false;
	return r;
}

/* What is longer ends where a character does. */
static struct slice cut_name(struct slice name)
{
	size_t whole = name.length;

	name = slice_part(name, 0, COUNT_NAME_SIZE - 1);
	while (name.length > 0 && name.length < whole && (name.at[name.length] & 0xc0) == 0x80)
		name.length--;
	return name;
}

/* Rules are names with a line each, of which the first ones have room. */
static struct slice cut_rules(struct slice rules, char room[NAMES_MAX])
{
	size_t length = 0;

	while (rules.at) {
		struct slice name = cut_name(slice_cut(&rules, '\n'));

		if (length + 1 + name.length > NAMES_MAX)
			break;
		if (length > 0)
			room[length++] = '\n';
		if (name.length > 0)
			memcpy(room + length, name.at, name.length);
		length += name.length;
	}
	return (struct slice){ room, length };
}

static bool is_same(const struct row *row, int64_t time_ns, const struct slice names[NAMES])
{
	bool is_same = row->is_begun && row->sum.time_ns == time_ns;

	for (size_t i = 0; i < NAMES && is_same; i++)
		is_same = slice_equal(row->names[i], names[i]);
	return is_same;
}

static void begin_row(struct row *row, int64_t time_ns, const struct slice names[NAMES])
{
	row->is_begun = true;
	row->sum = (struct counted){ .time_ns = time_ns };
	for (size_t i = 0; i < NAMES; i++) {
		if (names[i].length > 0)
			memcpy(row->room[i], names[i].at, names[i].length);
		row->names[i] = (struct slice){ row->room[i], names[i].length };
	}
}

/* A cell on its way to its row. */
struct cell {
	struct counts *counts;
	const struct counted *counted;
};

static int take_names(void *context, const struct store_value *columns, size_t count)
{
	const struct cell *cell = context;
	struct row *row = &cell->counts->row;
	char room[NAMES_MAX];
	const struct slice names[NAMES] = {
		[PERSON] = cut_name(columns[PERSON].bytes),
		[VERDICT] = cut_name(columns[VERDICT].bytes),
		[RULES] = cut_rules(columns[RULES].bytes, room),
	};
	int r = 0;

	(void)count;
	if (!is_same(row, cell->counted->time_ns, names)) {
		r = write_row(cell->counts);
		begin_row(row, cell->counted->time_ns, names);
	}
	sum_up(&row->sum, cell->counted);
	return r;
}

static int write_cell(struct counts *counts, const struct counted *counted)
{
	struct cell cell = { counts, counted };

	return store_run(
		counts->store,
		"SELECT coalesce(subject.person, subject.os_user, ''),"
		" coalesce(judgement.verdict, 'unknown'),"
		" coalesce(judgement.rules, '') FROM record_source AS origin"
		" LEFT JOIN record_subject AS subject ON subject.source = origin.source"
		" AND subject.kind = $1 AND subject.number = $2"
		" LEFT JOIN record_judgement AS judgement ON judgement.source = origin.source"
		" AND judgement.number = $3 WHERE origin.source = $4",
		STORE_VALUES(store_number(RECORD_CONNECTION), store_number(counted->connection),
			     store_number(counted->judgement), store_number(counts->source)),
		take_names, &cell);
}

int counts_write(struct counts *counts)
{
	int r = 0;

	for (size_t i = 0; i < counts->count && r >= 0; i++)
		r = write_cell(counts, &counts->cells[i]);
	counts->count = 0;
	memset(counts->slots, 0, sizeof(counts->slots));
	return r < 0 ? r : write_row(counts);
}

/* ---- cells ---- */

/* The slot that has the cell, or the free one where it belongs. */
static uint16_t *slot_of(struct counts *counts, const struct counted *key)
{
	uint64_t mixed = ((uint64_t)key->connection * 0x9e3779b97f4a7c15u ^
			  (uint64_t)key->judgement ^ (uint64_t)(key->time_ns / STEP_NS) << 20) *
			 0xff51afd7ed558ccdu;

	for (size_t i = (mixed ^ mixed >> 32) & (CELL_SLOTS - 1);; i = (i + 1) & (CELL_SLOTS - 1)) {
		uint16_t *slot = &counts->slots[i];
		const struct counted *cell = *slot ? &counts->cells[*slot - 1] : NULL;

		if (!cell ||
		    (cell->time_ns == key->time_ns && cell->connection == key->connection &&
		     cell->judgement == key->judgement))
			return slot;
	}
}

int counts_add(struct counts *counts, const struct counted *counted)
{
	struct counted key = *counted;
	int r = counts->count == CELLS_MAX ? counts_write(counts) : 0;

	key.time_ns -= key.time_ns % STEP_NS;
	uint16_t *slot = slot_of(counts, &key);
	if (*slot) {
		sum_up(&counts->cells[*slot - 1], &key);
		return r;
	}
	counts->cells[counts->count++] = key;
	*slot = (uint16_t)counts->count;
	return r;
}
