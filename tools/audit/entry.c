/* SPDX-License-Identifier: MIT */
/* Copies of entries. */
#include "tools/audit/entry.h"

#include <stdlib.h>
#include <string.h>

static size_t text_bytes(const struct record_entry *entry)
{
	size_t bytes = entry->shape.length + entry->decision.length + entry->would_decide.length +
		       entry->reason.length + entry->masked.length;

	for (size_t i = 0; i < entry->fact_count; i++)
		bytes += entry->facts[i].name.length + entry->facts[i].value.length;
	for (size_t i = 0; i < entry->rule_count; i++)
		bytes += entry->rules[i].length;
	for (size_t i = 0; i < entry->effect_count; i++)
		bytes += entry->effects[i].length;
	return bytes;
}

static struct slice copy_text(char **at, struct slice text)
{
	struct slice copy = { *at, text.length };

	if (text.length)
		memcpy(*at, text.at, text.length);
	*at += text.length;
	return copy;
}

static const struct slice *copy_texts(struct slice *into, char **at, const struct slice *texts,
				      size_t count)
{
	for (size_t i = 0; i < count; i++)
		into[i] = copy_text(at, texts[i]);
	return into;
}

/* The entry, its facts, its lists, then their bytes. */
struct record_entry *audit_entry_copy(const struct record_entry *entry)
{
	size_t facts = entry->fact_count * sizeof(struct record_fact);
	size_t texts = (entry->rule_count + entry->effect_count) * sizeof(struct slice);
	struct record_entry *copy = malloc(sizeof(*copy) + facts + texts + text_bytes(entry) + 1);

	if (!copy)
		return NULL;
	struct record_fact *fact = (struct record_fact *)(void *)(copy + 1);
	struct slice *lists = (struct slice *)(void *)(fact + entry->fact_count);
	char *at = (char *)(lists + entry->rule_count + entry->effect_count);
	*copy = *entry;
	copy->facts = fact;
	for (size_t i = 0; i < entry->fact_count; i++)
		fact[i] = (struct record_fact){ copy_text(&at, entry->facts[i].name),
						copy_text(&at, entry->facts[i].value),
						entry->facts[i].mark };
	copy->shape = copy_text(&at, entry->shape);
	copy->decision = copy_text(&at, entry->decision);
	copy->would_decide = copy_text(&at, entry->would_decide);
	copy->reason = copy_text(&at, entry->reason);
	copy->masked = copy_text(&at, entry->masked);
	copy->rules = copy_texts(lists, &at, entry->rules, entry->rule_count);
	copy->effects =
		copy_texts(lists + entry->rule_count, &at, entry->effects, entry->effect_count);
	return copy;
}
