/* SPDX-License-Identifier: MIT */
/* `chaperone-server export`: the record in one file that can be verified without a server. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "common/clock.h"
#include "control/frame.h"
#include "tools/command/command.h"
#include "tools/command/json.h"
#include "tools/command/when.h"
#include "tools/command/options.h"
#include "tools/command/terminal.h"
#include "tools/server/people/author.h"
#include "tools/server/commands/commands.h"
#include "tools/server/commands/export_all.h"
#include "tools/server/store/data.h"
#include "tools/server/record/deposit.h"
#include "tools/server/record/export_file.h"
#include "tools/server/record/ledger.h"

struct export_options {
	const char *data;
	const char *to;
	const char *agent;
	uint64_t from_ns, until_ns;
	bool is_all;
};

static const struct option_row ROWS[] = {
	OPTION_TEXT(export_options, data, "data", "FOLDER", "the folder that init made"),
	{ .name = "to",
	  .argument = "FILE",
	  .offset = OPTION_PLACE(export_options, to, const char *),
	  .help = "where it comes to: a file that is not there yet",
	  .is_needed = true },
	{ .name = "from",
	  .argument = "WHEN",
	  .offset = offsetof(struct export_options, from_ns),
	  .help = WHEN_FORMS,
	  .read = when_read,
	  .expected = WHEN_FORMS },
	{ .name = "until",
	  .argument = "WHEN",
	  .offset = offsetof(struct export_options, until_ns),
	  .help = "likewise",
	  .read = when_read,
	  .expected = WHEN_FORMS },
	OPTION_TEXT(export_options, agent, "agent", "ID", "of this machine alone"),
	OPTION_FLAG(
		export_options, is_all, "all",
		"the logs of all servers that share the database: --to is a folder then, with an\n"
		"export of each"),
};

static const struct option_table OPTIONS = {
	OPTION_ROWS(ROWS),
	.about =
		"Writes the record, as far as it was delivered, with all that is needed to verify it\n"
		"without the server.  A server may run meanwhile.  It holds statements without their\n"
		"literals, and who ran them: keep it as the server is kept.",
	.exits = "0 written, 1 not written, 2 asked wrongly",
};

struct exporting {
	const struct export_options *options;
	struct data *data;
	struct export_file file;
	const struct ledger_signer *signer; /* of another server's log, this one's key */
	const struct known_log *other;      /* that one, which goes as far as it is signed */
	uint64_t logs;                      /* that are exported together; 0: it is one alone */
	uint64_t size;                      /* of the log */
	uint64_t leaves;                    /* of those that are exported together */
	bool is_shared;                     /* the database has other logs as well */
	int64_t after; /* of what was read in pages: the last number, size or leaf */
	size_t rows;   /* of the last page */
	uint64_t deliveries;
};

static bool is_filtered(const struct export_options *options)
{
	return options->from_ns > 0 || options->until_ns < INT64_MAX || options->agent[0] != '\0';
}

static int put_log(struct exporting *exporting, const struct verifying_key *key)
{
	SCOPED(buf_done) struct buf verifier = BUF_MAX(EXPORT_LINE_MAX);
	const struct known_log *other = exporting->other;
	struct buf *line = export_block(&exporting->file, "log");

	verifying_key_write(key, &verifier);
	json_text(line, "name", slice_of(other ? other->name : key->name));
	json_text(line, "key", other ? slice_of(other->key) : buf_view(&verifier));
	if (other)
		json_text(line, "sealed_by", buf_view(&verifier));
	if (exporting->logs > 0)
		json_number(line, "logs", exporting->logs);
	json_number(line, "size", exporting->size);
	json_bool(line, "filtered", is_filtered(exporting->options));
	json_bool(line, "shared", exporting->is_shared);
	json_number(line, "from", exporting->options->from_ns);
	json_number(line, "until", exporting->options->until_ns);
	json_number(line, "made", realtime_ns());
	return export_end_block(&exporting->file);
}

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

/* Nobody can be allowed anything by people yet. */
static int put_grants(struct exporting *exporting)
{
	json_number(export_block(&exporting->file, "grants"), "version", 0);
	return export_end_block(&exporting->file);
}

/* Who is judged by what, and who said so. */
static int put_governance(struct exporting *exporting)
{
	struct store *store = exporting->data->store;
	const struct store_value agent = store_text(slice_of(exporting->options->agent));
	const struct store_value until = store_number((int64_t)exporting->options->until_ns);
	int r = put_pins(exporting);

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
			      "SELECT bundle, version, published, note, source FROM policy"
			      " WHERE published <= $1 AND ($2 = '' OR bundle IN"
			      " (SELECT bundle FROM agent WHERE id = $2)) ORDER BY bundle, version",
			      STORE_VALUES(until, agent), put_policy, exporting);
	return r == 0 ? put_grants(exporting) : r;
}

