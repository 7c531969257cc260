/* SPDX-License-Identifier: MIT */
/* `chaperone audit verify FOLDER`: exports of the logs of several servers, made together. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tools/chaperone/audit_evidence.h"
#include "tools/chaperone/audit_print.h"
#include "tools/command/json.h"

#define EXPORTS_MAX 256

struct together {
	size_t count;
	struct dirent **entries;
	char (*logs)[KEY_NAME_MAX + 1]; /* whose they are */
	uint64_t wanted; /* how many they say there are; 0: one says another number */
};

static void together_done(struct together *together)
{
	for (size_t i = 0; i < together->count; i++)
		free(together->entries[i]);
	free(together->entries);
	free(together->logs);
}

static int is_shown(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int list(const char *folder, struct together *together)
{
	int count = scandir(folder, &together->entries, is_shown, alphasort);

	if (count < 0)
		return -errno;
	together->count = (size_t)count;
	if (count > EXPORTS_MAX)
		return -E2BIG;
	together->logs = calloc(together->count + 1, sizeof(*together->logs));
	return together->logs ? 0 : -ENOMEM;
}

static int verify_one(const struct audit_options *options, struct together *together, size_t number,
		      bool *is_good, struct error *error)
{
	const char *name = together->entries[number]->d_name;
	struct audit_options one = *options;
	struct evidence_report report;
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/%s", options->operand, name);

	if (n < 0 || (size_t)n >= sizeof(path))
		return error_system(error, -ENAMETOOLONG, name);
	one.operand = path;
	int r = audit_verify_export(&one, &report, error);
	if (r < 0)
		return r;
	*is_good = *is_good && audit_export_is_good(&report);
	if (number > 0 && report.logs != together->wanted)
		report.logs = 0;
	together->wanted = report.logs;
	memcpy(together->logs[number], report.log.name, sizeof(together->logs[number]));
	return 0;
}

static bool has_twice(const struct together *together)
{
	for (size_t i = 0; i < together->count; i++) {
		for (size_t j = 0; j < i; j++) {
			if (strcmp(together->logs[i], together->logs[j]) == 0)
				return true;
		}
	}
	return false;
}

static const char *object_to(const struct together *together)
{
	if (together->wanted == 0)
		return "these were not exported together";
	if (has_twice(together))
		return "a log is there twice";
	return together->wanted == together->count ? NULL : "not all that were exported together";
}

static int say(const struct audit_options *options, const struct together *together,
	       const char *objection)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(4 * KIB);
	const unsigned long long there = together->count, wanted = together->wanted;

	if (!options->is_json) {
		if (objection)
			buf_printf(&out, "bad: %llu logs of %llu are here: %s\n", there, wanted,
				   objection);
		else
			buf_printf(&out, "all %llu logs are here\n", wanted);
		return audit_print(&out);
	}
	json_open(&out, NULL, '{');
	json_text(&out, "verdict", objection ? SLICE("bad") : SLICE("good"));
	json_number(&out, "logs", there);
	json_number(&out, "exported", wanted);
	json_text_if(&out, "text", slice_of(objection ? objection : ""));
	json_close(&out, '}');
	json_end(&out);
	buf_add_char(&out, '\n');
	return audit_print(&out);
}

static int verify_together(const struct audit_options *options, bool *ret_is_good,
			   struct error *error)
{
	SCOPED(together_done) struct together together = { .count = 0 };
	bool is_good = true;
	int r = list(options->operand, &together);

	if (r < 0)
		return error_system(error, r, options->operand);
	if (together.count == 0)
		return error_set(error, -ENOENT, "%.200s: there is no export in it",
				 options->operand);
	for (size_t i = 0; r == 0 && i < together.count; i++)
		r = verify_one(options, &together, i, &is_good, error);
	if (r < 0)
		return r;
	const char *objection = object_to(&together);
	r = say(options, &together, objection);
	*ret_is_good = is_good && !objection;
	return r < 0 ? error_system(error, r, "standard output") : 0;
}

int audit_verify_exports(const struct audit_options *options, bool *ret_is_good,
			 struct error *error)
{
	struct evidence_report report;
	struct stat status;

	if (stat(options->operand, &status) == 0 && S_ISDIR(status.st_mode))
		return verify_together(options, ret_is_good, error);
	int r = audit_verify_export(options, &report, error);
	if (r == 0)
		*ret_is_good = audit_export_is_good(&report);
	return r;
}
