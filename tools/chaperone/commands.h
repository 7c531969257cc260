/* SPDX-License-Identifier: MIT */
/* Every command of the binary.  Each takes its own arguments, argv[0] being its full name, and
 * returns the exit status. */
#ifndef TOOLS_CHAPERONE_COMMANDS_H
#define TOOLS_CHAPERONE_COMMANDS_H

/* Any command of chaperone-remote's, under the name that argv[0] is; the other one refuses inside a
 * governed tree, for what is a person's to say. */
int command_remote(int argc, char **argv);
int command_remote_by_person(int argc, char **argv);

int command_run(int argc, char **argv);
int command_agent(int argc, char **argv);
int command_worker(int argc, char **argv);
int command_doctor(int argc, char **argv);
int command_init(int argc, char **argv);
int command_policy_check(int argc, char **argv);
int command_policy_test(int argc, char **argv);
int command_policy_explain(int argc, char **argv);
int command_policy_replay(int argc, char **argv);
int command_policy_schema(int argc, char **argv);
int command_policy_trust(int argc, char **argv);
int command_audit_list(int argc, char **argv);
int command_audit_show(int argc, char **argv);
int command_audit_tail(int argc, char **argv);
int command_audit_verify(int argc, char **argv);
int command_audit_export(int argc, char **argv);
int command_audit_head(int argc, char **argv);
int command_audit_prove(int argc, char **argv);
int command_audit_recover(int argc, char **argv);

#endif
