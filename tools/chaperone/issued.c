/* SPDX-License-Identifier: MIT */
#include "tools/chaperone/issued.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 16u

static int make_room(struct issued *issued)
{
	size_t capacity = issued->capacity > 0 ? 2 * issued->capacity : FIRST_CAPACITY;

	if (issued->count < issued->capacity)
		return 0;
	if (issued->count >= 2 * ISSUED_KEPT) {
		issued->count = ISSUED_KEPT;
		memmove(issued->at, issued->at + ISSUED_KEPT, ISSUED_KEPT * sizeof(*issued->at));
		return 0;
	}
	uint64_t *at = realloc(issued->at, capacity * sizeof(*at));
	if (!at)
		return -ENOMEM;
	issued->at = at;
	issued->capacity = capacity;
	return 0;
}

int issued_add(struct issued *issued, uint64_t number)
{
	int r = make_room(issued);

	if (r == 0)
		issued->at[issued->count++] = number;
	return r;
}

static int compare(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

bool issued_has(const struct issued *issued, uint64_t number)
{
	if (issued->count == 0)
		return false;
	/* One connection at a time is the rule, and then it is the last. */
	return issued->at[issued->count - 1] == number ||
	       bsearch(&number, issued->at, issued->count, sizeof(*issued->at), compare);
}

void issued_done(struct issued *issued)
{
	free(issued->at);
	*issued = (struct issued){ 0 };
}
