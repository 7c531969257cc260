/* SPDX-License-Identifier: MIT */
/* An export is passed twice.  The first time nothing but lines and headers is read: where the hashes of
 * leaves are, and what headers say of other parts.  The second time all is read, in the order in
 * which it is there; what is wrong with a line is said then. */
#include "tools/evidence/verify.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "control/seal.h"
#include "tools/evidence/trouble.h"
#include "tools/evidence/verifying.h"

#define PROGRESS_BYTES (4 * MIB)

int verifying_bad(struct verifying *verifying, const char *text)
{
	return error_set(verifying->error, -EBADMSG, "%s", text);
}

static int number_of(struct verifying *verifying, const struct evidence_block *block,
		     const char *name, uint64_t *ret_number)
{
	return evidence_number(block, name, ret_number, verifying->error);
}

int evidence_choose_key(const struct evidence_trust *trust, const struct evidence_block *block,
			struct verifying_key *ret_key, enum evidence_key_source *ret_source,
			struct error *error)
{
	struct slice text;
	int r = evidence_text(block, "key", &text, error);

	if (r < 0)
		return r;
	if (verifying_key_read(text, ret_key) < 0)
		return error_set(error, -EBADMSG, "the log's key is none");
	*ret_source = EVIDENCE_KEY_OF_EXPORT;
	if (trust->log) {
		*ret_key = *trust->log;
		*ret_source = EVIDENCE_KEY_GIVEN;
	} else if (trust->pinned && strcmp(trust->pinned->name, ret_key->name) == 0) {
		*ret_key = *trust->pinned;
		*ret_source = EVIDENCE_KEY_PINNED;
	}
	return 0;
}

static const struct verifying_key *find_believed(const struct evidence_trust *trust,
						 const char *name)
{
	const struct verifying_key *believed = trust->log ? trust->log : trust->pinned;

	return believed && strcmp(believed->name, name) == 0 ? believed : NULL;
}

/* Another server made the export, and says which key the log has.  Who believes that server believes
 * this. */
static int choose_sealed(struct verifying *verifying, const struct evidence_block *block,
			 struct slice sealed_by)
{
	struct evidence_report *report = verifying->report;
	const struct evidence_trust nobody = { .log = NULL };

	if (verifying_key_read(sealed_by, &report->seal) < 0)
		return verifying_bad(verifying, "the key of who made the export is none");
	const struct verifying_key *believed = find_believed(verifying->trust, report->seal.name);
	int r = evidence_choose_key(believed ? &nobody : verifying->trust, block, &report->log,
				    &report->key_source, verifying->error);
	if (r == 0 && believed) {
		report->seal = *believed;
		report->key_source = EVIDENCE_KEY_VOUCHED;
	}
	return r;
}

static int choose_keys(struct verifying *verifying, const struct evidence_block *block)
{
	struct evidence_report *report = verifying->report;
	const char *sealed_by = json_string_value(json_object_get(block->told, "sealed_by"));

	if (sealed_by)
		return choose_sealed(verifying, block, slice_of(sealed_by));
	int r = evidence_choose_key(verifying->trust, block, &report->log, &report->key_source,
				    verifying->error);
	report->seal = report->log;
	return r;
}

static int take_log(struct verifying *verifying, const struct evidence_block *block)
{
	struct evidence_report *report = verifying->report;
	int r = choose_keys(verifying, block);

	if (r == 0 && json_object_get(block->told, "logs"))
		r = number_of(verifying, block, "logs", &report->logs);
	report->is_filtered = json_is_true(json_object_get(block->told, "filtered"));
	report->is_shared = json_is_true(json_object_get(block->told, "shared"));
	return r < 0 ? r : number_of(verifying, block, "size", &report->leaves);
}

static int take_pins(struct verifying *verifying, const struct evidence_block *block)
{
	return number_of(verifying, block, "author_threshold", &verifying->policies.threshold);
}

static int take_root(struct verifying *verifying, const struct evidence_block *block)
{
	struct evidence_roots *roots = &verifying->policies.roots;
	struct slice bytes;
	int r = evidence_bytes(&verifying->file, &bytes, verifying->error);

	(void)block;
	if (r == 0)
		r = evidence_roots_take(roots, bytes, verifying->error);
	if (r < 0)
		return r;
	verifying->report->roots = roots->count;
	memcpy(verifying->report->first_root, roots->first, SHA256_SIZE);
	return 0;
}

