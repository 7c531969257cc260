/* SPDX-License-Identifier: MIT */
#include "tools/server/commands/keeper.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "tools/server/commands/retention.h"
#include "tools/server/common/ticker.h"
#include "tools/server/people/setting.h"

#define LOOK_S 3600u /* so often it is seen whether a day is over, or the setting is another */
#define DAY_S  86400u

struct keeper {
	struct store *store;
	struct ledger_signer who;
	struct journal *journal;
	struct ticker ticker;
	atomic_bool is_ending;
	uint64_t retain_s, done_ns; /* of the last time; 0: there was none */
};

static bool is_ending(void *context, const struct retain *retain)
{
	const struct keeper *keeper = context;

	(void)retain;
	return keeper->is_ending;
}

static void tell_done(struct keeper *keeper, const struct retain *retain)
{
	const struct journal_pair pairs[] = {
		{ "deliveries", JOURNAL_NUMBER(retain->gone.deliveries) },
		{ "leaves", JOURNAL_NUMBER(retain->gone.leaves) },
	};

	journal_write(keeper->journal, JOURNAL_RETAINED, pairs, COUNT_OF(pairs));
}

static void tell_trouble(struct keeper *keeper, const char *why)
{
	const struct journal_pair pair = { "why", JOURNAL_TEXT(why) };

	journal_write(keeper->journal, JOURNAL_UNRETAINED, &pair, 1);
}

static int let_go(struct keeper *keeper, struct retention_run *run)
{
	char why[128];
	int r = retention_plan(keeper->store, run);

	if (r == 0)
		r = retention_do(keeper->store, run);
	if (run->retain.gone.deliveries > 0)
		tell_done(keeper, &run->retain);
	if (r == 0 && run->retain.forward[0]) {
		snprintf(why, sizeof(why), "the forward %s does not have all of it",
			 run->retain.forward);
		tell_trouble(keeper, why);
	}
	return r;
}

static int look(struct keeper *keeper)
{
	uint64_t retain_s, now_ns = realtime_ns();
	char setting[24];
	int r = setting_read(keeper->store, SETTING_RETAIN, &retain_s);

	if (r < 0 || retain_s == 0 || retain_s >= now_ns / SECOND_NS)
		return r;
	if (retain_s == keeper->retain_s && now_ns < keeper->done_ns + DAY_S * SECOND_NS)
		return 0;
	if (retain_s % DAY_S == 0)
		snprintf(setting, sizeof(setting), "%llud", (unsigned long long)retain_s / DAY_S);
	else
		snprintf(setting, sizeof(setting), "%llus", (unsigned long long)retain_s);
	struct retention_run run = { .retain = { .signer = &keeper->who,
						 .before_ns = now_ns - retain_s * SECOND_NS },
				     .actor = AUDIT_NOBODY,
				     .setting = setting,
				     .is_over = is_ending,
				     .context = keeper };
	r = let_go(keeper, &run);
	if (r == 0) {
		keeper->retain_s = retain_s;
		keeper->done_ns = now_ns;
	}
	return r;
}

/* What cannot go now goes the next time. */
static void tick(void *context)
{
	struct keeper *keeper = context;
	int r = look(keeper);

	if (r == -EUCLEAN)
		tell_trouble(keeper, "the record here is not what the log has");
	else if (r < 0)
		tell_trouble(keeper, store_reason(keeper->store, r));
}

int keeper_start(struct store *store, const struct ledger_signer *who, struct journal *journal,
		 struct keeper **ret_keeper)
{
	SCOPED(store_closep) struct store *own = store;
	SCOPED(free_p) struct keeper *keeper = calloc(1, sizeof(*keeper));

	if (!keeper)
		return -ENOMEM;
	keeper->store = own;
	keeper->who = *who;
	keeper->journal = journal;
	int r = ticker_start(&keeper->ticker, LOOK_S * SECOND_NS, tick, keeper);
	if (r < 0)
		return r;
	(void)steal(own);
	*ret_keeper = steal(keeper);
	return 0;
}

void keeper_stop(struct keeper *keeper)
{
	if (!keeper)
		return;
	keeper->is_ending = true;
	ticker_stop(&keeper->ticker);
	store_close(keeper->store);
	free(keeper);
}
