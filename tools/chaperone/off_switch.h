/* SPDX-License-Identifier: MIT */
/* The file of root's that ends all enforcement on a machine (decisions.md 2). */
#ifndef TOOLS_CHAPERONE_OFF_SWITCH_H
#define TOOLS_CHAPERONE_OFF_SWITCH_H

#include <stdbool.h>

#define OFF_SWITCH "/etc/chaperone/off"

bool off_switch_is_on(void);

#endif
