/* SPDX-License-Identifier: MIT */
/* The pages of one version of a bundle, and of what differs between two. */
#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <stdio.h>

#include "control/line.h"
#include "control/release.h"
#include "tools/server/pages/lines.h"
#include "tools/server/pages/pages.h"
#include "tools/server/policy/published.h"

#define TITLE_MAX 160u
#define LABEL_MAX 40u

/* What is shown above the text of a version. */
static int add_facts(void *context, const struct store_value *columns, size_t count)
{
	struct view *view = context;
	struct release release;
	char room[SHA256_SIZE * 2 + 16];
	struct buf digest = BUF_OVER(room);

	(void)count;
	if (release_read(columns[0].bytes, &release) < 0 || columns[3].bytes.length != SHA256_SIZE)
		return -EIO;
	line_digest_write((const unsigned char *)columns[3].bytes.at, &digest);
	HTML(view->out, "<dl class=\"facts\">\n<dt>Why</dt><dd>{}</dd>\n<dt>By</dt><dd>{}</dd>\n",
	     html_text(release.why), html_text(release.by));
	HTML_PUT(view->out, "<dt>Published</dt><dd>");
	view_add_time(view, columns[1].number);
	HTML(view->out,
	     "</dd>\n<dt>Signed by</dt><dd>{}</dd>\n<dt>Digest</dt><dd><code>{}</code></dd>\n",
	     html_text(columns[2].bytes), html_text(buf_view(&digest)));
	HTML_PUT(view->out, "</dl>\n");
	return 0;
}

static void add_neighbours(struct view *view, struct slice bundle, int64_t version)
{
	HTML(view->out, "<p class=\"links\"><a href=\"/policies/{}\">All versions</a>",
	     html_url(bundle));
	if (version > 1)
		HTML(view->out,
		     " <a href=\"/policies/{}/diff?from={}&amp;to={}\">What it changed</a>",
		     html_url(bundle), html_number(version - 1), html_number(version));
	HTML_PUT(view->out, "</p>\n");
}

static int show_version(struct view *view, int64_t version, const struct published_text *text)
{
	struct slice bundle = view->request->parts[0];
	char title[TITLE_MAX];

	snprintf(title, sizeof(title), "%.*s, version %" PRId64, SLICE_ARGUMENTS(bundle), version);
	view_begin(view, "/policies", slice_of(title));
	add_neighbours(view, bundle, version);
	int r = store_run(view->request->store,
			  "SELECT release, published, signers, digest FROM policy"
			  " WHERE bundle = $1 AND version = $2",
			  STORE_VALUES(store_text(bundle), store_number(version)), add_facts, view);
	if (r == 0)
		r = lines_add_archive(view->out, buf_view(&text->source));
	HTML(view->out,
	     "<details><summary>The signed note</summary><pre tabindex=\"0\">{}</pre></details>\n",
	     html_text(buf_view(&text->note)));
	return r;
}

static int read_version(const struct view *view, struct slice number, int64_t *ret_version,
			struct published_text *ret_text)
{
	if (published_version_read(number, ret_version) < 0)
		return -ENOENT;
	return published_read(view->request->store, view->request->parts[0], *ret_version,
			      ret_text);
}

static int refuse(struct view *view, int code)
{
	if (code != -ENOENT)
		return code;
	view_refuse(view, MHD_HTTP_NOT_FOUND, "There is no such version.");
	return 0;
}

int version_view(struct view *view)
{
	SCOPED(published_text_done) struct published_text text = { .note = BUF_MAX(0) };
	int64_t version = 0;
	int r = read_version(view, view->request->parts[1], &version, &text);

	return r < 0 ? refuse(view, r) : show_version(view, version, &text);
}

static int show_changes(struct view *view, const int64_t versions[2],
			const struct published_text texts[2])
{
	struct slice bundle = view->request->parts[0];
	char title[TITLE_MAX], from[LABEL_MAX], to[LABEL_MAX];

	snprintf(from, sizeof(from), "version %" PRId64, versions[0]);
	snprintf(to, sizeof(to), "version %" PRId64, versions[1]);
	snprintf(title, sizeof(title), "%.*s: from %s to %s", SLICE_ARGUMENTS(bundle), from, to);
	view_begin(view, "/policies", slice_of(title));
	HTML(view->out,
	     "<p class=\"links\"><a href=\"/policies/{}\">All versions</a> "
	     "<a href=\"/policies/{}/{}\">Version {}</a> <a href=\"/policies/{}/{}\">Version {}</a>"
	     "</p>\n",
	     html_url(bundle), html_url(bundle), html_number(versions[0]), html_number(versions[0]),
	     html_url(bundle), html_number(versions[1]), html_number(versions[1]));
	return lines_add_changes(view->out, buf_view(&texts[0].source), buf_view(&texts[1].source),
				 (const char *const[]){ from, to });
}

int diff_view(struct view *view)
{
	SCOPED(published_text_done) struct published_text from = { .note = BUF_MAX(0) };
	SCOPED(published_text_done) struct published_text to = { .note = BUF_MAX(0) };
	int64_t versions[2] = { 0, 0 };
	int r = read_version(view, view_field(view, "from"), &versions[0], &from);

	if (r == 0)
		r = read_version(view, view_field(view, "to"), &versions[1], &to);
	if (r < 0)
		return refuse(view, r);
	const struct published_text texts[2] = { from, to };
	return show_changes(view, versions, texts);
}
