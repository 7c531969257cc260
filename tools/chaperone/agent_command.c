/* SPDX-License-Identifier: MIT */
/* `chaperone agent`: the agent of a machine as a service, or of one user for programs that were started without
 * `chaperone run`. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "common/clock.h"
#include "tools/chaperone/agent.h"
#include "tools/chaperone/agent_place.h"
#include "tools/chaperone/agent_refuse.h"
#include "tools/chaperone/command.h"
#include "tools/chaperone/commands.h"
#include "tools/chaperone/places.h"
#include "tools/chaperone/policy_load.h"
#include "tools/chaperone/terminal.h"

#define IDLE_DEFAULT_S 60u
#define IDLE_MAX_S     86400u

static const char HELP[] =
	"usage: chaperone agent --socket PATH [options]\n"
	"\n"
	"Judges and records for every program of this machine that is started with the shim.  Runs in the\n"
	"foreground under its own user id until SIGTERM.  /etc/chaperone/agent.conf with a line socket=PATH, which\n"
	"only root may write, sends all shims of the machine here.\n"
	"\n"
	"  --socket PATH    where to listen; nobody else may write its folder, which is made when it is missing\n"
	"  --policy PATH    a policy file or folder (else looked for as by `chaperone run`)\n"
	"  --record PATH    the folder of the record\n"
	"  --trial          judge and record, enforce nothing\n"
	"  --ready-fd N     one byte is written to this descriptor when programs are served\n"
	"  --own            the agent of one user: detaches, serves that user alone, and ends when it has been\n"
	"                   idle; shims start it where no service is\n"
	"  --idle SECONDS   how long that is (60)\n"
	"  -h, --help       this help\n"
	"\n"
	"exit: 0 ended in order, 2 asked wrongly, 125 could not serve\n";

struct agent_options {
	const char *socket, *policy, *record;
	bool is_trial, is_own;
	int ready;
	uint64_t idle_s;
};

enum option_key { OPTION_SOCKET = 256, OPTION_POLICY, OPTION_RECORD, OPTION_TRIAL, OPTION_READY, OPTION_OWN, OPTION_IDLE };

static const struct option OPTIONS[] = {
	{ "socket", required_argument, NULL, OPTION_SOCKET }, { "policy", required_argument, NULL, OPTION_POLICY },
	{ "record", required_argument, NULL, OPTION_RECORD }, { "trial", no_argument, NULL, OPTION_TRIAL },
	{ "ready-fd", required_argument, NULL, OPTION_READY }, { "own", no_argument, NULL, OPTION_OWN },
	{ "idle", required_argument, NULL, OPTION_IDLE },      { "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

static bool take_number(const char *text, uint64_t max, uint64_t *ret_number)
{
	return slice_to_u64(slice_of(text), ret_number) == 0 && *ret_number <= max;
}

static bool take_option(struct agent_options *options, int key)
{
	uint64_t number;

	switch (key) {
	case OPTION_SOCKET:
		options->socket = optarg;
		return true;
	case OPTION_POLICY:
		options->policy = optarg;
		return true;
	case OPTION_RECORD:
		options->record = optarg;
		return true;
	case OPTION_TRIAL:
		return options->is_trial = true;
	case OPTION_OWN:
		return options->is_own = true;
	case OPTION_READY:
		options->ready = take_number(optarg, INT32_MAX, &number) ? (int)number : -1;
		return options->ready >= 0;
	case OPTION_IDLE:
		return take_number(optarg, IDLE_MAX_S, &options->idle_s) && options->idle_s > 0;
	default:
		return false;
	}
}

/* 0 to go on, or the exit status + 1. */
static int read_options(int argc, char **argv, struct agent_options *options)
{
	int key;

	optind = 1;
	while ((key = getopt_long(argc, argv, "h", OPTIONS, NULL)) >= 0) {
		if (key == 'h') {
			fputs(HELP, stdout);
			return EXIT_GOOD + 1;
		}
		if (!take_option(options, key)) {
			fputs("chaperone: agent: `chaperone agent --help` shows the options\n", stderr);
			return EXIT_USAGE + 1;
		}
	}
	if (options->socket && optind == argc)
		return 0;
	fputs("chaperone: agent: --socket PATH is needed, and nothing else but options\n", stderr);
	return EXIT_USAGE + 1;
}

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
	};
}

static int load(struct duty *duty, const struct agent_options *options, struct error *error)
{
	int r = policy_load(options->policy, options->is_trial, &duty->loaded, error);

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
	rmdir(duty->place.rings); /* stays when a ring in it could not be recorded */
	return r;
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
	if (r < 0)
		terminal_error("agent", &error);
	return r < 0 ? EXIT_CHAPERONE : EXIT_GOOD;
}

/* Nothing of the program that started us stays: its descriptors, its terminal, its process group, its parentage.  Only
 * its folder and environment, in which the policy is looked up.  False in the process that its starter waits for. */
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
	return r < 0 ? EXIT_CHAPERONE : EXIT_GOOD;
}

int command_agent(int argc, char **argv)
{
	struct agent_options options = { .ready = -1, .idle_s = IDLE_DEFAULT_S };
	struct duty duty = { .place = AGENT_PLACE_NONE };
	int status = read_options(argc, argv, &options);

	if (status != 0)
		return status - 1;
	status = options.is_own ? serve_user(&duty, &options) : serve_machine(&duty, &options);
	policy_free(duty.loaded.policy);
	return status;
}
