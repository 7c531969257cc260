/* SPDX-License-Identifier: MIT */
/* `chaperone audit head`: what stands for a whole record and is kept elsewhere; of a local one its last
 * hash, of an export the newest checkpoint. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "common/file.h"
#include "control/base64.h"
#include "tools/chaperone/audit.h"
#include "tools/chaperone/audit_print.h"
#include "tools/chaperone/audit_trust.h"
#include "tools/command/json.h"
#include "tools/command/terminal.h"
#include "tools/evidence/log.h"
#include "tools/evidence/trouble.h"

static const struct option_row ROWS[] = {
	AUDIT_RECORD,
	OPTION_TEXT(
		audit_options, against, "against", "FILE",
		"with an export: says whether its log begins with the checkpoint in FILE, which was\n"
		"kept from an earlier one"),
	AUDIT_KEYS,
	AUDIT_JSON("with an export: one JSON object"),
};

static const struct option_table OPTIONS = {
	OPTION_ROWS(ROWS),
	.operands = "[EXPORT]",
	.operands_max = 1,
	.about =
		"Prints the last hash of a record that verifies, to be kept elsewhere for\n"
		"`audit verify --head`; or, of what `chaperone-server export` wrote, the newest checkpoint.",
	.exits = "0 good, 1 it does not verify or fit, 2 could not run",
};

static int print_local(const struct audit_options *options, bool *ret_is_good, struct error *error)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(4 * KIB);
	struct record_report report;
	int r = record_verify(options->record, NULL, &report, error);

	if (r < 0)
		return r;
	*ret_is_good = report.is_good;
	if (!report.is_good) {
		fputs("chaperone audit head: the record does not verify\n", stderr);
		return 0;
	}
	buf_add_hex(&out, report.head, SHA256_SIZE);
	buf_add_char(&out, '\n');
	r = audit_print(&out);
	return r < 0 ? error_system(error, r, "standard output") : 0;
}

/* The checkpoint that was kept, and whether the log begins with it. */
static int compare(const struct audit_options *options, struct evidence_log *log,
		   struct evidence_head *ret_kept, struct error *error)
{
	int r = file_read(options->against, &ret_kept->note);

	if (r < 0)
		return error_system(error, r, options->against);
	r = checkpoint_open(buf_view(&ret_kept->note), &log->key, &ret_kept->checkpoint);
	if (r < 0) {
		r = evidence_note_trouble(r, error);
		snprintf(error->file, sizeof(error->file), "%s", options->against);
		return r;
	}
	return evidence_log_check(log, &ret_kept->checkpoint, error);
}

static void add_json(struct buf *out, const struct evidence_log *log,
		     const struct evidence_head *head, const struct evidence_head *kept)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(KIB);

	json_open(out, NULL, '{');
	json_text(out, "log", head->checkpoint.origin);
	json_number(out, "size", head->checkpoint.size);
	base64_write(head->checkpoint.root.bytes, SHA256_SIZE, &text);
	json_text(out, "root", buf_view(&text));
	buf_clear(&text);
	verifying_key_write(&log->key, &text);
	json_text(out, "key", buf_view(&text));
	json_text(out, "key_from", slice_of(audit_key_source(log->key_source)));
	if (kept->note.length > 0)
		json_number(out, "begins_with", kept->checkpoint.size);
	json_text(out, "note", buf_view(&head->note));
	json_close(out, '}');
	json_end(out);
	buf_add_char(out, '\n');
}

static int print_export(const struct audit_options *options, const struct audit_trust *trust,
			struct error *error)
{
	SCOPED(evidence_log_close) struct evidence_log log = { .signed_at = NULL };
	SCOPED(evidence_head_done) struct evidence_head head = EVIDENCE_HEAD_NONE;
	SCOPED(evidence_head_done) struct evidence_head kept = EVIDENCE_HEAD_NONE;
	SCOPED(buf_done) struct buf out = BUF_MAX(4 * NOTE_SIZE_MAX);
	int r = evidence_log_open(options->operand, &trust->trust, &log, error);

	if (r == 0)
		r = evidence_log_head(&log, EVIDENCE_NEWEST, &head, error);
	if (r == 0 && options->against)
		r = compare(options, &log, &kept, error);
	if (r < 0)
		return r;
	if (options->is_json)
		add_json(&out, &log, &head, &kept);
	else if (options->against)
		buf_printf(&out,
			   "good: the log of %" PRIu64 " leaves begins with that of %" PRIu64 "\n",
			   head.checkpoint.size, kept.checkpoint.size);
	else
		buf_add_slice(&out, buf_view(&head.note));
	if (log.key_source == EVIDENCE_KEY_OF_EXPORT && !options->is_json)
		fputs("chaperone audit head: unanchored: the log's key is the export's own\n",
		      stderr);
	r = audit_print(&out);
	return r < 0 ? error_system(error, r, "standard output") : 0;
}

static int of_export(const struct audit_options *options, bool *ret_is_good, struct error *error)
{
	SCOPED(audit_trust_done) struct audit_trust trust = { .authors = NULL };
	int r = audit_trust_read(options->key, NULL, &trust, error);

	if (r == 0)
		r = print_export(options, &trust, error);
	*ret_is_good = r == 0;
	if (r != -EBADMSG)
		return r;
	fputs("bad: ", stderr);
	char line[1024];
	error_format(error, line, sizeof(line));
	terminal_print(stderr, slice_of(line));
	fputc('\n', stderr);
	return 0;
}

static int check_asked(const struct audit_options *options, struct error *error)
{
	if (options->operand || !(options->against || options->key || options->is_json))
		return 0;
	return error_set(error, -EINVAL,
			 "--against, --key and --json belong to an export, which is not named");
}

int command_audit_head(int argc, char **argv)
{
	struct audit_options options;
	struct error error = { .line = 0 };
	bool is_good = false;
	int status;

	if (!audit_options_read(&OPTIONS, argc, argv, &options, &status))
		return status;
	int r = check_asked(&options, &error);
	if (r == 0)
		r = (options.operand ? of_export : print_local)(&options, &is_good, &error);
	if (r < 0)
		return command_fail(argv[0], &error);
	return is_good ? EXIT_GOOD : EXIT_FINDINGS;
}
