/* SPDX-License-Identifier: MIT */
/* The two lines that `run` prints at a terminal. */
#include <inttypes.h>
#include <stdio.h>

#include "tools/chaperone/off_switch.h"
#include "tools/chaperone/prospect.h"
#include "tools/chaperone/run.h"
#include "tools/command/terminal.h"

#define LINE_MAX_BYTES (8 * KIB)

/* What keeps a verdict from being carried out. */
static const char *enforcement(const struct run *run)
{
	if (off_switch_is_on())
		return " · OFF by " OFF_SWITCH ", nothing is enforced";
	return run->policy->is_trial ? " · TRIAL, nothing is enforced" : "";
}

void run_say_start(const struct run *run)
{
	SCOPED(buf_done) struct buf line = BUF_MAX(LINE_MAX_BYTES);

	if (!run->speaks)
		return;
	buf_printf(&line, "chaperone: %s", run->policy->files[0].name);
	if (run->policy->version > 0)
		buf_printf(&line, " v%" PRIu64, run->policy->version);
	buf_add_text(&line, " · ");
	prospect_add(&line, run->options.command[0]);
	buf_printf(&line, " · record %.4s…%s%s%s", run->id, enforcement(run),
		   run->options.is_audited ? " · audited bindings" : "",
		   run->options.lets_ungoverned ? " · what is not governed may pass" : "");
	terminal_print(stderr, buf_view(&line));
	fputc('\n', stderr);
	if (run->warning[0]) {
		fputs("chaperone: ", stderr);
		terminal_print(stderr, slice_of(run->warning));
		fputc('\n', stderr);
	}
}

void run_say_end(const struct run *run)
{
	const struct agent_counts *counts = run->settings.counts;

	if (!run->speaks)
		return;
	fprintf(stderr,
		"chaperone: %llu statements, %llu refused, %llu cells masked · head %02x%02x… · "
		"chaperone audit list --run %s\n",
		(unsigned long long)counts->statements, (unsigned long long)counts->refused,
		(unsigned long long)counts->masked_cells, counts->head[0], counts->head[1],
		run->id);
}
