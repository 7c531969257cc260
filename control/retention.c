/* SPDX-License-Identifier: MIT */
#include "control/retention.h"

#include <errno.h>
#include <inttypes.h>

#include "control/line.h"

#define TITLE "chaperone-retention/1"

int retention_write(const struct retention *retention, const struct signing_key *key,
		    struct buf *out)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(RETENTION_NOTE_MAX);
	struct slice by = retention->by, rest = by;

	if (by.length == 0 || by.length > RETENTION_BY_MAX ||
	    slice_cut(&rest, '\n').length < by.length)
		return -EINVAL;
	buf_printf(&text,
		   TITLE "\nlog %s\nleaves %" PRIu64 "\nbefore %" PRIu64 "\nmade %" PRIu64
			 "\nby %.*s\n",
		   key->verifying.name, retention->leaves, retention->before_ns, retention->made_ns,
		   SLICE_ARGUMENTS(by));
	if (text.failed)
		return text.failed;
	int r = note_begin(buf_view(&text), out);
	return r < 0 ? r : note_sign(buf_view(&text), key, out);
}

static int read_number(struct slice *text, const char *name, uint64_t *ret_number)
{
	struct slice value;
	int r = line_value(text, name, &value);

	return r < 0 ? r : line_number(value, ret_number);
}

static int read_text(struct slice text, const char *name, struct retention *ret_retention)
{
	struct slice title, log;

	if (line_cut(&text, &title) < 0 || !slice_is(title, TITLE) ||
	    line_value(&text, "log", &log) < 0 || !slice_is(log, name) ||
	    read_number(&text, "leaves", &ret_retention->leaves) < 0 ||
	    read_number(&text, "before", &ret_retention->before_ns) < 0 ||
	    read_number(&text, "made", &ret_retention->made_ns) < 0 ||
	    line_value(&text, "by", &ret_retention->by) < 0 || text.length > 0)
		return -EBADMSG;
	return ret_retention->leaves > 0 ? 0 : -EBADMSG;
}

int retention_open(struct slice message, const struct verifying_key *key,
		   struct retention *ret_retention)
{
	struct retention retention;
	struct note note;
	int r = note_open(message, key, 1, &note);

	if (r == 0)
		r = read_text(note.text, key->name, &retention);
	if (r == 0)
		*ret_retention = retention;
	return r;
}
