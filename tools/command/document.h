/* SPDX-License-Identifier: MIT */
/* JSON documents that requests bring (RFC 8259). */
#ifndef TOOLS_COMMAND_DOCUMENT_H
#define TOOLS_COMMAND_DOCUMENT_H

#include <jansson.h>

#include "common/cleanup.h"
#include "common/slice.h"

DEFINE_FREEP(json_t, document_freep, json_decref)

/* Reads an object, in which no name stands twice.  NULL for anything else; free it with
 * json_decref. */
json_t *document_read(struct slice text);

/* The text that `name` is; `at` is NULL when it is none.  It lives as long as the document. */
struct slice document_text(const json_t *document, const char *name);

#endif
