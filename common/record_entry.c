/* SPDX-License-Identifier: MIT */
/* Entries as bytes: a kind, then the fields of that kind in one order, numbers as varints relative
 * to the entry before, so that a plain SELECT costs about forty bytes with its outcome. */
#include "common/record_format.h"

/* Zigzag keeps small negative differences short: 0, -1, 1, -2 … become 0, 1, 2, 3 … */
static uint64_t zigzag(uint64_t difference)
{
	return difference << 1 ^ (difference >> 63 ? UINT64_MAX : 0);
}

static uint64_t unzigzag(uint64_t number)
{
	return number >> 1 ^ (number & 1 ? UINT64_MAX : 0);
}

static void add_varint(struct buf *buf, uint64_t number)
{
	unsigned char bytes[10];
	size_t length = 0;

	while (number >= 0x80) {
		bytes[length++] = (unsigned char)(number | 0x80);
		number >>= 7;
	}
	bytes[length++] = (unsigned char)number;
	buf_add(buf, bytes, length);
}

/* At most ten bytes, the last of them at most 1, and no superfluous zero at the end: one number has
 * one form. */
static uint64_t take_varint(struct wire *wire)
{
	uint64_t number = 0;

	for (unsigned shift = 0; shift < 70; shift += 7) {
		uint8_t byte = wire_u8(wire);

		if (wire->failed || (shift == 63 && byte > 1) || (shift > 0 && byte == 0))
			break;
		number |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return number;
	}
	wire->failed = true;
	return 0;
}

static void add_relative(struct buf *buf, uint64_t *before, uint64_t number)
{
	add_varint(buf, zigzag(number - *before));
	*before = number;
}

static uint64_t take_relative(struct wire *wire, uint64_t *before)
{
	*before += unzigzag(take_varint(wire));
	return *before;
}

static void add_text(struct buf *buf, struct slice text)
{
	add_varint(buf, text.length);
	buf_add_slice(buf, text);
}

static struct slice take_text(struct wire *wire)
{
	uint64_t length = take_varint(wire);

	if (length > wire->rest.length)
		wire->failed = true;
	return wire_bytes(wire, wire->failed ? 0 : (size_t)length);
}

static void add_texts(struct buf *buf, const struct slice *texts, size_t count)
{
	add_varint(buf, count);
	for (size_t i = 0; i < count; i++)
		add_text(buf, texts[i]);
}

static size_t take_count(struct wire *wire, size_t max)
{
	uint64_t count = take_varint(wire);

	if (count > max)
		wire->failed = true;
	return wire->failed ? 0 : (size_t)count;
}

static size_t take_texts(struct wire *wire, struct slice *ret_texts)
{
	size_t count = take_count(wire, RECORD_TEXTS_MAX);

	for (size_t i = 0; i < count; i++)
		ret_texts[i] = take_text(wire);
	return count;
}

static void add_facts(struct buf *buf, struct record_state *state, const struct record_entry *entry)
{
	(void)state;
	add_varint(buf, entry->fact_count);
	for (size_t i = 0; i < entry->fact_count; i++) {
		buf_add_char(buf, (char)entry->facts[i].mark);
		add_text(buf, entry->facts[i].name);
		add_text(buf, entry->facts[i].value);
	}
}

static void take_facts(struct wire *wire, struct record_state *state, struct record_lists *lists,
		       struct record_entry *entry)
{
	(void)state;
	entry->facts = lists->facts;
	entry->fact_count = take_count(wire, RECORD_FACTS_MAX);
	for (size_t i = 0; i < entry->fact_count; i++) {
		lists->facts[i].mark = wire_u8(wire);
		lists->facts[i].name = take_text(wire);
		lists->facts[i].value = take_text(wire);
	}
}

static void add_judged(struct buf *buf, struct record_state *state,
		       const struct record_entry *entry)
{
	(void)state;
	add_text(buf, entry->shape);
	add_text(buf, entry->decision);
	add_text(buf, entry->would_decide);
	add_text(buf, entry->reason);
	add_texts(buf, entry->rules, entry->rule_count);
	add_texts(buf, entry->effects, entry->effect_count);
	add_text(buf, entry->masked);
}

