/* SPDX-License-Identifier: MIT */
#include "tools/chaperone/audit_trust.h"

#include <errno.h>

#include "common/file.h"
#include "tools/remote/enrolled.h"

#define AUTHORS_FILE_MAX (64 * KIB)
#define AUTHORS_MAX      512u

const char *audit_key_source(enum evidence_key_source source)
{
	static const char *const WORDS[] = {
		[EVIDENCE_KEY_GIVEN] = "given",
		[EVIDENCE_KEY_PINNED] = "enrolment",
		[EVIDENCE_KEY_OF_EXPORT] = "export",
		[EVIDENCE_KEY_VOUCHED] = "server",
	};

	return WORDS[source];
}

static int read_authors(const char *path, struct audit_trust *trust, struct error *error)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(AUTHORS_FILE_MAX);
	int r = file_read(path, &text);

	if (r < 0)
		return error_system(error, r, path);
	trust->authors = calloc(AUTHORS_MAX, sizeof(*trust->authors));
	if (!trust->authors)
		return error_system(error, -ENOMEM, path);
	struct slice rest = buf_view(&text);
	size_t count = 0;
	for (int line = 1; rest.length > 0; line++) {
		struct slice verifier = slice_trim(slice_cut(&rest, '\n'));

		if (verifier.length == 0)
			continue;
		if (count == AUTHORS_MAX)
			return error_set(error, -E2BIG, "%s has more than %u keys", path,
					 AUTHORS_MAX);
		if (verifying_key_read(verifier, &trust->authors[count++]) < 0)
			return error_set(error, -EINVAL,
					 "%s, line %d: expected a key, NAME+ID+BASE64", path, line);
	}
	trust->trust.authors = trust->authors;
	trust->trust.author_count = count;
	return 0;
}

/* A machine that is not enrolled, or a user who may not read of it, has none. */
static void read_pinned(struct audit_trust *trust)
{
	SCOPED(enrolled_done) struct enrolled enrolled = { .url = "" };
	char folder[PATH_MAX];

	if (enrolled_folder(NULL, folder, NULL) < 0 || enrolled_read(folder, &enrolled, NULL) < 0)
		return;
	trust->pinned = enrolled.log;
	trust->trust.pinned = &trust->pinned;
}

int audit_trust_read(const char *key, const char *authors, struct audit_trust *ret_trust,
		     struct error *error)
{
	*ret_trust = (struct audit_trust){ .authors = NULL };
	if (key && key[0]) {
		if (verifying_key_read(slice_of(key), &ret_trust->given) < 0)
			return error_set(error, -EINVAL,
					 "--key: expected the log's key, NAME+ID+BASE64");
		ret_trust->trust.log = &ret_trust->given;
	} else {
		read_pinned(ret_trust);
	}
	return authors && authors[0] ? read_authors(authors, ret_trust, error) : 0;
}

void audit_trust_done(struct audit_trust *trust)
{
	free(trust->authors);
	trust->authors = NULL;
}
