/* SPDX-License-Identifier: MIT */
#include "control/name.h"

#include <string.h>

#define SMALL  "abcdefghijklmnopqrstuvwxyz"
#define BIG    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

static bool is_made_of(struct slice name, const char *characters, size_t length_max)
{
	if (name.length == 0 || name.length > length_max)
		return false;
	for (size_t i = 0; i < name.length; i++) {
		if (!name.at[i] || !strchr(characters, name.at[i]))
			return false;
	}
	return true;
}

bool name_is_plain(struct slice name)
{
	return is_made_of(name, SMALL DIGITS ".-_", NAME_PLAIN_MAX) && strchr(SMALL, name.at[0]);
}

bool name_is_host(struct slice name)
{
	return is_made_of(name, SMALL BIG DIGITS ".-", NAME_HOST_MAX);
}
