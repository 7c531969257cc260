/* SPDX-License-Identifier: MIT */
/* Parts of pages that are loaded again while these are open, where there are scripts: nothing is sent as
 * long as nothing came in (RFC 9110, 13.1.2). */
#ifndef TOOLS_SERVER_PAGES_LIVE_H
#define TOOLS_SERVER_PAGES_LIVE_H

#include "tools/server/pages/view.h"

/* Begins such a part: 1, and the page's body is to be written; 0 when the browser has it as it is.  A
 * negative errno. */
must_use int live_begin(struct view *view);

#endif
