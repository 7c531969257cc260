/* SPDX-License-Identifier: MIT */
/* What can be said of one event: its id, who it was, how it was judged. */
#include "tools/audit/event.h"

#include <stdio.h>
#include <string.h>

#include "common/record_verdict.h"

/* "BOOT-NUMBER" of a number that carries its boot in the upper half, or belongs to the event's. */
static int print_number(char *out, size_t size, const struct audit_event *event, const char *prefix,
			uint64_t number)
{
	return snprintf(out, size, "%08llx-%s%llx",
			(unsigned long long)(number >> 32 ? number >> 32 : event->boot_number),
			prefix, (unsigned long long)(uint32_t)number);
}

void audit_event_id(const struct audit_event *event, char ret_id[AUDIT_ID_SIZE])
{
	if (event->kind == AUDIT_STATEMENT) {
		int length = print_number(ret_id, AUDIT_ID_SIZE, event, "", event->process_number);

		snprintf(ret_id + length, AUDIT_ID_SIZE - (size_t)length, "-%llx",
			 (unsigned long long)event->sequence);
	} else if (event->kind == AUDIT_ASKED) {
		print_number(ret_id, AUDIT_ID_SIZE, event, "j", event->judgement_number);
	} else {
		snprintf(ret_id, AUDIT_ID_SIZE, "%08llx-n%08x",
			 (unsigned long long)event->boot_number,
			 (unsigned)(event->time_ns ^ event->time_ns >> 32));
	}
}

bool audit_event_is(const struct audit_event *event, const char *id)
{
	char own[AUDIT_ID_SIZE];

	audit_event_id(event, own);
	if (strcmp(own, id) == 0)
		return true;
	if (event->kind == AUDIT_NOTE)
		return false;
	print_number(own, sizeof(own), event, "", event->judgement_number);
	return strcmp(own, id) == 0;
}

const struct record_fact *audit_event_find_fact(const struct audit_event *event, const char *name)
{
	const struct record_entry *const holders[] = { event->connection, event->process,
						       event->run, event->policy, event->boot };

	for (size_t i = 0; i < COUNT_OF(holders); i++) {
		for (size_t k = 0; holders[i] && k < holders[i]->fact_count; k++) {
			if (slice_is(holders[i]->facts[k].name, name))
				return &holders[i]->facts[k];
		}
	}
	return NULL;
}

struct slice audit_event_fact(const struct audit_event *event, const char *name)
{
	const struct record_fact *fact = audit_event_find_fact(event, name);

	return fact ? fact->value : (struct slice){ NULL, 0 };
}

void audit_event_who(const struct audit_event *event, struct buf *out)
{
	static const char *const PEOPLE[] = { "subject", "person", "as", "user" };
	struct slice agent = audit_event_fact(event, "agent"), person = { NULL, 0 };

	for (size_t i = 0; i < COUNT_OF(PEOPLE) && person.length == 0; i++)
		person = audit_event_fact(event, PEOPLE[i]);
	buf_add_slice(out, agent);
	if (agent.length && person.length)
		buf_add_text(out, " for ");
	buf_add_slice(out, person);
}

const char *audit_event_verdict(const struct audit_event *event)
{
	const struct record_entry *judgement = event->judgement;

	if (!judgement)
		return event->kind == AUDIT_NOTE ? "note" : "unknown";
	return record_verdict(judgement);
}

bool audit_event_is_refused(const struct audit_event *event)
{
	if (event->kind == AUDIT_STATEMENT)
		return (event->intent.flags & RING_REFUSED) != 0;
	return event->kind == AUDIT_ASKED && event->judgement &&
	       !slice_is(event->judgement->decision, "allow");
}

/* As the server's MAKE_SQLSTATE packs it (src/include/utils/elog.h): six bits a character, from '0'
 * on. */
void audit_event_sqlstate(const struct audit_event *event, char ret_sqlstate[6])
{
	uint32_t packed = event->end == AUDIT_END_KNOWN ? event->outcome.outcome.sqlstate : 0;

	for (size_t i = 0; i < 5; i++) {
		ret_sqlstate[i] = packed ? (char)('0' + (packed & 0x3f)) : '\0';
		packed = i < 4 ? packed >> 6 : packed;
	}
	ret_sqlstate[5] = '\0';
}

void audit_event_define(struct audit_event *event, audit_definition_fn *find, void *context)
{
	event->boot = find(context, RECORD_BOOT, 0);
	event->judgement = find(context, RECORD_JUDGEMENT, event->judgement_number);
	event->connection = find(context, RECORD_CONNECTION, event->connection_number);
	if (event->judgement)
		event->policy = find(context, RECORD_POLICY, event->judgement->parent);
	if (event->connection)
		event->process_number = event->connection->parent;
	else if (event->kind == AUDIT_NOTE)
		/* a note's parent may be either */
		event->process_number = event->connection_number;
	event->process = find(context, RECORD_PROCESS, event->process_number);
	if (event->process)
		event->run = find(context, RECORD_RUN, event->process->parent);
}
