/* SPDX-License-Identifier: MIT */
/* What hosts, accounts and bundles may be called. */
#ifndef CONTROL_NAME_H
#define CONTROL_NAME_H

#include "common/slice.h"

#define NAME_PLAIN_MAX 64u
#define NAME_HOST_MAX  253u /* RFC 1035, 2.3.4 */

/* Accounts and bundles: 1 to 64 small letters, digits, dots, dashes and underscores, beginning with a
 * letter. */
bool name_is_plain(struct slice name);

/* Hosts: 1 to 253 letters, digits, dots and dashes. */
bool name_is_host(struct slice name);

#endif
