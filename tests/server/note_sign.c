/* SPDX-License-Identifier: MIT */
/* Signs what stands on stdin with the keys that are named (PRIVATE+KEY+…), and prints the note; or makes
 * a key: note_sign --new NAME prints the secret one and the public one. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "control/note.h"

static int print(const struct buf *out)
{
	return out->failed || fwrite(buf_text(out), 1, out->length, stdout) != out->length;
}

static int make(const char *name)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(4 * KIB);
	struct signing_key key;

	if (signing_key_new(slice_of(name), &key) < 0)
		return 1;
	signing_key_write(&key, &out);
	buf_add_char(&out, '\n');
	verifying_key_write(&key.verifying, &out);
	buf_add_char(&out, '\n');
	return print(&out);
}

static int sign(char **keys)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(NOTE_SIZE_MAX);
	SCOPED(buf_done) struct buf out = BUF_MAX(NOTE_SIZE_MAX);
	char piece[4096];
	ssize_t n;

	while ((n = read(STDIN_FILENO, piece, sizeof(piece))) > 0)
		buf_add(&text, piece, (size_t)n);
	if (note_begin(buf_view(&text), &out) < 0)
		return 1;
	for (; *keys; keys++) {
		struct signing_key key;

		if (signing_key_read(slice_of(*keys), &key) < 0 ||
		    note_sign(buf_view(&text), &key, &out) < 0)
			return 1;
	}
	return print(&out);
}

int main(int argc, char **argv)
{
	return argc == 3 && strcmp(argv[1], "--new") == 0 ? make(argv[2]) : sign(argv + 1);
}
