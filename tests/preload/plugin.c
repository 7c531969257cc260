/* SPDX-License-Identifier: MIT */
/* The plugin; EARLY makes its constructor the first caller. */
#include "tests/preload/plugin.h"

#include <stddef.h>

#include "tests/preload/fakepq.h"

static const char *early;

struct plugin_answers plugin_answers(void)
{
#ifdef TRANSITIVE
	middle_touch();
#endif
	return (struct plugin_answers){ fakepq_identity(), fakepq_plain() };
}

#ifdef EARLY
__attribute__((constructor)) static void call_early(void)
{
	early = fakepq_identity();
}
#endif

const char *plugin_early_identity(void)
{
	return early;
}
