/* SPDX-License-Identifier: MIT */
/* Passwords in URLs (RFC 3986, 3.2.1) and after telling words. */
#include "tools/chaperone/scrub.h"

#include <string.h>
#include <strings.h>

#include "common/cleanup.h"

#define LEFT_OUT "…"

/* Behind one of these and = or : or white space, the rest is a secret. */
static const char *const TELLING_WORDS[] = {
	"password",    "passwd",     "passphrase",    "pwd",        "secret",     "token",
	"api-key",     "api_key",    "apikey",        "access-key", "access_key", "private-key",
	"private_key", "credential", "authorization", "bearer",     "auth",
};

static size_t telling_word(struct slice text)
{
	for (size_t i = 0; i < COUNT_OF(TELLING_WORDS); i++) {
		size_t length = strlen(TELLING_WORDS[i]);

		if (text.length > length && strncasecmp(text.at, TELLING_WORDS[i], length) == 0 &&
		    memchr("=: \t", text.at[length], 4))
			return length + 1;
	}
	return 0;
}

/* The part of `text` before the first secret that a telling word announces; `*ret_cut` says
 * whether there is one. */
static struct slice before_secret(struct slice text, bool *ret_cut)
{
	for (size_t i = 0; i < text.length; i++) {
		size_t length = telling_word(slice_part(text, i, text.length));

		*ret_cut = length > 0;
		if (length)
			return slice_part(text, 0, i + length);
	}
	return text;
}

/* Where the authority that starts at `start` ends. */
static size_t authority_end(struct slice text, size_t start)
{
	while (start < text.length && !memchr("/?# \t\"'", text.at[start], 7))
		start++;
	return start;
}

/* Adds the URL's rest from behind "://" on and returns where it ends.  The last @ counts:
 * passwords that were not encoded may hold one, a / or a ? too, so that everything up to a later
 * @ is dropped as well. */
static size_t scrub_authority(struct slice text, size_t start, struct buf *out)
{
	size_t word_end = start, from = start;

	while (word_end < text.length && !memchr(" \t\"'", text.at[word_end], 4))
		word_end++;
	const char *at = memrchr(text.at + start, '@', word_end - start);
	if (at) {
		buf_add_text(out, LEFT_OUT "@");
		from = (size_t)(at - text.at) + 1;
	}
	size_t end = authority_end(text, from);
	while (end < word_end && text.at[end] != '?' && text.at[end] != '#')
		end++;
	buf_add_slice(out, slice_part(text, from, end - from));
	if (end < word_end)
		buf_add_text(out, LEFT_OUT);
	return word_end;
}

void scrub(struct slice text, struct buf *out)
{
	bool is_cut = false;
	struct slice shown = before_secret(text, &is_cut);
	size_t done = 0;

	while (done < shown.length) {
		struct slice rest = slice_part(shown, done, shown.length);
		const char *mark = memmem(rest.at, rest.length, "://", 3);

		if (!mark)
			break;
		size_t start = (size_t)(mark - shown.at) + 3;
		buf_add_slice(out, slice_part(shown, done, start - done));
		done = scrub_authority(shown, start, out);
	}
	buf_add_slice(out, slice_part(shown, done, shown.length));
	if (is_cut)
		buf_add_text(out, LEFT_OUT);
}
