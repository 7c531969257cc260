/* SPDX-License-Identifier: MIT */
#include "tools/command/document.h"

json_t *document_read(struct slice text)
{
	json_t *document =
		json_loadb(text.at ? text.at : "", text.length, JSON_REJECT_DUPLICATES, NULL);

	if (document && !json_is_object(document)) {
		json_decref(document);
		return NULL;
	}
	return document;
}

struct slice document_text(const json_t *document, const char *name)
{
	const json_t *value = json_object_get(document, name);

	return (struct slice){ json_string_value(value), json_string_length(value) };
}
