/* SPDX-License-Identifier: MIT */
/* The audit record on disk: binary, small, chained (decisions.md 7).
 *
 * A record is a folder of files, one per agent boot and, beyond RECORD_FILE_MAX bytes, one per
 * part.  A file is a header and a sequence of batches; a batch holds entries and the SHA-256 over
 * the previous batch's hash and its own bytes; the first batch of a file continues the last one of
 * the file before.  Statement shapes, judgements, connections and processes are entries of their
 * own, stored once; intents and outcomes only name them.
 *
 * Literals never come in here: what callers hand over as shape is already without them. */
#ifndef COMMON_RECORD_H
#define COMMON_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/error.h"
#include "common/ring.h"
#include "common/sha256.h"
#include "common/slice.h"

#define RECORD_FILE_MAX  (256 * MIB)
#define RECORD_BATCH_MAX (1 * MIB)

enum record_kind {
	/* an agent started: facts (name, value, mark) of host, version, assurance */
	RECORD_BOOT = 1,
	RECORD_POLICY, /* the policy in force from here on: number, digest, names, mode */
	RECORD_RUN,    /* a `chaperone run`: number, facts about who and what */
	/* a governed process: number, run, facts (pid, exe, hash, parents, container, CI, agent
	 * …) */
	RECORD_PROCESS,
	RECORD_CONNECTION, /* number, process, address, database user, server */
	RECORD_JUDGEMENT,  /* number, shape, decision, reason, rules, effects, masked columns */
	/* the agent was asked: connection, judgement (the agent's own word, written before it
	 * answers) */
	RECORD_MISS,
	RECORD_INTENT,  /* from a ring: reported-by process */
	RECORD_OUTCOME, /* from a ring: reported-by process */
	RECORD_LOST,    /* no outcome will come: the process died, the connection broke */
	/* something happened that a reader should know: text (refused calls, torn slots,
	 * restarts, kill switch, full disk) */
	RECORD_NOTE,
	RECORD_CLOSED, /* a connection or process ended */
	RECORD_END,    /* the agent ended in order */
	/* the last of a batch, on a machine that is enrolled (common/record_seal.h): number (epoch),
	 * parent (which of the part's batches), shape (the tag) */
	RECORD_SEAL,
};

enum record_mark { /* how a fact is known */
		   RECORD_PROVEN = 1,
		   RECORD_DECLARED,
		   RECORD_OBSERVED,
		   RECORD_CLAIMED,
};

struct record_fact {
	struct slice name; /* "exe", "pid", "ci", "AI_AGENT" */
	struct slice value;
	uint8_t mark; /* enum record_mark */
};

#define RECORD_FACTS_MAX 64
#define RECORD_TEXTS_MAX 64

/* One entry.  Which members count depends on the kind; slices are borrowed. */
struct record_entry {
	enum record_kind kind;
	/* BOOT: of the boot (filled in).  POLICY, RUN, PROCESS, CONNECTION, JUDGEMENT: its own,
	 * unique in a boot.  INTENT, OUTCOME, LOST: the intent's sequence in its ring. */
	uint64_t number;
	/* PROCESS: run.  CONNECTION: process.  MISS, INTENT, OUTCOME, LOST: connection.
	 * JUDGEMENT: policy.  NOTE, CLOSED: process or connection, 0 for none. */
	uint64_t parent;
	uint64_t time_ns;      /* CLOCK_REALTIME */
	uint64_t judgement;    /* MISS, INTENT */
	struct ring_slot slot; /* INTENT, OUTCOME: as read */
	const struct record_fact *facts;
	size_t fact_count;     /* BOOT, RUN, PROCESS, CONNECTION, POLICY */
	struct slice shape;    /* JUDGEMENT: the statement without literals.  NOTE: the text */
	struct slice decision; /* JUDGEMENT: "allow", "deny", "approve" */
	struct slice would_decide;
	struct slice reason;
	const struct slice *rules; /* JUDGEMENT: "policy-name/rule-name" */
	size_t rule_count;
	const struct slice *effects; /* JUDGEMENT: "delete public.orders" */
	size_t effect_count;
	struct slice masked; /* JUDGEMENT: "customers.email, customers.phone" */
};

/* ---- writing (the agent) ---- */

struct record;

/* Opens the record in the private folder `path`, made when missing, and starts this boot's file,
 * linked to every file whose end no later one names (several agents may write into one folder).  A
 * torn tail of an earlier file is left as it is, and said by a NOTE.  The caller's process ignores
 * SIGXFSZ. */
must_use int record_open(const char *path, struct record **ret_record, struct error *error);

struct record_secret;

/* Seals each batch from now on, before the first one is written.  `machine` is the machine's key of the
 * epoch, of which nothing is kept. */
void record_seal_with(struct record *record, const struct record_secret *machine, uint64_t epoch);

/* Adds an entry to the batch in memory.  Once the disk has refused a batch, entries are still taken
 * as long as the batch has room for them; beyond that -ENOSPC and its like, until a flush succeeds
 * again: then nothing may be allowed that needs a record.  -EINVAL, -E2BIG for more facts or texts
 * than the maxima or more than RECORD_BATCH_MAX bytes.  On failure it was not added. */
must_use int record_add(struct record *record, const struct record_entry *entry);

/* Writes the batch and its hash.  Nothing is lost on failure: the batch stays and is tried
 * again. */
must_use int record_flush(struct record *record);

/* fdatasync.  A failure is final: the kernel may have dropped what it could not write, so every
 * later call gives it again. */
must_use int record_sync(struct record *record);

/* The hash of the last batch written. */
void record_head(const struct record *record, unsigned char ret_head[SHA256_SIZE]);

/* The number of this boot, drawn at random: 32 bits, never 0, not used in this folder.  Event ids
 * begin with it. record_add puts it into RECORD_BOOT itself. */
uint64_t record_boot(const struct record *record);

/* Flushes, syncs, closes.  Accepts NULL. */
void record_close(struct record *record);
DEFINE_FREEP(struct record, record_closep, record_close)

/* ---- reading (audit commands, and an agent that drains orphans) ---- */

struct record_reader;

must_use int record_reader_open(const char *path, struct record_reader **ret_reader,
				struct error *error);

/* Starts with the first file of `boot`; with all of them when there is none.  Before the first
 * entry only. */
void record_reader_start_at(struct record_reader *reader, uint64_t boot);

/* The next entry in order of the files; borrowed until the next call.  1: there is one, 0: the end,
 * -EBADMSG: something is wrong: `error` names file, offset and what was expected; the next call
 * goes on behind it where that is safe. */
must_use int record_reader_next(struct record_reader *reader, struct record_entry *ret_entry,
				struct error *error);
void record_reader_close(struct record_reader *reader);
DEFINE_FREEP(struct record_reader, record_reader_closep, record_reader_close)

/* What verification found. */
struct record_report {
	uint64_t files, batches, entries, bytes;
	uint64_t intents, outcomes, lost, notes;
	uint64_t gaps, gap_entries; /* files that an agent let go, and what was in them alone */
	bool is_good;               /* every hash fits and every file links to the one before */
	bool is_anchored;           /* the head given was found */
	bool ends_in_order;         /* the last boot ended with RECORD_END */
	char bad_file[256];         /* the first place that does not fit */
	uint64_t bad_offset;
	char bad_text[160];
	unsigned char head[SHA256_SIZE];
};

/* Verifies the record in `path`; `head` (may be NULL) is a hash known from elsewhere, which must
 * occur in it.  0 when it could be read at all, whatever was found. */
must_use int record_verify(const char *path, const unsigned char *head,
			   struct record_report *ret_report, struct error *error);

#endif
