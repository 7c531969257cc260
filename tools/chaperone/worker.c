/* SPDX-License-Identifier: MIT */
/* The analysis worker: texts in, facts out, nothing else to reach. */
#include <errno.h>
#include <stdlib.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "common/clock.h"
#include "tools/chaperone/analysis.h"

#define WORKER_DESCRIPTOR 3
#define FOREVER           UINT64_MAX

/* AddressSanitizer reserves terabytes of addresses, of which it uses little. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_SHADOW_MEMORY 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define HAS_SHADOW_MEMORY 1
#endif
#ifndef HAS_SHADOW_MEMORY
#define HAS_SHADOW_MEMORY 0
#endif

static void limit_itself(void)
{
	struct rlimit memory = { ANALYSIS_MEMORY_MAX, ANALYSIS_MEMORY_MAX }, none = { 0, 0 };

	/* Statements are in this memory: no core file, no tracing, gone with the agent. */
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!HAS_SHADOW_MEMORY)
		setrlimit(RLIMIT_AS, &memory);
	setrlimit(RLIMIT_CORE, &none);
}

static int answer(struct packet *request, struct packet *reply)
{
	struct slice body = buf_view(&request->body);

	if (request->kind != ANALYSIS_REQUEST || body.length < 3)
		return -EBADMSG;
	struct analyse_settings settings = { body.at[0], body.at[1], body.at[2] };
	reply->kind = ANALYSIS_FACTS;
	return analyse_postgres(slice_part(body, 3, body.length), &settings, &reply->body);
}

int command_worker(int argc, char **argv)
{
	SCOPED(packet_done) struct packet request = PACKET_EMPTY;
	SCOPED(packet_done) struct packet reply = PACKET_EMPTY;

	(void)argc;
	(void)argv;
	limit_itself();
	while (packet_receive(WORKER_DESCRIPTOR, &request, FOREVER) == 0) {
		if (answer(&request, &reply) < 0 ||
		    packet_send(WORKER_DESCRIPTOR, &reply, FOREVER) < 0)
			return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
