/* SPDX-License-Identifier: MIT */
#include "tools/server/pages/field.h"

#include <string.h>

static bool is_wrong(const struct view *view, const struct field *field)
{
	return view->wrong_field && strcmp(view->wrong_field, field->name) == 0;
}

static struct slice value_of(const struct view *view, const struct field *field)
{
	struct slice came = view_field(view, field->name);

	return came.at ? came : slice_of(field->usual);
}

/* What a field of any kind has. */
static void add_attributes(struct view *view, const struct field *field)
{
	struct buf *out = view->out;

	HTML(out, " id=\"field-{}\" name=\"{}\" autocomplete=\"{}\"", html_word(field->name),
	     html_word(field->name), html_word(field->autocomplete ? field->autocomplete : "off"));
	if (field->hint || is_wrong(view, field))
		HTML(out, " aria-describedby=\"about-{}\"", html_word(field->name));
	if (is_wrong(view, field))
		HTML_PUT(out, " aria-invalid=\"true\"");
	if (field->is_needed)
		HTML_PUT(out, " required");
}

static void begin(struct view *view, const struct field *field)
{
	HTML(view->out, "<div class=\"field\"><label for=\"field-{}\">{}</label>\n",
	     html_word(field->name), html_word(field->label));
}

static void end(struct view *view, const struct field *field)
{
	if (is_wrong(view, field))
		HTML(view->out, "<p class=\"wrong\" id=\"about-{}\">{}</p>", html_word(field->name),
		     html_word(view->wrong));
	else if (field->hint)
		HTML(view->out, "<p class=\"hint\" id=\"about-{}\">{}</p>", html_word(field->name),
		     html_word(field->hint));
	HTML_PUT(view->out, "</div>\n");
}

void field_add(struct view *view, const struct field *field)
{
	bool is_secret = field->type && strcmp(field->type, "password") == 0;

	begin(view, field);
	HTML(view->out, "<input type=\"{}\" maxlength=\"{}\"",
	     html_word(field->type ? field->type : "text"), html_number(field->length_max));
	add_attributes(view, field);
	if (!is_secret)
		HTML(view->out, " autocapitalize=\"none\" spellcheck=\"false\" value=\"{}\"",
		     html_text(value_of(view, field)));
	HTML_PUT(view->out, ">\n");
	end(view, field);
}

/* The newline behind the element's begin is none of the text. */
void field_add_area(struct view *view, const struct field *field, unsigned int lines)
{
	begin(view, field);
	HTML(view->out, "<textarea rows=\"{}\" autocapitalize=\"none\" spellcheck=\"false\"",
	     html_number(lines));
	add_attributes(view, field);
	HTML(view->out, ">\n{}</textarea>\n", html_text(value_of(view, field)));
	end(view, field);
}

void field_add_check(struct view *view, const struct field *field)
{
	HTML_PUT(view->out, "<div class=\"field check\"><span><input type=\"checkbox\" "
			    "value=\"" FIELD_CHECKED "\"");
	add_attributes(view, field);
	HTML(view->out, "> <label for=\"field-{}\">{}</label></span>\n", html_word(field->name),
	     html_word(field->label));
	end(view, field);
}

void field_begin_choices(struct view *view, const struct field *field)
{
	begin(view, field);
	HTML_PUT(view->out, "<select");
	add_attributes(view, field);
	HTML_PUT(view->out, ">\n");
}

void field_add_choice(struct view *view, const struct field *field, struct slice value)
{
	HTML(view->out, "<option value=\"{}\"", html_text(value));
	if (slice_equal(value, value_of(view, field)))
		HTML_PUT(view->out, " selected");
	HTML(view->out, ">{}</option>\n", html_text(value));
}

void field_end_choices(struct view *view, const struct field *field)
{
	HTML_PUT(view->out, "</select>\n");
	end(view, field);
}

void field_begin_form(struct view *view, const char *action, struct slice part, const char *rest)
{
	HTML(view->out, "<form class=\"card fields\" method=\"post\" action=\"{}{}{}\">\n",
	     html_word(action), html_text(part), html_word(rest));
	view_add_form_word(view);
}

void field_end_form(struct view *view, const char *button)
{
	HTML(view->out, "<button>{}</button>\n</form>\n", html_word(button));
}
