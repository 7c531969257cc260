/* SPDX-License-Identifier: MIT */
#include "tools/command/beside.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

int beside_find(const char *const *places, size_t count, char ret_path[PATH_MAX],
		struct error *error)
{
	char self[PATH_MAX], candidate[PATH_MAX + 64];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (length < 0)
		return error_system(error, -errno, "/proc/self/exe");
	self[length] = '\0';
	char *slash = strrchr(self, '/');
	if (slash)
		*slash = '\0';
	for (size_t i = 0; i < count; i++) {
		snprintf(candidate, sizeof(candidate), "%s/%s", self, places[i]);
		if (realpath(candidate, ret_path))
			return 0;
	}
	return error_set(error, -ENOENT, "%s is not beside %s nor installed; install it again",
			 last_part(places[0]), self);
}
