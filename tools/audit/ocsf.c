/* SPDX-License-Identifier: MIT */
/* Events as OCSF 1.8 Datastore Activity, with the profiles security_control and datetime
 * (schema.ocsf.io/1.8.0/classes/datastore_activity).  What the class has no place for is under
 * `unmapped`. */
#include "tools/audit/ocsf.h"

#include <string.h>

#include "common/sha256.h"
#include "tools/audit/json.h"

#define CLASS_UID      6005u
#define CATEGORY_UID   6u
#define SHAPE_ID_BYTES 8u /* of its SHA-256 */

struct normalised {
	uint64_t id;
	const char *text;
};

/* By the verb of the first effect, which is the deciding one. */
static const struct {
	const char *verb;
	struct normalised activity;
} ACTIVITIES[] = {
	{ "select", { 4, "Query" } },    { "copy-out", { 1, "Read" } },
	{ "insert", { 5, "Write" } },    { "copy-in", { 5, "Write" } },
	{ "update", { 2, "Update" } },   { "update-all", { 2, "Update" } },
	{ "merge", { 2, "Update" } },    { "alter", { 2, "Update" } },
	{ "delete", { 7, "Delete" } },   { "delete-all", { 7, "Delete" } },
	{ "truncate", { 7, "Delete" } }, { "drop", { 7, "Delete" } },
	{ "create", { 6, "Create" } },
};
static const struct normalised ACTIVITY_OTHER = { 99, "Other" };

static const struct normalised ACTION_ALLOWED = { 1, "Allowed" }, ACTION_DENIED = { 2, "Denied" },
			       ACTION_OBSERVED = { 3, "Observed" },
			       ACTION_MODIFIED = { 4, "Modified" },
			       ACTION_UNKNOWN = { 0, "Unknown" };
static const struct normalised DISPOSITION_ALLOWED = { 1, "Allowed" },
			       DISPOSITION_BLOCKED = { 2, "Blocked" },
			       DISPOSITION_APPROVED = { 8, "Approved" },
			       DISPOSITION_DELAYED = { 14, "Delayed" },
			       DISPOSITION_UNKNOWN = { 0, "Unknown" };

static void add_normalised(struct buf *out, const char *id_name, const char *name,
			   const struct normalised *value)
{
	json_number(out, id_name, value->id);
	json_text(out, name, slice_of(value->text));
}

static const struct normalised *activity_of(const struct audit_event *event)
{
	if (!event->judgement || event->judgement->effect_count == 0)
		return &ACTIVITY_OTHER;
	struct slice rest = event->judgement->effects[0];
	struct slice verb = slice_cut(&rest, ' ');
	for (size_t i = 0; i < COUNT_OF(ACTIVITIES); i++) {
		if (slice_is(verb, ACTIVITIES[i].verb))
			return &ACTIVITIES[i].activity;
	}
	return &ACTIVITY_OTHER;
}

static const struct normalised *action_of(const struct audit_event *event)
{
	if (!event->judgement)
		return &ACTION_UNKNOWN;
	if (audit_event_is_refused(event))
		return &ACTION_DENIED;
	if (event->end == AUDIT_END_KNOWN && event->outcome.outcome.masked_cells > 0)
		return &ACTION_MODIFIED;
	return strncmp(audit_event_verdict(event), "would-", 6) == 0 ? &ACTION_OBSERVED
								     : &ACTION_ALLOWED;
}

static const struct normalised *disposition_of(const struct audit_event *event)
{
	if (!event->judgement)
		return &DISPOSITION_UNKNOWN;
	bool needs_approval = slice_is(event->judgement->decision, "approve");
	if (audit_event_is_refused(event))
		return needs_approval ? &DISPOSITION_DELAYED : &DISPOSITION_BLOCKED;
	return needs_approval ? &DISPOSITION_APPROVED : &DISPOSITION_ALLOWED;
}

