/* SPDX-License-Identifier: MIT */
/* A few statements through functions of libpq that were looked up. */
#ifndef TESTS_CLIENTS_PAST_H
#define TESTS_CLIENTS_PAST_H

typedef void *look_function(void *handle, const char *name);

void past_use(look_function *look, void *library);

#endif
