/* SPDX-License-Identifier: MIT */
#include "tools/server/pages/record_query.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tools/command/when.h"

#define WHEN_SIZE 64u

const struct record_field RECORD_FIELD_LIST[] = {
#define FIELD_ROW(name, label, example) { #name, label, example },
	RECORD_FIELDS(FIELD_ROW)
#undef FIELD_ROW
		{ NULL, NULL, NULL },
};

/* What can be asked of how a statement was judged. */
static const struct {
	const char *value, *label;
} VERDICTS[] = {
	{ "", "any" },           { "refused", "refused" },   { "masked", "with masked cells" },
	{ "allow", "allowed" },  { "deny", "denied" },       { "approve", "needs approval" },
	{ "trial", "on trial" }, { "unknown", "not known" },
};

/* Times without a zone are UTC, as all that are shown. */
static int read_time(struct slice text, uint64_t *ret_ns)
{
	static const char *const ENDS[] = { "Z", ":00Z", "T00:00:00Z", "" };
	char when[WHEN_SIZE];

	for (size_t i = 0; i < COUNT_OF(ENDS); i++) {
		int length = snprintf(when, sizeof(when), "%.*s%s", SLICE_ARGUMENTS(text), ENDS[i]);

		if (length < 0 || (size_t)length >= sizeof(when) || memchr(text.at, 0, text.length))
			return -EINVAL;
		char *space = i < 2 ? strchr(when, ' ') : NULL;
		if (space)
			*space = 'T';
		if (when_read(when, ret_ns) == 0)
			return 0;
	}
	return -EINVAL;
}

static int read_time_field(const struct view *view, const char *name, uint64_t *ns)
{
	struct slice text = slice_trim(view_field(view, name));

	return text.length > 0 ? read_time(text, ns) : 0;
}

int record_query_read(const struct view *view, struct search *search, const char **ret_wrong)
{
	struct search_filter *filter = &search->filter;

	filter->person = slice_trim(view_field(view, "person"));
	filter->agent = slice_trim(view_field(view, "agent"));
	filter->database = slice_trim(view_field(view, "database"));
	filter->table = slice_trim(view_field(view, "table"));
	filter->shape = slice_trim(view_field(view, "shape"));
	filter->rule = slice_trim(view_field(view, "rule"));
	filter->verdict = view_field(view, "verdict");
	search->cursor = view_field(view, "cursor");
	*ret_wrong = "From";
	int r = read_time_field(view, "from", &filter->from_ns);
	if (r < 0)
		return r;
	*ret_wrong = "Until";
	return read_time_field(view, "until", &filter->until_ns);
}

static void add_argument(struct buf *out, size_t *count, const char *name, struct slice value)
{
	buf_add_text(out, (*count)++ == 0 ? "?" : "&amp;");
	HTML(out, "{}={}", html_url(slice_of(name)), html_url(value));
}

void record_query_add(const struct view *view, const char *without, struct slice cursor)
{
	size_t count = 0;

	for (const struct record_field *field = RECORD_FIELD_LIST; field->name; field++) {
		struct slice value = slice_trim(view_field(view, field->name));

		if (value.length > 0 && (!without || strcmp(field->name, without) != 0))
			add_argument(view->out, &count, field->name, value);
	}
	if (cursor.length > 0)
		add_argument(view->out, &count, "cursor", cursor);
}

static void add_choice(struct buf *out, struct slice chosen)
{
	HTML_PUT(out, "<select name=\"verdict\">");
	for (size_t i = 0; i < COUNT_OF(VERDICTS); i++) {
		HTML(out, "<option value=\"{}\"", html_word(VERDICTS[i].value));
		if (slice_is(chosen, VERDICTS[i].value))
			HTML_PUT(out, " selected");
		HTML(out, ">{}</option>", html_word(VERDICTS[i].label));
	}
	HTML_PUT(out, "</select>");
}

static void add_field(const struct view *view, const struct record_field *field)
{
	struct slice value = view_field(view, field->name);

	HTML(view->out, "<label><span>{}</span> ", html_word(field->label));
	if (strcmp(field->name, "verdict") == 0)
		add_choice(view->out, value);
	else
		HTML(view->out,
		     "<input name=\"{}\" value=\"{}\" placeholder=\"{}\" spellcheck=\"false\" "
		     "autocapitalize=\"none\" maxlength=\"200\">",
		     html_word(field->name), html_text(value), html_word(field->example));
	HTML_PUT(view->out, "</label>\n");
}

static void add_chips(const struct view *view)
{
	size_t count = 0;

	for (const struct record_field *field = RECORD_FIELD_LIST; field->name; field++) {
		struct slice value = slice_trim(view_field(view, field->name));

		if (value.length == 0)
			continue;
		if (count++ == 0)
			HTML_PUT(view->out,
				 "<ul class=\"chips\" aria-label=\"What is looked for\">\n");
		HTML_PUT(view->out, "<li><a class=\"chip plain\" href=\"/record");
		record_query_add(view, field->name, SLICE(""));
		HTML(view->out,
		     "\">{}: {} <span aria-hidden=\"true\">×</span>"
		     "<span class=\"spoken\">(take away)</span></a></li>\n",
		     html_word(field->label), html_text(value));
	}
	if (count > 0)
		HTML_PUT(view->out, "<li><a href=\"/record\">Everything</a></li>\n</ul>\n");
}

void record_query_add_form(const struct view *view)
{
	HTML_PUT(view->out, "<form class=\"card search\" action=\"/record\" role=\"search\">\n");
	for (const struct record_field *field = RECORD_FIELD_LIST; field->name; field++)
		add_field(view, field);
	HTML_PUT(view->out, "<div><button>Search</button></div>\n</form>\n");
	add_chips(view);
}
