/* SPDX-License-Identifier: MIT */
#include "tools/server/forward/protobuf.h"

#include <errno.h>
#include <string.h>

enum wire_type { VARINT = 0, FIXED64 = 1, LENGTH = 2, FIXED32 = 5 };

#define VARINT_MAX 10u
#define TYPE_BITS  3u

static size_t encode(uint64_t number, char ret_bytes[VARINT_MAX])
{
	size_t length = 0;

	for (; number >= 0x80; number >>= 7)
		ret_bytes[length++] = (char)(number | 0x80);
	ret_bytes[length++] = (char)number;
	return length;
}

static void add_varint(struct buf *out, uint64_t number)
{
	char bytes[VARINT_MAX];

	buf_add(out, bytes, encode(number, bytes));
}

static void add_tag(struct buf *out, unsigned int field, enum wire_type type)
{
	add_varint(out, (uint64_t)field << TYPE_BITS | type);
}

void protobuf_number(struct buf *out, unsigned int field, uint64_t number)
{
	add_tag(out, field, VARINT);
	add_varint(out, number);
}

void protobuf_fixed64(struct buf *out, unsigned int field, uint64_t number)
{
	add_tag(out, field, FIXED64);
	buf_add_u64(out, number);
}

void protobuf_bytes(struct buf *out, unsigned int field, struct slice bytes)
{
	add_tag(out, field, LENGTH);
	add_varint(out, bytes.length);
	buf_add_slice(out, bytes);
}

size_t protobuf_open(struct buf *out, unsigned int field)
{
	add_tag(out, field, LENGTH);
	return out->length;
}

/* The length is known now, and is put before what it counts. */
void protobuf_close(struct buf *out, size_t place)
{
	char bytes[VARINT_MAX];
	size_t length = out->length - place, more = encode(length, bytes);

	if (out->failed || !buf_extend(out, more))
		return;
	memmove(out->at + place + more, out->at + place, length);
	memcpy(out->at + place, bytes, more);
}

static bool take_varint(struct slice *rest, uint64_t *ret_number)
{
	uint64_t number = 0;

	for (size_t i = 0; i < rest->length && i < VARINT_MAX; i++) {
		number |= (uint64_t)(rest->at[i] & 0x7f) << (7 * i);
		if (rest->at[i] & 0x80)
			continue;
		*rest = slice_part(*rest, i + 1, SIZE_MAX);
		*ret_number = number;
		return true;
	}
	return false;
}

static bool take_bytes(struct slice *rest, uint64_t length, struct slice *ret_bytes)
{
	if (length > rest->length)
		return false;
	*ret_bytes = slice_part(*rest, 0, (size_t)length);
	*rest = slice_part(*rest, (size_t)length, SIZE_MAX);
	return true;
}

static bool take_value(struct slice *rest, unsigned int type, struct protobuf_field *field)
{
	uint64_t length;

	switch (type) {
	case VARINT:
		field->is_number = true;
		return take_varint(rest, &field->value);
	case LENGTH:
		return take_varint(rest, &length) && take_bytes(rest, length, &field->bytes);
	case FIXED64:
		return take_bytes(rest, sizeof(uint64_t), &field->bytes);
	case FIXED32:
		return take_bytes(rest, sizeof(uint32_t), &field->bytes);
	default:
		return false;
	}
}

int protobuf_next(struct slice *rest, struct protobuf_field *ret_field)
{
	uint64_t tag;

	while (rest->length > 0) {
		struct protobuf_field field = { .number = 0 };

		if (!take_varint(rest, &tag) ||
		    !take_value(rest, (unsigned int)tag & ((1u << TYPE_BITS) - 1), &field))
			return -EBADMSG;
		unsigned int type = (unsigned int)tag & ((1u << TYPE_BITS) - 1);
		if (type != VARINT && type != LENGTH)
			continue;
		field.number = (unsigned int)(tag >> TYPE_BITS);
		*ret_field = field;
		return 1;
	}
	return 0;
}
