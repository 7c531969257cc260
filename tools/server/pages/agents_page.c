/* SPDX-License-Identifier: MIT */
/* The page of the machines that are enrolled. */
#include <errno.h>
#include <string.h>

#include "tools/server/api/enrolment.h"
#include "tools/server/http/server.h"
#include "tools/server/pages/act.h"
#include "tools/server/pages/agent_state.h"
#include "tools/server/pages/field.h"
#include "tools/server/pages/pages.h"
#include "tools/server/pages/people_parts.h"

#define CODE_MAX       256u
#define DEFAULT_BUNDLE "default"

static int end_machine(struct store *store, const struct deed *deed)
{
	return agent_revoke(store, deed->actor, slice_of(deed->subject));
}

static const struct act_case CASES[] = {
	{ -ENOENT, "no machine that is enrolled is called that" },
	{ .text = NULL },
};

static const struct act ACTS[] = {
	{ .word = "revoke",
	  .name = "Revoke",
	  .work = end_machine,
	  .field = "agent",
	  .is_field_subject = true,
	  .question = "Revoke the machine {}?",
	  .means = "The server answers it no more, for good. It can enrol again with a new code.",
	  .done = "The machine is revoked.",
	  .cases = CASES },
	{ .word = NULL },
};

static int show_agents(struct view *view);

static const struct acts AGENT_ACTS = { ACTS, "/agents", show_agents };

static const struct field BUNDLE_FIELD = {
	.name = "bundle",
	.label = "Bundle",
	.hint = "The policies that the machine gets.",
	.usual = DEFAULT_BUNDLE,
	.length_max = NAME_PLAIN_MAX,
	.is_needed = true,
};

/* The columns of the query. */
enum column { ID, HOST, BUNDLE, SEEN, VERSION, POLICY, SPOOL, REVOKED, ENROLLED, NEWEST };

static void add_policy(struct buf *out, const struct store_value *columns)
{
	if (columns[POLICY].kind == STORE_NULL) {
		HTML_PUT(out, "<span class=\"none\">none</span>");
		return;
	}
	HTML(out, "{}", html_number(columns[POLICY].number));
	if (columns[POLICY].number != columns[NEWEST].number)
		HTML(out, " <span class=\"chip warn\">newest is {}</span>",
		     html_number(columns[NEWEST].number));
}

static void add_state(struct view *view, const struct store_value *columns)
{
	enum agent_state state =
		agent_state_of(columns[SEEN].number, columns[REVOKED].number, view->now_ns);

	HTML(view->out, "<td data-label=\"State\"><span class=\"chip {}\">{}</span></td>",
	     html_word(agent_state_class(state)), html_word(agent_state_word(state)));
}

static int add_agent(void *context, const struct store_value *columns, size_t count)
{
	struct view *view = context;
	struct buf *out = view->out;

	(void)count;
	HTML(out, "<tr><th scope=\"row\">{} <small><code>{}</code></small></th>",
	     html_text(columns[HOST].bytes), html_text(slice_part(columns[ID].bytes, 0, 8)));
	add_state(view, columns);
	HTML_PUT(out, "<td data-label=\"Last seen\">");
	view_add_time(view, columns[SEEN].number);
	HTML(out,
	     "</td><td data-label=\"Program\">{}</td><td data-label=\"Bundle\"><a href=\"/policies/{}\">{}</a></td><td class=\"number\" data-label=\"Policy\">",
	     html_text(columns[VERSION].bytes), html_url(columns[BUNDLE].bytes),
	     html_text(columns[BUNDLE].bytes));
	add_policy(out, columns);
	HTML(out,
	     "</td><td class=\"number\" data-label=\"To deliver\">{}</td><td data-label=\"Enrolled\">",
	     html_count(columns[SPOOL].number));
	view_add_time(view, columns[ENROLLED].number);
	HTML_PUT(out, "</td><td class=\"act\">");
	if (view_may(view, ROLE_ADMINISTRATOR) && !columns[REVOKED].number)
		act_add_button(view, &AGENT_ACTS, "revoke", "/agents", columns[ID].bytes);
	HTML_PUT(out, "</td></tr>\n");
	return 0;
}

