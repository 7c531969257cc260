/* SPDX-License-Identifier: MIT */
/* What a process tells about itself, and what is never taken from it. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "tests/unit/run_suite.h"
#include "tools/chaperone/container.h"
#include "tools/chaperone/environment.h"
#include "tools/chaperone/process.h"
#include "tools/chaperone/provenance.h"
#include "tools/chaperone/script.h"
#include "tools/chaperone/scrub.h"

#define CANARY "hunter2"

static const struct {
	const char *text, *shown;
} SCRUBBED[] = {
	{ "agent.py", "agent.py" },
	{ "postgres://ann:" CANARY "@db/shop", "postgres://…@db/shop" },
	{ "postgres://ann:" CANARY "/x?y#z@db/shop", "postgres://…@db/shop" },
	{ "postgres://ann:a@" CANARY "@db/shop", "postgres://…@db/shop" },
	{ "https://host/run.ts?key=" CANARY, "https://host/run.ts…" },
	{ "https://host/a#" CANARY, "https://host/a…" },
	{ "host=db password=" CANARY " user=ann", "host=db password=…" },
	{ "--Password:" CANARY, "--Password:…" },
	{ "x http://u:" CANARY "@a y http://v:" CANARY "@b", "x http://…@a y http://…@b" },
	{ "Bearer " CANARY, "Bearer …" },
	{ "PGPASSWORD=" CANARY, "PGPASSWORD=…" },
	{ "/srv/author/run", "/srv/author/run" },
	{ "", "" },
};

START_TEST(passwords_do_not_survive_scrubbing)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(1 * KIB);

	scrub(slice_of(SCRUBBED[_i].text), &out);
	ck_assert_str_eq(buf_text(&out), SCRUBBED[_i].shown);
}
END_TEST

static const struct {
	const char *line; /* | for NUL */
	const char *program, *script;
} SCRIPTS[] = {
	{ "psql|-c|SELECT '" CANARY "'", "psql", "" },
	{ "python3|agent.py|--key|" CANARY, "python3", "agent.py" },
	{ "/usr/bin/python3.11|-W|ignore|-u|agent.py", "/usr/bin/python3.11", "agent.py" },
	{ "python3|-c|print('" CANARY "')", "python3", "" },
	{ "python3|-Ic|print('" CANARY "')|x", "python3", "" },
	{ "python3|-m|shop.agent|x", "python3", "shop.agent" },
	{ "node|-r|dotenv/config|server.js", "node", "server.js" },
	{ "node|--eval|" CANARY "|x", "node", "" },
	{ "perl|-ne|s/" CANARY "//|file", "perl", "" },
	{ "bash|-lc|psql " CANARY, "bash", "" },
	{ "-bash", "-bash", "" },
	{ "bash|--|go.sh", "bash", "go.sh" },
	{ "deno|run|-A|main.ts", "deno", "main.ts" },
	{ "deno|eval|" CANARY, "deno", "" },
	{ "php|-dx=1|-f|job.php", "php", "job.php" },
	{ "java|-cp|lib|-jar|tool.jar|" CANARY, "java", "tool.jar" },
	{ "nginx: worker " CANARY, "nginx:", "" },
	{ "python3|-", "python3", "" },
	{ "python3|-W", "python3", "" },
	{ "", "", "" },
};

START_TEST(only_program_and_script_are_taken_from_a_command_line)
{
	struct slice program, script;
	char line[128];

	snprintf(line, sizeof(line), "%s", SCRIPTS[_i].line);
	size_t length = strlen(line);
	for (char *at = strchr(line, '|'); at; at = strchr(at + 1, '|'))
		*at = '\0';
	script_find((struct slice){ line, length ? length + 1 : 0 }, &program, &script);
	ck_assert_msg(slice_is(program, SCRIPTS[_i].program), "%.*s", SLICE_ARGUMENTS(program));
	ck_assert_msg(slice_is(script, SCRIPTS[_i].script), "%.*s", SLICE_ARGUMENTS(script));
}
END_TEST

#define ID  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define POD "2c48913c-b29f-11e7-9350-020968147796"

