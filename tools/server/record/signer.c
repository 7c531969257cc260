/* SPDX-License-Identifier: MIT */
#include "tools/server/record/signer.h"

#include <errno.h>
#include <stdlib.h>

#include "common/clock.h"
#include "tools/server/common/ticker.h"

struct signer {
	struct store *store;
	struct ledger_signer who;
	struct journal *journal;
	struct ticker ticker;
};

/* A checkpoint that cannot be signed now is one the next time. */
static void sign(void *context)
{
	struct signer *signer = context;

	int r = ledger_sign(signer->store, &signer->who);

	if (r < 0) {
		const struct journal_pair pair = { "why",
						   JOURNAL_TEXT(store_reason(signer->store, r)) };

		journal_write(signer->journal, JOURNAL_UNSIGNED, &pair, 1);
	}
}

int signer_start(struct store *store, const struct ledger_signer *who, uint64_t every_s,
		 struct journal *journal, struct signer **ret_signer)
{
	SCOPED(store_closep) struct store *own = store;
	SCOPED(free_p) struct signer *signer = calloc(1, sizeof(*signer));

	if (!signer)
		return -ENOMEM;
	*signer = (struct signer){ .store = own, .who = *who, .journal = journal };
	int r = ticker_start(&signer->ticker, every_s * SECOND_NS, sign, signer);
	if (r < 0)
		return r;
	(void)steal(own);
	*ret_signer = steal(signer);
	return 0;
}

void signer_stop(struct signer *signer)
{
	if (!signer)
		return;
	ticker_stop(&signer->ticker);
	sign(signer);
	store_close(signer->store);
	free(signer);
}
