/* SPDX-License-Identifier: MIT */
/* The facts that the agent wrote of a process and a connection, read back. */
#include "tools/chaperone/replay_caller.h"

#include <errno.h>
#include <string.h>

#include "tools/chaperone/fact_list.h"

/* What callers and addresses are made of. */
static const char *const CONTEXT[] = { "as",         "user",    "groups", "exe",
				       "agent",      "ci",      "tty",    "parents-agent",
				       "unreadable", "server",  "port",   "address",
				       "database",   "db_user", "engine", "server_version" };

void replay_context_add(const struct audit_event *event, struct buf *out)
{
	for (size_t i = 0; i < COUNT_OF(CONTEXT); i++) {
		struct slice value = audit_event_fact(event, CONTEXT[i]);

		buf_add_u32(out, (uint32_t)value.length);
		buf_add_slice(out, value);
	}
}

struct session_address replay_address(const struct audit_event *event)
{
	const struct slice none = { NULL, 0 }, host = audit_event_fact(event, "server");
	bool is_socket = host.length > 0 && host.at[0] == '/';
	uint64_t port = 0;

	if (slice_to_u64(audit_event_fact(event, "port"), &port) < 0 || port > UINT16_MAX)
		port = 0;
	return (struct session_address){
		.engine = ENGINE_POSTGRES,
		.host = is_socket ? none : host,
		.host_address = audit_event_fact(event, "address"),
		.socket = is_socket ? host : none,
		.port = (uint16_t)port,
		.database = audit_event_fact(event, "database"),
		.user = audit_event_fact(event, "db_user"),
	};
}

struct reading {
	const struct audit_event *event;
	struct arena *memory;
	struct caller *caller;
};

static int add(const struct reading *reading, enum caller_fact_name name, enum caller_mark mark,
	       struct slice value)
{
	if (value.length == 0)
		return 0;
	const char *text = arena_text(reading->memory, value);

	return text ? caller_add(reading->caller, name, mark, text) : -ENOMEM;
}

static bool has(const struct reading *reading, const char *name)
{
	return audit_event_fact(reading->event, name).length > 0;
}

static int add_exe(const struct reading *reading)
{
	static const char DELETED[] = " (deleted)";
	struct slice exe = audit_event_fact(reading->event, "exe");

	if (slice_ends_with(exe, DELETED))
		exe = slice_part(exe, 0, exe.length - strlen(DELETED));
	return add(reading, FACT_EXE, MARK_OBSERVED, exe);
}

/* As provenance_read concludes it. */
static int add_kind(const struct reading *reading)
{
	struct slice unreadable = audit_event_fact(reading->event, "unreadable");

	if (has(reading, "agent") || has(reading, "parents-agent"))
		return add(reading, FACT_KIND, MARK_CLAIMED, SLICE("agent"));
	if (unreadable.length && memmem(unreadable.at, unreadable.length, "environ", 7))
		return 0;
	if (has(reading, "ci"))
		return add(reading, FACT_KIND, MARK_OBSERVED, SLICE("job"));
	return has(reading, "tty") ? add(reading, FACT_KIND, MARK_OBSERVED, SLICE("person")) : 0;
}

static bool rules_ask_for_groups(const struct policy *policy)
{
	for (size_t i = 0; i < policy->person_count; i++) {
		if (policy->people[i].who.group.count > 0)
			return true;
	}
	for (size_t i = 0; i < policy->rule_count; i++) {
		const struct policy_rule *rule = &policy->rules[i];

		if ((rule->for_whom.who && rule->for_whom.who->group.count > 0) ||
		    (rule->except.who && rule->except.who->group.count > 0))
			return true;
	}
	return false;
}

static int add_groups(const struct reading *reading, const struct policy *policy)
{
	struct slice groups = audit_event_fact(reading->event, "groups");
	int r = 0;

	/* one of that length may be cut */
	if (groups.length == 0 || groups.length >= FACT_VALUE_MAX)
		return rules_ask_for_groups(policy) ? -ENODATA : 0;
	while (groups.length > 0 && r == 0)
		r = add(reading, FACT_GROUP, MARK_OBSERVED, slice_cut(&groups, ','));
	return r;
}

static int add_declared(const struct reading *reading, const struct policy *policy)
{
	struct slice as = audit_event_fact(reading->event, "as");
	const char *name = as.length ? arena_text(reading->memory, as) : "";

	if (!name)
		return -ENOMEM;
	return name[0] ? caller_declare(reading->caller, policy, name) : 0;
}

int replay_caller_read(const struct audit_event *event, const struct policy *policy,
		       struct arena *memory, struct caller *ret_caller)
{
	const struct reading reading = { event, memory, ret_caller };

	ret_caller->count = 0;
	if (!event->process || !event->connection)
		return -ENODATA;
	int r = add(&reading, FACT_USER, MARK_OBSERVED, audit_event_fact(event, "user"));
	if (r == 0)
		r = add_groups(&reading, policy);
	if (r == 0)
		r = add_exe(&reading);
	if (r == 0)
		r = add_kind(&reading);
	if (r == 0)
		r = add_declared(&reading, policy);
	return r < 0 ? r
		     : add(&reading, FACT_DB_USER, MARK_OBSERVED,
			   audit_event_fact(event, "db_user"));
}
