/* SPDX-License-Identifier: MIT */
/* `chaperone audit verify EXPORT`: whether the record of a server's machines fits together, and who
 * says so. */
#include <stdio.h>
#include <unistd.h>

#include "tools/chaperone/audit_evidence.h"
#include "tools/chaperone/audit_print.h"
#include "tools/chaperone/audit_trust.h"
#include "tools/command/json.h"

struct saying {
	struct buf remarks; /* lines, or items of a JSON list */
	bool is_json;
	bool is_progressing; /* a line of progress is on the terminal */
	int failed;
};

static const struct {
	const char *word, *label;
} REMARKS[] = {
	[EVIDENCE_ALARMED] = { "alarm", "alarm: " },
	[EVIDENCE_DOUBTED] = { "doubted", "not to be trusted: " },
	[EVIDENCE_UNCHECKED] = { "unchecked", "not all checked: " },
	[EVIDENCE_FEW_SIGNED] = { "few_signed", "note: " },
	[EVIDENCE_LET_GO] = { "gone", "gone: " },
	[EVIDENCE_MISSING] = { "missing", "not here: " },
};

static void remark(void *context, enum evidence_remark kind, const char *text)
{
	struct saying *saying = context;
	struct buf *out = &saying->remarks;

	if (saying->is_json) {
		json_open(out, NULL, '{');
		json_text(out, "kind", slice_of(REMARKS[kind].word));
		json_text(out, "text", slice_of(text));
		json_close(out, '}');
		return;
	}
	buf_add_text(out, REMARKS[kind].label);
	visible_add(out, slice_of(text), 0);
	buf_add_char(out, '\n');
}

static void progress(void *context, uint64_t done, uint64_t total)
{
	struct saying *saying = context;

	saying->is_progressing = true;
	fprintf(stderr, "\r%3u %% of %llu MB", (unsigned)(total ? done * 100 / total : 100),
		(unsigned long long)(total / 1000000));
	fflush(stderr);
}

bool audit_export_is_good(const struct evidence_report *report)
{
	return report->is_good && report->doubted == 0;
}

static void add_verdict(struct buf *out, const struct evidence_report *report)
{
	if (!report->is_good) {
		buf_add_text(out, "bad");
		return;
	}
	buf_add_text(out, "good");
	if (report->doubted > 0)
		buf_printf(out, " but for %llu machine%s", (unsigned long long)report->doubted,
			   report->doubted == 1 ? "" : "s");
	buf_add_text(out,
		     report->key_source == EVIDENCE_KEY_OF_EXPORT ? ", unanchored" : ", anchored");
}

static void add_key(struct buf *out, const struct evidence_report *report)
{
	if (report->key_source == EVIDENCE_KEY_VOUCHED) {
		buf_printf(
			out,
			"the log's key is the word of %s, which made the export and whose own is "
			"known\n",
			report->seal.name);
		return;
	}
	if (report->key_source != EVIDENCE_KEY_OF_EXPORT) {
		buf_printf(out, "the log's key is the one %s\n",
			   report->key_source == EVIDENCE_KEY_GIVEN
				   ? "that was given"
				   : "that this machine got when it enrolled");
		return;
	}
	buf_add_text(
		out,
		"UNANCHORED: the log's key was taken from the export, so all of this rests on\n"
		"whoever made it.  Compare the key with one from elsewhere, or give that "
		"(--key):\n  ");
	verifying_key_write(&report->log, out);
	buf_add_char(out, '\n');
}

static void add_authors(struct buf *out, const struct evidence_report *report,
			const struct audit_options *options)
{
	if (report->policies == 0 || options->authors)
		return;
	if (report->roots == 0) {
		buf_add_text(out, "who may sign policies is the server's word (--authors names "
				  "them)\n");
	} else if (options->root.is_given) {
		buf_add_text(out, "who may sign policies is what the root that was given says\n");
	} else {
		buf_add_text(out, "who may sign policies is what the authors' first root says: "
				  "compare it (--root)\n  ");
		buf_add_hex(out, report->first_root, SHA256_SIZE);
		buf_add_char(out, '\n');
	}
}

static const char *authors_from(const struct evidence_report *report,
				const struct audit_options *options)
{
	if (options->authors)
		return "given";
	if (report->roots == 0)
		return "export";
	return options->root.is_given ? "root" : "roots";
}

