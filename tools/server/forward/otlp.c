/* SPDX-License-Identifier: MIT */
/* Numbers of fields are those of opentelemetry/proto/{collector/logs,logs,common,resource}/v1. */
#include "tools/server/forward/otlp.h"

#include <ctype.h>
#include <string.h>

#include "tools/server/record/index_subject.h"
#include "tools/server/forward/protobuf.h"

enum request { REQUEST_RESOURCE_LOGS = 1 };
enum resource_logs { RESOURCE_LOGS_RESOURCE = 1, RESOURCE_LOGS_SCOPE_LOGS };
enum resource { RESOURCE_ATTRIBUTES = 1 };
enum scope_logs { SCOPE_LOGS_SCOPE = 1, SCOPE_LOGS_RECORDS };
enum scope { SCOPE_NAME = 1 };
enum log_record {
	RECORD_TIME_NS = 1,
	RECORD_SEVERITY = 2,
	RECORD_SEVERITY_TEXT = 3,
	RECORD_BODY = 5,
	RECORD_ATTRIBUTES = 6,
	RECORD_TRACE_ID = 9,
	RECORD_SPAN_ID = 10,
	RECORD_OBSERVED_NS = 11,
	RECORD_EVENT_NAME = 12,
};
enum key_value { KEY_VALUE_KEY = 1, KEY_VALUE_VALUE };
enum any_value { VALUE_TEXT = 1, VALUE_BOOL = 2, VALUE_NUMBER = 3, VALUE_LIST = 5 };
enum array_value { LIST_VALUES = 1 };
enum answer { ANSWER_PARTIAL_SUCCESS = 1 };
enum partial_success { PARTIAL_REJECTED = 1, PARTIAL_MESSAGE };

enum severity { SEVERITY_INFO = 9, SEVERITY_WARN = 13 };

#define SUMMARY_MAX   255u /* of db.query.summary */
#define OPERATION_MAX 32u

/* ---- attributes ---- */

/* A protobuf string is UTF-8. */
static void add_string(struct buf *out, unsigned int field, struct slice text)
{
	SCOPED(buf_done) struct buf plain = BUF_MAX(OTLP_TEXT_MAX);

	if (slice_is_utf8(text)) {
		protobuf_bytes(out, field, text);
		return;
	}
	subject_text(text, &plain);
	protobuf_bytes(out, field, buf_view(&plain));
}

struct places {
	size_t pair, value;
};

static struct places open_attribute(struct buf *out, unsigned int field, const char *key)
{
	struct places places = { .pair = protobuf_open(out, field) };

	protobuf_bytes(out, KEY_VALUE_KEY, slice_of(key));
	places.value = protobuf_open(out, KEY_VALUE_VALUE);
	return places;
}

static void close_attribute(struct buf *out, struct places places)
{
	protobuf_close(out, places.value);
	protobuf_close(out, places.pair);
}

/* Attributes without a value are left out. */
static void add_text(struct buf *out, unsigned int field, const char *key, struct slice text)
{
	if (text.length == 0)
		return;
	struct places places = open_attribute(out, field, key);
	add_string(out, VALUE_TEXT, text);
	close_attribute(out, places);
}

static void add_number(struct buf *out, const char *key, uint64_t number)
{
	struct places places = open_attribute(out, RECORD_ATTRIBUTES, key);

	protobuf_number(out, VALUE_NUMBER, number & INT64_MAX);
	close_attribute(out, places);
}

static void add_bool(struct buf *out, const char *key, bool is_true)
{
	struct places places = open_attribute(out, RECORD_ATTRIBUTES, key);

	protobuf_number(out, VALUE_BOOL, is_true);
	close_attribute(out, places);
}

static void add_list(struct buf *out, const char *key, const struct slice *texts, size_t count)
{
	struct places places = open_attribute(out, RECORD_ATTRIBUTES, key);
	size_t list = protobuf_open(out, VALUE_LIST);

	for (size_t i = 0; i < count; i++) {
		size_t value = protobuf_open(out, LIST_VALUES);

		add_string(out, VALUE_TEXT, texts[i]);
		protobuf_close(out, value);
	}
	protobuf_close(out, list);
	close_attribute(out, places);
}

