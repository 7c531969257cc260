/* SPDX-License-Identifier: MIT */
/* The server's own certificate, for where no other is given: whoever enrols learns from the code
 * which key the server has, and so needs no authority to vouch for it. */
#ifndef TOOLS_SERVER_COMMON_CERTIFICATE_H
#define TOOLS_SERVER_COMMON_CERTIFICATE_H

#include <stdbool.h>

#include "common/buf.h"
#include "common/error.h"
#include "common/sha256.h"

/* Makes an EC P-256 key and a certificate for `name`, at most 64 letters, digits, dots and dashes, localhost and 127.0.0.1 that it signs itself.
 * Appends both in PEM. */
must_use int certificate_make(const char *name, struct buf *ret_certificate, struct buf *ret_key,
			      struct error *error);

/* The hash of a PEM certificate's key (SubjectPublicKeyInfo in DER, as RFC 7469 pins it).  -EINVAL
 * when it is none. */
must_use int certificate_key_hash(struct slice certificate, unsigned char ret_hash[SHA256_SIZE]);

/* What can be said of a certificate and of the key that belongs to it. */
struct certificate_state {
	int days_left;  /* until it ends; negative: since then */
	bool fits_key;  /* the key is its own */
	bool fits_name; /* it is for that host */
};

/* -EINVAL when either is none. */
must_use int certificate_look(struct slice certificate, struct slice key, const char *name,
			      struct certificate_state *ret_state);

#endif
