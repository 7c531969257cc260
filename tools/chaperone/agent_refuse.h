/* SPDX-License-Identifier: MIT */
/* An agent that cannot govern and says why, so that refused statements tell their user what to
 * do. */
#ifndef TOOLS_CHAPERONE_AGENT_REFUSE_H
#define TOOLS_CHAPERONE_AGENT_REFUSE_H

/* Answers each HELLO with the reason until nobody has asked for a second; the reason may have gone
 * by then, and the next who asks starts an agent anew. */
void agent_refuse_all(int listening, const char *reason);

#endif
