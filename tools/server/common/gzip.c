/* SPDX-License-Identifier: MIT */
#include "tools/server/common/gzip.h"

#include <errno.h>
#include <limits.h>
#define ZLIB_CONST
#include <zlib.h>

#define WINDOW_GZIP (15 + 16) /* the largest window; 16 asks for gzip's header */
#define MEMORY      8

int gzip_make(struct slice bytes, struct buf *out)
{
	z_stream stream = { .next_in = (const Bytef *)bytes.at };

	if (bytes.length > UINT_MAX / 2)
		return -E2BIG;
	if (deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, WINDOW_GZIP, MEMORY,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;
	size_t before = out->length, room = deflateBound(&stream, (uLong)bytes.length);
	char *at = buf_extend(out, room);
	stream.avail_in = (uInt)bytes.length;
	stream.next_out = (Bytef *)at;
	stream.avail_out = (uInt)room;
	int r = at ? deflate(&stream, Z_FINISH) : Z_MEM_ERROR;
	size_t length = stream.total_out;
	deflateEnd(&stream);
	if (!at)
		return out->failed;
	buf_truncate(out, before + (r == Z_STREAM_END ? length : 0));
	return r == Z_STREAM_END ? 0 : -EIO;
}
