/* SPDX-License-Identifier: MIT */
/* Judges a recorded statement again, and says what is different: or why that cannot be told. */
#ifndef TOOLS_CHAPERONE_REPLAY_JUDGE_H
#define TOOLS_CHAPERONE_REPLAY_JUDGE_H

#include "policy/engine/policy.h"
#include "tools/chaperone/analysis.h"
#include "tools/chaperone/audit_events.h"

/* ROW(enumerator, what stands in JSON, what people read) */
#define REPLAY_DOUBTS(ROW)                                                                         \
	ROW(REPLAY_CERTAIN, "", "")                                                                \
	ROW(REPLAY_NO_TEXT, "no-text",                                                             \
	    "run by name, or a text too large: it is not on the record, or only in part")          \
	ROW(REPLAY_NO_CALLER, "no-caller", "who asked, or in which groups, is not on the record")  \
	ROW(REPLAY_NO_PERSON, "no-person", "run --as somebody whom the policy does not have")      \
	ROW(REPLAY_UNREAD, "unread", "the text without its literals cannot be read")               \
	ROW(REPLAY_VALUES, "values", "its values decide, and they are not on the record")          \
	ROW(REPLAY_NAMES, "names",                                                                 \
	    "what it did then cannot be read from its text: names mean something else, or it "     \
	    "stands for another statement")                                                        \
	ROW(REPLAY_COLUMNS, "columns",                                                             \
	    "which columns a * stands for is not on the record, and masks differ")                 \
	ROW(REPLAY_AGE, "age", "refused for the age of the policy, or unread, then")               \
	ROW(REPLAY_FILES, "files", "COPY with files or programs of the server")                    \
	ROW(REPLAY_VIEW, "view",                                                                   \
	    "masks of a rule that is still there are gone: it may read a view, --was can tell")    \
	ROW(REPLAY_UNLIKE, "unlike",                                                               \
	    "the policy of then does not lead to what was decided then: more was known of tables " \
	    "and session")

enum replay_doubt {
#define REPLAY_ENUMERATOR(doubt, word, text) doubt,
	REPLAY_DOUBTS(REPLAY_ENUMERATOR)
#undef REPLAY_ENUMERATOR
		REPLAY_DOUBT_COUNT
};
const char *replay_doubt_word(enum replay_doubt doubt);
const char *replay_doubt_text(enum replay_doubt doubt);

/* ROW(enumerator, what stands in JSON and in the totals), what matters most first. */
#define REPLAY_CHANGES(ROW)                                                                        \
	ROW(REPLAY_REFUSED, "newly refused")                                                       \
	ROW(REPLAY_WAITING, "newly waiting for approval")                                          \
	ROW(REPLAY_ALLOWED, "newly allowed")                                                       \
	ROW(REPLAY_TRIAL, "another verdict on trial")                                              \
	ROW(REPLAY_MASKS, "masks changed")                                                         \
	ROW(REPLAY_RULES, "another rule or reason")                                                \
	ROW(REPLAY_SAME_VERDICT, "unchanged")

enum replay_change {
#define REPLAY_ENUMERATOR(change, text) change,
	REPLAY_CHANGES(REPLAY_ENUMERATOR)
#undef REPLAY_ENUMERATOR
		REPLAY_CHANGE_COUNT
};
const char *replay_change_text(enum replay_change change);

/* What was decided of a statement: lists are sorted, so that equal ones have equal texts. */
struct replay_verdict {
	const char *verdict; /* "deny", "would-deny", as in `audit list` */
	char reason[16];
	char *rules;
	char *masked;
};
void replay_verdict_done(struct replay_verdict *verdict);

struct replay_outcome {
	enum replay_doubt doubt;
	enum replay_change change;     /* where there is no doubt */
	struct replay_verdict was, is; /* `is` is empty where there is doubt */
	int64_t valid_until;           /* seconds since 1970 */
	bool lost_masks;               /* of a rule that is still there */
	bool is_checked; /* the policy of then was at hand, and led to what was decided */
};
void replay_outcome_done(struct replay_outcome *outcome);

struct replay_judge {
	const struct policy *policy;
	const struct policy *was; /* NULL: not at hand */
	struct analysis analysis;
};

/* Judges the statement of the event as of its time.  The event has a judgement. */
must_use int replay_judge(struct replay_judge *judge, const struct audit_event *event,
			  struct replay_outcome *ret_outcome);

#endif
