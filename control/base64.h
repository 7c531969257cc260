/* SPDX-License-Identifier: MIT */
/* Base64 in the standard alphabet, padded (RFC 4648, section 4). */
#ifndef CONTROL_BASE64_H
#define CONTROL_BASE64_H

#include "common/buf.h"

/* Reads all of `text` into `ret_bytes`, at most `size` bytes; `ret_length` is how many.  -EINVAL for
 * anything that base64_write would have written otherwise, and for what does not fit. */
must_use int base64_read(struct slice text, void *ret_bytes, size_t size, size_t *ret_length);

void base64_write(const void *bytes, size_t length, struct buf *out);

#endif
