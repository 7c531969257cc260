/* SPDX-License-Identifier: MIT */
/* Fields of forms: each with its label, what was written there, and beside it what is wrong with that. */
#ifndef TOOLS_SERVER_PAGES_FIELD_H
#define TOOLS_SERVER_PAGES_FIELD_H

#include "tools/server/pages/view.h"

struct field {
	const char *name;         /* one of its name on a page */
	const char *label, *hint; /* the hint says what is right; NULL: nothing */
	const char *type;         /* of the input; NULL: a text's */
	const char *autocomplete; /* NULL: "off" */
	const char *usual;        /* what stands there at first; NULL: nothing */
	unsigned int length_max;
	bool is_needed;
};

/* Appends the field.  What came in it stands there again, unless it is a password. */
void field_add(struct view *view, const struct field *field);

/* Appends one for a text of many lines, of which `lines` are seen at first. */
void field_add_area(struct view *view, const struct field *field, unsigned int lines);

/* Appends a box to check, whose value is FIELD_CHECKED then. */
#define FIELD_CHECKED "yes"
void field_add_check(struct view *view, const struct field *field);

/* Begins and ends a list to choose from, of which field_add_choice adds the items; what came is chosen, or else the field's
 * usual value. */
void field_begin_choices(struct view *view, const struct field *field);
void field_add_choice(struct view *view, const struct field *field, struct slice value);
void field_end_choices(struct view *view, const struct field *field);

/* Begins a form of POST, with what brings it back to this session; its action is `action`, `part` and `rest` in a row.  It
 * ends with its button. */
void field_begin_form(struct view *view, const char *action, struct slice part, const char *rest);
void field_end_form(struct view *view, const char *button);

#endif
