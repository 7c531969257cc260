/* SPDX-License-Identifier: MIT */
/* One event as one JSON object, as list, show and tail print it with --json. */
#include "tools/chaperone/audit_json.h"

#include "tools/audit/json.h"
#include "tools/chaperone/audit_print.h"

static void add_judgement(struct buf *out, const struct audit_event *event)
{
	const struct record_entry *judgement = event->judgement;

	json_text(out, "verdict", slice_of(audit_event_verdict(event)));
	json_bool(out, "refused", audit_event_is_refused(event));
	if (!judgement)
		return;
	json_number(out, "judgement", event->judgement_number);
	json_text(out, "decision", judgement->decision);
	json_text_if(out, "would_decide", judgement->would_decide);
	json_text_if(out, "reason", judgement->reason);
	audit_json_texts(out, "rules", judgement->rules, judgement->rule_count);
	audit_json_texts(out, "effects", judgement->effects, judgement->effect_count);
	json_text_if(out, "masked", judgement->masked);
	json_text(out, "statement", judgement->shape);
}

static void add_outcome(struct buf *out, const struct audit_event *event)
{
	static const char *const ENDS[] = {
		[AUDIT_END_OPEN] = "open",
		[AUDIT_END_KNOWN] = "known",
		[AUDIT_END_LOST] = "lost",
	};
	static const char *const STATUSES[] = {
		[RING_STATUS_OK] = "ok",
		[RING_STATUS_ERROR] = "error",
		[RING_STATUS_CONNECTION] = "connection",
		[RING_STATUS_ABORTED] = "aborted",
	};
	const struct ring_slot *slot = &event->outcome;
	char sqlstate[6];

	json_text(out, "outcome", slice_of(ENDS[event->end]));
	if (event->end != AUDIT_END_KNOWN)
		return;
	audit_event_sqlstate(event, sqlstate);
	json_text(out, "status",
		  slice_of(slot->status < COUNT_OF(STATUSES) ? STATUSES[slot->status] : "unknown"));
	json_text_if(out, "sqlstate", slice_of(sqlstate));
	json_number(out, "rows", slot->outcome.rows);
	json_number(out, "bytes", slot->outcome.bytes);
	json_number(out, "masked_cells", slot->outcome.masked_cells);
	if (event->end_time_ns >= event->time_ns)
		json_number(out, "duration_ns", event->end_time_ns - event->time_ns);
}

static void add_intent(struct buf *out, const struct audit_event *event)
{
	const struct ring_slot *slot = &event->intent;

	json_number(out, "sequence", event->sequence);
	json_number(out, "text_bytes", slot->intent.text_bytes);
	json_number(out, "parameters", slot->intent.parameters);
	json_number(out, "thread", slot->intent.thread);
	/* Only the process can know these; the agent vouches for their receipt (security.md 11). */
	json_text(out, "reported_by", SLICE("process"));
	add_outcome(out, event);
}

static void add_who(struct buf *out, const struct audit_event *event)
{
	static const char *const FACTS[] = { "user",    "agent", "database", "server",   "port",
					     "db_user", "run",   "host",     "assurance" };
	SCOPED(buf_done) struct buf who = BUF_MAX(AUDIT_LINE_MAX);

	audit_event_who(event, &who);
	json_text(out, "who", buf_view(&who));
	for (size_t i = 0; i < COUNT_OF(FACTS); i++)
		json_text_if(out, FACTS[i], audit_event_fact(event, FACTS[i]));
}

static void add_event(struct buf *out, const struct audit_event *event)
{
	static const char *const KINDS[] = {
		[AUDIT_STATEMENT] = "statement",
		[AUDIT_ASKED] = "asked",
		[AUDIT_NOTE] = "note",
	};
	char id[AUDIT_ID_SIZE];

	audit_event_id(event, id);
	json_text(out, "event", slice_of(id));
	json_text(out, "kind", slice_of(KINDS[event->kind]));
	audit_json_time(out, "time", event->time_ns);
	add_who(out, event);
	if (event->kind == AUDIT_NOTE) {
		if (event->process)
			json_number(out, "process", event->process_number);
		json_text(out, "text", event->note->shape);
		return;
	}
	json_number(out, "process", event->process_number);
	json_number(out, "connection", event->connection_number);
	add_judgement(out, event);
	if (event->kind == AUDIT_STATEMENT)
		add_intent(out, event);
}

void audit_add_json_event(struct buf *out, const struct audit_event *event)
{
	json_open(out, NULL, '{');
	add_event(out, event);
	json_close(out, '}');
	json_end(out);
}

static void add_provenance(struct buf *out, const struct audit_event *event)
{
	json_open(out, "facts", '{');
	audit_json_facts(out, "connection", event->connection);
	audit_json_facts(out, "process", event->process);
	audit_json_facts(out, "run", event->run);
	audit_json_facts(out, "policy", event->policy);
	audit_json_facts(out, "boot", event->boot);
	json_close(out, '}');
}

void audit_add_json_full(struct buf *out, const struct audit_event *event)
{
	json_open(out, NULL, '{');
	add_event(out, event);
	add_provenance(out, event);
	json_open(out, "chain", '{');
	json_text(out, "file", slice_of(event->file));
	json_number(out, "offset", event->offset);
	buf_add_text(out, "\"head\":\"");
	buf_add_hex(out, event->head, SHA256_SIZE);
	buf_add_text(out, "\",");
	json_close(out, '}');
	json_close(out, '}');
	json_end(out);
}
