/* SPDX-License-Identifier: MIT */
/* `chaperone agent`: the agent of a machine as a service, or of one user for programs that were
 * started without `chaperone run`. */
#include <errno.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "common/clock.h"
#include "tools/chaperone/agent.h"
#include "tools/chaperone/agent_place.h"
#include "tools/chaperone/agent_refuse.h"
#include "tools/command/command.h"
#include "tools/chaperone/commands.h"
#include "tools/command/options.h"
#include "tools/command/places.h"
#include "tools/chaperone/policy_load.h"
#include "tools/command/terminal.h"

#define IDLE_DEFAULT_S      60u
#define IDLE_MAX_S          86400u
#define DELIVER_PATIENCE_MS 10000

struct agent_options {
	const char *socket, *policy, *record;
	bool is_trial, is_own, is_again;
	int ready;
	uint64_t idle_s;
};

static int read_descriptor(const char *text, void *ret_descriptor)
{
	uint64_t number;
	int r = option_number(text, 0, INT32_MAX, &number);

	if (r == 0)
		*(int *)ret_descriptor = (int)number;
	return r;
}

static int read_idle(const char *text, void *ret_seconds)
{
	return option_number(text, 1, IDLE_MAX_S, ret_seconds);
}

static const struct option_row ROWS[] = {
	{ .name = "socket",
	  .argument = "PATH",
	  .offset = OPTION_PLACE(agent_options, socket, const char *),
	  .is_needed = true,
	  .help = "where to listen; nobody else may write its folder, which is made when it is missing" },
	OPTION_TEXT(agent_options, policy, "policy", "PATH",
		    "a policy file or folder (else looked for as by `chaperone run`)"),
	OPTION_TEXT(agent_options, record, "record", "PATH", "the folder of the record"),
	OPTION_FLAG(agent_options, is_trial, "trial", "judge and record, enforce nothing"),
	{ .name = "ready-fd",
	  .argument = "N",
	  .offset = offsetof(struct agent_options, ready),
	  .read = read_descriptor,
	  .expected = "the number of a descriptor",
	  .help = "one byte is written to this descriptor when programs are served" },
	OPTION_FLAG(
		agent_options, is_own, "own",
		"the agent of one user: detaches, serves that user alone, and ends when it has been\n"
		"idle; shims start it where no service is"),
	{ .name = "idle",
	  .argument = "SECONDS",
	  .offset = offsetof(struct agent_options, idle_s),
	  .read = read_idle,
	  .expected = "a number from 1 to 86400",
	  .help = "how long that is (60)" },
	OPTION_FLAG(agent_options, is_again, "again", ""), /* serve_again's, and in no help */
};

static const struct option_table OPTIONS = {
	OPTION_ROWS(ROWS),
	.about =
		"Judges and records for every program of this machine that is started with the shim.  Runs in the\n"
		"foreground under its own user id until SIGTERM.  /etc/chaperone/agent.conf with "
		"a line socket=PATH,\n"
		"which only root may write, sends all shims of the machine here.",
	.exits = "0 ended in order, 2 asked wrongly, 125 could not serve",
};

/* What an agent that is not a run's needs. */
struct duty {
	struct agent_settings settings;
	struct agent_place place;
	struct policy_loaded loaded;
	char record[PATH_MAX];
};

static bool is_current(const void *loaded)
{
	return policy_is_current(loaded);
}

static void settle(struct duty *duty, const struct agent_options *options)
{
	duty->settings = (struct agent_settings){
		.kind = options->is_own ? AGENT_OF_USER : AGENT_OF_MACHINE,
		.run_folder = duty->place.rings,
		.record_folder = duty->record,
		.run_id = "",
		.as_name = "",
		.reason = "",
		.is_trial = options->is_trial,
		.listening = duty->place.listening,
		.generation = 1,
		.socket_path = duty->place.socket,
		.lock = duty->place.lock,
		.server_folder = policy_server_folder(&duty->loaded),
		.word = duty->loaded.word,
	};
}

static int load(struct duty *duty, const struct agent_options *options, struct error *error)
{
	int r = (options->is_again ? policy_load_kept : policy_load)(
		options->policy, options->is_trial, &duty->loaded, error);

	if (r == 0)
		r = place_of_record(options->record, duty->record, error);
	if (r == 0)
		r = agent_place_rings(&duty->place, duty->loaded.digest, error);
	return r;
}

