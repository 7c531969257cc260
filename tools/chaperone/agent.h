/* SPDX-License-Identifier: MIT */
/* The agent: the judgement of this machine.  One thread, one event loop; everything it knows hangs
 * on struct agent. */
#ifndef TOOLS_CHAPERONE_AGENT_H
#define TOOLS_CHAPERONE_AGENT_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/address.h"
#include "common/message.h"
#include "common/record.h"
#include "common/record_unwritten.h"
#include "common/ring.h"
#include "common/socket.h"
#include "policy/engine/caller.h"
#include "policy/engine/judge.h"
#include "policy/engine/policy.h"
#include "policy/engine/session.h"
#include "tools/chaperone/agent_courier.h"
#include "tools/chaperone/agent_open.h"
#include "tools/chaperone/agent_spool.h"
#include "tools/chaperone/analysis.h"
#include "tools/chaperone/exe_hash.h"
#include "tools/chaperone/policy_age.h"
#include "tools/chaperone/issued.h"
#include "tools/chaperone/provenance.h"

#define AGENT_LEASE_NS       (1 * SECOND_NS)
#define AGENT_LEASE_EVERY_NS (250 * MILLISECOND_NS)
#define AGENT_DRAIN_EVERY_NS (20 * MILLISECOND_NS)
#define AGENT_SYNC_EVERY_NS  (50 * MILLISECOND_NS)
#define AGENT_TORN_NS        (1 * SECOND_NS)
#define AGENT_DEFINITIONS_NS                                                                       \
	(5 * SECOND_NS) /* how long a learned catalogue counts (security.md 8) */
#define AGENT_DEFINITIONS_OPEN_NS                                                                  \
	(1 * SECOND_NS) /* and a verdict of an open transaction beyond that */
#define AGENT_STRANGER_EVERY_NS                                                                    \
	(1 * SECOND_NS)             /* at most one stranger in that time has a note of its own */
#define AGENT_SUSPECTS_MAX     8u   /* users whose strangers are counted */
#define AGENT_LOOKS_MAX        100u /* at strangers of one user, in that time */
#define AGENT_PROCESSES_MAX    4096u
#define AGENT_HASH_DEADLINE_MS 10000u
#define AGENT_HASH_PATIENCE_MS                                                                     \
	50 /* how long a process's entry waits for the hash of its executable */
#define AGENT_SHIM_DEADLINE_MS 2000u
#define AGENT_NAMED_MAX        128u

/* Counted by the agents of a run for the line at its end; shared memory, written by the agent
 * alone. */
struct agent_counts {
	uint64_t statements, refused, masked_cells;
	unsigned char head[SHA256_SIZE];
};

/* Whom an agent serves. */
enum agent_kind {
	AGENT_OF_RUN,     /* one `chaperone run`: `tree` and what descends from it */
	AGENT_OF_USER,    /* started by a program for itself: processes of the same user */
	AGENT_OF_MACHINE, /* a service: any local user */
};

struct agent_settings {
	enum agent_kind kind;
	const char *run_folder; /* 0700; rings live here */
	const char *record_folder;
	const char *run_id;     /* hex; empty for a service */
	const char *as_name;    /* --as; empty: none */
	const char *reason;     /* --reason */
	const char *first_note; /* for the record of the first agent; NULL: none */
	const char *warning;    /* goes on record at the start; NULL: none */
	bool is_trial;
	bool lets_ungoverned; /* --ungoverned warn */
	int listening;        /* descriptor */
	/* AGENT_OF_RUN: peers must be this process or descend from it */
	pid_t tree;
	unsigned char seed[MESSAGE_KEY_SIZE]; /* mask keys are derived from it */
	uint32_t generation;                  /* counts the agents of this run, from 1 */
	bool is_told;                         /* what keeps an agent from starting has been said */
	struct agent_counts *counts;          /* NULL: nobody asks */
	const char *server_folder; /* of the enrolment; NULL: the policy is no server's */
	struct server_word word;   /* on the policy */
	uint64_t idle_ns;          /* ends when no process was governed for so long; 0: never */
	/* Asked before a process is taken on, unless NULL.  False: the policy has changed; this
	 * agent listens no more, and the next one takes that process. */
	bool (*is_current)(const void *context);
	const void *current_context;
	/* unlinked when this agent listens no more; NULL: somebody else's */
	const char *socket_path;
	/* closed with it, so that the next agent can take the place; -1: none */
	int lock;
};

