/* SPDX-License-Identifier: MIT */
#include "tools/server/http/guard.h"

#include <microhttpd.h>
#include <strings.h>

#include "common/slice.h"

struct framing {
	unsigned int lengths, encodings, hosts;
};

static enum MHD_Result count_header(void *context, enum MHD_ValueKind kind, const char *name,
				    const char *value)
{
	struct framing *framing = context;

	(void)kind;
	(void)value;
	framing->lengths += strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0;
	framing->encodings += strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0;
	framing->hosts += strcasecmp(name, MHD_HTTP_HEADER_HOST) == 0;
	return MHD_YES;
}

bool guard_is_ambiguous(struct MHD_Connection *connection)
{
	struct framing framing = { 0 };

	MHD_get_connection_values(connection, MHD_HEADER_KIND, count_header, &framing);
	return framing.lengths + framing.encodings > 1 || framing.hosts > 1;
}

uint64_t guard_announced(struct MHD_Connection *connection)
{
	const char *text = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
						       MHD_HTTP_HEADER_CONTENT_LENGTH);
	uint64_t length = 0;

	if (text && slice_to_u64(slice_of(text), &length) < 0)
		return UINT64_MAX;
	return length;
}

bool guard_has_body(struct MHD_Connection *connection)
{
	return guard_announced(connection) > 0 ||
	       MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
					   MHD_HTTP_HEADER_TRANSFER_ENCODING);
}
