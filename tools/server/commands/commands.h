/* SPDX-License-Identifier: MIT */
/* Every command of the server's binary; as tools/chaperone/commands.h. */
#ifndef TOOLS_SERVER_COMMANDS_COMMANDS_H
#define TOOLS_SERVER_COMMANDS_COMMANDS_H

int command_init(int argc, char **argv);
int command_code(int argc, char **argv);
int command_run(int argc, char **argv);
int command_agent_list(int argc, char **argv);
int command_agent_revoke(int argc, char **argv);
int command_user_add(int argc, char **argv);
int command_user_list(int argc, char **argv);
int command_user_role(int argc, char **argv);
int command_user_password(int argc, char **argv);
int command_user_disable(int argc, char **argv);
int command_user_enable(int argc, char **argv);
int command_user_key(int argc, char **argv);
int command_user_key_revoke(int argc, char **argv);
int command_group_add(int argc, char **argv);
int command_group_remove(int argc, char **argv);
int command_group_list(int argc, char **argv);
int command_group_member_add(int argc, char **argv);
int command_group_member_remove(int argc, char **argv);
int command_token_make(int argc, char **argv);
int command_token_list(int argc, char **argv);
int command_token_revoke(int argc, char **argv);
int command_setting_list(int argc, char **argv);
int command_setting_set(int argc, char **argv);
int command_log(int argc, char **argv);
int command_check(int argc, char **argv);
int command_backup(int argc, char **argv);
int command_worker(int argc, char **argv);
int command_export(int argc, char **argv);
int command_forward_add(int argc, char **argv);
int command_forward_list(int argc, char **argv);
int command_forward_remove(int argc, char **argv);
int command_forward_pause(int argc, char **argv);
int command_forward_resume(int argc, char **argv);
int command_forward_take_over(int argc, char **argv);
int command_forward_test(int argc, char **argv);
int command_move(int argc, char **argv);
int command_replica(int argc, char **argv);
int command_retain(int argc, char **argv);
int command_index_rebuild(int argc, char **argv);

#endif
