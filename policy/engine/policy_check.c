/* SPDX-License-Identifier: MIT */
/* The checks: each looks at one rule, database or column group. */
#include "policy/engine/policy_check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "policy/engine/policy_cover.h"
#include "policy/engine/window_words.h"

/* What the checks share. */
struct check {
	const struct policy *policy;
	struct policy_finder *finder;
};

const char *finding_id_text(enum finding_id id)
{
	static const char *const TEXTS[] = {
#define FINDING_TEXT(finding, text) [finding] = text,
		FINDINGS(FINDING_TEXT)
#undef FINDING_TEXT
	};

	return (unsigned)id < COUNT_OF(TEXTS) ? TEXTS[id] : "?";
}

static void __attribute__((format(printf, 4, 5)))
warn(const struct check *check, enum finding_id id, struct policy_place place, const char *format,
     ...)
{
	struct policy_finding finding = { .id = id, .severity = FINDING_WARNING };
	va_list arguments;

	snprintf(finding.where.file, sizeof(finding.where.file), "%s",
		 check->policy->files[place.file].path);
	finding.where.line = (int)place.line;
	finding.where.column = (int)place.column;
	va_start(arguments, format);
	vsnprintf(finding.where.text, sizeof(finding.where.text), format, arguments);
	va_end(arguments);
	check->finder->found(check->finder, &finding);
}

static void check_window(const struct check *check, const struct policy_rule *rule)
{
	if (!rule->during)
		return;
	struct window_answer answer = window_at(rule->during, check->finder->now);
	if (!window_is_possible(rule->during))
		warn(check, FINDING_WINDOW_NEVER, rule->place,
		     "rule '%s' never matches: its window has no days", rule->name);
	else if (!answer.holds && answer.until == INT64_MAX)
		warn(check, FINDING_WINDOW_OVER, rule->place,
		     "rule '%s' does not match any more: its window is over", rule->name);
}

static void check_caller(const struct check *check, const struct policy_rule *rule)
{
	if (rule->except.is_given && whom_covers(check->policy, &rule->except, &rule->for_whom))
		warn(check, FINDING_CALLER_NEVER, rule->place,
		     "rule '%s' never matches: 'except' takes out everybody that 'for' names",
		     rule->name);
}

/* Verbs whose objects are not tables. */
#define TABLELESS                                                                                  \
	(VERB_BIT(VERB_CALL) | VERB_BIT(VERB_SET) | VERB_BIT(VERB_NOTIFY) | VERB_BIT(VERB_FILE) |  \
	 VERB_BIT(VERB_PROGRAM) | VERB_BIT(VERB_REPLICATE))

static void check_objects(const struct check *check, const struct policy_rule *rule)
{
	if (!rule->has_verbs)
		return;
	if (rule->tables.count > 0 && !(rule->verbs & ~TABLELESS))
		warn(check, FINDING_VERBS_WITHOUT_TABLES, rule->place,
		     "rule '%s' never matches: what it does has no tables", rule->name);
	if (rule->functions.count > 0 && !(rule->verbs & VERB_BIT(VERB_CALL)))
		warn(check, FINDING_FUNCTIONS_WITHOUT_CALL, rule->place,
		     "rule '%s' names functions, which are the objects of 'call' alone",
		     rule->name);
}

static bool is_exe_alone(const struct policy_who *who)
{
	return who->exe.count > 0 && who->kind == KIND_NONE && who->group.count == 0 &&
	       who->subject.count == 0 && who->workload.count == 0 && who->db_user.count == 0 &&
	       who->user.count == 0;
}

static void check_exe(const struct check *check, const struct policy_rule *rule)
{
	const struct policy_whom *whom = &rule->for_whom;
	const char *text = "rule '%s' allows for a condition on 'exe' alone, which never grants";

	if (rule->then != THEN_ALLOW || whom->is_everyone)
		return;
	if (whom->who && is_exe_alone(whom->who))
		warn(check, FINDING_EXE_ALONE, rule->place, text, rule->name);
	for (size_t i = 0; i < whom->people_count; i++) {
		if (is_exe_alone(&check->policy->people[whom->people[i]].who))
			warn(check, FINDING_EXE_ALONE, rule->place, text, rule->name);
	}
}

