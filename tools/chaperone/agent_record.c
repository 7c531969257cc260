/* SPDX-License-Identifier: MIT */
/* What the agent puts on the record, and the numbers by which entries name each other. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "tools/chaperone/agent.h"
#include "tools/chaperone/off_switch.h"
#include "tools/remote/chain_key.h"

#define JUDGEMENTS_SLOTS 16384u /* a power of two */
#define JUDGEMENTS_MAX   (JUDGEMENTS_SLOTS / 2)

/* Judgements that stand on the record already, by the digest of all that is recorded of them. */
struct judgement_numbers {
	struct {
		unsigned char digest[SHA256_SIZE];
		uint64_t number;
	} slots[JUDGEMENTS_SLOTS];
	size_t count;
};

uint64_t agent_number(struct agent *agent)
{
	return agent->number_base | ++agent->number_last;
}

void agent_record_state(struct agent *agent, int result)
{
	bool is_full = result < 0;

	if (agent->is_full == is_full)
		return;
	agent->is_full = is_full;
	if (is_full)
		agent_spool_look_soon(agent);
	for (const struct agent_connection *c = agent->connections; c; c = c->next)
		agent_connection_publish(agent, c);
}

int agent_record(struct agent *agent, const struct record_entry *entry)
{
	int r = record_add(agent->record, entry);

	if (r < 0)
		agent_record_state(agent, r);
	return r;
}

int agent_flush(struct agent *agent)
{
	int r = record_flush(agent->record);

	agent->unkept = record_unwritten_keep(&agent->unwritten, agent->record);
	agent_record_state(agent, r);
	return r;
}

int agent_keep_place(struct agent *agent)
{
	return agent->unwritten.fd >= 0
		       ? 0
		       : record_unwritten_create(agent->run_folder, record_boot(agent->record),
						 &agent->unwritten);
}

void agent_note(struct agent *agent, uint64_t parent, const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	struct record_entry entry = { .kind = RECORD_NOTE,
				      .parent = parent,
				      .time_ns = realtime_ns(),
				      .shape = slice_of(text) };
	agent_record(agent, &entry);
}

size_t agent_facts_told(struct record_fact *facts, size_t count)
{
	size_t told = 0;

	for (size_t i = 0; i < count; i++) {
		if (facts[i].value.length > 0)
			facts[told++] = facts[i];
	}
	return told;
}

static struct record_fact observed(const char *name, const char *value)
{
	return (struct record_fact){ slice_of(name), slice_of(value), RECORD_OBSERVED };
}

static void add_boot(struct agent *agent)
{
	char host[256] = "", generation[16] = "";

	gethostname(host, sizeof(host) - 1);
	if (agent->settings.generation > 0)
		snprintf(generation, sizeof(generation), "%u", agent->settings.generation);
	struct record_fact facts[] = {
		observed("host", host),
		observed("version", CHAPERONE_VERSION),
		/* security.md 12: but for a service, the agent shares the program's user id. */
		observed("assurance",
			 agent->settings.kind == AGENT_OF_MACHINE ? "service" : "same-user"),
		observed("generation", generation),
	};
	struct record_entry entry = { .kind = RECORD_BOOT,
				      .number = agent->number_base,
				      .time_ns = realtime_ns(),
				      .facts = facts,
				      .fact_count = agent_facts_told(facts, COUNT_OF(facts)) };

	agent_record(agent, &entry);
}

static void add_policy(struct agent *agent)
{
	const struct policy *policy = agent->policy;
	SCOPED(buf_done) struct buf digest = BUF_MAX(65);
	SCOPED(buf_done) struct buf names = BUF_MAX(64 * KIB);

	buf_add_hex(&digest, policy->digest, sizeof(policy->digest));
	for (size_t i = 0; i < policy->file_count; i++)
		buf_printf(&names, "%s%s", i ? ", " : "", policy->files[i].name);
	struct record_fact facts[] = {
		observed("digest", buf_text(&digest)),
		observed("names", buf_text(&names)),
		observed("mode",
			 agent->settings.is_trial || policy->is_trial ? "trial" : "enforce"),
		observed("off", agent->is_off ? OFF_SWITCH ": nothing is enforced" : ""),
	};
	struct record_entry entry = { .kind = RECORD_POLICY,
				      .number = agent_number(agent),
				      .time_ns = realtime_ns(),
				      .facts = facts,
				      .fact_count = agent_facts_told(facts, COUNT_OF(facts)) };

	agent->policy_number = entry.number;
	agent_record(agent, &entry);
}

