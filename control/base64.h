/* SPDX-License-Identifier: MIT */
/* Base64: in the standard alphabet, padded (RFC 4648, section 4), and as it stands in URLs, tokens
 * and codes, without padding (section 5). */
#ifndef CONTROL_BASE64_H
#define CONTROL_BASE64_H

#include "common/buf.h"

/* Reads all of `text` into `ret_bytes`, at most `size` bytes; `ret_length` is how many.  -EINVAL for
 * anything that the writer would have written otherwise, and for what does not fit. */
must_use int base64_read(struct slice text, void *ret_bytes, size_t size, size_t *ret_length);
must_use int base64url_read(struct slice text, void *ret_bytes, size_t size, size_t *ret_length);

/* As base64_read, appended to `out` as far as that may grow. */
must_use int base64_read_all(struct slice text, struct buf *out);

void base64_write(const void *bytes, size_t length, struct buf *out);
void base64url_write(const void *bytes, size_t length, struct buf *out);

#endif
