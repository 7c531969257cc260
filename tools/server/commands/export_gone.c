/* SPDX-License-Identifier: MIT */
/* What an export says of leaves whose bytes the server let go of. */
#include <errno.h>

#include "tools/command/json.h"
#include "tools/server/commands/exporting.h"
#include "tools/server/record/retained.h"

int exporting_pages(struct exporting *exporting, int (*put_page)(struct exporting *exporting))
{
	int r;

	exporting->after = -1;
	do {
		exporting->rows = 0;
		r = put_page(exporting);
	} while (r == 0 && exporting->rows > 0);
	return r;
}

void exporting_row(struct exporting *exporting, int64_t number)
{
	exporting->after = number;
	exporting->rows++;
}

static int put_retention(void *context, const struct store_value *columns, size_t count)
{
	struct exporting *exporting = context;
	struct buf *line = export_block(&exporting->file, "retention");

	(void)count;
	exporting_row(exporting, columns[0].number);
	json_number(line, "leaves", (uint64_t)columns[0].number);
	json_number(line, "made", (uint64_t)columns[1].number);
	buf_add_slice(&exporting->file.bytes, columns[2].bytes);
	return export_end_block(&exporting->file);
}

static int put_page_of_retentions(struct exporting *exporting)
{
	return store_run(
		exporting->data->store,
		"SELECT leaf, made, note FROM log_retention"
		" WHERE log = $1 AND leaf > $2 ORDER BY leaf LIMIT 1000",
		STORE_VALUES(store_number(exporting->signer->log), store_number(exporting->after)),
		put_retention, exporting);
}

enum gone_column {
	GONE_LEAF,
	GONE_AGENT,
	GONE_PART,
	GONE_OFFSET,
	GONE_LENGTH,
	GONE_DIGEST,
	GONE_HEAD
};

static void put_digest(struct buf *line, const char *name, struct slice digest)
{
	char room[2 * SHA256_SIZE + 8];
	struct buf text = BUF_OVER(room);

	buf_add_text(&text, "sha256:");
	buf_add_hex(&text, digest.at, digest.length);
	json_text(line, name, buf_view(&text));
}

static int put_gone(void *context, const struct store_value *columns, size_t count)
{
	struct exporting *exporting = context;
	struct buf *line = export_block(&exporting->file, "gone");

	(void)count;
	exporting_row(exporting, columns[GONE_LEAF].number);
	json_text(line, "agent", columns[GONE_AGENT].bytes);
	json_text(line, "part", columns[GONE_PART].bytes);
	json_number(line, "leaf", (uint64_t)columns[GONE_LEAF].number);
	json_number(line, "offset", (uint64_t)columns[GONE_OFFSET].number);
	json_number(line, "length", (uint64_t)columns[GONE_LENGTH].number);
	put_digest(line, "digest", columns[GONE_DIGEST].bytes);
	put_digest(line, "head", columns[GONE_HEAD].bytes);
	return export_end_block(&exporting->file);
}

static int put_page_of_gone(struct exporting *exporting)
{
	return store_run(exporting->data->store,
			 "SELECT leaf, agent, part, start, length, digest, head"
			 " FROM record_gone d JOIN record_source s ON s.source = d.source"
			 " WHERE log = $1 AND leaf > $2 AND ($3 = '' OR agent = $3)"
			 " ORDER BY leaf LIMIT 1000",
			 STORE_VALUES(store_number(exporting->signer->log),
				      store_number(exporting->after),
				      store_text(slice_of(exporting->options->agent))),
			 put_gone, exporting);
}

int exporting_check(const struct exporting *exporting, uint64_t read)
{
	uint64_t gone;
	int r = retained_leaf(exporting->data->store, exporting->signer->log, &gone);

	return r >= 0 && gone > read ? -ESTALE : r;
}

enum definition_column { OF_SOURCE, OF_KIND, OF_NUMBER, OF_AGENT, OF_ENTRY };

static int put_definition(void *context, const struct store_value *columns, size_t count)
{
	struct exporting *exporting = context;
	struct buf *line = export_block(&exporting->file, "definition");

	(void)count;
	exporting_row(exporting, columns[OF_SOURCE].number);
	exporting->after_kind = columns[OF_KIND].number;
	exporting->after_number = columns[OF_NUMBER].number;
	json_text(line, "agent", columns[OF_AGENT].bytes);
	json_number(line, "boot", (uint64_t)columns[OF_NUMBER].number >> 32);
	buf_add_slice(&exporting->file.bytes, columns[OF_ENTRY].bytes);
	return export_end_block(&exporting->file);
}

/* Of boots of which something is gone: what statements refer to is mostly said at their beginning. */
static int put_page_of_definitions(struct exporting *exporting)
{
	return store_run(
		exporting->data->store,
		"SELECT d.source, kind, number, agent, entry FROM record_definition d"
		" JOIN record_source s ON s.source = d.source"
		" WHERE d.source >= $1 AND (d.source > $1 OR kind > $2 OR (kind = $2 AND number > $3))"
		" AND ($4 = '' OR agent = $4)"
		" AND EXISTS (SELECT 1 FROM record_gone g WHERE g.source = d.source AND g.log = $5)"
		" ORDER BY d.source, kind, number LIMIT 1000",
		STORE_VALUES(store_number(exporting->after), store_number(exporting->after_kind),
			     store_number(exporting->after_number),
			     store_text(slice_of(exporting->options->agent)),
			     store_number(exporting->signer->log)),
		put_definition, exporting);
}

int exporting_gone(struct exporting *exporting)
{
	int r = retained_leaf(exporting->data->store, exporting->signer->log, &exporting->read);

	if (r >= 0)
		r = exporting_pages(exporting, put_page_of_retentions);
	if (r >= 0)
		r = exporting_pages(exporting, put_page_of_gone);
	exporting->after_kind = exporting->after_number = INT64_MIN;
	if (r >= 0)
		r = exporting_pages(exporting, put_page_of_definitions);
	return r < 0 ? r : exporting_check(exporting, exporting->read);
}
