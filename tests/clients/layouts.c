/* SPDX-License-Identifier: MIT */
/* Prints how memory that shim and agent share is laid out, and the bytes of one message. */
#include <stddef.h>
#include <stdio.h>

#include "common/message.h"
#include "common/ring.h"
#include "common/ring_layout.h"

#define SIZE(type)        printf(#type " %zu\n", sizeof(struct type))
#define FIELD(type, name) printf(#type "." #name " %zu\n", offsetof(struct type, name))

static void print_layouts(void)
{
	SIZE(ring_slot);
	FIELD(ring_slot, time_ns);
	FIELD(ring_slot, connection);
	FIELD(ring_slot, intent.judgement);
	FIELD(ring_slot, intent.text_bytes);
	FIELD(ring_slot, intent.thread);
	FIELD(ring_slot, intent.parameters);
	FIELD(ring_slot, intent.call);
	FIELD(ring_slot, intent.transaction);
	FIELD(ring_slot, outcome.intent);
	FIELD(ring_slot, outcome.rows);
	FIELD(ring_slot, outcome.bytes);
	FIELD(ring_slot, outcome.masked_cells);
	FIELD(ring_slot, outcome.sqlstate);
	FIELD(ring_slot, kind);
	FIELD(ring_slot, flags);
	FIELD(ring_slot, status);
	FIELD(ring_slot, check);
	SIZE(ring_header);
	FIELD(ring_header, process_start);
	FIELD(ring_header, pid);
	FIELD(ring_header, claimed);
	FIELD(ring_header, taken);
	SIZE(ring_control);
	FIELD(ring_control, generation);
	FIELD(ring_control, consumed);
	FIELD(ring_control, lease_until_ns);
	FIELD(ring_control, contexts);
}

/* Numbers whose bytes all differ, so that their order shows. */
static void print_message(void)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(KIB);
	struct message_hello hello = { 0x01020304, 0x05060708, SLICE("libpq") };
	struct ring_slot slot = { .time_ns = 0x0102030405060708, .intent.text_bytes = 0x0a0b0c0d };

	message_hello_write(&out, &hello);
	for (size_t i = 0; i < out.length; i++)
		printf("%02x", (unsigned char)buf_text(&out)[i]);
	printf("\n");
	for (size_t i = 0; i < sizeof(slot); i++)
		printf("%02x", ((const unsigned char *)&slot)[i]);
	printf("\n");
}

int main(void)
{
	print_layouts();
	print_message();
	return 0;
}
