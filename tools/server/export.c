/* SPDX-License-Identifier: MIT */
/* `chaperone-server export`: the record in one file that can be verified without a server. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "common/file.h"
#include "control/frame.h"
#include "tools/command/command.h"
#include "tools/command/json.h"
#include "tools/command/when.h"
#include "tools/command/options.h"
#include "tools/command/terminal.h"
#include "tools/server/commands.h"
#include "tools/server/data.h"
#include "tools/server/deposit.h"
#include "tools/server/ledger.h"

#define LINE_MAX_BYTES (16 * KIB)

struct export_options {
	const char *data;
	const char *to;
	const char *agent;
	uint64_t from_ns, until_ns;
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
};

static const struct option_table OPTIONS = {
	OPTION_ROWS(ROWS),
	.about =
		"Writes the record, as far as it was delivered, with all that is needed to verify it\n"
		"without the server.  A server may run meanwhile.  It holds statements without their\n"
		"literals, and who ran them: keep it as the server is kept.",
	.exits = "0 written, 1 not written, 2 asked wrongly",
};

/* How to read what follows stands in the file itself. */
static const char HEADER[] =
	"chaperone-export 1\n"
	"# Behind these lines and an empty one: blocks, each a line of JSON, then as many bytes as its\n"
	"# \"bytes\" says, then a line's end unless that is 0.  By \"kind\":\n"
	"#   log         its name, the key that signs for it (c2sp.org/signed-note), how many leaves it had;\n"
	"#               \"filtered\" when not all deliveries are here\n"
	"#   agent       a machine that delivered\n"
	"#   leaves      hashes of leaves from \"first\" on, 32 bytes each; all of the log's are here\n"
	"#   checkpoint  a signed note (c2sp.org/tlog-checkpoint); the last one covers all of the log\n"
	"#   delivery    bytes of a file of an agent's record (doc/record.md) from \"start\" on: whole batches,\n"
	"#               or the header and batches.  \"prior\" is the chain's hash before them.  Each header and\n"
	"#               each batch is a leaf, from \"first_leaf\" on.\n"
	"#   end         how many blocks came before, and the SHA-256 of all bytes before this line\n"
	"# A leaf's hash is SHA-256 over a zero byte and six lines: chaperone-record-leaf/1, the agent, the\n"
	"# part, the offset, the length, the SHA-256 of the bytes in hexadecimal.  verify_export.py checks it.\n"
	"\n";

struct export_file {
	const struct export_options *options;
	struct data *data;
	int fd;
	struct sha256 hash;
	uint64_t size; /* of the log */
	uint64_t blocks, deliveries;
	struct buf line, bytes;
};

static int put(struct export_file *file, struct slice bytes)
{
	sha256_add(&file->hash, bytes.at, bytes.length);
	return file_write_all(file->fd, bytes.at, bytes.length);
}

static struct buf *begin_block(struct export_file *file, const char *kind)
{
	buf_clear(&file->line);
	buf_clear(&file->bytes);
	json_open(&file->line, NULL, '{');
	json_text(&file->line, "kind", slice_of(kind));
	return &file->line;
}

/* Writes the block with what was put into `bytes`. */
static int end_block(struct export_file *file)
{
	struct buf *line = &file->line;

	json_number(line, "bytes", file->bytes.length);
	json_close(line, '}');
	json_end(line);
	buf_add_char(line, '\n');
	if (file->bytes.length > 0)
		buf_add_char(&file->bytes, '\n');
	if (line->failed || file->bytes.failed)
		return line->failed ? line->failed : file->bytes.failed;
	file->blocks++;
	int r = put(file, buf_view(line));
	return r < 0 ? r : put(file, buf_view(&file->bytes));
}

static int put_agent(void *context, const struct store_value *columns, size_t count)
{
	struct buf *line = begin_block(context, "agent");

	(void)count;
	json_text(line, "agent", columns[0].bytes);
	json_text(line, "host", columns[1].bytes);
	json_text(line, "bundle", columns[2].bytes);
	return end_block(context);
}

/* The last tile has grown, maybe, since the size was looked at. */
static int put_leaves(void *context, const struct store_value *columns, size_t count)
{
	struct export_file *file = context;
	uint64_t first = (uint64_t)columns[0].number * LEDGER_TILE_SIZE;

	(void)count;
	if (first >= file->size)
		return 0;
	struct buf *line = begin_block(file, "leaves");
	json_number(line, "first", first);
	buf_add_slice(&file->bytes,
		      slice_part(columns[1].bytes, 0, (file->size - first) * SHA256_SIZE));
	return end_block(file);
}

static int put_checkpoint(void *context, const struct store_value *columns, size_t count)
{
	struct export_file *file = context;
	struct buf *line = begin_block(file, "checkpoint");

	(void)count;
	json_number(line, "size", (uint64_t)columns[0].number);
	json_number(line, "made", (uint64_t)columns[1].number);
	buf_add_slice(&file->bytes, columns[2].bytes);
	return end_block(file);
}

static int add_unpacked(void *context, struct slice piece)
{
	buf_add_slice(context, piece);
	return ((struct buf *)context)->failed;
}

enum column { FIRST_LEAF, LEAVES, AGENT, PART, START, PRIOR, RECEIVED, FRAME };

