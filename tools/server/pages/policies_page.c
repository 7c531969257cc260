/* SPDX-License-Identifier: MIT */
/* The pages of bundles: all of them, and one with its versions and drafts. */
#include <errno.h>
#include <microhttpd.h>

#include "control/release.h"
#include "tools/server/people/author.h"
#include "tools/server/pages/pages.h"
#include "tools/server/policy/published.h"

#define VERSIONS_SHOWN 50

static int add_bundle(void *context, const struct store_value *columns, size_t count)
{
	struct view *view = context;
	struct slice name = columns[0].bytes;

	(void)count;
	HTML(view->out,
	     "<tr><th scope=\"row\"><a href=\"/policies/{}\">{}</a></th>"
	     "<td class=\"number\" data-label=\"In force\">{}</td><td data-label=\"Since\">",
	     html_url(name), html_text(name), html_number(columns[1].number));
	view_add_time(view, columns[2].number);
	HTML(view->out,
	     "</td><td class=\"number\" data-label=\"Drafts\">{}</td><td class=\"number\" data-label=\"Agents\">{}</td></tr>\n",
	     html_count(columns[3].number), html_count(columns[4].number));
	return 0;
}

int policies_view(struct view *view)
{
	int64_t versions = 0;
	int r = store_run(view->request->store,
			  "SELECT (SELECT count(*) FROM policy) + (SELECT count(*) FROM draft)",
			  STORE_NO_VALUES, store_take_number, &versions);

	if (r < 0)
		return r;
	view_begin(view, "/policies", SLICE("Policies"));
	if (view_may(view, ROUTE_AUTHORS))
		HTML_PUT(view->out,
			 "<p class=\"links\"><a href=\"/check\">Check a policy</a></p>\n");
	if (versions == 0) {
		HTML_PUT(view->out,
			 "<p class=\"empty\">There is no policy yet. Authors push one with "
			 "<code>chaperone policy push</code>.</p>\n");
		return 0;
	}
	HTML_PUT(
		view->out,
		"<table class=\"stacked\">\n<caption>Bundles: policies that belong together</caption>\n<thead><tr>"
		"<th scope=\"col\">Bundle</th><th scope=\"col\" class=\"number\">Version in force"
		"</th><th scope=\"col\">Since</th><th scope=\"col\" class=\"number\">Drafts</th>"
		"<th scope=\"col\" class=\"number\">Agents</th></tr></thead>\n<tbody>\n");
	r = store_run(
		view->request->store,
		"SELECT bundle, max(version), max(published), count(draft), count(agent) FROM ("
		"SELECT bundle, version, published, NULL AS draft, NULL AS agent FROM policy"
		" UNION ALL SELECT bundle, 0, 0, id, NULL FROM draft"
		" UNION ALL SELECT bundle, 0, 0, NULL, id FROM agent WHERE revoked IS NULL)"
		" AS named GROUP BY bundle ORDER BY bundle",
		STORE_NO_VALUES, add_bundle, view);
	HTML_PUT(view->out, "</tbody>\n</table>\n");
	return r;
}

/* Versions as they are listed. */
struct listing {
	struct view *view;
	struct slice bundle;
	int64_t newest, count, last;
};

static void add_changes_link(struct listing *listing, int64_t version)
{
	if (version > 1)
		HTML(listing->view->out,
		     "<a href=\"/policies/{}/diff?from={}&amp;to={}\">changes"
		     "<span class=\"spoken\"> of version {}</span></a>",
		     html_url(listing->bundle), html_number(version - 1), html_number(version),
		     html_number(version));
}

/* The query asks for one more than is shown. */
static int add_version(void *context, const struct store_value *columns, size_t count)
{
	struct listing *listing = context;
	struct buf *out = listing->view->out;
	int64_t version = columns[0].number;
	struct release release;

	(void)count;
	if (++listing->count > VERSIONS_SHOWN)
		return 0;
	if (release_read(columns[1].bytes, &release) < 0)
		return -EIO;
	listing->last = version;
	HTML(out,
	     "<tr><th scope=\"row\" class=\"number\"><a href=\"/policies/{}/{}\">{}</a></th><td data-label=\"Why\">",
	     html_url(listing->bundle), html_number(version), html_number(version));
	if (version == listing->newest)
		HTML_PUT(out, "<span class=\"chip good\">in force</span> ");
	HTML(out, "{}</td><td data-label=\"By\">{}</td><td data-label=\"Published\">",
	     html_text(release.why), html_text(release.by));
	view_add_time(listing->view, columns[2].number);
	HTML(out, "</td><td data-label=\"Signed by\">{}</td><td data-label=\"Changes\">",
	     html_text(columns[3].bytes));
	add_changes_link(listing, version);
	HTML_PUT(out, "</td></tr>\n");
	return 0;
}

