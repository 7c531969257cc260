/* SPDX-License-Identifier: MIT */
#include "tools/server/signer.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "common/clock.h"
#include "tools/server/ledger.h"

struct signer {
	struct store *store;
	const struct signing_key *key;
	struct journal *journal;
	uint64_t every_s;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t is_told;
	bool is_over;
};

/* False: it is over. */
static bool pause_until_next(struct signer *signer)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += (time_t)signer->every_s;
	pthread_mutex_lock(&signer->lock);
	while (!signer->is_over &&
	       pthread_cond_timedwait(&signer->is_told, &signer->lock, &until) == 0)
		;
	bool is_over = signer->is_over;
	pthread_mutex_unlock(&signer->lock);
	return !is_over;
}

/* One that cannot be signed now is one the next time. */
static void sign(struct signer *signer)
{
	int r = ledger_sign(signer->store, signer->key);

	if (r < 0) {
		const char *trouble = store_trouble(signer->store);
		const struct journal_pair pair = { "why", JOURNAL_TEXT(trouble[0] ? trouble
										  : strerror(-r)) };

		journal_write(signer->journal, JOURNAL_UNSIGNED, &pair, 1);
	}
}

static void *work(void *context)
{
	struct signer *signer = context;

	do
		sign(signer);
	while (pause_until_next(signer));
	sign(signer);
	return NULL;
}

int signer_start(struct store *store, const struct signing_key *key, uint64_t every_s,
		 struct journal *journal, struct signer **ret_signer)
{
	SCOPED(store_closep) struct store *own = store;
	SCOPED(free_p) struct signer *signer = calloc(1, sizeof(*signer));

	if (!signer)
		return -ENOMEM;
	*signer = (struct signer){ .store = own,
				   .key = key,
				   .journal = journal,
				   .every_s = every_s,
				   .lock = PTHREAD_MUTEX_INITIALIZER,
				   .is_told = PTHREAD_COND_INITIALIZER };
	int r = -pthread_create(&signer->thread, NULL, work, signer);
	if (r < 0)
		return r;
	(void)steal(own);
	*ret_signer = steal(signer);
	return 0;
}

void signer_stop(struct signer *signer)
{
	if (!signer)
		return;
	pthread_mutex_lock(&signer->lock);
	signer->is_over = true;
	pthread_cond_signal(&signer->is_told);
	pthread_mutex_unlock(&signer->lock);
	pthread_join(signer->thread, NULL);
	store_close(signer->store);
	free(signer);
}
