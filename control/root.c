/* SPDX-License-Identifier: MIT */
#include "control/root.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "control/line.h"
#include "control/name.h"
#include "control/release.h"

#define FIRST_LINE    "chaperone.root/v1"
#define KEY_TEXT_MAX  (1 * KIB)
#define POLICY_PREFIX "policy "

static int compare_keys(const void *a, const void *b)
{
	const struct verifying_key *left = a, *right = b;
	int order = strcmp(left->name, right->name);

	return order ? order : memcmp(left->public_key, right->public_key, KEY_PUBLIC_SIZE);
}

void root_sort_keys(struct verifying_key *keys, size_t count)
{
	if (count > 0)
		qsort(keys, count, sizeof(*keys), compare_keys);
}

/* One name is one author, and nobody is two of them with one key. */
static bool are_keys_right(const struct root *root)
{
	for (size_t i = 0; i < root->key_count; i++) {
		for (size_t k = 0; k < i; k++) {
			if (memcmp(root->keys[i].public_key, root->keys[k].public_key,
				   KEY_PUBLIC_SIZE) == 0)
				return false;
		}
		if (i > 0 && strcmp(root->keys[i - 1].name, root->keys[i].name) >= 0)
			return false;
	}
	return root->key_count > 0 && root->key_count <= NOTE_KEYS_MAX && root->threshold > 0 &&
	       root->threshold <= root->key_count;
}

struct policy_line {
	struct slice bundle;
	uint64_t version;
	unsigned char digest[SHA256_SIZE];
};

static int read_policy(struct slice *lines, struct policy_line *ret_policy)
{
	struct slice value;
	int r = line_value(lines, "policy", &value);

	if (r < 0)
		return r;
	ret_policy->bundle = slice_cut(&value, ' ');
	r = line_number(slice_cut(&value, ' '), &ret_policy->version);
	if (r == 0)
		r = line_digest(value, ret_policy->digest);
	return r < 0 || !name_is_plain(ret_policy->bundle) || ret_policy->version == 0 ? -EBADMSG
										       : 0;
}

static bool are_policies_right(struct slice lines)
{
	struct slice before = { NULL, 0 };
	struct policy_line policy;

	for (unsigned int count = 0; lines.length > 0; count++) {
		if (count == ROOT_POLICIES_MAX || read_policy(&lines, &policy) < 0 ||
		    (count > 0 && slice_compare(before, policy.bundle) >= 0))
			return false;
		before = policy.bundle;
	}
	return true;
}

static bool is_right(const struct root *root)
{
	bool is_first = root->version == 1;

	return root->version > 0 && root->version <= INT64_MAX &&
	       root->previous == root->version - 1 &&
	       sodium_is_zero(root->previous_digest, SHA256_SIZE) == is_first &&
	       name_is_host(root->server) && are_keys_right(root) &&
	       are_policies_right(root->policies) && name_is_plain(root->by) &&
	       release_is_why(root->why);
}

static void write_head(const struct root *root, struct buf *out)
{
	buf_printf(out, FIRST_LINE "\nserver %.*s\nversion %" PRIu64 "\nprevious %" PRIu64 " ",
		   SLICE_ARGUMENTS(root->server), root->version, root->previous);
	if (root->previous == 0)
		buf_add_char(out, '-');
	else
		line_digest_write(root->previous_digest, out);
	buf_printf(out, "\nthreshold %u\n", root->threshold);
}

int root_write(const struct root *root, struct buf *out)
{
	if (!is_right(root))
		return -EINVAL;
	write_head(root, out);
	for (size_t i = 0; i < root->key_count; i++) {
		buf_add_text(out, "key ");
		verifying_key_write(&root->keys[i], out);
		buf_add_char(out, '\n');
	}
	buf_add_slice(out, root->policies);
	buf_printf(out, "by %.*s\nwhy%s%.*s\n", SLICE_ARGUMENTS(root->by),
		   root->why.length > 0 ? " " : "", SLICE_ARGUMENTS(root->why));
	return out->failed;
}

static int read_number(struct slice *text, const char *name, uint64_t *ret_number)
{
	struct slice value;
	int r = line_value(text, name, &value);

	return r < 0 ? r : line_number(value, ret_number);
}

static int read_previous(struct slice *text, struct root *root)
{
	struct slice value;
	int r = line_value(text, "previous", &value);

	if (r == 0)
		r = line_number(slice_cut(&value, ' '), &root->previous);
	if (r < 0 || root->previous > 0)
		return r < 0 ? r : line_digest(value, root->previous_digest);
	return slice_is(value, "-") ? 0 : -EBADMSG;
}

static int read_head(struct slice *text, struct root *root)
{
	struct slice first;
	uint64_t threshold = 0;
	int r = line_cut(text, &first);

	if (r == 0)
		r = slice_is(first, FIRST_LINE) ? 0 : -EBADMSG;
	if (r == 0)
		r = line_value(text, "server", &root->server);
	if (r == 0)
		r = read_number(text, "version", &root->version);
	if (r == 0)
		r = read_previous(text, root);
	if (r == 0)
		r = read_number(text, "threshold", &threshold);
	if (r < 0 || threshold > NOTE_KEYS_MAX)
		return -EBADMSG;
	root->threshold = (unsigned int)threshold;
	return 0;
}

/* A key has one spelling: white space around it counts. */
static int read_key(struct slice value, struct verifying_key *ret_key)
{
	SCOPED(buf_done) struct buf again = BUF_MAX(KEY_TEXT_MAX);
	int r = verifying_key_read(value, ret_key);

	if (r < 0)
		return r;
	verifying_key_write(ret_key, &again);
	if (again.failed)
		return again.failed;
	return slice_equal(value, buf_view(&again)) ? 0 : -EBADMSG;
}

