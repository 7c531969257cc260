/* SPDX-License-Identifier: MIT */
/* What a connection was made with is judged with each of its calls, as the statement that would do
 * the same. */
#include <stdio.h>

#include "policy/engine/judge_private.h"
#include "policy/engine/startup.h"

static bool needs_no_rule(const struct startup_setting *setting)
{
	return builtin_setting_is_harmless(slice_of(setting->name)) ||
	       (slice_is(slice_of(setting->name), "standard_conforming_strings") &&
		slice_is(slice_of(setting->value), "on"));
}

static void judge_setting(struct judging *judging, const struct startup_setting *setting)
{
	struct slice name = slice_of(setting->name);
	char object[140];

	if (slice_is(name, "role") || slice_is(name, "session_authorization")) {
		judge_object(judging, VERB_GRANT, OBJECT_ROLE, slice_of(setting->value));
		return;
	}
	if (needs_no_rule(setting))
		return;
	snprintf(object, sizeof(object), "%s, given when the connection was made", setting->name);
	judge_object(judging, VERB_SET, OBJECT_SETTING, slice_of(object));
}

void judge_startup(struct judging *judging)
{
	const struct session_address *address = session_address(judging->session);
	struct slice options = address->options;
	struct startup_setting setting;

	if (address->is_replication)
		judge_object(judging, VERB_REPLICATE, OBJECT_OTHER,
			     SLICE("a replication connection"));
	while (startup_next(&options, &setting))
		judge_setting(judging, &setting);
}
