/* SPDX-License-Identifier: MIT */
/* Reads root's configuration. */
#include "common/service.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "common/slice.h"

#define CONFIGURATION_SIZE 512 /* what stands behind it is not read */

static int take_line(struct slice text, char *ret_socket, size_t size)
{
	while (text.length > 0) {
		struct slice line = slice_trim(slice_cut(&text, '\n'));

		if (!slice_starts_with(line, "socket=/"))
			continue;
		line = slice_part(line, strlen("socket="), line.length);
		if (line.length >= size)
			break;
		memcpy(ret_socket, line.at, line.length);
		ret_socket[line.length] = '\0';
		return 0;
	}
	return -EINVAL;
}

int service_configured(char *ret_socket, size_t size)
{
	char text[CONFIGURATION_SIZE];
	struct stat status;
	SCOPED(close_p)
	int fd = open(SERVICE_CONFIGURATION, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? -ENOENT : -EPERM;
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_uid != 0 ||
	    (status.st_mode & 022))
		return -EPERM;
	ssize_t length = read(fd, text, sizeof(text));
	return take_line((struct slice){ text, length > 0 ? (size_t)length : 0 }, ret_socket, size);
}
