/* SPDX-License-Identifier: MIT */
/* An event of a record: what was asked, how it was judged, for whom, and how it ended. */
#ifndef TOOLS_AUDIT_EVENT_H
#define TOOLS_AUDIT_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/record.h"
#include "common/record_format.h"

enum audit_kind {
	AUDIT_STATEMENT, /* an intent, with its outcome where there is one */
	AUDIT_ASKED,     /* the agent was asked, and the process reported no intent */
	AUDIT_NOTE,
};

enum audit_end {
	AUDIT_END_OPEN, /* no outcome in the record */
	AUDIT_END_KNOWN,
	AUDIT_END_LOST,
};

/* One event.  Definitions are borrowed from the audit_events and may be NULL where the record has
 * none. */
struct audit_event {
	enum audit_kind kind;
	enum audit_end end;
	uint64_t boot_number, process_number, connection_number, judgement_number;
	uint64_t sequence; /* of the intent in its ring */
	uint64_t time_ns;  /* CLOCK_REALTIME of the intent, question or note */
	uint64_t end_time_ns;
	struct ring_slot intent;
	struct ring_slot outcome;
	const struct record_entry *boot, *policy, *run, *process, *connection, *judgement;
	const struct record_entry *note;
	char file[RECORD_NAME_SIZE];     /* of the intent */
	uint64_t offset;                 /* of its batch */
	unsigned char head[SHA256_SIZE]; /* of the chain after that batch */
};

#define AUDIT_ID_SIZE 64

/* "01930c7e-2-1f": boot, process and sequence in hexadecimal; "01930c7e-j5a" for what has no
 * intent: the judgement; "01930c7e-n1c9b…" for a note: its time, folded. */
void audit_event_id(const struct audit_event *event, char ret_id[AUDIT_ID_SIZE]);

/* Whether `id` names the event: its own id, or "01930c7e-5a" as refusals show it: boot and
 * judgement. */
bool audit_event_is(const struct audit_event *event, const char *id);

/* The fact `name` of the connection, process, run, policy or boot, whichever has it first; empty:
 * none has. */
struct slice audit_event_fact(const struct audit_event *event, const char *name);

/* As audit_event_fact, with its mark; NULL: none has it. */
const struct record_fact *audit_event_find_fact(const struct audit_event *event, const char *name);

/* Who: "refund-bot for anna", "anna"; appended raw. */
void audit_event_who(const struct audit_event *event, struct buf *out);

/* "allow", "deny", "approve", "would-deny", "would-approve", or "unknown" without a judgement. */
const char *audit_event_verdict(const struct audit_event *event);

bool audit_event_is_refused(const struct audit_event *event);

/* The SQLSTATE of the outcome; "" for none. */
void audit_event_sqlstate(const struct audit_event *event, char ret_sqlstate[6]);

/* Gives what the record defines under a number; NULL: nothing that is known. */
typedef const struct record_entry *audit_definition_fn(void *context, enum record_kind kind,
						       uint64_t number);

/* Fills the definitions of an event whose numbers are set, and the number of its process. */
void audit_event_define(struct audit_event *event, audit_definition_fn *find, void *context);

#endif
