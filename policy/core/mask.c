/* SPDX-License-Identifier: MIT */
/* Whole cells: which mask wins, and what it makes of a value of each family of types. */
#include "policy/core/mask.h"

#include "policy/core/mask_hash.h"
#include "policy/core/mask_text.h"
#include "policy/core/mask_type.h"

#define JSONB_VERSION 1

static bool is_keep(uint8_t how)
{
	return how == MASK_KEEP_LAST || how == MASK_KEEP_FIRST;
}

struct mask mask_stricter(struct mask a, struct mask b)
{
	if (a.how != b.how && is_keep(a.how) && is_keep(b.how))
		a.how = b.how = MASK_REDACT;
	if (a.how != b.how)
		return a.how > b.how ? a : b;
	struct mask both = a;
	if (a.detector != b.detector)
		both.detector = 0;
	if (b.keep < a.keep)
		both.keep = b.keep;
	if (b.key < a.key)
		both.key = b.key;
	return both;
}

/* What the functions below work on. */
struct job {
	struct mask mask;
	const struct sha256_hmac_key *key;
	const struct cell *cell;
	struct buf *out;
};

/* These say whether the mask fits the type; what they appended is dropped when not. */

static bool write_text(const struct job *job)
{
	mask_text(job->mask, job->key, job->cell->value, type_text_limit(job->cell), job->out);
	return true;
}

static bool write_label(const struct job *job)
{
	buf_add_slice(job->out,
		      slice_part(mask_label(job->mask), 0, type_text_limit(job->cell).bytes));
	return true;
}

static bool write_json_label(const struct job *job)
{
	if (job->cell->is_binary && type_family(job->cell->type) == FAMILY_JSONB)
		buf_add_char(job->out, JSONB_VERSION);
	buf_add_char(job->out, '"');
	buf_add_slice(job->out, mask_label(job->mask));
	buf_add_char(job->out, '"');
	return true;
}

static bool write_bytea_label(const struct job *job)
{
	struct slice label = mask_label(job->mask);

	if (job->cell->is_binary) {
		buf_add_slice(job->out, label);
	} else {
		buf_add_text(job->out, "\\x");
		buf_add_hex(job->out, label.at, label.length);
	}
	return true;
}

static bool write_hash(const struct job *job)
{
	return mask_hash(job->key, job->cell, job->out);
}

static bool write_null(const struct job *job)
{
	(void)job;
	return false;
}

typedef bool (*write_function)(const struct job *job);

/* What is not listed becomes NULL. */
static const struct {
	write_function keep, redact, hash;
} WRITES[FAMILY_COUNT] = {
	[FAMILY_TEXT] = { write_text, write_text, write_text },
	/* Kept characters could cut through an element. */
	[FAMILY_XML] = { write_label, write_label, write_text },
	[FAMILY_JSON] = { write_json_label, write_json_label, NULL },
	[FAMILY_JSONB] = { write_json_label, write_json_label, NULL },
	[FAMILY_BYTEA] = { write_bytea_label, write_bytea_label, write_hash },
	[FAMILY_UUID] = { NULL, NULL, write_hash },
	[FAMILY_INT2] = { NULL, NULL, write_hash },
	[FAMILY_INT4] = { NULL, NULL, write_hash },
	[FAMILY_INT8] = { NULL, NULL, write_hash },
	[FAMILY_OID] = { NULL, NULL, write_hash },
	[FAMILY_NUMERIC] = { NULL, NULL, write_hash },
};

static bool write_same(const struct job *job)
{
	buf_add_slice(job->out, job->cell->value);
	return true;
}

static write_function choose(const struct job *job)
{
	enum type_family family = type_family(job->cell->type);
	write_function chosen = NULL;

	if (job->mask.how == MASK_NONE)
		chosen = write_same;
	else if (is_keep(job->mask.how))
		chosen = WRITES[family].keep;
	else if (job->mask.how == MASK_REDACT || (job->mask.how == MASK_HASH && !job->key))
		chosen = WRITES[family].redact;
	else if (job->mask.how == MASK_HASH)
		chosen = WRITES[family].hash;
	return chosen ? chosen : write_null;
}

bool mask_is_constant(struct mask mask)
{
	return mask.how == MASK_REDACT || mask.how == MASK_BLANK;
}

int mask_cell(struct mask mask, const struct sha256_hmac_key *key, const struct cell *cell,
	      struct buf *out, bool *ret_is_null)
{
	struct job job = { mask, key, cell, out };
	size_t begin = out->length;
	bool fits = choose(&job)(&job);

	if (!fits || out->failed)
		buf_truncate(out, begin);
	if (out->failed)
		return out->failed;
	*ret_is_null = !fits;
	return 0;
}