static void add_digits(struct buf *out, const char *key, struct slice text)
{
	uint64_t number;

	if (slice_to_u64(text, &number) == 0)
		add_number(out, key, number);
}

/* ---- what a record says ---- */

/* The word in SQL: "delete-all" is a DELETE. */
static void add_operation(struct buf *out, struct slice effect)
{
	struct slice verb = slice_cut(&effect, ' '), word = slice_cut(&verb, '-');

	for (size_t i = 0; i < word.length && i < OPERATION_MAX; i++)
		buf_add_char(out, (char)toupper((unsigned char)word.at[i]));
}

static struct slice object_of(struct slice effect)
{
	slice_cut(&effect, ' ');
	return effect;
}

/* "SELECT public.orders INSERT public.log": whole words of what fits. */
static void add_summary(struct buf *out, const struct record_entry *judgement)
{
	SCOPED(buf_done) struct buf summary = BUF_MAX(OTLP_TEXT_MAX);

	for (size_t i = 0; i < judgement->effect_count; i++) {
		size_t before = summary.length;
		struct slice object = object_of(judgement->effects[i]);

		buf_add_text(&summary, before > 0 ? " " : "");
		add_operation(&summary, judgement->effects[i]);
		buf_add_text(&summary, object.length > 0 ? " " : "");
		buf_add_slice(&summary, object);
		if (summary.length > SUMMARY_MAX) {
			buf_truncate(&summary, before);
			break;
		}
	}
	add_text(out, RECORD_ATTRIBUTES, "db.query.summary", buf_view(&summary));
}

static void add_statement(struct buf *out, const struct record_entry *judgement)
{
	SCOPED(buf_done) struct buf operation = BUF_MAX(OPERATION_MAX);

	if (!judgement)
		return;
	if (judgement->effect_count > 0) {
		add_operation(&operation, judgement->effects[0]);
		add_text(out, RECORD_ATTRIBUTES, "db.operation.name", buf_view(&operation));
	}
	if (judgement->effect_count == 1)
		add_text(out, RECORD_ATTRIBUTES, "db.collection.name",
			 object_of(judgement->effects[0]));
	add_text(out, RECORD_ATTRIBUTES, "db.query.text", judgement->shape);
	add_summary(out, judgement);
	add_text(out, RECORD_ATTRIBUTES, "chaperone.reason", judgement->reason);
	if (judgement->rule_count > 0)
		add_list(out, "chaperone.rules", judgement->rules, judgement->rule_count);
}

static const struct {
	const char *key;
	const char *fact;
	bool is_number;
} FACTS[] = {
	{ "db.system.name", "engine", false },
	{ "db.namespace", "database", false },
	{ "server.address", "server", false },
	{ "server.port", "port", true },
	{ "user.name", "user", false },
	{ "process.pid", "pid", true },
	{ "process.executable.path", "exe", false },
	{ "gen_ai.agent.name", "agent", false },
	{ "chaperone.db_user", "db_user", false },
	{ "chaperone.run", "run", false },
	{ "chaperone.assurance", "assurance", false },
	{ "chaperone.policy.name", "policy", false },
	{ "chaperone.policy.version", "policy_version", false },
};

static void add_facts(struct buf *out, const struct audit_event *event)
{
	const struct record_fact *subject = audit_event_find_fact(event, "subject");

	for (size_t i = 0; i < COUNT_OF(FACTS); i++) {
		struct slice value = audit_event_fact(event, FACTS[i].fact);

		if (FACTS[i].is_number)
			add_digits(out, FACTS[i].key, value);
		else
			add_text(out, RECORD_ATTRIBUTES, FACTS[i].key, value);
	}
	if (subject && subject->mark == RECORD_PROVEN)
		add_text(out, RECORD_ATTRIBUTES, "enduser.id", subject->value);
}

