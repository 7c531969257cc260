/* SPDX-License-Identifier: MIT */
#include "tools/server/commands/retention.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "common/clock.h"
#include "tools/server/common/moment.h"

#define PAUSE_MIN_NS (2 * (uint64_t)1000000)
#define PAUSE_MAX_NS SECOND_NS
#define TRIES_MAX    20 /* when other transactions are first */

static void sleep_ns(uint64_t ns)
{
	const struct timespec pause = { (time_t)(ns / SECOND_NS), (long)(ns % SECOND_NS) };

	nanosleep(&pause, NULL);
}

/* It only reads, and much: a transaction of it would hold up who writes. */
int retention_plan(struct store *store, struct retention_run *run)
{
	int r = -EAGAIN;

	run->retain.made_ns = realtime_ns();
	for (int tries = 0; tries < TRIES_MAX && r == -EAGAIN; tries++) {
		if (tries > 0)
			sleep_ns(PAUSE_MAX_NS / 10);
		r = retain_plan(store, &run->retain);
	}
	return r;
}

static void add_by(const struct retention_run *run, struct buf *out)
{
	if (run->setting)
		buf_printf(out, "setting retain %s", run->setting);
	else
		buf_printf(out, "%s %.*s", run->actor.kind, SLICE_ARGUMENTS(run->actor.name));
}

/* In the transaction of the first piece: whatever ends it, that it began is known. */
static int note_begin_of(struct store *store, const struct retain *retain)
{
	const struct retention_run *run = (const struct retention_run *)retain;
	char before[MOMENT_SIZE], room[RETENTION_BY_MAX];
	struct buf detail = BUF_OVER(room);

	moment_text((int64_t)retain->before_ns, before);
	buf_printf(&detail, "leaves %llu to %llu, received before %s",
		   (unsigned long long)retain->first, (unsigned long long)retain->end - 1, before);
	if (run->setting)
		buf_printf(&detail, ", setting retain %s", run->setting);
	if (retain->is_regardless)
		buf_add_text(&detail, ", regardless of forwards");
	return audit_add(store, run->actor,
			 (struct audit_deed){ AUDIT_RETAIN,
					      slice_of(retain->signer->key->verifying.name),
					      buf_view(&detail) });
}

/* As long as the piece took, so that half of the time is others'. */
static void pause_after(uint64_t began_ns)
{
	uint64_t pause_ns = monotonic_ns() - began_ns;

	if (pause_ns < PAUSE_MIN_NS)
		pause_ns = PAUSE_MIN_NS;
	if (pause_ns > PAUSE_MAX_NS)
		pause_ns = PAUSE_MAX_NS;
	sleep_ns(pause_ns);
}

static bool is_over(const struct retention_run *run)
{
	return run->is_over && run->is_over(run->context, &run->retain);
}

static int do_pieces(struct store *store, struct retention_run *run)
{
	int r = run->retain.first < run->retain.end;

	while (r > 0 && !is_over(run)) {
		uint64_t began_ns = monotonic_ns();

		r = retain_some(store, &run->retain);
		if (r > 0)
			pause_after(began_ns);
	}
	return r < 0 ? r : 0;
}

static int do_rest(struct store *store, struct retention_run *run)
{
	struct retain_boots boots = { .count = 0 };
	int r = 1;

	while (r > 0 && !is_over(run)) {
		uint64_t began_ns = monotonic_ns();

		r = retain_rest(store, &run->retain, &boots);
		if (r > 0)
			pause_after(began_ns);
	}
	run->boots = boots.count;
	return r < 0 ? r : 0;
}

int retention_do(struct store *store, struct retention_run *run)
{
	char room[RETENTION_BY_MAX + 1];
	struct buf by = BUF_OVER(room);

	add_by(run, &by);
	run->retain.by = buf_view(&by);
	run->retain.begun = note_begin_of;
	int r = do_pieces(store, run);
	return r < 0 ? r : do_rest(store, run);
}
