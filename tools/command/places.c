/* SPDX-License-Identifier: MIT */
/* The folders of records and rings, from options, the environment and the home. */
#include "tools/command/places.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/command/home.h"

static int copy(const char *from, const char *below, char ret_path[PATH_MAX])
{
	int n = snprintf(ret_path, PATH_MAX, "%s%s%s", from, below[0] ? "/" : "", below);

	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

int place_of_record(const char *option, char ret_path[PATH_MAX], struct error *error)
{
	const char *given = option ? option : getenv("CHAPERONE_RECORD");
	int r;

	if (given && given[0])
		r = copy(given, "", ret_path);
	else
		r = home_state_path("chaperone/record", ret_path, PATH_MAX);
	return r < 0 ? error_system(error, r, "the record's folder") : 0;
}

int place_of_rings(char ret_path[PATH_MAX], struct error *error)
{
	const char *runtime = home_xdg("XDG_RUNTIME_DIR");
	int r = runtime ? copy(runtime, "chaperone", ret_path)
			: home_path(".local/state/chaperone", ret_path, PATH_MAX);

	return r < 0 ? error_system(error, r, "the folder for sockets and rings") : 0;
}
