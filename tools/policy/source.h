/* SPDX-License-Identifier: MIT */
/* The texts of a policy bundle, read once: what was checked, hashed and trusted is what is then
 * used, whatever happens to the files. */
#ifndef TOOLS_POLICY_SOURCE_H
#define TOOLS_POLICY_SOURCE_H

#include "common/buf.h"
#include "common/cleanup.h"
#include "common/error.h"
#include "common/sha256.h"
#include "policy/engine/policy.h"
#include "policy/engine/policy_files.h"

#define POLICY_SOURCE_MAX (16 * MIB) /* of all files together */

struct policy_source {                     /* zeroed: empty */
	struct policy_files files;         /* in order of name */
	struct buf *texts;                 /* one for each */
	unsigned char digest[SHA256_SIZE]; /* over names, without folders, and contents */
};

enum policy_care {
	CARE_OWNER, /* files and folder belong to root or us, and nobody else may write them */
	CARE_LINKS, /* found in a folder: no links; who may use it is a matter of trust */
};

/* Reads the file or folder `path`; tests are not part of it.  A folder without policies is
 * -ENOENT.  Pipes and devices are refused without waiting for them. */
must_use int policy_source_read(const char *path, enum policy_care care,
				struct policy_source *ret_source, struct error *error);

/* As policy_source_read, of what a source archive (control/archive.h) holds; the paths are names. */
must_use int policy_source_unpack(struct slice archive, struct policy_source *ret_source,
				  struct error *error);
void policy_source_done(struct policy_source *source);

/* Makes rules of it. */
must_use int policy_source_parse(const struct policy_source *source, struct policy **ret_policy,
				 struct error *error);

#endif
