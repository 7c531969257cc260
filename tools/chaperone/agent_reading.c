/* SPDX-License-Identifier: MIT */
/* What the worker makes of a text, and what the record shows of it. */
#include "tools/chaperone/agent_reading.h"

#include <errno.h>
#include <string.h>

#include "policy/core/template.h"
#include "policy/engine/facts_build.h"

#define SHAPE_MAX (AGENT_SHAPE_SIZE - 16)

static bool is_safe_encoding(struct slice encoding)
{
	static const char *const OTHERS[] = { "SJIS",    "BIG5",  "GBK",           "UHC",
					      "GB18030", "JOHAB", "SHIFT_JIS_2004" };

	for (size_t i = 0; i < COUNT_OF(OTHERS); i++) {
		if (slice_equal_ignoring_case(encoding, slice_of(OTHERS[i])))
			return false;
	}
	return encoding.length > 0;
}

/* Every byte below 0x80 stands for itself in all of them when no byte in front of it is above. */
static bool is_ascii(struct slice text)
{
	for (size_t i = 0; i < text.length; i++) {
		if ((unsigned char)text.at[i] >= 0x80)
			return false;
	}
	return true;
}

static bool has_text(const struct message_judge *ask)
{
	return ask->call == CALL_QUERY || ask->call == CALL_QUERY_PARAMS ||
	       ask->call == CALL_PREPARE;
}

/* Facts of the text, by the worker.  Kept until the next analysis. */
static int find_reading(struct agent *agent, const struct message_judge *ask, bool is_conforming,
			const struct facts **ret_facts)
{
	struct analyse_settings settings = {
		.standard_conforming_strings = is_conforming,
		.is_utf8 = slice_equal_ignoring_case(ask->client_encoding, SLICE("UTF8")),
		.single_statement = ask->call != CALL_QUERY,
	};

	return analysis_facts(&agent->analysis, ask->text, &settings, ret_facts);
}

/* Without either character the setting reads all alike: it decides on backslashes in '…', and on
 * U&'…'. */
static bool minds_conforming(struct slice text)
{
	return text.length > 0 &&
	       (memchr(text.at, '\\', text.length) || memchr(text.at, '&', text.length));
}

static bool are_equal(const struct facts *a, const struct facts *b)
{
	return a->size == b->size && memcmp(a, b, a->size) == 0;
}

/* Under a change that is under way, both settings are tried.  `first` keeps what the first of them
 * gave. */
static int find_both(struct agent *agent, const struct message_judge *ask, bool is_conforming,
		     struct buf *first, struct readings *readings)
{
	int r = find_reading(agent, ask, !is_conforming, &readings->other);

	if (r < 0)
		return r;
	buf_add(first, readings->other, readings->other->size);
	if (first->failed)
		return first->failed;
	r = find_reading(agent, ask, is_conforming, &readings->facts);
	readings->other = (const struct facts *)(const void *)first->at;
	if (r == 0 && are_equal(readings->facts, readings->other))
		readings->other = NULL;
	return r;
}

static const struct unread UNREAD[] = {
	{ -E2BIG, "it is larger than 16 MB", "Texts of that size are not analysed.",
	  "Send it in parts, and bulk data in parameters or with COPY FROM STDIN." },
	{ -EILSEQ, "its client encoding cannot be judged",
	  "In this client_encoding a byte of a character can look like a quote.",
	  "SET client_encoding TO 'UTF8', or set PGCLIENTENCODING=UTF8." },
	{ -ETIMEDOUT, "it takes too long to understand", "The analysis was stopped.",
	  "Send a shorter statement." },
	{ 0, "it could not be understood", "The analysis of this text failed.",
	  "Send a simpler statement." },
};

const struct unread *unread_because(int code)
{
	const struct unread *unread = UNREAD;

	while (unread->code != 0 && unread->code != code)
		unread++;
	return unread;
}

static int find_readings(struct agent *agent, const struct agent_connection *connection,
			 const struct message_judge *ask, struct buf *first,
			 struct readings *readings)
{
	unsigned doubt = agent->allows_everything ? 0 : session_lexing_doubt(connection->session);
	bool is_conforming = slice_is(ask->standard_conforming_strings, "on");

	if (ask->is_withheld)
		return -E2BIG;
	if (!agent->allows_everything && !is_safe_encoding(ask->client_encoding) &&
	    !is_ascii(ask->text))
		return -EILSEQ;
	readings->is_misreadable = (doubt & DOUBT_ENCODING) && !is_ascii(ask->text);
	if ((doubt & DOUBT_STRINGS) && minds_conforming(ask->text))
		return find_both(agent, ask, is_conforming, first, readings);
	return find_reading(agent, ask, is_conforming, &readings->facts);
}

/* Where everything is allowed, what was not read is allowed too, as a text that is unknown. */
static int find_unknown(const struct unread *unread, struct buf *first, struct readings *readings)
{
	int r = facts_build_unknown(unread->what, first);

	*readings = (struct readings){ .facts = (const struct facts *)(const void *)first->at };
	return r;
}

int agent_read(struct agent *agent, const struct agent_connection *connection,
	       const struct message_judge *ask, struct buf *first, struct readings *ret_readings)
{
	*ret_readings = (struct readings){ 0 };
	if (!has_text(ask))
		return 0;
	int r = find_readings(agent, connection, ask, first, ret_readings);

	return r < 0 && agent->allows_everything
		       ? find_unknown(unread_because(r), first, ret_readings)
		       : r;
}

/* Where a text may be read in two ways, a literal of the one stands in the open in the other. */
void agent_write_shape(const struct session *session, const struct message_judge *ask,
		       const struct readings *readings, struct buf *out)
{
	if (ask->is_withheld)
		buf_add_text(out, "(text too large to be taken down)");
	else if (ask->text.length == 0)
		buf_add_text(out, "(no statement text)");
	else if (readings->other)
		buf_add_text(out, "…");
	else if (template_shape(ask->text, session_lexing(session), SHAPE_MAX, out) < 0)
		buf_add_text(out, "…");
}
