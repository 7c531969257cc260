/* SPDX-License-Identifier: MIT */
/* What stands before the entries of a record: the headers of files with the links between them, and
 * those of batches. */
#include <string.h>

#include "common/record_format.h"

size_t record_header_size(uint32_t link_count)
{
	return RECORD_HEADER_FIXED + (size_t)link_count * RECORD_LINK_SIZE + SHA256_SIZE;
}

static void encode_link(struct buf *buf, const struct record_link *link)
{
	buf_add_u64(buf, link->boot);
	buf_add_u32(buf, link->part);
	buf_add_u32(buf, 0);
	buf_add_u64(buf, link->end);
	buf_add_u64(buf, link->size);
	buf_add(buf, link->head, SHA256_SIZE);
	buf_add(buf, link->torn, SHA256_SIZE);
}

void record_header_encode(struct buf *buf, struct record_header *header,
			  const struct record_link *links)
{
	size_t start = buf->length;

	buf_add(buf, RECORD_MAGIC, RECORD_MAGIC_SIZE);
	buf_add_u32(buf, RECORD_VERSION);
	buf_add_u32(buf, header->part);
	buf_add_u64(buf, header->boot);
	buf_add_u64(buf, header->number);
	buf_add_u64(buf, header->time_ns);
	buf_add_u32(buf, header->link_count);
	buf_add_u32(buf, 0);
	for (uint32_t i = 0; i < header->link_count; i++)
		encode_link(buf, &links[i]);
	if (buf->failed)
		return;
	sha256(buf->at + start, buf->length - start, header->hash);
	buf_add(buf, header->hash, SHA256_SIZE);
}

static void take_hash(struct wire *wire, unsigned char ret_hash[SHA256_SIZE])
{
	struct slice bytes = wire_bytes(wire, SHA256_SIZE);

	if (!wire->failed)
		memcpy(ret_hash, bytes.at, SHA256_SIZE);
}

static void decode_link(struct wire *wire, struct record_link *ret_link)
{
	ret_link->boot = wire_u64(wire);
	ret_link->part = wire_u32(wire);
	wire_u32(wire);
	ret_link->end = wire_u64(wire);
	ret_link->size = wire_u64(wire);
	take_hash(wire, ret_link->head);
	take_hash(wire, ret_link->torn);
}

const char *record_header_decode(struct slice bytes, struct record_header *ret_header)
{
	struct wire wire = { .rest = bytes };

	if (!slice_is(wire_bytes(&wire, RECORD_MAGIC_SIZE), RECORD_MAGIC))
		return "expected the header of a record";
	if (wire_u32(&wire) != RECORD_VERSION)
		return "expected version 1";
	ret_header->part = wire_u32(&wire);
	ret_header->boot = wire_u64(&wire);
	ret_header->number = wire_u64(&wire);
	ret_header->time_ns = wire_u64(&wire);
	ret_header->link_count = wire_u32(&wire);
	wire_u32(&wire);
	return ret_header->link_count <= RECORD_LINKS_MAX ? NULL : "expected at most 256 links";
}

const char *record_links_decode(struct slice bytes, struct record_header *header,
				struct record_link **ret_links)
{
	struct wire wire = { .rest = slice_part(bytes, RECORD_HEADER_FIXED, bytes.length) };
	struct record_link *links = calloc(header->link_count + 1, sizeof(*links));
	unsigned char hash[SHA256_SIZE];

	*ret_links = links;
	if (!links)
		return "out of memory";
	for (uint32_t i = 0; i < header->link_count; i++)
		decode_link(&wire, &links[i]);
	take_hash(&wire, header->hash);
	if (!wire_is_done(&wire))
		return "ends early: torn header";
	sha256(bytes.at, bytes.length - SHA256_SIZE, hash);
	return memcmp(hash, header->hash, SHA256_SIZE) == 0 ? NULL
							    : "the header's hash does not fit";
}

bool record_batch_decode(struct slice bytes, struct record_batch *ret_batch)
{
	struct wire wire = { .rest = bytes };
	uint32_t magic = wire_u32(&wire);

	*ret_batch = (struct record_batch){ .length = wire_u32(&wire) };
	ret_batch->entries = wire_u32(&wire);
	return !wire.failed && magic == RECORD_BATCH_MAGIC && ret_batch->length <= RECORD_BATCH_MAX;
}

void record_batch_hash(const unsigned char previous[SHA256_SIZE], struct slice batch,
		       unsigned char ret_hash[SHA256_SIZE])
{
	struct sha256 hash;

	sha256_init(&hash);
	sha256_add(&hash, previous, SHA256_SIZE);
	sha256_add(&hash, batch.at, batch.length);
	sha256_end(&hash, ret_hash);
}
