/* SPDX-License-Identifier: MIT */
/* A judgement, written for people and for programs. */
#ifndef TOOLS_CHAPERONE_EXPLANATION_H
#define TOOLS_CHAPERONE_EXPLANATION_H

#include "common/buf.h"
#include "policy/engine/judge.h"

void explanation_text(const struct policy *policy, const struct facts *facts,
		      const struct judgement *judgement, struct buf *out);
void explanation_json(const struct policy *policy, const struct facts *facts,
		      const struct judgement *judgement, struct buf *out);

#endif
