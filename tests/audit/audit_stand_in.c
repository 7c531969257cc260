/* SPDX-License-Identifier: MIT */
/* The audit commands without the rest of chaperone, and `write FOLDER`, which makes a record with
 * hostile texts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/record.h"
#include "tools/chaperone/audit.h"

#define START_NS 1795369501000000000u /* 2026-11-22T17:45:01Z */
#define HOSTILE  "\x1b]0;owned\a\x1b[2J\r\n\x7f\xc2\x9b\xe2\x80\xae\xff<script>\"',"

static void add(struct record *record, const struct record_entry *entry)
{
	if (record_add(record, entry) < 0)
		exit(3);
}

static void define(struct record *record, enum record_kind kind, uint64_t number, uint64_t parent,
		   const char *const (*facts)[2])
{
	struct record_fact list[RECORD_FACTS_MAX];
	size_t count = 0;

	for (; facts[count][0]; count++)
		list[count] = (struct record_fact){ slice_of(facts[count][0]),
						    slice_of(facts[count][1]), RECORD_OBSERVED };
	add(record, &(struct record_entry){ .kind = kind,
					    .number = number,
					    .parent = parent,
					    .time_ns = START_NS,
					    .facts = list,
					    .fact_count = count });
}

static const char *const BOOT[][2] = {
	{ "host", "build-7" }, { "version", "0.1.0" }, { "assurance", "same-user" }, { NULL, NULL }
};
static const char *const POLICY[][2] = {
	{ "policy", "shop" }, { "digest", "5c0e" }, { "policy_version", "215" }, { NULL, NULL }
};
static const char *const RUN[][2] = { { "run", "8f31aa02" },
				      { "agent", "refund-bot" },
				      { NULL, NULL } };
static const char *const PROCESS[][2] = {
	{ "user", "anna" },
	{ "uid", "1000" },
	{ "pid", "812" },
	{ "exe", "/usr/bin/psql" },
	{ "exe_sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "argv0", "psql" },
	{ "parents", "bash(812) < sshd(700)" },
	{ "cwd", "/tmp/" HOSTILE },
	{ NULL, NULL }
};
static const char *const CONNECTION[][2] = {
	{ "database", "shop" }, { "server", "pg-prod-7" },  { "port", "5432" },
	{ "db_user", "app" },   { "engine", "postgresql" }, { "client", "libpq 15 psql" },
	{ NULL, NULL }
};

static const struct {
	const char *shape, *decision, *would, *rule, *effect, *masked;
} JUDGEMENTS[] = {
	{ "select email from customers where id = $1", "allow", "allow", "shop/mask-contact",
	  "select public.customers", "customers.email" },
	{ "drop table orders", "deny", "deny", "shop/no-destructive", "drop public.orders", "" },
	{ "delete from orders where id = $1", "approve", "approve", "shop/four-eyes",
	  "delete public.orders", "" },
	{ "=cmd|' /C calc'!A0 " HOSTILE, "allow", "deny", "shop/unknown", "call evil()", "" },
};

static void judge(struct record *record, size_t i)
{
	struct slice rule = slice_of(JUDGEMENTS[i].rule), effect = slice_of(JUDGEMENTS[i].effect);
	const struct record_entry judgement = {
		.kind = RECORD_JUDGEMENT,
		.number = i + 1,
		.parent = 1,
		.time_ns = START_NS,
		.shape = slice_of(JUDGEMENTS[i].shape),
		.decision = slice_of(JUDGEMENTS[i].decision),
		.would_decide = slice_of(JUDGEMENTS[i].would),
		.reason = SLICE("rule"),
		.rules = &rule,
		.rule_count = 1,
		.effects = &effect,
		.effect_count = 1,
		.masked = slice_of(JUDGEMENTS[i].masked),
	};

	add(record, &judgement);
	add(record, &(struct record_entry){ .kind = RECORD_MISS,
					    .number = i + 1,
					    .parent = 3,
					    .time_ns = START_NS + i,
					    .judgement = i + 1 });
}

static void run_statement(struct record *record, size_t i, uint64_t sequence, bool ends)
{
	uint64_t time_ns = START_NS + 1000000u * sequence;
	bool is_refused = strcmp(JUDGEMENTS[i].decision, "deny") == 0;

	add(record, &(struct record_entry){ .kind = RECORD_INTENT,
					    .number = sequence,
					    .parent = 3,
					    .time_ns = time_ns,
					    .judgement = i + 1,
					    .slot = { .sequence = sequence,
						      .time_ns = time_ns,
						      .connection = 3,
						      .flags = is_refused ? RING_REFUSED : 0,
						      .intent = { .judgement = i + 1,
								  .text_bytes = 40,
								  .thread = 812 } } });
	if (ends)
		add(record,
		    &(struct record_entry){
			    .kind = RECORD_OUTCOME,
			    .number = sequence,
			    .parent = 3,
			    .time_ns = time_ns + 47000,
			    .slot = { .sequence = sequence + 1,
				      .time_ns = time_ns + 47000,
				      .connection = 3,
				      .status = is_refused,
				      .outcome = { .intent = sequence,
						   .rows = is_refused ? 0 : 3,
						   .bytes = 120,
						   .masked_cells = i == 0 ? 3 : 0,
						   /* 42501 */
						   .sqlstate = is_refused ? 16797828 : 0 } } });
}

static void write_entries(struct record *record)
{
	define(record, RECORD_BOOT, 0, 0, BOOT);
	define(record, RECORD_POLICY, 1, 0, POLICY);
	define(record, RECORD_RUN, 1, 0, RUN);
	define(record, RECORD_PROCESS, 2, 1, PROCESS);
	define(record, RECORD_CONNECTION, 3, 2, CONNECTION);
	if (record_flush(record) < 0)
		exit(3);
	for (size_t i = 0; i < COUNT_OF(JUDGEMENTS); i++)
		judge(record, i);
	run_statement(record, 0, 1, true);
	run_statement(record, 1, 3, true);
	/* The third was asked for and never reported; the fourth has no outcome. */
	run_statement(record, 3, 5, false);
	add(record, &(struct record_entry){ .kind = RECORD_NOTE,
					    .time_ns = START_NS + 900000000u,
					    .shape = SLICE("2 torn slots " HOSTILE) });
	add(record,
	    &(struct record_entry){ .kind = RECORD_END, .time_ns = START_NS + 1000000000u });
}

static int command_write(int argc, char **argv)
{
	struct error error = { .line = 0 };
	struct record *record;

	if (argc != 2 || record_open(argv[1], &record, &error) < 0)
		return 2;
	write_entries(record);
	record_close(record);
	return 0;
}

static const struct command COMMANDS[] = {
	{ "list", command_audit_list, NULL }, { "show", command_audit_show, NULL },
	{ "tail", command_audit_tail, NULL }, { "verify", command_audit_verify, NULL },
	{ "head", command_audit_head, NULL }, { "export", command_audit_export, NULL },
	{ "write", command_write, NULL },
};

const char command_program[] = "chaperone";

int main(int argc, char **argv)
{
	const struct command_table table = { COMMANDS, COUNT_OF(COMMANDS), "stand-in" };

	return command_dispatch(&table, argc, argv);
}
