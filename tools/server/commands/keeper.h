/* SPDX-License-Identifier: MIT */
/* A thread that lets go, once a day and when it begins, of what machines delivered longer ago than the setting
 * retain says. */
#ifndef TOOLS_SERVER_COMMANDS_KEEPER_H
#define TOOLS_SERVER_COMMANDS_KEEPER_H

#include "tools/server/common/journal.h"
#include "tools/server/record/ledger.h"

struct keeper;

/* Begins; `store` becomes its own, also on failure, and the key and the journal outlive it. */
must_use int keeper_start(struct store *store, const struct ledger_signer *who,
			  struct journal *journal, struct keeper **ret_keeper);

/* Ends it, after the piece that is under way.  Accepts NULL. */
void keeper_stop(struct keeper *keeper);

#endif
