/* SPDX-License-Identifier: MIT */
/* What machines and people show so that they are recognised (RFC 6750).  The server keeps digests. */
#ifndef TOOLS_SERVER_PEOPLE_TOKEN_H
#define TOOLS_SERVER_PEOPLE_TOKEN_H

#include "common/cleanup.h"
#include "common/sha256.h"
#include "common/slice.h"

#define TOKEN_SIZE 32u

#define TOKEN_SCHEME "Bearer "

/* The digest of the token that `authorization` shows ("Bearer BASE64URL").  -EACCES: it shows none. */
must_use int token_digest(struct slice authorization, unsigned char ret_digest[SHA256_SIZE]);

/* As token_digest, of one before which `scheme` stands in place of "Bearer ". */
must_use int token_digest_after(const char *scheme, struct slice authorization,
				unsigned char ret_digest[SHA256_SIZE]);

#endif
