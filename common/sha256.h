/* SPDX-License-Identifier: MIT */
/* SHA-256 (FIPS 180-4) and HMAC (RFC 2104).  Written here because the shim may need nothing but
 * libc. */
#ifndef COMMON_SHA256_H
#define COMMON_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32

struct sha256 {
	uint32_t state[8];
	uint64_t length_bytes;
	unsigned char block[64];
};

void sha256_init(struct sha256 *hash);
void sha256_add(struct sha256 *hash, const void *bytes, size_t length);
void sha256_end(struct sha256 *hash, unsigned char ret_digest[SHA256_SIZE]);

/* Of one piece. */
void sha256(const void *bytes, size_t length, unsigned char ret_digest[SHA256_SIZE]);

/* What HMAC makes of a key before it sees a message; worth keeping where many are hashed with one
 * key.  As secret as the key. */
struct sha256_hmac_key {
	uint32_t inner[8];
	uint32_t outer[8];
};

void sha256_hmac_prepare(const void *key, size_t key_length, struct sha256_hmac_key *ret_key);
void sha256_hmac_with(const struct sha256_hmac_key *key, const void *bytes, size_t length,
		      unsigned char ret_digest[SHA256_SIZE]);

void sha256_hmac(const void *key, size_t key_length, const void *bytes, size_t length,
		 unsigned char ret_digest[SHA256_SIZE]);

#endif
