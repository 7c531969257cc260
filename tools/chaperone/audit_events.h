/* SPDX-License-Identifier: MIT */
/* Joins the entries of a record into events: what was asked, how it was judged, for whom, and how
 * it ended. */
#ifndef TOOLS_CHAPERONE_AUDIT_EVENTS_H
#define TOOLS_CHAPERONE_AUDIT_EVENTS_H

#include "common/cleanup.h"
#include "common/error.h"
#include "tools/audit/event.h"

struct audit_events;

must_use int audit_events_open(const char *path, struct audit_events **ret_events,
			       struct error *error);

/* For entries that the caller reads; NULL: out of memory. */
struct audit_events *audit_events_new(void);
void audit_events_close(struct audit_events *events);
DEFINE_FREEP(struct audit_events, audit_events_closep, audit_events_close)

/* Gets each event once it is complete; a negative errno ends the reading. */
typedef int audit_event_seen(void *context, const struct audit_event *event);

/* Gets each complaint of the reader. */
typedef void audit_complaint_seen(void *context, const struct error *error);

/* Reads what there is; called again, what was added since. */
must_use int audit_events_poll(struct audit_events *events, audit_event_seen *seen,
			       audit_complaint_seen *complaint, void *context);

/* Keeps a definition of a boot for events that name it where no entry that was taken defines it. */
must_use int audit_events_tell(struct audit_events *events, uint32_t boot,
			       const struct record_entry *definition);

/* Takes an entry that the caller read at `place`, of which file, boot, offset and head count; entries come
 * in their order. */
must_use int audit_events_take(struct audit_events *events, const struct record_place *place,
			       const struct record_entry *entry, audit_event_seen *seen,
			       void *context);

/* Gives the events that are still open, by time. */
must_use int audit_events_end(struct audit_events *events, audit_event_seen *seen, void *context);

#endif
