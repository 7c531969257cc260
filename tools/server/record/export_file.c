/* SPDX-License-Identifier: MIT */
#include "tools/server/record/export_file.h"

#include "common/file.h"
#include "control/seal.h"
#include "tools/command/json.h"

/* How to read what follows stands in the file itself. */
static const char HEADER[] =
	"chaperone-export 1\n"
	"# Behind these lines and an empty one: blocks, each a line of JSON, then as many bytes as its\n"
	"# \"bytes\" says, then a line's end unless that is 0.  By \"kind\":\n"
	"#   log         its name, the key that signs for it (c2sp.org/signed-note), how many leaves it had;\n"
	"#               \"filtered\" when not all deliveries are here; \"shared\" when other servers have logs\n"
	"#               of their own, so that what a delivery goes on from may be in one of those; \"logs\" how\n"
	"#               many were exported together; \"sealed_by\" whose key signed the end, if not the log's\n"
	"#   pins        what machines are told when they enrol, besides the log's key and the authors'\n"
	"#   author      a key that signs policies, and since and until when it counts\n"
	"#   agent       a machine, its bundle of policies, since and until when it is enrolled\n"
	"#   alarm       what a machine sent and should not have\n"
	"#   policy      a version of a bundle: \"note\" bytes of a signed note (what its authors signed), then\n"
	"#               its source (doc/delivery.md)\n"
	"#   grants      a place for what was allowed by people; version 0 has none\n"
	"#   leaves      hashes of leaves from \"first\" on, 32 bytes each, 256 in all but the last of these\n"
	"#               blocks; all of the log's are here\n"
	"#   checkpoint  a signed note (c2sp.org/tlog-checkpoint); the last one covers all of the log\n"
	"#   delivery    bytes of a file of an agent's record (doc/record.md) from \"start\" on: whole batches,\n"
	"#               or the header and batches.  \"prior\" is the chain's hash before them.  Each header and\n"
	"#               each batch is a leaf, from \"first_leaf\" on.\n"
	"#   end         a note that the log's key signed, or \"sealed_by\": chaperone-export/1, that key's name,\n"
	"#               how many blocks came before, and the SHA-256 of all bytes before this line\n"
	"# Times are nanoseconds since 1970, 0 for never.\n"
	"# A leaf's hash is SHA-256 over a zero byte and six lines: chaperone-record-leaf/1, the agent, the\n"
	"# part, the offset, the length, the SHA-256 of the bytes in hexadecimal.  verify_export.py checks it.\n"
	"\n";

static int put(struct export_file *file, struct slice bytes)
{
	sha256_add(&file->hash, bytes.at, bytes.length);
	return file_write_all(file->fd, bytes.at, bytes.length);
}

int export_begin(struct export_file *file)
{
	sha256_init(&file->hash);
	return put(file, slice_of(HEADER));
}

struct buf *export_block(struct export_file *file, const char *kind)
{
	buf_clear(&file->line);
	buf_clear(&file->bytes);
	json_open(&file->line, NULL, '{');
	json_text(&file->line, "kind", slice_of(kind));
	return &file->line;
}

int export_end_block(struct export_file *file)
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

int export_seal(struct export_file *file, const struct signing_key *key)
{
	struct seal seal = { .blocks = file->blocks };

	sha256_end(&file->hash, seal.digest);
	export_block(file, "end");
	int r = seal_write(&seal, key, &file->bytes);
	return r < 0 ? r : export_end_block(file);
}

void export_file_done(struct export_file *file)
{
	buf_done(&file->line);
	buf_done(&file->bytes);
}
