/* SPDX-License-Identifier: MIT */
/* `chaperone-server run`: serves until it is told to end. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tools/command/command.h"
#include "tools/command/options.h"
#include "tools/command/terminal.h"
#include "tools/server/commands/commands.h"
#include "tools/server/commands/keeper.h"
#include "tools/server/common/certificate.h"
#include "tools/server/store/data.h"
#include "tools/server/forward/forwarder.h"
#include "tools/server/http/http.h"
#include "tools/server/http/listen.h"
#include "tools/server/metrics/metrics.h"
#include "tools/server/http/news.h"
#include "tools/server/http/server.h"
#include "tools/server/record/signer.h"
#include "tools/server/http/witness.h"

#define DESCRIPTOR_MAX 1023
#define NO_DESCRIPTOR  UINT64_MAX
#define CHECKPOINT_S   60
#define CHECKPOINT_MAX 86400

struct run_options {
	const char *data;
	const char *database;
	const char *listen;
	const char *certificate, *key;
	uint64_t ready_fd;
	uint64_t checkpoint_s;
	bool is_quiet;
	const char *metrics;
};

static int read_descriptor(const char *text, void *ret_value)
{
	return option_number(text, 0, DESCRIPTOR_MAX, ret_value);
}

static int read_interval(const char *text, void *ret_value)
{
	return option_number(text, 1, CHECKPOINT_MAX, ret_value);
}

static const struct option_row ROWS[] = {
	OPTION_TEXT(run_options, data, "data", "FOLDER", "the folder that init made"),
	OPTION_TEXT(run_options, database, "database", "URL",
		    "the database, in place of the one that the folder names"),
	OPTION_TEXT(run_options, listen, "listen", "HOST:PORT",
		    "where to listen ([::]:8443 is every address; 127.0.0.1:8443)"),
	OPTION_TEXT(run_options, metrics, "metrics", "HOST:PORT",
		    "tell Prometheus how it goes there, an address of this machine alone"),
	OPTION_FLAG(run_options, is_quiet, "quiet",
		    "say nothing but what went wrong in the server"),
	OPTION_TEXT(run_options, certificate, "certificate", "FILE",
		    "a certificate with its chain in PEM, in place of the one that init made"),
	OPTION_TEXT(run_options, key, "key", "FILE", "its key"),
	{ .name = "ready-fd",
	  .argument = "N",
	  .offset = offsetof(struct run_options, ready_fd),
	  .help = "write the port and a newline there once it serves",
	  .read = read_descriptor,
	  .expected = "the number of an open descriptor" },
	{ .name = "checkpoint-every",
	  .argument = "SECONDS",
	  .offset = offsetof(struct run_options, checkpoint_s),
	  .help = "sign the log that often while it grows (60)",
	  .read = read_interval,
	  .expected = "seconds, at most a day" },
};

static const struct option_table OPTIONS = {
	OPTION_ROWS(ROWS),
	.about = "Serves HTTPS until SIGTERM or SIGINT.",
	.exits = "0 it was told to end, 1 it cannot serve, 2 asked wrongly",
};

/* All that serves. */
struct serving {
	const struct run_options *options;
	struct data data;
	struct buf certificate, key;
	struct store_pool stores;
	struct server server;
	struct signer *signer;
	struct keeper *keeper;
	struct forwarder *forwarder;
	struct news *news; /* of other servers; NULL where there are none */
	struct http_service *http;
	struct metrics_service *metrics;
};

static void serving_done(struct serving *serving)
{
	news_stop(serving->news);
	metrics_stop(serving->metrics);
	http_stop(serving->http);
	pulse_stop(&serving->server.pulse);
	forwarder_stop(serving->forwarder);
	keeper_stop(serving->keeper);
	signer_stop(serving->signer);
	sightings_stop(&serving->server.sightings);
	store_pool_done(&serving->stores);
	server_done(&serving->server);
	buf_done(&serving->certificate);
	secret_done(&serving->key);
	data_close(&serving->data);
}

static int open_data(struct serving *serving, struct error *error)
{
	const struct run_options *options = serving->options;
	int r = data_open_with(options->data, options->database, &serving->data, error);

	if (r == 0)
		r = data_read_or(&serving->data, options->certificate, DATA_CERTIFICATE,
				 &serving->certificate, error);
	if (r == 0)
		r = data_read_or(&serving->data, options->key, DATA_TLS_KEY, &serving->key, error);
	return r < 0 ? r : server_load(&serving->data, &serving->server, error);
}

static int fill_pool(struct serving *serving, struct error *error)
{
	for (size_t i = 0; i < HTTP_STORES; i++) {
		struct store *store;
		int r = data_open_store(&serving->data, &store, error);

		if (r < 0)
			return r;
		store_pool_give(&serving->stores, store);
	}
	return 0;
}

static int start_signer(struct serving *serving, struct error *error)
{
	struct store *store;
	int r = data_open_store(&serving->data, &store, error);

	if (r < 0)
		return r;
	const struct ledger_signer who = { serving->server.log_number, &serving->server.log };
	r = signer_start(store, &who, serving->options->checkpoint_s, &serving->server.journal,
			 &serving->signer);
	return r < 0 ? error_system(error, r, "the thread that signs checkpoints") : 0;
}

static int start_sightings(struct serving *serving, struct error *error)
{
	struct store *store;
	int r = data_open_store(&serving->data, &store, error);

	if (r < 0)
		return r;
	r = sightings_start(&serving->server.sightings, store);
	return r < 0 ? error_system(error, r, "the thread that writes down who asked") : 0;
}

