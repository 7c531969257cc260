/* SPDX-License-Identifier: MIT */
/* Collecting facts within stated bounds. */
#include "tools/chaperone/fact_list.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tools/chaperone/scrub.h"

const char *fact_list_text(struct fact_list *list, struct slice value)
{
	char *copy = list->text + list->text_length;

	if (value.length >= sizeof(list->text) - list->text_length)
		return NULL;
	if (value.length)
		memcpy(copy, value.at, value.length);
	copy[value.length] = '\0';
	list->text_length += value.length + 1;
	return copy;
}

int fact_list_add(struct fact_list *list, const char *name, struct slice value,
		  enum record_mark mark)
{
	struct slice shown = slice_part(value, 0, FACT_VALUE_MAX);

	if (!shown.length)
		return 0;
	if (list->count == COUNT_OF(list->facts))
		return -E2BIG;
	const char *own_name = fact_list_text(list, slice_of(name));
	const char *own_value = own_name ? fact_list_text(list, shown) : NULL;
	if (!own_value)
		return -E2BIG;
	list->facts[list->count++] = (struct record_fact){ slice_of(own_name),
							   { own_value, shown.length },
							   (uint8_t)mark };
	return 0;
}

int fact_list_add_number(struct fact_list *list, const char *name, unsigned long long number,
			 enum record_mark mark)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", number);
	return fact_list_add(list, name, slice_of(text), mark);
}

int fact_list_add_scrubbed(struct fact_list *list, const char *name, struct slice value,
			   enum record_mark mark)
{
	SCOPED(buf_done) struct buf text = BUF_MAX(4 * FACT_VALUE_MAX);

	scrub(slice_part(value, 0, FACT_VALUE_MAX), &text);
	return text.failed ? text.failed : fact_list_add(list, name, buf_view(&text), mark);
}
