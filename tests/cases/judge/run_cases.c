/* SPDX-License-Identifier: MIT */
/* Judges the lines of a case file and compares.  A file says what it needs in lines of its own:
 *
 *   policy: FILE.yaml [FILE.yaml]      beside the case file; starts a new bundle
 *   at: 2026-11-18T14:00:00+01:00
 *   caller NAME: kind=agent [group=dba] [+declared] [observed user=x]
 *                                      marks hold for what follows them
 *   before: SQL                        for the next line, in its session
 *   columns: id email                  names of the next line's result, for its star
 *
 *   NAME@DATABASE: SQL => DECISION [REASON] [rule rule] {mask mask}
 *
 * Rules in brackets are compared as a set, masks in braces per predicted column ("-" for none, "*"
 * for what lies between head and tail of a star, "whole" for a result that is masked whole).  What
 * is left out is not compared. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"
#include "common/file.h"
#include "policy/core/plan.h"
#include "policy/engine/rehearse.h"
#include "policy/engine/window.h"

#define CALLERS_MAX 32
#define BEFORE_MAX  16
#define NAMES_MAX   64

struct named_caller {
	struct slice name;
	struct caller caller;
};

struct cases {
	const char *path;
	const char *folder;
	struct policy *policy;
	int64_t now;
	struct named_caller callers[CALLERS_MAX];
	size_t caller_count;
	struct slice before[BEFORE_MAX];
	size_t before_count;
	struct slice names[NAMES_MAX];
	size_t name_count;
	struct arena *memory;
	int line;
	size_t passed, failed;
};

static void complain(struct cases *cases, const char *text, const char *got)
{
	printf("%s:%d: %s%s%s\n", cases->path, cases->line, text, got ? ": " : "", got ? got : "");
	cases->failed++;
}

static const char *MASK_WORDS[] = {
	[MASK_NONE] = "-",    [MASK_KEEP_LAST] = "keep-last", [MASK_KEEP_FIRST] = "keep-first",
	[MASK_HASH] = "hash", [MASK_REDACT] = "redact",       [MASK_BLANK] = "blank",
};

/* Text between `open` and `close`, or one without `at`. */
static struct slice between(struct slice text, char open, char close)
{
	struct slice inner = text;

	slice_cut(&inner, open);
	if (!inner.at)
		return inner;
	return slice_trim(slice_cut(&inner, close));
}

/* "*" stands where the star's columns are. */
static void write_columns(const struct plan_statement *statement, const struct plan_column *columns,
			  struct buf *out)
{
	uint32_t count = (uint32_t)statement->head + statement->tail;

	for (uint32_t i = 0; i <= count; i++) {
		if (i == statement->head && statement->has_star)
			buf_printf(out, "%s*", i ? " " : "");
		if (i < count)
			buf_printf(out, "%s%s", i || statement->has_star ? " " : "",
				   MASK_WORDS[columns[statement->first_column + i].mask.how]);
	}
}

static void write_masks(const struct judgement *judgement, struct buf *out)
{
	const struct plan *plan = plan_read(buf_view(&judgement->plan));
	const struct plan_statement *statement;

	if (!plan || plan->statement_count == 0)
		return;
	statement = (const struct plan_statement *)(plan + 1) + (plan->statement_count - 1);
	if (statement->head == 0 && !statement->has_star && plan->unpredicted.how != MASK_NONE)
		buf_add_text(out, "whole");
	write_columns(statement,
		      (const struct plan_column *)((const struct plan_statement *)(plan + 1) +
						   plan->statement_count),
		      out);
}

static size_t count_words(struct slice text)
{
	size_t count = 0;

	while (text.length > 0)
		count += slice_trim(slice_cut(&text, ' ')).length > 0;
	return count;
}

static bool has_word(struct slice text, struct slice word)
{
	while (text.length > 0) {
		if (slice_equal(slice_trim(slice_cut(&text, ' ')), word))
			return true;
	}
	return false;
}

static bool rules_agree(const struct cases *cases, const struct judgement *judgement,
			struct slice wanted)
{
	if (count_words(wanted) != judgement->rule_count)
		return false;
	for (size_t i = 0; i < judgement->rule_count; i++) {
		if (!has_word(wanted, slice_of(cases->policy->rules[judgement->rules[i]].name)))
			return false;
	}
	return true;
}

