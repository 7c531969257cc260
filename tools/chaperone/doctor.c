/* SPDX-License-Identifier: MIT */
/* `chaperone doctor`: says what is governed on this machine, and what is not. */
#include "tools/chaperone/doctor.h"

#include "tools/chaperone/commands.h"
#include "tools/command/options.h"

struct doctor_options {
	const char *policy, *record;
	bool is_json;
};

static const struct option_row ROWS[] = {
	OPTION_TEXT(doctor_options, policy, "policy", "PATH", "as for `chaperone run`"),
	OPTION_TEXT(doctor_options, record, "record", "PATH", "as for `chaperone run`"),
	OPTION_FLAG(doctor_options, is_json, "json", "one JSON object"),
};

static const struct option_table OPTIONS = {
	OPTION_ROWS(ROWS),
	.operands = "[-- CMD [ARGUMENT...]]",
	.operands_max = OPERANDS_MANY,
	.is_command_behind = true,
	.about =
		"Looks at this machine, the policy in force and the record; with CMD, at the clients of databases that it\n"
		"would load.  CMD is not run.",
	.exits = "0 no problem, 1 problems, 2 could not look",
};

int command_doctor(int argc, char **argv)
{
	struct doctor_options options = { 0 };
	int status;
	char **operands = options_read(&OPTIONS, argc, argv, &options, &status);

	if (!operands)
		return status;
	struct report report = REPORT_EMPTY(options.is_json);
	if (operands[0])
		doctor_program(&report, operands[0]);
	doctor_machine(&report);
	doctor_policy(&report, options.policy);
	doctor_record(&report, options.record);
	return report_end(&report);
}
