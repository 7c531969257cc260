/* SPDX-License-Identifier: MIT */
#include "tools/server/record/event_json.h"

#include "tools/audit/json.h"

/* What is added, and whether something was too long for it. */
struct adding {
	struct buf *out;
	size_t text_max;
	bool is_cut;
};

/* Cut where a character ends. */
static struct slice fit(struct adding *adding, struct slice text)
{
	size_t length = text.length < adding->text_max ? text.length : adding->text_max;

	adding->is_cut = adding->is_cut || length < text.length;
	while (length > 0 && length < text.length && (text.at[length] & 0xc0) == 0x80)
		length--;
	return slice_part(text, 0, length);
}

static void add_text(struct adding *adding, const char *name, struct slice text)
{
	json_text_if(adding->out, name, fit(adding, text));
}

/* A list of which each line is a member. */
static void add_lines(struct adding *adding, const char *name, struct slice lines, char separator)
{
	struct slice rest = fit(adding, lines);

	json_open(adding->out, name, '[');
	while (rest.length > 0)
		json_text(adding->out, NULL, slice_trim(slice_cut(&rest, separator)));
	json_close(adding->out, ']');
}

static void add_hex(struct adding *adding, const char *name, struct slice bytes)
{
	char room[2 * SEARCH_SHAPE_ID + 1];
	struct buf text = BUF_OVER(room);

	buf_add_hex(&text, bytes.at, bytes.length);
	json_text_if(adding->out, name, buf_view(&text));
}

static void add_who(struct adding *adding, const struct search_event *event)
{
	add_text(adding, "person", event->person);
	add_text(adding, "user", event->os_user);
	add_text(adding, "bot", event->bot);
	add_text(adding, "program", event->program);
	add_text(adding, "host", event->host);
	add_text(adding, "run", event->run);
	add_text(adding, "database", event->database);
	add_text(adding, "server", event->server);
	add_text(adding, "db_user", event->db_user);
}

static void add_judgement(struct adding *adding, const struct search_event *event)
{
	json_text(adding->out, "verdict", event->verdict);
	json_bool(adding->out, "refused", search_event_is_refused(event));
	add_text(adding, "reason", event->reason);
	add_lines(adding, "rules", event->rules, '\n');
	add_lines(adding, "effects", event->effects, '\n');
	add_lines(adding, "masked", event->masked, ',');
	add_hex(adding, "shape", event->shape_id);
	add_text(adding, "statement", event->shape);
}

static void add_outcome(struct adding *adding, const struct search_event *event)
{
	struct buf *out = adding->out;
	char sqlstate[6];

	json_text(out, "outcome", slice_of(search_event_outcome(event)));
	json_text_if(out, "status", slice_of(search_event_status(event)));
	if (!event->has_ended || event->is_lost)
		return;
	search_event_sqlstate(event, sqlstate);
	json_text_if(out, "sqlstate", slice_of(sqlstate));
	json_number(out, "rows", (uint64_t)event->rows);
	json_number(out, "masked_cells", (uint64_t)event->masked_cells);
	if (event->ended_ns >= event->key.time_ns)
		json_number(out, "duration_ns", (uint64_t)(event->ended_ns - event->key.time_ns));
}

void event_json_add(struct buf *out, const struct search_event *event, bool is_whole)
{
	struct adding adding = { out, is_whole ? SIZE_MAX : EVENT_JSON_TEXT_MAX, false };
	bool is_statement = event->key.kind == SEARCH_STATEMENT;
	char id[SEARCH_ID_SIZE];

	search_event_id(event, id);
	json_text(out, "agent", event->agent);
	json_text(out, "event", slice_of(id));
	json_text(out, "kind", is_statement ? SLICE("statement") : SLICE("asked"));
	audit_json_time(out, "time", (uint64_t)event->key.time_ns);
	add_who(&adding, event);
	add_judgement(&adding, event);
	if (is_statement)
		add_outcome(&adding, event);
	json_number(out, "leaf", (uint64_t)event->leaf);
	json_bool(out, "is_cut", adding.is_cut);
}

void event_json_add_note(struct buf *out, const struct search_note *note)
{
	struct adding adding = { out, EVENT_JSON_TEXT_MAX, false };
	char id[SEARCH_ID_SIZE];

	search_note_id(note, id);
	json_text(out, "agent", note->agent);
	json_text(out, "event", slice_of(id));
	audit_json_time(out, "time", (uint64_t)note->time_ns);
	add_text(&adding, "text", note->text);
	json_number(out, "leaf", (uint64_t)note->leaf);
	json_bool(out, "is_cut", adding.is_cut);
}
