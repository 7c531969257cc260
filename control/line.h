/* SPDX-License-Identifier: MIT */
/* Lines of the texts that agents and the server exchange.  Each value has one spelling, so that what
 * was signed can be made again from what it says. */
#ifndef CONTROL_LINE_H
#define CONTROL_LINE_H

#include "common/buf.h"
#include "common/sha256.h"

/* Cuts the first line off `text`, which must end.  -EBADMSG. */
must_use int line_cut(struct slice *text, struct slice *ret_line);

/* As line_cut for a line that is `name`, a space and the value.  -EBADMSG for any other. */
must_use int line_value(struct slice *text, const char *name, struct slice *ret_value);

/* A number in decimal, without zeros before it, at most INT64_MAX.  -EBADMSG. */
must_use int line_number(struct slice value, uint64_t *ret_number);

/* "sha256:" and 64 small hexadecimal digits.  -EBADMSG. */
must_use int line_digest(struct slice value, unsigned char ret_digest[SHA256_SIZE]);
void line_digest_write(const unsigned char digest[SHA256_SIZE], struct buf *out);

#endif
