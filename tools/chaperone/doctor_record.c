/* SPDX-License-Identifier: MIT */
/* The record: whether it can be written, and whether what is there verifies. */
#include <sys/stat.h>

#include "common/record.h"
#include "tools/chaperone/doctor.h"
#include "tools/chaperone/places.h"

static void look_at_entries(struct doctor *doctor, const char *path)
{
	struct record_report report;
	struct error error = { 0 };

	if (record_verify(path, NULL, &report, &error) < 0)
		doctor_say(doctor, DOCTOR_PROBLEM, "record", "%s: %s", path, error.text);
	else if (!report.is_good)
		doctor_say(doctor, DOCTOR_PROBLEM, "record",
			   "%s does not verify: %s at byte %llu: %s", path, report.bad_file,
			   (unsigned long long)report.bad_offset, report.bad_text);
	else
		doctor_say(doctor, DOCTOR_GOOD, "record",
			   "%s verifies (unanchored), %llu statements in %llu files", path,
			   (unsigned long long)report.intents, (unsigned long long)report.files);
}

void doctor_record(struct doctor *doctor, const char *option)
{
	char path[PATH_MAX];
	struct error error = { 0 };
	struct stat status;

	if (place_of_record(option, path, &error) < 0) {
		doctor_say(doctor, DOCTOR_PROBLEM, "record", "%s", error.text);
		return;
	}
	doctor_folder(doctor, "record", path);
	if (stat(path, &status) == 0)
		look_at_entries(doctor, path);
}