static bool overrides(const struct policy_rule *rule, size_t other)
{
	for (size_t i = 0; i < rule->override_count; i++) {
		if (rule->overrides[i] == other)
			return true;
	}
	return false;
}

static void check_swallowed(const struct check *check, const struct policy_rule *rule)
{
	if (rule->then != THEN_ALLOW)
		return;
	for (size_t i = 0; i < check->policy->rule_count; i++) {
		const struct policy_rule *other = &check->policy->rules[i];
		bool is_stronger = other->then == THEN_DENY ||
				   (other->then == THEN_APPROVE && !overrides(rule, i));

		if (!is_stronger || (other->is_trial && !rule->is_trial) ||
		    !rule_covers(check->policy, other, rule))
			continue;
		warn(check, FINDING_ALLOW_SWALLOWED, rule->place,
		     "rule '%s' allows nothing: rule '%s' (%s:%u) %s all of it", rule->name,
		     other->name, check->policy->files[other->place.file].path, other->place.line,
		     other->then == THEN_DENY ? "denies" : "asks for approval of");
		return;
	}
}

static bool finds_anything(const struct policy_rule *rule)
{
	for (size_t i = 0; i < DETECTOR_COUNT; i++) {
		if (rule->found[i].how != MASK_NONE)
			return true;
	}
	return false;
}

static void check_trial(const struct check *check, const struct policy_rule *rule)
{
	if ((rule->is_trial || check->policy->is_trial) &&
	    (rule->mask_count > 0 || finds_anything(rule)))
		warn(check, FINDING_TRIAL_MASK, rule->place,
		     "MASK ON TRIAL: rule '%s' masks nothing, its columns are shown as they are",
		     rule->name);
}

/* Names of columns that tend to hold a handful of values: whoever sees the hashes can tell them by
 * counting. */
static const char *const FEW_VALUES[] = {
	"*sex*", "*gender*", "*flag*",   "*status*",  "*state",    "is_*",
	"has_*", "*_type",   "*active*", "*deleted*", "*boolean*", "*country*",
};

static bool has_few_values(const char *column)
{
	for (size_t i = 0; i < COUNT_OF(FEW_VALUES); i++) {
		if (slice_matches(slice_of(column), slice_of(FEW_VALUES[i])))
			return true;
	}
	return false;
}

static void check_hashes(const struct check *check, const struct policy_rule *rule)
{
	for (size_t i = 0; i < rule->mask_count; i++) {
		const struct policy_column_group *group =
			&check->policy->column_groups[rule->masks[i].group];

		for (size_t k = 0; k < group->count && rule->masks[i].mask.how == MASK_HASH; k++) {
			if (has_few_values(group->columns[k].column))
				warn(check, FINDING_HASH_FEW_VALUES, rule->place,
				     "rule '%s' hashes '%s.%s', which may have few values: they "
				     "can be told by counting; use redact",
				     rule->name, group->columns[k].table, group->columns[k].column);
		}
	}
}

static bool is_document_path(const struct policy_column *column)
{
	return strchr(column->column, '.') != NULL;
}

static bool may_hold_documents(const struct policy *policy, const struct policy_rule *rule)
{
	if (!rule->has_database || rule->matches_other_database)
		return true;
	for (size_t i = 0; i < rule->database_count; i++) {
		if (policy->databases[rule->databases[i]].engine == ENGINE_MONGODB)
			return true;
	}
	return false;
}

