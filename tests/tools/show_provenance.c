/* SPDX-License-Identifier: MIT */
/* Prints what is known of the process PID, one fact a line: MARK NAME=VALUE. */
#include <stdio.h>
#include <stdlib.h>

#include "tools/chaperone/provenance.h"

static const char *const FACT_NAMES[] = {
	[FACT_KIND] = "caller-kind",       [FACT_GROUP] = "caller-group",
	[FACT_SUBJECT] = "caller-subject", [FACT_WORKLOAD] = "caller-workload",
	[FACT_EXE] = "caller-exe",         [FACT_DB_USER] = "caller-db-user",
	[FACT_USER] = "caller-user",
};

int main(int argc, char **argv)
{
	SCOPED(provenance_freep) struct provenance *provenance = NULL;
	int r = provenance_read(argc > 1 ? atoi(argv[1]) : getpid(), &provenance);

	if (r < 0) {
		printf("error %d\n", r);
		return EXIT_FAILURE;
	}
	for (size_t i = 0; i < provenance->list.count; i++) {
		const struct record_fact *fact = &provenance->list.facts[i];

		printf("%s %.*s=%.*s\n", fact->mark == RECORD_CLAIMED ? "claimed" : "observed",
		       SLICE_ARGUMENTS(fact->name), SLICE_ARGUMENTS(fact->value));
	}
	for (size_t i = 0; i < provenance->caller.count; i++) {
		const struct caller_fact *fact = &provenance->caller.facts[i];

		printf("%s %s=%s\n", fact->mark == MARK_CLAIMED ? "claimed" : "observed",
		       FACT_NAMES[fact->name], fact->value);
	}
	return EXIT_SUCCESS;
}
