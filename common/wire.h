/* SPDX-License-Identifier: MIT */
/* Reading what buf_add_u32 and its like wrote, from somebody who may lie.  A reader that ran past
 * its end stays failed and gives zeroes, so that a message can be read to its end and asked
 * once. */
#ifndef COMMON_WIRE_H
#define COMMON_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/slice.h"

struct wire {
	struct slice rest;
	bool failed;
};

uint8_t wire_u8(struct wire *wire);
uint16_t wire_u16(struct wire *wire);
uint32_t wire_u32(struct wire *wire);
uint64_t wire_u64(struct wire *wire);

/* The next `length` bytes; borrowed from what is read. */
struct slice wire_bytes(struct wire *wire, size_t length);

/* A text written by buf_add_wire_text. */
struct slice wire_text(struct wire *wire);

/* Whether everything was there and nothing is left. */
bool wire_is_done(const struct wire *wire);

/* Appends a length (32 bits) and the bytes. */
void buf_add_wire_text(struct buf *buf, struct slice text);

#endif
