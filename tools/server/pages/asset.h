/* SPDX-License-Identifier: MIT */
/* Style sheet and scripts: part of the program, each under a path that changes with what it holds, so
 * that browsers keep it for as long as they like. */
#ifndef TOOLS_SERVER_PAGES_ASSET_H
#define TOOLS_SERVER_PAGES_ASSET_H

#include "common/buf.h"
#include "tools/server/http/route.h"

/* Appends the elements of a page's head that bring them. */
void asset_add_links(struct buf *out);

/* GET /static/{name} */
int asset_answer(const struct request *request, struct reply *reply);

#endif