static int serve(struct duty *duty, struct error *error, int ready)
{
	unsigned char *seed = duty->settings.seed;

	if (getrandom(seed, sizeof(duty->settings.seed), 0) != sizeof(duty->settings.seed))
		return error_system(error, -EIO, "random numbers");
	int r = agent_serve_all(&duty->settings, duty->loaded.policy, ready, error);
	if (r != AGENT_OUTDATED) /* or the next agent's couriers do */
		courier_deliver_rest(duty->settings.server_folder, duty->record,
				     DELIVER_PATIENCE_MS);
	rmdir(duty->place.rings); /* stays when a ring in it could not be recorded */
	return r;
}

/* This program again, with another policy, which is kept, and fresh memory; whoever waits for it to be ready
 * has been told, and programs wait for it. */
static int serve_again(const struct agent_options *options)
{
	const char *arguments[11] = { "chaperone", "agent", "--again", "--socket",
				      options->socket };
	size_t count = 5;

	if (options->policy) {
		arguments[count++] = "--policy";
		arguments[count++] = options->policy;
	}
	if (options->record) {
		arguments[count++] = "--record";
		arguments[count++] = options->record;
	}
	if (options->is_trial)
		arguments[count++] = "--trial";
	execv("/proc/self/exe", (char *const *)(uintptr_t)arguments);
	return EXIT_CHAPERONE;
}

static int serve_machine(struct duty *duty, const struct agent_options *options)
{
	struct error error = { 0 };
	int r = agent_place_open(options->socket, &duty->place, &error);

	if (r == 0)
		r = load(duty, options, &error);
	if (r == 0)
		r = agent_place_listen(&duty->place, 0666, &error);
	if (r == 0) {
		settle(duty, options);
		r = serve(duty, &error, options->ready);
	}
	if (r == AGENT_OUTDATED)
		return serve_again(options);
	if (r != 0)
		terminal_error("agent", &error);
	return r != 0 ? EXIT_CHAPERONE : EXIT_GOOD;
}

/* Nothing of the program that started us stays: its descriptors, its terminal, its process group,
 * its parentage.  Only its folder and environment, in which the policy is looked up.  False in the
 * process that its starter waits for. */
static bool detach(void)
{
	int null = open("/dev/null", O_RDWR);

	for (int fd = 0; fd <= 2; fd++)
		dup2(null, fd);
	syscall(SYS_close_range, 3u, ~0u, 0u);
	umask(077);
	if (fork() != 0)
		return false;
	setsid();
	return true;
}

static void refuse_all(const struct duty *duty, const struct error *error)
{
	char reason[1024];

	error_format(error, reason, sizeof(reason));
	agent_refuse_all(duty->place.listening, reason);
	unlink(duty->place.socket);
}

static int serve_user(struct duty *duty, const struct agent_options *options)
{
	struct error error = { 0 };

	if (!detach())
		return EXIT_GOOD;
	if (agent_place_open_private(options->socket, &duty->place, &error) < 0)
		return EXIT_CHAPERONE;
	int r = load(duty, options, &error);
	if (agent_place_listen(&duty->place, 0600, &error) < 0)
		return EXIT_CHAPERONE;
	if (duty->record[0] == '/' && chdir("/") < 0) /* nobody's folder is kept busy */
		return EXIT_CHAPERONE;
	if (r == 0) {
		settle(duty, options);
		duty->settings.idle_ns = options->idle_s * SECOND_NS;
		duty->settings.is_current = is_current;
		duty->settings.current_context = &duty->loaded;
		r = serve(duty, &error, -1);
	}
	if (r < 0)
		refuse_all(duty, &error);
	return r != 0 && r != AGENT_OUTDATED ? EXIT_CHAPERONE : EXIT_GOOD;
}

int command_agent(int argc, char **argv)
{
	struct agent_options options = { .ready = -1, .idle_s = IDLE_DEFAULT_S };
	struct duty duty = { .place = AGENT_PLACE_NONE };
	int status;

	if (!options_read(&OPTIONS, argc, argv, &options, &status))
		return status;
	status = options.is_own ? serve_user(&duty, &options) : serve_machine(&duty, &options);
	policy_free(duty.loaded.policy);
	return status;
}
