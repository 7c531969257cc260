/* SPDX-License-Identifier: MIT */
/* The record: whether it can be written, and whether what is there verifies. */
#include <sys/stat.h>

#include "common/record.h"
#include "tools/chaperone/doctor.h"
#include "tools/command/places.h"

static void look_at_entries(struct report *report, const char *path)
{
	struct record_report found;
	struct error error = { 0 };

	if (record_verify(path, NULL, &found, &error) < 0)
		report_say(report, REPORT_PROBLEM, "record", "%s: %s", path, error.text);
	else if (!found.is_good)
		report_say(report, REPORT_PROBLEM, "record",
			   "%s does not verify: %s at byte %llu: %s", path, found.bad_file,
			   (unsigned long long)found.bad_offset, found.bad_text);
	else
		report_say(report, REPORT_GOOD, "record",
			   "%s verifies (unanchored), %llu statements in %llu files", path,
			   (unsigned long long)found.intents, (unsigned long long)found.files);
}

void doctor_record(struct report *report, const char *option)
{
	char path[PATH_MAX];
	struct error error = { 0 };
	struct stat status;

	if (place_of_record(option, path, &error) < 0) {
		report_say(report, REPORT_PROBLEM, "record", "%s", error.text);
		return;
	}
	doctor_folder(report, "record", path);
	if (stat(path, &status) < 0)
		return;
	look_at_entries(report, path);
	doctor_spool(report, path);
}
