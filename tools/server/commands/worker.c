/* SPDX-License-Identifier: MIT */
/* `chaperone-server worker`: checks and tests the source archive on stdin, and reports on stdout. */
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "common/file.h"
#include "control/archive.h"
#include "tools/command/command.h"
#include "tools/command/confine.h"
#include "tools/policy/archive_check.h"
#include "tools/server/commands/commands.h"
#include "tools/server/policy/trial.h"

#define DESCRIPTORS_MAX 8 /* files of time zones are opened */

static void limit(int resource, rlim_t most)
{
	struct rlimit limit = { most, most };

	setrlimit(resource, &limit);
}

int command_worker(int argc, char **argv)
{
	SCOPED(buf_done) struct buf archive = BUF_MAX(ARCHIVE_MAX);
	SCOPED(findings_done) struct findings findings = { 0 };

	(void)argc;
	(void)argv;
	confine(TRIAL_MEMORY_MAX);
	limit(RLIMIT_CPU, TRIAL_NS / SECOND_NS);
	limit(RLIMIT_NOFILE, DESCRIPTORS_MAX);
	limit(RLIMIT_FSIZE, 0);
	if (file_read_fd(STDIN_FILENO, &archive) < 0 ||
	    archive_check(buf_view(&archive), (int64_t)time(NULL), &findings) < 0)
		return EXIT_USAGE;
	findings_sort(&findings);
	findings_print_json(&findings, stdout);
	if (fflush(stdout) != 0)
		return EXIT_USAGE;
	return findings_count(&findings, FINDING_ERROR) > 0 ? EXIT_FINDINGS : EXIT_GOOD;
}
