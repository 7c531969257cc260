/* SPDX-License-Identifier: MIT */
/* Texts as forms write them (application/x-www-form-urlencoded), behind a path or in a body. */
#ifndef TOOLS_SERVER_HTTP_URLENCODED_H
#define TOOLS_SERVER_HTTP_URLENCODED_H

#include "common/buf.h"

/* Decodes one name or value into `at`, which has room for `room` bytes and may be where `encoded` is.  -EINVAL for an
 * escape that is none, for a zero byte and for what is not UTF-8; -E2BIG. */
must_use int urlencoded_decode(struct slice encoded, char *at, size_t room, struct slice *ret_text);

#endif