static void add_run(struct agent *agent)
{
	struct record_fact facts[] = {
		observed("run", agent->settings.run_id),
		{ SLICE("as"), slice_of(agent->settings.as_name), RECORD_DECLARED },
		{ SLICE("reason"), slice_of(agent->settings.reason), RECORD_DECLARED },
	};
	struct record_entry entry = { .kind = RECORD_RUN,
				      .number = agent_number(agent),
				      .time_ns = realtime_ns(),
				      .facts = facts,
				      .fact_count = agent_facts_told(facts, COUNT_OF(facts)) };

	agent->run_number = entry.number;
	agent_record(agent, &entry);
}

/* The judgement under which the agent's own query runs. */
static int add_learning(struct agent *agent)
{
	static const struct slice effects[] = { { "select pg_catalog", 17 } };
	struct record_entry entry = { .kind = RECORD_JUDGEMENT,
				      .number = agent_number(agent),
				      .parent = agent->policy_number,
				      .time_ns = realtime_ns(),
				      .shape = SLICE("(chaperone learns the catalogue)"),
				      .decision = SLICE("allow"),
				      .would_decide = SLICE("allow"),
				      .reason = SLICE("default"),
				      .effects = effects,
				      .effect_count = COUNT_OF(effects) };

	agent->learn_judgement = entry.number;
	return record_add(agent->record, &entry);
}

static int seal(struct agent *agent, struct error *error)
{
	struct record_secret key;
	uint64_t epoch;
	int r = chain_key_take(agent->settings.server_folder, &key, &epoch, error);

	if (r < 0)
		return r;
	record_seal_with(agent->record, &key, epoch);
	record_secret_wipe(&key);
	return 0;
}

int agent_record_open(struct agent *agent, struct error *error)
{
	int r = record_open(agent->settings.record_folder, &agent->record, error);

	if (r == 0 && agent->settings.server_folder)
		r = seal(agent, error);
	if (r < 0)
		return r;
	agent->number_base = record_boot(agent->record) << 32;
	add_boot(agent);
	return 0;
}

int agent_record_start(struct agent *agent, struct error *error)
{
	int r = agent_record_open(agent, error);

	if (r < 0)
		return r;
	agent->judgements = calloc(1, sizeof(*agent->judgements));
	if (!agent->judgements)
		return error_system(error, -ENOMEM, "the table of judgements");
	add_policy(agent);
	add_run(agent);
	if (agent->settings.first_note && agent->settings.generation == 1)
		agent_note(agent, agent->run_number, "%s", agent->settings.first_note);
	r = add_learning(agent);
	if (r == 0)
		r = record_flush(agent->record);
	return r < 0 ? error_system(error, r, agent->settings.record_folder) : 0;
}

/* ---- judgements, stored once ---- */

struct judgement_texts {
	struct slice rules[JUDGEMENT_RULES_MAX];
	struct slice effects[JUDGEMENT_EFFECTS_MAX];
	struct buf room;
};

static size_t add_text(struct buf *room, const char *first, const char *between, const char *second)
{
	size_t begin = room->length;

	buf_printf(room, "%s%s%s", first, second[0] ? between : "", second);
	return room->length - begin;
}

/* Writes all texts one behind the other; slices are laid over them when the room moves no more. */
static void lay_slices(const struct buf *room, const size_t *lengths, size_t count,
		       struct slice *ret_slices, size_t *offset)
{
	for (size_t i = 0; i < count; i++) {
		ret_slices[i] = slice_part(buf_view(room), *offset, lengths[i]);
		*offset += lengths[i];
	}
}

static int fill_texts(const struct agent *agent, const struct judgement *judgement,
		      struct judgement_texts *texts)
{
	size_t rule_lengths[JUDGEMENT_RULES_MAX], effect_lengths[JUDGEMENT_EFFECTS_MAX], offset = 0;

