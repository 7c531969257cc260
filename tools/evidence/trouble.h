/* SPDX-License-Identifier: MIT */
/* What is wrong with a note, in words. */
#ifndef TOOLS_EVIDENCE_TROUBLE_H
#define TOOLS_EVIDENCE_TROUBLE_H

#include "common/cleanup.h"
#include "common/error.h"

/* Says what note_open and its like gave; -EBADMSG. */
must_use int evidence_note_trouble(int code, struct error *error);

#endif
