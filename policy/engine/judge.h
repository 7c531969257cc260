/* SPDX-License-Identifier: MIT */
/* The judgement: facts of a call, the session, the caller and the time come in; a decision with its
 * reasons, the mask plan and the texts for people come out.  Pure: no input or output, no clock. */
#ifndef POLICY_ENGINE_JUDGE_H
#define POLICY_ENGINE_JUDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "policy/engine/caller.h"
#include "policy/engine/facts.h"
#include "policy/engine/policy.h"
#include "policy/engine/session.h"

#define JUDGEMENT_RULES_MAX   64
#define JUDGEMENT_EFFECTS_MAX 32

/* policy-test-v1.json, `reason`. */
#define REASONS(ROW)                                                                               \
	ROW(REASON_RULE, "rule")                                                                   \
	ROW(REASON_DEFAULT, "default")                                                             \
	ROW(REASON_UNKNOWN, "unknown")                                                             \
	ROW(REASON_PROBE, "probe")                                                                 \
	ROW(REASON_COPIED, "copied")                                                               \
	ROW(REASON_WRITE_BACK, "write-back")                                                       \
	ROW(REASON_LIMIT, "limit")                                                                 \
	ROW(REASON_STALE, "stale")

enum reason {
#define REASON_ENUMERATOR(reason, text) reason,
	REASONS(REASON_ENUMERATOR)
#undef REASON_ENUMERATOR
};
const char *reason_text(enum reason reason);

struct judge_question {
	const struct policy *policy;
	const struct caller *caller;
	const struct session *session;
	enum session_call call;
	struct slice name;         /* of a prepared statement, for CALL_EXECUTE and CALL_PREPARE */
	const struct facts *facts; /* NULL for CALL_EXECUTE and the calls without text */
	/* of the same text, if the server may read it otherwise; NULL: it cannot */
	const struct facts *other;
	bool is_misreadable; /* it may be read in ways that no facts show */
	int64_t now;         /* seconds since 1970 */
};

struct judged_effect {
	enum verb verb;
	char object[140]; /* "public.orders"; empty where there is none */
	enum decision decision;
};

struct judgement {
	enum decision decision; /* never DECISION_NONE; what is enforced */
	/* what it would be without trial marks; equal to decision when nothing is on trial */
	enum decision would_decide;
	enum reason reason;
	uint32_t rules[JUDGEMENT_RULES_MAX]; /* that decided; masks and limits that had an effect */
	size_t rule_count;
	bool is_truncated;                                   /* more rules or effects than fit */
	struct judged_effect effects[JUDGEMENT_EFFECTS_MAX]; /* the deciding one first */
	size_t effect_count;
	/* whose `found` masks are in the plan; whether they had an effect shows in the rows */
	uint32_t found_rules[JUDGEMENT_RULES_MAX];
	size_t found_rule_count;
	uint32_t masked_column_count;
	char masked_columns[512];  /* "customers.email, customers.phone" */
	struct policy_limit limit; /* the smallest of those that apply */
	uint32_t people;           /* approvals needed */
	bool break_glass;          /* a broken glass could lift it */
	bool warns;                /* a `warn` rule matched */
	int64_t valid_until;       /* the next edge of a time window that was looked at */
	/* the same text in the same context has the same judgement until valid_until */
	bool is_cacheable;
	bool is_template_cacheable; /* and so has every text with the same template */
	/* has an effect that is not a read (for records that cannot be written) */
	bool writes;
	bool changes_session; /* the outcome must be told before the next call */
	/* the catalogue should be learned before it is judged, if that is possible now */
	bool needs_learning;
	/* names of tables that the session made itself should be, if a transaction is open */
	bool needs_own;
	bool copies_masked; /* masked values are written, if only to where they are masked too */
	struct buf plan;    /* policy/core/plan.h; empty: nothing to mask or check */
	/* for a refusal: MESSAGE, DETAIL, HINT as design/cli.md shows them */
	struct buf message;
	struct buf detail;
	struct buf hint;
	char sqlstate[6]; /* 42501, ZG701, … */
};

/* `event` stands in the detail ("Event 01930c7e-5a"); may be empty. */
must_use int judge(const struct judge_question *question, struct slice event,
		   struct judgement *ret_judgement);
void judgement_done(struct judgement *judgement);

/* Appends the statement that makes the server at `address` raise the refusal: DO with RAISE, every
 * text quoted (decisions.md 15), or a replication command where it runs no SQL.  Plain ASCII quoting
 * that no lexing setting can misread. */
must_use int judgement_raise(const struct judgement *judgement,
			     const struct session_address *address, struct buf *out);

#endif
