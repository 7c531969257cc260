/* SPDX-License-Identifier: MIT */
/* Enrolment codes: a secret that works once, and the hash of the server's key, so that whoever has the
 * code knows which server it is for.  SECRET.HASH, both in base64url. */
#ifndef CONTROL_CODE_H
#define CONTROL_CODE_H

#include "common/buf.h"
#include "common/sha256.h"

#define CODE_SECRET_SIZE 16u

struct enrolment_code {
	unsigned char secret[CODE_SECRET_SIZE];
	unsigned char key_hash[SHA256_SIZE]; /* of SubjectPublicKeyInfo in DER */
};

void code_write(const struct enrolment_code *code, struct buf *out);

/* Reads one; surrounding white space does not count.  -EINVAL when it is none. */
must_use int code_read(struct slice text, struct enrolment_code *ret_code);

#endif