static void add_class(struct buf *out, const struct audit_event *event)
{
	static const struct normalised INFORMATIONAL = { 1, "Informational" },
				       MEDIUM = { 3, "Medium" };
	const struct normalised *activity = activity_of(event);

	add_normalised(out, "activity_id", "activity_name", activity);
	json_number(out, "category_uid", CATEGORY_UID);
	json_text(out, "category_name", SLICE("Application Activity"));
	json_number(out, "class_uid", CLASS_UID);
	json_text(out, "class_name", SLICE("Datastore Activity"));
	json_number(out, "type_uid", (uint64_t)CLASS_UID * 100 + activity->id);
	add_normalised(out, "severity_id", "severity",
		       audit_event_is_refused(event) ? &MEDIUM : &INFORMATIONAL);
	json_number(out, "time", event->time_ns / 1000000);
	audit_json_time(out, "time_dt", event->time_ns);
}

/* The id that the event has in its own record stays findable. */
static void add_uid(struct buf *out, const struct audit_event *event,
		    const struct ocsf_carrier *carrier)
{
	char id[AUDIT_ID_SIZE];

	audit_event_id(event, id);
	json_text(out, "uid", slice_of(carrier ? carrier->uid : id));
	if (!carrier)
		return;
	json_text(out, "original_event_uid", slice_of(id));
	json_text(out, "log_provider", slice_of(carrier->provider));
	json_number(out, "logged_time", carrier->logged_ns / 1000000);
	audit_json_time(out, "logged_time_dt", carrier->logged_ns);
}

static void add_metadata(struct buf *out, const struct audit_event *event,
			 const struct ocsf_carrier *carrier)
{
	struct slice version = audit_event_fact(event, "version");

	json_open(out, "metadata", '{');
	json_text(out, "version", SLICE("1.8.0"));
	json_open(out, "profiles", '[');
	json_text(out, NULL, SLICE("security_control"));
	json_text(out, NULL, SLICE("datetime"));
	json_close(out, ']');
	add_uid(out, event, carrier);
	if (event->kind == AUDIT_STATEMENT)
		json_number(out, "sequence", event->sequence);
	json_text_if(out, "correlation_uid", audit_event_fact(event, "run"));
	json_open(out, "product", '{');
	json_text(out, "name", SLICE("Chaperone"));
	json_text(out, "vendor_name", SLICE("Chaperone"));
	json_text_if(out, "version", version);
	json_close(out, '}');
	json_close(out, '}');
}

static void add_file(struct buf *out, const struct audit_event *event)
{
	struct slice path = audit_event_fact(event, "exe"),
		     hash = audit_event_fact(event, "exe_sha256");

	if (path.length == 0)
		return;
	json_open(out, "file", '{');
	json_text(out, "name", slice_file_name(path));
	json_text(out, "path", path);
	json_number(out, "type_id", 1);
	json_text(out, "type", SLICE("Regular File"));
	if (hash.length) {
		json_open(out, "hashes", '[');
		json_open(out, NULL, '{');
		json_number(out, "algorithm_id", 3);
		json_text(out, "algorithm", SLICE("SHA-256"));
		json_text(out, "value", hash);
		json_close(out, '}');
		json_close(out, ']');
	}
	json_close(out, '}');
}

static void add_process_user(struct buf *out, const struct audit_event *event)
{
	struct slice name = audit_event_fact(event, "user"), uid = audit_event_fact(event, "uid");

	if (name.length == 0 && uid.length == 0)
		return;
	json_open(out, "user", '{');
	json_text_if(out, "name", name);
	json_text_if(out, "uid", uid);
	json_close(out, '}');
}

