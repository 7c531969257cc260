/* SPDX-License-Identifier: MIT */
#include "control/release.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <string.h>

#include "control/archive.h"
#include "control/line.h"
#include "control/name.h"

#define FIRST_LINE "chaperone.policy/v1"

/* Also those that UTF-8 writes in two bytes (U+0080 to U+009F). */
static bool has_control_character(struct slice text)
{
	for (size_t i = 0; i < text.length; i++) {
		unsigned char c = (unsigned char)text.at[i];
		unsigned char before = i > 0 ? (unsigned char)text.at[i - 1] : 0;

		if (c < ' ' || c == 0x7f || (before == 0xc2 && c < 0xa0))
			return true;
	}
	return false;
}

bool release_is_why(struct slice why)
{
	return why.length <= RELEASE_WHY_MAX && slice_is_utf8(why) && !has_control_character(why);
}

static bool is_right(const struct release *release)
{
	bool is_first = release->version == 1;

	return release->version > 0 && release->version <= INT64_MAX &&
	       release->previous == release->version - 1 &&
	       sodium_is_zero(release->previous_digest, SHA256_SIZE) == is_first &&
	       release->source_length <= ARCHIVE_MAX && name_is_plain(release->bundle) &&
	       name_is_plain(release->by) && release_is_why(release->why);
}

static void write_previous(const struct release *release, struct buf *out)
{
	buf_printf(out, "previous %" PRIu64 " ", release->previous);
	if (release->previous == 0)
		buf_add_char(out, '-');
	else
		line_digest_write(release->previous_digest, out);
	buf_add_char(out, '\n');
}

int release_write(const struct release *release, struct buf *out)
{
	if (!is_right(release))
		return -EINVAL;
	buf_printf(out, FIRST_LINE "\nbundle %.*s\nversion %" PRIu64 "\n",
		   SLICE_ARGUMENTS(release->bundle), release->version);
	write_previous(release, out);
	buf_printf(out, "source %" PRIu64 " ", release->source_length);
	line_digest_write(release->source_digest, out);
	buf_printf(out, "\nby %.*s\nwhy", SLICE_ARGUMENTS(release->by));
	if (release->why.length > 0)
		buf_add_char(out, ' ');
	buf_add_slice(out, release->why);
	buf_add_char(out, '\n');
	return out->failed;
}

static int read_number(struct slice *text, const char *name, uint64_t *ret_number)
{
	struct slice value;
	int r = line_value(text, name, &value);

	return r < 0 ? r : line_number(value, ret_number);
}

/* A number and a digest, which is "-" behind a zero where that is allowed. */
static int read_digest(struct slice *text, const char *name, bool may_be_none, uint64_t *ret_number,
		       unsigned char ret_digest[SHA256_SIZE])
{
	struct slice value;
	int r = line_value(text, name, &value);

	if (r < 0)
		return r;
	struct slice number = slice_cut(&value, ' ');
	r = line_number(number, ret_number);
	if (r < 0)
		return r;
	if (!may_be_none || *ret_number > 0)
		return line_digest(value, ret_digest);
	memset(ret_digest, 0, SHA256_SIZE);
	return slice_is(value, "-") ? 0 : -EBADMSG;
}

static int read_why(struct slice *text, struct slice *ret_why)
{
	if (slice_is(*text, "why\n")) {
		*text = slice_part(*text, text->length, 0);
		*ret_why = (struct slice){ "", 0 };
		return 0;
	}
	int r = line_value(text, "why", ret_why);
	return r < 0 ? r : ret_why->length == 0 ? -EBADMSG : 0;
}

int release_read(struct slice text, struct release *ret_release)
{
	struct release release;
	struct slice first;
	int r = line_cut(&text, &first);

	if (r == 0)
		r = slice_is(first, FIRST_LINE) ? 0 : -EBADMSG;
	if (r == 0)
		r = line_value(&text, "bundle", &release.bundle);
	if (r == 0)
		r = read_number(&text, "version", &release.version);
	if (r == 0)
		r = read_digest(&text, "previous", true, &release.previous,
				release.previous_digest);
	if (r == 0)
		r = read_digest(&text, "source", false, &release.source_length,
				release.source_digest);
	if (r == 0)
		r = line_value(&text, "by", &release.by);
	if (r == 0)
		r = read_why(&text, &release.why);
	if (r < 0 || text.length > 0 || !is_right(&release))
		return -EBADMSG;
	*ret_release = release;
	return 0;
}