static const char *error_type(const struct audit_event *event, const char *sqlstate)
{
	static const char *const TYPES[] = {
		[RING_STATUS_OK] = "",
		[RING_STATUS_ERROR] = "error",
		[RING_STATUS_CONNECTION] = "connection",
		[RING_STATUS_ABORTED] = "aborted",
	};

	if (audit_event_is_refused(event))
		return "refused";
	if (event->end != AUDIT_END_KNOWN)
		return event->end == AUDIT_END_LOST ? "lost" : "";
	if (event->outcome.status == RING_STATUS_ERROR && sqlstate[0])
		return sqlstate;
	return event->outcome.status < COUNT_OF(TYPES) ? TYPES[event->outcome.status] : "error";
}

static void add_end(struct buf *out, const struct audit_event *event)
{
	static const char *const ENDS[] = {
		[AUDIT_END_OPEN] = "open",
		[AUDIT_END_KNOWN] = "known",
		[AUDIT_END_LOST] = "lost",
	};
	char sqlstate[6];

	audit_event_sqlstate(event, sqlstate);
	add_text(out, RECORD_ATTRIBUTES, "db.response.status_code", slice_of(sqlstate));
	add_text(out, RECORD_ATTRIBUTES, "error.type", slice_of(error_type(event, sqlstate)));
	add_text(out, RECORD_ATTRIBUTES, "chaperone.outcome", slice_of(ENDS[event->end]));
	if (event->end != AUDIT_END_KNOWN)
		return;
	add_number(out, "chaperone.rows", event->outcome.outcome.rows);
	add_number(out, "chaperone.masked_cells", event->outcome.outcome.masked_cells);
	if (event->end_time_ns >= event->time_ns)
		add_number(out, "chaperone.duration_ns", event->end_time_ns - event->time_ns);
}

/* ---- the trace that the process is part of ---- */

static int digit_of(char c)
{
	const char *place = memchr("0123456789abcdef", c, 16);

	return place ? (int)(place - "0123456789abcdef") : -1;
}

/* An id of zeros is none (W3C Trace Context, 3.2.2.3). */
static void add_id(struct buf *out, unsigned int field, struct slice digits)
{
	char bytes[16] = { 0 };
	unsigned int any = 0;

	for (size_t i = 0; i < digits.length / 2 && i < sizeof(bytes); i++) {
		int high = digit_of(digits.at[2 * i]), low = digit_of(digits.at[2 * i + 1]);

		if (high < 0 || low < 0)
			return;
		bytes[i] = (char)(high << 4 | low);
		any |= (unsigned int)(high | low);
	}
	if (any)
		protobuf_bytes(out, field, (struct slice){ bytes, digits.length / 2 });
}

static void add_trace(struct buf *out, const struct audit_event *event)
{
	struct slice trace = audit_event_fact(event, "TRACEPARENT");

	if (trace.length != 55 || !slice_starts_with(trace, "00-"))
		return;
	add_id(out, RECORD_TRACE_ID, slice_part(trace, 3, 32));
	add_id(out, RECORD_SPAN_ID, slice_part(trace, 36, 16));
}

/* ---- records and whose they are ---- */

static void add_body(struct buf *out, struct slice body)
{
	size_t place = protobuf_open(out, RECORD_BODY);

	protobuf_bytes(out, VALUE_TEXT, body);
	protobuf_close(out, place);
}

static void add_record(struct buf *out, const struct audit_event *event,
		       const struct ocsf_carrier *carrier, struct slice body)
{
	bool is_refused = audit_event_is_refused(event);
	size_t place = protobuf_open(out, SCOPE_LOGS_RECORDS);

	protobuf_fixed64(out, RECORD_TIME_NS, event->time_ns);
	protobuf_number(out, RECORD_SEVERITY, is_refused ? SEVERITY_WARN : SEVERITY_INFO);
	protobuf_bytes(out, RECORD_SEVERITY_TEXT, is_refused ? SLICE("WARN") : SLICE("INFO"));
	add_body(out, body);
	add_text(out, RECORD_ATTRIBUTES, "log.record.uid", slice_of(carrier->uid));
	add_facts(out, event);
	add_statement(out, event->judgement);
	add_text(out, RECORD_ATTRIBUTES, "chaperone.verdict", slice_of(audit_event_verdict(event)));
	add_bool(out, "chaperone.refused", is_refused);
	add_end(out, event);
	add_trace(out, event);
	protobuf_fixed64(out, RECORD_OBSERVED_NS, carrier->logged_ns);
	protobuf_bytes(out, RECORD_EVENT_NAME,
		       event->kind == AUDIT_STATEMENT ? SLICE("chaperone.statement")
						      : SLICE("chaperone.question"));
	protobuf_close(out, place);
}