struct agent_connection {
	uint64_t number;
	struct agent_process *process;
	uint32_t context_index;
	struct session *session;
	/* CLOCK_MONOTONIC, of the catalogue in use; 0: none was learned */
	uint64_t learned_ns;
	struct caller caller;
	char *texts;                 /* owned copies of the address */
	char peer[ADDRESS_TEXT_MAX]; /* where its socket leads; empty: unknown */
	struct agent_connection *next;
};

struct agent_process {
	uint64_t number;
	pid_t pid;
	int pidfd;        /* -1 where there is none */
	bool is_nameless; /* its ring was unlinked, which has been noted */
	bool is_unread;   /* its ring could not be read at the last look, which has been noted */
	struct ring_reader reader;
	struct ring_control *control; /* NULL for an orphan of an earlier agent, */
	uint64_t adopted_ns;          /* which was taken up then (CLOCK_MONOTONIC); else 0 */
	char ring_name[64];
	struct provenance *provenance;
	struct open_intents open;
	struct issued connections;
	uint32_t carry_misuses; /* of what agent_carry.c does for it */
	uint64_t forged;        /* slots of its ring that named a connection of another process */
	uint32_t contexts_used;
	bool is_ended;
	bool is_kept; /* its ring stays in its folder */
	struct agent_process *next;
};

/* A user of whom strangers came; zeroed: none. */
struct agent_suspect {
	uid_t uid;
	uint64_t since_ns; /* CLOCK_MONOTONIC */
	uint32_t looks;    /* since then, at processes that were strangers */
};

struct judgement_numbers;
struct agent_carry;

struct agent {
	struct agent_settings settings;
	struct event_base *loop;
	struct event *accepting;
	uint64_t occupied_ns; /* when a process was last governed */
	struct policy *policy;
	bool allows_everything;
	struct courier couriers[COURIER_KINDS];
	struct server_word word; /* the server's latest on the policy */
	bool is_outdated;        /* there is another policy: the next agent judges by it */
	int run_folder;
	struct record *record;
	struct record_unwritten unwritten; /* what `record` could not write, in the run's folder */
	int unkept;                        /* why not all of that is there; 0: it is */
	bool has_leftovers; /* of an earlier agent, which the record has not taken yet */
	struct agent_process *processes;
	struct agent_connection *connections;
	struct agent_carry *carries;
	/* upper half of all numbers: the boot, so that no other agent's are ours */
	uint64_t number_base;
	uint64_t number_last;
	struct judgement_numbers *judgements;
	struct analysis analysis;
	struct exe_hasher *hasher;          /* NULL: executables are recorded without their hash */
	uint64_t policy_number, run_number; /* of their entries on the record */
	uint64_t learn_judgement;
	uint64_t named[AGENT_NAMED_MAX]; /* static programs on the record; the oldest makes room */
	size_t named_next;
	uint64_t undrained_rounds;
	uint64_t stranger_noted_ns; /* CLOCK_MONOTONIC; 0: none was */
	uint64_t strangers_unnoted;
	struct agent_suspect suspects[AGENT_SUSPECTS_MAX];
	bool is_full; /* the record cannot be written */
	struct agent_spool spool;
	/* what it said when it could not be synced: written entries may be gone, and this agent
	 * cannot go on; 0: nothing */
	int lost_record;
	bool is_off; /* /etc/chaperone/off */
};

/* agent_stranger.c: who may be a client, and what becomes of the others. */
bool agent_is_welcome(struct agent *agent, const struct peer_identity *peer);
void agent_turn_away(struct agent *agent, const struct peer_identity *peer);
/* Notes how many had no note of their own. */
void agent_strangers_end(struct agent *agent);

/* agent_client.c: one packet of a client in, the answer out; `packet` is reused for it.  False
 * closes the client. */
bool agent_serve(struct agent *agent, int client, const struct peer_identity *peer,
		 struct packet *packet);

/* agent_process.c */
must_use int agent_process_welcome(struct agent *agent, const struct peer_identity *peer,
				   const struct message_hello *hello, struct packet *answer);
/* Notes the hashes that came too late for their process's entry. */
void agent_processes_hashed(struct agent *agent);
/* Puts a process that has no ring on the record, and returns its number there. */
uint64_t agent_process_mention(struct agent *agent, const struct peer_identity *peer);
struct agent_process *agent_process_find(struct agent *agent, uint64_t number);
/* Whether it still is what its entry says, under the same user id. */
bool agent_process_is_as_told(const struct agent_process *process);
void agent_processes_lease(struct agent *agent);
/* Moves what the rings hold into the record; returns how many slots that were. */
uint64_t agent_processes_drain(struct agent *agent);
/* Takes up the rings that earlier agents of this run left. */
void agent_processes_adopt(struct agent *agent);
/* Takes up one of them.  NULL when that cannot be done, which is noted where it is no ring. */
struct agent_process *agent_process_adopt(struct agent *agent, const char *name);
/* The process number in a ring's name. */
uint64_t agent_ring_number(const char *name);
/* Closes all rings, takes down what stands in them, and forgets their processes.  Where the
 * record refuses that, says how and lets their files stay. */
