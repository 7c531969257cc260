/* SPDX-License-Identifier: MIT */
/* Calling connect as the program would without us. */
#ifndef SHIM_ESCAPE_DIAL_H
#define SHIM_ESCAPE_DIAL_H

#include <sys/socket.h>

int dial_forward(int fd, const struct sockaddr *address, socklen_t length);

#endif
