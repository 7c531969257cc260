/* SPDX-License-Identifier: MIT */
/* Login names and their groups, as the name service knows them. */
#ifndef TOOLS_CHAPERONE_LOGIN_H
#define TOOLS_CHAPERONE_LOGIN_H

#include <stddef.h>
#include <sys/types.h>

#include "common/cleanup.h"

#define LOGIN_NAME_MAX   256
#define LOGIN_GROUPS_MAX 120

struct login {
	char name[LOGIN_NAME_MAX]; /* the number where the uid has no name */
	gid_t groups[LOGIN_GROUPS_MAX];
	int group_count; /* 0 where the uid has no name */
};

/* -E2BIG: in more groups than fit.  Other errors are the name service's. */
must_use int login_read(uid_t uid, struct login *ret_login);

/* The group's name, its number where it has none. */
void login_group_name(gid_t gid, char ret_name[LOGIN_NAME_MAX]);

#endif