static void write_got(const struct cases *cases, const struct judgement *judgement, struct buf *out)
{
	buf_printf(out, "%s %s [", decision_text(judgement->decision),
		   reason_text(judgement->reason));
	for (size_t i = 0; i < judgement->rule_count; i++)
		buf_printf(out, "%s%s", i ? " " : "",
			   cases->policy->rules[judgement->rules[i]].name);
	buf_add_text(out, "] {");
	write_masks(judgement, out);
	buf_printf(out, "} %s", buf_text(&judgement->message));
}

static bool agrees(const struct cases *cases, const struct judgement *judgement, struct slice want)
{
	SCOPED(buf_done) struct buf masks = BUF_MAX(64 * KIB);
	struct slice rules = between(want, '[', ']'), wanted_masks = between(want, '{', '}');
	struct slice words = want, rest = want;
	struct slice decision = slice_cut(&rest, ' ');
	struct slice reason = slice_trim(slice_cut(&rest, ' '));

	(void)words;
	if (!slice_is(decision, decision_text(judgement->decision)))
		return false;
	if (reason.length > 0 && reason.at[0] != '[' && reason.at[0] != '{' &&
	    !slice_is(reason, reason_text(judgement->reason)))
		return false;
	if (rules.at && !rules_agree(cases, judgement, rules))
		return false;
	write_masks(judgement, &masks);
	return !wanted_masks.at || slice_equal(slice_trim(buf_view(&masks)), wanted_masks);
}

static const struct caller *find_caller(const struct cases *cases, struct slice name)
{
	for (size_t i = 0; i < cases->caller_count; i++) {
		if (slice_equal(cases->callers[i].name, name))
			return &cases->callers[i].caller;
	}
	return NULL;
}

static void judge_case(struct cases *cases, struct rehearsal *rehearsal, struct slice sql,
		       struct slice want)
{
	SCOPED(buf_done) struct buf got = BUF_MAX(64 * KIB);
	struct judgement judgement;
	/* A parameter travels by the extended protocol. */
	enum session_call call =
		memchr(sql.at, '$', sql.length) && !memmem(sql.at, sql.length, "$$", 2)
			? CALL_QUERY_PARAMS
			: CALL_QUERY;

	rehearsal_columns(rehearsal, cases->names, cases->name_count);
	if (rehearsal_judge(rehearsal, call, sql, cases->now, &judgement) < 0) {
		complain(cases, "could not be judged", NULL);
		return;
	}
	if (agrees(cases, &judgement, want)) {
		cases->passed++;
	} else {
		write_got(cases, &judgement, &got);
		complain(cases, "got", buf_text(&got));
	}
	judgement_done(&judgement);
}

static void run_case(struct cases *cases, struct slice line)
{
	SCOPED(rehearsal_freep) struct rehearsal *rehearsal = NULL;
	struct slice rest = line, database = slice_trim(slice_cut(&rest, ':'));
	struct slice name = slice_cut(&database, '@');
	const char *arrow = memmem(rest.at, rest.length, " => ", 4);
	const struct caller *caller = find_caller(cases, name);
	struct error error = { .line = 0 };

	if (!arrow || !caller || !cases->policy) {
		complain(cases, "expected CALLER@DATABASE: SQL => …", NULL);
		return;
	}
	struct slice sql = { rest.at, (size_t)(arrow - rest.at) };
	struct slice want = slice_part(rest, sql.length + 4, rest.length);
	if (rehearsal_new(cases->policy, arena_text(cases->memory, database), caller, &rehearsal,
			  &error) < 0) {
		complain(cases, error.text, NULL);
		return;
	}
	for (size_t i = 0; i < cases->before_count; i++) {
		if (rehearsal_run(rehearsal, cases->before[i]) < 0)
			complain(cases, "before: could not be run", NULL);
	}
	judge_case(cases, rehearsal, slice_trim(sql), slice_trim(want));
	cases->before_count = cases->name_count = 0;
}