static const struct {
	const char *groups, *runtime, *id, *pod;
} CONTAINERS[] = {
	{ "0::/\n", NULL, "", "" },
	{ "", NULL, "", "" },
	{ "0::/user.slice/user-1000.slice/session-3.scope\n", NULL, "", "" },
	{ "12:pids:/docker/" ID "\n11:cpu:/docker/" ID "\n", "docker", ID, "" },
	{ "0::/system.slice/docker-" ID ".scope\n", "docker", ID, "" },
	{ "0::/user.slice/libpod-" ID ".scope/container\n", "podman", ID, "" },
	{ "0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod"
	  "2c48913c_b29f_11e7_9350_020968147796.slice/cri-containerd-" ID ".scope\n",
	  "containerd", ID, "2c48913c_b29f_11e7_9350_020968147796" },
	{ "5:cpu:/kubepods/besteffort/pod" POD "/" ID "\n", "kubernetes", ID, POD },
	{ "0::/kubepods.slice/crio-" ID ".scope\n", "cri-o", ID, "" },
	{ "0::/lxc.payload.web/init.scope\n", "lxc", "", "" },
};

START_TEST(containers_are_recognised_by_their_control_group)
{
	struct container container = container_find(slice_of(CONTAINERS[_i].groups));

	if (CONTAINERS[_i].runtime)
		ck_assert_str_eq(container.runtime, CONTAINERS[_i].runtime);
	else
		ck_assert_ptr_null(container.runtime);
	ck_assert(slice_is(container.id, CONTAINERS[_i].id));
	ck_assert_msg(slice_is(container.pod, CONTAINERS[_i].pod), "%.*s",
		      SLICE_ARGUMENTS(container.pod));
}
END_TEST

static struct slice fact_in(const struct fact_list *list, const char *name, unsigned mark)
{
	for (size_t i = 0; i < list->count; i++)
		if (slice_is(list->facts[i].name, name) && list->facts[i].mark == mark)
			return list->facts[i].value;
	return (struct slice){ NULL, 0 };
}

static bool holds(const struct fact_list *list, const char *text)
{
	return memmem(list->text, sizeof(list->text), text, strlen(text)) != NULL;
}

