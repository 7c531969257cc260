/* SPDX-License-Identifier: MIT */
/* The settings that a connection is made with (PGOPTIONS, options=), read as the server reads
 * them. */
#ifndef POLICY_ENGINE_STARTUP_H
#define POLICY_ENGINE_STARTUP_H

#include <stdbool.h>

#include "common/slice.h"

/* Texts that are longer are cut. */
struct startup_setting {
	char name[64]; /* lower case; a switch that is no setting's name as it stands: "-O" */
	char value[128];
};

/* Takes the next setting off the front of `options`.  False: there is none. */
bool startup_next(struct slice *options, struct startup_setting *ret_setting);

#endif
