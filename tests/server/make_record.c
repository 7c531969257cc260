/* SPDX-License-Identifier: MIT */
/* Writes a record as an agent does: make_record FOLDER BATCHES STATEMENTS [FILE_MAX [KEY EPOCH]], STATEMENTS
 * in each of the BATCHES.  With the KEY (or none) of EPOCH it is sealed; else it was begun a day ago, before the machine
 * that delivers it enrolled. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/record_seal.h"

enum { POLICY = 1, RUN, PROCESS, CONNECTION, JUDGEMENTS };

#define SHAPES 8u

static const struct record_fact RUN_FACTS[] = {
	{ { "run", 3 }, { "r-1", 3 }, RECORD_OBSERVED },
	{ { "as", 2 }, { "anna", 4 }, RECORD_DECLARED },
};
static const struct record_fact PROCESS_FACTS[] = {
	{ { "exe", 3 }, { "/usr/bin/psql", 13 }, RECORD_OBSERVED },
	{ { "user", 4 }, { "deploy", 6 }, RECORD_OBSERVED },
};
static const struct record_fact CONNECTION_FACTS[] = {
	{ { "engine", 6 }, { "postgresql", 10 }, RECORD_OBSERVED },
	{ { "database", 8 }, { "shop", 4 }, RECORD_OBSERVED },
};
static const struct record_fact BOOT_FACTS[] = {
	{ { "host", 4 }, { "db-client", 9 }, RECORD_OBSERVED },
};

static time_t behind_s = 86400;

/* In place of libc's: it tells the record when its files are begun. */
int clock_gettime(clockid_t clock, struct timespec *ret_now)
{
	int r = (int)syscall(SYS_clock_gettime, clock, ret_now);

	ret_now->tv_sec -= behind_s;
	return r;
}

static uint64_t now_ns(void)
{
	return realtime_ns() + (uint64_t)behind_s * SECOND_NS;
}

static void check(int r, const char *what)
{
	if (r < 0) {
		fprintf(stderr, "%s: %s\n", what, strerror(-r));
		exit(EXIT_FAILURE);
	}
}

static void add(struct record *record, const struct record_entry *entry)
{
	check(record_add(record, entry), "record_add");
}

static void define(struct record *record, enum record_kind kind, uint64_t number, uint64_t parent,
		   const struct record_fact *facts, size_t count)
{
	const struct record_entry entry = { .kind = kind,
					    .number = number,
					    .parent = parent,
					    .time_ns = now_ns(),
					    .facts = facts,
					    .fact_count = count };

	add(record, &entry);
}

static void judge(struct record *record, uint64_t base)
{
	static const struct slice RULE = { "shop/agents-read", 16 };

	for (uint64_t i = 0; i < SHAPES; i++) {
		char shape[64], effect[64];
		struct slice effects[1];

		snprintf(shape, sizeof(shape), "select email from t%u where id = $1", (unsigned)i);
		snprintf(effect, sizeof(effect), "select public.t%u", (unsigned)i);
		effects[0] = slice_of(effect);
		const struct record_entry entry = { .kind = RECORD_JUDGEMENT,
						    .number = base | (JUDGEMENTS + i),
						    .parent = base | POLICY,
						    .time_ns = now_ns(),
						    .shape = slice_of(shape),
						    .decision =
							    i == 7 ? SLICE("deny") : SLICE("allow"),
						    .would_decide =
							    i == 7 ? SLICE("deny") : SLICE("allow"),
						    .reason = SLICE("rule"),
						    .rules = &RULE,
						    .rule_count = 1,
						    .effects = effects,
						    .effect_count = 1 };
		add(record, &entry);
	}
}

static struct record_entry begin(enum record_kind kind, uint64_t base, uint64_t sequence)
{
	uint64_t time_ns = now_ns();

	return (struct record_entry){
		.kind = kind,
		.number = sequence,
		.parent = base | CONNECTION,
		.time_ns = time_ns,
		.slot = { .sequence = sequence,
			  .time_ns = time_ns,
			  .connection = base | CONNECTION,
			  .flags = RING_CACHED_TEMPLATE },
	};
}

/* The outcome comes with the next batch for every 64th statement, and never for the last one. */
static void run(struct record *record, uint64_t base, uint64_t i, uint64_t *late)
{
	uint64_t sequence = 2 * i + 1, judgement = base | (JUDGEMENTS + i % SHAPES);
	struct record_entry intent = begin(RECORD_INTENT, base, sequence);
	struct record_entry outcome = begin(RECORD_OUTCOME, base, sequence);

	intent.judgement = judgement;
	intent.slot.intent.judgement = judgement;
	intent.slot.intent.text_bytes = 40;
	outcome.slot.outcome.intent = sequence;
	outcome.slot.outcome.rows = 1;
	if (*late) {
		struct record_entry before = begin(RECORD_OUTCOME, base, *late);

		before.slot.outcome.intent = *late;
		before.slot.outcome.rows = 2;
		add(record, &before);
		*late = 0;
	}
	add(record, &intent);
	if (i % 64 == 63)
		*late = sequence;
	else
		add(record, &outcome);
}

static void seal(struct record *record, const char *hex, uint64_t epoch)
{
	struct record_secret key;

	for (size_t i = 0; i < sizeof(key.bytes); i++) {
		unsigned int byte = 0;

		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			check(-EINVAL, "the key");
		key.bytes[i] = (unsigned char)byte;
	}
	record_seal_with(record, &key, epoch);
}

int main(int argc, char **argv)
{
	struct error error = { .text = "" };
	struct record *record;
	uint64_t late = 0;

	if (argc < 4)
		return EXIT_FAILURE;
	uint64_t batches = strtoull(argv[2], NULL, 10), statements = strtoull(argv[3], NULL, 10);
	uint64_t file_max = argc > 4 ? strtoull(argv[4], NULL, 10) : RECORD_FILE_MAX;
	if (argc > 6)
		behind_s = 0;
	if (record_open_sized(argv[1], file_max, &record, &error) < 0) {
		fprintf(stderr, "%s\n", error.text);
		return EXIT_FAILURE;
	}
	if (argc > 6 && strcmp(argv[5], "none") != 0)
		seal(record, argv[5], strtoull(argv[6], NULL, 10));
	uint64_t base = record_boot(record) << 32;
	define(record, RECORD_BOOT, 0, 0, BOOT_FACTS, COUNT_OF(BOOT_FACTS));
	define(record, RECORD_POLICY, base | POLICY, 0, NULL, 0);
	define(record, RECORD_RUN, base | RUN, 0, RUN_FACTS, COUNT_OF(RUN_FACTS));
	define(record, RECORD_PROCESS, base | PROCESS, base | RUN, PROCESS_FACTS,
	       COUNT_OF(PROCESS_FACTS));
	define(record, RECORD_CONNECTION, base | CONNECTION, base | PROCESS, CONNECTION_FACTS,
	       COUNT_OF(CONNECTION_FACTS));
	judge(record, base);
	for (uint64_t i = 0; i < batches * statements; i++) {
		run(record, base, i, &late);
		if (i % statements == statements - 1)
			check(record_flush(record), "record_flush");
	}
	record_close(record);
	return EXIT_SUCCESS;
}
