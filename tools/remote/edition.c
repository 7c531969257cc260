/* SPDX-License-Identifier: MIT */
#include "tools/remote/edition.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "control/base64.h"
#include "control/note.h"
#include "tools/command/document.h"

void edition_done(struct edition *edition)
{
	json_decref(edition->document);
	buf_done(&edition->source);
}

bool edition_is_draft_id(struct slice text)
{
	for (size_t i = 0; i < text.length; i++) {
		if (!strchr("0123456789abcdef", text.at[i]))
			return false;
	}
	return text.length == EDITION_ID_SIZE - 1;
}

static int check_source(const struct edition *edition, struct error *error)
{
	unsigned char digest[SHA256_SIZE];
	struct slice source = buf_view(&edition->source);

	sha256(source.at, source.length, digest);
	if (source.length != edition->release.source_length ||
	    memcmp(digest, edition->release.source_digest, sizeof(digest)) != 0)
		return error_set(error, -EBADMSG,
				 "the server shows other files than those whose digest is to be "
				 "signed, or was");
	return 0;
}

/* That the release is of what was asked for, and the source is the release's. */
static int check(const struct visit *visit, struct edition *edition, struct error *error)
{
	json_int_t version = json_integer_value(json_object_get(edition->document, "version"));

	if (release_read(edition->text, &edition->release) < 0)
		return error_set(error, -EBADMSG, "what the server shows is no release");
	if (!slice_is(edition->release.bundle, visit->bundle) || version <= 0 ||
	    edition->release.version != (uint64_t)version)
		return error_set(error, -EBADMSG,
				 "the release is version %" PRIu64 " of %.*s, and not what the "
				 "server says it is",
				 edition->release.version,
				 SLICE_ARGUMENTS(edition->release.bundle));
	if (base64_read_all(document_text(edition->document, "source"), &edition->source) < 0)
		return error_set(error, -EBADMSG, "the server's answer is not complete");
	return check_source(edition, error);
}

int edition_of_draft(struct visit *visit, const char *id, struct edition *ret_edition,
		     struct error *error)
{
	int r;

	if (!edition_is_draft_id(slice_of(id)))
		return error_set(error, -EINVAL,
				 "'%.64s' is no draft: 32 digits that `policy push` printed", id);
	r = visit_get(visit, &ret_edition->document, error, "/drafts/%s", id);
	if (r != 0)
		return r;
	ret_edition->text = document_text(ret_edition->document, "release");
	return check(visit, ret_edition, error);
}

int edition_of_version(struct visit *visit, uint64_t version, struct edition *ret_edition,
		       struct error *error)
{
	int r = visit_get(visit, &ret_edition->document, error, "/versions/%" PRIu64, version);

	if (r != 0)
		return r;
	if (note_text(document_text(ret_edition->document, "note"), &ret_edition->text) < 0)
		return error_set(error, -EBADMSG, "what the server shows is no release");
	r = check(visit, ret_edition, error);
	if (r == 0 && ret_edition->release.version != version)
		r = error_set(error, -EBADMSG, "the server shows another version");
	return r;
}

int edition_in_force(struct visit *visit, struct edition *ret_edition, struct error *error)
{
	SCOPED(document_freep) json_t *list = NULL;
	int r = visit_get(visit, &list, error, "/versions?limit=1");

	if (r != 0)
		return r;
	const json_t *newest = json_array_get(json_object_get(list, "versions"), 0);
	json_int_t version = json_integer_value(json_object_get(newest, "version"));
	return version <= 0 ? 0 : edition_of_version(visit, (uint64_t)version, ret_edition, error);
}

int edition_check_next(const struct edition *edition, const struct edition *next,
		       struct error *error)
{
	const struct release *release = &next->release;
	unsigned char digest[SHA256_SIZE] = { 0 };

	if (edition->document)
		sha256(edition->text.at, edition->text.length, digest);
	if (release->previous != edition->release.version) {
		error_set(error, -ESTALE,
			  "version %" PRIu64 " came first, and the draft would follow version "
			  "%" PRIu64 ": push it again, on top of it",
			  edition->release.version, release->previous);
		return VISIT_NO;
	}
	if (memcmp(release->previous_digest, digest, sizeof(digest)) != 0)
		return error_set(error, -EBADMSG,
				 "the draft follows another version %" PRIu64
				 " than the one that the server shows",
				 release->previous);
	return 0;
}
