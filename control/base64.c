/* SPDX-License-Identifier: MIT */
#include "control/base64.h"

#include <errno.h>
#include <sodium.h>

#define STANDARD sodium_base64_VARIANT_ORIGINAL
#define URL      sodium_base64_VARIANT_URLSAFE_NO_PADDING

static int read_variant(struct slice text, int variant, void *ret_bytes, size_t size,
			size_t *ret_length)
{
	size_t length;

	if (sodium_base642bin(ret_bytes, size, text.at, text.length, NULL, &length, NULL,
			      variant) != 0)
		return -EINVAL;
	*ret_length = length;
	return 0;
}

int base64_read(struct slice text, void *ret_bytes, size_t size, size_t *ret_length)
{
	return read_variant(text, STANDARD, ret_bytes, size, ret_length);
}

int base64url_read(struct slice text, void *ret_bytes, size_t size, size_t *ret_length)
{
	return read_variant(text, URL, ret_bytes, size, ret_length);
}

int base64_read_all(struct slice text, struct buf *out)
{
	size_t before = out->length, most = out->length_max - before;
	size_t length, size = text.length / 4 * 3;
	char *room = buf_extend(out, size < most ? size : most);

	if (!room)
		return out->failed;
	int r = base64_read(text, room, out->length - before, &length);
	buf_truncate(out, before + (r == 0 ? length : 0));
	return r;
}

static void write_variant(const void *bytes, size_t length, int variant, struct buf *out)
{
	size_t before = out->length;
	size_t size = sodium_base64_encoded_len(length, variant); /* with a NUL */
	char *at = buf_extend(out, size);

	if (!at)
		return;
	sodium_bin2base64(at, size, bytes, length, variant);
	buf_truncate(out, before + size - 1);
}

void base64_write(const void *bytes, size_t length, struct buf *out)
{
	write_variant(bytes, length, STANDARD, out);
}

void base64url_write(const void *bytes, size_t length, struct buf *out)
{
	write_variant(bytes, length, URL, out);
}
