/* SPDX-License-Identifier: MIT */
#include "tools/server/policy/published.h"

#include <errno.h>
#include <string.h>

#include "control/archive.h"
#include "control/line.h"
#include "control/note.h"

static int take_newest(void *context, const struct store_value *columns, size_t count)
{
	struct published_newest *newest = context;

	(void)count;
	if (columns[1].bytes.length != SHA256_SIZE)
		return -EIO;
	newest->version = columns[0].number;
	memcpy(newest->digest, columns[1].bytes.at, SHA256_SIZE);
	return 0;
}

int published_newest(struct store *store, struct slice bundle, struct published_newest *ret_newest)
{
	*ret_newest = (struct published_newest){ .version = 0 };
	return store_run(store,
			 "SELECT version, digest FROM policy WHERE bundle = $1"
			 " ORDER BY version DESC LIMIT 1",
			 STORE_VALUES(store_text(bundle)), take_newest, ret_newest);
}

static int take_text(void *context, const struct store_value *columns, size_t count)
{
	struct published_text *text = context;

	(void)count;
	buf_add_slice(&text->note, columns[0].bytes);
	buf_add_slice(&text->source, columns[1].bytes);
	return text->note.failed ? text->note.failed : text->source.failed;
}

int published_read(struct store *store, struct slice bundle, int64_t version,
		   struct published_text *ret_text)
{
	*ret_text = (struct published_text){ .note = BUF_MAX(NOTE_SIZE_MAX),
					     .source = BUF_MAX(ARCHIVE_MAX) };
	int r = store_run(
		store, "SELECT note, source FROM policy WHERE bundle = $1 AND version = $2",
		STORE_VALUES(store_text(bundle), store_number(version)), take_text, ret_text);

	if (r == 0 && ret_text->note.length == 0)
		r = -ENOENT;
	if (r < 0)
		published_text_done(ret_text);
	return r < 0 ? r : 0;
}

void published_text_done(struct published_text *text)
{
	buf_done(&text->note);
	buf_done(&text->source);
}

int published_version_read(struct slice text, int64_t *ret_version)
{
	uint64_t number;

	if (line_number(text, &number) < 0)
		return -EINVAL;
	*ret_version = (int64_t)number;
	return 0;
}
