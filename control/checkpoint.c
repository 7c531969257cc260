/* SPDX-License-Identifier: MIT */
#include "control/checkpoint.h"

#include <errno.h>
#include <inttypes.h>

#include "control/base64.h"
#include "control/line.h"

#define TEXT_SIZE_MAX (KEY_NAME_MAX + 100)

int checkpoint_write(const struct tree *tree, const struct signing_key *key, struct buf *out)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(TEXT_SIZE_MAX);
	struct tree_hash root = tree_root(tree);

	buf_printf(&text, "%s\n%" PRIu64 "\n", key->verifying.name, tree->size);
	base64_write(root.bytes, SHA256_SIZE, &text);
	buf_add_char(&text, '\n');
	if (text.failed)
		return text.failed;
	int r = note_begin(buf_view(&text), out);
	return r < 0 ? r : note_sign(buf_view(&text), key, out);
}

int checkpoint_open(struct slice message, const struct verifying_key *key,
		    struct checkpoint *ret_checkpoint)
{
	struct checkpoint checkpoint;
	struct note note;
	size_t length;
	int r = note_open(message, key, 1, &note);

	if (r < 0)
		return r;
	struct slice text = note.text;
	checkpoint.origin = slice_cut(&text, '\n');
	struct slice size = slice_cut(&text, '\n'), root = slice_cut(&text, '\n');
	if (!slice_is(checkpoint.origin, key->name) || line_number(size, &checkpoint.size) < 0 ||
	    base64_read(root, checkpoint.root.bytes, SHA256_SIZE, &length) < 0 ||
	    length != SHA256_SIZE)
		return -EBADMSG;
	*ret_checkpoint = checkpoint;
	return 0;
}
