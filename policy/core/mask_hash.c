/* SPDX-License-Identifier: MIT */
/* Numbers, uuids and bytes: read, brought to one form, hashed, written back in their own type. */
#include "policy/core/mask_hash.h"

#include <errno.h>
#include <string.h>

#include "common/sha256.h"
#include "policy/core/mask_type.h"
#include "policy/core/numeric.h"

#define UUID_BYTES 16
#define HASH_BYTES 16

static void add_big_endian(struct buf *out, uint64_t number, size_t bytes)
{
	while (bytes > 0)
		buf_add_char(out, (char)(number >> 8 * --bytes));
}

static uint64_t digest_number(const unsigned char *digest)
{
	uint64_t number = 0;

	for (unsigned i = 0; i < 8; i++)
		number = number << 8 | digest[i];
	return number;
}

/* ---- whole numbers ---- */

static const struct whole {
	size_t bytes;
	uint64_t positive; /* the non-negative numbers of the type, as a bit mask */
	bool is_signed;
} WHOLES[FAMILY_COUNT] = {
	[FAMILY_INT2] = { 2, INT16_MAX, true },
	[FAMILY_INT4] = { 4, INT32_MAX, true },
	[FAMILY_INT8] = { 8, INT64_MAX, true },
	[FAMILY_OID] = { 4, UINT32_MAX, false },
};

static bool read_whole_binary(const struct whole *whole, struct slice value, uint64_t *ret_number)
{
	bool is_negative = whole->is_signed && value.length > 0 && (value.at[0] & 0x80);
	uint64_t number = is_negative ? UINT64_MAX : 0;

	if (value.length != whole->bytes)
		return false;
	for (size_t i = 0; i < value.length; i++)
		number = number << 8 | (unsigned char)value.at[i];
	*ret_number = number;
	return true;
}

static bool read_whole_text(const struct whole *whole, struct slice value, uint64_t *ret_number)
{
	bool is_negative = whole->is_signed && value.length > 0 && value.at[0] == '-';
	uint64_t number;

	if (slice_to_u64(slice_part(value, is_negative, value.length), &number) < 0)
		return false;
	if (number > whole->positive + is_negative)
		return false;
	*ret_number = is_negative ? 0 - number : number;
	return true;
}

static bool hash_whole(const struct sha256_hmac_key *key, const struct cell *cell, struct buf *out)
{
	const struct whole *whole = &WHOLES[type_family(cell->type)];
	unsigned char digest[SHA256_SIZE], bytes[8];
	uint64_t number;
	bool is_read = cell->is_binary ? read_whole_binary(whole, cell->value, &number)
				       : read_whole_text(whole, cell->value, &number);

	if (!is_read)
		return false;
	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(number >> (56 - 8 * i));
	sha256_hmac_with(key, bytes, sizeof(bytes), digest);
	uint64_t folded = digest_number(digest) & whole->positive;
	if (cell->is_binary)
		add_big_endian(out, folded, whole->bytes);
	else
		numeric_write(folded, false, out);
	return true;
}

static bool hash_numeric(const struct sha256_hmac_key *key, const struct cell *cell,
			 struct buf *out)
{
	unsigned char digest[SHA256_SIZE];
	char text[NUMERIC_CANONICAL_MAX];
	size_t length;
	uint64_t bound = numeric_bound(cell->modifier);

	if (bound == 0 || !numeric_canonical(cell->value, cell->is_binary, text, &length))
		return false;
	sha256_hmac_with(key, text, length, digest);
	numeric_write(digest_number(digest) % bound, cell->is_binary, out);
	return true;
}

/* ---- bytes ---- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	char lower = (char)(c | 0x20);
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* Whether `text` starts with two hex digits, and what they say. */
static bool hex_pair(struct slice text, unsigned char *ret_byte)
{
	int high = text.length >= 2 ? hex_digit(text.at[0]) : -1;
	int low = text.length >= 2 ? hex_digit(text.at[1]) : -1;

	if (high < 0 || low < 0)
		return false;
	*ret_byte = (unsigned char)(high << 4 | low);
	return true;
}

