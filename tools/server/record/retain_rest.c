/* SPDX-License-Identifier: MIT */
/* What statements referred to that are gone. */
#include <stdio.h>

#include "common/record.h"
#include "tools/server/record/retain.h"

#define BOOTS_MAX 16u    /* that are looked at in one transaction */
#define ROWS_MAX  "4000" /* of a kind and boot, in one transaction */

struct boot {
	int64_t source, number, time_ns;
};

struct look {
	const struct retain *retain;
	struct retain_boots *boots; /* afterwards */
	struct retain_boots next;
	struct boot at[BOOTS_MAX];
	size_t count;
	bool is_more;
};

static int take_boot(void *context, const struct store_value *columns, size_t count)
{
	struct look *look = context;

	(void)count;
	look->at[look->count++] =
		(struct boot){ columns[0].number, columns[1].number, columns[2].number };
	return 0;
}

static int find_boots(struct store *store, struct look *look)
{
	return store_run(
		store,
		"SELECT origin.source, subject.number, subject.time FROM record_source AS origin"
		" JOIN record_subject AS subject ON subject.source = origin.source"
		" AND subject.kind = $1"
		" WHERE origin.source >= $2 AND (origin.source > $2 OR subject.number > $3)"
		" AND subject.time < $4"
		" ORDER BY origin.source, subject.number LIMIT $5",
		STORE_VALUES(store_number(RECORD_BOOT), store_number(look->next.source),
			     store_number(look->next.number),
			     store_number((int64_t)look->retain->before_ns),
			     store_number(BOOTS_MAX)),
		take_boot, look);
}

/* A ring that an agent left is gone on with by the next one, under the numbers of the first. */
static int is_named(struct store *store, const struct boot *boot, int64_t *is_named)
{
	static const char *const EACH[] = {
		"SELECT 1 FROM record_event WHERE source = $1 AND connection >= $2"
		" AND connection <= $3 LIMIT 1",
		"SELECT 1 FROM record_event WHERE source = $1 AND judgement >= $2"
		" AND judgement <= $3 LIMIT 1",
		"SELECT 1 FROM record_asked WHERE source = $1 AND connection >= $2"
		" AND connection <= $3 LIMIT 1",
	};
	int r = 0;

	for (size_t i = 0; i < COUNT_OF(EACH) && r >= 0 && !*is_named; i++)
		r = store_run(store, EACH[i],
			      STORE_VALUES(store_number(boot->source), store_number(boot->number),
					   store_number(boot->number | UINT32_MAX)),
			      store_take_number, is_named);
	return r < 0 ? r : 0;
}

static int is_delivered(struct store *store, const struct boot *boot, int64_t *is_delivered)
{
	char first[16], behind[16];

	snprintf(first, sizeof(first), "%08x-", (unsigned)((uint64_t)boot->number >> 32));
	snprintf(behind, sizeof(behind), "%08x.", (unsigned)((uint64_t)boot->number >> 32));
	return store_run(store,
			 "SELECT 1 FROM record_delivery WHERE source = $1 AND part >= $2"
			 " AND part < $3 LIMIT 1",
			 STORE_VALUES(store_number(boot->source), store_text(slice_of(first)),
				      store_text(slice_of(behind))),
			 store_take_number, is_delivered);
}

/* The newest boot of a machine that was here since; boots have numbers in no order. */
static int is_current(struct store *store, const struct look *look, const struct boot *boot,
		      int64_t *is_current)
{
	return store_run(
		store,
		"SELECT 1 FROM record_source AS origin JOIN agent ON agent.id = origin.agent"
		" WHERE origin.source = $1 AND agent.revoked IS NULL"
		" AND (agent.seen >= $2 OR agent.enrolled >= $2)"
		" AND NOT EXISTS (SELECT 1 FROM record_subject AS later"
		" WHERE later.source = $1 AND later.kind = $3 AND later.time > $4)",
		STORE_VALUES(store_number(boot->source),
			     store_number((int64_t)look->retain->before_ns),
			     store_number(RECORD_BOOT), store_number(boot->time_ns)),
		store_take_number, is_current);
}