/* The actor's user is the proven identity alone; the login stands with the process. */
static void add_actor(struct buf *out, const struct audit_event *event)
{
	const struct record_fact *subject = audit_event_find_fact(event, "subject");
	SCOPED(buf_done) struct buf uid = BUF_MAX(64);

	buf_printf(&uid, "%08llx-%x",
		   (unsigned long long)(event->process_number >> 32 ? event->process_number >> 32
								    : event->boot_number),
		   (unsigned)event->process_number);
	json_open(out, "actor", '{');
	if (subject && subject->mark == RECORD_PROVEN) {
		json_open(out, "user", '{');
		json_text(out, "name", subject->value);
		json_close(out, '}');
	}
	json_open(out, "process", '{');
	json_text(out, "uid", buf_view(&uid));
	json_digits_if(out, "pid", audit_event_fact(event, "pid"));
	json_text_if(out, "name", audit_event_fact(event, "argv0"));
	json_text_if(out, "working_directory", audit_event_fact(event, "cwd"));
	add_file(out, event);
	add_process_user(out, event);
	json_close(out, '}');
	json_close(out, '}');
}

static void add_endpoints(struct buf *out, const struct audit_event *event)
{
	struct slice host = audit_event_fact(event, "host"),
		     server = audit_event_fact(event, "server");

	json_open(out, "src_endpoint", '{');
	json_text(out, "hostname", host.length ? host : SLICE("unknown"));
	json_close(out, '}');
	if (server.length == 0)
		return;
	json_open(out, "dst_endpoint", '{');
	json_text(out, "hostname", server);
	json_digits_if(out, "port", audit_event_fact(event, "port"));
	json_close(out, '}');
}

static void add_database(struct buf *out, const struct audit_event *event)
{
	static const struct normalised RELATIONAL = { 1, "Relational" }, NOSQL = { 6, "NoSQL" };
	struct slice name = audit_event_fact(event, "database");
	bool is_documents = slice_is(audit_event_fact(event, "engine"), "mongodb");

	json_number(out, "type_id", 1);
	json_text(out, "type", SLICE("Database"));
	json_open(out, "database", '{');
	json_text(out, "name", name.length ? name : SLICE("unknown"));
	add_normalised(out, "type_id", "type", is_documents ? &NOSQL : &RELATIONAL);
	json_close(out, '}');
	if (!event->judgement || event->judgement->effect_count != 1)
		return;
	struct slice object = event->judgement->effects[0];
	slice_cut(&object, ' ');
	if (object.length == 0)
		return;
	json_open(out, "table", '{');
	json_text(out, "name", object);
	json_close(out, '}');
}

/* Equal for equal shapes, in every record. */
static void add_shape_id(struct buf *out, struct slice shape)
{
	SCOPED(buf_done) struct buf id = BUF_MAX(SHAPE_ID_BYTES * 2);
	unsigned char digest[SHA256_SIZE];

	sha256(shape.at, shape.length, digest);
	buf_add_hex(&id, digest, SHAPE_ID_BYTES);
	json_text(out, "uid", buf_view(&id));
}

static void add_query(struct buf *out, const struct audit_event *event)
{
	if (!event->judgement)
		return;
	json_open(out, "query_info", '{');
	json_text(out, "query_string", event->judgement->shape);
	add_shape_id(out, event->judgement->shape);
	if (event->kind == AUDIT_STATEMENT)
		json_number(out, "bytes", event->intent.intent.text_bytes);
	json_number(out, "query_time", event->time_ns / 1000000);
	json_close(out, '}');
}

static void add_policy(struct buf *out, const struct audit_event *event)
{
	struct slice name = audit_event_fact(event, "policy"),
		     version = audit_event_fact(event, "policy_version");

	if (!event->judgement)
		return;
	if (name.length == 0 && event->judgement->rule_count) {
		struct slice rest = event->judgement->rules[0];
		name = slice_cut(&rest, '/');
	}
	if (name.length == 0)
		return;
	json_open(out, "policy", '{');
	json_text(out, "name", name);
	json_text_if(out, "uid", audit_event_fact(event, "digest"));
	json_text_if(out, "version", version);
	json_bool(out, "is_applied", strncmp(audit_event_verdict(event), "would-", 6) != 0);
	json_close(out, '}');
}

