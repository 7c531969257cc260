/* SPDX-License-Identifier: MIT */
/* The analysis worker: texts in, facts out, nothing else to reach. */
#include <errno.h>
#include <stdlib.h>

#include "common/clock.h"
#include "tools/chaperone/analysis.h"
#include "tools/command/confine.h"

#define WORKER_DESCRIPTOR 3
#define FOREVER           UINT64_MAX

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
	confine(ANALYSIS_MEMORY_MAX); /* statements are in it */
	while (packet_receive(WORKER_DESCRIPTOR, &request, FOREVER) == 0) {
		if (answer(&request, &reply) < 0 ||
		    packet_send(WORKER_DESCRIPTOR, &reply, FOREVER) < 0)
			return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
