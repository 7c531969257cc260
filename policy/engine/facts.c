/* SPDX-License-Identifier: MIT */
/* Reads a block of facts that another process wrote: nothing in it is believed before it is
 * checked. */
#include "policy/engine/facts.h"

#include <string.h>

#include "common/cleanup.h"

/* The arrays of a block in their order: where the count stands and how large one entry is. */
enum array {
	ARRAY_STATEMENTS,
	ARRAY_EFFECTS,
	ARRAY_RELATIONS,
	ARRAY_OUTPUTS,
	ARRAY_SOURCES,
	ARRAY_PROBES,
	ARRAY_WRITES,
	ARRAY_EQUALITIES,
	ARRAY_COUNT
};

static const size_t ENTRY_SIZES[ARRAY_COUNT] = {
	sizeof(struct facts_statement), sizeof(struct facts_effect),
	sizeof(struct facts_relation),  sizeof(struct facts_output),
	sizeof(struct facts_source),    sizeof(struct facts_probe),
	sizeof(struct facts_write),     sizeof(struct facts_equality),
};

static uint32_t count_of(const struct facts *facts, enum array array)
{
	const uint32_t counts[ARRAY_COUNT] = {
		facts->statement_count, facts->effect_count,   facts->relation_count,
		facts->output_count,    facts->source_count,   facts->probe_count,
		facts->write_count,     facts->equality_count,
	};

	return counts[array];
}

/* Where `array` begins; with ARRAY_COUNT, where the string pool begins. */
static uint64_t offset_of(const struct facts *facts, enum array array)
{
	uint64_t offset = sizeof(*facts);

	for (int i = 0; i < (int)array; i++)
		offset += (uint64_t)count_of(facts, (enum array)i) * ENTRY_SIZES[i];
	return offset;
}

static const void *array_at(const struct facts *facts, enum array array)
{
	return (const char *)facts + offset_of(facts, array);
}

const struct facts_statement *facts_statements(const struct facts *facts)
{
	return array_at(facts, ARRAY_STATEMENTS);
}

const struct facts_effect *facts_effects(const struct facts *facts)
{
	return array_at(facts, ARRAY_EFFECTS);
}

const struct facts_relation *facts_relations(const struct facts *facts)
{
	return array_at(facts, ARRAY_RELATIONS);
}

const struct facts_output *facts_outputs(const struct facts *facts)
{
	return array_at(facts, ARRAY_OUTPUTS);
}

const struct facts_source *facts_sources(const struct facts *facts)
{
	return array_at(facts, ARRAY_SOURCES);
}

const struct facts_probe *facts_probes(const struct facts *facts)
{
	return array_at(facts, ARRAY_PROBES);
}

const struct facts_write *facts_writes(const struct facts *facts)
{
	return array_at(facts, ARRAY_WRITES);
}

const struct facts_equality *facts_equalities(const struct facts *facts)
{
	return array_at(facts, ARRAY_EQUALITIES);
}

struct slice facts_slice(const struct facts *facts, struct facts_text text)
{
	return (struct slice){ (const char *)array_at(facts, ARRAY_COUNT) + text.offset,
			       text.length };
}

const char *facts_probe_text(enum facts_probe_place place)
{
	static const char *const texts[] = {
#define PROBE_TEXT(place, text) [place] = text,
		PROBE_PLACES(PROBE_TEXT)
#undef PROBE_TEXT
	};

	return (unsigned)place < PROBE_PLACE_COUNT ? texts[place] : "?";
}

static bool text_fits(const struct facts *facts, struct facts_text text)
{
	return (uint64_t)text.offset + text.length <= facts->pool_size;
}

static bool range_fits(const struct facts *facts, struct facts_range range, enum array array)
{
	return (uint64_t)range.first + range.count <= count_of(facts, array);
}

static bool relation_fits(const struct facts *facts, uint32_t relation)
{
	return relation < facts->relation_count;
}

static bool body_fits(const struct facts *facts, uint32_t index, uint32_t body)
{
	/* A body lies behind what it is the body of, so that following bodies comes to an end. */
	return body == FACTS_NONE ||
	       (body >= facts->top_level_count && body > index && body < facts->statement_count);
}

static bool kind_is_valid(const struct facts_statement *statement)
{
	if (statement->kind == STATEMENT_COPY_TO || statement->kind == STATEMENT_COPY_FROM)
		return statement->value.length == sizeof(struct copy_format);
	return statement->kind < STATEMENT_KINDS;
}