static const struct {
	const char *entry, *agent, *ci;
	const char *fact, *value;
} CLAIMS[] = {
	{ "CLAUDECODE=1", "claude-code", NULL, "CLAUDECODE", "set" },
	{ "CLAUDE_CODE_ENTRYPOINT=cli", "claude-code", NULL, "CLAUDE_CODE_ENTRYPOINT", "cli" },
	{ "AI_AGENT=codex@1", "ai-agent", NULL, "AI_AGENT", "codex@1" },
	{ "AI_AGENT=postgres://u:" CANARY "@h", "ai-agent", NULL, "AI_AGENT", "postgres://…@h" },
	{ "CODEX_API_KEY=" CANARY, "codex", NULL, "CODEX_API_KEY", "set" },
	{ "AIDER_OPENAI_API_KEY=" CANARY, "aider", NULL, "AIDER_OPENAI_API_KEY", "set" },
	{ "CURSOR_TRACE_ID=abc", "cursor", NULL, "agent", "cursor" },
	{ "CLAUDECODE=", NULL, NULL, NULL, NULL },
	{ "CLAUDECODE=0", NULL, NULL, NULL, NULL },
	{ "CI=true", NULL, "ci", "ci", "ci" },
	{ "CI=False", NULL, NULL, NULL, NULL },
	{ "JENKINS_URL=http://u:" CANARY "@ci/", NULL, "jenkins", "ci", "jenkins" },
	{ "GITHUB_REPOSITORY=acme/shop", NULL, NULL, NULL, NULL },
	{ "TRACEPARENT=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", NULL, NULL,
	  "TRACEPARENT", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" },
	{ "TRACEPARENT=" CANARY, NULL, NULL, NULL, NULL },
	{ "PGPASSWORD=" CANARY, NULL, NULL, NULL, NULL },
	{ "no equals sign", NULL, NULL, NULL, NULL },
};

static bool same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

START_TEST(an_environment_only_claims)
{
	struct slice entries = { CLAIMS[_i].entry, strlen(CLAIMS[_i].entry) + 1 };
	struct environment_claims claims = environment_claims(entries);
	SCOPED(free_p) struct fact_list *list = calloc(1, sizeof(*list));

	ck_assert_ptr_nonnull(list);
	environment_add_facts(entries, &claims, list);
	ck_assert(same(claims.agent, CLAIMS[_i].agent));
	ck_assert(same(claims.ci, CLAIMS[_i].ci));
	if (CLAIMS[_i].fact)
		ck_assert(
			slice_is(fact_in(list, CLAIMS[_i].fact, RECORD_CLAIMED), CLAIMS[_i].value));
	else
		ck_assert_uint_eq(list->count, 0);
	ck_assert(!holds(list, CANARY));
}
END_TEST

START_TEST(work_is_told_by_the_system_that_runs_it)
{
	static const char entries[] = "GITHUB_REPOSITORY=acme/shop\0CI=true\0JOB_NAME=x\0"
				      "GITHUB_ACTIONS=true\0GITHUB_RUN_ID=7";
	struct slice text = { entries, sizeof(entries) };
	struct environment_claims claims = environment_claims(text);
	SCOPED(free_p) struct fact_list *list = calloc(1, sizeof(*list));

	ck_assert_ptr_nonnull(list);
	environment_add_facts(text, &claims, list);
	ck_assert_str_eq(claims.ci, "github-actions");
	ck_assert(slice_is(fact_in(list, "GITHUB_REPOSITORY", RECORD_CLAIMED), "acme/shop"));
	ck_assert(slice_is(fact_in(list, "GITHUB_RUN_ID", RECORD_CLAIMED), "7"));
	ck_assert_ptr_null(fact_in(list, "JOB_NAME", RECORD_CLAIMED).at);
}
END_TEST

START_TEST(a_crafted_environment_stays_within_its_share)
{
	SCOPED(buf_done) struct buf entries = BUF_MAX(64 * KIB);
	SCOPED(free_p) struct fact_list *list = calloc(1, sizeof(*list));
	struct environment_claims claims;

	ck_assert_ptr_nonnull(list);
	for (int i = 0; i < 1000; i++) {
		buf_printf(&entries, "CODEX_%d=1", i);
		buf_add_char(&entries, '\0');
	}
	claims = environment_claims(buf_view(&entries));
	environment_add_facts(buf_view(&entries), &claims, list);
	ck_assert_uint_le(list->count, RECORD_FACTS_MAX / 2);
	ck_assert_str_eq(claims.agent, "codex");
}
END_TEST

/* A child that sits in pause() until it is killed. */
static pid_t start(const char *name, const char *value)
{
	int ready[2];
	char byte;

	ck_assert_int_eq(pipe2(ready, O_CLOEXEC), 0);
	pid_t child = fork();
	if (child == 0) {
		char variable[128];
		char *const environment[] = { name ? variable : NULL, NULL };
		char *const arguments[] = { (char[]){ "sleep" }, (char[]){ "100" }, NULL };

		snprintf(variable, sizeof(variable), "%s=%s", name ? name : "", value ? value : "");
		execve("/bin/sleep", arguments, environment);
		_exit(1);
	}
	close(ready[1]);
	ck_assert_int_eq(read(ready[0], &byte, 1), 0); /* closed by exec */
	close(ready[0]);
	return child;
}

static void stop(pid_t child)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static const struct caller_fact *caller_fact_of(const struct caller *caller,
						enum caller_fact_name name)
{
	for (size_t i = 0; i < caller->count; i++)
		if (caller->facts[i].name == name)
			return &caller->facts[i];
	return NULL;
}

START_TEST(a_live_process_is_read)
{
	SCOPED(provenance_freep) struct provenance *provenance = NULL;
	char folder[PATH_MAX], parent[32];
	pid_t child = start("AI_AGENT", "shop-bot");

	ck_assert_int_eq(provenance_read(child, &provenance), 0);
	stop(child);
	const struct fact_list *list = &provenance->list;
	ck_assert_ptr_nonnull(getcwd(folder, sizeof(folder)));
	snprintf(parent, sizeof(parent), "(%d)", (int)getpid());
	ck_assert(slice_ends_with(fact_in(list, "exe", RECORD_OBSERVED), "/sleep"));
	ck_assert(slice_is(fact_in(list, "argv0", RECORD_OBSERVED), "sleep"));
	ck_assert(slice_is(fact_in(list, "cwd", RECORD_OBSERVED), folder));
	ck_assert(slice_is(fact_in(list, "AI_AGENT", RECORD_CLAIMED), "shop-bot"));
	struct slice parents = fact_in(list, "parents", RECORD_OBSERVED);
	ck_assert_ptr_nonnull(memmem(parents.at, parents.length, parent, strlen(parent)));
	ck_assert_uint_gt(provenance->start_ticks, 0);
	const struct caller_fact *kind = caller_fact_of(&provenance->caller, FACT_KIND);
	ck_assert_ptr_nonnull(kind);
	ck_assert_str_eq(kind->value, "agent");
	ck_assert_int_eq(kind->mark, MARK_CLAIMED);
	ck_assert_int_eq(caller_fact_of(&provenance->caller, FACT_USER)->mark, MARK_OBSERVED);
	ck_assert(strstr(caller_fact_of(&provenance->caller, FACT_EXE)->value, "sleep") != NULL);
	const struct caller_fact *group = caller_fact_of(&provenance->caller, FACT_GROUP);
	ck_assert_ptr_nonnull(group);
	struct slice groups = fact_in(list, "groups", RECORD_OBSERVED);
	ck_assert(slice_is(slice_cut(&groups, ','), group->value));
}
END_TEST

START_TEST(processes_that_are_gone_are_an_error)
{
	SCOPED(provenance_freep) struct provenance *provenance = NULL;
	pid_t child = start(NULL, NULL);

	stop(child);
	ck_assert_int_eq(provenance_read(child, &provenance), -ESRCH);
	ck_assert_int_eq(provenance_read(0, &provenance), -ESRCH);
	ck_assert_int_eq(provenance_read(-1, &provenance), -ESRCH);
	ck_assert_ptr_null(provenance);
}
END_TEST

START_TEST(an_open_process_never_becomes_another)
{
	SCOPED(process_close) struct process process = PROCESS_NONE;
	SCOPED(buf_done) struct buf text = BUF_MAX(4 * KIB);
	pid_t child = start(NULL, NULL);

	ck_assert_int_eq(process_open(child, &process), 0);
	stop(child);
	ck_assert_int_eq(process_read(&process, "cmdline", &text), -ESRCH);
}
END_TEST

START_TEST(a_parent_younger_than_its_child_is_somebody_else)
{
	struct process child = { .folder = -1, .parent = getpid(), .start_ticks = UINT64_MAX };
	SCOPED(process_close) struct process parent = PROCESS_NONE;

	ck_assert_int_eq(process_open_parent(&child, &parent), 0);
	process_close(&parent);
	child.start_ticks = 1;
	ck_assert_int_eq(process_open_parent(&child, &parent), -ESRCH);
}
END_TEST

START_TEST(reading_while_processes_die_gives_a_whole_answer_or_none)
{
	for (int i = 0; i < 60; i++) {
		SCOPED(provenance_freep) struct provenance *provenance = NULL;
		pid_t child = fork();

		if (child == 0) {
			usleep((useconds_t)(i * 20));
			_exit(0);
		}
		int r = provenance_read(child, &provenance);
		ck_assert_msg(r == 0 || r == -ESRCH || r == -EAGAIN, "%d", r);
		ck_assert((r == 0) == (provenance != NULL));
		waitpid(child, NULL, 0);
	}
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, passwords_do_not_survive_scrubbing, 0, COUNT_OF(SCRUBBED));
	tcase_add_loop_test(tcase, only_program_and_script_are_taken_from_a_command_line, 0,
			    COUNT_OF(SCRIPTS));
	tcase_add_loop_test(tcase, containers_are_recognised_by_their_control_group, 0,
			    COUNT_OF(CONTAINERS));
	tcase_add_loop_test(tcase, an_environment_only_claims, 0, COUNT_OF(CLAIMS));
	tcase_add_test(tcase, work_is_told_by_the_system_that_runs_it);
	tcase_add_test(tcase, a_crafted_environment_stays_within_its_share);
	tcase_add_test(tcase, a_live_process_is_read);
	tcase_add_test(tcase, processes_that_are_gone_are_an_error);
	tcase_add_test(tcase, an_open_process_never_becomes_another);
	tcase_add_test(tcase, a_parent_younger_than_its_child_is_somebody_else);
	tcase_add_test(tcase, reading_while_processes_die_gives_a_whole_answer_or_none);
}

int main(void)
{
	return run_suite("provenance", NULL, NULL, add_tests);
}