static void add_authorizations(struct buf *out, const struct audit_event *event)
{
	if (!event->judgement || event->judgement->rule_count == 0)
		return;
	json_open(out, "authorizations", '[');
	for (size_t i = 0; i < event->judgement->rule_count; i++) {
		json_open(out, NULL, '{');
		json_text(out, "decision", event->judgement->decision);
		json_open(out, "policy", '{');
		json_text(out, "name", event->judgement->rules[i]);
		json_close(out, '}');
		json_close(out, '}');
	}
	json_close(out, ']');
}

static void add_status(struct buf *out, const struct audit_event *event)
{
	static const struct normalised SUCCESS = { 1, "Success" }, FAILURE = { 2, "Failure" },
				       UNKNOWN = { 0, "Unknown" };
	bool is_known = event->end == AUDIT_END_KNOWN,
	     failed = event->outcome.status != RING_STATUS_OK;
	const struct normalised *status = audit_event_is_refused(event) || (is_known && failed)
						  ? &FAILURE
					  : is_known ? &SUCCESS
						     : &UNKNOWN;
	char sqlstate[6];

	audit_event_sqlstate(event, sqlstate);
	add_normalised(out, "status_id", "status", status);
	json_text_if(out, "status_code", slice_of(sqlstate));
	if (is_known && event->end_time_ns >= event->time_ns)
		json_number(out, "duration", (event->end_time_ns - event->time_ns) / 1000000);
}

static void add_agent(struct buf *out, const struct audit_event *event)
{
	struct slice agent = audit_event_fact(event, "agent");

	if (agent.length == 0)
		return;
	json_open(out, "ai_agent", '{');
	json_text(out, "name", agent);
	json_close(out, '}');
}

static void add_counts(struct buf *out, const struct audit_event *event)
{
	if (event->end == AUDIT_END_KNOWN) {
		json_number(out, "rows", event->outcome.outcome.rows);
		json_number(out, "bytes", event->outcome.outcome.bytes);
		json_number(out, "masked_cells", event->outcome.outcome.masked_cells);
		json_number(out, "duration_ns",
			    event->end_time_ns >= event->time_ns
				    ? event->end_time_ns - event->time_ns
				    : 0);
	}
	if (event->kind == AUDIT_STATEMENT)
		json_text(out, "reported_by", SLICE("process"));
}

static void add_unmapped(struct buf *out, const struct audit_event *event)
{
	json_open(out, "unmapped", '{');
	json_text(out, "verdict", slice_of(audit_event_verdict(event)));
	if (event->judgement) {
		json_text_if(out, "reason", event->judgement->reason);
		json_text_if(out, "would_decide", event->judgement->would_decide);
		audit_json_texts(out, "effects", event->judgement->effects,
				 event->judgement->effect_count);
		json_text_if(out, "masked_columns", event->judgement->masked);
	}
	add_counts(out, event);
	add_agent(out, event);
	json_text_if(out, "assurance", audit_event_fact(event, "assurance"));
	audit_json_facts(out, "connection", event->connection);
	audit_json_facts(out, "process", event->process);
	audit_json_facts(out, "run", event->run);
	json_close(out, '}');
}

void ocsf_add_event(struct buf *out, const struct audit_event *event,
		    const struct ocsf_carrier *carrier)
{
	json_open(out, NULL, '{');
	add_class(out, event);
	add_metadata(out, event, carrier);
	add_status(out, event);
	add_actor(out, event);
	add_endpoints(out, event);
	add_database(out, event);
	add_query(out, event);
	add_normalised(out, "action_id", "action", action_of(event));
	add_normalised(out, "disposition_id", "disposition", disposition_of(event));
	add_policy(out, event);
	add_authorizations(out, event);
	add_unmapped(out, event);
	json_close(out, '}');
	json_end(out);
}
