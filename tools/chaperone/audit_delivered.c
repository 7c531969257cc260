/* SPDX-License-Identifier: MIT */
#include "tools/chaperone/audit_delivered.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tools/evidence/definitions.h"

#define MACHINES_MAX 65536u
#define AGENT_SIZE   (RECORD_NAME_SIZE - PART_NAME_SIZE) /* so that "AGENT/PART" is a file's name */

/* Numbers of boots are each machine's own. */
struct machine {
	char agent[AGENT_SIZE];
	struct audit_events *events;
};

struct audit_delivered {
	struct machine *machines;
	size_t count;
	size_t current;
};

struct audit_delivered *audit_delivered_new(void)
{
	return calloc(1, sizeof(struct audit_delivered));
}

void audit_delivered_free(struct audit_delivered *delivered)
{
	if (!delivered)
		return;
	for (size_t i = 0; i < delivered->count; i++)
		audit_events_close(delivered->machines[i].events);
	free(delivered->machines);
	free(delivered);
}

static int add_machine(struct audit_delivered *delivered, struct slice agent)
{
	size_t count = delivered->count;

	if (count == MACHINES_MAX || agent.length >= AGENT_SIZE)
		return -E2BIG;
	struct machine *machines = reallocarray(delivered->machines, count + 1, sizeof(*machines));
	if (!machines)
		return -ENOMEM;
	delivered->machines = machines;
	machines[count] = (struct machine){ .events = audit_events_new() };
	if (!machines[count].events)
		return -ENOMEM;
	memcpy(machines[count].agent, agent.at, agent.length);
	delivered->current = delivered->count++;
	return 0;
}

/* Goes to the machine; what follows a piece is mostly of the same one. */
static int turn_to(struct audit_delivered *delivered, struct slice agent)
{
	for (size_t i = 0; i < delivered->count; i++) {
		size_t at = (delivered->current + i) % delivered->count;

		if (slice_is(agent, delivered->machines[at].agent)) {
			delivered->current = at;
			return 0;
		}
	}
	return add_machine(delivered, agent);
}

int audit_delivered_take(struct audit_delivered *delivered, const struct evidence_piece *piece,
			 audit_event_seen *seen, void *context)
{
	char part[PART_NAME_SIZE], file[AGENT_SIZE + PART_NAME_SIZE];
	struct record_entries entries;
	struct record_entry entry;
	int r = turn_to(delivered, piece->agent);

	if (r < 0 || piece->piece.entries == 0)
		return r;
	part_name_write(&piece->name, part);
	snprintf(file, sizeof(file), "%s/%s", delivered->machines[delivered->current].agent, part);
	struct record_place place = { .file = file,
				      .boot = piece->name.boot,
				      .offset = piece->piece.offset };
	memcpy(place.head, piece->head, SHA256_SIZE);
	record_entries_of(&entries, &piece->piece);
	while (r >= 0 && (r = record_entries_next(&entries, &entry)) == 1)
		r = audit_events_take(delivered->machines[delivered->current].events, &place,
				      &entry, seen, context);
	return r;
}

int audit_delivered_end(struct audit_delivered *delivered, audit_event_seen *seen, void *context)
{
	int r = 0;

	for (size_t i = 0; i < delivered->count && r == 0; i++) {
		delivered->current = i;
		r = audit_events_end(delivered->machines[i].events, seen, context);
	}
	return r;
}

struct reading {
	struct audit_delivered *delivered;
	audit_event_seen *seen;
	void *context;
};

static int take_piece(void *context, const struct evidence_piece *piece)
{
	const struct reading *reading = context;

	return audit_delivered_take(reading->delivered, piece, reading->seen, reading->context);
}

static int take_definition(void *context, const struct evidence_definition *definition)
{
	struct audit_delivered *delivered = context;
	int r = turn_to(delivered, definition->agent);

	return r < 0 ? r
		     : audit_events_tell(delivered->machines[delivered->current].events,
					 definition->boot, &definition->entry);
}

int audit_delivered_read(struct audit_delivered *delivered, const char *path,
			 audit_event_seen *seen, void *context, struct error *error)
{
	struct reading reading = { delivered, seen, context };
	int r = evidence_definitions(path, take_definition, delivered, error);

	if (r == 0)
		r = evidence_pieces(path, take_piece, &reading, error);
	if (r == 0)
		r = audit_delivered_end(delivered, seen, context);
	return r < 0 && !(error && error->text[0]) ? error_system(error, r, path) : r;
}

int audit_delivered_place(const struct audit_event *event, struct slice *ret_agent,
			  struct part_name *ret_name)
{
	const char *slash = strrchr(event->file, '/');

	if (!slash)
		return -EINVAL;
	*ret_agent = (struct slice){ event->file, (size_t)(slash - event->file) };
	return part_name_read(slice_of(slash + 1), ret_name);
}
