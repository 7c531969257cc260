/* SPDX-License-Identifier: MIT */
/* A record in a folder of its own, what is put into it, and ways to look at its files. */
#ifndef TESTS_UNIT_RECORD_FIXTURE_H
#define TESTS_UNIT_RECORD_FIXTURE_H

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "common/file.h"
#include "common/record.h"
#include "common/record_format.h"
#include "tests/unit/run_suite.h"

static char top[32], folder[48];

static inline void setup(void)
{
	strcpy(top, "/tmp/chaperone-record-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(top));
	snprintf(folder, sizeof(folder), "%s/record", top);
}

/* The names of the folder's files, sorted. */
static inline int list(struct dirent ***ret_entries)
{
	return scandir(folder, ret_entries, NULL, alphasort);
}

static inline void each_file(void (*visit)(const char *path))
{
	struct dirent **entries;
	char path[400];
	int count = list(&entries);

	for (int i = 0; i < count; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
		if (strcmp(entries[i]->d_name, ".") != 0 && strcmp(entries[i]->d_name, "..") != 0)
			visit(path);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

static inline void remove_path(const char *path)
{
	unlink(path);
}

static inline void teardown(void)
{
	chmod(folder, 0700);
	each_file(remove_path);
	rmdir(folder);
	rmdir(top);
}

static char found[16][400];
static size_t found_count;

static inline void find(const char *path)
{
	ck_assert_uint_lt(found_count, 16);
	snprintf(found[found_count++], sizeof(found[0]), "%s", path);
}

static inline size_t find_files(void)
{
	found_count = 0;
	each_file(find);
	return found_count;
}

static const struct record_fact FACTS[] = {
	{ { "exe", 3 }, { "/usr/bin/psql", 13 }, RECORD_OBSERVED },
	{ { "pid", 3 }, { "812", 3 }, RECORD_OBSERVED },
	{ { "assurance", 9 }, { "same-user", 9 }, RECORD_PROVEN },
};

static inline void add(struct record *record, const struct record_entry *entry)
{
	ck_assert_int_eq(record_add(record, entry), 0);
}

static inline struct record *open_record(void)
{
	struct error error = { .line = 0 };
	struct record *record;
	int r = record_open(folder, &record, &error);

	ck_assert_msg(r == 0, "%s", error.text);
	return record;
}

static inline struct record_entry intent_entry(uint64_t i)
{
	return (struct record_entry){
		.kind = RECORD_INTENT,
		.number = 2 * i + 1,
		.parent = 9,
		.time_ns = 1795369501000000000u + i * 310000,
		.judgement = 31,
		.slot = { .sequence = 2 * i + 1,
			  .time_ns = 1795369501000000000u + i * 310000,
			  .connection = 9,
			  .kind = RING_INTENT,
			  .flags = RING_CACHED_TEMPLATE,
			  .intent = { .judgement = 31,
				      .text_bytes = 55,
				      .thread = 81234,
				      .parameters = 1,
				      .call = 1,
				      .transaction = 2 } },
	};
}

static inline struct record_entry outcome_entry(uint64_t i)
{
	return (struct record_entry){
		.kind = RECORD_OUTCOME,
		.number = 2 * i + 1,
		.parent = 9,
		.time_ns = 1795369501000000000u + i * 310000 + 47000,
		.slot = { .sequence = 2 * i + 2,
			  .time_ns = 1795369501000000000u + i * 310000 + 47000,
			  .connection = 9,
			  .kind = RING_OUTCOME,
			  .outcome = { .intent = 2 * i + 1,
				       .rows = 1,
				       .bytes = 130,
				       .masked_cells = 2,
				       .sqlstate = 0 } },
	};
}

static const struct slice RULES[] = { { "shop/agents-read", 16 }, { "shop/mask-contact", 17 } };
static const struct slice EFFECTS[] = { { "select public.customers", 23 } };

static inline struct record_entry judgement_entry(void)
{
	return (struct record_entry){
		.kind = RECORD_JUDGEMENT,
		.number = 31,
		.parent = 2,
		.time_ns = 1795369500000000000u,
		.shape = SLICE("select email from customers where id = $1"),
		.decision = SLICE("allow"),
		.would_decide = SLICE("allow"),
		.reason = SLICE("rule"),
		.rules = RULES,
		.rule_count = 2,
		.effects = EFFECTS,
		.effect_count = 1,
		.masked = SLICE("customers.email"),
	};
}

/* Two batches with every kind of field. */
static inline void write_small(void)
{
	struct record *record = open_record();
	const struct record_entry boot = { .kind = RECORD_BOOT,
					   .time_ns = 1795369500000000000u,
					   .facts = FACTS,
					   .fact_count = COUNT_OF(FACTS) };
	const struct record_entry end = { .kind = RECORD_END, .time_ns = 1795369600000000000u };
	struct record_entry judgement = judgement_entry(), intent = intent_entry(0),
			    outcome = outcome_entry(0);

	add(record, &boot);
	add(record, &judgement);
	ck_assert_int_eq(record_flush(record), 0);
	add(record, &intent);
	add(record, &outcome);
	add(record, &end);
	record_close(record);
}

static inline struct record_report verify_with(const unsigned char *head)
{
	struct error error = { .line = 0 };
	struct record_report report;

	ck_assert_int_eq(record_verify(folder, head, &report, &error), 0);
	return report;
}

static inline struct record_report verify(void)
{
	return verify_with(NULL);
}

static inline struct record_reader *open_reader(void)
{
	struct error error = { .line = 0 };
	struct record_reader *reader;

	ck_assert_int_eq(record_reader_open(folder, &reader, &error), 0);
	return reader;
}

#endif
