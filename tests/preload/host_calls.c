/* SPDX-License-Identifier: MIT */
/* Scenarios of a program that is linked to copy "a": who calls, when, and from where. */
#include "tests/preload/host.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/preload/fakepq.h"
#include "tests/preload/fakeshim.h"

static void linked_program(const char *folder)
{
	(void)folder;
	REQUIRE_TEXT(fakepq_identity(), "a");
	REQUIRE_TEXT(fakepq_plain(), "a");
	REQUIRE(fakeshim_counts()->program == 1);
}

/* The loader looks through the program's scope first, for plugins too. */
static void program_scope_comes_first(const char *folder)
{
	void *b = open_in(folder, "plugin-b.so", RTLD_NOW);
	void *library = open_in(folder, "libfakepq-c.so", RTLD_NOW);

	require_copy(b, "a");
	REQUIRE_TEXT(fakepq_identity(), "a");
	REQUIRE_TEXT(fakeshim_identity_of(dlsym(library, "fakepq_plain")), "c");
	REQUIRE(fakeshim_instances() == 3);
}

static void internal_calls_are_told_apart(const char *folder)
{
	(void)folder;
	REQUIRE(fakepq_query("A") == 'A' + 1);
	REQUIRE(fakeshim_counts()->program == 1 && fakeshim_counts()->internal == 1);
	REQUIRE(fakepq_send("A") == 'A');
	REQUIRE(fakeshim_counts()->program == 2 && fakeshim_counts()->internal == 1);
}

static jmp_buf back;

static void jump(void *data)
{
	(void)data;
	longjmp(back, 1);
}

static void send_from_callback(void *data)
{
	*(int *)data = fakepq_send("B");
}

static void longjmp_leaves_nothing_behind(const char *folder)
{
	int sent = 0;

	(void)folder;
	for (volatile int i = 0; i < 3; i++) {
		if (setjmp(back) == 0)
			fakepq_notify(jump, NULL);
	}
	REQUIRE(fakeshim_counts()->program == 3 && fakeshim_counts()->internal == 0);
	REQUIRE(fakepq_send("A") == 'A');
	REQUIRE(fakeshim_counts()->program == 4 && fakeshim_counts()->internal == 0);
	/* A call out of the library's callback is the program's. */
	REQUIRE(fakepq_notify(send_from_callback, &sent) == 1 && sent == 'B');
	REQUIRE(fakeshim_counts()->program == 6 && fakeshim_counts()->internal == 0);
}

static void errno_is_the_drivers(const char *folder)
{
	(void)folder;
	REQUIRE(errno_at_main == 0);
	errno = EXDEV;
	REQUIRE_TEXT(fakepq_identity(), "a");
	REQUIRE(errno == EXDEV);
	REQUIRE(fakepq_query("A") == 'A' + 1 && errno == EXDEV);
	REQUIRE(fakepq_fail() == -1 && errno == EDOM);
}

static void *call_in_thread(void *barrier)
{
	if (barrier)
		pthread_barrier_wait(barrier);
	REQUIRE_TEXT(fakepq_identity(), "a");
	return NULL;
}

static void first_call_in_a_thread(const char *folder)
{
	pthread_t thread;

	(void)folder;
	REQUIRE(pthread_create(&thread, NULL, call_in_thread, NULL) == 0);
	REQUIRE(pthread_join(thread, NULL) == 0);
}

static void first_call_in_a_small_thread(const char *folder)
{
	pthread_attr_t attributes;
	pthread_t thread;

	(void)folder;
	REQUIRE(pthread_attr_init(&attributes) == 0);
	REQUIRE(pthread_attr_setstacksize(&attributes, 16384) == 0);
	REQUIRE(pthread_create(&thread, &attributes, call_in_thread, NULL) == 0);
	REQUIRE(pthread_join(thread, NULL) == 0);
}

static void first_call_of_eight_threads_at_once(const char *folder)
{
	pthread_barrier_t barrier;
	pthread_t threads[8];

	open_in(folder, "libfakepq-b.so", RTLD_NOW);
	REQUIRE(pthread_barrier_init(&barrier, NULL, 8) == 0);
	for (int i = 0; i < 8; i++)
		REQUIRE(pthread_create(&threads[i], NULL, call_in_thread, &barrier) == 0);
	for (int i = 0; i < 8; i++)
		REQUIRE(pthread_join(threads[i], NULL) == 0);
	REQUIRE(fakeshim_instances() == 2);
}

static void call_at_exit(void)
{
	REQUIRE_TEXT(fakepq_identity(), "a");
	_Exit(0);
}

static void first_call_at_exit(const char *folder)
{
	(void)folder;
	REQUIRE(atexit(call_at_exit) == 0);
	exit(1); /* call_at_exit turns it into 0 */
}

static volatile sig_atomic_t is_handled;

static void handle(int signal)
{
	(void)signal;
	is_handled = fakepq_identity()[0] == 'a';
}

static void first_call_in_a_signal_handler(const char *folder)
{
	(void)folder;
	REQUIRE(signal(SIGUSR1, handle) != SIG_ERR);
	REQUIRE(raise(SIGUSR1) == 0);
	REQUIRE(is_handled);
}

