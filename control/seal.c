/* SPDX-License-Identifier: MIT */
#include "control/seal.h"

#include <errno.h>
#include <inttypes.h>

#include "control/line.h"

#define TITLE "chaperone-export/1"

int seal_write(const struct seal *seal, const struct signing_key *key, struct buf *out)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(SEAL_NOTE_MAX);

	buf_printf(&text, TITLE "\nlog %s\nblocks %" PRIu64 "\nbytes ", key->verifying.name,
		   seal->blocks);
	line_digest_write(seal->digest, &text);
	buf_add_char(&text, '\n');
	if (text.failed)
		return text.failed;
	int r = note_begin(buf_view(&text), out);
	return r < 0 ? r : note_sign(buf_view(&text), key, out);
}

static int read_text(struct slice text, const char *name, struct seal *ret_seal)
{
	struct slice title, log, blocks, digest;

	if (line_cut(&text, &title) < 0 || !slice_is(title, TITLE) ||
	    line_value(&text, "log", &log) < 0 || !slice_is(log, name) ||
	    line_value(&text, "blocks", &blocks) < 0 ||
	    line_number(blocks, &ret_seal->blocks) < 0 || line_value(&text, "bytes", &digest) < 0 ||
	    line_digest(digest, ret_seal->digest) < 0 || text.length > 0)
		return -EBADMSG;
	return 0;
}

int seal_open(struct slice message, const struct verifying_key *key, struct seal *ret_seal)
{
	struct seal seal;
	struct note note;
	int r = note_open(message, key, 1, &note);

	if (r == 0)
		r = read_text(note.text, key->name, &seal);
	if (r == 0)
		*ret_seal = seal;
	return r;
}
