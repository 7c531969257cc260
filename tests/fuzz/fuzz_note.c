/* SPDX-License-Identifier: MIT */
/* What opens is what was signed: a message opens only with the one text that its key signed, and
 * whatever text may be signed opens afterwards. */
#include <errno.h>

#include "control/checkpoint.h"
#include "tests/fuzz/fuzz.h"

/* The example of golang.org/x/mod/sumdb/note, which signed SIGNED and nothing else of the seeds. */
#define SECRET "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
#define SIGNED                                                                                     \
	"If you think cryptography is the answer to your problem,\n"                               \
	"then you don't know what your problem is.\n"

static void open_message(struct slice message, const struct verifying_key *key)
{
	struct note note;
	int r = note_open(message, key, 1, &note);

	PROMISE(r == 0 || r == -EBADMSG || r == -ENOKEY || r == -EKEYREJECTED);
	PROMISE(r < 0 || (note.signed_by == 1 && slice_is(note.text, SIGNED)));
}

static void sign_text(struct slice text, const struct signing_key *key)
{
	SCOPED(buf_done) struct buf message = BUF_MAX(2 * NOTE_SIZE_MAX);
	struct checkpoint checkpoint;
	struct note note;

	if (note_begin(text, &message) < 0)
		return;
	PROMISE(note_sign(text, key, &message) == 0);
	PROMISE(note_open(buf_view(&message), &key->verifying, 1, &note) == 0);
	PROMISE(slice_equal(note.text, text));
	int r = checkpoint_open(buf_view(&message), &key->verifying, &checkpoint);
	PROMISE(r == 0 || r == -EBADMSG);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct slice input = { (const char *)bytes, length };
	SCOPED(signing_key_done) struct signing_key key;
	struct verifying_key verifying;
	struct signing_key signing;

	PROMISE(signing_key_read(SLICE(SECRET), &key) == 0);
	open_message(input, &key.verifying);
	if (length < NOTE_SIZE_MAX / 2)
		sign_text(input, &key);
	(void)!verifying_key_read(input, &verifying);
	(void)!signing_key_read(input, &signing);
	return 0;
}
