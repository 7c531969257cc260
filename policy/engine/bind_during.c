/* SPDX-License-Identifier: MIT */
/* `during`: words to a window. */
#include <errno.h>

#include "policy/engine/bundle.h"

static BINDS(bind_clock)
{
	if (node->kind != YAML_SCALAR || clock_read(node->of.text, target) < 0)
		return bind_wrong(binder, node, type->expected);
	return 0;
}

static const struct bind_type CLOCK = {
	.bind = bind_clock,
	.expected = "a time such as \"16:00\" or \"fri 16:00\"",
};

static const struct bind_word DAYS[] = {
	{ "mon", 1, NULL },  { "tue", 2, NULL },  { "wed", 4, NULL },  { "thu", 8, NULL },
	{ "fri", 16, NULL }, { "sat", 32, NULL }, { "sun", 64, NULL },
};
static const struct bind_type DAY = { .bind = bind_word, BIND_WORDS(DAYS) };
static const struct bind_list DAY_LIST = { false, 0, bind_add_bit, &DAY };
static const struct bind_type DAYS_TYPE = {
	.bind = bind_list,
	.expected = "a list of days, such as [mon, tue]",
	.detail = &DAY_LIST,
};

#define AT(member) offsetof(struct window_words, member)
static const struct bind_field DURING_FIELDS[] = {
	{ "days", &DAYS_TYPE, AT(days), false, GIVEN(AT(has_days)), NULL },
	{ "from", &CLOCK, AT(from), false, 0, NULL },
	{ "to", &CLOCK, AT(to), false, 0, NULL },
	{ "zone", &BIND_ANY_TEXT, AT(zone), true, 0, NULL },
	{ "until", &BIND_INSTANT, AT(until), false, GIVEN(AT(has_until)), NULL },
	{ "since", &BIND_INSTANT, AT(since), false, GIVEN(AT(has_since)), NULL },
};
#undef AT
static const struct bind_demand DURING_DEMANDS[] = {
	{ "from", NULL, false, { "to" }, NULL, "'from' needs 'to' beside it" },
	{ "to", NULL, false, { "from" }, NULL, "'to' needs 'from' beside it" },
	{ NULL,
	  NULL,
	  false,
	  { "from", "days", "until", "since" },
	  NULL,
	  "a time window needs from and to, days, until or since" },
};
static const struct bind_shape DURING = {
	.what = "a time window",
	BIND_FIELDS(DURING_FIELDS),
	BIND_DEMANDS(DURING_DEMANDS),
};
static const struct bind_type WORDS = {
	.bind = bind_struct,
	.expected =
		"a time window, such as { from: \"16:00\", to: \"18:00\", zone: Europe/Berlin }",
	.detail = &DURING,
};

static BINDS(bind_during)
{
	struct window_words words = { .from.day = CLOCK_NO_DAY, .to.day = CLOCK_NO_DAY };
	const struct zone *zone;

	(void)type;
	int r = bind_struct(binder, &WORDS, node, &words);
	if (r < 0)
		return r;
	const char *fault = window_words_fault(&words);
	if (fault)
		return bind_refuse(binder, node, "%s", fault);
	struct error error = { 0 };
	r = zone_cached(&binder->zones, binder->memory, words.zone, &zone, &error);
	if (r == -ENOMEM)
		return bind_out_of_memory(binder);
	if (r < 0)
		return bind_refuse(binder, yaml_find(node, "zone")->value, "%s", error.text);
	r = window_new(binder->memory, &words, zone, target);
	return r < 0 ? bind_out_of_memory(binder) : 0;
}

const struct bind_type BIND_DURING = { .bind = bind_during };
