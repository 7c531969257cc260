/* SPDX-License-Identifier: MIT */
#include "tools/server/people/token.h"

#include <errno.h>
#include <string.h>

#include "control/base64.h"

int token_digest_after(const char *scheme, struct slice authorization,
		       unsigned char ret_digest[SHA256_SIZE])
{
	unsigned char token[TOKEN_SIZE];
	size_t length;

	if (!slice_starts_with(authorization, scheme))
		return -EACCES;
	authorization = slice_part(authorization, strlen(scheme), SIZE_MAX);
	if (base64url_read(authorization, token, sizeof(token), &length) < 0 ||
	    length != sizeof(token))
		return -EACCES;
	sha256(token, sizeof(token), ret_digest);
	return 0;
}

int token_digest(struct slice authorization, unsigned char ret_digest[SHA256_SIZE])
{
	return token_digest_after(TOKEN_SCHEME, authorization, ret_digest);
}