static void add_text(struct buf *out, const struct evidence_report *report,
		     const struct audit_options *options, struct slice remarks)
{
	add_verdict(out, report);
	buf_add_text(out, ": ");
	if (!report->is_good) {
		visible_add(out, slice_of(report->bad_place), 0);
		buf_printf(out, " (byte %llu): ", (unsigned long long)report->bad_at);
		visible_add(out, slice_of(report->bad_text), 0);
		buf_add_char(out, '\n');
		buf_add_slice(out, remarks);
		return;
	}
	buf_printf(
		out,
		"%llu leaves (%llu gone), %llu checkpoints, %llu entries in %llu parts of %llu machines, "
		"%llu policies; log %s\n",
		(unsigned long long)report->leaves, (unsigned long long)report->gone,
		(unsigned long long)report->checkpoints, (unsigned long long)report->entries,
		(unsigned long long)report->parts, (unsigned long long)report->agents,
		(unsigned long long)report->policies, report->log.name);
	buf_add_slice(out, remarks);
	if (report->is_filtered)
		buf_add_text(out, "only some of the log is here: nothing of it was changed, and "
				  "nothing says what is left out\n");
	if (report->is_shared)
		buf_add_text(out,
			     "other servers have logs of their own: what goes on from there is "
			     "verified with theirs\n");
	add_authors(out, report, options);
	add_key(out, report);
}

static void add_counts(struct buf *out, const struct evidence_report *report)
{
	json_number(out, "leaves", report->leaves);
	json_number(out, "gone", report->gone);
	json_number(out, "checkpoints", report->checkpoints);
	json_number(out, "deliveries", report->deliveries);
	json_number(out, "parts", report->parts);
	json_number(out, "entries", report->entries);
	json_number(out, "policies", report->policies);
	json_number(out, "roots", report->roots);
	json_number(out, "machines", report->agents);
	json_number(out, "alarms", report->alarms);
	json_number(out, "doubted", report->doubted);
	json_number(out, "missing", report->missing);
}

static void add_json(struct buf *out, const struct evidence_report *report,
		     const struct audit_options *options, struct slice remarks)
{
	SCOPED(buf_done) struct buf key = BUF_MAX(KIB), verdict = BUF_MAX(KIB);

	verifying_key_write(&report->log, &key);
	add_verdict(&verdict, report);
	json_open(out, NULL, '{');
	json_text(out, "verdict", buf_view(&verdict));
	json_bool(out, "good", report->is_good);
	json_text(out, "log", slice_of(report->log.name));
	json_text(out, "key", buf_view(&key));
	json_text(out, "key_from", slice_of(audit_key_source(report->key_source)));
	json_text(out, "authors_from", slice_of(authors_from(report, options)));
	if (report->roots > 0) {
		SCOPED(buf_done) struct buf root = BUF_MAX(KIB);

		buf_add_hex(&root, report->first_root, SHA256_SIZE);
		json_text(out, "first_root", buf_view(&root));
	}
	json_bool(out, "filtered", report->is_filtered);
	json_bool(out, "shared", report->is_shared);
	add_counts(out, report);
	json_open(out, "remarks", '[');
	buf_add_slice(out, remarks);
	json_close(out, ']');
	if (!report->is_good) {
		json_text(out, "place", slice_of(report->bad_place));
		json_number(out, "byte", report->bad_at);
		json_text(out, "text", slice_of(report->bad_text));
	}
	json_close(out, '}');
	json_end(out);
	buf_add_char(out, '\n');
}

static int say(const struct audit_options *options, const struct evidence_report *report,
	       const struct saying *saying, struct error *error)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(2 * AUDIT_LINE_MAX);

	if (saying->remarks.failed)
		return error_system(error, saying->remarks.failed, "remarks");
	(options->is_json ? add_json : add_text)(&out, report, options, buf_view(&saying->remarks));
	int r = audit_print(&out);
	return r < 0 ? error_system(error, r, "standard output") : 0;
}

int audit_verify_export(const struct audit_options *options, struct evidence_report *ret_report,
			struct error *error)
{
	SCOPED(audit_trust_done) struct audit_trust trust = { .authors = NULL };
	struct saying saying = { .remarks = BUF_MAX(AUDIT_LINE_MAX), .is_json = options->is_json };
	const struct evidence_watch watch = {
		.remark = remark,
		.progress = isatty(STDERR_FILENO) ? progress : NULL,
		.context = &saying,
	};
	int r = audit_trust_read(options->key, options->authors, &trust, error);

	if (options->root.is_given)
		trust.trust.root = options->root.hash;
	if (r == 0)
		r = evidence_verify(options->operand, &trust.trust, &watch, ret_report, error);
	if (saying.is_progressing)
		fputs("\r\033[K", stderr);
	if (r == 0)
		r = say(options, ret_report, &saying, error);
	buf_done(&saying.remarks);
	return r;
}
