/* SPDX-License-Identifier: MIT */
#include "tools/server/api/roots.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "tools/command/json.h"
#include "tools/server/people/author.h"

void roots_current_done(struct roots_current *current)
{
	buf_done(&current->text);
}

static int take_key(void *context, const struct store_value *columns, size_t count)
{
	struct root *root = context;

	(void)count;
	if (root->key_count == NOTE_KEYS_MAX)
		return -E2BIG;
	return verifying_key_read(columns[0].bytes, &root->keys[root->key_count++]) < 0 ? -EIO : 0;
}

/* What machines that enrolled by now were given. */
static int read_first(struct store *store, struct root *root)
{
	uint64_t threshold;
	int r = author_threshold(store, &threshold);

	if (r == 0)
		r = store_run(store, "SELECT verifier FROM author", STORE_NO_VALUES, take_key,
			      root);
	if (r < 0)
		return r;
	root->threshold = (unsigned int)threshold;
	return 0;
}

static int take_verifier(void *context, const struct store_value *columns, size_t count)
{
	struct buf *lines = context;

	(void)count;
	buf_add_slice(lines, columns[0].bytes);
	buf_add_char(lines, '\n');
	return lines->failed;
}

int roots_note_first(struct store *store, struct slice agent)
{
	SCOPED(buf_done) struct buf lines = BUF_MAX(ROOT_TEXT_MAX);
	uint64_t threshold;
	bool has_root;
	int r = author_has_root(store, &has_root);

	if (r < 0 || has_root)
		return r;
	r = author_threshold(store, &threshold);
	if (r == 0)
		r = store_run(store, "SELECT verifier FROM author ORDER BY verifier",
			      STORE_NO_VALUES, take_verifier, &lines);
	return r < 0 ? r
		     : store_do(store,
				"INSERT INTO root_first (agent, threshold, verifiers)"
				" VALUES ($1, $2, $3)",
				STORE_VALUES(store_text(agent), store_number((int64_t)threshold),
					     store_text(buf_view(&lines))));
}

static int take_first(void *context, const struct store_value *columns, size_t count)
{
	struct slice *message = context, lines = columns[1].bytes;
	struct root root = { .threshold = (unsigned int)columns[0].number };
	unsigned int signers = 0;

	(void)count;
	while (lines.length > 0) {
		if (root.key_count == NOTE_KEYS_MAX ||
		    verifying_key_read(slice_cut(&lines, '\n'), &root.keys[root.key_count++]) < 0)
			return -EIO;
	}
	int r = root_signers(&root, *message, &signers);
	return r < 0 ? r : signers < root.threshold ? -EACCES : 0;
}

int roots_check_first(struct store *store, struct slice message)
{
	int r = store_run(
		store,
		"SELECT DISTINCT root_first.threshold, root_first.verifiers FROM root_first"
		" JOIN agent ON agent.id = root_first.agent WHERE agent.revoked IS NULL",
		STORE_NO_VALUES, take_first, &message);

	return r == -EACCES ? 1 : r;
}

static int take_text(void *context, const struct store_value *columns, size_t count)
{
	struct buf *text = context;

	(void)count;
	buf_add_slice(text, columns[0].bytes);
	return text->failed;
}

int roots_read(struct store *store, const char *server, struct roots_current *current)
{
	buf_clear(&current->text);
	current->root = (struct root){ .server = slice_of(server) };
	int r = store_run(store, "SELECT text FROM root ORDER BY version DESC LIMIT 1",
			  STORE_NO_VALUES, take_text, &current->text);

	if (r == 0 && current->text.length == 0)
		return read_first(store, &current->root);
	if (r == 0 && root_read(buf_view(&current->text), &current->root) < 0)
		r = -EIO;
	return r;
}

static int take_policy(void *context, const struct store_value *columns, size_t count)
{
	struct buf *out = context;

	(void)count;
	if (columns[2].bytes.length != SHA256_SIZE)
		return -EIO;
	root_policy_write(columns[0].bytes, (uint64_t)columns[1].number,
			  (const unsigned char *)columns[2].bytes.at, out);
	return out->failed;
}

static int compare_lines(const void *a, const void *b)
{
	return slice_compare(*(const struct slice *)a, *(const struct slice *)b);
}

/* In the order of their bytes, which is not that of every database. */
static int add_sorted(struct slice lines, struct buf *out)
{
	struct slice sorted[ROOT_POLICIES_MAX];
	size_t count = 0;

	while (lines.length > 0) {
		if (count == ROOT_POLICIES_MAX)
			return -E2BIG;
		sorted[count++] = slice_cut(&lines, '\n');
	}
	if (count > 0)
		qsort(sorted, count, sizeof(*sorted), compare_lines);
	for (size_t i = 0; i < count; i++) {
		buf_add_slice(out, sorted[i]);
		buf_add_char(out, '\n');
	}
	return out->failed;
}

int roots_policies(struct store *store, struct buf *out)
{
	SCOPED(buf_done) struct buf lines = BUF_MAX(ROOT_TEXT_MAX);
	int r = store_run(store,
			  "SELECT bundle, version, digest FROM policy WHERE version = (SELECT "
			  "max(newest.version) FROM policy AS newest"
			  " WHERE newest.bundle = policy.bundle)",
			  STORE_NO_VALUES, take_policy, &lines);

	return r < 0 ? r : add_sorted(buf_view(&lines), out);
}

static int take_note(void *context, const struct store_value *columns, size_t count)
{
	(void)count;
	json_text(context, "root", columns[0].bytes);
	return 0;
}

int roots_add_note(struct store *store, struct buf *out)
{
	return store_run(store, "SELECT note FROM root ORDER BY version DESC LIMIT 1",
			 STORE_NO_VALUES, take_note, out);
}

int roots_add_header(struct store *store, struct reply *reply)
{
	int64_t newest = 0;
	char number[24];
	int r = store_run(store, "SELECT version FROM root ORDER BY version DESC LIMIT 1",
			  STORE_NO_VALUES, store_take_number, &newest);

	if (r < 0)
		return r;
	snprintf(number, sizeof(number), "%" PRId64, newest);
	reply_header(reply, "Author-Root", slice_of(number));
	return 0;
}
