/* SPDX-License-Identifier: MIT */
#include "tools/chaperone/denial.h"

#include <stdio.h>

int denial_make(struct judgement *judgement, uint64_t number, const struct denial *denial)
{
	judgement->decision = DECISION_DENY;
	judgement->would_decide = DECISION_DENY;
	judgement->reason = denial->reason;
	judgement->is_cacheable = judgement->is_template_cacheable = false;
	judgement->changes_session = judgement->needs_learning = false;
	buf_clear(&judgement->message);
	buf_clear(&judgement->detail);
	buf_clear(&judgement->hint);
	buf_clear(&judgement->plan);
	buf_printf(&judgement->message, "chaperone refused this: %s", denial->what);
	buf_printf(&judgement->detail,
		   "%s Nothing was sent. Event %08x-%x.\n"
		   "{\"chaperone\":1,\"verdict\":\"deny\",\"reason\":\"%s\",\"retry\":false}",
		   denial->why, (unsigned)(number >> 32), (unsigned)number,
		   reason_text(denial->reason));
	buf_add_text(&judgement->hint, denial->hint);
	snprintf(judgement->sqlstate, sizeof(judgement->sqlstate), "%s", denial->sqlstate);
	return judgement->message.failed;
}
