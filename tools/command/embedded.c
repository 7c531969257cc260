/* SPDX-License-Identifier: MIT */
#include "tools/command/embedded.h"

#include <string.h>

struct slice embedded_find(const struct embedded *files, const char *name)
{
	while (files->name && strcmp(files->name, name) != 0)
		files++;
	return files->content;
}
