/* SPDX-License-Identifier: MIT */
/* Whatever is delivered: a walk takes nothing that no writer wrote, and the entries of any body end. */
#include <errno.h>

#include "common/record_walk.h"
#include "control/frame.h"
#include "control/part.h"
#include "tests/fuzz/fuzz.h"

#define ENTRIES_TRIED 1000u
#define FRAME_TRIED   (2 * MIB)

static void walk_over(struct slice input, uint64_t offset)
{
	struct record_walk walk = { .offset = offset };
	struct record_piece piece;
	struct slice rest = input;
	int r;

	while ((r = record_walk_next(&walk, &rest, &piece)) == 1)
		PROMISE(piece.bytes.at >= input.at && piece.bytes.length > SHA256_SIZE);
	PROMISE(r == 0 || r == -EBADMSG || r == -ESTALE || r == -ENOMEM);
	PROMISE(walk.offset - offset == input.length - rest.length);
}

static bool is_inside(struct slice text, struct slice input)
{
	return text.length == 0 ||
	       (text.at >= input.at && text.at + text.length <= input.at + input.length);
}

/* The input as a batch's body, whatever its hash is. */
static void read_entries(struct slice input)
{
	static struct record_entries entries;
	struct record_entry entry;
	int r;

	if (input.length < RECORD_BATCH_HEADER)
		return;
	record_entries_begin(&entries, input, (uint32_t)(input.length - RECORD_BATCH_HEADER),
			     ENTRIES_TRIED);
	while ((r = record_entries_next(&entries, &entry)) == 1) {
		PROMISE(record_entry_fits(&entry));
		PROMISE(is_inside(entry.shape, input) && is_inside(entry.masked, input));
		for (size_t i = 0; i < entry.fact_count; i++)
			PROMISE(is_inside(entry.facts[i].value, input));
	}
	PROMISE(r == 0 || r == -EBADMSG);
}

static int count_bytes(void *context, struct slice piece)
{
	*(size_t *)context += piece.length;
	return 0;
}

static void read_name(struct slice input)
{
	struct part_name name;
	char text[PART_NAME_SIZE];

	if (part_name_read(input, &name) < 0)
		return;
	part_name_write(&name, text);
	PROMISE(slice_is(input, text));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct slice input = { (const char *)bytes, length };
	SCOPED(buf_done) struct buf frame = BUF_MAX(FRAME_TRIED);
	size_t total = 0;

	walk_over(input, 0);
	walk_over(input, 1);
	read_entries(input);
	read_name(input);
	(void)!frame_open(input, FRAME_TRIED, count_bytes, &total);
	PROMISE(total <= FRAME_TRIED);
	if (frame_make(input, &frame) < 0)
		return 0;
	total = 0;
	PROMISE(frame_open(buf_view(&frame), FRAME_TRIED, count_bytes, &total) == 0);
	PROMISE(total == input.length);
	return 0;
}
