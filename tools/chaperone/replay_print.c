/* SPDX-License-Identifier: MIT */
/* What a replay found, as lines and as JSON. */
#include <string.h>

#include "tools/audit/json.h"
#include "tools/chaperone/audit_json.h"
#include "tools/chaperone/audit_print.h"
#include "tools/chaperone/replay.h"

static void add_visible(struct buf *out, const char *text)
{
	visible_add(out, slice_of(text), 0);
}

static void add_change(struct buf *out, const char *what, const char *was, const char *is)
{
	if (strcmp(was, is) == 0)
		return;
	buf_printf(out, "  %s: ", what);
	add_visible(out, was[0] ? was : "none");
	buf_add_text(out, " -> ");
	add_visible(out, is[0] ? is : "none");
	buf_add_char(out, '\n');
}

static void print_text(const struct replay_finding *finding, struct buf *out)
{
	const struct replay_outcome *outcome = &finding->outcome;
	bool is_certain = outcome->doubt == REPLAY_CERTAIN;

	buf_printf(out, "%s: %s",
		   is_certain ? replay_change_text(outcome->change) : "cannot be told",
		   outcome->was.verdict);
	if (is_certain)
		buf_printf(out, " -> %s", outcome->is.verdict);
	buf_printf(out, ", seen %llu times, last ", (unsigned long long)finding->seen);
	audit_add_local_time(out, finding->last_ns);
	buf_add_text(out, " by ");
	add_visible(out, finding->who[0] ? finding->who : "somebody unknown");
	buf_add_text(out, " on ");
	add_visible(out, finding->database);
	buf_add_char(out, '\n');
	if (is_certain) {
		add_change(out, "reason", outcome->was.reason, outcome->is.reason);
		add_change(out, "rules", outcome->was.rules, outcome->is.rules);
		add_change(out, "masked", outcome->was.masked, outcome->is.masked);
	} else {
		buf_printf(out, "  because: %s\n", replay_doubt_text(outcome->doubt));
	}
	buf_add_text(out, "  ");
	visible_add(out, finding->shape, 0);
	buf_add_char(out, '\n');
}

static void json_verdict(struct buf *out, const char *name, const struct replay_verdict *verdict)
{
	if (!verdict->verdict)
		return;
	json_open(out, name, '{');
	json_text(out, "verdict", slice_of(verdict->verdict));
	json_text(out, "reason", slice_of(verdict->reason));
	json_text(out, "rules", slice_of(verdict->rules));
	json_text(out, "masked", slice_of(verdict->masked));
	json_close(out, '}');
}

static void print_json(const struct replay_finding *finding, struct buf *out)
{
	const struct replay_outcome *outcome = &finding->outcome;

	json_open(out, NULL, '{');
	if (outcome->doubt == REPLAY_CERTAIN)
		json_text(out, "change", slice_of(replay_change_text(outcome->change)));
	else
		json_text(out, "cannot_be_told", slice_of(replay_doubt_word(outcome->doubt)));
	json_verdict(out, "was", &outcome->was);
	json_verdict(out, "is", &outcome->is);
	json_number(out, "seen", finding->seen);
	audit_json_time(out, "last", finding->last_ns);
	json_text(out, "who", slice_of(finding->who));
	json_text(out, "database", slice_of(finding->database));
	json_text(out, "statement", finding->shape);
	json_close(out, '}');
	json_end(out);
	buf_add_char(out, '\n');
}

void replay_print_finding(const struct replay_finding *finding, bool is_json, struct buf *out)
{
	if (is_json)
		print_json(finding, out);
	else
		print_text(finding, out);
}

static uint64_t doubtful(const struct replay_totals *totals)
{
	return totals->statements - totals->doubtful[REPLAY_CERTAIN];
}

static uint64_t changed(const struct replay_totals *totals)
{
	return totals->doubtful[REPLAY_CERTAIN] - totals->changed[REPLAY_SAME_VERDICT];
}

static void totals_json(const struct replay *replay, struct buf *out)
{
	const struct replay_totals *totals = &replay->totals;

	json_open(out, NULL, '{');
	json_open(out, "totals", '{');
	json_number(out, "statements", totals->statements);
	json_number(out, "distinct", totals->distinct);
	json_number(out, "judged", totals->doubtful[REPLAY_CERTAIN]);
	json_number(out, "checked", totals->checked);
	json_number(out, "changed", changed(totals));
	json_open(out, "changes", '{');
	for (int i = 0; i < REPLAY_SAME_VERDICT; i++)
		json_number(out, replay_change_text((enum replay_change)i), totals->changed[i]);
	json_close(out, '}');
	json_open(out, "cannot_be_told", '{');
	for (int i = REPLAY_CERTAIN + 1; i < REPLAY_DOUBT_COUNT; i++)
		json_number(out, replay_doubt_word((enum replay_doubt)i), totals->doubtful[i]);
	json_close(out, '}');
	json_close(out, '}');
	json_close(out, '}');
	json_end(out);
	buf_add_char(out, '\n');
}

static void add_row(struct buf *out, uint64_t count, const char *text)
{
	if (count > 0)
		buf_printf(out, "  %8llu  %s\n", (unsigned long long)count, text);
}

static void totals_text(const struct replay *replay, struct buf *out)
{
	const struct replay_totals *totals = &replay->totals;

	buf_printf(
		out, "%llu statements, %llu distinct: %llu judged, %llu changed (%llu distinct)\n",
		(unsigned long long)totals->statements, (unsigned long long)totals->distinct,
		(unsigned long long)totals->doubtful[REPLAY_CERTAIN],
		(unsigned long long)changed(totals), (unsigned long long)totals->distinct_changed);
	for (int i = 0; i < REPLAY_SAME_VERDICT; i++)
		add_row(out, totals->changed[i], replay_change_text((enum replay_change)i));
	if (doubtful(totals) > 0)
		buf_printf(out, "of %llu (%llu distinct) it cannot be told\n",
			   (unsigned long long)doubtful(totals),
			   (unsigned long long)totals->distinct_doubtful);
	for (int i = REPLAY_CERTAIN + 1; i < REPLAY_DOUBT_COUNT; i++)
		add_row(out, totals->doubtful[i], replay_doubt_text((enum replay_doubt)i));
	if (totals->doubtful[REPLAY_CERTAIN] > totals->checked)
		buf_printf(
			out,
			"%llu were judged without the policy of then: a view or a partition "
			"counts as a table of its own\n",
			(unsigned long long)(totals->doubtful[REPLAY_CERTAIN] - totals->checked));
}

void replay_print_totals(const struct replay *replay, bool is_json, struct buf *out)
{
	if (is_json)
		totals_json(replay, out);
	else
		totals_text(replay, out);
}
