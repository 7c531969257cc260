/* SPDX-License-Identifier: MIT */
/* Prints what connect does with odd addresses, in odd places: the same with and without the shim,
 * but for what is refused.
 *
 * dials FOLDER    listens and connects in FOLDER, to addresses that are no database's
 * dials FOLDER database WHERE    dials FOLDER/.s.PGSQL.1 from there */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *folder;

static socklen_t make_unix(struct sockaddr_un *address, const char *name)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(address->sun_path, sizeof(address->sun_path), "%s/%s", folder, name);
	return sizeof(*address);
}

static void say(const char *what, int result)
{
	printf("%-28s %d %s\n", what, result, result < 0 ? strerror(errno) : "");
}

static int stream(int family)
{
	return socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int listening(const struct sockaddr *address, socklen_t length)
{
	int fd = stream(address->sa_family);

	if (address->sa_family == AF_UNIX &&
	    ((const struct sockaddr_un *)(const void *)address)->sun_path[0])
		unlink(((const struct sockaddr_un *)(const void *)address)->sun_path);
	if (bind(fd, address, length) < 0 || listen(fd, 16) < 0)
		perror("listen");
	return fd;
}

static void dial_unix_kinds(void)
{
	struct sockaddr_un address, full = { .sun_family = AF_UNIX },
				    abstract = { .sun_family = AF_UNIX };
	socklen_t length = make_unix(&address, "plain.sock");
	int fd;

	listening((struct sockaddr *)&address, length);
	say("path", connect(stream(AF_UNIX), (struct sockaddr *)&address, length));
	length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(address.sun_path));
	say("path without NUL", connect(stream(AF_UNIX), (struct sockaddr *)&address, length));
	memset(full.sun_path, 'x', sizeof(full.sun_path));
	say("full path without NUL",
	    connect(stream(AF_UNIX), (struct sockaddr *)&full, sizeof(full)));
	snprintf(abstract.sun_path + 1, sizeof(abstract.sun_path) - 1, "dials-%d", getpid());
	length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
			     strlen(abstract.sun_path + 1));
	listening((struct sockaddr *)&abstract, length);
	say("abstract", connect(stream(AF_UNIX), (struct sockaddr *)&abstract, length));
	say("abstract, longer", connect(stream(AF_UNIX), (struct sockaddr *)&abstract, length + 1));
	say("unnamed", connect(stream(AF_UNIX), (struct sockaddr *)&address, sizeof(sa_family_t)));
	fd = stream(AF_UNIX);
	close(fd);
	say("closed descriptor", connect(fd, (struct sockaddr *)&address, sizeof(address)));
	say("no socket",
	    connect(open("/dev/null", O_RDWR), (struct sockaddr *)&address, sizeof(address)));
}

static void dial_lengths(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(5432) };
	char large[512] = { 0 };

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	memcpy(large, &address, sizeof(address));
	for (socklen_t length = 0; length < sizeof(address); length++)
		if (connect(stream(AF_INET), (struct sockaddr *)&address, length) == 0 ||
		    errno != EINVAL)
			say("short", (int)length);
	say("too long", connect(stream(AF_INET), (struct sockaddr *)large, sizeof(large)));
	say("negative", connect(stream(AF_INET), (struct sockaddr *)&address, (socklen_t)-1));
	say("NULL", connect(stream(AF_INET), NULL, sizeof(address)));
	say("no pointer", connect(stream(AF_INET), (struct sockaddr *)-1, sizeof(address)));
	address.sin_port = htons(9);
	say("other family",
	    connect(stream(AF_INET6), (struct sockaddr *)&address, sizeof(address)));
	address.sin_port = htons(5432);
	say("datagram to a database",
	    connect(socket(AF_INET, SOCK_DGRAM, 0), (struct sockaddr *)&address, sizeof(address)));
	say("no socket, to a database",
	    connect(open("/dev/null", O_RDWR), (struct sockaddr *)&address, sizeof(address)));
	say("no descriptor, to a database",
	    connect(-1, (struct sockaddr *)&address, sizeof(address)));
}

static void dial_inet(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET }, none = { .sin_family = AF_UNSPEC };
	struct sockaddr_in6 mapped = { .sin6_family = AF_INET6 };
	socklen_t length = sizeof(address);
	int fd;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	getsockname(listening((struct sockaddr *)&address, length), (struct sockaddr *)&address,
		    &length);
	say("inet", connect(stream(AF_INET), (struct sockaddr *)&address, length));
	mapped.sin6_port = address.sin_port;
	inet_pton(AF_INET6, "::ffff:127.0.0.1", &mapped.sin6_addr);
	say("mapped", connect(stream(AF_INET6), (struct sockaddr *)&mapped, sizeof(mapped)));
	fd = stream(AF_INET);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	int result = connect(fd, (struct sockaddr *)&address, length);
	struct pollfd poller = { fd, POLLOUT, 0 };
	say("non-blocking", result);
	say("ready", poll(&poller, 1, 2000));
	say("again", connect(fd, (struct sockaddr *)&address, length));
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	say("datagram", connect(fd, (struct sockaddr *)&address, length));
	say("AF_UNSPEC", connect(fd, (struct sockaddr *)&none, sizeof(none)));
	errno = 77;
	say("errno of a success", connect(fd, (struct sockaddr *)&address, length) || errno != 77);
}

static int dial_database(void)
{
	struct sockaddr_un address;
	socklen_t length = make_unix(&address, ".s.PGSQL.1");

	return connect(stream(AF_UNIX), (struct sockaddr *)&address, length) == 0 ? 0 : errno;
}

static volatile sig_atomic_t handled;

static void handler(int number)
{
	(void)number;
	handled = 1 + dial_database();
}

static int in_handler(void)
{
	signal(SIGUSR1, handler);
	raise(SIGUSR1);
	return handled - 1;
}

static int in_child(pid_t (*make)(void))
{
	int status;
	pid_t pid = make();

	if (pid == 0)
		_exit(dial_database());
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static int in_fork(void)
{
	return in_child(fork);
}

/* Not through a pointer: vfork's caller must not return. */
static int in_vfork(void)
{
	int status;
	pid_t pid = vfork();

	if (pid == 0)
		_exit(dial_database());
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static void *thread(void *result)
{
	*(int *)result = dial_database();
	return NULL;
}

static int in_thread(void)
{
	pthread_attr_t attributes;
	pthread_t id;
	int result = -1;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 32768);
	pthread_create(&id, &attributes, thread, &result);
	pthread_join(id, NULL);
	return result;
}

static int thousand_times(void)
{
	int result = 0;

	for (int i = 0; i < 1000; i++)
		result = dial_database();
	return result;
}

static const struct {
	const char *name;
	int (*dial)(void);
} PLACES[] = {
	{ "main", dial_database }, { "handler", in_handler }, { "fork", in_fork },
	{ "vfork", in_vfork },     { "thread", in_thread },   { "often", thousand_times },
};

int main(int count, char **arguments)
{
	if (count < 2)
		return 2;
	folder = arguments[1];
	if (count < 4) {
		dial_unix_kinds();
		dial_lengths();
		dial_inet();
		return 0;
	}
	for (size_t i = 0; i < sizeof(PLACES) / sizeof(PLACES[0]); i++) {
		if (strcmp(PLACES[i].name, arguments[3]) == 0) {
			int code = PLACES[i].dial();

			printf("%s\n", code ? strerror(code) : "connected");
			return 0;
		}
	}
	return 2;
}
