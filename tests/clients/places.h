/* SPDX-License-Identifier: MIT */
/* Places in which a process may call something for the first time. */
#ifndef TESTS_CLIENTS_PLACES_H
#define TESTS_CLIENTS_PLACES_H

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a thread starts with: `what` points to the function to call. */
static inline void *call_in_thread(void *what)
{
	(*(void (**)(void))what)();
	return NULL;
}

static inline void in_a_thread(void (*what)(void))
{
	pthread_t thread;

	pthread_create(&thread, NULL, call_in_thread, &what);
	pthread_join(thread, NULL);
}

/* waitpid's status of the child. */
static inline int in_a_child(void (*what)(void))
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		what();
		_exit(0);
	}
	waitpid(child, &status, 0);
	return status;
}

#endif
