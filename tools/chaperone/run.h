/* SPDX-License-Identifier: MIT */
/* One `chaperone run`: its settings, its agent, its child. */
#ifndef TOOLS_CHAPERONE_RUN_H
#define TOOLS_CHAPERONE_RUN_H

#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/error.h"
#include "tools/chaperone/agent.h"
#include "tools/chaperone/policy_load.h"
#include "tools/chaperone/shim_file.h"

#define RUN_CANNOT_EXECUTE 126
#define RUN_NOT_FOUND      127

#define RUN_DATABASES_MAX 4096

struct run_options {
	const char *policy;
	const char *record;
	const char *as_name;
	const char *reason;
	bool is_trial;
	bool is_quiet;
	bool lets_ungoverned; /* --ungoverned warn */
	bool is_audited;
	char **command;
};

struct run {
	struct run_options options;
	struct policy_loaded loaded;
	struct policy *policy; /* of it */
	char shim[PATH_MAX];
	char auditor[PATH_MAX]; /* "" without --audit */
	char folder[PATH_MAX];  /* private; rings, and the socket unless it is root's */
	char record[PATH_MAX];
	char socket[PATH_MAX];
	char id[17];
	/* ports and sockets of the policy's databases, for shims */
	char databases[RUN_DATABASES_MAX];
	char peer[48]; /* "PID START" of this supervisor, by which shims know it */
	/* why the command is not governed, for the record; "": it is */
	char unreached[512];
	struct agent_settings settings;
	int listening;
	int lock;    /* on the folder, while this run or one of its agents is there */
	pid_t agent; /* 0: there is none */
	pid_t child;
	int signals;                  /* signalfd */
	sigset_t inherited;           /* the mask the command is to have */
	struct sigaction of_children; /* what the command is to do about SIGCHLD */
	char warning[2 * PATH_MAX];   /* about this run, for people and the record; empty: none */
	bool speaks;                  /* a terminal is there, and --quiet is not */
};

#define RUN_EMPTY                                                                                  \
	{                                                                                          \
		.listening = -1, .lock = -1, .signals = -1                                         \
	}

/* Finds and reads the policy, checks the shim, makes the run folder and the socket.  `error` says
 * what to do; run_done in any case. */
must_use int run_prepare(struct run *run, const struct run_options *options, struct error *error);

/* -EPERM when nothing of the command can be governed and --ungoverned, the policy and the trial
 * leave it at that. */
must_use int run_check_reach(struct run *run, struct error *error);

/* Starts an agent and waits until it listens. */
must_use int run_start_agent(struct run *run, struct error *error);

/* Starts the command and stays beside it until it ends: signals, stops, orphans, the agent's
 * restarts.  Returns the exit status that `run` is to have. */
must_use int run_command(struct run *run);

/* Lets the agent write what is left and end. */
void run_stop_agent(struct run *run);

void run_say_start(const struct run *run);
void run_say_end(const struct run *run);
void run_done(struct run *run);

#endif
