/* SPDX-License-Identifier: MIT */
#include "control/frame.h"

#include <errno.h>
#include <zstd.h>
#include <zstd_errors.h>

#define LEVEL 1

int frame_make(struct slice bytes, struct buf *out)
{
	size_t length = out->length, bound = ZSTD_compressBound(bytes.length);
	char *room = buf_extend(out, bound);

	if (!room)
		return out->failed;
	size_t packed = ZSTD_compress(room, bound, bytes.at, bytes.length, LEVEL);
	if (ZSTD_isError(packed))
		return -ENOMEM; /* there is room and the level is one, so nothing else fails */
	buf_truncate(out, length + packed);
	return 0;
}

static void free_stream(ZSTD_DStream **stream)
{
	ZSTD_freeDStream(*stream);
}

static int as_errno(size_t result)
{
	switch (ZSTD_getErrorCode(result)) {
	case ZSTD_error_frameParameter_windowTooLarge:
		return -E2BIG;
	case ZSTD_error_memory_allocation:
		return -ENOMEM;
	default:
		return -EBADMSG;
	}
}

/* Hands over what the stream gives next.  1: there is more, 0: the frame is over. */
static int take_some(ZSTD_DStream *stream, ZSTD_inBuffer *in, ZSTD_outBuffer *out)
{
	size_t before = in->pos;

	out->pos = 0;
	size_t result = ZSTD_decompressStream(stream, out, in);
	if (ZSTD_isError(result))
		return as_errno(result);
	if (result == 0)
		return in->pos == in->size ? 0 : -EBADMSG;
	return in->pos == before && out->pos == 0 ? -EBADMSG : 1;
}

int frame_open(struct slice frame, size_t max, frame_fn take, void *context)
{
	SCOPED(free_stream) ZSTD_DStream *stream = ZSTD_createDStream();
	SCOPED(free_p) void *room = malloc(ZSTD_DStreamOutSize());
	ZSTD_inBuffer in = { frame.at, frame.length, 0 };
	ZSTD_outBuffer out = { room, ZSTD_DStreamOutSize(), 0 };
	size_t total = 0;
	int r = 1;

	if (!stream || !room)
		return -ENOMEM;
	ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, FRAME_WINDOW_LOG_MAX);
	while (r == 1) {
		r = take_some(stream, &in, &out);
		if (r < 0)
			return r;
		if (out.pos > max - total)
			return -E2BIG;
		total += out.pos;
		int taken = take(context, (struct slice){ room, out.pos });
		if (taken < 0)
			return taken;
	}
	return r;
}
