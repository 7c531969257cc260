/* SPDX-License-Identifier: MIT */
#include "tools/server/pages/act.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>

#include "tools/server/pages/field.h"

#define NAME_SIZE 1024u
#define PATH_SIZE 512u

/* The field that says that the question was answered. */
#define SURE "sure"

static const struct act *find(const struct acts *acts, struct slice word)
{
	for (const struct act *act = acts->items; act->word; act++) {
		if (slice_is(word, act->word))
			return act;
	}
	return NULL;
}

/* A deed, and room for its names with their ends. */
struct doing {
	deed_fn work;
	struct deed deed;
	char subject[NAME_SIZE], object[NAME_SIZE];
};

static int work(struct store *store, void *context)
{
	const struct doing *doing = context;

	return doing->work(store, &doing->deed);
}

/* With the name in the place of {}. */
static void write_question(const struct act *act, struct slice name, struct buf *out)
{
	const char *place = strstr(act->question, "{}");

	buf_add(out, act->question, (size_t)(place - act->question));
	buf_add_slice(out, name);
	buf_add_text(out, place + strlen("{}"));
}

/* The page asks, and its form brings everything once more. */
static int ask(struct view *view, const struct acts *acts, const struct act *act, struct slice part,
	       struct slice back)
{
	SCOPED(buf_done) struct buf question = BUF_MAX(2 * NAME_SIZE);
	struct buf *out;

	write_question(act, act->field ? view_field(view, act->field) : part, &question);
	if (question.failed)
		return question.failed;
	view_begin(view, acts->section, buf_view(&question));
	out = view->out;
	HTML(out, "<form class=\"card question\" method=\"post\" action=\"{}\">\n<p>{}</p>\n",
	     html_text(view->request->path), html_word(act->means));
	view_add_form_word(view);
	if (act->field)
		HTML(out, "<input type=\"hidden\" name=\"{}\" value=\"{}\">\n",
		     html_word(act->field), html_text(view_field(view, act->field)));
	HTML(out,
	     "<input type=\"hidden\" name=\"" SURE "\" value=\"" FIELD_CHECKED "\">\n"
	     "<p class=\"choices\"><button class=\"danger\">{}</button> <a class=\"button quiet\" "
	     "href=\"{}\">Cancel</a></p>\n</form>\n",
	     html_word(act->name), html_text(back));
	return 0;
}

static int complain(struct view *view, const struct acts *acts, const struct act *act, int code)
{
	for (const struct act_case *row = act->cases; row && row->text; row++) {
		if (row->code == code) {
			view_wrong(view, act->field && !act->question ? act->field : "", row->text);
			return acts->show(view);
		}
	}
	return code;
}

static bool copy(struct slice text, char ret_copy[NAME_SIZE])
{
	return snprintf(ret_copy, NAME_SIZE, "%.*s", SLICE_ARGUMENTS(text)) < (int)NAME_SIZE;
}

/* False: a name is too long for anything that there is. */
static bool prepare(const struct view *view, const struct act *act, struct slice part,
		    struct doing *doing)
{
	struct slice field = act->field ? slice_trim(view_field(view, act->field)) : SLICE("");

	doing->work = act->work;
	doing->deed.actor = person_actor(&view->session.person);
	doing->deed.subject = doing->subject;
	if (act->field)
		doing->deed.object = doing->object;
	return copy(act->is_field_subject ? field : part, doing->subject) &&
	       copy(act->is_field_subject ? part : field, doing->object);
}

int act_do(struct view *view, const struct acts *acts, struct slice word, struct slice part,
	   struct slice back)
{
	const struct act *act = find(acts, word);
	struct doing doing = { .work = NULL };

	if (!act || !act->work) {
		view_refuse(view, MHD_HTTP_NOT_FOUND, "There is no such thing to do.");
		return 0;
	}
	if (!prepare(view, act, part, &doing))
		return complain(view, acts, act, -ENOENT);
	if (act->question && !slice_is(view_field(view, SURE), FIELD_CHECKED))
		return ask(view, acts, act, part, back);
	int r = store_transact(view->request->store, work, &doing);
	if (r < 0)
		return complain(view, acts, act, r);
	act_send_back(view, back, act->word);
	return 0;
}

void act_tell(struct view *view, const struct acts *acts)
{
	struct slice done = view_field(view, "done");
	const struct act *act = done.at ? find(acts, done) : NULL;

	if (act && slice_is(view->request->method, "GET"))
		view->done = act->done;
}

void act_send_back(struct view *view, struct slice back, const char *word)
{
	SCOPED(buf_done) struct buf path = BUF_MAX(PATH_SIZE);

	buf_add_slice(&path, back);
	buf_printf(&path, "?done=%s", word);
	view_send_to(view, buf_view(&path));
}

void act_add_button(struct view *view, const struct acts *acts, const char *word, const char *path,
		    struct slice value)
{
	const struct act *act = find(acts, slice_of(word));

	HTML(view->out, "<form method=\"post\" action=\"{}/{}\">", html_word(path),
	     html_word(act->word));
	view_add_form_word(view);
	if (act->field)
		HTML(view->out, "<input type=\"hidden\" name=\"{}\" value=\"{}\">",
		     html_word(act->field), html_text(value));
	HTML(view->out,
	     "<button class=\"quiet\">{}<span class=\"spoken\"> {}</span></button></form>\n",
	     html_word(act->name), html_text(value));
}
