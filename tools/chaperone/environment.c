/* SPDX-License-Identifier: MIT */
/* The tables of telling variables. */
#include "tools/chaperone/environment.h"

#include <string.h>

/* A crafted environment leaves room for the facts that were observed. */
#define ENVIRONMENT_FACTS_MAX 32

enum show {
	SHOW_SET, /* that it is there */
	SHOW_VALUE,
};

struct variable {
	const char *name; /* may end in * */
	const char *who;
	enum show show;
};

/* AI_AGENT and AGENT are the conventions that tools share; the other names are what each tool
 * documents or sets in the shells that it starts.  Prefixes cover settings that hold keys: they
 * are never shown. */
static const struct variable AGENTS[] = {
	{ "AI_AGENT", "ai-agent", SHOW_VALUE },
	{ "CLAUDE_CODE_ENTRYPOINT", "claude-code", SHOW_VALUE },
	{ "CLAUDECODE", "claude-code", SHOW_SET },
	{ "CLAUDE_CODE*", "claude-code", SHOW_SET },
	{ "CURSOR_AGENT", "cursor", SHOW_SET },
	{ "CURSOR_TRACE_ID", "cursor", SHOW_SET },
	{ "CODEX_*", "codex", SHOW_SET },
	{ "GEMINI_CLI", "gemini-cli", SHOW_SET },
	{ "AIDER_*", "aider", SHOW_SET },
	{ "OPENCODE", "opencode", SHOW_SET },
	{ "OPENCODE_*", "opencode", SHOW_SET },
	{ "CLINE_ACTIVE", "cline", SHOW_SET },
	{ "COPILOT_CLI", "github-copilot", SHOW_SET },
	{ "COPILOT_MODEL", "github-copilot", SHOW_SET },
	{ "COPILOT_ALLOW_ALL", "github-copilot", SHOW_SET },
	{ "GOOSE_TERMINAL", "goose", SHOW_SET },
	{ "GOOSE_PROVIDER", "goose", SHOW_SET },
	{ "AMP_CURRENT_THREAD_ID", "amp", SHOW_SET },
	{ "AUGMENT_AGENT", "augment", SHOW_SET },
	{ "ANTIGRAVITY_AGENT", "antigravity", SHOW_SET },
	{ "QWEN_CODE", "qwen-code", SHOW_SET },
	{ "CRUSH", "crush", SHOW_SET },
	{ "PI_CODING_AGENT", "pi", SHOW_SET },
	{ "KIRO_AGENT_PATH", "kiro", SHOW_SET },
	{ "OPENCLAW_SHELL", "openclaw", SHOW_SET },
	{ "TRAE_AI_SHELL_ID", "trae", SHOW_SET },
	{ "REPL_ID", "replit", SHOW_SET },
	{ "AGENT", "agent", SHOW_VALUE },
};

/* The first row whose variable is there names the system; CI alone comes last. */
static const struct variable CI_SYSTEMS[] = {
	{ "GITHUB_ACTIONS", "github-actions", SHOW_SET },
	{ "GITLAB_CI", "gitlab-ci", SHOW_SET },
	{ "JENKINS_URL", "jenkins", SHOW_SET },
	{ "BUILDKITE", "buildkite", SHOW_SET },
	{ "CIRCLECI", "circleci", SHOW_SET },
	{ "TF_BUILD", "azure-pipelines", SHOW_SET },
	{ "BITBUCKET_BUILD_NUMBER", "bitbucket", SHOW_SET },
	{ "TEAMCITY_VERSION", "teamcity", SHOW_SET },
	{ "CODEBUILD_BUILD_ID", "codebuild", SHOW_SET },
	{ "DRONE", "drone", SHOW_SET },
	{ "TRAVIS", "travis", SHOW_SET },
	{ "SEMAPHORE", "semaphore", SHOW_SET },
	{ "APPVEYOR", "appveyor", SHOW_SET },
	{ "CIRRUS_CI", "cirrus", SHOW_SET },
	{ "CI", "ci", SHOW_SET },
};

