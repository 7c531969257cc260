/* SPDX-License-Identifier: MIT */
#include "control/base64.h"

#include <errno.h>
#include <sodium.h>

#define VARIANT sodium_base64_VARIANT_ORIGINAL

int base64_read(struct slice text, void *ret_bytes, size_t size, size_t *ret_length)
{
	size_t length;

	if (sodium_base642bin(ret_bytes, size, text.at, text.length, NULL, &length, NULL,
			      VARIANT) != 0)
		return -EINVAL;
	*ret_length = length;
	return 0;
}

void base64_write(const void *bytes, size_t length, struct buf *out)
{
	size_t before = out->length;
	size_t size = sodium_base64_ENCODED_LEN(length, VARIANT); /* with a NUL */
	char *at = buf_extend(out, size);

	if (!at)
		return;
	sodium_bin2base64(at, size, bytes, length, VARIANT);
	buf_truncate(out, before + size - 1);
}
