/* SPDX-License-Identifier: MIT */
/* The chaperone binary: the table of its commands. */
#include "common/cleanup.h"
#include "tools/command/command.h"
#include "tools/chaperone/commands.h"

static const struct command COMMANDS[] = {
	{ "run", command_run,
	  "run a command with what it sends to databases judged, masked and recorded" },
	{ "agent", command_agent, "judge for this machine's programs, as a service" },
	{ "enroll", command_remote_by_person, "make this machine one of a server's" },
	{ "status", command_remote, "say who this machine is to its server" },
	{ "login", command_remote_by_person, "log a person in to the server" },
	{ "logout", command_remote, "end that" },
	{ "doctor", command_doctor, "say what is governed on this machine, and what is not" },
	{ "init", command_init, "write a first policy and its test" },
	{ "policy check", command_policy_check, "read policies and say what is wrong or doubtful" },
	{ "policy test", command_policy_test, "run the tests that stand beside policies" },
	{ "policy explain", command_policy_explain,
	  "say what a policy makes of a statement, and why" },
	{ "policy replay", command_policy_replay,
	  "say what a policy would have decided of what is on the record" },
	{ "policy schema", command_policy_schema, "print the JSON Schema, for editors" },
	{ "policy trust", command_policy_trust, "say that a policy found in a folder may be used" },
	{ "policy pull", command_remote, "get the newest policy from the server" },
	{ "policy push", command_remote_by_person, "make policies a draft on the server" },
	{ "policy sign", command_remote_by_person, "sign a draft with an author's key" },
	{ "policy log", command_remote, "list the versions on the server" },
	{ "policy diff", command_remote, "show what differs between versions" },
	{ "policy rollback", command_remote_by_person, "make an old version a new draft" },
	{ "policy keys", command_remote, "list the authors' keys that count" },
	{ "policy key-change", command_remote_by_person, "propose other authors' keys" },
	{ "policy key-sign", command_remote_by_person, "sign such a proposal" },
	{ "audit list", command_audit_list, "list what happened" },
	{ "audit show", command_audit_show, "show one event with all that is known of it" },
	{ "audit tail", command_audit_tail, "show the latest events, and follow" },
	{ "audit verify", command_audit_verify, "check that nothing in the record was changed" },
	{ "audit head", command_audit_head, "print the hash that stands for the whole record" },
	{ "audit prove", command_audit_prove, "prove that an event is in a server's log" },
	{ "audit recover", command_audit_recover,
	  "put on the record what a run could not at its end" },
	{ "audit deliver", command_remote, "send the record to the server" },
	{ "audit export", command_audit_export, "write the record as OCSF JSON lines or CSV" },
	{ "worker", command_worker, NULL },
};

const char command_program[] = "chaperone";

int main(int argc, char **argv)
{
	const struct command_table table = { COMMANDS, COUNT_OF(COMMANDS), CHAPERONE_VERSION };

	return command_dispatch(&table, argc, argv);
}