static int take_author(struct verifying *verifying, const struct evidence_block *block)
{
	return evidence_policies_author(&verifying->policies, block, verifying->error);
}

/* The first pass gave it a number. */
static int take_agent(struct verifying *verifying, const struct evidence_block *block)
{
	struct slice agent;

	verifying->report->agents++;
	return evidence_text(block, "agent", &agent, verifying->error);
}

static int take_alarm(struct verifying *verifying, const struct evidence_block *block)
{
	struct slice agent, kind, part, detail;
	uint64_t offset;
	char text[512];
	int r = evidence_text(block, "agent", &agent, verifying->error);

	if (r == 0)
		r = evidence_text(block, "alarm", &kind, verifying->error);
	if (r == 0)
		r = evidence_text(block, "part", &part, verifying->error);
	if (r == 0)
		r = evidence_text(block, "detail", &detail, verifying->error);
	if (r == 0)
		r = number_of(verifying, block, "offset", &offset);
	if (r < 0)
		return r;
	snprintf(text, sizeof(text), "%.*s of agent %.*s, part %.*s, offset %" PRIu64 ": %.*s",
		 SLICE_ARGUMENTS(kind), SLICE_ARGUMENTS(agent), SLICE_ARGUMENTS(part), offset,
		 SLICE_ARGUMENTS(detail));
	verifying->report->alarms++;
	verifying->watch->remark(verifying->watch->context, EVIDENCE_ALARMED, text);
	return 0;
}

static int take_policy(struct verifying *verifying, const struct evidence_block *block)
{
	const struct evidence_policies *policies = &verifying->policies;
	struct slice bytes;
	unsigned int signers = 0;
	char text[160];
	int r = evidence_bytes(&verifying->file, &bytes, verifying->error);

	if (r == 0)
		r = evidence_policies_take(&verifying->policies, block, bytes, &signers,
					   verifying->error);
	if (r < 0)
		return r;
	verifying->report->policies = policies->count;
	if (signers >= policies->threshold)
		return 0;
	snprintf(text, sizeof(text), "%u signed version %" PRIu64 " of %s; today it takes %" PRIu64,
		 signers, policies->version, policies->bundle, policies->threshold);
	verifying->watch->remark(verifying->watch->context, EVIDENCE_FEW_SIGNED, text);
	return 0;
}

static int take_grants(struct verifying *verifying, const struct evidence_block *block)
{
	uint64_t version;
	int r = number_of(verifying, block, "version", &version);

	if (r < 0 || (version == 0 && block->length == 0))
		return r;
	return verifying_bad(verifying,
			     "grants are not known to this program: a newer one verifies them");
}

static int take_leaves(struct verifying *verifying, const struct evidence_block *block)
{
	uint64_t first;
	int r = number_of(verifying, block, "first", &first);

	if (r == 0 && (first != verifying->passed || block->length % SHA256_SIZE != 0 ||
		       first + block->length / SHA256_SIZE > verifying->leaves.size))
		r = error_set(verifying->error, -EBADMSG,
			      "hashes of leaves are missing from leaf %" PRIu64 " on",
			      verifying->passed);
	if (r == 0)
		verifying->passed += block->length / SHA256_SIZE;
	return r;
}

/* Lets the tree grow up to the checkpoint. */
static int grow_to(struct verifying *verifying, uint64_t size)
{
	struct tree_hash leaf;
	int r = 0;

	while (r == 0 && verifying->tree.size < size) {
		r = evidence_leaves_read(&verifying->leaves, verifying->tree.size, &leaf);
		if (r == 0)
			r = tree_add(&verifying->tree, &leaf, NULL, NULL);
	}
	return r < 0 ? error_system(verifying->error, r, "hashes of leaves") : 0;
}