static void take_judged(struct wire *wire, struct record_state *state, struct record_lists *lists,
			struct record_entry *entry)
{
	(void)state;
	entry->shape = take_text(wire);
	entry->decision = take_text(wire);
	entry->would_decide = take_text(wire);
	entry->reason = take_text(wire);
	entry->rules = lists->rules;
	entry->rule_count = take_texts(wire, lists->rules);
	entry->effects = lists->effects;
	entry->effect_count = take_texts(wire, lists->effects);
	entry->masked = take_text(wire);
}

static void add_shape(struct buf *buf, struct record_state *state, const struct record_entry *entry)
{
	(void)state;
	add_text(buf, entry->shape);
}

static void take_shape(struct wire *wire, struct record_state *state, struct record_lists *lists,
		       struct record_entry *entry)
{
	(void)state;
	(void)lists;
	entry->shape = take_text(wire);
}

static void add_tag(struct buf *buf, struct record_state *state, const struct record_entry *entry)
{
	(void)state;
	buf_add_slice(buf, entry->shape);
}

static void take_tag(struct wire *wire, struct record_state *state, struct record_lists *lists,
		     struct record_entry *entry)
{
	(void)state;
	(void)lists;
	entry->shape = wire_bytes(wire, SHA256_SIZE);
}

static void add_judgement(struct buf *buf, struct record_state *state,
			  const struct record_entry *entry)
{
	add_relative(buf, &state->judgement, entry->judgement);
}

static void take_judgement(struct wire *wire, struct record_state *state,
			   struct record_lists *lists, struct record_entry *entry)
{
	(void)lists;
	entry->judgement = take_relative(wire, &state->judgement);
}

/* What the slot says is stored relative to what the agent says, and is nearly always the same. */
static void add_slot(struct buf *buf, const struct record_entry *entry)
{
	const struct ring_slot *slot = &entry->slot;

	buf_add_char(buf, (char)slot->flags);
	add_varint(buf, zigzag(slot->sequence - entry->number));
	add_varint(buf, zigzag(slot->time_ns - entry->time_ns));
	add_varint(buf, zigzag(slot->connection - entry->parent));
}

static void take_slot(struct wire *wire, struct record_entry *entry)
{
	struct ring_slot *slot = &entry->slot;

	slot->flags = wire_u8(wire);
	slot->sequence = entry->number + unzigzag(take_varint(wire));
	slot->time_ns = entry->time_ns + unzigzag(take_varint(wire));
	slot->connection = entry->parent + unzigzag(take_varint(wire));
}

/* A varint that has to fit into fewer than 64 bits. */
static uint64_t take_bounded(struct wire *wire, uint64_t max)
{
	uint64_t number = take_varint(wire);

	if (number > max)
		wire->failed = true;
	return wire->failed ? 0 : number;
}

static void add_intent(struct buf *buf, struct record_state *state,
		       const struct record_entry *entry)
{
	const struct ring_slot *slot = &entry->slot;

	add_slot(buf, entry);
	add_varint(buf, zigzag(slot->intent.judgement - entry->judgement));
	add_varint(buf, slot->intent.text_bytes);
	add_relative(buf, &state->thread, slot->intent.thread);
	add_varint(buf, slot->intent.parameters);
	buf_add_char(buf, (char)slot->intent.call);
	buf_add_char(buf, (char)slot->intent.transaction);
}

static void take_intent(struct wire *wire, struct record_state *state, struct record_lists *lists,
			struct record_entry *entry)
{
	struct ring_slot *slot = &entry->slot;

	(void)lists;
	take_slot(wire, entry);
	slot->kind = RING_INTENT;
	slot->intent.judgement = entry->judgement + unzigzag(take_varint(wire));
	slot->intent.text_bytes = (uint32_t)take_bounded(wire, UINT32_MAX);
	slot->intent.thread = (uint32_t)take_relative(wire, &state->thread);
	slot->intent.parameters = (uint16_t)take_bounded(wire, UINT16_MAX);
	slot->intent.call = wire_u8(wire);
	slot->intent.transaction = wire_u8(wire);
}

static void add_outcome(struct buf *buf, struct record_state *state,
			const struct record_entry *entry)
{
	const struct ring_slot *slot = &entry->slot;

	(void)state;
	add_slot(buf, entry);
	add_varint(buf, zigzag(slot->outcome.intent - entry->number));
	add_varint(buf, slot->outcome.rows);
	add_varint(buf, slot->outcome.bytes);
	add_varint(buf, slot->outcome.masked_cells);
	add_varint(buf, slot->outcome.sqlstate);
	buf_add_char(buf, (char)slot->status);
}

