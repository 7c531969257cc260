/* SPDX-License-Identifier: MIT */
/* Facts for the record, with the memory that their texts stand in. */
#ifndef TOOLS_CHAPERONE_FACT_LIST_H
#define TOOLS_CHAPERONE_FACT_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "common/record.h"
#include "common/slice.h"

#define FACT_VALUE_MAX     ((size_t)1024)
#define FACT_LIST_TEXT_MAX (32 * KIB)

struct fact_list { /* zeroed: empty */
	struct record_fact facts[RECORD_FACTS_MAX];
	size_t count;
	size_t text_length;
	char text[FACT_LIST_TEXT_MAX];
};

/* Copies `value` and a NUL behind it into the list's memory; NULL when that is full. */
const char *fact_list_text(struct fact_list *list, struct slice value);

/* Adds a fact.  An empty value is no fact, a value over FACT_VALUE_MAX is cut; -E2BIG when the
 * list is full. */
int fact_list_add(struct fact_list *list, const char *name, struct slice value,
		  enum record_mark mark);

/* As fact_list_add for a number. */
int fact_list_add_number(struct fact_list *list, const char *name, unsigned long long number,
			 enum record_mark mark);

/* As fact_list_add for what a command line or environment said: without passwords. */
int fact_list_add_scrubbed(struct fact_list *list, const char *name, struct slice value,
			   enum record_mark mark);

#endif
