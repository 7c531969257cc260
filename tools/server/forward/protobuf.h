/* SPDX-License-Identifier: MIT */
/* Writing and reading Protocol Buffers' wire format (protobuf.dev/programming-guides/encoding): field by
 * field into a buffer with its maximum.  Fields that are written in the order of their numbers come
 * out as every other writer writes them. */
#ifndef TOOLS_SERVER_FORWARD_PROTOBUF_H
#define TOOLS_SERVER_FORWARD_PROTOBUF_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"

void protobuf_number(struct buf *out, unsigned int field, uint64_t number);
void protobuf_fixed64(struct buf *out, unsigned int field, uint64_t number);

/* Strings and bytes. */
void protobuf_bytes(struct buf *out, unsigned int field, struct slice bytes);

/* Begins a message in a field, whose own fields are written next; protobuf_close is given the place that
 * protobuf_open returned. */
size_t protobuf_open(struct buf *out, unsigned int field);
void protobuf_close(struct buf *out, size_t place);

struct protobuf_field {
	unsigned int number;
	bool is_number; /* else bytes */
	uint64_t value;
	struct slice bytes;
};

/* Takes the next field off `rest`; fixed ones are left out.  1: there was one; 0: that was all;
 * -EBADMSG: this is no message. */
must_use int protobuf_next(struct slice *rest, struct protobuf_field *ret_field);

#endif