static void read_policy(struct cases *cases, struct slice names)
{
	const char *paths[8];
	size_t count = 0;
	struct error error = { .line = 0 };
	char text[1200];

	while (names.length > 0 && count < COUNT_OF(paths)) {
		struct slice name = slice_trim(slice_cut(&names, ' '));

		if (name.length == 0)
			continue;
		snprintf(text, sizeof(text), "%s/%.*s", cases->folder, SLICE_ARGUMENTS(name));
		paths[count++] = arena_text(cases->memory, slice_of(text));
	}
	policy_free(cases->policy);
	cases->policy = NULL;
	cases->caller_count = 0;
	if (policy_read_files(paths, count, &cases->policy, &error) < 0) {
		error_format(&error, text, sizeof(text));
		complain(cases, text, NULL);
	}
}

static const char *const MARK_WORDS[] = { "claimed", "observed", "declared", "proven" };
static const char *const FACT_WORDS[] = { "kind", "group",   "subject", "workload",
					  "exe",  "db-user", "user" };

static void read_fact(struct cases *cases, struct caller *caller, enum caller_mark mark,
		      struct slice word)
{
	struct slice key = slice_cut(&word, '=');

	for (size_t i = 0; i < COUNT_OF(FACT_WORDS); i++) {
		if (slice_is(key, FACT_WORDS[i]) && word.length > 0 &&
		    caller_add(caller, (enum caller_fact_name)i, mark,
			       arena_text(cases->memory, word)) == 0)
			return;
	}
	complain(cases, "no such fact of a caller", NULL);
}

static void read_caller(struct cases *cases, struct slice line)
{
	struct named_caller *caller = &cases->callers[cases->caller_count++];
	enum caller_mark mark = MARK_PROVEN;

	caller->name = slice_trim(slice_cut(&line, ':'));
	caller->caller.count = 0;
	while (line.length > 0) {
		struct slice word = slice_trim(slice_cut(&line, ' '));
		bool is_mark = false;

		for (size_t i = 0; i < COUNT_OF(MARK_WORDS); i++) {
			if (slice_is(word, MARK_WORDS[i])) {
				mark = (enum caller_mark)i;
				is_mark = true;
			}
		}
		if (!is_mark && word.length > 0)
			read_fact(cases, &caller->caller, mark, word);
	}
}

static void read_columns(struct cases *cases, struct slice line)
{
	while (line.length > 0 && cases->name_count < NAMES_MAX) {
		struct slice word = slice_trim(slice_cut(&line, ' '));

		if (word.length > 0)
			cases->names[cases->name_count++] = word;
	}
}

static void run_line(struct cases *cases, struct slice line)
{
	line = slice_trim(line);
	if (line.length == 0 || line.at[0] == '#')
		return;
	if (slice_starts_with(line, "policy:"))
		read_policy(cases, slice_part(line, 7, line.length));
	else if (slice_starts_with(line, "caller ") && cases->caller_count < CALLERS_MAX)
		read_caller(cases, slice_part(line, 7, line.length));
	else if (slice_starts_with(line, "before:") && cases->before_count < BEFORE_MAX)
		cases->before[cases->before_count++] = slice_trim(slice_part(line, 7, line.length));
	else if (slice_starts_with(line, "columns:"))
		read_columns(cases, slice_part(line, 8, line.length));
	else if (!slice_starts_with(line, "at:"))
		run_case(cases, line);
	else if (instant_read(
			 arena_text(cases->memory, slice_trim(slice_part(line, 3, line.length))),
			 &cases->now) < 0)
		complain(cases, "expected an instant", NULL);
}

static void run_file(struct cases *cases)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(1 * MIB);
	struct slice rest;

	if (file_read(cases->path, &text) < 0) {
		complain(cases, "cannot be read", NULL);
		return;
	}
	rest = buf_view(&text);
	while (rest.length > 0) {
		cases->line++;
		run_line(cases, slice_cut(&rest, '\n'));
	}
}

int main(int argc, char **argv)
{
	struct cases cases = { .folder = argc > 1 ? argv[1] : "." };

	cases.memory = arena_new(16 * MIB);
	if (!cases.memory)
		return EXIT_FAILURE;
	for (int i = 2; i < argc; i++) {
		cases.path = argv[i];
		cases.line = 0;
		run_file(&cases);
	}
	printf("%zu passed, %zu failed\n", cases.passed, cases.failed);
	policy_free(cases.policy);
	arena_free(cases.memory);
	return cases.failed == 0 && cases.passed > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
