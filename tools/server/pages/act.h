/* SPDX-License-Identifier: MIT */
/* What people do on pages: a table of acts, each of which a form asks for and a deed (deed.h) does.  What ends something is
 * asked once more, on a page of its own. */
#ifndef TOOLS_SERVER_PAGES_ACT_H
#define TOOLS_SERVER_PAGES_ACT_H

#include "tools/server/pages/view.h"
#include "tools/server/people/deed.h"

/* What is said of a deed that could not be done. */
struct act_case {
	int code; /* a negative errno */
	const char *text;
};

struct act {
	const char *word;      /* the last part of its path */
	const char *name;      /* of its button */
	deed_fn work;          /* NULL: it is only told, and done by a path of its own */
	const char *field;     /* of the form; NULL: it has none */
	bool is_field_subject; /* the field is the deed's subject, and the path has its object */
	const char *question;  /* in which {} is the field, or the subject where there is none;
				* NULL: it is not asked */
	const char *means;     /* what comes of it, beside the question */
	const char *done;      /* what is said afterwards */
	const struct act_case *cases; /* the last has no text; -ENOENT is among them */
};

/* Acts of one page. */
struct acts {
	const struct act *items; /* the last has no word */
	const char *section;     /* to which it belongs */
	view_fn show;            /* shows the page again, where something is wrong */
};

/* Does the act `word` to `part`, which is what its path names (or nothing), and sends the browser to `back`. */
must_use int act_do(struct view *view, const struct acts *acts, struct slice word,
		    struct slice part, struct slice back);

/* For a page to which act_do may have sent the browser: it says what was done. */
void act_tell(struct view *view, const struct acts *acts);

/* Sends the browser to `back`, where act_tell says what `word` does. */
void act_send_back(struct view *view, struct slice back, const char *word);

/* Appends the button of an act: a form of its own, with `value` in its field.  `path` is the act's without its word; `of` is
 * what is spoken after its name, so that one button is known from another. */
void act_add_button(struct view *view, const struct acts *acts, const char *word, const char *path,
		    struct slice value);

#endif
