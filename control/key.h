/* SPDX-License-Identifier: MIT */
/* Ed25519 keys under a name, in the texts of C2SP's signed notes (c2sp.org/signed-note): a public
 * key is NAME+ID+BASE64, a secret one PRIVATE+KEY+NAME+ID+BASE64.  ID is eight hexadecimal digits
 * that name and key give. */
#ifndef CONTROL_KEY_H
#define CONTROL_KEY_H

#include <stdint.h>

#include "common/buf.h"

#define KEY_NAME_MAX    128u /* bytes */
#define KEY_PUBLIC_SIZE 32u
#define KEY_SECRET_SIZE 64u /* seed and public key, as libsodium keeps them */

/* Whose signatures can be checked. */
struct verifying_key {
	char name[KEY_NAME_MAX + 1];
	uint32_t id;
	unsigned char public_key[KEY_PUBLIC_SIZE];
};

/* Who can sign. */
struct signing_key {
	struct verifying_key verifying;
	unsigned char secret[KEY_SECRET_SIZE];
};

/* Makes a new key.  -EINVAL for a name that is empty, too long, or holds anything but printable
 * ASCII without space and plus; -ENOSYS when libsodium cannot start. */
must_use int signing_key_new(struct slice name, struct signing_key *ret_key);

/* Reads a text; surrounding white space does not count.  -EINVAL when it is none of the kind, or
 * its ID is not that of its name and key. */
must_use int verifying_key_read(struct slice text, struct verifying_key *ret_key);
must_use int signing_key_read(struct slice text, struct signing_key *ret_key);

/* The number that four bytes are, the highest first, as IDs are written. */
uint32_t key_id_read(const unsigned char bytes[4]);

/* Appends the text, without a line's end. */
void verifying_key_write(const struct verifying_key *key, struct buf *out);
void signing_key_write(const struct signing_key *key, struct buf *out);

/* Wipes the secret. */
void signing_key_done(struct signing_key *key);

/* Wipes and frees a buffer that held one. */
void secret_done(struct buf *buf);

#endif
