/* SPDX-License-Identifier: MIT */
#include "tools/evidence/policies.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "control/release.h"
#include "tools/evidence/trouble.h"

void evidence_policies_done(struct evidence_policies *policies)
{
	evidence_roots_done(&policies->roots);
	free(policies->authors);
	policies->authors = NULL;
}

int evidence_policies_author(struct evidence_policies *policies, const struct evidence_block *block,
			     struct error *error)
{
	struct evidence_author author;
	struct slice text;
	int r = evidence_text(block, "key", &text, error);

	if (r == 0)
		r = evidence_number(block, "revoked", &author.revoked_ns, error);
	if (r < 0)
		return r;
	if (verifying_key_read(text, &author.key) < 0)
		return error_set(error, -EBADMSG, "the author's key is none");
	if (policies->author_count == EVIDENCE_AUTHORS_MAX)
		return error_set(error, -E2BIG, "there are more than %u authors",
				 EVIDENCE_AUTHORS_MAX);
	struct evidence_author *authors = reallocarray(
		policies->authors, policies->author_count + 1, sizeof(*policies->authors));
	if (!authors)
		return error_system(error, -ENOMEM, "export");
	authors[policies->author_count++] = author;
	policies->authors = authors;
	return 0;
}

/* The keys of which the note says that they signed it, and which count. */
struct signers {
	struct verifying_key keys[NOTE_KEYS_MAX];
	size_t count;
};

static void add_signer(struct signers *signers, const struct verifying_key *key, struct slice note)
{
	struct slice line;

	if (signers->count < NOTE_KEYS_MAX && note_line(note, key, &line) == 0)
		signers->keys[signers->count++] = *key;
}

static void find_signers(const struct evidence_policies *policies, struct slice note,
			 uint64_t published_ns, struct signers *signers)
{
	for (size_t i = 0; i < policies->given_count; i++)
		add_signer(signers, &policies->given[i], note);
	for (size_t i = 0; !policies->given && i < policies->author_count; i++) {
		const struct evidence_author *author = &policies->authors[i];

		if (author->revoked_ns == 0 || author->revoked_ns >= published_ns)
			add_signer(signers, &author->key, note);
	}
}

/* Opens the note, and counts the names under which it was signed. */
static int open_release(const struct evidence_policies *policies, struct slice message,
			uint64_t published_ns, struct note *ret_note, unsigned int *ret_signers,
			struct error *error)
{
	struct signers signers = { .count = 0 };
	unsigned int names = 0;

	find_signers(policies, message, published_ns, &signers);
	int r = note_open(message, signers.keys, signers.count, ret_note);
	if (r < 0)
		return evidence_note_trouble(r, error);
	for (size_t i = 0; i < signers.count; i++) {
		bool is_new = true;

		for (size_t k = 0; k < i; k++)
			is_new &= strcmp(signers.keys[k].name, signers.keys[i].name) != 0;
		names += is_new;
	}
	*ret_signers = names;
	return 0;
}

/* Whether the release is the version of the bundle that the block says, made of these bytes. */
static bool is_told(const struct release *release, struct slice bundle, uint64_t version,
		    struct slice source)
{
	unsigned char digest[SHA256_SIZE];

	sha256(source.at, source.length, digest);
	return slice_equal(release->bundle, bundle) && release->version == version &&
	       release->source_length == source.length &&
	       memcmp(release->source_digest, digest, SHA256_SIZE) == 0;
}

/* Whether it continues what was passed; a bundle begins with its first version. */
static bool continues(const struct evidence_policies *policies, const struct release *release)
{
	if (!slice_is(release->bundle, policies->bundle))
		return release->version == 1;
	return release->previous == policies->version &&
	       memcmp(release->previous_digest, policies->digest, SHA256_SIZE) == 0;
}

static int take_release(struct evidence_policies *policies, const struct evidence_block *block,
			struct slice message, struct slice source, struct error *error)
{
	struct release release;
	struct slice text;
	struct slice bundle;
	uint64_t version;
	int r = evidence_text(block, "bundle", &bundle, error);

	if (r == 0)
		r = evidence_number(block, "version", &version, error);
	if (r < 0)
		return r;
	if (note_text(message, &text) < 0 || release_read(text, &release) < 0 ||
	    !is_told(&release, bundle, version, source) || !continues(policies, &release))
		return error_set(error, -EBADMSG,
				 "version %llu of %.*s: what was signed is another history or "
				 "another text",
				 (unsigned long long)version, SLICE_ARGUMENTS(bundle));
	r = policies->given || policies->roots.count == 0
		    ? 0
		    : evidence_roots_check(&policies->roots, bundle, version, message, error);
	if (r < 0)
		return r;
	snprintf(policies->bundle, sizeof(policies->bundle), "%.*s", SLICE_ARGUMENTS(bundle));
	policies->version = version;
	sha256(text.at, text.length, policies->digest);
	policies->count++;
	return 0;
}

int evidence_policies_take(struct evidence_policies *policies, const struct evidence_block *block,
			   struct slice bytes, unsigned int *ret_signers, struct error *error)
{
	struct note note;
	uint64_t length, published_ns;
	int r = evidence_number(block, "note", &length, error);

	if (r == 0)
		r = evidence_number(block, "published", &published_ns, error);
	if (r == 0)
		r = open_release(policies, slice_part(bytes, 0, length), published_ns, &note,
				 ret_signers, error);
	return r < 0 ? r
		     : take_release(policies, block, slice_part(bytes, 0, length),
				    slice_part(bytes, length, bytes.length), error);
}