static int check_root(struct verifying *verifying, const struct checkpoint *checkpoint)
{
	if (checkpoint->size < verifying->tree.size)
		return verifying_bad(verifying, "it is of fewer leaves than the one before it");
	if (checkpoint->size > verifying->leaves.size)
		return verifying_bad(verifying, "it is of a longer log");
	int r = grow_to(verifying, checkpoint->size);
	if (r < 0)
		return r;
	struct tree_hash root = tree_root(&verifying->tree);
	return memcmp(root.bytes, checkpoint->root.bytes, SHA256_SIZE) == 0
		       ? 0
		       : error_set(verifying->error, -EBADMSG,
				   "the log had another root when it had %" PRIu64 " leaves",
				   checkpoint->size);
}

static int take_checkpoint(struct verifying *verifying, const struct evidence_block *block)
{
	struct checkpoint checkpoint;
	struct slice note;
	uint64_t size;
	int r = evidence_bytes(&verifying->file, &note, verifying->error);

	if (r == 0)
		r = number_of(verifying, block, "size", &size);
	if (r < 0)
		return r;
	r = checkpoint_open(note, &verifying->report->log, &checkpoint);
	if (r < 0)
		return evidence_note_trouble(r, verifying->error);
	if (checkpoint.size != size)
		return verifying_bad(verifying, "it is of another size than its line says");
	verifying->report->checkpoints++;
	return check_root(verifying, &checkpoint);
}

static int check_whole(struct verifying *verifying)
{
	if (verifying->trust->root && !verifying->policies.roots.is_given_met)
		return verifying_bad(verifying, "the root that was given is not among its roots");
	if (verifying->leaves.size != verifying->report->leaves)
		return error_set(verifying->error, -EBADMSG,
				 "hashes of leaves are missing from leaf %" PRIu64 " on",
				 verifying->leaves.size);
	if (verifying->tree.size != verifying->leaves.size)
		return error_set(verifying->error, -EBADMSG,
				 "leaves from %" PRIu64
				 " on are not signed: a checkpoint is missing",
				 verifying->tree.size);
	if (!verifying->report->is_filtered && verifying->next_leaf != verifying->leaves.size)
		return error_set(verifying->error, -EBADMSG,
				 "deliveries are missing from leaf %" PRIu64 " on",
				 verifying->next_leaf);
	return 0;
}

static int take_end(struct verifying *verifying, const struct evidence_block *block)
{
	struct slice note;
	struct seal seal;
	int r = check_whole(verifying);

	if (r == 0)
		r = evidence_bytes(&verifying->file, &note, verifying->error);
	if (r < 0)
		return r;
	r = seal_open(note, &verifying->report->seal, &seal);
	if (r < 0)
		return evidence_note_trouble(r, verifying->error);
	if (seal.blocks != block->number || memcmp(seal.digest, block->before, SHA256_SIZE) != 0)
		return verifying_bad(verifying,
				     "what is before it was changed after it was written");
	return 0;
}

static int (*const TAKE[EVIDENCE_KIND_COUNT])(struct verifying *, const struct evidence_block *) = {
	[EVIDENCE_LOG] = take_log,
	[EVIDENCE_PINS] = take_pins,
	[EVIDENCE_ROOT] = take_root,
	[EVIDENCE_AUTHOR] = take_author,
	[EVIDENCE_AGENT] = take_agent,
	[EVIDENCE_ALARM] = take_alarm,
	[EVIDENCE_POLICY] = take_policy,
	[EVIDENCE_GRANTS] = take_grants,
	[EVIDENCE_LEAVES] = take_leaves,
	[EVIDENCE_CHECKPOINT] = take_checkpoint,
	[EVIDENCE_RETENTION] = verifying_retention,
	[EVIDENCE_GONE] = verifying_gone,
	[EVIDENCE_DEFINITION] = verifying_definition,
	[EVIDENCE_DELIVERY] = verifying_delivery,
	[EVIDENCE_END] = take_end,
};

static void tell_progress(struct verifying *verifying)
{
	const struct evidence_file *file = &verifying->file;

	if (!verifying->watch->progress || file->at < verifying->said + PROGRESS_BYTES)
		return;
	verifying->said = file->at;
	verifying->watch->progress(verifying->watch->context, file->at, file->size);
}

/* The second pass. */
static int pass(struct verifying *verifying)
{
	const struct evidence_block *block;
	struct slice bytes;
	int r;

	while ((r = evidence_next(&verifying->file, &block, verifying->error)) == 1) {
		r = TAKE[block->kind](verifying, block);
		if (r == 0) /* so that the seal is over all of them */
			r = evidence_bytes(&verifying->file, &bytes, verifying->error);
		if (r < 0)
			return r;
		tell_progress(verifying);
	}
	return r;
}

