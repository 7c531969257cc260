/* SPDX-License-Identifier: MIT */
/* SHA-256 over pieces of any length, and HMAC; who does the inner loop is chosen once. */
#include "common/sha256.h"

#include <stdatomic.h>
#include <string.h>

#include "common/sha256_blocks.h"

/* Every thread that finds it undecided decides alike. */
static _Atomic int chosen_way;

static enum sha256_way decide(void)
{
	enum sha256_way way = sha256_extensions_exist() ? SHA256_EXTENSIONS : SHA256_PORTABLE;

	atomic_store_explicit(&chosen_way, way, memory_order_relaxed);
	return way;
}

bool sha256_choose(enum sha256_way way)
{
	if (way == SHA256_EXTENSIONS && !sha256_extensions_exist())
		return false;
	atomic_store_explicit(&chosen_way, way, memory_order_relaxed);
	return true;
}

static void add_blocks(uint32_t state[8], const unsigned char *blocks, size_t count)
{
	int way = atomic_load_explicit(&chosen_way, memory_order_relaxed);

	if (way == SHA256_UNDECIDED)
		way = (int)decide();
	if (way == SHA256_EXTENSIONS)
		sha256_blocks_extensions(state, blocks, count);
	else
		sha256_blocks_portable(state, blocks, count);
}

static void store(unsigned char *at, uint32_t word)
{
	for (unsigned i = 0; i < 4; i++)
		at[i] = (unsigned char)(word >> (24 - 8 * i));
}

void sha256_init(struct sha256 *hash)
{
	*hash = (struct sha256){ .state = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
					    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 } };
}

/* Fills the block that was begun; how many bytes it took. */
static size_t fill_block(struct sha256 *hash, const unsigned char *bytes, size_t length)
{
	size_t filled = hash->length_bytes % SHA256_BLOCK_SIZE;
	size_t room = SHA256_BLOCK_SIZE - filled;

	if (length < room) {
		memcpy(hash->block + filled, bytes, length);
		return length;
	}
	memcpy(hash->block + filled, bytes, room);
	add_blocks(hash->state, hash->block, 1);
	return room;
}

void sha256_add(struct sha256 *hash, const void *bytes, size_t length)
{
	const unsigned char *at = bytes;
	size_t begun = hash->length_bytes % SHA256_BLOCK_SIZE;

	if (length == 0)
		return;
	size_t taken = begun > 0 ? fill_block(hash, at, length) : 0;
	size_t whole = (length - taken) / SHA256_BLOCK_SIZE;
	size_t done = taken + whole * SHA256_BLOCK_SIZE;

	if (whole > 0)
		add_blocks(hash->state, at + taken, whole);
	if (done < length)
		memcpy(hash->block, at + done, length - done);
	hash->length_bytes += length;
}

void sha256_end(struct sha256 *hash, unsigned char ret_digest[SHA256_SIZE])
{
	uint64_t bits = hash->length_bytes * 8;
	size_t filled = hash->length_bytes % SHA256_BLOCK_SIZE;
	unsigned char tail[72] = { 0x80 };
	size_t padding = (filled < 56 ? 56 : 120) - filled;

	store(tail + padding, (uint32_t)(bits >> 32));
	store(tail + padding + 4, (uint32_t)bits);
	sha256_add(hash, tail, padding + 8);
	for (unsigned i = 0; i < 8; i++)
		store(ret_digest + 4 * i, hash->state[i]);
}

void sha256(const void *bytes, size_t length, unsigned char ret_digest[SHA256_SIZE])
{
	struct sha256 hash;

	sha256_init(&hash);
	sha256_add(&hash, bytes, length);
	sha256_end(&hash, ret_digest);
}

static void pad_state(const unsigned char padded[SHA256_BLOCK_SIZE], unsigned char pad,
		      uint32_t ret_state[8])
{
	unsigned char block[SHA256_BLOCK_SIZE];
	struct sha256 hash;

	for (unsigned i = 0; i < sizeof(block); i++)
		block[i] = padded[i] ^ pad;
	sha256_init(&hash);
	add_blocks(hash.state, block, 1);
	memcpy(ret_state, hash.state, sizeof(hash.state));
}

void sha256_hmac_prepare(const void *key, size_t key_length, struct sha256_hmac_key *ret_key)
{
	unsigned char padded[SHA256_BLOCK_SIZE] = { 0 };

	if (key_length > sizeof(padded))
		sha256(key, key_length, padded);
	else
		memcpy(padded, key, key_length);
	pad_state(padded, 0x36, ret_key->inner);
	pad_state(padded, 0x5c, ret_key->outer);
}

/* Goes on from the state behind a pad. */
static void end_from(const uint32_t state[8], const void *bytes, size_t length,
		     unsigned char ret_digest[SHA256_SIZE])
{
	struct sha256 hash;

	memcpy(hash.state, state, sizeof(hash.state));
	hash.length_bytes = SHA256_BLOCK_SIZE;
	sha256_add(&hash, bytes, length);
	sha256_end(&hash, ret_digest);
}

void sha256_hmac_with(const struct sha256_hmac_key *key, const void *bytes, size_t length,
		      unsigned char ret_digest[SHA256_SIZE])
{
	end_from(key->inner, bytes, length, ret_digest);
	end_from(key->outer, ret_digest, SHA256_SIZE, ret_digest);
}

void sha256_hmac(const void *key, size_t key_length, const void *bytes, size_t length,
		 unsigned char ret_digest[SHA256_SIZE])
{
	struct sha256_hmac_key prepared;

	sha256_hmac_prepare(key, key_length, &prepared);
	sha256_hmac_with(&prepared, bytes, length, ret_digest);
}
