/* SPDX-License-Identifier: MIT */
#include "tools/server/api/version.h"

#include <errno.h>
#include <microhttpd.h>

#include "control/archive.h"
#include "control/base64.h"
#include "control/line.h"
#include "control/release.h"
#include "tools/command/json.h"
#include "tools/server/http/http.h"
#include "tools/server/common/moment.h"
#include "tools/server/policy/published.h"

#define BASE64_MAX (4 * (ARCHIVE_MAX / 3 + 1))

int version_add_base64(struct buf *out, const char *name, struct slice bytes)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(BASE64_MAX);

	base64_write(bytes.at, bytes.length, &text);
	json_text(out, name, buf_view(&text));
	return text.failed ? text.failed : out->failed;
}

int version_add(struct buf *out, int64_t version, struct slice text, const char *when, int64_t ns)
{
	struct release release;

	if (release_read(text, &release) < 0)
		return -EIO;
	json_number(out, "version", (uint64_t)version);
	json_text(out, "by", release.by);
	json_text(out, "why", release.why);
	moment_json(out, when, ns);
	return out->failed;
}

/* The columns of a version, in the order of both queries. */
enum column { VERSION, RELEASE, PUBLISHED, SIGNERS, DIGEST, NOTE, SOURCE };

static void add_digest(struct buf *out, struct slice digest)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(KIB);

	if (digest.length == SHA256_SIZE)
		line_digest_write((const unsigned char *)digest.at, &text);
	json_text(out, "digest", buf_view(&text));
}

static int add_version(struct buf *out, const struct store_value *columns)
{
	struct slice signers = columns[SIGNERS].bytes;
	int r = version_add(out, columns[VERSION].number, columns[RELEASE].bytes, "published",
			    columns[PUBLISHED].number);

	json_open(out, "signers", '[');
	while (signers.length > 0)
		json_text(out, NULL, slice_cut(&signers, ' '));
	json_close(out, ']');
	add_digest(out, columns[DIGEST].bytes);
	return r;
}

struct listing {
	struct buf *out;
	int64_t count, last, limit;
};

/* The query asks for one more than is shown. */
static int list_version(void *context, const struct store_value *columns, size_t count)
{
	struct listing *listing = context;

	(void)count;
	if (++listing->count > listing->limit)
		return 0;
	listing->last = columns[VERSION].number;
	json_open(listing->out, NULL, '{');
	int r = add_version(listing->out, columns);
	json_close(listing->out, '}');
	return r;
}

/* A number that may be missing.  -EINVAL for one that is none. */
static int read_argument(const struct request *request, const char *name, int64_t *number)
{
	struct slice text = http_argument(request, name);

	return text.at ? published_version_read(text, number) : 0;
}

int version_list(const struct request *request, struct reply *reply)
{
	int64_t before = INT64_MAX, limit = VERSION_LIST_MAX;

	if (read_argument(request, "before", &before) < 0 ||
	    read_argument(request, "limit", &limit) < 0 || limit < 1 || limit > VERSION_LIST_MAX) {
		reply_problem(reply, MHD_HTTP_BAD_REQUEST,
			      "before is a version, and limit is 1 to 100");
		return 0;
	}
	struct listing listing = { reply_object(reply, MHD_HTTP_OK), 0, 0, limit };
	json_open(listing.out, "versions", '[');
	int r = store_run(request->store,
			  "SELECT version, release, published, signers, digest FROM policy"
			  " WHERE bundle = $1 AND version < $2 ORDER BY version DESC LIMIT $3",
			  STORE_VALUES(store_text(request->parts[0]), store_number(before),
				       store_number(limit + 1)),
			  list_version, &listing);
	json_close(listing.out, ']');
	if (listing.count > limit)
		json_number(listing.out, "next", (uint64_t)listing.last);
	reply_object_end(reply);
	return r;
}

static int show_version(void *context, const struct store_value *columns, size_t count)
{
	struct reply *reply = context;
	struct buf *out = reply_object(reply, MHD_HTTP_OK);
	int r = add_version(out, columns);

	(void)count;
	json_text(out, "note", columns[NOTE].bytes);
	if (r == 0)
		r = version_add_base64(out, "source", columns[SOURCE].bytes);
	reply_object_end(reply);
	return r;
}

int version_show(const struct request *request, struct reply *reply)
{
	int64_t version = 0; /* of which there is none */

	if (published_version_read(request->parts[1], &version) < 0)
		version = 0;
	reply_problem(reply, MHD_HTTP_NOT_FOUND, "there is no such version");
	return store_run(request->store,
			 "SELECT version, release, published, signers, digest, note, source"
			 " FROM policy WHERE bundle = $1 AND version = $2",
			 STORE_VALUES(store_text(request->parts[0]), store_number(version)),
			 show_version, reply);
}
