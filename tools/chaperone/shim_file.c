/* SPDX-License-Identifier: MIT */
/* Finding and checking libchaperone.so. */
#include "tools/chaperone/shim_file.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <gnu/libc-version.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/auditor.h"
#include "tools/command/beside.h"
#include "tools/chaperone/elf_file.h"

/* Relative to the folder of this program: installed, or in the build folder. */
static const char *const PLACES[] = {
	"../lib/chaperone/libchaperone.so",
	"../lib/" MULTIARCH "/chaperone/libchaperone.so",
	"../../shim/libchaperone.so",
};

static bool segments_are_there(int fd, const Elf64_Ehdr *header, uint64_t size)
{
	for (unsigned i = 0; i < header->e_phnum; i++) {
		Elf64_Phdr segment;
		off_t at = (off_t)(header->e_phoff + i * (uint64_t)sizeof(segment));

		if (pread(fd, &segment, sizeof(segment), at) != sizeof(segment))
			return false;
		if (segment.p_type == PT_LOAD &&
		    (segment.p_offset > size || segment.p_filesz > size - segment.p_offset))
			return false;
	}
	return header->e_phnum > 0;
}

static bool is_whole_object(int fd, uint64_t size)
{
	Elf64_Ehdr header;

	if (pread(fd, &header, sizeof(header), 0) != sizeof(header))
		return false;
	if (header.e_type != ET_DYN)
		return false;
	/* The section headers stand last, so a cut file misses them first. */
	return header.e_shoff + (uint64_t)header.e_shnum * header.e_shentsize <= size &&
	       segments_are_there(fd, &header, size);
}

int shim_file_check(const char *path, struct error *error)
{
	SCOPED(close_p) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) < 0)
		return error_system(error, -errno, path);
	if (strpbrk(path, ": \t"))
		return error_set(error, -EINVAL,
				 "%s: LD_PRELOAD cannot hold a path with blanks or colons", path);
	if (!S_ISREG(status.st_mode) || (status.st_mode & S_IROTH) == 0)
		return error_set(
			error, -EPERM,
			"%s: not a file that everybody may read, which programs that change their user need",
			path);
	if (!elf_file_is_native(path) || !is_whole_object(fd, (uint64_t)status.st_size))
		return error_set(error, -ENOEXEC,
				 "%s: of another machine, damaged or cut short; install it again",
				 path);
	return 0;
}

bool shim_file_is_hidden(const char *path, char ret_folder[PATH_MAX])
{
	struct stat status;

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		int length = slash == path ? 1 : (int)(slash - path);

		snprintf(ret_folder, PATH_MAX, "%.*s", length, path);
		if (stat(ret_folder, &status) < 0 || !(status.st_mode & S_IXOTH))
			return true;
	}
	return false;
}

int shim_file_find(char ret_path[PATH_MAX], struct error *error)
{
	int r = beside_find(PLACES, COUNT_OF(PLACES), ret_path, error);

	return r < 0 ? r : shim_file_check(ret_path, error);
}

/* Before 2.35 the loader did not show what it binds at start (glibc's NEWS, bug 28096). */
static bool loader_shows_all(void)
{
	int major = 0, minor = 0;

	return sscanf(gnu_get_libc_version(), "%d.%d", &major, &minor) == 2 &&
	       (major > 2 || minor >= 35);
}

int shim_file_find_auditor(const char *shim, char ret_path[PATH_MAX], struct error *error)
{
	const char *slash = strrchr(shim, '/');
	int folder = slash ? (int)(slash - shim) : 0;

	if (!loader_shows_all())
		return error_set(error, -ENOTSUP,
				 "auditing bindings needs glibc 2.35 or newer, this is %s",
				 gnu_get_libc_version());
	int length = snprintf(ret_path, PATH_MAX, "%.*s/%s", folder, shim, AUDITOR_FILE);
	if (length >= PATH_MAX)
		return error_system(error, -ENAMETOOLONG, shim);
	return shim_file_check(ret_path, error);
}
