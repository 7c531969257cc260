/* SPDX-License-Identifier: MIT */
/* What an export has besides the record: who is judged by what, and who said so. */
#include "tools/command/json.h"
#include "tools/server/commands/exporting.h"
#include "tools/server/people/author.h"

static int put_pins(struct exporting *exporting)
{
	SCOPED(signing_key_done) struct signing_key key = { .secret = { 0 } };
	SCOPED(buf_done) struct buf verifier = BUF_MAX(EXPORT_LINE_MAX);
	struct buf *line = export_block(&exporting->file, "pins");
	uint64_t threshold;
	int r = author_threshold(exporting->data->store, &threshold);

	if (r == 0)
		r = data_key(exporting->data, DATA_FRESHNESS_KEY, &key, NULL);
	if (r < 0)
		return r;
	verifying_key_write(&key.verifying, &verifier);
	json_text(line, "freshness_key", buf_view(&verifier));
	json_number(line, "author_threshold", threshold);
	return export_end_block(&exporting->file);
}

static int put_root(void *context, const struct store_value *columns, size_t count)
{
	struct exporting *exporting = context;
	struct buf *line = export_block(&exporting->file, "root");

	(void)count;
	json_number(line, "version", (uint64_t)columns[0].number);
	json_number(line, "published", (uint64_t)columns[1].number);
	buf_add_slice(&exporting->file.bytes, columns[2].bytes);
	return export_end_block(&exporting->file);
}

static int put_author(void *context, const struct store_value *columns, size_t count)
{
	struct exporting *exporting = context;
	struct buf *line = export_block(&exporting->file, "author");

	(void)count;
	json_text(line, "key", columns[0].bytes);
	json_text(line, "account", columns[1].bytes);
	json_number(line, "created", (uint64_t)columns[2].number);
	json_number(line, "revoked", (uint64_t)columns[3].number);
	return export_end_block(&exporting->file);
}

static int put_agent(void *context, const struct store_value *columns, size_t count)
{
	struct exporting *exporting = context;
	struct buf *line = export_block(&exporting->file, "agent");

	(void)count;
	json_text(line, "agent", columns[0].bytes);
	json_text(line, "host", columns[1].bytes);
	json_text(line, "bundle", columns[2].bytes);
	json_number(line, "enrolled", (uint64_t)columns[3].number);
	json_number(line, "revoked", (uint64_t)columns[4].number);
	return export_end_block(&exporting->file);
}

enum alarm_column { ALARM_AGENT, ALARM_KIND, ALARM_PART, ALARM_PLACE, ALARM_DETAIL, ALARM_FIRST };

static int put_alarm(void *context, const struct store_value *columns, size_t count)
{
	struct exporting *exporting = context;
	struct buf *line = export_block(&exporting->file, "alarm");

	(void)count;
	json_text(line, "agent", columns[ALARM_AGENT].bytes);
	json_text(line, "alarm", columns[ALARM_KIND].bytes);
	json_text(line, "part", columns[ALARM_PART].bytes);
	json_number(line, "offset", (uint64_t)columns[ALARM_PLACE].number);
	json_text(line, "detail", columns[ALARM_DETAIL].bytes);
	json_number(line, "first", (uint64_t)columns[ALARM_FIRST].number);
	json_number(line, "last", (uint64_t)columns[ALARM_FIRST + 1].number);
	json_number(line, "times", (uint64_t)columns[ALARM_FIRST + 2].number);
	return export_end_block(&exporting->file);
}

/* The columns are a policy's bundle, version, time, note and source. */
static int put_policy(void *context, const struct store_value *columns, size_t count)
{
	struct exporting *exporting = context;
	struct buf *line = export_block(&exporting->file, "policy");

	(void)count;
	json_text(line, "bundle", columns[0].bytes);
	json_number(line, "version", (uint64_t)columns[1].number);
	json_number(line, "published", (uint64_t)columns[2].number);
	json_number(line, "note", columns[3].bytes.length);
	buf_add_slice(&exporting->file.bytes, columns[3].bytes);
	buf_add_slice(&exporting->file.bytes, columns[4].bytes);
	return export_end_block(&exporting->file);
}

/* One by one: the sources of all together may be more than there is memory. */
static int get_policy(void *context, const struct store_value *columns, size_t count)
{
	struct exporting *exporting = context;

	(void)count;
	return store_run(exporting->data->store,
			 "SELECT bundle, version, published, note, source FROM policy"
			 " WHERE bundle = $1 AND version = $2",
			 STORE_VALUES(columns[0], columns[1]), put_policy, exporting);
}

/* Nobody can be allowed anything by people yet. */
static int put_grants(struct exporting *exporting)
{
	json_number(export_block(&exporting->file, "grants"), "version", 0);
	return export_end_block(&exporting->file);
}

int exporting_governance(struct exporting *exporting)
{
	struct store *store = exporting->data->store;
	const struct store_value agent = store_text(slice_of(exporting->options->agent));
	const struct store_value until = store_number((int64_t)exporting->options->until_ns);
	int r = put_pins(exporting);

	if (r == 0)
		r = store_run(store, "SELECT version, published, note FROM root ORDER BY version",
			      STORE_NO_VALUES, put_root, exporting);
	if (r == 0)
		r = store_run(store,
			      "SELECT verifier, account, created, coalesce(revoked, 0)"
			      " FROM author_key ORDER BY created, verifier",
			      STORE_NO_VALUES, put_author, exporting);
	if (r == 0)
		r = store_run(store,
			      "SELECT id, host, bundle, enrolled, coalesce(revoked, 0) FROM agent"
			      " WHERE $1 = '' OR id = $1 ORDER BY enrolled, id",
			      STORE_VALUES(agent), put_agent, exporting);
	if (r == 0)
		r = store_run(store,
			      "SELECT agent, kind, part, place, detail, first, last, times"
			      " FROM record_alarm WHERE $1 = '' OR agent = $1 ORDER BY agent, kind",
			      STORE_VALUES(agent), put_alarm, exporting);
	if (r == 0)
		r = store_run(store,
			      "SELECT bundle, version FROM policy"
			      " WHERE published <= $1 AND ($2 = '' OR bundle IN"
			      " (SELECT bundle FROM agent WHERE id = $2)) ORDER BY bundle, version",
			      STORE_VALUES(until, agent), get_policy, exporting);
	return r == 0 ? put_grants(exporting) : r;
}
