/* SPDX-License-Identifier: MIT */
/* `chaperone audit verify`: whether the record fits together. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/record.h"
#include "tools/chaperone/audit.h"
#include "tools/chaperone/audit_evidence.h"
#include "tools/chaperone/audit_events.h"
#include "tools/chaperone/audit_print.h"
#include "tools/command/json.h"

static int hex_digit(char c)
{
	static const char DIGITS[] = "0123456789abcdef";
	const char *at = c ? strchr(DIGITS, c) : NULL;

	return at ? (int)(at - DIGITS) : -1;
}

static int read_head(const char *text, void *ret_head)
{
	struct audit_head head = { .is_given = true };

	if (strlen(text) != (size_t)2 * SHA256_SIZE)
		return -EINVAL;
	for (size_t i = 0; i < SHA256_SIZE; i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return -EINVAL;
		head.hash[i] = (unsigned char)(high << 4 | low);
	}
	*(struct audit_head *)ret_head = head;
	return 0;
}

static const struct option_row VERIFY_ROWS[] = {
	AUDIT_RECORD,
	AUDIT_READ(
		head, "head", "HASH", read_head, "64 hexadecimal digits in lower case",
		"a head known from elsewhere; without one, the end of the record could have been\n"
		"cut off or all of it written anew, so the best verdict is \"unanchored\""),
	AUDIT_KEYS,
	OPTION_TEXT(
		audit_options, authors, "authors", "FILE",
		"whose signatures make a policy, a VERIFIER in each line; without it those that\n"
		"the export lists"),
	AUDIT_READ(root, "root", "HASH", read_head, "64 hexadecimal digits in lower case",
		   "a root of the authors, known from elsewhere, which has to be among those of\n"
		   "the export: policies then rest on it"),
	AUDIT_JSON("one JSON object"),
};

static const struct option_table VERIFY = {
	OPTION_ROWS(VERIFY_ROWS),
	.operands = "[EXPORT]",
	.operands_max = 1,
	.about =
		"Checks every hash and link of the record; or, of what `chaperone-server export` wrote,\n"
		"every checkpoint, leaf, chain, policy and signature, without the server.  EXPORT may be the\n"
		"folder to which the logs of all servers were exported: then also whether all are there.",
	.exits = "0 good, 1 something does not fit, 2 could not run",
};

/* The `assurance` of the newest boot that states one. */
static int read_assurance(const char *path, struct buf *ret_assurance, struct error *error)
{
	SCOPED(record_reader_closep) struct record_reader *reader = NULL;
	struct record_entry entry;
	int r = record_reader_open(path, &reader, error);

	while (r >= 0 && (r = record_reader_next(reader, &entry, error)) != 0) {
		if (r == -EBADMSG)
			r = 0;
		else if (r < 0 || entry.kind != RECORD_BOOT)
			continue;
		for (size_t i = 0; r == 1 && i < entry.fact_count; i++) {
			if (!slice_is(entry.facts[i].name, "assurance"))
				continue;
			buf_clear(ret_assurance);
			buf_add_slice(ret_assurance, entry.facts[i].value);
		}
	}
	return r;
}

static bool is_good(const struct record_report *report, const struct audit_options *options)
{
	return report->is_good && (!options->head.is_given || report->is_anchored);
}

static const char *verdict(const struct record_report *report, const struct audit_options *options)
{
	if (!report->is_good)
		return "bad";
	if (!options->head.is_given)
		return "good, unanchored";
	return report->is_anchored ? "good, anchored" : "bad";
}

