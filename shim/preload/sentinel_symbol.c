/* SPDX-License-Identifier: MIT */
/* The exported mark of every build; a source of the shared object itself, whose archives export
 * nothing. */
#include "shim/preload/sentinel.h"

__attribute__((visibility("default"))) void chaperone_shim_sentinel(void)
{
}