/* Which work a system says it does: `who` is the system that gives the name its meaning. */
static const struct variable CI_WORK[] = {
	{ "GITHUB_REPOSITORY", "github-actions", SHOW_VALUE },
	{ "GITHUB_RUN_ID", "github-actions", SHOW_VALUE },
	{ "GITHUB_REF", "github-actions", SHOW_VALUE },
	{ "GITHUB_WORKFLOW", "github-actions", SHOW_VALUE },
	{ "GITHUB_ACTOR", "github-actions", SHOW_VALUE },
	{ "CI_PROJECT_PATH", "gitlab-ci", SHOW_VALUE },
	{ "CI_PIPELINE_ID", "gitlab-ci", SHOW_VALUE },
	{ "CI_JOB_ID", "gitlab-ci", SHOW_VALUE },
	{ "CI_COMMIT_REF_NAME", "gitlab-ci", SHOW_VALUE },
	{ "JOB_NAME", "jenkins", SHOW_VALUE },
	{ "BUILD_NUMBER", "jenkins", SHOW_VALUE },
	{ "BUILDKITE_PIPELINE_SLUG", "buildkite", SHOW_VALUE },
	{ "BUILDKITE_BUILD_NUMBER", "buildkite", SHOW_VALUE },
	{ "BUILDKITE_BRANCH", "buildkite", SHOW_VALUE },
	{ "CIRCLE_PROJECT_REPONAME", "circleci", SHOW_VALUE },
	{ "CIRCLE_BUILD_NUM", "circleci", SHOW_VALUE },
	{ "CIRCLE_BRANCH", "circleci", SHOW_VALUE },
	{ "BUILD_REPOSITORY_NAME", "azure-pipelines", SHOW_VALUE },
	{ "BUILD_BUILDID", "azure-pipelines", SHOW_VALUE },
	{ "BUILD_SOURCEBRANCH", "azure-pipelines", SHOW_VALUE },
	{ "BITBUCKET_REPO_FULL_NAME", "bitbucket", SHOW_VALUE },
	{ "BITBUCKET_BRANCH", "bitbucket", SHOW_VALUE },
};

/* The rest that a reader of the record wants to know.  TRACEPARENT: W3C Trace Context. */
static const struct variable OTHERS[] = {
	{ "TRACEPARENT", NULL, SHOW_VALUE },
	{ "container", NULL, SHOW_VALUE }, /* systemd-nspawn, podman, lxc say their name here */
	{ "KUBERNETES_SERVICE_HOST", NULL, SHOW_SET },
	{ "POD_NAME", NULL, SHOW_VALUE },
	{ "POD_NAMESPACE", NULL, SHOW_VALUE },
	{ "SUDO_USER", NULL, SHOW_VALUE },
	{ "SSH_CONNECTION", NULL, SHOW_VALUE },
};

/* Unset, as far as people mean it. */
static bool is_off(struct slice value)
{
	return !value.length || slice_is(value, "0") ||
	       slice_equal_ignoring_case(value, SLICE("false"));
}

static const struct variable *row_of(const struct variable *rows, size_t count, struct slice name)
{
	for (size_t i = 0; i < count; i++)
		if (slice_matches(name, slice_of(rows[i].name)))
			return &rows[i];
	return NULL;
}

static void keep_first(const struct variable **kept, const struct variable *row)
{
	if (row && (!*kept || row < *kept))
		*kept = row;
}

struct environment_claims environment_claims(struct slice entries)
{
	const struct variable *agent = NULL, *ci = NULL;

	while (entries.length) {
		struct slice value = slice_cut(&entries, '\0'), name = slice_cut(&value, '=');

		if (is_off(value))
			continue;
		keep_first(&agent, row_of(AGENTS, COUNT_OF(AGENTS), name));
		keep_first(&ci, row_of(CI_SYSTEMS, COUNT_OF(CI_SYSTEMS), name));
	}
	return (struct environment_claims){ agent ? agent->who : NULL, ci ? ci->who : NULL };
}

static const struct variable *telling_row(struct slice name,
					  const struct environment_claims *claims)
{
	const struct variable *row = row_of(AGENTS, COUNT_OF(AGENTS), name);

	if (!row)
		row = row_of(OTHERS, COUNT_OF(OTHERS), name);
	if (row || !claims->ci)
		return row;
	row = row_of(CI_WORK, COUNT_OF(CI_WORK), name);
	return row && strcmp(row->who, claims->ci) == 0 ? row : NULL;
}

/* "00-" 32 hex digits "-" 16 hex digits "-" 2 hex digits: anything else is not a trace, and may
 * be anything. */
static bool is_trace(struct slice value)
{
	if (value.length != 55 || value.at[2] != '-' || value.at[35] != '-' || value.at[52] != '-')
		return false;
	for (size_t i = 0; i < value.length; i++)
		if (!memchr("0123456789abcdef-", value.at[i], 17))
			return false;
	return true;
}

static void add_variable(const struct variable *row, struct slice name, struct slice value,
			 struct fact_list *facts)
{
	char text[64];

	if (is_off(value) || name.length >= sizeof(text))
		return;
	if (slice_is(name, "TRACEPARENT") && !is_trace(value))
		return;
	memcpy(text, name.at, name.length);
	text[name.length] = '\0';
	if (row->show == SHOW_SET)
		value = SLICE("set");
	(void)fact_list_add_scrubbed(facts, text, slice_part(value, 0, 256), RECORD_CLAIMED);
}

void environment_add_facts(struct slice entries, const struct environment_claims *claims,
			   struct fact_list *facts)
{
	size_t full = facts->count + ENVIRONMENT_FACTS_MAX;

	(void)fact_list_add(facts, "agent", slice_of(claims->agent), RECORD_CLAIMED);
	(void)fact_list_add(facts, "ci", slice_of(claims->ci), RECORD_CLAIMED);
	while (entries.length && facts->count < full) {
		struct slice value = slice_cut(&entries, '\0'), name = slice_cut(&value, '=');
		const struct variable *row = telling_row(name, claims);

		if (row)
			add_variable(row, name, value, facts);
	}
}
