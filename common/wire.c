/* SPDX-License-Identifier: MIT */
/* The failing-sticky reader of messages. */
#include "common/wire.h"

struct slice wire_bytes(struct wire *wire, size_t length)
{
	if (wire->failed || length > wire->rest.length) {
		wire->failed = true;
		return (struct slice){ NULL, 0 };
	}
	struct slice bytes = slice_part(wire->rest, 0, length);
	wire->rest = slice_part(wire->rest, length, wire->rest.length);
	return bytes;
}

static uint64_t little_endian(struct wire *wire, size_t length)
{
	struct slice bytes = wire_bytes(wire, length);
	uint64_t number = 0;

	for (size_t i = 0; i < bytes.length; i++)
		number |= (uint64_t)(unsigned char)bytes.at[i] << (8 * i);
	return number;
}

uint8_t wire_u8(struct wire *wire)
{
	return (uint8_t)little_endian(wire, 1);
}

uint16_t wire_u16(struct wire *wire)
{
	return (uint16_t)little_endian(wire, 2);
}

uint32_t wire_u32(struct wire *wire)
{
	return (uint32_t)little_endian(wire, 4);
}

uint64_t wire_u64(struct wire *wire)
{
	return little_endian(wire, 8);
}

struct slice wire_text(struct wire *wire)
{
	return wire_bytes(wire, wire_u32(wire));
}

bool wire_is_done(const struct wire *wire)
{
	return !wire->failed && wire->rest.length == 0;
}

void buf_add_wire_text(struct buf *buf, struct slice text)
{
	buf_add_u32(buf, (uint32_t)text.length);
	buf_add_slice(buf, text);
}
