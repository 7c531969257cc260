/* SPDX-License-Identifier: MIT */
/* The places that links name, sorted, because a long record asks for every batch. */
#include "common/record_targets.h"

#include <errno.h>

static int compare_place(const struct record_link *link, uint64_t boot, uint32_t part, uint64_t end)
{
	if (link->boot != boot)
		return link->boot < boot ? -1 : 1;
	if (link->part != part)
		return link->part < part ? -1 : 1;
	return (link->end > end) - (link->end < end);
}

static int compare_targets(const void *a, const void *b)
{
	const struct record_target *left = a, *right = b;

	return compare_place(left->link, right->link->boot, right->link->part, right->link->end);
}

static size_t count_links(const struct record_files *files)
{
	size_t count = 0;

	for (size_t i = 0; i < files->count; i++)
		count += files->at[i].header.link_count;
	return count;
}

int record_targets_make(const struct record_files *files, struct record_targets *ret_targets)
{
	struct record_targets targets = { 0 };

	targets.at = calloc(count_links(files) + 1, sizeof(*targets.at));
	if (!targets.at)
		return -ENOMEM;
	for (size_t i = 0; i < files->count; i++) {
		const struct record_file *file = &files->at[i];

		for (uint32_t k = 0; k < file->header.link_count; k++)
			targets.at[targets.count++] = (struct record_target){
				.link = &file->links[k],
				.from = file,
				.offset = RECORD_HEADER_FIXED + (uint64_t)k * RECORD_LINK_SIZE,
			};
	}
	qsort(targets.at, targets.count, sizeof(*targets.at), compare_targets);
	*ret_targets = targets;
	return 0;
}

void record_targets_done(struct record_targets *targets)
{
	free(targets->at);
	*targets = (struct record_targets){ 0 };
}

size_t record_targets_find(const struct record_targets *targets, const struct record_header *header,
			   uint64_t end, struct record_target **ret_first)
{
	size_t low = 0, high = targets->count, count = 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_place(targets->at[middle].link, header->boot, header->part, end) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	while (low + count < targets->count &&
	       compare_place(targets->at[low + count].link, header->boot, header->part, end) == 0)
		count++;
	*ret_first = targets->at + low;
	return count;
}
