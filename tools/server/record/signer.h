/* SPDX-License-Identifier: MIT */
/* The thread that signs a checkpoint of the log as often as it has to. */
#ifndef TOOLS_SERVER_RECORD_SIGNER_H
#define TOOLS_SERVER_RECORD_SIGNER_H

#include <stdint.h>

#include "tools/server/common/journal.h"
#include "tools/server/record/ledger.h"

struct signer;

/* Begins, with one at once; `store` becomes its own, also on failure, and the key and the journal outlive it. */
must_use int signer_start(struct store *store, const struct ledger_signer *who, uint64_t every_s,
			  struct journal *journal, struct signer **ret_signer);

/* Ends it with a last checkpoint.  Accepts NULL. */
void signer_stop(struct signer *signer);

#endif
