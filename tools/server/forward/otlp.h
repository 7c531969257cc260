/* SPDX-License-Identifier: MIT */
/* Events as OpenTelemetry's logs: an ExportLogsServiceRequest (opentelemetry-proto 1.x) whose attributes
 * follow the semantic conventions for databases, and what is answered to one. */
#ifndef TOOLS_SERVER_FORWARD_OTLP_H
#define TOOLS_SERVER_FORWARD_OTLP_H

#include "tools/audit/event.h"
#include "tools/audit/ocsf.h"

#define OTLP_TEXT_MAX (16 * MIB) /* of what one event has in a request besides its body */

/* A request that is being written.  Zeroed but for `out` it is empty. */
struct otlp {
	struct buf *out;
	struct buf resource; /* of the records that are being added */
	size_t resource_place, scope_place;
	bool is_open;
};

/* Adds a record.  `agent`: the machine's id; `body`: the event as OCSF.  Trouble is in `out`. */
void otlp_add_event(struct otlp *otlp, const struct audit_event *event, struct slice agent,
		    const struct ocsf_carrier *carrier, struct slice body);

/* Ends the request, which is whole then.  One without records is empty. */
void otlp_end(struct otlp *otlp);

/* Reads an ExportLogsServiceResponse: how many records were rejected, and what is said of that, borrowed
 * from `answer`.  -EBADMSG: it is none. */
must_use int otlp_read_answer(struct slice answer, uint64_t *ret_rejected,
			      struct slice *ret_message);

#endif