static bool statement_is_valid(const struct facts *facts, uint32_t index)
{
	const struct facts_statement *statement = &facts_statements(facts)[index];

	return kind_is_valid(statement) &&
	       (uint64_t)statement->text_offset + statement->text_length <= UINT32_MAX &&
	       text_fits(facts, statement->unknown) && text_fits(facts, statement->name) &&
	       text_fits(facts, statement->value) &&
	       range_fits(facts, statement->effects, ARRAY_EFFECTS) &&
	       range_fits(facts, statement->outputs, ARRAY_OUTPUTS) &&
	       range_fits(facts, statement->probes, ARRAY_PROBES) &&
	       range_fits(facts, statement->writes, ARRAY_WRITES) &&
	       range_fits(facts, statement->equalities, ARRAY_EQUALITIES) &&
	       body_fits(facts, index, statement->body);
}

static bool effect_is_valid(const struct facts *facts, uint32_t index)
{
	const struct facts_effect *effect = &facts_effects(facts)[index];

	return effect->verb < VERB_COUNT && effect->object <= OBJECT_OTHER &&
	       text_fits(facts, effect->schema) && text_fits(facts, effect->name) &&
	       text_fits(facts, effect->detail) &&
	       (effect->relation == FACTS_NONE || relation_fits(facts, effect->relation));
}

static bool relation_is_valid(const struct facts *facts, uint32_t index)
{
	const struct facts_relation *relation = &facts_relations(facts)[index];

	return text_fits(facts, relation->schema) && text_fits(facts, relation->name) &&
	       relation->statement < facts->statement_count;
}

static bool output_is_valid(const struct facts *facts, uint32_t index)
{
	const struct facts_output *output = &facts_outputs(facts)[index];

	if (output->kind > OUTPUT_ANY || !text_fits(facts, output->name) ||
	    !range_fits(facts, output->sources, ARRAY_SOURCES))
		return false;
	return output->kind == OUTPUT_STAR ? relation_fits(facts, output->relation)
					   : output->relation == FACTS_NONE;
}

static bool source_is_valid(const struct facts *facts, uint32_t index)
{
	const struct facts_source *source = &facts_sources(facts)[index];

	return text_fits(facts, source->column) &&
	       (source->relation == FACTS_TOP || relation_fits(facts, source->relation));
}

static bool probe_is_valid(const struct facts *facts, uint32_t index)
{
	const struct facts_probe *probe = &facts_probes(facts)[index];

	return probe->place < PROBE_PLACE_COUNT && range_fits(facts, probe->sources, ARRAY_SOURCES);
}

static bool write_is_valid(const struct facts *facts, uint32_t index)
{
	const struct facts_write *write = &facts_writes(facts)[index];

	return relation_fits(facts, write->relation) && text_fits(facts, write->column) &&
	       range_fits(facts, write->sources, ARRAY_SOURCES);
}

static bool equality_is_valid(const struct facts *facts, uint32_t index)
{
	const struct facts_equality *equality = &facts_equalities(facts)[index];

	return relation_fits(facts, equality->relation) && text_fits(facts, equality->column) &&
	       text_fits(facts, equality->value);
}

static bool (*const ENTRY_CHECKS[ARRAY_COUNT])(const struct facts *, uint32_t) = {
	statement_is_valid, effect_is_valid, relation_is_valid, output_is_valid,
	source_is_valid,    probe_is_valid,  write_is_valid,    equality_is_valid,
};

static bool entries_are_valid(const struct facts *facts, enum array array)
{
	uint32_t count = count_of(facts, array);

	for (uint32_t i = 0; i < count; i++)
		if (!ENTRY_CHECKS[array](facts, i))
			return false;
	return true;
}

const struct facts *facts_read(struct slice bytes)
{
	const struct facts *facts = (const void *)bytes.at;

	if (bytes.length < sizeof(*facts) || bytes.length > FACTS_SIZE_MAX ||
	    (uintptr_t)bytes.at % 8 != 0)
		return NULL;
	if (facts->magic != FACTS_MAGIC || facts->size != bytes.length ||
	    facts->top_level_count > facts->statement_count ||
	    offset_of(facts, ARRAY_COUNT) + facts->pool_size != bytes.length ||
	    !text_fits(facts, facts->unknown))
		return NULL;
	for (int i = 0; i < ARRAY_COUNT; i++)
		if (!entries_are_valid(facts, (enum array)i))
			return NULL;
	return facts;
}

struct copy_format facts_copy_format(const struct facts *facts,
				     const struct facts_statement *statement)
{
	struct copy_format format;

	memcpy(&format, facts_slice(facts, statement->value).at, sizeof(format));
	return format;
}
