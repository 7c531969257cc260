/* SPDX-License-Identifier: MIT */
#include "control/line.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#define DIGEST_PREFIX "sha256:"

int line_cut(struct slice *text, struct slice *ret_line)
{
	struct slice rest = *text;
	struct slice line = slice_cut(&rest, '\n');

	if (!rest.at)
		return -EBADMSG;
	*text = rest;
	*ret_line = line;
	return 0;
}

int line_value(struct slice *text, const char *name, struct slice *ret_value)
{
	struct slice line;
	int r = line_cut(text, &line);

	if (r < 0)
		return r;
	struct slice first = slice_cut(&line, ' ');
	if (!slice_is(first, name) || !line.at)
		return -EBADMSG;
	*ret_value = line;
	return 0;
}

int line_number(struct slice value, uint64_t *ret_number)
{
	uint64_t number;

	if ((value.length > 1 && value.at[0] == '0') || slice_to_u64(value, &number) < 0 ||
	    number > INT64_MAX)
		return -EBADMSG;
	*ret_number = number;
	return 0;
}

int line_digest(struct slice value, unsigned char ret_digest[SHA256_SIZE])
{
	unsigned char digest[SHA256_SIZE];
	char digits[2 * SHA256_SIZE + 1];
	size_t length;

	if (!slice_starts_with(value, DIGEST_PREFIX))
		return -EBADMSG;
	value = slice_part(value, strlen(DIGEST_PREFIX), SIZE_MAX);
	if (value.length != 2 * SHA256_SIZE ||
	    sodium_hex2bin(digest, sizeof(digest), value.at, value.length, NULL, &length, NULL) !=
		    0 ||
	    length != SHA256_SIZE)
		return -EBADMSG;
	sodium_bin2hex(digits, sizeof(digits), digest, sizeof(digest));
	if (!slice_is(value, digits)) /* big letters */
		return -EBADMSG;
	memcpy(ret_digest, digest, sizeof(digest));
	return 0;
}

void line_digest_write(const unsigned char digest[SHA256_SIZE], struct buf *out)
{
	buf_add_text(out, DIGEST_PREFIX);
	buf_add_hex(out, digest, SHA256_SIZE);
}
