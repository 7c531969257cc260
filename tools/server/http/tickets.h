/* SPDX-License-Identifier: MIT */
/* Tickets with which a machine that was here takes up its TLS session again (RFC 8446, 4.6.1): its way back costs neither
 * side a signature.  What they are sealed with is made when the server starts, never written anywhere, and changes with
 * time by itself. */
#ifndef TOOLS_SERVER_HTTP_TICKETS_H
#define TOOLS_SERVER_HTTP_TICKETS_H

#include <gnutls/gnutls.h>

#include "common/cleanup.h"

struct MHD_Connection;

struct tickets {
	gnutls_datum_t key; /* empty: there are none */
};

/* A negative errno. */
must_use int tickets_make(struct tickets *ret_tickets);

/* Wipes the key.  Does nothing to what is empty. */
void tickets_done(struct tickets *tickets);

/* Lets a connection that begins have them; one for which that fails does without. */
void tickets_offer(const struct tickets *tickets, struct MHD_Connection *connection);

#endif
