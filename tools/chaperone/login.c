/* SPDX-License-Identifier: MIT */
/* getpwuid_r, getgrouplist, getgrgid_r. */
#include "tools/chaperone/login.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>

#define ENTRY_MAX (64 * KIB) /* a group's entry holds its members */

int login_read(uid_t uid, struct login *ret_login)
{
	SCOPED(free_p) char *memory = malloc(ENTRY_MAX);
	struct passwd entry, *found = NULL;
	struct login login = { .group_count = 0 };

	if (!memory)
		return -ENOMEM;
	int code = getpwuid_r(uid, &entry, memory, ENTRY_MAX, &found);
	if (code && code != ENOENT && code != ESRCH)
		return -code;
	snprintf(login.name, sizeof(login.name), "%u", (unsigned)uid);
	if (found) {
		snprintf(login.name, sizeof(login.name), "%s", entry.pw_name);
		login.group_count = LOGIN_GROUPS_MAX;
		if (getgrouplist(entry.pw_name, entry.pw_gid, login.groups, &login.group_count) < 0)
			return -E2BIG;
	}
	*ret_login = login;
	return 0;
}

void login_group_name(gid_t gid, char ret_name[LOGIN_NAME_MAX])
{
	SCOPED(free_p) char *memory = malloc(ENTRY_MAX);
	struct group entry, *found = NULL;

	if (memory)
		(void)getgrgid_r(gid, &entry, memory, ENTRY_MAX, &found);
	if (found)
		snprintf(ret_name, LOGIN_NAME_MAX, "%s", entry.gr_name);
	else
		snprintf(ret_name, LOGIN_NAME_MAX, "%u", (unsigned)gid);
}
