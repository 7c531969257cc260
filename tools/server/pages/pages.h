/* SPDX-License-Identifier: MIT */
/* The pages. */
#ifndef TOOLS_SERVER_PAGES_PAGES_H
#define TOOLS_SERVER_PAGES_PAGES_H

#include "tools/server/pages/view.h"

/* ROW(method, path, what writes it, for whom, lane, the longest body) */
// clang-format off
#define VIEWS(ROW)                                                                                          \
	ROW("GET", "/", overview_view, ROUTE_PEOPLE, LANE_SEARCHES, 0)                                         \
	ROW("GET", "/overview/numbers", overview_numbers_view, ROUTE_PEOPLE, LANE_SEARCHES, 0)                 \
	ROW("GET", "/login", login_view, ROUTE_ANYBODY, LANE_NONE, 0)                                       \
	ROW("POST", "/login", login_post, ROUTE_ANYBODY, LANE_PASSWORDS, VIEW_FORM_MAX)                     \
	ROW("POST", "/logout", logout_post, ROUTE_PEOPLE, LANE_NONE, VIEW_FORM_MAX)                         \
	ROW("GET", "/record", record_view, ROUTE_PEOPLE, LANE_SEARCHES, 0)                                     \
	ROW("GET", "/record/events", record_events_view, ROUTE_PEOPLE, LANE_SEARCHES, 0)                       \
	ROW("GET", "/record/{agent}/{event}", event_view, ROUTE_PEOPLE, LANE_SEARCHES, 0)                      \
	ROW("GET", "/policies", policies_view, ROUTE_PEOPLE, LANE_SEARCHES, 0)                                 \
	ROW("GET", "/policies/{bundle}", bundle_view, ROUTE_PEOPLE, LANE_SEARCHES, 0)                          \
	ROW("GET", "/policies/{bundle}/diff", diff_view, ROUTE_PEOPLE, LANE_SEARCHES, 0)                       \
	ROW("GET", "/policies/{bundle}/{version}", version_view, ROUTE_PEOPLE, LANE_SEARCHES, 0)               \
	ROW("GET", "/policies/{bundle}/drafts/{draft}", draft_view, ROUTE_PEOPLE, LANE_SEARCHES, 0)         \
	ROW("GET", "/check", check_view, ROUTE_AUTHORS, LANE_NONE, 0)                                       \
	ROW("POST", "/check", check_post, ROUTE_AUTHORS, LANE_POLICIES, FORM_MAX)                           \
	ROW("GET", "/agents", agents_view, ROUTE_PEOPLE, LANE_SEARCHES, 0)                                     \
	ROW("POST", "/agents", code_post, ROLE_ADMINISTRATOR, LANE_SEARCHES, VIEW_FORM_MAX)                 \
	ROW("POST", "/agents/{act}", agent_post, ROLE_ADMINISTRATOR, LANE_SEARCHES, VIEW_FORM_MAX)          \
	ROW("GET", "/people", people_view, ROUTE_AUDITORS, LANE_SEARCHES, 0)                                \
	ROW("POST", "/people", people_post, ROLE_ADMINISTRATOR, LANE_PASSWORDS, VIEW_FORM_MAX)              \
	ROW("GET", "/people/{account}", account_view, ROUTE_AUDITORS, LANE_SEARCHES, 0)                     \
	ROW("POST", "/people/{account}/password", account_password_post, ROLE_ADMINISTRATOR,                \
	    LANE_PASSWORDS, VIEW_FORM_MAX)                                                                  \
	ROW("POST", "/people/{account}/{act}", account_post, ROLE_ADMINISTRATOR, LANE_SEARCHES, VIEW_FORM_MAX) \
	ROW("POST", "/groups/{act}", group_post, ROLE_ADMINISTRATOR, LANE_SEARCHES, VIEW_FORM_MAX)          \
	ROW("GET", "/account", own_view, ROUTE_PEOPLE, LANE_SEARCHES, 0)                                    \
	ROW("POST", "/account", token_post, ROUTE_PEOPLE, LANE_SEARCHES, VIEW_FORM_MAX)                     \
	ROW("POST", "/account/{act}", own_post, ROUTE_PEOPLE, LANE_SEARCHES, VIEW_FORM_MAX)                 \
	ROW("GET", "/settings", settings_view, ROUTE_AUDITORS, LANE_SEARCHES, 0)                            \
	ROW("POST", "/settings/{setting}", setting_post, ROLE_ADMINISTRATOR, LANE_SEARCHES, VIEW_FORM_MAX)  \
	ROW("GET", "/log", log_view, ROUTE_AUDITORS, LANE_SEARCHES, 0)
// clang-format on

#define VIEW_DECLARATION(method, path, page, roles, lane, body_max) int page(struct view *view);
VIEWS(VIEW_DECLARATION)
#undef VIEW_DECLARATION

#endif
