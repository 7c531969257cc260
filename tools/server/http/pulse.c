/* SPDX-License-Identifier: MIT */
#include "tools/server/http/pulse.h"

#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

/* What SQLite writes goes to where there was room before, so the disk is asked as well; that of a database
 * elsewhere is not this one. */
static bool has_room(const struct data *data)
{
	struct statvfs status;

	return data->database[0] || fstatvfs(data->folder, &status) < 0 ||
	       (uint64_t)status.f_bavail * status.f_frsize >= PULSE_ROOM_MIN;
}

static void try(struct pulse *pulse, char ret_why[REPLY_WHY_SIZE])
{
	int r = store_do(pulse->store,
			 "INSERT INTO pulse (server, beat) VALUES ($1, $2)"
			 " ON CONFLICT (server) DO UPDATE SET beat = excluded.beat",
			 STORE_VALUES(store_text(slice_of(pulse->name)),
				      store_number((int64_t)realtime_ns())));

	ret_why[0] = '\0';
	if (r < 0)
		snprintf(ret_why, REPLY_WHY_SIZE, "%s", store_reason(pulse->store, r));
	else if (!has_room(pulse->data))
		snprintf(ret_why, REPLY_WHY_SIZE, "the disk has less than %u MiB left",
			 (unsigned int)(PULSE_ROOM_MIN / MIB));
}

static void beat(void *context)
{
	struct pulse *pulse = context;
	char why[REPLY_WHY_SIZE];

	try(pulse, why);
	pthread_mutex_lock(&pulse->lock);
	bool is_news = strcmp(pulse->why, why) != 0;
	pulse->beaten_ns = monotonic_ns();
	memcpy(pulse->why, why, sizeof(why));
	pthread_mutex_unlock(&pulse->lock);
	const struct journal_pair pair = { "why", JOURNAL_TEXT(why) };
	if (is_news)
		journal_write(pulse->journal, why[0] ? JOURNAL_UNREADY : JOURNAL_READY, &pair,
			      why[0] ? 1 : 0);
}

int pulse_start(struct pulse *pulse, const struct data *data, const char *name,
		struct journal *journal, struct error *error)
{
	*pulse = (struct pulse){
		.data = data, .name = name, .journal = journal, .lock = PTHREAD_MUTEX_INITIALIZER
	};
	int r = data_open_store(data, &pulse->store, error);

	if (r < 0)
		return r;
	beat(pulse);
	r = ticker_start(&pulse->ticker, PULSE_EVERY_NS, beat, pulse);
	return r < 0 ? error_system(error, r, "the thread that looks whether data can be kept") : 0;
}

void pulse_stop(struct pulse *pulse)
{
	ticker_stop(&pulse->ticker);
	store_close(pulse->store);
	pulse->store = NULL;
}

bool pulse_is_there(struct pulse *pulse, char ret_why[REPLY_WHY_SIZE])
{
	pthread_mutex_lock(&pulse->lock);
	bool is_late = monotonic_ns() > pulse->beaten_ns + PULSE_LATE_NS;
	memcpy(ret_why, pulse->why, REPLY_WHY_SIZE);
	pthread_mutex_unlock(&pulse->lock);
	if (is_late)
		snprintf(ret_why, REPLY_WHY_SIZE, "the database does not come back");
	return !ret_why[0];
}