/* What the first pass takes from a block. */
static int scan(struct verifying *verifying, struct evidence_file *file,
		const struct evidence_block *block)
{
	struct slice agent, bytes;
	uint64_t start;
	size_t number;
	int r = 0;

	if (block->kind == EVIDENCE_LEAVES)
		return evidence_leaves_add(&verifying->leaves, block, NULL);
	if (block->kind != EVIDENCE_AGENT && block->kind != EVIDENCE_DELIVERY)
		return 0;
	r = evidence_text(block, "agent", &agent, NULL);
	if (r == 0 && block->kind == EVIDENCE_AGENT)
		return evidence_chains_list(verifying->chains, agent, &number);
	if (r == 0)
		r = evidence_number(block, "start", &start, NULL);
	if (r < 0 || start != 0 || evidence_chains_agent(verifying->chains, agent, &number) < 0)
		return r;
	r = evidence_bytes(file, &bytes, NULL);
	return r < 0 ? r : evidence_chains_expect(verifying->chains, number, bytes);
}

static int pass_first(struct verifying *verifying, const char *path, struct error *error)
{
	SCOPED(evidence_close) struct evidence_file file = { .stream = NULL };
	const struct evidence_block *block;
	int r = evidence_open(path, &file, error);

	if (r < 0)
		return r;
	verifying->leaves.fd = fileno(verifying->file.stream);
	while (r >= 0 && evidence_next(&file, &block, NULL) == 1)
		r = scan(verifying, &file, block);
	return r == -ENOMEM ? error_system(error, r, path) : 0;
}

/* Where the block is that does not fit. */
static void note_bad(struct verifying *verifying)
{
	const struct evidence_block *block = &verifying->file.block;
	struct evidence_report *report = verifying->report;
	struct buf place = BUF_OVER(report->bad_place);

	if (!block->told) {
		buf_printf(&place, "block %" PRIu64, block->number);
	} else {
		buf_printf(&place, "block %" PRIu64 " (%s)", block->number,
			   evidence_kind_name(block->kind));
	}
	if (verifying->part[0])
		buf_printf(&place, ", leaf %" PRIu64 ", part %s of agent %s, offset %" PRIu64,
			   verifying->leaf, verifying->part, verifying->agent, verifying->offset);
	report->bad_at = block->at;
	snprintf(report->bad_text, sizeof(report->bad_text), "%s", verifying->error->text);
}

static void end(struct verifying *verifying)
{
	evidence_close(&verifying->file);
	evidence_leaves_done(&verifying->leaves);
	evidence_chains_free(verifying->chains);
	evidence_policies_done(&verifying->policies);
}

static int run(struct verifying *verifying, const char *path)
{
	struct evidence_report *report = verifying->report;

	if (!verifying->chains)
		return error_system(verifying->error, -ENOMEM, path);
	int r = evidence_open(path, &verifying->file, verifying->error);
	if (r == 0)
		r = pass_first(verifying, path, verifying->error);
	if (r < 0)
		return r;
	r = pass(verifying);
	report->parts = evidence_chains_count(verifying->chains);
	report->is_good = r == 0;
	if (r == 0 && report->gone > 0)
		verifying->watch->remark(verifying->watch->context, EVIDENCE_LET_GO,
					 verifying->retention);
	if (r == -EBADMSG)
		note_bad(verifying);
	else if (r == 0)
		verifying_machines(verifying);
	return r == -EBADMSG ? 0 : r;
}

int evidence_verify(const char *path, const struct evidence_trust *trust,
		    const struct evidence_watch *watch, struct evidence_report *ret_report,
		    struct error *error)
{
	SCOPED(end)
	struct verifying verifying = {
		.trust = trust,
		.watch = watch,
		.report = ret_report,
		.error = error,
		.chains = evidence_chains_new(),
		.policies = { .given = trust->authors,
			      .given_count = trust->author_count,
			      .roots = { .given = trust->root },
			      .threshold = 1 },
	};

	*ret_report = (struct evidence_report){ .is_good = false };
	return run(&verifying, path);
}
