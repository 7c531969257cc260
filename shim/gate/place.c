/* SPDX-License-Identifier: MIT */
/* Finding the agent's socket.  Root's word counts before the environment's. */
#include "shim/gate/place.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/service.h"
#include "common/sha256.h"
#include "common/slice.h"
#include "shim/preload/start.h"

#define FOLDER_MAX 4096
#define PLACES_MAX 4

/* Threads that settle at the same moment fill a place each; the first one to finish is taken. */
static struct place places[PLACES_MAX];
static atomic_uint places_used;
static _Atomic(const struct place *) settled;

static bool take(struct place *place, struct slice path)
{
	if (path.length == 0 || path.length >= sizeof(place->socket))
		return false;
	memcpy(place->socket, path.at, path.length);
	place->socket[path.length] = '\0';
	return true;
}

/* Root's configuration.  False when there is none; one that cannot be used is a problem, never
 * passed over. */
static bool find_configured(struct place *place)
{
	int r = service_configured(place->socket, sizeof(place->socket));

	place->is_roots = r == 0;
	if (r < 0)
		place->problem = SERVICE_CONFIGURATION
			" cannot be used: it must be a file of root's that nobody else may write, "
			"with a line socket=/PATH";
	return r != -ENOENT;
}

static bool find_run(struct place *place)
{
	struct slice text = slice_of(start_value(START_PEER));
	uint64_t pid = 0;

	if (slice_to_u64(slice_cut(&text, ' '), &pid) == 0 && pid <= INT32_MAX &&
	    slice_to_u64(text, &place->peer_start) == 0)
		place->peer = (pid_t)pid;
	return take(place, slice_of(start_value(START_SOCKET)));
}

static bool find_service(struct place *place)
{
	struct stat status;

	/* Below /run only root makes folders. */
	place->is_roots = stat(SERVICE_SOCKET, &status) == 0 && take(place, SLICE(SERVICE_SOCKET));
	return place->is_roots;
}

static void add(struct sha256 *hash, const char *text)
{
	sha256_add(hash, text, strlen(text) + 1);
}

/* Programs that would find the same policy and keep the same record share an agent. */
static bool write_key(char *ret_key, size_t size)
{
	const char *policy = getenv("CHAPERONE_POLICY"), *record = getenv("CHAPERONE_RECORD");
	unsigned char digest[SHA256_SIZE];
	char folder[FOLDER_MAX];
	struct sha256 hash;

	if (!getcwd(folder, sizeof(folder)))
		return false;
	sha256_init(&hash);
	add(&hash, folder);
	add(&hash, policy ? policy : "");
	add(&hash, record ? record : "");
	sha256_end(&hash, digest);
	snprintf(ret_key, size, "own-%02x%02x%02x%02x%02x%02x", digest[0], digest[1], digest[2],
		 digest[3], digest[4], digest[5]);
	return true;
}

/* A private folder that depends on the user alone; never a shared temporary one (security.md
 * 15). */
static bool find_own(struct place *place)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR"), *home = getenv("HOME");
	bool has_runtime = runtime && runtime[0] == '/';
	char key[32], path[FOLDER_MAX];

	place->is_own = true;
	place->problem = "no agent can be started: neither XDG_RUNTIME_DIR nor HOME names a folder";
	if (!has_runtime && (!home || home[0] != '/'))
		return true;
	place->problem =
		"no agent can be started: this folder cannot be named, or the path of its socket is too long";
	if (!write_key(key, sizeof(key)))
		return true;
	int length =
		snprintf(path, sizeof(path), "%s%s/%s/agent.socket", has_runtime ? runtime : home,
			 has_runtime ? "/chaperone" : "/.local/state/chaperone", key);
	if (length > 0 && (size_t)length < sizeof(path))
		take(place, (struct slice){ path, (size_t)length });
	return true;
}

static bool (*const FIND[])(struct place *place) = { find_configured, find_run, find_service,
						     find_own };

const struct place *place_settle(void)
{
	const struct place *found = place_settled();
	unsigned number;

	if (found || (number = atomic_fetch_add(&places_used, 1)) >= PLACES_MAX)
		return found;
	for (size_t i = 0; !found && i < COUNT_OF(FIND); i++)
		found = FIND[i](&places[number]) ? &places[number] : NULL;
	const struct place *first = NULL;
	return atomic_compare_exchange_strong(&settled, &first, found) ? found : first;
}

const struct place *place_settled(void)
{
	return atomic_load(&settled);
}
