/* SPDX-License-Identifier: MIT */
#include "tools/evidence/roots.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tools/evidence/trouble.h"

struct evidence_root {
	struct root root;
	struct buf text; /* into which it points */
};

void evidence_roots_done(struct evidence_roots *roots)
{
	for (size_t i = 0; i < roots->count; i++)
		buf_done(&roots->at[i].text);
	free(roots->at);
	roots->at = NULL;
	roots->count = 0;
}

static int has_enough(const struct root *root, struct slice message)
{
	unsigned int signers = 0;
	int r = root_signers(root, message, &signers);

	return r < 0 ? r : signers < root->threshold ? -EPERM : 0;
}

/* The first one is its own authors' word. */
static int open_first(struct slice message, struct root *ret_root)
{
	struct slice text;

	if (note_text(message, &text) < 0 || root_read(text, ret_root) < 0)
		return -EBADMSG;
	return ret_root->version == 1 ? has_enough(ret_root, message) : -ESTALE;
}

static int add(struct evidence_roots *roots, struct slice message)
{
	struct evidence_root added = { .text = BUF_MAX(ROOT_TEXT_MAX) };
	struct slice text;
	int r = note_text(message, &text);

	if (r == 0) {
		buf_add_slice(&added.text, text);
		r = added.text.failed;
	}
	if (r == 0)
		r = root_read(buf_view(&added.text), &added.root);
	struct evidence_root *at =
		r == 0 ? reallocarray(roots->at, roots->count + 1, sizeof(*at)) : NULL;
	if (!at) {
		buf_done(&added.text);
		return r < 0 ? r : -ENOMEM;
	}
	at[roots->count++] = added;
	roots->at = at;
	return 0;
}

static void note_digest(struct evidence_roots *roots, const struct root *root)
{
	if (roots->count == 1)
		memcpy(roots->first, root->digest, SHA256_SIZE);
	if (roots->given && memcmp(roots->given, root->digest, SHA256_SIZE) == 0)
		roots->is_given_met = true;
}

int evidence_roots_take(struct evidence_roots *roots, struct slice message, struct error *error)
{
	struct root next;

	if (roots->count == EVIDENCE_ROOTS_MAX)
		return error_set(error, -E2BIG, "there are more than %u roots", EVIDENCE_ROOTS_MAX);
	int r = roots->count == 0
			? open_first(message, &next)
			: root_open_next(&roots->at[roots->count - 1].root, message, NULL, &next);
	if (r < 0)
		return error_set(error, -EBADMSG, "root %zu does not follow: %s", roots->count + 1,
				 root_fault_text(r));
	r = add(roots, message);
	if (r < 0)
		return error_system(error, r, "a root");
	note_digest(roots, &roots->at[roots->count - 1].root);
	return 0;
}

/* The version of the bundle that the root counts as signed; 0: none. */
static uint64_t version_in(const struct root *root, struct slice bundle)
{
	struct slice rest = root->policies;

	while (rest.length > 0) {
		struct slice line = slice_cut(&rest, '\n');
		uint64_t version;

		(void)slice_cut(&line, ' ');
		if (!slice_equal(slice_cut(&line, ' '), bundle))
			continue;
		return slice_to_u64(slice_cut(&line, ' '), &version) == 0 ? version : 0;
	}
	return 0;
}

int evidence_roots_check(const struct evidence_roots *roots, struct slice bundle, uint64_t version,
			 struct slice message, struct error *error)
{
	const struct root *in_force = NULL;
	unsigned char digest[SHA256_SIZE];
	struct slice text;

	if (note_text(message, &text) < 0)
		return evidence_note_trouble(-EBADMSG, error);
	sha256(text.at, text.length, digest);
	for (size_t i = 0; i < roots->count; i++) {
		const struct root *root = &roots->at[i].root;
		uint64_t named = version_in(root, bundle);

		if (named == version && !root_has_policy(root, bundle, version, digest))
			return error_set(error, -EBADMSG,
					 "version %" PRIu64 " of %.*s is another than root %" PRIu64
					 " says",
					 version, SLICE_ARGUMENTS(bundle), root->version);
		if (named < version)
			in_force = root;
	}
	if (!in_force || has_enough(in_force, message) == 0)
		return 0;
	return error_set(error, -EBADMSG,
			 "version %" PRIu64
			 " of %.*s is not signed by enough authors of root %" PRIu64,
			 version, SLICE_ARGUMENTS(bundle), in_force->version);
}