	for (size_t i = 0; i < judgement->rule_count; i++) {
		const struct policy_rule *rule = &agent->policy->rules[judgement->rules[i]];

		rule_lengths[i] = add_text(
			&texts->room, agent->policy->files[rule->place.file].name, "/", rule->name);
	}
	for (size_t i = 0; i < judgement->effect_count; i++)
		effect_lengths[i] = add_text(&texts->room, verb_text(judgement->effects[i].verb),
					     " ", judgement->effects[i].object);
	lay_slices(&texts->room, rule_lengths, judgement->rule_count, texts->rules, &offset);
	lay_slices(&texts->room, effect_lengths, judgement->effect_count, texts->effects, &offset);
	return texts->room.failed;
}

static void digest_of(const struct record_entry *entry, const struct judgement_texts *texts,
		      unsigned char ret_digest[SHA256_SIZE])
{
	struct slice parts[] = { entry->shape,  entry->decision, entry->would_decide,
				 entry->reason, entry->masked,   buf_view(&texts->room) };
	struct sha256 hash;

	sha256_init(&hash);
	for (size_t i = 0; i < COUNT_OF(parts); i++) {
		uint64_t length = parts[i].length;

		sha256_add(&hash, &length, sizeof(length));
		sha256_add(&hash, parts[i].at, parts[i].length);
	}
	sha256_end(&hash, ret_digest);
}

/* The slot that holds `digest`, or the free one where it belongs. */
static size_t slot_of(const struct judgement_numbers *numbers,
		      const unsigned char digest[SHA256_SIZE])
{
	size_t slot;

	memcpy(&slot, digest, sizeof(slot));
	for (slot &= JUDGEMENTS_SLOTS - 1;; slot = (slot + 1) & (JUDGEMENTS_SLOTS - 1)) {
		if (numbers->slots[slot].number == 0 ||
		    memcmp(numbers->slots[slot].digest, digest, SHA256_SIZE) == 0)
			return slot;
	}
}

/* Keeps what stands on the record now; returns its slot. */
static size_t remember(struct judgement_numbers *numbers, size_t slot,
		       const unsigned char digest[SHA256_SIZE], uint64_t number)
{
	if (numbers->count >= JUDGEMENTS_MAX) { /* forget them all: they will be recorded again */
		memset(numbers, 0, sizeof(*numbers));
		slot = slot_of(numbers, digest);
	}
	memcpy(numbers->slots[slot].digest, digest, SHA256_SIZE);
	numbers->slots[slot].number = number;
	numbers->count++;
	return slot;
}

int agent_judgement_number(struct agent *agent, const struct judgement *judgement,
			   struct slice shape, uint64_t fresh, uint64_t *ret_number)
{
	struct judgement_numbers *numbers = agent->judgements;
	struct judgement_texts texts = { .room = BUF_MAX(64 * KIB) };
	unsigned char digest[SHA256_SIZE];

	int r = fill_texts(agent, judgement, &texts);
	struct record_entry entry = { .kind = RECORD_JUDGEMENT,
				      .number = fresh,
				      .parent = agent->policy_number,
				      .time_ns = realtime_ns(),
				      .shape = shape,
				      .decision = slice_of(decision_text(judgement->decision)),
				      .would_decide =
					      slice_of(decision_text(judgement->would_decide)),
				      .reason = slice_of(reason_text(judgement->reason)),
				      .rules = texts.rules,
				      .rule_count = judgement->rule_count,
				      .effects = texts.effects,
				      .effect_count = judgement->effect_count,
				      .masked = slice_of(judgement->masked_columns) };
	digest_of(&entry, &texts, digest);
	size_t slot = slot_of(numbers, digest);
	if (r == 0 && (numbers->slots[slot].number == 0 || judgement->decision != DECISION_ALLOW)) {
		r = record_add(agent->record, &entry);
		if (r == 0)
			slot = remember(numbers, slot, digest, entry.number);
	}
	*ret_number = r == 0 ? numbers->slots[slot].number : entry.number;
	buf_done(&texts.room);
	return r;
}