static int add_draft(void *context, const struct store_value *columns, size_t count)
{
	struct listing *listing = context;
	struct buf *out = listing->view->out;
	struct slice id = columns[0].bytes;
	struct release release;

	(void)count;
	if (release_read(columns[2].bytes, &release) < 0)
		return -EIO;
	if (listing->count++ == 0)
		HTML_PUT(
			out,
			"<h2>Drafts</h2>\n<table class=\"stacked\">\n<thead><tr><th scope=\"col\">Draft</th>"
			"<th scope=\"col\" class=\"number\">Would be version</th>"
			"<th scope=\"col\">Why</th><th scope=\"col\">By</th>"
			"<th scope=\"col\">Made</th></tr></thead>\n<tbody>\n");
	HTML(out,
	     "<tr><th scope=\"row\"><a href=\"/policies/{}/drafts/{}\"><code>{}</code></a></th>"
	     "<td class=\"number\" data-label=\"As version\">{}</td><td data-label=\"Why\">",
	     html_url(listing->bundle), html_url(id), html_text(slice_part(id, 0, 8)),
	     html_number(columns[1].number));
	if (columns[1].number != listing->newest + 1)
		HTML_PUT(out, "<span class=\"chip warn\">too late</span> ");
	HTML(out, "{}</td><td data-label=\"By\">{}</td><td data-label=\"Made\">",
	     html_text(release.why), html_text(release.by));
	view_add_time(listing->view, columns[3].number);
	HTML_PUT(out, "</td></tr>\n");
	return 0;
}

static int add_drafts(struct listing *listing)
{
	listing->count = 0;
	int r = store_run(listing->view->request->store,
			  "SELECT id, version, release, made FROM draft WHERE bundle = $1"
			  " ORDER BY made DESC, id",
			  STORE_VALUES(store_text(listing->bundle)), add_draft, listing);

	if (listing->count > 0)
		HTML_PUT(listing->view->out, "</tbody>\n</table>\n");
	return r;
}

static void add_compare_form(const struct listing *listing)
{
	if (listing->newest < 2)
		return;
	HTML(listing->view->out,
	     "<form class=\"inline\" action=\"/policies/{}/diff\">\n"
	     "<label>Compare version <input type=\"number\" name=\"from\" min=\"1\" max=\"{}\" "
	     "value=\"{}\" required></label>\n"
	     "<label>with <input type=\"number\" name=\"to\" min=\"1\" max=\"{}\" value=\"{}\" "
	     "required></label>\n<button>Compare</button>\n</form>\n",
	     html_url(listing->bundle), html_number(listing->newest),
	     html_number(listing->newest - 1), html_number(listing->newest),
	     html_number(listing->newest));
}

static int add_versions(struct listing *listing, int64_t before)
{
	struct buf *out = listing->view->out;

	HTML_PUT(out, "<h2>Versions</h2>\n");
	add_compare_form(listing);
	HTML_PUT(
		out,
		"<table class=\"stacked\">\n<thead><tr><th scope=\"col\" class=\"number\">Version</th>"
		"<th scope=\"col\">Why</th><th scope=\"col\">By</th>"
		"<th scope=\"col\">Published</th><th scope=\"col\">Signed by</th>"
		"<th scope=\"col\">Changes</th></tr></thead>\n<tbody>\n");
	listing->count = 0;
	int r = store_run(listing->view->request->store,
			  "SELECT version, release, published, signers FROM policy"
			  " WHERE bundle = $1 AND version < $2 ORDER BY version DESC LIMIT $3",
			  STORE_VALUES(store_text(listing->bundle), store_number(before),
				       store_number(VERSIONS_SHOWN + 1)),
			  add_version, listing);
	HTML_PUT(out, "</tbody>\n</table>\n");
	if (listing->count > VERSIONS_SHOWN)
		HTML(out,
		     "<p><a rel=\"next\" href=\"/policies/{}?before={}\">Older versions</a></p>\n",
		     html_url(listing->bundle), html_number(listing->last));
	return r;
}

int bundle_view(struct view *view)
{
	struct listing listing = { .view = view, .bundle = view->request->parts[0] };
	struct slice before_text = view_field(view, "before");
	struct published_newest newest;
	int64_t before = INT64_MAX, there = 0;
	int r = published_newest(view->request->store, listing.bundle, &newest);

	if (r == 0)
		r = store_run(view->request->store, "SELECT count(*) FROM draft WHERE bundle = $1",
			      STORE_VALUES(store_text(listing.bundle)), store_take_number, &there);
	if (r < 0)
		return r;
	if (newest.version + there == 0 ||
	    (before_text.at && published_version_read(before_text, &before) < 0)) {
		view_refuse(view, MHD_HTTP_NOT_FOUND, "There is no such bundle.");
		return 0;
	}
	listing.newest = newest.version;
	view_begin(view, "/policies", listing.bundle);
	r = add_drafts(&listing);
	if (r == 0 && newest.version > 0)
		r = add_versions(&listing, before);
	return r;
}
