/* SPDX-License-Identifier: MIT */
#include "control/envelope.h"

#include <errno.h>

#include "control/line.h"

static int write_part(struct slice part, size_t length_max, struct buf *out)
{
	if (part.length > length_max)
		return -E2BIG;
	buf_printf(out, "%zu\n", part.length);
	buf_add_slice(out, part);
	return out->failed;
}

int envelope_write(const struct envelope *envelope, struct buf *out)
{
	int r = write_part(envelope->freshness, NOTE_SIZE_MAX, out);

	if (r == 0)
		r = write_part(envelope->release, NOTE_SIZE_MAX, out);
	return r < 0 ? r : write_part(envelope->source, ARCHIVE_MAX, out);
}

static int read_part(struct slice *body, size_t length_max, struct slice *ret_part)
{
	struct slice line;
	uint64_t length;

	if (line_cut(body, &line) < 0 || line_number(line, &length) < 0 || length > length_max ||
	    length > body->length)
		return -EBADMSG;
	*ret_part = slice_part(*body, 0, length);
	*body = slice_part(*body, length, SIZE_MAX);
	return 0;
}

int envelope_read(struct slice body, struct envelope *ret_envelope)
{
	struct envelope envelope;

	if (read_part(&body, NOTE_SIZE_MAX, &envelope.freshness) < 0 ||
	    read_part(&body, NOTE_SIZE_MAX, &envelope.release) < 0 ||
	    read_part(&body, ARCHIVE_MAX, &envelope.source) < 0 || body.length > 0)
		return -EBADMSG;
	*ret_envelope = envelope;
	return 0;
}
