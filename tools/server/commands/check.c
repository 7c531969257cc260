/* SPDX-License-Identifier: MIT */
/* `chaperone-server check`: whether all is there that a server needs, and fits together. */
#include "tools/command/command.h"
#include "tools/command/options.h"
#include "tools/command/report.h"
#include "tools/command/terminal.h"
#include "tools/server/people/account.h"
#include "tools/server/record/alarm.h"
#include "tools/server/common/certificate.h"
#include "tools/server/commands/commands.h"
#include "tools/server/store/data.h"

#define SOON_DAYS 30

struct check_options {
	const char *data;
	bool is_json;
};

static const struct option_row ROWS[] = {
	OPTION_TEXT(check_options, data, "data", "FOLDER", "the folder that init made"),
	OPTION_FLAG(check_options, is_json, "json", "one JSON object"),
};

static const struct option_table OPTIONS = {
	OPTION_ROWS(ROWS),
	.about =
		"Reads everything in the server's folder and says what is wrong.  A server may run "
		"meanwhile.",
	.exits = "0 no problem, 1 problems, 2 could not look",
};

static void check_database(struct report *report, const struct data *data)
{
	struct error error = { .text = "" };
	int64_t administrators = 0;

	if (store_check(data->store, &error) < 0) {
		report_say(report, REPORT_PROBLEM, "database", "%s", error.text);
		return;
	}
	report_say(report, REPORT_GOOD, "database", "%s",
		   data->database[0] ? "PostgreSQL answers" : DATA_STORE " is whole");
	if (account_count(data->store, "administrator", &administrators) < 0)
		report_say(report, REPORT_PROBLEM, "accounts", "%s", store_trouble(data->store));
	else if (administrators == 0)
		report_say(report, REPORT_PROBLEM, "accounts", "nobody can administrate");
	else
		report_say(report, REPORT_GOOD, "accounts", "%lld can administrate",
			   (long long)administrators);
}

static void check_record(struct report *report, const struct data *data)
{
	if (alarm_show(data->store, report) < 0)
		report_say(report, REPORT_PROBLEM, "record", "%s", store_trouble(data->store));
}

static void say_days(struct report *report, int days)
{
	if (days < 0)
		report_say(report, REPORT_PROBLEM, "certificate", "ended %d days ago", -days);
	else
		report_say(report, days < SOON_DAYS ? REPORT_PROBLEM : REPORT_GOOD, "certificate",
			   "ends in %d days", days);
}

static void check_certificate(struct report *report, const struct data *data)
{
	SCOPED(buf_done) struct buf certificate = BUF_MAX(DATA_FILE_MAX);
	SCOPED(secret_done) struct buf key = BUF_MAX(DATA_FILE_MAX);
	struct certificate_state state;
	struct error error = { .text = "" };

	if (data_read(data, DATA_CERTIFICATE, &certificate, &error) < 0 ||
	    data_read(data, DATA_TLS_KEY, &key, &error) < 0) {
		report_say(report, REPORT_PROBLEM, "certificate", "%s", error.text);
		return;
	}
	if (certificate_look(buf_view(&certificate), buf_view(&key), data->name, &state) < 0) {
		report_say(report, REPORT_PROBLEM, "certificate",
			   DATA_CERTIFICATE " or " DATA_TLS_KEY " is none");
		return;
	}
	say_days(report, state.days_left);
	if (!state.fits_key)
		report_say(report, REPORT_PROBLEM, "certificate", DATA_TLS_KEY " is not its key");
	if (!state.fits_name)
		report_say(report, REPORT_PROBLEM, "certificate", "is not for %s", data->name);
}

static void check_key(struct report *report, const struct data *data, const char *file)
{
	SCOPED(signing_key_done) struct signing_key key = { .secret = { 0 } };
	struct error error = { .text = "" };

	if (data_key(data, file, &key, &error) < 0)
		report_say(report, REPORT_PROBLEM, "key", "%s", error.text);
	else
		report_say(report, REPORT_GOOD, "key", "%s is that of %s", file,
			   key.verifying.name);
}

int command_check(int argc, char **argv)
{
	struct check_options options = { .data = NULL };
	SCOPED(data_close) struct data data = DATA_NONE;
	struct error error = { .text = "" };
	int status;

	if (!options_read(&OPTIONS, argc, argv, &options, &status))
		return status;
	if (data_open(options.data, &data, &error) < 0)
		return command_fail(argv[0], &error);
	struct report report = REPORT_EMPTY(options.is_json);
	report_say(&report, REPORT_GOOD, "server", "%s in %s", data.name, data.path);
	check_database(&report, &data);
	check_certificate(&report, &data);
	check_key(&report, &data, DATA_LOG_KEY);
	check_key(&report, &data, DATA_FRESHNESS_KEY);
	check_record(&report, &data);
	return report_end(&report);
}
