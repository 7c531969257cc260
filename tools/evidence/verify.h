/* SPDX-License-Identifier: MIT */
/* Whether an export of a server's record fits together, and by whose word: every checkpoint, leaf,
 * chain, entry, policy and signature, in memory that does not grow with the record. */
#ifndef TOOLS_EVIDENCE_VERIFY_H
#define TOOLS_EVIDENCE_VERIFY_H

#include "control/checkpoint.h"
#include "tools/evidence/block.h"

/* Whose signatures are believed. */
struct evidence_trust {
	const struct verifying_key *log; /* NULL: the next one */
	const struct verifying_key
		*pinned; /* if it has the log's name; else the key that the export names */
	const struct verifying_key *authors; /* NULL: those that the export lists */
	size_t author_count;
	const unsigned char *root; /* digest of a root that is in it; NULL: none is known */
};

enum evidence_key_source {
	EVIDENCE_KEY_GIVEN,
	EVIDENCE_KEY_PINNED,
	EVIDENCE_KEY_OF_EXPORT,
	EVIDENCE_KEY_VOUCHED, /* by the seal of another server, whose key was given or pinned */
};

/* What an auditor should know although all fits. */
enum evidence_remark {
	EVIDENCE_ALARMED,    /* the server was sent what it should not have been */
	EVIDENCE_DOUBTED,    /* parts of a machine contradict each other: it is not to be trusted */
	EVIDENCE_UNCHECKED,  /* parts of a machine name more than is looked at */
	EVIDENCE_FEW_SIGNED, /* fewer authors than today signed a policy */
	EVIDENCE_LET_GO,     /* the server let go of the bytes of its first leaves */
	EVIDENCE_MISSING,    /* a part names what is not here: not delivered yet, or never */
};

struct evidence_watch {
	void (*remark)(void *context, enum evidence_remark remark, const char *text);
	void (*progress)(void *context, uint64_t done, uint64_t total); /* bytes */
	void *context;
};

struct evidence_report {
	bool is_good;     /* the log; `doubted` says whether all machines' records are */
	bool is_shared;   /* deliveries may go on from those in other servers' logs */
	bool is_filtered; /* deliveries are left out, so that nothing says that none is missing */
	uint64_t logs;    /* that were exported together; 0: it is one alone */
	struct verifying_key log;  /* by which it was verified */
	struct verifying_key seal; /* and its end: the same one, or another server's */
	enum evidence_key_source key_source;
	uint64_t gone; /* leaves before this one have no bytes here: the server let go of them */
	uint64_t leaves, checkpoints, deliveries, parts, entries, policies, agents, alarms, missing;
	uint64_t roots;
	unsigned char first_root[SHA256_SIZE]; /* its digest */
	uint64_t doubted; /* machines that a remark says are, or of which not all was checked */
	/* the first place that does not fit: in words, and where in the file */
	char bad_place[320];
	char bad_text[512];
	uint64_t bad_at;
};

/* The key by which an export is verified, whose first block is `block`.  -EBADMSG. */
must_use int evidence_choose_key(const struct evidence_trust *trust,
				 const struct evidence_block *block, struct verifying_key *ret_key,
				 enum evidence_key_source *ret_source, struct error *error);

/* 0 when it could be read at all, whatever was found. */
must_use int evidence_verify(const char *path, const struct evidence_trust *trust,
			     const struct evidence_watch *watch, struct evidence_report *ret_report,
			     struct error *error);

#endif
