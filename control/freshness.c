/* SPDX-License-Identifier: MIT */
#include "control/freshness.h"

#include <errno.h>
#include <inttypes.h>

#include "control/line.h"
#include "control/name.h"

#define FIRST_LINE "chaperone.freshness/v1"

static bool is_right(const struct freshness *freshness)
{
	return name_is_plain(freshness->bundle) && freshness->version > 0 &&
	       freshness->version <= INT64_MAX && freshness->expires_s <= INT64_MAX &&
	       freshness->issued_s < freshness->expires_s;
}

int freshness_write(const struct freshness *freshness, const struct signing_key *key,
		    struct buf *out)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(FRESHNESS_NOTE_MAX);

	if (!is_right(freshness))
		return -EINVAL;
	buf_printf(&text, FIRST_LINE "\nbundle %.*s\nversion %" PRIu64 "\nrelease ",
		   SLICE_ARGUMENTS(freshness->bundle), freshness->version);
	line_digest_write(freshness->release_digest, &text);
	buf_printf(&text, "\nissued %" PRIu64 "\nexpires %" PRIu64 "\n", freshness->issued_s,
		   freshness->expires_s);
	if (text.failed)
		return text.failed;
	int r = note_begin(buf_view(&text), out);
	return r < 0 ? r : note_sign(buf_view(&text), key, out);
}

static int read_text(struct slice text, struct freshness *ret_freshness)
{
	struct slice first, version, digest, issued, expires;
	struct freshness freshness;

	if (line_cut(&text, &first) < 0 || !slice_is(first, FIRST_LINE) ||
	    line_value(&text, "bundle", &freshness.bundle) < 0 ||
	    line_value(&text, "version", &version) < 0 ||
	    line_value(&text, "release", &digest) < 0 || line_value(&text, "issued", &issued) < 0 ||
	    line_value(&text, "expires", &expires) < 0 || text.length > 0)
		return -EBADMSG;
	if (line_number(version, &freshness.version) < 0 ||
	    line_digest(digest, freshness.release_digest) < 0 ||
	    line_number(issued, &freshness.issued_s) < 0 ||
	    line_number(expires, &freshness.expires_s) < 0 || !is_right(&freshness))
		return -EBADMSG;
	*ret_freshness = freshness;
	return 0;
}

int freshness_open(struct slice message, const struct verifying_key *key,
		   struct freshness *ret_freshness)
{
	struct note note;
	int r = note_open(message, key, 1, &note);

	return r < 0 ? r : read_text(note.text, ret_freshness);
}
