/* SPDX-License-Identifier: MIT */
/* The table of routes. */
#include "tools/server/api/delivery.h"
#include "tools/server/record/deposit.h"
#include "tools/server/api/draft.h"
#include "tools/server/api/enrolment.h"
#include "tools/server/api/events.h"
#include "tools/server/api/health.h"
#include "tools/server/record/ledger.h"
#include "tools/server/api/login.h"
#include "tools/server/api/machines.h"
#include "tools/server/api/openapi.h"
#include "tools/server/api/proof.h"
#include "tools/server/api/pull.h"
#include "tools/server/api/roots.h"
#include "tools/server/http/route.h"
#include "tools/server/people/scope.h"
#include "tools/server/api/version.h"

#define ENROLMENT_BODY_MAX (4 * KIB)
#define SIGNATURE_BODY_MAX (64 * KIB)

const struct route ROUTES[] = {
	{ "GET", "/healthz", health_live, ROUTE_ANYBODY, LANE_NONE, 0, SCOPE_NONE },
	{ "GET", "/readyz", health_ready, ROUTE_ANYBODY, LANE_NONE, 0, SCOPE_NONE },
	{ "GET", "/v1/openapi.json", openapi_answer, ROUTE_ANYBODY, LANE_NONE, 0, SCOPE_NONE },
	{ "POST", "/v1/enroll", enrolment_answer, ROUTE_ANYBODY, LANE_NONE, ENROLMENT_BODY_MAX,
	  SCOPE_NONE },
	{ "POST", "/v1/login", login_answer, ROUTE_ANYBODY, LANE_PASSWORDS, LOGIN_BODY_MAX,
	  SCOPE_NONE },
	{ "POST", "/v1/logout", logout_answer, ROUTE_PEOPLE, LANE_NONE, 0, SCOPE_LOGIN },
	{ "POST", "/v1/policies/{bundle}/drafts", draft_push, ROUTE_AUTHORS, LANE_POLICIES,
	  DRAFT_BODY_MAX, SCOPE_POLICY },
	{ "GET", "/v1/policies/{bundle}/drafts", draft_list, ROUTE_PEOPLE, LANE_NONE, 0,
	  SCOPE_READ },
	{ "GET", "/v1/policies/{bundle}/drafts/{draft}", draft_show, ROUTE_PEOPLE, LANE_SEARCHES, 0,
	  SCOPE_READ },
	{ "POST", "/v1/policies/{bundle}/drafts/{draft}/signatures", draft_sign, ROUTE_AUTHORS,
	  LANE_NONE, SIGNATURE_BODY_MAX, SCOPE_POLICY },
	{ "GET", "/v1/policies/{bundle}/versions", version_list, ROUTE_PEOPLE, LANE_NONE, 0,
	  SCOPE_READ },
	{ "GET", "/v1/policies/{bundle}/versions/{version}", version_show, ROUTE_PEOPLE,
	  LANE_SEARCHES, 0, SCOPE_READ },
	{ "GET", "/v1/authors", roots_show, ROUTE_PEOPLE, LANE_NONE, 0, SCOPE_READ },
	{ "POST", "/v1/authors", roots_sign, ROUTE_AUTHORS, LANE_NONE, ROOTS_BODY_MAX,
	  SCOPE_POLICY },
	{ "GET", "/v1/authors/roots/{version}", roots_answer, ROUTE_PEOPLE, LANE_NONE, 0,
	  SCOPE_READ },
	{ "GET", "/v1/roots/{version}", roots_answer, ROUTE_AGENT, LANE_NONE, 0, SCOPE_NONE },
	{ "GET", "/v1/policy", pull_answer, ROUTE_AGENT, LANE_NONE, 0, SCOPE_NONE },
	{ "GET", "/v1/agent", agent_answer, ROUTE_AGENT, LANE_NONE, 0, SCOPE_NONE },
	{ "POST", "/v1/record", delivery_answer, ROUTE_AGENT, LANE_RECORDS, DEPOSIT_BODY_MAX,
	  SCOPE_NONE },
	{ "GET", "/v1/record/{part}", delivery_position, ROUTE_AGENT, LANE_NONE, 0, SCOPE_NONE },
	{ "GET", "/v1/events", events_list, ROUTE_PEOPLE, LANE_SEARCHES, 0, SCOPE_READ },
	{ "GET", "/v1/events/{agent}/{event}", events_show, ROUTE_PEOPLE, LANE_SEARCHES, 0,
	  SCOPE_READ },
	{ "GET", "/v1/notes", events_notes, ROUTE_PEOPLE, LANE_SEARCHES, 0, SCOPE_READ },
	{ "GET", "/v1/statistics", events_statistics, ROUTE_PEOPLE, LANE_SEARCHES, 0, SCOPE_READ },
	{ "GET", "/v1/agents", machines_list, ROUTE_PEOPLE, LANE_NONE, 0, SCOPE_READ },
	{ "GET", "/v1/alarms", machines_alarms, ROUTE_PEOPLE, LANE_NONE, 0, SCOPE_READ },
	{ "POST", "/v1/alarms/{agent}/{kind}/{times}", machines_acknowledge, ROUTE_AUDITORS,
	  LANE_NONE, 0, SCOPE_LOGIN },
	{ "GET", "/v1/logs", proof_logs, ROUTE_ANYBODY, LANE_NONE, 0, SCOPE_NONE },
	{ "GET", "/v1/log/checkpoint", proof_of_state, ROUTE_ANYBODY, LANE_NONE, 0, SCOPE_NONE },
	{ "GET", "/v1/log/consistency", proof_of_growth, ROUTE_ANYBODY, LANE_NONE, 0, SCOPE_NONE },
	{ "GET", "/v1/log/proof", proof_of_leaf, ROUTE_PEOPLE, LANE_NONE, 0, SCOPE_READ },
	{ .method = NULL },
};