/* Runs a query whose rows stand behind those of the page before, until there are no more. */
static int put_pages(struct exporting *exporting, int (*put_page)(struct exporting *exporting))
{
	int r;

	exporting->after = -1;
	do {
		exporting->rows = 0;
		r = put_page(exporting);
	} while (r == 0 && exporting->rows > 0);
	return r;
}

static void note_row(struct exporting *exporting, int64_t number)
{
	exporting->after = number;
	exporting->rows++;
}

/* The last tile has grown, maybe, since the size was looked at. */
static int put_leaves(void *context, const struct store_value *columns, size_t count)
{
	struct exporting *exporting = context;
	uint64_t first = (uint64_t)columns[0].number * LEDGER_TILE_SIZE;

	(void)count;
	note_row(exporting, columns[0].number);
	if (first >= exporting->size)
		return 0;
	struct buf *line = export_block(&exporting->file, "leaves");
	json_number(line, "first", first);
	buf_add_slice(&exporting->file.bytes,
		      slice_part(columns[1].bytes, 0, (exporting->size - first) * SHA256_SIZE));
	return export_end_block(&exporting->file);
}

static int put_page_of_leaves(struct exporting *exporting)
{
	return store_run(
		exporting->data->store,
		"SELECT number, hashes FROM log_tile"
		" WHERE log = $1 AND level = 0 AND number > $2 ORDER BY number LIMIT 100",
		STORE_VALUES(store_number(exporting->signer->log), store_number(exporting->after)),
		put_leaves, exporting);
}

static int put_checkpoint(void *context, const struct store_value *columns, size_t count)
{
	struct exporting *exporting = context;
	struct buf *line = export_block(&exporting->file, "checkpoint");

	(void)count;
	note_row(exporting, columns[0].number);
	json_number(line, "size", (uint64_t)columns[0].number);
	json_number(line, "made", (uint64_t)columns[1].number);
	buf_add_slice(&exporting->file.bytes, columns[2].bytes);
	return export_end_block(&exporting->file);
}

static int put_page_of_checkpoints(struct exporting *exporting)
{
	return store_run(exporting->data->store,
			 "SELECT size, made, note FROM log_checkpoint"
			 " WHERE log = $1 AND size > $2 AND size <= $3 ORDER BY size LIMIT 1000",
			 STORE_VALUES(store_number(exporting->signer->log),
				      store_number(exporting->after),
				      store_number((int64_t)exporting->size)),
			 put_checkpoint, exporting);
}

static int add_unpacked(void *context, struct slice piece)
{
	buf_add_slice(context, piece);
	return ((struct buf *)context)->failed;
}

enum column { FIRST_LEAF, LEAVES, AGENT, PART, START, PRIOR, RECEIVED, FRAME };

static int put_delivery(void *context, const struct store_value *columns, size_t count)
{
	struct exporting *exporting = context;
	SCOPED(buf_done) struct buf prior = BUF_MAX(2 * SHA256_SIZE);
	struct buf *line = export_block(&exporting->file, "delivery");

	(void)count;
	note_row(exporting, columns[FIRST_LEAF].number);
	buf_add_hex(&prior, columns[PRIOR].bytes.at, columns[PRIOR].bytes.length);
	json_text(line, "agent", columns[AGENT].bytes);
	json_text(line, "part", columns[PART].bytes);
	json_number(line, "start", (uint64_t)columns[START].number);
	json_text(line, "prior", buf_view(&prior));
	json_number(line, "first_leaf", (uint64_t)columns[FIRST_LEAF].number);
	json_number(line, "leaves", (uint64_t)columns[LEAVES].number);
	json_number(line, "received", (uint64_t)columns[RECEIVED].number);
	int r = frame_open(columns[FRAME].bytes, DEPOSIT_UNPACKED_MAX, add_unpacked,
			   &exporting->file.bytes);
	exporting->deliveries++;
	return r < 0 ? r : export_end_block(&exporting->file);
}

