/* SPDX-License-Identifier: MIT */
#include "tools/chaperone/audit_source.h"

#include <errno.h>

int audit_source_open(const struct audit_options *options, struct audit_source *ret_source,
		      struct error *error)
{
	struct audit_source source = AUDIT_SOURCE_NONE;

	if (!options->export) {
		int r = audit_events_open(options->record, &source.events, error);

		if (r < 0)
			return r;
	} else {
		source.delivered = audit_delivered_new();
		if (!source.delivered)
			return error_system(error, -ENOMEM, options->export);
	}
	*ret_source = source;
	return 0;
}

void audit_source_close(struct audit_source *source)
{
	audit_events_close(source->events);
	audit_delivered_free(source->delivered);
}

int audit_source_read(struct audit_source *source, const struct audit_options *options,
		      audit_event_seen *seen, audit_complaint_seen *complaint, void *context,
		      struct error *error)
{
	if (source->delivered)
		return audit_delivered_read(source->delivered, options->export, seen, context,
					    error);
	int r = audit_events_poll(source->events, seen, complaint, context);
	if (r == 0)
		r = audit_events_end(source->events, seen, context);
	return r < 0 ? error_system(error, r, options->record) : 0;
}