static void require_child_succeeds(void)
{
	int status = -1;

	REQUIRE(wait(&status) > 0);
	REQUIRE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void first_call_after_fork(const char *folder)
{
	(void)folder;
	if (fork() == 0) {
		REQUIRE_TEXT(fakepq_identity(), "a");
		_Exit(0);
	}
	require_child_succeeds();
	REQUIRE_TEXT(fakepq_identity(), "a");
}

static void require_own_numbers(void)
{
	REQUIRE(fakeshim_process() == (uint32_t)getpid());
	REQUIRE(fakeshim_thread() == (uint32_t)syscall(SYS_gettid));
}

/* By a bare system call no handler of fork runs. */
static void a_child_knows_its_own_numbers(const char *folder)
{
	(void)folder;
	require_own_numbers();
	if (syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0) == 0) {
		require_own_numbers();
		require_own_numbers();
		if (fork() == 0) {
			require_own_numbers();
			_Exit(0);
		}
		require_child_succeeds();
		_Exit(0);
	}
	require_child_succeeds();
	require_own_numbers();
}

static void *ask_in_thread(void *argument)
{
	(void)argument;
	require_own_numbers();
	return NULL;
}

static void a_thread_knows_its_own_number(const char *folder)
{
	pthread_t thread;

	(void)folder;
	require_own_numbers();
	REQUIRE(pthread_create(&thread, NULL, ask_in_thread, NULL) == 0);
	REQUIRE(pthread_join(thread, NULL) == 0);
	require_own_numbers();
}

static void cancellation_is_held_for_a_scope(const char *folder)
{
	int state = -1;

	(void)folder;
	REQUIRE(fakeshim_cancel_state_while_held() == PTHREAD_CANCEL_DISABLE);
	REQUIRE(pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &state) == 0);
	REQUIRE(state == PTHREAD_CANCEL_ENABLE);
}

static void shim_knows_itself(const char *folder)
{
	uintptr_t own = (uintptr_t)dlsym(RTLD_DEFAULT, "fakeshim_counts");
	uintptr_t library = (uintptr_t)dlsym(RTLD_DEFAULT, "fakepq_plain");

	REQUIRE(strncmp(fakeshim_path(), folder, strlen(folder)) == 0);
	REQUIRE(strstr(fakeshim_path(), "fakeshim"));
	REQUIRE(fakeshim_holds((const void *)own) && !fakeshim_holds((const void *)library));
	REQUIRE(!fakeshim_holds(folder));
	REQUIRE(!fakeshim_stands_down());
}

static void other_build_makes_both_stand_down(const char *folder)
{
	(void)folder;
	REQUIRE(fakeshim_stands_down());
	REQUIRE_TEXT(fakepq_identity(), "a"); /* what is forwarded still reaches the library */
	REQUIRE(fakeshim_instances() == 1);
}

static void other_build_loaded_later_is_noticed(const char *folder)
{
	REQUIRE(!fakeshim_stands_down());
	open_in(folder, "fakeshim-other.so", RTLD_NOW);
	REQUIRE_TEXT(fakepq_identity(), "a");
	REQUIRE(fakeshim_stands_down());
}

static void cost_of_calls(const char *folder)
{
	void *b;

	REQUIRE_TEXT(fakepq_identity(), "a");
	printf("internal-call test, one copy: %.1f ns\n", fakeshim_address_test_ns());
	printf("resolve from caller, one copy: %.0f ns\n", fakeshim_caller_ns(folder));
	b = open_in(folder, "plugin-b.so", RTLD_NOW);
	printf("resolve from caller, two copies: %.0f ns\n",
	       fakeshim_caller_ns(dlsym(b, "plugin_answers")));
	printf("internal-call test, two copies: %.1f ns\n", fakeshim_address_test_ns());
}

const struct scenario CALL_SCENARIOS[] = {
	{ "linked-program", linked_program },
	{ "program-scope-comes-first", program_scope_comes_first },
	{ "internal-calls-are-told-apart", internal_calls_are_told_apart },
	{ "longjmp-leaves-nothing-behind", longjmp_leaves_nothing_behind },
	{ "errno-is-the-drivers", errno_is_the_drivers },
	{ "first-call-in-a-thread", first_call_in_a_thread },
	{ "first-call-in-a-small-thread", first_call_in_a_small_thread },
	{ "first-call-of-eight-threads-at-once", first_call_of_eight_threads_at_once },
	{ "first-call-at-exit", first_call_at_exit },
	{ "first-call-in-a-signal-handler", first_call_in_a_signal_handler },
	{ "first-call-after-fork", first_call_after_fork },
	{ "a-child-knows-its-own-numbers", a_child_knows_its_own_numbers },
	{ "a-thread-knows-its-own-number", a_thread_knows_its_own_number },
	{ "cancellation-is-held-for-a-scope", cancellation_is_held_for_a_scope },
	{ "shim-knows-itself", shim_knows_itself },
	{ "other-build-makes-both-stand-down", other_build_makes_both_stand_down },
	{ "other-build-loaded-later-is-noticed", other_build_loaded_later_is_noticed },
	{ "cost-of-calls", cost_of_calls },
	{ NULL, NULL },
};
