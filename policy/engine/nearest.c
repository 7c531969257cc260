/* SPDX-License-Identifier: MIT */
/* Edit distance with swaps (optimal string alignment), row by row. */
#include "policy/engine/nearest.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static unsigned smaller(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static bool same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

struct rows {
	unsigned before[NEAREST_LENGTH_MAX + 1], last[NEAREST_LENGTH_MAX + 1],
		now[NEAREST_LENGTH_MAX + 1];
};

static void fill_row(struct rows *rows, struct slice a, size_t i, struct slice b)
{
	rows->now[0] = (unsigned)i;
	for (size_t k = 1; k <= b.length; k++) {
		bool is_same = same(a.at[i - 1], b.at[k - 1]);
		unsigned cost = smaller(rows->last[k - 1] + !is_same,
					smaller(rows->last[k], rows->now[k - 1]) + 1);

		if (i > 1 && k > 1 && same(a.at[i - 1], b.at[k - 2]) &&
		    same(a.at[i - 2], b.at[k - 1]))
			cost = smaller(cost, rows->before[k - 2] + 1);
		rows->now[k] = cost;
	}
}

static unsigned distance(struct slice a, struct slice b)
{
	struct rows rows;

	for (size_t k = 0; k <= b.length; k++)
		rows.last[k] = (unsigned)k;
	for (size_t i = 1; i <= a.length; i++) {
		fill_row(&rows, a, i, b);
		memcpy(rows.before, rows.last, sizeof(rows.last));
		memcpy(rows.last, rows.now, sizeof(rows.now));
	}
	return rows.last[b.length];
}

struct nearest nearest_to(struct slice wanted)
{
	/* Further away than half its letters, a word is another word. */
	unsigned far = (unsigned)(wanted.length + 1) / 2 + 1;

	return (struct nearest){ wanted, NULL, far < 4 ? far : 4 };
}

void nearest_try(struct nearest *nearest, const char *word)
{
	struct slice text = slice_of(word);

	if (text.length > NEAREST_LENGTH_MAX || nearest->wanted.length > NEAREST_LENGTH_MAX)
		return;
	unsigned found = distance(nearest->wanted, text);
	if (found >= nearest->distance)
		return;
	nearest->distance = found;
	nearest->best = word;
}

void nearest_hint(const struct nearest *nearest, char ret_hint[NEAREST_HINT_SIZE])
{
	ret_hint[0] = '\0';
	if (nearest->best)
		snprintf(ret_hint, NEAREST_HINT_SIZE, "; did you mean '%.64s'?", nearest->best);
}