static int start_keeper(struct serving *serving, struct error *error)
{
	struct store *store;
	int r = data_open_store(&serving->data, &store, error);

	if (r < 0)
		return r;
	const struct ledger_signer who = { serving->server.log_number, &serving->server.log };
	r = keeper_start(store, &who, &serving->server.journal, &serving->keeper);
	return r < 0 ? error_system(error, r, "the thread that lets go of the record") : 0;
}

static int start_pulse(struct serving *serving, struct error *error)
{
	struct server *server = &serving->server;

	return pulse_start(&server->pulse, &serving->data, server->log.verifying.name,
			   &server->journal, error);
}

static int start_forwarder(struct serving *serving, struct error *error)
{
	struct store *store;

	int r = data_open_store(&serving->data, &store, error);

	if (r < 0)
		return r;
	r = forwarder_start(store, &serving->server, &serving->forwarder);
	return r < 0 ? error_system(error, r, "the thread that forwards the record") : 0;
}

static int start_http(struct serving *serving, struct error *error)
{
	struct http_settings settings = { .certificate = buf_text(&serving->certificate),
					  .key = buf_text(&serving->key),
					  .routes = ROUTES,
					  .pages = PAGES,
					  .refuse_page = pages_refuse,
					  .stores = &serving->stores,
					  .server = &serving->server,
					  .listener = { witness_hear, &serving->server } };
	int r = listen_read(serving->options->listen, &settings.address, error);

	if (r == 0 &&
	    certificate_key_hash(buf_view(&serving->certificate), serving->server.key_hash) < 0)
		r = error_set(error, -EINVAL,
			      "the server cannot listen: certificate or key is not right");
	return r < 0 ? r : http_start(&settings, &serving->http, error);
}

static int start_news(struct serving *serving, struct error *error)
{
	struct store *store;

	if (!serving->data.database[0])
		return 0;
	int r = data_open_store(&serving->data, &store, error);
	if (r < 0)
		return r;
	r = news_start(store, &serving->server.holds, &serving->news);
	return r < 0 ? error_system(error, r, "the thread that listens") : 0;
}

static int start_metrics(struct serving *serving, struct error *error)
{
	struct sockaddr_storage address;
	struct store *store;

	if (!serving->options->metrics)
		return 0;
	int r = metrics_read_address(serving->options->metrics, &address, error);
	if (r == 0)
		r = data_open_store(&serving->data, &store, error);
	if (r < 0)
		return r;
	r = metrics_start(&address, &serving->server, serving->http, store, &serving->metrics);
	return r < 0 ? error_system(error, r, "where metrics are told") : 0;
}

/* In the order in which it begins; it ends in the opposite one. */
static int (*const STARTS[])(struct serving *serving, struct error *error) = {
	open_data,       fill_pool,  start_sightings, start_signer,  start_pulse,
	start_forwarder, start_http, start_news,      start_metrics, start_keeper,
};

static int start(struct serving *serving, struct error *error)
{
	int r = 0;

	serving->server.begun_ns = realtime_ns();
	journal_init(&serving->server.journal, STDERR_FILENO, serving->options->is_quiet);
	for (size_t i = 0; r == 0 && i < COUNT_OF(STARTS); i++)
		r = STARTS[i](serving, error);
	return r;
}

/* What is said must not reach a connection or a file that came to have a number of those. */
static void hold_standard_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* Machines wait by the thousand, each with a descriptor. */
static void raise_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit); /* where it cannot be, fewer can wait */
}

static void tell_ready(struct serving *serving)
{
	unsigned int port = http_port(serving->http);
	const struct journal_pair pairs[] = {
		{ "name", JOURNAL_TEXT(serving->data.name) },
		{ "port", JOURNAL_NUMBER(port) },
		{ "metrics",
		  JOURNAL_NUMBER(serving->metrics ? metrics_port(serving->metrics) : 0) },
	};

	journal_write(&serving->server.journal, JOURNAL_SERVES, pairs,
		      serving->metrics ? COUNT_OF(pairs) : COUNT_OF(pairs) - 1);
	if (serving->options->ready_fd != NO_DESCRIPTOR) {
		dprintf((int)serving->options->ready_fd, "%u\n", port);
		close((int)serving->options->ready_fd);
	}
}

int command_run(int argc, char **argv)
{
	struct run_options options = { .listen = "127.0.0.1:8443",
				       .ready_fd = NO_DESCRIPTOR,
				       .checkpoint_s = CHECKPOINT_S };
	SCOPED(serving_done)
	struct serving serving = { .options = &options,
				   .data = DATA_NONE,
				   .certificate = BUF_MAX(DATA_FILE_MAX),
				   .key = BUF_MAX(DATA_FILE_MAX),
				   .stores = STORE_POOL_EMPTY,
				   .server = SERVER_EMPTY };
	struct error error = { .text = "" };
	int status, number;
	sigset_t ends;

	if (!options_read(&OPTIONS, argc, argv, &options, &status))
		return status;
	if (!options.certificate != !options.key) {
		error_set(&error, -EINVAL, "--certificate and --key belong together");
		return command_fail(argv[0], &error);
	}
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL); /* in the threads as well, which come later */
	signal(SIGPIPE, SIG_IGN);
	raise_descriptors();
	hold_standard_descriptors();
	if (start(&serving, &error) < 0) {
		terminal_error(argv[0], &error);
		return EXIT_FINDINGS;
	}
	tell_ready(&serving);
	sigwait(&ends, &number);
	const struct journal_pair pair = { "signal", JOURNAL_NUMBER((unsigned int)number) };
	journal_write(&serving.server.journal, JOURNAL_ENDS, &pair, 1);
	return EXIT_GOOD;
}