static void check_columns(const struct check *check, const struct policy_rule *rule)
{
	if (may_hold_documents(check->policy, rule))
		return;
	for (size_t i = 0; i < rule->mask_count; i++) {
		const struct policy_column_group *group =
			&check->policy->column_groups[rule->masks[i].group];

		for (size_t k = 0; k < group->count; k++) {
			if (is_document_path(&group->columns[k]))
				warn(check, FINDING_MASK_NO_COLUMN, rule->place,
				     "rule '%s' masks '%s.%s', which is a path into a document: "
				     "none of its databases has documents",
				     rule->name, group->columns[k].table, group->columns[k].column);
		}
	}
}

/* How many people a list of patterns can mean; 0 when any number can. */
static size_t count_named(const struct globs *globs)
{
	for (size_t i = 0; i < globs->count; i++) {
		if (strchr(globs->items[i], '*'))
			return 0;
	}
	return globs->count;
}

static void check_approvers(const struct check *check, const struct policy_rule *rule)
{
	size_t known = 0;

	if (!rule->approve || rule->approve->by.is_everyone)
		return;
	for (size_t i = 0; i < rule->approve->by.people_count; i++) {
		const struct policy_who *who =
			&check->policy->people[rule->approve->by.people[i]].who;
		size_t named = count_named(who->subject.count ? &who->subject : &who->user);

		if (named == 0)
			return;
		known += named;
	}
	if (known < rule->approve->people)
		warn(check, FINDING_APPROVERS_TOO_FEW, rule->place,
		     "rule '%s' needs %u people, but 'by' names at most %zu", rule->name,
		     rule->approve->people, known);
}

static void (*const RULE_CHECKS[])(const struct check *check, const struct policy_rule *rule) = {
	check_window, check_caller, check_objects, check_exe,       check_swallowed,
	check_trial,  check_hashes, check_columns, check_approvers,
};

static bool is_used(const struct policy *policy, uint32_t group)
{
	for (size_t i = 0; i < policy->rule_count; i++) {
		for (size_t k = 0; k < policy->rules[i].mask_count; k++) {
			if (policy->rules[i].masks[k].group == group)
				return true;
		}
	}
	return false;
}

static void check_groups(const struct check *check)
{
	for (size_t i = 0; i < check->policy->column_group_count; i++) {
		const struct policy_column_group *group = &check->policy->column_groups[i];

		if (!is_used(check->policy, (uint32_t)i))
			warn(check, FINDING_COLUMNS_UNUSED, group->place,
			     "no rule masks the columns of '%s'", group->name);
	}
}

static bool is_unconditional(const struct policy_database *database)
{
	return database->hosts.count == 0 && database->names.count == 0 &&
	       database->sockets.count == 0 && database->server_ids.count == 0 &&
	       database->port_count == 0;
}

static void check_databases(const struct check *check)
{
	const struct policy *policy = check->policy;

	for (size_t i = 0; i < policy->database_count; i++) {
		const struct policy_database *wide = &policy->databases[i];

		for (size_t k = 0; k < policy->database_count && is_unconditional(wide); k++) {
			const struct policy_database *other = &policy->databases[k];

			if (k == i || other->engine != wide->engine ||
			    (is_unconditional(other) && k < i))
				continue;
			warn(check, FINDING_DATABASE_OVERLAP, wide->place,
			     "database '%s' has no condition, so that every connection of '%s' is "
			     "both: the stricter rules win, and an allow is needed from each",
			     wide->name, other->name);
		}
	}
}

static void check_unenforced(const struct check *check)
{
	struct policy_finding finding = { .id = FINDING_UNENFORCED, .severity = FINDING_WARNING };

	for (size_t n = 0; policy_unenforced(check->policy, n, &finding.where); n++)
		check->finder->found(check->finder, &finding);
}

void policy_check(const struct policy *policy, struct policy_finder *finder)
{
	const struct check check = { policy, finder };

	check_databases(&check);
	check_groups(&check);
	for (size_t i = 0; i < policy->rule_count; i++) {
		for (size_t k = 0; k < COUNT_OF(RULE_CHECKS); k++)
			RULE_CHECKS[k](&check, &policy->rules[i]);
	}
	check_unenforced(&check);
}
