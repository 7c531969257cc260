/* SPDX-License-Identifier: MIT */
/* The layout of record files (doc/record.md), shared by record_*.c: headers, links, batches,
 * entries. */
#ifndef COMMON_RECORD_FORMAT_H
#define COMMON_RECORD_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/buf.h"
#include "common/record.h"
#include "common/wire.h"

#define RECORD_MAGIC          "CHAPREC1"
#define RECORD_MAGIC_SIZE     8u
#define RECORD_VERSION        1u
#define RECORD_HEADER_FIXED   48u
#define RECORD_LINK_SIZE      96u
#define RECORD_LINKS_MAX      256u
#define RECORD_BATCH_MAGIC    0x31435442u /* "BTC1" */
#define RECORD_BATCH_HEADER   12u
#define RECORD_BATCH_OVERHEAD (RECORD_BATCH_HEADER + SHA256_SIZE)
#define RECORD_FILES_MAX      65536u
#define RECORD_NAME_SIZE      64u

/* Names the state of another file when this one was made: `head` is the hash that stood before
 * offset `end`.  The bytes from `end` to `size`, whose hash is `torn`, were no whole batch. */
struct record_link {
	uint64_t boot;
	uint32_t part;
	uint64_t end;
	uint64_t size;
	unsigned char head[SHA256_SIZE];
	unsigned char torn[SHA256_SIZE];
};

struct record_header {
	uint64_t boot;
	uint64_t number; /* greater than that of every file seen when it was made */
	uint64_t time_ns;
	uint32_t part; /* of the boot, from 1 */
	uint32_t link_count;
	unsigned char hash[SHA256_SIZE];
};

/* A file of the folder with a header that fits. */
struct record_file {
	char name[RECORD_NAME_SIZE];
	struct record_header header;
	struct record_link *links;
	uint64_t size; /* when it was listed */
};

struct record_files {
	struct record_file *at; /* by header.number, then name */
	size_t count;
	size_t capacity;
};

/* The files of the folder, at most RECORD_FILES_MAX.  A name ending in .rec that is no regular
 * file, or whose header does not fit, is given to `bad` (which may be NULL) and left out; -ELOOP or
 * -ENOTSUP when it is a link or a pipe and `bad` is NULL. */
typedef void record_bad(void *context, const char *name, uint64_t offset, const char *text);
must_use int record_files_list(int folder_fd, record_bad *bad, void *context,
			       struct record_files *ret_files);
void record_files_done(struct record_files *files);

/* Opens NAME for reading, never through a link. */
must_use int record_file_open(int folder_fd, const char *name, int *ret_fd);

size_t record_header_size(uint32_t link_count);
void record_header_encode(struct buf *buf, struct record_header *header,
			  const struct record_link *links);

/* Reads a header but for its links and its hash; `bytes` begins with it and has RECORD_HEADER_FIXED at
 * least.  NULL, or what is wrong. */
const char *record_header_decode(struct slice bytes, struct record_header *ret_header);

/* Reads the links (to be freed, whatever is returned) and the hash of a header, which `bytes` is, and
 * checks the hash.  NULL, or what is wrong. */
const char *record_links_decode(struct slice bytes, struct record_header *header,
				struct record_link **ret_links);

/* One batch in a file, as far as its header tells. */
struct record_batch {
	uint64_t offset;
	uint32_t length; /* of the body */
	uint32_t entries;
	unsigned char hash[SHA256_SIZE]; /* as stored */
};

enum record_batch_state {
	RECORD_BATCH_NONE, /* the file ends here */
	RECORD_BATCH_WHOLE,
	RECORD_BATCH_SHORT, /* the file ends inside it */
	RECORD_BATCH_WRONG, /* this is no batch */
};

/* Reads the header of a batch but for its place.  False when it is none. */
bool record_batch_decode(struct slice bytes, struct record_batch *ret_batch);

/* Looks at the batch at `offset`.  A negative errno when the file cannot be read. */
must_use int record_batch_look(int fd, uint64_t offset, struct record_batch *ret_batch,
			       enum record_batch_state *ret_state);

/* The hash of a batch that follows `previous`; `batch` is its header and body. */
void record_batch_hash(const unsigned char previous[SHA256_SIZE], struct slice batch,
		       unsigned char ret_hash[SHA256_SIZE]);

/* Reads exactly `length` bytes at `offset`: -ENODATA where the file is shorter. */
must_use int record_pread(int fd, uint64_t offset, void *ret_bytes, size_t length);

/* SHA-256 of the bytes from `from` to `to`. */
must_use int record_hash_range(int fd, uint64_t from, uint64_t to,
			       unsigned char ret_hash[SHA256_SIZE]);

/* What entries of a batch are relative to; zero at its start. */
struct record_state {
	uint64_t time_ns;
	uint64_t number;
	uint64_t parent;
	uint64_t judgement;
	uint64_t thread;
};

void record_entry_encode(struct buf *buf, struct record_state *state,
			 const struct record_entry *entry);

/* Whether an entry is within the stated maxima. */
bool record_entry_fits(const struct record_entry *entry);

/* Where decoded entries keep their lists. */
struct record_lists {
	struct record_fact facts[RECORD_FACTS_MAX];
	struct slice rules[RECORD_TEXTS_MAX];
	struct slice effects[RECORD_TEXTS_MAX];
};

/* Takes the next entry from `wire`; its slices point into what is read.  False for what no writer
 * writes. */
must_use bool record_entry_decode(struct wire *wire, struct record_state *state,
				  struct record_lists *lists, struct record_entry *ret_entry);

/* As record_open, with another maximum of bytes per file. */
must_use int record_open_sized(const char *path, uint64_t file_max, struct record **ret_record,
			       struct error *error);

/* The entries that are not in a file yet, whole and in their order; borrowed until the next call
 * with the record. */
struct record_pending {
	struct slice entries;
	uint32_t count;
	uint64_t batch; /* which of the boot they are of */
};
struct record_pending record_pending(const struct record *record);

/* What a reader knows beyond its entries. */
struct record_place {
	const char *file;
	uint64_t boot;
	uint64_t offset;  /* of the batch that the last entry or complaint is about */
	uint64_t batches; /* whole ones passed so far */
	uint64_t files;
	uint64_t bytes;
	unsigned char head[SHA256_SIZE]; /* after the last whole batch of the last file */
	char text[160];                  /* the last complaint */
};
const struct record_place *record_reader_place(const struct record_reader *reader);

/* Calls `seen` with each hash of the chain as it is passed. */
typedef void record_head_seen(void *context, const unsigned char head[SHA256_SIZE]);
void record_reader_watch(struct record_reader *reader, record_head_seen *seen, void *context);

#endif
