/* SPDX-License-Identifier: MIT */
/* What agents and the server exchange about bundles has one spelling: whatever is read is written as it
 * stood. */
#include <errno.h>

#include "control/archive.h"
#include "control/envelope.h"
#include "control/freshness.h"
#include "control/release.h"
#include "control/root.h"
#include "tests/fuzz/fuzz.h"

#define SECRET "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"

/* How many files an archive has; -EBADMSG. */
static int read_files(struct slice input, struct archive_file files[ARCHIVE_FILES_MAX])
{
	struct archive_walk walk;
	int count = 0, r = archive_open(input, &walk);

	while (r == 0) {
		struct archive_file file;

		r = archive_next(&walk, &file);
		if (r <= 0)
			break;
		PROMISE(count < (int)ARCHIVE_FILES_MAX && archive_is_name(file.name));
		files[count++] = file;
		r = 0;
	}
	PROMISE(r == 0 || r == -EBADMSG);
	return r < 0 ? r : count;
}

static void try_archive(struct slice input)
{
	static struct archive_file files[ARCHIVE_FILES_MAX];
	SCOPED(buf_done) struct buf out = BUF_MAX(ARCHIVE_MAX);
	int count = read_files(input, files);

	if (count < 0)
		return;
	PROMISE(archive_write(files, (size_t)count, &out) == 0);
	PROMISE(slice_equal(buf_view(&out), input));
}

static void try_envelope(struct slice input)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(ENVELOPE_MAX);
	struct envelope envelope;

	if (envelope_read(input, &envelope) < 0)
		return;
	PROMISE(envelope_write(&envelope, &out) == 0);
	PROMISE(slice_equal(buf_view(&out), input));
}

static void try_release(struct slice input)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(RELEASE_TEXT_MAX);
	struct release release;

	if (release_read(input, &release) < 0)
		return;
	PROMISE(release_write(&release, &out) == 0);
	PROMISE(slice_equal(buf_view(&out), input));
}

static void try_root(struct slice input)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(ROOT_TEXT_MAX);
	struct root root;

	if (root_read(input, &root) < 0)
		return;
	PROMISE(root_write(&root, &out) == 0);
	PROMISE(slice_equal(buf_view(&out), input));
}

/* A note is never what follows unless authors signed it, of whom there are none here. */
static void try_next(struct slice input, const struct signing_key *key)
{
	struct root root = { .server = SLICE("shop"), .threshold = 1, .key_count = 1 }, next;

	root.keys[0] = key->verifying;
	PROMISE(root_open_next(&root, input, &key->verifying, &next) < 0);
}

static void try_freshness(struct slice input, const struct signing_key *key)
{
	SCOPED(buf_done) struct buf message = BUF_MAX(NOTE_SIZE_MAX);
	SCOPED(buf_done) struct buf again = BUF_MAX(NOTE_SIZE_MAX);
	struct freshness freshness;

	if (input.length > FRESHNESS_NOTE_MAX || note_begin(input, &message) < 0)
		return;
	PROMISE(note_sign(input, key, &message) == 0);
	if (freshness_open(buf_view(&message), &key->verifying, &freshness) < 0)
		return;
	PROMISE(freshness_write(&freshness, key, &again) == 0);
	PROMISE(slice_equal(buf_view(&again), buf_view(&message)));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct slice input = { (const char *)bytes, length };
	SCOPED(signing_key_done) struct signing_key key;

	PROMISE(signing_key_read(SLICE(SECRET), &key) == 0);
	try_archive(input);
	try_envelope(input);
	try_release(input);
	try_root(input);
	try_next(input, &key);
	try_freshness(input, &key);
	return 0;
}
