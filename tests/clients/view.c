/* SPDX-License-Identifier: MIT */
/* Prints all that a program can see of its own process: at main, connected, after a query, after
 * the end, in a child. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <locale.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define SIGNALS 64
#define HIGH_DESCRIPTOR                                                                            \
	512 /* the shim's are above, or above the greatest half of it that the limit allows */

extern char **environ;

static const char *stage = "main";
static FILE *report; /* not standard output, which may be closed */

/* Every line names its stage, so that a difference tells when it began. */
static void line(const char *what, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void line(const char *what, const char *format, ...)
{
	va_list values;

	fprintf(report, "%s: %s: ", stage, what);
	va_start(values, format);
	vfprintf(report, format, values);
	va_end(values);
	fputc('\n', report);
}

static void print_dlerror(const char *what)
{
	const char *text = dlerror();

	line(what, "%s", text ? text : "nothing");
}

/* The texts of failures, which name the place of the caller. */
static void print_loader(void)
{
	print_dlerror("dlerror");
	line("missing symbol", "%d", dlsym(RTLD_DEFAULT, "no_such_symbol") != NULL);
	print_dlerror("dlerror of a symbol");
	line("missing next symbol", "%d", dlsym(RTLD_NEXT, "no_such_symbol") != NULL);
	print_dlerror("dlerror of a next symbol");
	line("missing library", "%d", dlopen("libno-such.so.1", RTLD_LAZY) != NULL);
	print_dlerror("dlerror of a library");
	line("missing version", "%d", dlvsym(RTLD_DEFAULT, "PQexec", "NONE_1") != NULL);
	print_dlerror("dlerror of a version");
}

static int compare_numbers(const void *left, const void *right)
{
	return *(const int *)left - *(const int *)right;
}

/* The numbers in a folder of /proc, sorted; returns their count. */
static int numbers_in(const char *path, int *ret_numbers, int maximum)
{
	DIR *folder = opendir(path);
	int count = 0, own = folder ? dirfd(folder) : -1;

	for (struct dirent *entry; folder && (entry = readdir(folder)) && count < maximum;) {
		if (entry->d_name[0] != '.' && atoi(entry->d_name) != own)
			ret_numbers[count++] = atoi(entry->d_name);
	}
	if (folder)
		closedir(folder);
	qsort(ret_numbers, (size_t)count, sizeof(*ret_numbers), compare_numbers);
	return count;
}

static void print_descriptor(int fd)
{
	struct stat status;

	if (fstat(fd, &status) == 0)
		line("descriptor", "%d kind %o flags %x %x", fd, status.st_mode & S_IFMT,
		     fcntl(fd, F_GETFL), fcntl(fd, F_GETFD));
}

static int first_high_descriptor(void)
{
	struct rlimit limit;
	int number = HIGH_DESCRIPTOR;

	getrlimit(RLIMIT_NOFILE, &limit);
	while ((rlim_t)number >= limit.rlim_cur)
		number /= 2;
	return number;
}

static void print_descriptors(void)
{
	int numbers[256], count = numbers_in("/proc/self/fd", numbers, 256), high = 0,
			  inherited = 0;
	int limit = first_high_descriptor();

	for (int i = 0; i < count; i++) {
		if (numbers[i] < limit) {
			print_descriptor(numbers[i]);
			continue;
		}
		high++;
		inherited += !(fcntl(numbers[i], F_GETFD) & FD_CLOEXEC);
	}
	int next = open("/dev/null", O_RDONLY | O_CLOEXEC);

	line("next descriptor", "%d", next);
	close(next);
	line("high descriptors", "%d, %d without close-on-exec", high, inherited);
}

static void print_threads_and_children(void)
{
	int numbers[64], count = numbers_in("/proc/self/task", numbers, 64);
	int status, r = waitpid(-1, &status, WNOHANG);

	line("threads", "%d, the first is the process: %d", count, numbers[0] == getpid());
	line("children", "%d, %s", r, r < 0 ? strerror(errno) : "some");
	line("same group as the parent", "%d", getpgid(getppid()) == getpgrp());
	line("same session as the parent", "%d", getsid(getppid()) == getsid(0));
}

static void print_signals(void)
{
	sigset_t blocked, pending;
	stack_t stack;

	sigprocmask(SIG_SETMASK, NULL, &blocked);
	sigpending(&pending);
	for (int number = 1; number <= SIGNALS; number++) {
		struct sigaction action = { .sa_handler = SIG_DFL };
		bool is_known = sigaction(number, NULL, &action) == 0;

		if (is_known &&
		    (action.sa_handler != SIG_DFL || action.sa_flags ||
		     sigismember(&blocked, number) == 1 || sigismember(&pending, number) == 1))
			line("signal", "%d handler %s flags %x blocked %d pending %d", number,
			     action.sa_handler == SIG_DFL   ? "default"
			     : action.sa_handler == SIG_IGN ? "ignored"
							    : "own",
			     (unsigned)action.sa_flags, sigismember(&blocked, number),
			     sigismember(&pending, number));
	}
	sigaltstack(NULL, &stack);
	line("alternate stack", "%d", stack.ss_flags);
}

static void print_limits(void)
{
	for (int kind = 0; kind < RLIM_NLIMITS; kind++) {
		struct rlimit limit;

		if (getrlimit((__rlimit_resource_t)kind, &limit) == 0)
			line("limit", "%d: %llu %llu", kind, (unsigned long long)limit.rlim_cur,
			     (unsigned long long)limit.rlim_max);
	}
	for (int kind = ITIMER_REAL; kind <= ITIMER_PROF; kind++) {
		struct itimerval timer;

		getitimer((__itimer_which_t)kind, &timer);
		line("timer", "%d: %ld", kind, (long)timer.it_value.tv_sec);
	}
}

static void print_process(void)
{
	static const int SETTINGS[] = { PR_GET_DUMPABLE, PR_GET_KEEPCAPS,   PR_GET_NO_NEW_PRIVS,
					PR_GET_SECCOMP,  PR_GET_TIMERSLACK, PR_GET_SECUREBITS,
					PR_GET_TIMING,   PR_GET_THP_DISABLE };
	char name[32] = "";
	int signal_of_parent = 0, is_reaper = 0;
	cpu_set_t processors;
	mode_t mask = umask(0);

	umask(mask);
	for (size_t i = 0; i < sizeof(SETTINGS) / sizeof(SETTINGS[0]); i++)
		line("prctl", "%d: %d", SETTINGS[i], prctl(SETTINGS[i], 0, 0, 0, 0));
	prctl(PR_GET_NAME, name);
	prctl(PR_GET_PDEATHSIG, &signal_of_parent);
	prctl(PR_GET_CHILD_SUBREAPER, &is_reaper);
	line("name", "%s, %s", name, program_invocation_short_name);
	line("parent's death", "%d, reaper %d", signal_of_parent, is_reaper);
	sched_getaffinity(0, sizeof(processors), &processors);
	line("scheduling", "%d, nice %d, %d processors", sched_getscheduler(0),
	     getpriority(PRIO_PROCESS, 0), CPU_COUNT(&processors));
	line("umask", "%o", mask);
	line("users", "%d %d %d %d", getuid(), geteuid(), getgid(), getegid());
	line("locale", "%s", setlocale(LC_ALL, NULL));
}

static void print_memory(void)
{
	FILE *file = fopen("/proc/self/maps", "re");
	char text[4096], before[4096] = "";

	while (file && fgets(text, sizeof(text), file)) {
		const char *path = strchr(text, '/');

		if (path && strcmp(path, before) != 0) {
			snprintf(before, sizeof(before), "%s", path);
			line("mapped", "%.*s", (int)strcspn(path, "\n"), path);
		}
	}
	if (file)
		fclose(file);
}

static void print_environment(void)
{
	for (char **entry = environ; *entry; entry++)
		line("environment", "%s", *entry);
}

static void print_thread_room(void)
{
	pthread_key_t key;
	pthread_attr_t attributes;
	size_t size = 0;

	if (pthread_key_create(&key, NULL) == 0) {
		line("next key", "%u", key);
		pthread_key_delete(key);
	}
	pthread_getattr_default_np(&attributes);
	pthread_attr_getstacksize(&attributes, &size);
	line("stack of threads", "%zu", size);
}

static void print_all(const char *now)
{
	stage = now;
	print_loader();
	print_descriptors();
	print_threads_and_children();
	print_signals();
	print_limits();
	print_process();
	print_memory();
	print_environment();
	print_thread_room();
	fflush(report);
}

/* errno after a call that succeeded is the driver's own, whatever it is. */
static void query(PGconn *connection, const char *sql)
{
	errno = EOWNERDEAD;
	PGresult *result = PQexec(connection, sql);
	int left = errno;

	line("query", "%s, errno %d, %d rows", PQresStatus(PQresultStatus(result)), left,
	     PQntuples(result));
	PQclear(result);
}

static void in_child(void)
{
	fflush(report);
	pid_t child = fork();

	if (child == 0) {
		print_all("child");
		_exit(0);
	}
	waitpid(child, NULL, 0);
}

/* The report's own descriptor is out of the way, so that 0, 1 and 2 stay closed where they are. */
static FILE *open_report(const char *path)
{
	int low = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int high = fcntl(low, F_DUPFD_CLOEXEC, 100);

	close(low);
	return fdopen(high, "w");
}

int main(int argc, char **argv)
{
	int errno_at_main = errno;

	if (argc != 2 || !(report = open_report(argv[1])))
		return 2;
	line("errno", "%d", errno_at_main);
	print_all("main");
	errno = EOWNERDEAD;
	PGconn *connection = PQconnectdb("");
	int left = errno;

	line("connection", "%d, errno %d", PQstatus(connection), left);
	print_all("connected");
	query(connection, "SELECT 1");
	query(connection, "SELECT 1/0");
	print_all("queried");
	in_child();
	PQfinish(connection);
	print_all("finished");
	return 0;
}
