/* SPDX-License-Identifier: MIT */
/* Versions of bundles, as people ask for them. */
#ifndef TOOLS_SERVER_API_VERSION_H
#define TOOLS_SERVER_API_VERSION_H

#include "tools/server/http/route.h"

#define VERSION_LIST_MAX 100u

/* Adds what a release says to an object: version, by, why, and `when` as a time. */
must_use int version_add(struct buf *out, int64_t version, struct slice release, const char *when,
			 int64_t ns);

/* Adds bytes to an object, in base64. */
must_use int version_add_base64(struct buf *out, const char *name, struct slice bytes);

/* GET /v1/policies/{bundle}/versions?before=VERSION&limit=COUNT: the newest first.  "next" is the `before`
 * with which the list goes on, where there is more. */
int version_list(const struct request *request, struct reply *reply);

/* GET /v1/policies/{bundle}/versions/{version}: with the signed note and the source. */
int version_show(const struct request *request, struct reply *reply);

#endif
