/* SPDX-License-Identifier: MIT */
/* gzip (RFC 1952), for receivers that know no better compression. */
#ifndef TOOLS_SERVER_COMMON_GZIP_H
#define TOOLS_SERVER_COMMON_GZIP_H

#include "common/buf.h"
#include "common/cleanup.h"

/* Appends `bytes` as one member. */
must_use int gzip_make(struct slice bytes, struct buf *out);

#endif