static int read_keys(struct slice *text, struct root *root)
{
	struct slice value;

	while (slice_starts_with(*text, "key ")) {
		int r = root->key_count < NOTE_KEYS_MAX ? line_value(text, "key", &value)
							: -EBADMSG;

		if (r == 0)
			r = read_key(value, &root->keys[root->key_count++]);
		if (r < 0)
			return r;
	}
	return 0;
}

static int read_policies(struct slice *text, struct root *root)
{
	struct slice begin = *text, line;

	while (slice_starts_with(*text, POLICY_PREFIX)) {
		int r = line_cut(text, &line);

		if (r < 0)
			return r;
	}
	root->policies = slice_part(begin, 0, begin.length - text->length);
	return 0;
}

static int read_why(struct slice text, struct slice *ret_why)
{
	struct slice value;

	*ret_why = (struct slice){ "", 0 };
	if (slice_is(text, "why\n"))
		return 0;
	if (line_value(&text, "why", &value) < 0 || text.length > 0 || value.length == 0)
		return -EBADMSG;
	*ret_why = value;
	return 0;
}

int root_read(struct slice text, struct root *ret_root)
{
	struct root root = { .version = 0 };
	struct slice whole = text;
	int r = text.length > ROOT_TEXT_MAX ? -EBADMSG : read_head(&text, &root);

	if (r == 0)
		r = read_keys(&text, &root);
	if (r == 0)
		r = read_policies(&text, &root);
	if (r == 0)
		r = line_value(&text, "by", &root.by);
	if (r == 0)
		r = read_why(text, &root.why);
	if (r < 0 || !is_right(&root))
		return r == -ENOMEM ? r : -EBADMSG;
	sha256(whole.at, whole.length, root.digest);
	*ret_root = root;
	return 0;
}

void root_policy_write(struct slice bundle, uint64_t version,
		       const unsigned char digest[SHA256_SIZE], struct buf *out)
{
	buf_printf(out, POLICY_PREFIX "%.*s %" PRIu64 " ", SLICE_ARGUMENTS(bundle), version);
	line_digest_write(digest, out);
	buf_add_char(out, '\n');
}

bool root_has_policy(const struct root *root, struct slice bundle, uint64_t version,
		     const unsigned char digest[SHA256_SIZE])
{
	struct slice lines = root->policies;
	struct policy_line policy;

	while (lines.length > 0 && read_policy(&lines, &policy) == 0) {
		if (slice_equal(policy.bundle, bundle))
			return policy.version == version &&
			       memcmp(policy.digest, digest, SHA256_SIZE) == 0;
	}
	return false;
}

/* Keys of one author have one name, where they were not named by a root. */
static unsigned int names_in(const struct root *root, uint64_t signed_by)
{
	unsigned int count = 0;

	for (size_t i = 0; i < root->key_count; i++) {
		bool is_counted = false;

		for (size_t k = 0; k < i && !is_counted; k++)
			is_counted = (signed_by >> k & 1) &&
				     strcmp(root->keys[k].name, root->keys[i].name) == 0;
		count += (signed_by >> i & 1) && !is_counted;
	}
	return count;
}

int root_signers(const struct root *root, struct slice message, unsigned int *ret_count)
{
	struct note note = { .signed_by = 0 };
	int r = note_open(message, root->keys, root->key_count, &note);

	if (r < 0 && r != -ENOKEY)
		return r;
	*ret_count = names_in(root, note.signed_by);
	return 0;
}

static int check_signers(const struct root *root, struct slice message, int too_few)
{
	unsigned int count = 0;
	int r = root_signers(root, message, &count);

	return r < 0 ? r : count < root->threshold ? too_few : 0;
}

static int check_place(const struct root *root, const struct root *next)
{
	if (!slice_equal(next->server, root->server))
		return -EXDEV;
	if (next->version != root->version + 1)
		return -ESTALE;
	return memcmp(next->previous_digest, root->digest, SHA256_SIZE) == 0 ? 0 : -EXDEV;
}

int root_open_next(const struct root *root, struct slice message,
		   const struct verifying_key *server_key, struct root *ret_next)
{
	struct note note;
	struct root next;
	struct slice text;
	int r = note_text(message, &text);

	if (r == 0)
		r = root_read(text, &next);
	if (r == 0)
		r = check_place(root, &next);
	if (r == 0 && server_key)
		r = note_open(message, server_key, 1, &note);
	if (r == 0)
		r = check_signers(root, message, -EACCES);
	if (r == 0)
		r = check_signers(&next, message, -EPERM);
	if (r == 0)
		*ret_next = next;
	return r;
}

const char *root_fault_text(int r)
{
	static const struct {
		int fault;
		const char *text;
	} FAULTS[] = {
		{ -EBADMSG, "it is damaged" },
		{ -EKEYREJECTED, "a signature is not that of the key which it names" },
		{ -ENOKEY, "the server has not signed it" },
		{ -ESTALE, "it is not the one that follows" },
		{ -EXDEV, "it is another server's, or of another history" },
		{ -EACCES, "too few of the authors who are known have signed it" },
		{ -EPERM, "too few of the authors whom it names have signed it" },
	};

	for (size_t i = 0; i < COUNT_OF(FAULTS); i++) {
		if (FAULTS[i].fault == r)
			return FAULTS[i].text;
	}
	return "it could not be read";
}
