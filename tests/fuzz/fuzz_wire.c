/* SPDX-License-Identifier: MIT */
/* Reading past the end of what came: a reader that failed stays failed and gives nothing.  Up to
 * the first 0 each byte names a piece to read; the rest is what it is read from. */
#include <string.h>

#include "common/wire.h"
#include "tests/fuzz/fuzz.h"

static bool is_within(struct slice part, struct slice whole)
{
	return part.length == 0 ||
	       (part.at >= whole.at && part.at + part.length <= whole.at + whole.length);
}

static uint64_t read_number(struct wire *wire, unsigned width)
{
	switch (width) {
	case 0:
		return wire_u8(wire);
	case 1:
		return wire_u16(wire);
	case 2:
		return wire_u32(wire);
	default:
		return wire_u64(wire);
	}
}

static void read_piece(struct wire *wire, uint8_t piece, struct slice whole)
{
	struct slice part = { NULL, 0 };
	uint64_t number = 0;

	if (piece < 128)
		number = read_number(wire, piece % 4);
	else
		part = piece % 2 ? wire_text(wire) : wire_bytes(wire, piece);
	PROMISE(!wire->failed || (number == 0 && part.length == 0));
	PROMISE(is_within(part, whole) && is_within(wire->rest, whole));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	const uint8_t *end = length > 0 ? memchr(bytes, 0, length) : NULL;
	size_t pieces = end ? (size_t)(end - bytes) : 0;
	struct slice whole = { (const char *)bytes + pieces, length - pieces };
	struct wire wire = { whole, false };

	for (size_t i = 0; i < pieces; i++) {
		bool had_failed = wire.failed;

		read_piece(&wire, bytes[i], whole);
		PROMISE(wire.failed || !had_failed);
	}
	PROMISE(wire_is_done(&wire) == (!wire.failed && wire.rest.length == 0));
	return 0;
}
