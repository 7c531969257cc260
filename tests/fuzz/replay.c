/* SPDX-License-Identifier: MIT */
/* Shows a fuzz target each file of the folders named, and each beginning of it.  At least one there
 * must be. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "common/file.h"
#include "tests/fuzz/fuzz.h"

#define FILE_MAX (64 * KIB)

/* In memory of exactly that size, so that a step beyond the end is seen by a sanitizer. */
static void show(const char *bytes, size_t length)
{
	uint8_t *copy = malloc(length ? length : 1);

	if (!copy)
		abort();
	if (length > 0)
		memcpy(copy, bytes, length);
	LLVMFuzzerTestOneInput(copy, length);
	free(copy);
}

static int replay_file(const char *path)
{
	SCOPED(buf_done) struct buf seed = BUF_MAX(FILE_MAX);
	int r = file_read(path, &seed);

	if (r < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(-r));
		return -1;
	}
	for (size_t length = 0; length <= seed.length; length++)
		show(seed.at, length);
	return 0;
}

/* How many files there were; -1 when one cannot be read. */
static int replay_folder(const char *folder)
{
	DIR *entries = opendir(folder);
	int count = 0;

	if (!entries)
		return -1;
	for (struct dirent *entry; count >= 0 && (entry = readdir(entries));) {
		char path[4096];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		count = replay_file(path) < 0 ? -1 : count + 1;
	}
	closedir(entries);
	return count;
}

int main(int argument_count, char **arguments)
{
	for (int i = 1; i < argument_count; i++) {
		int count = replay_folder(arguments[i]);

		if (count <= 0) {
			fprintf(stderr, "%s: no seeds\n", arguments[i]);
			return EXIT_FAILURE;
		}
		printf("%s: %d seeds\n", arguments[i], count);
	}
	return argument_count > 1 ? EXIT_SUCCESS : EXIT_FAILURE;
}
