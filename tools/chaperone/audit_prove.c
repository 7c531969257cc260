/* SPDX-License-Identifier: MIT */
/* `chaperone audit prove`: that an event is in the log, or that the log begins with an earlier one, for
 * somebody who has neither the log nor the export. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "tools/chaperone/audit.h"
#include "tools/chaperone/audit_print.h"
#include "tools/chaperone/audit_prove.h"
#include "tools/command/terminal.h"

static int read_number(const char *text, void *ret_number)
{
	return option_number(text, 0, INT64_MAX, ret_number);
}

/* clang-format off */
#define PROVE_NUMBER(member, word, takes, text) \
	{ .name = word, .argument = takes, .offset = offsetof(struct prove_options, member), \
	  .read = read_number, .expected = "a number", .help = text }
/* clang-format on */

static const struct option_row ROWS[] = {
	OPTION_TEXT(prove_options, event, "event", "ID",
		    "that this event is in the log: with its judgement, for whom, and its outcome"),
	PROVE_NUMBER(leaf, "leaf", "N", "that this leaf is, from 0 on"),
	PROVE_NUMBER(checkpoint, "checkpoint", "SIZE",
		     "by the checkpoint of so many leaves (the newest one)"),
	PROVE_NUMBER(from, "from", "SIZE",
		     "with --to: that the log of the one size begins with that of the other"),
	PROVE_NUMBER(to, "to", "SIZE", "likewise; both are sizes of checkpoints"),
	OPTION_TEXT(prove_options, check, "check", "FILE",
		    "checks a proof, without an export, and shows what it proves"),
	OPTION_TEXT(prove_options, key, "key", "VERIFIER", "the log's key, as with `audit verify`"),
	OPTION_FLAG(prove_options, is_json, "json", "with --check: one JSON object"),
};

static const struct option_table OPTIONS = {
	OPTION_ROWS(ROWS),
	.operands = "[EXPORT]",
	.operands_max = 1,
	.about = "Prints a proof about the log of an export, which stands alone; or checks one.",
	.exits = "0 proven, 1 not, 2 could not run",
};

struct leaf_wanted {
	uint64_t number;
	struct evidence_log *log;
	const struct evidence_head *head;
	struct buf *out;
};

static int prove_piece(void *context, const struct evidence_piece *piece)
{
	const struct leaf_wanted *wanted = context;

	if (piece->leaf != wanted->number)
		return 0;
	int r = proof_add_leaf(wanted->log, wanted->head, piece, wanted->out);
	return r < 0 ? r : 1;
}

static int prove_leaf(const struct prove_options *options, struct evidence_log *log,
		      const struct evidence_head *head, struct buf *out, struct error *error)
{
	struct leaf_wanted wanted = { options->leaf, log, head, out };
	int r = options->leaf < head->checkpoint.size ? 0 : -ERANGE;

	if (r == 0)
		r = evidence_pieces(options->export, prove_piece, &wanted, error);
	if (r == 0)
		return error_set(error, -ENOENT,
				 "what leaf %" PRIu64 " is of is not in this export",
				 options->leaf);
	if (r == -ERANGE)
		return error_set(error, r, "the log of the checkpoint has %" PRIu64 " leaves",
				 head->checkpoint.size);
	return r < 0 && !error->text[0] ? error_system(error, r, "proof") : r;
}

static int prove_growth(const struct prove_options *options, struct evidence_log *log,
			struct buf *out, struct error *error)
{
	SCOPED(evidence_head_done) struct evidence_head from = EVIDENCE_HEAD_NONE;
	SCOPED(evidence_head_done) struct evidence_head to = EVIDENCE_HEAD_NONE;
	int r = evidence_log_head(log, options->from, &from, error);

	if (r == 0)
		r = evidence_log_head(log, options->to, &to, error);
	if (r < 0)
		return r;
	r = proof_add_growth(log, &from, &to, out);
	if (r == -ERANGE)
		return error_set(error, r, "--from is larger than --to");
	return r < 0 ? error_system(error, r, "proof") : 0;
}

static int prove_inclusion(const struct prove_options *options, struct evidence_log *log,
			   struct buf *out, struct error *error)
{
	SCOPED(evidence_head_done) struct evidence_head head = EVIDENCE_HEAD_NONE;
	int r = evidence_log_head(log, options->checkpoint, &head, error);

	if (r < 0)
		return r;
	buf_add_text(out, PROOF_TITLE);
	return (options->event ? audit_prove_event : prove_leaf)(options, log, &head, out, error);
}

static int prove(const struct prove_options *options, const struct audit_trust *trust,
		 struct error *error)
{
	SCOPED(evidence_log_close) struct evidence_log log = { .signed_at = NULL };
	SCOPED(buf_done) struct buf out = BUF_MAX(PROOF_MAX);
	int r = evidence_log_open(options->export, &trust->trust, &log, error);

	if (r < 0)
		return r;
	r = (options->from != UINT64_MAX ? prove_growth : prove_inclusion)(options, &log, &out,
									   error);
	if (r < 0)
		return r;
	if (log.key_source == EVIDENCE_KEY_OF_EXPORT)
		fputs("chaperone audit prove: unanchored: the log's key is the export's own\n",
		      stderr);
	r = audit_print(&out);
	return r < 0 ? error_system(error, r, "standard output") : 0;
}

/* Whether it is said what to prove, once. */
static int check_asked(const struct prove_options *options, struct error *error)
{
	bool is_leaf = options->leaf != UINT64_MAX;
	bool is_growth = options->from != UINT64_MAX || options->to != UINT64_MAX;
	bool is_one =
		(options->event != NULL) + is_leaf + is_growth + (options->check != NULL) == 1;

	if (!is_one || (options->from == UINT64_MAX) != (options->to == UINT64_MAX))
		return error_set(error, -EINVAL,
				 "expected one of --event, --leaf, --from with --to, and --check");
	if ((options->export == NULL) != (options->check != NULL))
		return error_set(error, -EINVAL,
				 options->check ? "--check takes no export" : "expected an export");
	if (options->checkpoint != UINT64_MAX && !is_leaf && !options->event)
		return error_set(error, -EINVAL, "--checkpoint belongs to --event and --leaf");
	return 0;
}

static int run(const struct prove_options *options, struct error *error)
{
	SCOPED(audit_trust_done) struct audit_trust trust = { .authors = NULL };
	int r = check_asked(options, error);

	if (r == 0)
		r = audit_trust_read(options->key, NULL, &trust, error);
	if (r < 0)
		return r;
	return (options->check ? audit_prove_check : prove)(options, &trust, error);
}

int command_audit_prove(int argc, char **argv)
{
	struct prove_options options = { .leaf = UINT64_MAX,
					 .checkpoint = EVIDENCE_NEWEST,
					 .from = UINT64_MAX,
					 .to = UINT64_MAX };
	struct error error = { .line = 0 };
	int status;
	char **operands = options_read(&OPTIONS, argc, argv, &options, &status);

	if (!operands)
		return status;
	options.export = operands[0];
	int r = run(&options, &error);
	if (r == 0)
		return EXIT_GOOD;
	terminal_error(argv[0], &error);
	return r == -EBADMSG || r == -ENOENT || r == -ERANGE ? EXIT_FINDINGS : EXIT_USAGE;
}