static void add_text_report(struct buf *out, const struct record_report *report,
			    const struct audit_options *options, struct slice assurance)
{
	buf_add_text(out, verdict(report, options));
	if (!report->is_good) {
		buf_add_text(out, ": ");
		visible_add(out, slice_of(report->bad_file), 0);
		buf_printf(out, ", offset %llu: %s", (unsigned long long)report->bad_offset,
			   report->bad_text);
	} else if (!is_good(report, options)) {
		buf_add_text(out, ": the head given does not occur in this record");
	} else {
		buf_printf(out, ": %llu entries in %llu batches of %llu files; head ",
			   (unsigned long long)report->entries, (unsigned long long)report->batches,
			   (unsigned long long)report->files);
		buf_add_hex(out, report->head, SHA256_SIZE);
	}
	buf_add_char(out, '\n');
	if (report->gaps > 0)
		buf_printf(
			out,
			"let go, as it says itself: %llu files, with %llu entries that no server has\n",
			(unsigned long long)report->gaps, (unsigned long long)report->gap_entries);
	if (report->is_good && report->files > 0 && !report->ends_in_order)
		buf_add_text(out, "the newest boot has not ended in order, or is still running\n");
	if (assurance.length) {
		buf_add_text(out, "assurance: ");
		visible_add(out, assurance, 0);
		buf_add_char(out, '\n');
	}
}

static void add_counts(struct buf *out, const struct record_report *report)
{
	json_number(out, "files", report->files);
	json_number(out, "batches", report->batches);
	json_number(out, "entries", report->entries);
	json_number(out, "bytes", report->bytes);
	json_number(out, "intents", report->intents);
	json_number(out, "outcomes", report->outcomes);
	json_number(out, "lost", report->lost);
	json_number(out, "notes", report->notes);
	json_number(out, "files_let_go", report->gaps);
	json_number(out, "entries_let_go", report->gap_entries);
}

static void add_json_report(struct buf *out, const struct record_report *report,
			    const struct audit_options *options, struct slice assurance)
{
	json_open(out, NULL, '{');
	json_text(out, "verdict", slice_of(verdict(report, options)));
	json_bool(out, "good", is_good(report, options));
	json_bool(out, "anchored", report->is_anchored);
	json_bool(out, "ends_in_order", report->ends_in_order);
	add_counts(out, report);
	json_text_if(out, "assurance", assurance);
	if (!report->is_good) {
		json_text(out, "file", slice_of(report->bad_file));
		json_number(out, "offset", report->bad_offset);
		json_text(out, "text", slice_of(report->bad_text));
	}
	buf_add_text(out, "\"head\":\"");
	buf_add_hex(out, report->head, SHA256_SIZE);
	buf_add_text(out, "\",");
	json_close(out, '}');
	json_end(out);
	buf_add_char(out, '\n');
}

static int verify(const struct audit_options *options, bool *ret_is_good, struct error *error)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(AUDIT_LINE_MAX), assurance = BUF_MAX(4 * KIB);
	struct record_report report;
	int r = record_verify(options->record, options->head.is_given ? options->head.hash : NULL,
			      &report, error);

	if (r == 0)
		r = read_assurance(options->record, &assurance, error);
	if (r < 0)
		return r;
	if (options->is_json)
		add_json_report(&out, &report, options, buf_view(&assurance));
	else
		add_text_report(&out, &report, options, buf_view(&assurance));
	*ret_is_good = is_good(&report, options);
	r = audit_print(&out);
	return r < 0 ? error_system(error, r, "standard output") : 0;
}

/* What belongs to a local record does not go with an export, and the other way round. */
static int check_asked(const struct audit_options *options, struct error *error)
{
	if (options->operand && options->head.is_given)
		return error_set(error, -EINVAL,
				 "--head belongs to a local record, not to an export");
	if (!options->operand && (options->key || options->authors || options->root.is_given))
		return error_set(
			error, -EINVAL,
			"--key, --authors and --root belong to an export, which is not named");
	return 0;
}

int command_audit_verify(int argc, char **argv)
{
	struct audit_options options;
	struct error error = { .line = 0 };
	bool good = false;
	int status;

	if (!audit_options_read(&VERIFY, argc, argv, &options, &status))
		return status;
	int r = check_asked(&options, &error);
	if (r == 0)
		r = (options.operand ? audit_verify_exports : verify)(&options, &good, &error);
	if (r < 0)
		return command_fail(argv[0], &error);
	return good ? EXIT_GOOD : EXIT_FINDINGS;
}