must_use int agent_processes_end(struct agent *agent);

/* agent_ring.c */
/* One process's ring, to its end or until the record refuses; returns the number of slots moved.
 * What names a connection of another process is left out, and noted. */
uint64_t agent_ring_drain(struct agent *agent, struct agent_process *process);

/* agent_outside.c: decides about a way past the library, and records it. */
enum message_permit agent_outside(struct agent *agent, const struct peer_identity *peer,
				  const struct message_outside *outside);
/* Whether the ways that matter are refused, not just named. */
bool agent_stops_outside(const struct agent *agent);

/* agent_carry.c: whether a cancel request is carried for a process.  With two `descriptors`, which it
 * then takes, that begins: from the first one to the second. */
enum message_permit agent_carry(struct agent *agent, const struct message_carry *carry,
				int *descriptors);
/* Hangs up on all of them. */
void agent_carries_end(struct agent *agent);

/* agent_orphan.c: the number behind the last slot of `process`'s ring that stands on the record
 * already; 0: none.  `*ret_is_known`: the record has the agent that numbered the process. */
uint64_t agent_orphan_recorded(const struct agent *agent, uint64_t process, bool *ret_is_known);
/* How many of these judgements, which intents of `process` name, are not on the record: an agent
 * that could not write had them in memory alone.  Puts them in order. */
size_t agent_orphan_unexplained(const struct agent *agent, uint64_t process, uint64_t *judgements,
				size_t count);

/* agent_connection.c */
must_use int agent_connection_open(struct agent *agent, const struct message_connect *connect,
				   struct packet *answer);
struct agent_connection *agent_connection_find(struct agent *agent, uint64_t number);
void agent_connection_learn(struct agent *agent, const struct message_learn *learn);
void agent_connection_close(struct agent *agent, uint64_t number);
/* Publishes the session's context, so that cached verdicts of another one end.  While the record
 * cannot be written nothing is cached: each statement asks. */
void agent_connection_publish(const struct agent *agent, const struct agent_connection *connection);

/* agent_judge.c */
must_use int agent_judge(struct agent *agent, const struct message_judge *ask,
			 struct packet *answer);
void agent_outcome(struct agent *agent, const struct message_outcome *outcome);

/* agent_record.c */
uint64_t agent_number(struct agent *agent);
int agent_record(struct agent *agent, const struct record_entry *entry);
/* Drops facts without a value; returns how many are left. */
size_t agent_facts_told(struct record_fact *facts, size_t count);
/* Takes the result of a write to the record: from the first refusal of the disk to the first
 * success, nothing that needs a record is allowed. */
void agent_record_state(struct agent *agent, int result);
/* Writes to the record, or keeps beside the rings what that refuses, and takes the result as
 * agent_record_state does. */
int agent_flush(struct agent *agent);
/* Sees to it that there is a place where to keep it. */
must_use int agent_keep_place(struct agent *agent);
void agent_note(struct agent *agent, uint64_t parent, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
must_use int agent_record_start(struct agent *agent, struct error *error);
/* No more than the record and its first entry, for who only takes up what others left. */
must_use int agent_record_open(struct agent *agent, struct error *error);
/* The number of this judgement, recorded when it is new.  `fresh` is a number not used yet: a
 * refusal always takes it, because its text names it as the event. */
must_use int agent_judgement_number(struct agent *agent, const struct judgement *judgement,
				    struct slice shape, uint64_t fresh, uint64_t *ret_number);

/* Listens no more; processes that are governed stay so. */
void agent_retire(struct agent *agent);

#define AGENT_OUTDATED 2

/* Serves until SIGTERM; -errno and `error` when it cannot.  1 and `error` when it served and the
 * record did not take all: what is missing stands in rings that the next agent takes up.
 * AGENT_OUTDATED when it ended because the server has another policy.  `ready` is
 * a descriptor that gets one byte when clients are served; -1: nobody waits. */
must_use int agent_serve_all(const struct agent_settings *settings, struct policy *policy,
			     int ready, struct error *error);

/* As agent_serve_all; returns the exit status, and what prevents it goes to standard error.  Policy
 * and settings are the caller's: the supervisor of a run forks its agents, so that each of them has
 * the very policy that was read once. */
int agent_main(const struct agent_settings *settings, struct policy *policy, int ready);

#endif
