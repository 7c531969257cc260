/* SPDX-License-Identifier: MIT */
#include "control/key.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "common/sha256.h"
#include "control/base64.h"

#define TYPE_ED25519  1 /* c2sp.org/signed-note, signature types */
#define ENCODED_SIZE  (1 + KEY_PUBLIC_SIZE)
#define ID_DIGITS     8u
#define SECRET_PREFIX "PRIVATE+KEY+"

_Static_assert(KEY_PUBLIC_SIZE == crypto_sign_PUBLICKEYBYTES, "a public key fits");
_Static_assert(KEY_SECRET_SIZE == crypto_sign_SECRETKEYBYTES, "a secret key fits");
_Static_assert(KEY_PUBLIC_SIZE == crypto_sign_SEEDBYTES, "both texts hold as many bytes");

static bool is_name(struct slice name)
{
	if (name.length == 0 || name.length > KEY_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.length; i++) {
		if (name.at[i] <= ' ' || name.at[i] > '~' || name.at[i] == '+')
			return false;
	}
	return true;
}

uint32_t key_id_read(const unsigned char bytes[4])
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       (uint32_t)bytes[3];
}

static uint32_t key_id(struct slice name, const unsigned char public_key[KEY_PUBLIC_SIZE])
{
	static const unsigned char TYPE[] = { '\n', TYPE_ED25519 };
	unsigned char digest[SHA256_SIZE];
	struct sha256 hash;

	sha256_init(&hash);
	sha256_add(&hash, name.at, name.length);
	sha256_add(&hash, TYPE, sizeof(TYPE));
	sha256_add(&hash, public_key, KEY_PUBLIC_SIZE);
	sha256_end(&hash, digest);
	return key_id_read(digest);
}

static struct verifying_key named(struct slice name,
				  const unsigned char public_key[KEY_PUBLIC_SIZE])
{
	struct verifying_key key = { .id = key_id(name, public_key) };

	memcpy(key.name, name.at, name.length);
	memcpy(key.public_key, public_key, KEY_PUBLIC_SIZE);
	return key;
}

int signing_key_new(struct slice name, struct signing_key *ret_key)
{
	unsigned char public_key[KEY_PUBLIC_SIZE];

	if (!is_name(name))
		return -EINVAL;
	if (sodium_init() < 0 || crypto_sign_keypair(public_key, ret_key->secret) != 0)
		return -ENOSYS;
	ret_key->verifying = named(name, public_key);
	return 0;
}

/* The parts of a text: NAME+ID+BASE64 of the type and 32 bytes. */
struct parts {
	struct slice name, id;
	unsigned char encoded[ENCODED_SIZE];
};

static int read_parts(struct slice text, struct parts *ret_parts)
{
	ret_parts->name = slice_cut(&text, '+');
	ret_parts->id = slice_cut(&text, '+');
	size_t length;
	int r = base64_read(text, ret_parts->encoded, sizeof(ret_parts->encoded), &length);

	if (r < 0 || length != ENCODED_SIZE || ret_parts->encoded[0] != TYPE_ED25519 ||
	    !is_name(ret_parts->name))
		return -EINVAL;
	return 0;
}

static bool is_id(struct slice text, uint32_t id)
{
	char digits[ID_DIGITS + 1];

	snprintf(digits, sizeof(digits), "%08x", id);
	return slice_is(text, digits);
}

int verifying_key_read(struct slice text, struct verifying_key *ret_key)
{
	struct parts parts;
	int r = read_parts(slice_trim(text), &parts);

	if (r < 0)
		return r;
	struct verifying_key key = named(parts.name, parts.encoded + 1);
	if (!is_id(parts.id, key.id))
		return -EINVAL;
	*ret_key = key;
	return 0;
}

int signing_key_read(struct slice text, struct signing_key *ret_key)
{
	SCOPED(signing_key_done) struct signing_key key = { .secret = { 0 } };
	unsigned char public_key[KEY_PUBLIC_SIZE];
	struct parts parts;

	text = slice_trim(text);
	if (!slice_starts_with(text, SECRET_PREFIX))
		return -EINVAL;
	int r = read_parts(slice_part(text, strlen(SECRET_PREFIX), SIZE_MAX), &parts);
	if (r == 0)
		crypto_sign_seed_keypair(public_key, key.secret, parts.encoded + 1);
	sodium_memzero(parts.encoded, sizeof(parts.encoded));
	if (r < 0)
		return r;
	key.verifying = named(parts.name, public_key);
	if (!is_id(parts.id, key.verifying.id))
		return -EINVAL;
	*ret_key = key;
	return 0;
}

static void write_parts(const struct verifying_key *key, const unsigned char bytes[KEY_PUBLIC_SIZE],
			struct buf *out)
{
	unsigned char encoded[ENCODED_SIZE] = { TYPE_ED25519 };

	memcpy(encoded + 1, bytes, KEY_PUBLIC_SIZE);
	buf_printf(out, "%s+%08x+", key->name, key->id);
	base64_write(encoded, sizeof(encoded), out);
	sodium_memzero(encoded, sizeof(encoded));
}

void verifying_key_write(const struct verifying_key *key, struct buf *out)
{
	write_parts(key, key->public_key, out);
}

void signing_key_write(const struct signing_key *key, struct buf *out)
{
	buf_add_text(out, SECRET_PREFIX);
	write_parts(&key->verifying, key->secret, out); /* whose first half is the seed */
}

void signing_key_done(struct signing_key *key)
{
	sodium_memzero(key->secret, sizeof(key->secret));
}

void secret_done(struct buf *buf)
{
	if (buf->at)
		sodium_memzero(buf->at, buf->capacity);
	buf_done(buf);
}
