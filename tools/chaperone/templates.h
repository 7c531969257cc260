/* SPDX-License-Identifier: MIT */
/* The policies that `chaperone init` writes, as they stand in templates/. */
#ifndef TOOLS_CHAPERONE_TEMPLATES_H
#define TOOLS_CHAPERONE_TEMPLATES_H

#include "common/slice.h"

#define TEMPLATE_COUNT 3

struct template
{
	const char *name;
	struct slice policy, test;
};

extern const struct template TEMPLATES[TEMPLATE_COUNT];

#endif
