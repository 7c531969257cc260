/* SPDX-License-Identifier: MIT */
/* Text in place of text.  Nothing here allocates beyond what is appended to the caller's buffer. */
#include "policy/core/mask_text.h"

#include "common/sha256.h"
#include "policy/core/character.h"
#include "policy/core/detect.h"

/* At least so many characters stay hidden under a keep. */
#define HIDDEN_MIN 4

#define HASH_BYTES 16

static const char STARS[] = "*************";
_Static_assert(sizeof(STARS) - 1 == MASK_STARS, "as many stars as the language promises");

/* ROW(spelling) -> "[spelling]" with its length. */
static const struct slice LABELS[DETECTOR_COUNT + 1] = { { "[redacted]", sizeof("[redacted]") - 1 },
#define LABEL_ROW(detector, text) [detector + 1] = { "[" text "]", sizeof("[" text "]") - 1 },
							 DETECTORS(LABEL_ROW)
#undef LABEL_ROW
};

struct slice mask_label(struct mask mask)
{
	return LABELS[mask.detector <= DETECTOR_COUNT ? mask.detector : 0];
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Appends as much of the ASCII text `text` as fits. */
static void add_ascii(struct slice text, struct text_limit limit, struct buf *out)
{
	buf_add_slice(out, slice_part(text, 0, smaller(limit.characters, limit.bytes)));
}

/* How many stars fit beside `keep` characters that are `bytes` long; 0 when none do. */
static size_t stars_beside(size_t keep, size_t bytes, struct text_limit limit)
{
	if (keep >= limit.characters || bytes >= limit.bytes)
		return 0;
	return smaller(MASK_STARS, smaller(limit.characters - keep, limit.bytes - bytes));
}

/* The last `characters` characters of `text`; `*ret_rest` has what stands before them. */
static struct slice tail(struct slice text, size_t characters, struct slice *ret_rest)
{
	size_t begin = text.length;

	for (; characters > 0 && begin > 0; characters--)
		begin -= character_last(slice_part(text, 0, begin));
	*ret_rest = slice_part(text, 0, begin);
	return slice_part(text, begin, text.length);
}

static bool hides_enough_behind(struct slice rest)
{
	return character_span(rest, HIDDEN_MIN - 1) < rest.length;
}

static bool hides_enough_before(struct slice rest)
{
	struct slice further;

	tail(rest, HIDDEN_MIN - 1, &further);
	return further.length > 0;
}

static bool add_last(size_t keep, struct slice value, struct text_limit limit, struct buf *out)
{
	struct slice rest;
	struct slice kept = tail(value, keep, &rest);
	size_t stars = stars_beside(keep, kept.length, limit);

	if (!hides_enough_before(rest) || stars == 0)
		return false;
	buf_add(out, STARS, stars);
	buf_add_slice(out, kept);
	return true;
}

static bool add_first(size_t keep, struct slice value, struct text_limit limit, struct buf *out)
{
	size_t kept = character_span(value, keep);
	size_t stars = stars_beside(keep, kept, limit);

	if (!hides_enough_behind(slice_part(value, kept, value.length)) || stars == 0)
		return false;
	buf_add(out, value.at, kept);
	buf_add(out, STARS, stars);
	return true;
}

static bool add_hash(const struct sha256_hmac_key *key, struct slice value, struct text_limit limit,
		     struct buf *out)
{
	unsigned char digest[SHA256_SIZE];
	char digits[2 * HASH_BYTES];

	if (!key)
		return false;
	sha256_hmac_with(key, value.at, value.length, digest);
	for (size_t i = 0; i < HASH_BYTES; i++) {
		digits[2 * i] = "0123456789abcdef"[digest[i] >> 4];
		digits[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
	}
	add_ascii((struct slice){ digits, sizeof(digits) }, limit, out);
	return true;
}

void mask_text(struct mask mask, const struct sha256_hmac_key *key, struct slice value,
	       struct text_limit limit, struct buf *out)
{
	bool is_done = false;

	if (mask.how == MASK_KEEP_LAST)
		is_done = add_last(mask.keep, value, limit, out);
	else if (mask.how == MASK_KEEP_FIRST)
		is_done = add_first(mask.keep, value, limit, out);
	else if (mask.how == MASK_HASH)
		is_done = add_hash(key, value, limit, out);
	if (!is_done)
		add_ascii(mask_label(mask), limit, out);
}
