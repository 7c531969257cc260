/* SPDX-License-Identifier: MIT */
#include "tools/server/http/tickets.h"

#include <errno.h>
#include <microhttpd.h>
#include <string.h>

int tickets_make(struct tickets *ret_tickets)
{
	ret_tickets->key = (gnutls_datum_t){ NULL, 0 };
	return gnutls_session_ticket_key_generate(&ret_tickets->key) < 0 ? -ENOMEM : 0;
}

void tickets_done(struct tickets *tickets)
{
	if (!tickets->key.data)
		return;
	explicit_bzero(tickets->key.data, tickets->key.size);
	gnutls_free(tickets->key.data);
	tickets->key = (gnutls_datum_t){ NULL, 0 };
}

void tickets_offer(const struct tickets *tickets, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);

	if (info && info->tls_session)
		(void)!gnutls_session_ticket_enable_server(info->tls_session, &tickets->key);
}