static int drop_kind(struct store *store, const struct boot *boot, int64_t kind)
{
	static const char *const EACH[] = {
		"DELETE FROM record_definition WHERE source = $1 AND kind = $2 AND number IN"
		" (SELECT number FROM record_definition WHERE source = $1 AND kind = $2"
		" AND number >= $3 AND number <= $4 LIMIT " ROWS_MAX ")",
		"DELETE FROM record_subject WHERE source = $1 AND kind = $2 AND number IN"
		" (SELECT number FROM record_subject WHERE source = $1 AND kind = $2"
		" AND number >= $3 AND number <= $4 LIMIT " ROWS_MAX ")",
	};
	int sum = 0, r = 0;

	for (size_t i = 0; i < COUNT_OF(EACH) && r >= 0; i++) {
		r = store_run(store, EACH[i],
			      STORE_VALUES(store_number(boot->source), store_number(kind),
					   store_number(boot->number),
					   store_number(boot->number | UINT32_MAX)),
			      NULL, NULL);
		sum += r;
	}
	return r < 0 ? r : sum;
}

/* How many rows went.  The boot's own stays, so that what is left is found again. */
static int drop_rows(struct store *store, const struct boot *boot)
{
	int sum = store_run(store,
			    "DELETE FROM record_judgement WHERE source = $1 AND number IN"
			    " (SELECT number FROM record_judgement WHERE source = $1"
			    " AND number >= $2 AND number <= $3 LIMIT " ROWS_MAX ")",
			    STORE_VALUES(store_number(boot->source), store_number(boot->number),
					 store_number(boot->number | UINT32_MAX)),
			    NULL, NULL);

	for (int64_t kind = RECORD_JUDGEMENT; kind > RECORD_BOOT && sum >= 0; kind--) {
		int r = drop_kind(store, boot, kind);

		sum = r < 0 ? r : sum + r;
	}
	return sum;
}

static int drop_boot(struct store *store, const struct boot *boot)
{
	static const char *const EACH[] = {
		"DELETE FROM record_definition WHERE source = $1 AND kind = $2 AND number = $3",
		"DELETE FROM record_subject WHERE source = $1 AND kind = $2 AND number = $3",
	};
	int r = 0;

	for (size_t i = 0; i < COUNT_OF(EACH) && r == 0; i++)
		r = store_do(store, EACH[i],
			     STORE_VALUES(store_number(boot->source), store_number(RECORD_BOOT),
					  store_number(boot->number)));
	return r;
}

/* 1: something went, and the rest of it waits for the next transaction. */
static int look_at(struct store *store, struct look *look, const struct boot *boot)
{
	int64_t stays = 0;
	int r = is_delivered(store, boot, &stays);

	if (r >= 0 && !stays)
		r = is_current(store, look, boot, &stays);
	if (r >= 0 && !stays)
		r = is_named(store, boot, &stays);
	if (r >= 0 && !stays)
		r = drop_rows(store, boot);
	if (r != 0)
		return r < 0 ? r : 1;
	if (!stays) {
		r = drop_boot(store, boot);
		look->next.count++;
	}
	look->next.source = boot->source;
	look->next.number = boot->number;
	return r;
}

/* May run again when another transaction was first. */
static int try_rest(struct store *store, void *context)
{
	struct look *look = context;

	look->next = *look->boots;
	look->count = 0;
	int r = find_boots(store, look);
	look->is_more = look->count == BOOTS_MAX;
	for (size_t i = 0; i < look->count && r >= 0; i++) {
		r = look_at(store, look, &look->at[i]);
		if (r == 1) {
			look->is_more = true;
			break;
		}
	}
	return r < 0 ? r : 0;
}

int retain_rest(struct store *store, const struct retain *retain, struct retain_boots *boots)
{
	struct look look = { .retain = retain, .boots = boots };
	int r = store_transact(store, try_rest, &look);

	if (r < 0)
		return r;
	*boots = look.next;
	return look.is_more;
}
