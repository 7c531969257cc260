/* SPDX-License-Identifier: MIT */
#include "tools/server/token.h"

#include <errno.h>
#include <string.h>

#include "control/base64.h"

#define SCHEME "Bearer "

int token_digest(struct slice authorization, unsigned char ret_digest[SHA256_SIZE])
{
	unsigned char token[TOKEN_SIZE];
	size_t length;

	if (!slice_starts_with(authorization, SCHEME))
		return -EACCES;
	authorization = slice_part(authorization, strlen(SCHEME), SIZE_MAX);
	if (base64url_read(authorization, token, sizeof(token), &length) < 0 ||
	    length != sizeof(token))
		return -EACCES;
	sha256(token, sizeof(token), ret_digest);
	return 0;
}
