/* SPDX-License-Identifier: MIT */
/* The policies that a machine has of its server: which it believes, and what it keeps of them.  What
 * is kept was checked before it was written, in an order in which nothing that is trusted changes
 * before the last check (control-plane.md 1.4), and is checked again when it is read. */
#ifndef TOOLS_REMOTE_BUNDLE_H
#define TOOLS_REMOTE_BUNDLE_H

#include "common/buf.h"
#include "control/envelope.h"
#include "tools/remote/enrolled.h"

struct bundle {
	struct buf text;  /* the envelope, into which `source` points */
	uint64_t version; /* 0: there is none */
	unsigned char release_digest[SHA256_SIZE];
	struct slice source;          /* control/archive.h */
	uint64_t issued_s, expires_s; /* of the server's latest word that it is the newest */
};

#define BUNDLE_NONE                                                                                \
	{                                                                                          \
		.text = BUF_MAX(ENVELOPE_MAX)                                                      \
	}

void bundle_done(struct bundle *bundle);

/* Reads what is kept; nothing kept is version 0.  -EBADMSG and others: what is there cannot be
 * believed. */
must_use int bundle_load(const struct enrolled *enrolled, struct bundle *ret_bundle,
			 struct error *error);

/* As bundle_load for who asks the server for more: what cannot be believed is version 0.  An enrolment before
 * may have left it, with keys of others; and who can spoil it could take it away as well. */
must_use int bundle_held(const struct enrolled *enrolled, struct bundle *ret_bundle,
			 struct error *error);

/* Whether this machine could judge by a source; a negative errno and `error` when not. */
typedef int (*bundle_try_fn)(void *context, struct slice source, struct error *error);

/* Takes an envelope from the server in place of what `held` is, and keeps it.  1: it is another version,
 * 0: the same, said again.  Else what is kept stays as it is: -EBADMSG for what is damaged, not signed by who
 * must, another bundle's, older than what is held, another history's, or a word that is older than the last
 * one; what `try` said; what writing said.  -EALREADY: such an answer where another process had kept something
 * since `held` was read, so that it may just be late: `held` is what that one kept, and whoever asks again
 * knows.  -ESTALE as enrolled_lock. */
must_use int bundle_receive(struct enrolled *enrolled, struct slice envelope, bundle_try_fn try,
			    void *context, struct bundle *held, struct error *error);

/* Takes the server's word that what is held is the newest (control/freshness.h), and keeps it.  Errors as
 * bundle_receive. */
must_use int bundle_refresh(struct enrolled *enrolled, struct slice note, struct bundle *held,
			    struct error *error);

#endif
