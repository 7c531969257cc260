/* SPDX-License-Identifier: MIT */
#include "control/note.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "control/base64.h"

#define DASH           "\xe2\x80\x94 " /* U+2014 and a space begin a signature's line */
#define ID_SIZE        4u
#define SIGNATURE_SIZE (ID_SIZE + crypto_sign_BYTES)
#define BLOB_SIZE_MAX  8192u /* other signatures, which are not looked at, may be longer */

static bool is_plain(struct slice text)
{
	for (size_t i = 0; i < text.length; i++) {
		if ((unsigned char)text.at[i] < ' ' && text.at[i] != '\n')
			return false;
	}
	return slice_is_utf8(text);
}

static bool ends_line(struct slice text)
{
	return text.length > 0 && text.at[text.length - 1] == '\n';
}

/* Parts `message` at its last empty line.  The text may have empty lines of its own. */
static int split(struct slice message, struct slice *ret_text, struct slice *ret_signatures)
{
	if (message.length > NOTE_SIZE_MAX || !ends_line(message) || !is_plain(message))
		return -EBADMSG;
	for (size_t i = message.length - 1; i > 0; i--) {
		if (message.at[i] == '\n' && message.at[i - 1] == '\n') {
			*ret_text = slice_part(message, 0, i);
			*ret_signatures = slice_part(message, i + 1, SIZE_MAX);
			return ret_signatures->length > 0 ? 0 : -EBADMSG;
		}
	}
	return -EBADMSG;
}

struct signature {
	struct slice name;
	uint32_t id;
	unsigned char blob[BLOB_SIZE_MAX];
	size_t length; /* of the blob, with the four bytes of the id */
};

static int read_signature(struct slice line, struct signature *ret_signature)
{
	if (!slice_starts_with(line, DASH))
		return -EBADMSG;
	line = slice_part(line, strlen(DASH), SIZE_MAX);
	ret_signature->name = slice_cut(&line, ' ');
	if (ret_signature->name.length == 0 ||
	    base64_read(line, ret_signature->blob, BLOB_SIZE_MAX, &ret_signature->length) < 0 ||
	    ret_signature->length <= ID_SIZE)
		return -EBADMSG;
	ret_signature->id = key_id_read(ret_signature->blob);
	return 0;
}

static bool is_by(const struct signature *signature, const struct verifying_key *key)
{
	return signature->id == key->id && slice_is(signature->name, key->name);
}

static bool verifies(const struct signature *signature, struct slice text,
		     const struct verifying_key *key)
{
	return signature->length == SIGNATURE_SIZE &&
	       crypto_sign_verify_detached(signature->blob + ID_SIZE,
					   (const unsigned char *)text.at, text.length,
					   key->public_key) == 0;
}

/* Adds to `signed_by` whose signature it is. */
static int check(const struct signature *signature, struct slice text,
		 const struct verifying_key *keys, size_t count, uint64_t *signed_by)
{
	for (size_t i = 0; i < count; i++) {
		if (!is_by(signature, &keys[i]))
			continue;
		if (!verifies(signature, text, &keys[i]))
			return -EKEYREJECTED;
		*signed_by |= UINT64_C(1) << i;
	}
	return 0;
}

int note_open(struct slice message, const struct verifying_key *keys, size_t count,
	      struct note *ret_note)
{
	struct signature signature;
	struct slice signatures;
	struct note note = { .signed_by = 0 };
	unsigned int lines = 0;
	int r = split(message, &note.text, &signatures);

	if (r < 0 || count > NOTE_KEYS_MAX)
		return r < 0 ? r : -EINVAL;
	while (signatures.length > 0) {
		if (++lines > NOTE_SIGNATURES_MAX)
			return -EBADMSG;
		r = read_signature(slice_cut(&signatures, '\n'), &signature);
		if (r == 0)
			r = check(&signature, note.text, keys, count, &note.signed_by);
		if (r < 0)
			return r;
	}
	if (note.signed_by == 0)
		return -ENOKEY;
	*ret_note = note;
	return 0;
}

int note_text(struct slice message, struct slice *ret_text)
{
	struct slice signatures;

	return split(message, ret_text, &signatures);
}

int note_line(struct slice message, const struct verifying_key *key, struct slice *ret_line)
{
	struct signature signature;
	struct slice text, signatures;
	int r = split(message, &text, &signatures);

	for (unsigned int lines = 0; r == 0 && signatures.length > 0; lines++) {
		struct slice line = slice_cut(&signatures, '\n');

		r = lines < NOTE_SIGNATURES_MAX ? read_signature(line, &signature) : -EBADMSG;
		if (r == 0 && is_by(&signature, key)) {
			*ret_line = (struct slice){ line.at, line.length + 1 };
			return 0;
		}
	}
	return r < 0 ? r : -ENOKEY;
}

int note_begin(struct slice text, struct buf *out)
{
	if (!ends_line(text) || !is_plain(text))
		return -EINVAL;
	buf_add_slice(out, text);
	buf_add_char(out, '\n');
	return out->failed;
}

int note_sign(struct slice text, const struct signing_key *key, struct buf *out)
{
	unsigned char blob[SIGNATURE_SIZE];
	uint32_t id = key->verifying.id;

	for (size_t i = 0; i < ID_SIZE; i++)
		blob[i] = (unsigned char)(id >> (24 - 8 * i));
	crypto_sign_detached(blob + ID_SIZE, NULL, (const unsigned char *)text.at, text.length,
			     key->secret);
	buf_add_text(out, DASH);
	buf_add_text(out, key->verifying.name);
	buf_add_char(out, ' ');
	base64_write(blob, sizeof(blob), out);
	buf_add_char(out, '\n');
	return out->failed;
}
