/* SPDX-License-Identifier: MIT */
/* Every command that talks to the server; as tools/chaperone/commands.h. */
#ifndef TOOLS_REMOTE_COMMANDS_H
#define TOOLS_REMOTE_COMMANDS_H

int command_audit_deliver(int argc, char **argv);
int command_enroll(int argc, char **argv);
int command_login(int argc, char **argv);
int command_logout(int argc, char **argv);
int command_policy_keys(int argc, char **argv);
int command_policy_key_change(int argc, char **argv);
int command_policy_key_sign(int argc, char **argv);
int command_policy_pull(int argc, char **argv);
int command_policy_push(int argc, char **argv);
int command_policy_sign(int argc, char **argv);
int command_policy_log(int argc, char **argv);
int command_policy_diff(int argc, char **argv);
int command_policy_rollback(int argc, char **argv);
int command_status(int argc, char **argv);

#endif