static void add_code_form(struct view *view)
{
	HTML_PUT(view->out, "<h2>Let a machine enrol</h2>\n");
	field_begin_form(view, "/agents", SLICE(""), "");
	field_add(view, &BUNDLE_FIELD);
	field_end_form(view, "Make a code");
}

static int show_agents(struct view *view)
{
	struct buf *out;

	view_begin(view, "/agents", SLICE("Agents"));
	out = view->out;
	HTML_PUT(out,
		 "<p>Machines enrol with a code that an administrator makes here or with "
		 "<code>chaperone-server code</code>.</p>\n<table class=\"stacked\">\n"
		 "<caption>Machines that are enrolled</caption>\n<thead><tr>"
		 "<th scope=\"col\">Host</th><th scope=\"col\">State</th>"
		 "<th scope=\"col\">Last seen</th><th scope=\"col\">Program</th>"
		 "<th scope=\"col\">Bundle</th><th scope=\"col\" class=\"number\">Policy</th>"
		 "<th scope=\"col\" class=\"number\">To deliver</th>"
		 "<th scope=\"col\">Enrolled</th><th scope=\"col\"><span class=\"spoken\">Revoke"
		 "</span></th></tr></thead>\n<tbody>\n");
	int r = store_run(
		view->request->store,
		"SELECT id, host, bundle, coalesce(seen, 0), version, policy,"
		" coalesce(spool, 0), coalesce(revoked, 0), enrolled,"
		" (SELECT coalesce(max(policy.version), 0) FROM policy"
		" WHERE policy.bundle = agent.bundle)"
		" FROM agent ORDER BY CASE WHEN revoked IS NULL THEN 0 ELSE 1 END, host, id"
		" LIMIT 1000",
		STORE_NO_VALUES, add_agent, view);
	HTML_PUT(out, "</tbody>\n</table>\n");
	if (r == 0 && view_may(view, ROLE_ADMINISTRATOR))
		add_code_form(view);
	return r;
}

int agents_view(struct view *view)
{
	act_tell(view, &AGENT_ACTS);
	return show_agents(view);
}

int agent_post(struct view *view)
{
	return act_do(view, &AGENT_ACTS, view->request->parts[0], SLICE(""), SLICE("/agents"));
}

/* A code that is made. */
struct offer {
	struct enrolment_code code;
	struct audit_actor actor;
	struct slice bundle;
	int64_t expires_ns;
};

static int work(struct store *store, void *context)
{
	struct offer *offer = context;

	return enrolment_offer(store, offer->actor, offer->bundle, &offer->code,
			       &offer->expires_ns);
}

static void show_code(struct view *view, const struct offer *offer)
{
	SCOPED(secret_done) struct buf code = BUF_MAX(CODE_MAX);
	struct buf *out;

	code_write(&offer->code, &code);
	view->done = "The code was made. It is shown this once, and one machine enrols with it.";
	view_begin(view, "/agents", SLICE("A code for a machine"));
	out = view->out;
	people_add_secret(out, "Code", buf_view(&code));
	HTML(out, "<dl class=\"facts\">\n<dt>Bundle</dt><dd>{}</dd>\n<dt>Ends</dt><dd>",
	     html_text(offer->bundle));
	view_add_time(view, offer->expires_ns);
	HTML_PUT(out, "</dd>\n</dl>\n<p>On the machine: <code>chaperone enroll https://… --code "
		      "…</code></p>\n<p class=\"links\"><a href=\"/agents\">Go to the "
		      "machines</a></p>\n");
}

int code_post(struct view *view)
{
	struct offer offer = { .actor = person_actor(&view->session.person),
			       .bundle = slice_trim(view_field(view, BUNDLE_FIELD.name)) };

	if (!name_is_plain(offer.bundle)) {
		view_wrong(view, BUNDLE_FIELD.name,
			   "a name has small letters, digits, dots, dashes and underscores");
		return show_agents(view);
	}
	memcpy(offer.code.key_hash, view->request->server->key_hash, sizeof(offer.code.key_hash));
	int r = store_transact(view->request->store, work, &offer);
	if (r == 0)
		show_code(view, &offer);
	return r;
}
