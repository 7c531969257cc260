/* SPDX-License-Identifier: MIT */
#include "common/record_seal.h"

#include <string.h>

#define NEXT "next"

void record_secret_wipe(struct record_secret *secret)
{
	explicit_bzero(secret, sizeof(*secret));
}

void record_secret_next(struct record_secret *secret)
{
	struct sha256 hash;

	sha256_init(&hash);
	sha256_add(&hash, NEXT, sizeof(NEXT) - 1);
	sha256_add(&hash, secret->bytes, sizeof(secret->bytes));
	sha256_end(&hash, secret->bytes);
	explicit_bzero(&hash, sizeof(hash));
}

void record_secret_of_boot(const struct record_secret *machine, uint64_t boot,
			   struct record_secret *ret_boot)
{
	char bytes[64];
	struct buf message = BUF_OVER(bytes);

	buf_add_text(&message, "chaperone-boot/1\n");
	buf_add_u64(&message, boot);
	sha256_hmac(machine->bytes, sizeof(machine->bytes), message.at, message.length,
		    ret_boot->bytes);
}

void record_seal_begin(const struct record_secret *of_part, uint64_t boot, uint32_t part,
		       uint64_t epoch, struct record_seal *ret_seal)
{
	char bytes[64];
	struct buf message = BUF_OVER(bytes);

	*ret_seal = (struct record_seal){ .boot = boot, .part = part, .epoch = epoch };
	buf_add_text(&message, "chaperone-part/1\n");
	sha256_hmac(of_part->bytes, sizeof(of_part->bytes), message.at, message.length,
		    ret_seal->key.bytes);
}

/* Whatever could be moved from one place to another is in it; `body` ends where the tag begins. */
static void tag_of(const struct record_seal *seal, const unsigned char prior[SHA256_SIZE],
		   struct slice body, unsigned char ret_tag[SHA256_SIZE])
{
	unsigned char digest[SHA256_SIZE];
	char bytes[192];
	struct buf message = BUF_OVER(bytes);

	sha256(body.at, body.length, digest);
	buf_add_text(&message, "chaperone-seal/1\n");
	buf_add_u64(&message, seal->boot);
	buf_add_u64(&message, seal->part);
	buf_add_u64(&message, seal->epoch);
	buf_add_u64(&message, seal->index);
	buf_add(&message, prior, SHA256_SIZE);
	buf_add(&message, digest, SHA256_SIZE);
	sha256_hmac(seal->key.bytes, sizeof(seal->key.bytes), message.at, message.length, ret_tag);
}

void record_seal_add(const struct record_seal *seal, const unsigned char prior[SHA256_SIZE],
		     const struct record_state *state, struct buf *batch)
{
	static const char ROOM[SHA256_SIZE];
	struct record_state own = *state;
	unsigned char tag[SHA256_SIZE];
	const struct record_entry entry = { .kind = RECORD_SEAL,
					    .number = seal->epoch,
					    .parent = seal->index,
					    .time_ns = state->time_ns,
					    .shape = { ROOM, sizeof(ROOM) } };

	record_entry_encode(batch, &own, &entry);
	if (batch->failed)
		return;
	size_t end = batch->length - SHA256_SIZE;
	tag_of(seal, prior,
	       slice_part(buf_view(batch), RECORD_BATCH_HEADER, end - RECORD_BATCH_HEADER), tag);
	memcpy(batch->at + end, tag, sizeof(tag));
}

bool record_seal_fits(const struct record_seal *seal, const unsigned char prior[SHA256_SIZE],
		      struct slice batch, const struct record_entry *entry)
{
	unsigned char tag[SHA256_SIZE], differs = 0;

	if (entry->kind != RECORD_SEAL || entry->number != seal->epoch ||
	    entry->parent != seal->index ||
	    batch.length < RECORD_BATCH_HEADER + (size_t)SHA256_SIZE)
		return false;
	tag_of(seal, prior,
	       slice_part(batch, RECORD_BATCH_HEADER,
			  batch.length - RECORD_BATCH_HEADER - SHA256_SIZE),
	       tag);
	for (size_t i = 0; i < sizeof(tag); i++)
		differs |= tag[i] ^ (unsigned char)entry->shape.at[i];
	return differs == 0;
}

void record_seal_move(struct record_seal *seal)
{
	record_secret_next(&seal->key);
	seal->index++;
}
