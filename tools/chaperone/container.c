/* SPDX-License-Identifier: MIT */
/* Patterns of control group paths: cgroups(7), and what the runtimes call theirs. */
#include "tools/chaperone/container.h"

#include <string.h>

#include "common/cleanup.h"

#define ID_LENGTH 64

/* The first that matches names the runtime; what Kubernetes' own path says is the last resort. */
static const struct {
	const char *pattern, *runtime;
} RUNTIMES[] = {
	{ "*/docker/*", "docker" },
	{ "*/docker-*", "docker" },
	{ "*cri-containerd*", "containerd" },
	{ "*/crio-*", "cri-o" },
	{ "*/libpod-*", "podman" },
	{ "*/libpod_parent/*", "podman" },
	{ "*/lxc/*", "lxc" },
	{ "*/lxc.payload*", "lxc" },
	{ "*containerd*", "containerd" },
	{ "*kubepods*", "kubernetes" },
};

static size_t hex_run(struct slice text)
{
	size_t length = 0;

	while (length < text.length && memchr("0123456789abcdef", text.at[length], 16))
		length++;
	return length;
}

/* The last run of exactly 64 hex digits. */
static struct slice find_id(struct slice path)
{
	struct slice id = { NULL, 0 };

	for (size_t i = 0; i < path.length;) {
		size_t length = hex_run(slice_part(path, i, path.length));

		if (length == ID_LENGTH)
			id = slice_part(path, i, length);
		i += length + 1;
	}
	return id;
}

/* "…/pod<UID>/…" or "…-pod<UID>.slice". */
static struct slice find_pod(struct slice path)
{
	const char *at = path.at ? memmem(path.at, path.length, "kubepods", 8) : NULL;

	if (!at)
		return (struct slice){ NULL, 0 };
	struct slice rest = slice_part(path, (size_t)(at - path.at) + 8, path.length);
	for (size_t i = 0; i + 4 < rest.length; i++) {
		size_t end = i + 4;

		if (!memchr("/-", rest.at[i], 2) || memcmp(rest.at + i + 1, "pod", 3) != 0)
			continue;
		while (end < rest.length && !memchr("/.", rest.at[end], 2))
			end++;
		if (end - i - 4 >= 32)
			return slice_part(rest, i + 4, end - i - 4);
	}
	return (struct slice){ NULL, 0 };
}

struct container container_find(struct slice groups)
{
	struct container found = { NULL, { NULL, 0 }, { NULL, 0 } };

	while (groups.length && !found.runtime) {
		struct slice line = slice_cut(&groups, '\n');

		for (size_t i = 0; i < COUNT_OF(RUNTIMES) && !found.runtime; i++)
			if (slice_matches(line, slice_of(RUNTIMES[i].pattern)))
				found.runtime = RUNTIMES[i].runtime;
		if (found.runtime) {
			found.id = find_id(line);
			found.pod = find_pod(line);
		}
	}
	return found;
}
