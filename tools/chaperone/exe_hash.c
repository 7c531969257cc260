/* SPDX-License-Identifier: MIT */
/* The hashing thread and its queue.
 *
 * Jobs sit in one array of slots; a slot is free, waiting, being read, or done.  A job whose
 * deadline passes is done with -ETIMEDOUT wherever it was; the thread, should it still be
 * reading that file, finds its slot given away by the ticket and drops what it has.
 *
 * One timer is all that the loop polls: it fires at once while a result is there, else at the
 * nearest deadline, so that a thread that hangs in read() delays no answer. */
#include "tools/chaperone/exe_hash.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "tools/chaperone/exe_file.h"

enum job_state {
	JOB_FREE,
	JOB_WAITING,
	JOB_READING,
	JOB_DONE,
};

struct job {
	enum job_state state;
	int path_fd;     /* WAITING: closed by whoever ends that; READING: the thread's */
	uint64_t ticket; /* rises; tells a slot's jobs apart and gives their order */
	uint64_t deadline_ns;
	struct exe_hash_result result;
};

struct exe_hasher {
	pthread_mutex_t lock; /* guards everything below but the cache */
	pthread_cond_t wake;  /* a job waits, or is_ending */
	struct job jobs[EXE_HASH_QUEUE_MAX];
	uint64_t next_ticket;
	uint64_t deadline_span_ns;
	int timer_fd;
	int owners; /* the user and the thread; the last one frees */
	bool is_ending;
	struct exe_cache cache; /* the thread's alone */
	struct exe_cache_entry cache_entries[EXE_HASH_CACHE_MAX];
};

/* The job of lowest ticket in `state`; NULL when there is none. */
static struct job *oldest(struct exe_hasher *hasher, enum job_state state)
{
	struct job *found = NULL;

	for (size_t i = 0; i < COUNT_OF(hasher->jobs); i++) {
		struct job *job = &hasher->jobs[i];

		if (job->state == state && (!found || job->ticket < found->ticket))
			found = job;
	}
	return found;
}

static uint64_t nearest_deadline(const struct exe_hasher *hasher)
{
	uint64_t nearest = UINT64_MAX;

	for (size_t i = 0; i < COUNT_OF(hasher->jobs); i++) {
		const struct job *job = &hasher->jobs[i];
		uint64_t at = job->state == JOB_DONE ? 1 : job->deadline_ns;

		if (job->state != JOB_FREE && at < nearest)
			nearest = at;
	}
	return nearest;
}

