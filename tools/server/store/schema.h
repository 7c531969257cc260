/* SPDX-License-Identifier: MIT */
/* The versions of the database's schema, each a file of its own (schema/N.sql). */
#ifndef TOOLS_SERVER_STORE_SCHEMA_H
#define TOOLS_SERVER_STORE_SCHEMA_H

#include "tools/server/store/store.h"

/* Brings the database to the newest version, each step in a transaction of its own.  -EPROTO for a
 * database that a newer server has written. */
must_use int schema_raise(struct store *store, struct error *error);

#endif
