/* SPDX-License-Identifier: MIT */
/* Versions of bundles, as the database has them. */
#ifndef TOOLS_SERVER_POLICY_PUBLISHED_H
#define TOOLS_SERVER_POLICY_PUBLISHED_H

#include "common/buf.h"
#include "common/sha256.h"
#include "tools/server/store/store.h"

/* A bundle's newest version. */
struct published_newest {
	int64_t version; /* 0: it has none */
	unsigned char digest[SHA256_SIZE];
};

must_use int published_newest(struct store *store, struct slice bundle,
			      struct published_newest *ret_newest);

/* One version: the note that its authors signed, and the source archive. */
struct published_text {
	struct buf note, source;
};

/* -ENOENT: there is no such version. */
must_use int published_read(struct store *store, struct slice bundle, int64_t version,
			    struct published_text *ret_text);
void published_text_done(struct published_text *text);

/* The number that a version is called by in a path.  -EINVAL. */
must_use int published_version_read(struct slice text, int64_t *ret_version);

#endif
