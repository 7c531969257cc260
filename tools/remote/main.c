/* SPDX-License-Identifier: MIT */
/* The commands of chaperone that talk to the server.  They are a program of their own because libcurl and what it
 * brings take five times as long to load as all the rest, which every run would pay for. */
#include "common/cleanup.h"
#include "tools/command/command.h"
#include "tools/remote/commands.h"

static const struct command COMMANDS[] = {
	{ "enroll", command_enroll, "make this machine one of a server's" },
	{ "login", command_login, "log a person in to the server" },
	{ "logout", command_logout, "end that" },
	{ "policy pull", command_policy_pull, "get the newest policy from the server" },
	{ "policy push", command_policy_push, "make policies a draft on the server" },
	{ "policy sign", command_policy_sign, "sign a draft with an author's key" },
	{ "policy log", command_policy_log, "list the versions on the server" },
	{ "policy diff", command_policy_diff, "show what differs between versions" },
	{ "policy rollback", command_policy_rollback, "make an old version a new draft" },
	{ "policy keys", command_policy_keys, "list the authors' keys that count" },
	{ "policy key-change", command_policy_key_change, "propose other authors' keys" },
	{ "policy key-sign", command_policy_key_sign, "sign such a proposal" },
	{ "audit deliver", command_audit_deliver, "send the record to the server" },
	{ "status", command_status, "say who this machine is to its server" },
};

const char command_program[] = "chaperone"; /* which starts this one */

int main(int argc, char **argv)
{
	const struct command_table table = { COMMANDS, COUNT_OF(COMMANDS), CHAPERONE_VERSION };

	return command_dispatch(&table, argc, argv);
}