static int put_delivery(void *context, const struct store_value *columns, size_t count)
{
	struct export_file *file = context;
	SCOPED(buf_done) struct buf prior = BUF_MAX(2 * SHA256_SIZE);
	struct buf *line = begin_block(file, "delivery");

	(void)count;
	buf_add_hex(&prior, columns[PRIOR].bytes.at, columns[PRIOR].bytes.length);
	json_text(line, "agent", columns[AGENT].bytes);
	json_text(line, "part", columns[PART].bytes);
	json_number(line, "start", (uint64_t)columns[START].number);
	json_text(line, "prior", buf_view(&prior));
	json_number(line, "first_leaf", (uint64_t)columns[FIRST_LEAF].number);
	json_number(line, "leaves", (uint64_t)columns[LEAVES].number);
	json_number(line, "received", (uint64_t)columns[RECEIVED].number);
	int r = frame_open(columns[FRAME].bytes, DEPOSIT_UNPACKED_MAX, add_unpacked, &file->bytes);
	file->deliveries++;
	return r < 0 ? r : end_block(file);
}

static int put_all_deliveries(struct export_file *file)
{
	const struct export_options *options = file->options;

	return store_run(file->data->store,
			 "SELECT first_leaf, leaves, agent, part, start, prior, received, frame"
			 " FROM record_delivery d JOIN record_source s ON s.source = d.source"
			 " WHERE first_leaf < $1 AND last_time >= $2 AND first_time <= $3"
			 " AND ($4 = '' OR agent = $4) ORDER BY first_leaf",
			 STORE_VALUES(store_number((int64_t)file->size),
				      store_number((int64_t)options->from_ns),
				      store_number((int64_t)options->until_ns),
				      store_text(slice_of(options->agent))),
			 put_delivery, file);
}

static bool is_filtered(const struct export_options *options)
{
	return options->from_ns > 0 || options->until_ns < INT64_MAX || options->agent[0] != '\0';
}

static int put_log(struct export_file *file, const struct verifying_key *key)
{
	SCOPED(buf_done) struct buf verifier = BUF_MAX(LINE_MAX_BYTES);
	struct buf *line = begin_block(file, "log");

	verifying_key_write(key, &verifier);
	json_text(line, "name", slice_of(key->name));
	json_text(line, "key", buf_view(&verifier));
	json_number(line, "size", file->size);
	json_bool(line, "filtered", is_filtered(file->options));
	return end_block(file);
}

static int put_end(struct export_file *file)
{
	SCOPED(buf_done) struct buf digest = BUF_MAX(2 * SHA256_SIZE);
	unsigned char hash[SHA256_SIZE];
	uint64_t blocks = file->blocks;

	sha256_end(&file->hash, hash);
	buf_add_hex(&digest, hash, sizeof(hash));
	struct buf *line = begin_block(file, "end");
	json_number(line, "blocks", blocks);
	json_text(line, "sha256", buf_view(&digest));
	return end_block(file);
}

static int take_size(void *context, const struct store_value *columns, size_t count)
{
	(void)count;
	*(uint64_t *)context = (uint64_t)columns[0].number;
	return 0;
}

/* The log only grows, so that what is below a size of it stays as it is while this reads. */
static int put_all(struct export_file *file, const struct signing_key *key)
{
	struct store *store = file->data->store;
	int r = ledger_sign(store, key);

	if (r == 0)
		r = store_run(store, "SELECT coalesce(max(size), 0) FROM log_checkpoint",
			      STORE_NO_VALUES, take_size, &file->size);
	if (r == 0)
		r = put(file, slice_of(HEADER));
	if (r == 0)
		r = put_log(file, &key->verifying);
	if (r == 0)
		r = store_run(store,
			      "SELECT id, host, bundle FROM agent"
			      " JOIN record_source ON agent = id ORDER BY source",
			      STORE_NO_VALUES, put_agent, file);
	if (r == 0)
		r = store_run(store,
			      "SELECT number, hashes FROM log_tile WHERE level = 0 ORDER BY number",
			      STORE_NO_VALUES, put_leaves, file);
	if (r == 0)
		r = store_run(store,
			      "SELECT size, made, note FROM log_checkpoint WHERE size <= $1"
			      " ORDER BY size",
			      STORE_VALUES(store_number((int64_t)file->size)), put_checkpoint,
			      file);
	if (r == 0)
		r = put_all_deliveries(file);
	if (r == 0)
		r = put_end(file);
	return r == 0 && fsync(file->fd) < 0 ? -errno : r;
}

static int write_file(struct export_file *file, struct error *error)
{
	SCOPED(signing_key_done) struct signing_key key = { .secret = { 0 } };
	const char *to = file->options->to;
	int r = data_key(file->data, DATA_LOG_KEY, &key, error);

	if (r < 0)
		return r;
	SCOPED(close_p) int fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_system(error, -errno, to);
	file->fd = fd;
	sha256_init(&file->hash);
	r = put_all(file, &key);
	if (r == 0)
		return 0;
	unlink(to); /* half of one is none */
	return error_system(error, r, to);
}

int command_export(int argc, char **argv)
{
	struct export_options options = { .until_ns = INT64_MAX, .agent = "" };
	SCOPED(data_close) struct data data = DATA_NONE;
	struct error error = { .text = "" };
	int status;

	if (!options_read(&OPTIONS, argc, argv, &options, &status))
		return status;
	struct export_file file = { .options = &options,
				    .data = &data,
				    .line = BUF_MAX(LINE_MAX_BYTES),
				    .bytes = BUF_MAX(DEPOSIT_UNPACKED_MAX + 1) };
	int r = data_open(options.data, &data, &error);
	if (r == 0)
		r = write_file(&file, &error);
	buf_done(&file.line);
	buf_done(&file.bytes);
	if (r < 0) {
		terminal_error(argv[0], &error);
		return EXIT_FINDINGS;
	}
	printf("Exported %llu deliveries of a log of %llu leaves to %s\n",
	       (unsigned long long)file.deliveries, (unsigned long long)file.size, options.to);
	return EXIT_GOOD;
}
