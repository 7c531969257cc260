/* SPDX-License-Identifier: MIT */
#include "tools/evidence/trouble.h"

#include <errno.h>

int evidence_note_trouble(int code, struct error *error)
{
	switch (code) {
	case -EKEYREJECTED:
		return error_set(error, -EBADMSG, "the signature does not fit");
	case -ENOKEY:
		return error_set(error, -EBADMSG, "nobody signed it whose key is known");
	default:
		return error_set(error, -EBADMSG, "it is no such note");
	}
}
