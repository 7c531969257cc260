/* SPDX-License-Identifier: MIT */
#include "tools/server/people/setting.h"

#include <errno.h>
#include <stdio.h>

#include "common/buf.h"
#include "common/clock.h"
#include "control/note.h"
#include "tools/command/when.h"
#include "tools/server/people/author.h"

#define MINUTE_S 60u
#define DAY_S    86400u

#define SETTING_OFF "off"

static int read_duration(struct slice text, uint64_t *ret_seconds)
{
	SCOPED(buf_done) struct buf copy = BUF_MAX(SETTING_VALUE_SIZE);
	uint64_t ns;

	buf_add_slice(&copy, text);
	if (copy.failed || when_read_duration(buf_text(&copy), &ns) < 0)
		return -EINVAL;
	*ret_seconds = ns / SECOND_NS;
	return 0;
}

/* Less than a day would be gone before anybody looked at it. */
static int read_retention(struct slice text, uint64_t *ret_seconds)
{
	*ret_seconds = 0;
	if (slice_is(text, SETTING_OFF))
		return 0;
	int r = read_duration(text, ret_seconds);
	return r == 0 && *ret_seconds < DAY_S ? -EINVAL : r;
}

/* A threshold that nobody can reach would stop every change, its own way back included. */
static int check_threshold(struct store *store, uint64_t number, struct error *error)
{
	bool is_rooted = false;
	uint64_t accounts;
	int r = author_has_root(store, &is_rooted);

	if (r == 0 && is_rooted)
		return error_set(
			error, -EINVAL,
			"author_threshold is what the root of the authors says, and changes "
			"with the next one");
	if (r == 0)
		r = author_accounts(store, &accounts);
	if (r < 0 || number <= accounts)
		return r;
	return error_set(error, -EINVAL,
			 "author_threshold cannot be %llu: %llu account%s a key that counts "
			 "(chaperone-server user key)",
			 (unsigned long long)number, (unsigned long long)accounts,
			 accounts == 1 ? " has" : "s have");
}

const struct setting SETTINGS[SETTING_COUNT] = {
	[SETTING_AUTHOR_THRESHOLD] = { .name = "author_threshold",
				       .usual = "1",
				       .about = "how many accounts must sign a policy",
				       .expected = "a number from 1 to 64",
				       .read = slice_to_u64,
				       .check = check_threshold,
				       .min = 1,
				       .max = NOTE_KEYS_MAX },
	[SETTING_FRESHNESS] = { .name = "freshness",
				.usual = "15m",
				.about = "how long the proof counts that a policy is the newest",
				.expected = "a duration from 1m to 24h, such as 90s, 15m or 2h",
				.read = read_duration,
				.min = MINUTE_S,
				.max = DAY_S },
	[SETTING_RETAIN] = { .name = "retain",
			     .usual = SETTING_OFF,
			     .about = "how long the record is kept",
			     .expected = "off, or a duration of a day or more, such as 90d",
			     .read = read_retention,
			     .max = UINT64_MAX },
};

const struct setting *setting_find(struct slice name)
{
	for (size_t i = 0; i < SETTING_COUNT; i++) {
		if (slice_is(name, SETTINGS[i].name))
			return &SETTINGS[i];
	}
	return NULL;
}

static int take_text(void *context, const struct store_value *columns, size_t count)
{
	(void)count;
	snprintf(context, SETTING_VALUE_SIZE, "%.*s", SLICE_ARGUMENTS(columns[0].bytes));
	return 0;
}

int setting_text(struct store *store, const struct setting *setting,
		 char ret_value[SETTING_VALUE_SIZE])
{
	snprintf(ret_value, SETTING_VALUE_SIZE, "%s", setting->usual);
	return store_run(store, "SELECT value FROM setting WHERE name = $1",
			 STORE_VALUES(store_text(slice_of(setting->name))), take_text, ret_value);
}

static int read_value(const struct setting *setting, struct slice text, uint64_t *ret_number)
{
	uint64_t number;

	if (setting->read(text, &number) < 0 || number < setting->min || number > setting->max)
		return -EINVAL;
	*ret_number = number;
	return 0;
}

struct reading {
	const struct setting *setting;
	uint64_t number;
};

static int take_value(void *context, const struct store_value *columns, size_t count)
{
	struct reading *reading = context;

	(void)count;
	return read_value(reading->setting, columns[0].bytes, &reading->number);
}

int setting_read(struct store *store, enum setting_name name, uint64_t *ret_number)
{
	struct reading reading = { &SETTINGS[name], 0 };
	int r = read_value(reading.setting, slice_of(reading.setting->usual), &reading.number);

	if (r == 0)
		r = store_run(store, "SELECT value FROM setting WHERE name = $1",
			      STORE_VALUES(store_text(slice_of(reading.setting->name))), take_value,
			      &reading);
	if (r < 0)
		return r;
	*ret_number = reading.number;
	return 0;
}

static int replace(struct store *store, struct slice name, struct slice value)
{
	int r = store_do(store, "DELETE FROM setting WHERE name = $1",
			 STORE_VALUES(store_text(name)));

	if (r < 0)
		return r;
	return store_do(store, "INSERT INTO setting (name, value) VALUES ($1, $2)",
			STORE_VALUES(store_text(name), store_text(value)));
}

int setting_write(struct store *store, struct slice name, struct slice value, struct error *error)
{
	const struct setting *setting = setting_find(name);
	uint64_t number;

	if (!setting)
		return error_set(error, -ENOENT,
				 "there is no setting '%.*s': chaperone-server setting list",
				 SLICE_ARGUMENTS(slice_part(name, 0, 64)));
	if (read_value(setting, value, &number) < 0)
		return error_set(error, -EINVAL, "%s is %s", setting->name, setting->expected);
	int r = setting->check ? setting->check(store, number, error) : 0;
	return r < 0 ? r : replace(store, name, value);
}