/* Setting the timer also forgets that it fired. */
static void arm(struct exe_hasher *hasher)
{
	uint64_t at = nearest_deadline(hasher);
	struct itimerspec when = { .it_value = { 0, 0 } };

	if (at != UINT64_MAX) {
		when.it_value.tv_sec = (time_t)(at / SECOND_NS);
		when.it_value.tv_nsec = (long)(at % SECOND_NS);
	}
	timerfd_settime(hasher->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

static void expire(struct exe_hasher *hasher)
{
	uint64_t now = monotonic_ns();

	for (size_t i = 0; i < COUNT_OF(hasher->jobs); i++) {
		struct job *job = &hasher->jobs[i];

		if ((job->state != JOB_WAITING && job->state != JOB_READING) ||
		    job->deadline_ns > now)
			continue;
		if (job->state == JOB_WAITING)
			close(job->path_fd);
		job->state = JOB_DONE;
		job->result.code = -ETIMEDOUT;
	}
}

static bool is_over(void *context)
{
	return monotonic_ns() >= *(uint64_t *)context;
}

static int hash(struct exe_hasher *hasher, int path_fd, uint64_t deadline_ns,
		unsigned char ret_digest[SHA256_SIZE])
{
	struct timespec now;
	struct stat status;

	if (is_over(&deadline_ns))
		return -ETIMEDOUT;
	if (fstat(path_fd, &status) < 0)
		return -errno;
	struct exe_key key = exe_key_of(&status);
	const unsigned char *known = exe_cache_find(&hasher->cache, &key);
	if (known) {
		memcpy(ret_digest, known, SHA256_SIZE);
		return 0;
	}
	int r = exe_file_hash(path_fd, EXE_HASH_SIZE_MAX, is_over, &deadline_ns, ret_digest);
	clock_gettime(CLOCK_REALTIME, &now);
	if (r == 0 && fstat(path_fd, &status) == 0) {
		struct exe_key after = exe_key_of(&status);

		if (exe_key_equal(&key, &after))
			exe_cache_add(&hasher->cache, &key, now, ret_digest);
	}
	return r;
}

/* Called and left with the lock held. */
static void work_on(struct exe_hasher *hasher, struct job *job)
{
	uint64_t ticket = job->ticket, deadline_ns = job->deadline_ns;
	unsigned char digest[SHA256_SIZE] = { 0 };
	int path_fd = job->path_fd;

	job->state = JOB_READING;
	pthread_mutex_unlock(&hasher->lock);
	int code = hash(hasher, path_fd, deadline_ns, digest);
	close(path_fd);
	pthread_mutex_lock(&hasher->lock);
	if (job->state != JOB_READING || job->ticket != ticket)
		return;
	job->state = JOB_DONE;
	job->result.code = code;
	memcpy(job->result.digest, digest, sizeof(digest));
	arm(hasher);
}

/* Called with the lock held, which is gone afterwards. */
static void leave(struct exe_hasher *hasher)
{
	bool is_last = --hasher->owners == 0;

	pthread_mutex_unlock(&hasher->lock);
	if (!is_last)
		return;
	for (size_t i = 0; i < COUNT_OF(hasher->jobs); i++)
		if (hasher->jobs[i].state == JOB_WAITING)
			close(hasher->jobs[i].path_fd);
	close_p(&hasher->timer_fd);
	pthread_cond_destroy(&hasher->wake);
	pthread_mutex_destroy(&hasher->lock);
	free(hasher);
}

static void *work(void *argument)
{
	struct exe_hasher *hasher = argument;

	pthread_mutex_lock(&hasher->lock);
	while (!hasher->is_ending) {
		struct job *job = oldest(hasher, JOB_WAITING);

		if (job)
			work_on(hasher, job);
		else
			pthread_cond_wait(&hasher->wake, &hasher->lock);
	}
	leave(hasher);
	return NULL;
}

/* Signals are the main loop's. */
static int start(struct exe_hasher *hasher)
{
	pthread_t thread;
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int code = pthread_create(&thread, NULL, work, hasher);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (code == 0)
		pthread_detach(thread);
	return -code;
}

int exe_hasher_new(uint64_t deadline_ms, struct exe_hasher **ret_hasher)
{
	struct exe_hasher *hasher = calloc(1, sizeof(*hasher));

	if (!hasher)
		return -ENOMEM;
	hasher->deadline_span_ns = deadline_ms * MILLISECOND_NS;
	hasher->cache =
		(struct exe_cache){ .entries = hasher->cache_entries, .max = EXE_HASH_CACHE_MAX };
	hasher->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	int r = hasher->timer_fd < 0 ? -errno : 0;
	pthread_mutex_init(&hasher->lock, NULL);
	pthread_cond_init(&hasher->wake, NULL);
	hasher->owners = 2;
	if (r == 0)
		r = start(hasher);
	if (r == 0) {
		*ret_hasher = hasher;
		return 0;
	}
	hasher->owners = 1;
	pthread_mutex_lock(&hasher->lock);
	leave(hasher);
	return r;
}

int exe_hasher_ask(struct exe_hasher *hasher, const char *path, uint64_t number)
{
	SCOPED(close_p) int path_fd = open(path, O_PATH | O_CLOEXEC);

	if (path_fd < 0)
		return -errno;
	pthread_mutex_lock(&hasher->lock);
	struct job *job = oldest(hasher, JOB_FREE);
	if (job) {
		*job = (struct job){ JOB_WAITING,
				     steal_fd(&path_fd),
				     ++hasher->next_ticket,
				     monotonic_ns() + hasher->deadline_span_ns,
				     { .number = number } };
		arm(hasher);
		pthread_cond_signal(&hasher->wake);
	}
	pthread_mutex_unlock(&hasher->lock);
	return job ? 0 : -EAGAIN;
}

int exe_hasher_fd(const struct exe_hasher *hasher)
{
	return hasher->timer_fd;
}

int exe_hasher_next(struct exe_hasher *hasher, struct exe_hash_result *ret_result)
{
	pthread_mutex_lock(&hasher->lock);
	expire(hasher);
	struct job *job = oldest(hasher, JOB_DONE);
	if (job) {
		*ret_result = job->result;
		job->state = JOB_FREE;
	}
	arm(hasher);
	pthread_mutex_unlock(&hasher->lock);
	return job != NULL;
}

void exe_hasher_free(struct exe_hasher *hasher)
{
	if (!hasher)
		return;
	pthread_mutex_lock(&hasher->lock);
	hasher->is_ending = true;
	pthread_cond_signal(&hasher->wake);
	leave(hasher);
}