static void add_resource(struct buf *out, const struct audit_event *event, struct slice agent)
{
	add_text(out, RESOURCE_ATTRIBUTES, "service.name", SLICE("chaperone"));
	add_text(out, RESOURCE_ATTRIBUTES, "service.instance.id", agent);
	add_text(out, RESOURCE_ATTRIBUTES, "service.version", audit_event_fact(event, "version"));
	add_text(out, RESOURCE_ATTRIBUTES, "host.name", audit_event_fact(event, "host"));
}

static void close_resource(struct otlp *otlp)
{
	if (!otlp->is_open)
		return;
	protobuf_close(otlp->out, otlp->scope_place);
	protobuf_close(otlp->out, otlp->resource_place);
	otlp->is_open = false;
}

static void open_resource(struct otlp *otlp)
{
	struct buf *out = otlp->out;

	otlp->resource_place = protobuf_open(out, REQUEST_RESOURCE_LOGS);
	protobuf_bytes(out, RESOURCE_LOGS_RESOURCE, buf_view(&otlp->resource));
	otlp->scope_place = protobuf_open(out, RESOURCE_LOGS_SCOPE_LOGS);
	size_t scope = protobuf_open(out, SCOPE_LOGS_SCOPE);
	protobuf_bytes(out, SCOPE_NAME, SLICE("chaperone-server"));
	protobuf_close(out, scope);
	otlp->is_open = true;
}

/* Records that follow each other and are of one machine share their resource. */
void otlp_add_event(struct otlp *otlp, const struct audit_event *event, struct slice agent,
		    const struct ocsf_carrier *carrier, struct slice body)
{
	SCOPED(buf_done) struct buf resource = BUF_MAX(OTLP_TEXT_MAX);

	add_resource(&resource, event, agent);
	if (!otlp->is_open || !slice_equal(buf_view(&resource), buf_view(&otlp->resource))) {
		close_resource(otlp);
		buf_done(&otlp->resource);
		otlp->resource = resource;
		resource = (struct buf)BUF_MAX(0);
		open_resource(otlp);
	}
	add_record(otlp->out, event, carrier, body);
	if (otlp->resource.failed)
		otlp->out->failed = otlp->resource.failed;
}

void otlp_end(struct otlp *otlp)
{
	close_resource(otlp);
	buf_done(&otlp->resource);
}

/* ---- what is answered ---- */

static int read_partial(struct slice partial, uint64_t *ret_rejected, struct slice *ret_message)
{
	struct protobuf_field field;
	int r;

	while ((r = protobuf_next(&partial, &field)) == 1) {
		if (field.number == PARTIAL_REJECTED && field.is_number)
			*ret_rejected = field.value;
		else if (field.number == PARTIAL_MESSAGE && !field.is_number)
			*ret_message = field.bytes;
	}
	return r;
}

int otlp_read_answer(struct slice answer, uint64_t *ret_rejected, struct slice *ret_message)
{
	struct protobuf_field field;
	int r;

	*ret_rejected = 0;
	*ret_message = (struct slice){ "", 0 };
	while ((r = protobuf_next(&answer, &field)) == 1) {
		if (field.number == ANSWER_PARTIAL_SUCCESS && !field.is_number)
			r = read_partial(field.bytes, ret_rejected, ret_message);
		if (r < 0)
			return r;
	}
	return r;
}
