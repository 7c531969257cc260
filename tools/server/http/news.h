/* SPDX-License-Identifier: MIT */
/* What other servers of the same database publish, as soon as they do: a thread that listens.  Where
 * the database has no such thing, or the thread misses it, those that wait look once a second
 * (holds.h). */
#ifndef TOOLS_SERVER_HTTP_NEWS_H
#define TOOLS_SERVER_HTTP_NEWS_H

#include "tools/server/http/holds.h"

struct news;

/* Begins; `store` becomes its own, also on failure. */
must_use int news_start(struct store *store, struct holds *holds, struct news **ret_news);

/* Ends it.  Accepts NULL. */
void news_stop(struct news *news);

/* Tells those that wait, here and at other servers, that something was published. */
void news_tell(struct holds *holds, struct store *store);

#endif
