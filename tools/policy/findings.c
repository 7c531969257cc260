/* SPDX-License-Identifier: MIT */
/* Gathering, sorting and printing findings. */
#include "tools/policy/findings.h"

#include <stdlib.h>
#include <string.h>

static const char *const SEVERITIES[] = {
	[FINDING_WARNING] = "warning",
	[FINDING_ERROR] = "error",
};

void findings_add(struct findings *findings, const struct policy_finding *finding)
{
	size_t count = findings->count;

	if (count >= FINDINGS_MAX) {
		findings->left_out++;
		return;
	}
	/* Powers of two are where the array is full. */
	if ((count & (count - 1)) == 0) {
		size_t capacity = count ? count * 2 : 1;
		struct policy_finding *items = realloc(findings->items, capacity * sizeof(*items));

		if (!items) {
			findings->failed = true;
			return;
		}
		findings->items = items;
	}
	findings->items[findings->count++] = *finding;
}

void findings_add_strays(struct findings *findings, const struct policy_files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		struct policy_finding finding = { .id = FINDING_STRAY_FILE,
						  .severity = FINDING_WARNING };

		snprintf(finding.where.file, sizeof(finding.where.file), "%s", files->paths[i]);
		error_set_at(&finding.where, 0, 1, 1,
			     "this file is not read: policies are called NAME.yaml");
		findings_add(findings, &finding);
	}
}

void findings_done(struct findings *findings)
{
	free(findings->items);
	*findings = (struct findings){ 0 };
}

static int compare(const void *a, const void *b)
{
	const struct policy_finding *first = a, *second = b;
	int order = strcmp(first->where.file, second->where.file);

	if (order == 0)
		order = first->where.line - second->where.line;
	if (order == 0)
		order = first->where.column - second->where.column;
	return order ? order : (int)first->id - (int)second->id;
}

void findings_sort(struct findings *findings)
{
	if (findings->count)
		qsort(findings->items, findings->count, sizeof(*findings->items), compare);
}

size_t findings_count(const struct findings *findings, enum finding_severity severity)
{
	size_t count = 0;

	for (size_t i = 0; i < findings->count; i++)
		count += findings->items[i].severity == severity;
	return count;
}

/* Names come from files that somebody else may have written: a terminal must not obey them. */
static void print_safely(const char *text, FILE *out)
{
	for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
		bool is_c1 = at[0] == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0;

		at += is_c1;
		fputc(*at < 0x20 || *at == 0x7f || is_c1 ? '?' : *at, out);
	}
}

void findings_print(const struct findings *findings, FILE *out)
{
	for (size_t i = 0; i < findings->count; i++) {
		const struct policy_finding *finding = &findings->items[i];

		print_safely(finding->where.file, out);
		fprintf(out, ":%d:%d: %s: ", finding->where.line, finding->where.column,
			SEVERITIES[finding->severity]);
		print_safely(finding->where.text, out);
		fprintf(out, " [%s]\n", finding_id_text(finding->id));
	}
	if (findings->left_out)
		fprintf(out, "…and %zu more\n", findings->left_out);
}

static void add_json(const struct policy_finding *finding, struct buf *json)
{
	buf_add_text(json, "{\"file\":");
	buf_add_json(json, slice_of(finding->where.file));
	buf_printf(json, ",\"line\":%d,\"column\":%d,\"severity\":\"%s\",\"id\":\"%s\",\"text\":",
		   finding->where.line, finding->where.column, SEVERITIES[finding->severity],
		   finding_id_text(finding->id));
	buf_add_json(json, slice_of(finding->where.text));
	buf_add_text(json, "}");
}

void findings_print_json(const struct findings *findings, FILE *out)
{
	fputs("{\"findings\":[", out);
	for (size_t i = 0; i < findings->count; i++) {
		SCOPED(buf_done) struct buf json = BUF_MAX(16 * KIB);

		add_json(&findings->items[i], &json);
		fprintf(out, "%s%s", i ? "," : "", buf_text(&json));
	}
	fprintf(out, "],\"errors\":%zu,\"warnings\":%zu,\"left_out\":%zu}\n",
		findings_count(findings, FINDING_ERROR), findings_count(findings, FINDING_WARNING),
		findings->left_out);
}
