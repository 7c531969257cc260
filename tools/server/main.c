/* SPDX-License-Identifier: MIT */
/* The chaperone-server binary: the table of its commands. */
#include "common/cleanup.h"
#include "tools/command/command.h"
#include "tools/server/commands/commands.h"

static const struct command COMMANDS[] = {
	{ "init", command_init,
	  "make a server: its keys, its certificate, its first administrator" },
	{ "run", command_run, "serve" },
	{ "code", command_code, "make a code with which one machine enrols" },
	{ "agent list", command_agent_list, "list the machines that are enrolled" },
	{ "agent revoke", command_agent_revoke, "answer a machine no more" },
	{ "user add", command_user_add, "add an account" },
	{ "user list", command_user_list, "list accounts and their author keys" },
	{ "user role", command_user_role, "give an account another role" },
	{ "user password", command_user_password, "give an account another password" },
	{ "user disable", command_user_disable, "let nobody use an account any more" },
	{ "user enable", command_user_enable, "let an account be used again" },
	{ "user key", command_user_key, "let an account sign policies with a key" },
	{ "user key-revoke", command_user_key_revoke, "count nothing that a key signed" },
	{ "group add", command_group_add, "add a group of accounts" },
	{ "group remove", command_group_remove, "take a group away" },
	{ "group list", command_group_list, "list groups and their members" },
	{ "group member-add", command_group_member_add, "make an account a member of a group" },
	{ "group member-remove", command_group_member_remove, "take an account out of a group" },
	{ "token make", command_token_make, "make a token for a program" },
	{ "token list", command_token_list, "list the tokens of programs" },
	{ "token revoke", command_token_revoke, "end a token" },
	{ "setting list", command_setting_list, "list the settings" },
	{ "setting set", command_setting_set, "change a setting" },
	{ "log", command_log, "show who did what to the server" },
	{ "forward add", command_forward_add, "send the record to one more receiver" },
	{ "forward list", command_forward_list,
	  "list the receivers, and how far each has the record" },
	{ "forward remove", command_forward_remove, "send a receiver nothing more" },
	{ "forward pause", command_forward_pause, "send a receiver nothing for now" },
	{ "forward resume", command_forward_resume, "send on to a receiver" },
	{ "forward take-over", command_forward_take_over,
	  "send on what came to a server that is gone" },
	{ "forward test", command_forward_test, "send a receiver a request without events" },
	{ "check", command_check, "say whether the server's folder is whole" },
	{ "export", command_export, "write the record to a file that can be verified anywhere" },
	{ "retain", command_retain, "let go of what machines delivered long ago" },
	{ "index rebuild", command_index_rebuild,
	  "make what is searched again from what was delivered" },
	{ "backup", command_backup, "copy the server's folder, while it serves" },
	{ "move", command_move, "bring everything from SQLite to PostgreSQL" },
	{ "replica", command_replica, "make the folder of one more server for the same database" },
	{ "worker", command_worker, NULL },
};

const char command_program[] = "chaperone-server";

int main(int argc, char **argv)
{
	const struct command_table table = { COMMANDS, COUNT_OF(COMMANDS), CHAPERONE_VERSION };

	return command_dispatch(&table, argc, argv);
}