static bool read_uuid(const struct cell *cell, unsigned char ret_uuid[UUID_BYTES])
{
	struct slice value = cell->value;

	if (cell->is_binary) {
		if (value.length == UUID_BYTES)
			memcpy(ret_uuid, value.at, UUID_BYTES);
		return value.length == UUID_BYTES;
	}
	for (size_t i = 0; i < UUID_BYTES; i++) {
		if (value.length > 0 && value.at[0] == '-')
			value = slice_part(value, 1, value.length);
		if (!hex_pair(value, &ret_uuid[i]))
			return false;
		value = slice_part(value, 2, value.length);
	}
	return value.length == 0;
}

static void write_uuid(const unsigned char *uuid, bool is_binary, struct buf *out)
{
	if (is_binary) {
		buf_add(out, uuid, UUID_BYTES);
		return;
	}
	for (size_t i = 0; i < UUID_BYTES; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			buf_add_char(out, '-');
		buf_add_hex(out, uuid + i, 1);
	}
}

static bool hash_uuid(const struct sha256_hmac_key *key, const struct cell *cell, struct buf *out)
{
	unsigned char digest[SHA256_SIZE], uuid[UUID_BYTES];

	if (!read_uuid(cell, uuid))
		return false;
	sha256_hmac_with(key, uuid, sizeof(uuid), digest);
	/* RFC 9562, sections 4.1 and 5.4: variant 10, version 4. */
	digest[6] = (unsigned char)((digest[6] & 0x0f) | 0x40);
	digest[8] = (unsigned char)((digest[8] & 0x3f) | 0x80);
	write_uuid(digest, cell->is_binary, out);
	return true;
}

static bool is_octal(char c)
{
	return c >= '0' && c <= '7';
}

/* The byte that bytea's escape format starts with (manual, 8.4.2); how long it is, 0 when it is
 * none. */
static size_t escaped_byte(struct slice text, unsigned char *ret_byte)
{
	const char *at = text.at;

	*ret_byte = (unsigned char)at[0];
	if (at[0] != '\\')
		return 1;
	if (text.length >= 2 && at[1] == '\\')
		return 2;
	if (text.length < 4 || !is_octal(at[1]) || !is_octal(at[2]) || !is_octal(at[3]))
		return 0;
	*ret_byte = (unsigned char)((at[1] - '0') << 6 | (at[2] - '0') << 3 | (at[3] - '0'));
	return 4;
}

/* Appends the bytes that the text form of a bytea stands for; what they are is not shown to
 * anybody. */
static bool add_bytea(struct slice text, struct buf *out)
{
	bool is_hex = slice_starts_with(text, "\\x");
	unsigned char byte;

	if (is_hex)
		text = slice_part(text, 2, text.length);
	while (text.length > 0) {
		size_t length =
			is_hex ? 2 * (size_t)hex_pair(text, &byte) : escaped_byte(text, &byte);

		if (length == 0)
			return false;
		buf_add_char(out, (char)byte);
		text = slice_part(text, length, text.length);
	}
	return !out->failed;
}

static bool hash_bytea(const struct sha256_hmac_key *key, const struct cell *cell, struct buf *out)
{
	unsigned char digest[SHA256_SIZE];
	struct slice bytes = cell->value;
	size_t begin = out->length;

	if (!cell->is_binary) {
		if (!add_bytea(cell->value, out))
			return false;
		bytes = slice_part(buf_view(out), begin, out->length);
	}
	sha256_hmac_with(key, bytes.at, bytes.length, digest);
	if (bytes.length > 0 && !cell->is_binary)
		memset(out->at + begin, 0, bytes.length);
	buf_truncate(out, begin);
	if (cell->is_binary) {
		buf_add(out, digest, HASH_BYTES);
	} else {
		buf_add_text(out, "\\x");
		buf_add_hex(out, digest, HASH_BYTES);
	}
	return true;
}

bool mask_hash(const struct sha256_hmac_key *key, const struct cell *cell, struct buf *out)
{
	static bool (*const HASHES[FAMILY_COUNT])(const struct sha256_hmac_key *,
						  const struct cell *, struct buf *) = {
		[FAMILY_INT2] = hash_whole,      [FAMILY_INT4] = hash_whole,
		[FAMILY_INT8] = hash_whole,      [FAMILY_OID] = hash_whole,
		[FAMILY_NUMERIC] = hash_numeric, [FAMILY_UUID] = hash_uuid,
		[FAMILY_BYTEA] = hash_bytea,
	};
	enum type_family family = type_family(cell->type);

	return HASHES[family] && HASHES[family](key, cell, out);
}
