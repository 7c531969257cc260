/* SPDX-License-Identifier: MIT */
#include "tools/chaperone/remote_program.h"

#include "tools/chaperone/beside.h"

/* Installed, or in the build folder. */
static const char *const PLACES[] = {
	"../lib/chaperone/chaperone-remote",
	"../lib/" MULTIARCH "/chaperone/chaperone-remote",
	"../remote/chaperone-remote",
};

int remote_program_find(char ret_path[PATH_MAX], struct error *error)
{
	return beside_find(PLACES, COUNT_OF(PLACES), ret_path, error);
}
