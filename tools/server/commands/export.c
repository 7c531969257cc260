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
#include "tools/server/commands/commands.h"
#include "tools/server/commands/export_all.h"
#include "tools/server/commands/exporting.h"
#include "tools/server/store/data.h"
#include "tools/server/record/deposit.h"
#include "tools/server/record/export_file.h"
#include "tools/server/record/ledger.h"

#define TRIES_MAX 20 /* when something was let go of, or other transactions were first */

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

/* The last tile has grown, maybe, since the size was looked at. */
static int put_leaves(void *context, const struct store_value *columns, size_t count)
{
	struct exporting *exporting = context;
	uint64_t first = (uint64_t)columns[0].number * LEDGER_TILE_SIZE;

	(void)count;
	exporting_row(exporting, columns[0].number);
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
	exporting_row(exporting, columns[0].number);
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
	exporting_row(exporting, columns[FIRST_LEAF].number);
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
	exporting->next = (uint64_t)(columns[FIRST_LEAF].number + columns[LEAVES].number);
	return r < 0 ? r : export_end_block(&exporting->file);
}

/* Of frames that are large, few are in memory at once. */
static int put_page_of_deliveries(struct exporting *exporting)
{
	const struct export_options *options = exporting->options;

	exporting->next = exporting->read;
	int r = store_run(exporting->data->store,
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
	if (r >= 0)
		r = exporting_check(exporting, exporting->read);
	exporting->read = exporting->next;
	return r;
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
		r = exporting_governance(exporting);
	if (r == 0)
		r = exporting_pages(exporting, put_page_of_leaves);
	if (r == 0)
		r = exporting_pages(exporting, put_page_of_checkpoints);
	if (r == 0)
		r = exporting_gone(exporting);
	if (r == 0)
		r = exporting_pages(exporting, put_page_of_deliveries);
	if (r == 0)
		r = export_seal(&exporting->file, exporting->signer->key);
	return r == 0 && fsync(exporting->file.fd) < 0 ? -errno : r;
}

/* From its beginning on, where the server let go of something that was to be read. */
static int put_again(struct exporting *exporting, int fd)
{
	export_file_done(&exporting->file);
	exporting->file = (struct export_file)EXPORT_FILE(fd);
	exporting->deliveries = 0;
	if (ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	return put_all(exporting);
}

static int write_log(struct exporting *exporting, const char *to, struct error *error)
{
	SCOPED(close_p) int fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	uint64_t before = exporting->deliveries;
	int r = -EAGAIN;

	if (fd < 0)
		return error_system(error, -errno, to);
	for (int tries = 0; tries < TRIES_MAX && (r == -ESTALE || r == -EAGAIN); tries++)
		r = put_again(exporting, fd);
	export_file_done(&exporting->file);
	exporting->deliveries += before;
	if (r == 0)
		return 0;
	unlink(to); /* half of one is none */
	return r == -ESTALE
		       ? error_set(
				 error, r,
				 "%s: the server lets go of old records just now: try again later",
				 to)
		       : error_system(error, r, to);
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
