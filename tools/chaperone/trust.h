/* SPDX-License-Identifier: MIT */
/* Which policies found in folders may be used: one file for each path in
 * ~/.local/state/chaperone/trust, holding the digest of what was looked at when the user said
 * yes. */
#ifndef TOOLS_CHAPERONE_TRUST_H
#define TOOLS_CHAPERONE_TRUST_H

#include "common/cleanup.h"
#include "common/error.h"
#include "common/sha256.h"

enum trust {
	TRUST_NONE,
	TRUST_CHANGED, /* given to other contents */
	TRUST_GIVEN,
};

/* `path` is canonical.  A store that is not private to us is an error, never trust. */
must_use int trust_look_up(const char *path, const unsigned char digest[SHA256_SIZE],
			   enum trust *ret_trust, struct error *error);

must_use int trust_give(const char *path, const unsigned char digest[SHA256_SIZE],
			struct error *error);

#endif
