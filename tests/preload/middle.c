/* SPDX-License-Identifier: MIT */
/* A library between a plugin and the client library. */
#include "tests/preload/fakepq.h"
#include "tests/preload/plugin.h"

void middle_touch(void)
{
	(void)fakepq_plain();
}