static void take_outcome(struct wire *wire, struct record_state *state, struct record_lists *lists,
			 struct record_entry *entry)
{
	struct ring_slot *slot = &entry->slot;

	(void)state;
	(void)lists;
	take_slot(wire, entry);
	slot->kind = entry->kind == RECORD_LOST ? RING_LOST : RING_OUTCOME;
	slot->outcome.intent = entry->number + unzigzag(take_varint(wire));
	slot->outcome.rows = take_varint(wire);
	slot->outcome.bytes = take_varint(wire);
	slot->outcome.masked_cells = (uint32_t)take_bounded(wire, UINT32_MAX);
	slot->outcome.sqlstate = (uint32_t)take_bounded(wire, UINT32_MAX);
	slot->status = wire_u8(wire);
}

/* The groups of fields, in the order in which they stand behind number, parent and time. */
#define FIELD_JUDGEMENT 1u
#define FIELD_FACTS     2u
#define FIELD_SHAPE     4u
#define FIELD_JUDGED    8u
#define FIELD_INTENT    16u
#define FIELD_OUTCOME   32u
#define FIELD_TAG       64u

static const struct {
	unsigned field;
	void (*add)(struct buf *, struct record_state *, const struct record_entry *);
	void (*take)(struct wire *, struct record_state *, struct record_lists *,
		     struct record_entry *);
} FIELDS[] = {
	{ FIELD_JUDGEMENT, add_judgement, take_judgement },
	{ FIELD_FACTS, add_facts, take_facts },
	{ FIELD_SHAPE, add_shape, take_shape },
	{ FIELD_JUDGED, add_judged, take_judged },
	{ FIELD_INTENT, add_intent, take_intent },
	{ FIELD_OUTCOME, add_outcome, take_outcome },
	{ FIELD_TAG, add_tag, take_tag },
};

static const unsigned FIELDS_OF[] = {
	[RECORD_BOOT] = FIELD_FACTS,       [RECORD_POLICY] = FIELD_FACTS,
	[RECORD_RUN] = FIELD_FACTS,        [RECORD_PROCESS] = FIELD_FACTS,
	[RECORD_CONNECTION] = FIELD_FACTS, [RECORD_JUDGEMENT] = FIELD_JUDGED,
	[RECORD_MISS] = FIELD_JUDGEMENT,   [RECORD_INTENT] = FIELD_JUDGEMENT | FIELD_INTENT,
	[RECORD_OUTCOME] = FIELD_OUTCOME,  [RECORD_LOST] = FIELD_OUTCOME,
	[RECORD_NOTE] = FIELD_SHAPE,       [RECORD_CLOSED] = FIELD_SHAPE,
	[RECORD_END] = FIELD_SHAPE,        [RECORD_SEAL] = FIELD_TAG,
};

bool record_entry_fits(const struct record_entry *entry)
{
	return entry->kind >= RECORD_BOOT && entry->kind <= RECORD_END &&
	       entry->fact_count <= RECORD_FACTS_MAX && entry->rule_count <= RECORD_TEXTS_MAX &&
	       entry->effect_count <= RECORD_TEXTS_MAX;
}

void record_entry_encode(struct buf *buf, struct record_state *state,
			 const struct record_entry *entry)
{
	buf_add_char(buf, (char)entry->kind);
	add_relative(buf, &state->number, entry->number);
	add_relative(buf, &state->parent, entry->parent);
	add_relative(buf, &state->time_ns, entry->time_ns);
	for (size_t i = 0; i < COUNT_OF(FIELDS); i++) {
		if (FIELDS_OF[entry->kind] & FIELDS[i].field)
			FIELDS[i].add(buf, state, entry);
	}
}

bool record_entry_decode(struct wire *wire, struct record_state *state, struct record_lists *lists,
			 struct record_entry *ret_entry)
{
	uint8_t kind = wire_u8(wire);

	if (wire->failed || kind < RECORD_BOOT || kind > RECORD_SEAL)
		return false;
	*ret_entry = (struct record_entry){ .kind = (enum record_kind)kind };
	ret_entry->number = take_relative(wire, &state->number);
	ret_entry->parent = take_relative(wire, &state->parent);
	ret_entry->time_ns = take_relative(wire, &state->time_ns);
	for (size_t i = 0; i < COUNT_OF(FIELDS); i++) {
		if (FIELDS_OF[kind] & FIELDS[i].field)
			FIELDS[i].take(wire, state, lists, ret_entry);
	}
	return !wire->failed;
}