/* Of frames that are large, few are in memory at once. */
static int put_page_of_deliveries(struct exporting *exporting)
{
	const struct export_options *options = exporting->options;

	return store_run(exporting->data->store,
			 "SELECT first_leaf, leaves, agent, part, start, prior, received, frame"
			 " FROM record_delivery d JOIN record_source s ON s.source = d.source"
			 " WHERE log = $1 AND first_leaf > $2 AND first_leaf < $3"
			 " AND last_time >= $4 AND first_time <= $5"
			 " AND ($6 = '' OR agent = $6) ORDER BY first_leaf LIMIT 4",
			 STORE_VALUES(store_number(exporting->signer->log),
				      store_number(exporting->after),
				      store_number((int64_t)exporting->size),
				      store_number((int64_t)options->from_ns),
				      store_number((int64_t)options->until_ns),
				      store_text(slice_of(options->agent))),
			 put_delivery, exporting);
}

/* How far the log is signed, and whether it is one of several.  Nobody signs for another server. */
static int look_at_logs(struct exporting *exporting)
{
	struct store *store = exporting->data->store;
	uint64_t others = 0;
	int r = exporting->other ? 0 : ledger_sign(store, exporting->signer);

	if (r == 0)
		r = ledger_signed_size(store, exporting->signer->log, &exporting->size);
	if (r == 0)
		r = store_run(store, "SELECT count(*) FROM log_tree WHERE log <> $1 AND size > 0",
			      STORE_VALUES(store_number(exporting->signer->log)), store_take_number,
			      &others);
	exporting->is_shared = others > 0;
	return r;
}

/* The log only grows, so that what is below a size of it stays as it is while this reads. */
static int put_all(struct exporting *exporting)
{
	int r = look_at_logs(exporting);

	if (r == 0)
		r = export_begin(&exporting->file);
	if (r == 0)
		r = put_log(exporting, &exporting->signer->key->verifying);
	if (r == 0)
		r = put_governance(exporting);
	if (r == 0)
		r = put_pages(exporting, put_page_of_leaves);
	if (r == 0)
		r = put_pages(exporting, put_page_of_checkpoints);
	if (r == 0)
		r = put_pages(exporting, put_page_of_deliveries);
	if (r == 0)
		r = export_seal(&exporting->file, exporting->signer->key);
	return r == 0 && fsync(exporting->file.fd) < 0 ? -errno : r;
}

static int write_log(struct exporting *exporting, const char *to, struct error *error)
{
	SCOPED(close_p) int fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return error_system(error, -errno, to);
	exporting->file = (struct export_file)EXPORT_FILE(fd);
	int r = put_all(exporting);
	export_file_done(&exporting->file);
	if (r == 0)
		return 0;
	unlink(to); /* half of one is none */
	return error_system(error, r, to);
}

/* One of several. */
static int write_one(void *context, const struct known_log *log, uint64_t logs, const char *path,
		     struct error *error)
{
	struct exporting *exporting = context;
	const struct ledger_signer *own = exporting->signer;
	struct ledger_signer signer = { log->log, own->key };

	exporting->signer = &signer;
	exporting->other = log->log == own->log ? NULL : log;
	exporting->logs = logs;
	int r = write_log(exporting, path, error);
	exporting->signer = own;
	exporting->leaves += exporting->size;
	return r;
}

static int write_file(struct exporting *exporting, struct error *error)
{
	SCOPED(signing_key_done) struct signing_key key = { .secret = { 0 } };
	struct ledger_signer signer = { .key = &key };
	int r = data_key(exporting->data, DATA_LOG_KEY, &key, error);

	if (r < 0)
		return r;
	r = ledger_open(exporting->data->store, &key.verifying, &signer.log);
	if (r < 0)
		return error_system(error, r, "the log");
	exporting->signer = &signer;
	const char *to = exporting->options->to;
	return exporting->options->is_all ? export_all(exporting->data->store, signer.log, to,
						       write_one, exporting, error)
					  : write_log(exporting, to, error);
}

int command_export(int argc, char **argv)
{
	struct export_options options = { .until_ns = INT64_MAX, .agent = "" };
	SCOPED(data_close) struct data data = DATA_NONE;
	struct error error = { .text = "" };
	int status;

	if (!options_read(&OPTIONS, argc, argv, &options, &status))
		return status;
	struct exporting exporting = { .options = &options, .data = &data };
	int r = data_open(options.data, &data, &error);
	if (r == 0)
		r = write_file(&exporting, &error);
	if (r < 0) {
		terminal_error(argv[0], &error);
		return EXIT_FINDINGS;
	}
	if (options.is_all)
		printf("Exported %llu deliveries of %llu logs of %llu leaves to %s\n",
		       (unsigned long long)exporting.deliveries, (unsigned long long)exporting.logs,
		       (unsigned long long)exporting.leaves, options.to);
	else
		printf("Exported %llu deliveries of a log of %llu leaves to %s\n",
		       (unsigned long long)exporting.deliveries, (unsigned long long)exporting.size,
		       options.to);
	return EXIT_GOOD;
}
