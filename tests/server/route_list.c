/* SPDX-License-Identifier: MIT */
/* Prints the server's routes, one a line: method, path, callers in hexadecimal, the body's maximum, whether a lane
 * answers, and the scope in hexadecimal. */
#include <stdio.h>

#include "tools/command/command.h"
#include "tools/server/http/route.h"

const char command_program[] = "route_list";

int main(void)
{
	for (const struct route *route = ROUTES; route->method; route++)
		printf("%s %s %x %zu %d %x\n", route->method, route->path, route->callers,
		       route->body_max, route->lane != LANE_NONE, route->scope);
	return 0;
}
