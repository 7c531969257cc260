/* SPDX-License-Identifier: MIT */
/* The page of the server's settings. */
#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>

#include "tools/server/pages/act.h"
#include "tools/server/pages/field.h"
#include "tools/server/pages/pages.h"
#include "tools/server/people/setting.h"

static void add_setting(struct view *view, const struct setting *setting, const char *value)
{
	const struct field field = { .name = setting->name,
				     .label = setting->about,
				     .hint = setting->expected,
				     .usual = value,
				     .length_max = SETTING_VALUE_SIZE - 1,
				     .is_needed = true };

	HTML(view->out,
	     "<section aria-labelledby=\"about-setting-{}\">\n<h2 id=\"about-setting-{}\"><code>{}</code> "
	     "<small>usually {}</small></h2>\n",
	     html_word(setting->name), html_word(setting->name), html_word(setting->name),
	     html_word(setting->usual));
	if (view_may(view, ROLE_ADMINISTRATOR)) {
		field_begin_form(view, "/settings/", slice_of(setting->name), "");
		field_add(view, &field);
		field_end_form(view, "Set it");
	} else {
		HTML(view->out, "<p>{}: <b>{}</b></p>\n", html_word(setting->about),
		     html_word(value));
	}
	HTML_PUT(view->out, "</section>\n");
}

static int show_settings(struct view *view)
{
	int r = 0;

	view_begin(view, "/settings", SLICE("Settings"));
	HTML_PUT(view->out, "<p>What is set holds from the next request on.</p>\n"
			    "<div class=\"cards\">\n");
	for (size_t i = 0; r == 0 && i < SETTING_COUNT; i++) {
		char value[SETTING_VALUE_SIZE];

		r = setting_text(view->request->store, &SETTINGS[i], value);
		add_setting(view, &SETTINGS[i], value);
	}
	HTML_PUT(view->out, "</div>\n");
	return r;
}

int settings_view(struct view *view)
{
	if (view_field(view, "done").at)
		view->done = "The setting was changed.";
	return show_settings(view);
}

struct setting_change {
	struct deed deed;
	struct error error;
};

static int work(struct store *store, void *context)
{
	struct setting_change *change = context;

	return deed_setting(store, &change->deed, &change->error);
}

int setting_post(struct view *view)
{
	const struct setting *setting = setting_find(view->request->parts[0]);
	char value[2 * SETTING_VALUE_SIZE];

	if (!setting) {
		view_refuse(view, MHD_HTTP_NOT_FOUND, "There is no such setting.");
		return 0;
	}
	struct slice came = slice_trim(view_field(view, setting->name));
	struct setting_change change = { .deed = { person_actor(&view->session.person),
						   setting->name, value, SLICE("") } };
	snprintf(value, sizeof(value), "%.*s",
		 SLICE_ARGUMENTS(slice_part(came, 0, sizeof(value) - 1)));
	int r = store_transact(view->request->store, work, &change);
	if (r < 0 && change.error.text[0]) {
		view_wrong(view, setting->name, change.error.text);
		return show_settings(view);
	}
	if (r == 0)
		act_send_back(view, SLICE("/settings"), "set");
	return r;
}
