/* SPDX-License-Identifier: MIT */
/* Where a policy is looked for, and what of it may be used. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "tests/unit/run_suite.h"
#include "tools/chaperone/policy_find.h"
#include "tools/chaperone/trust.h"

#define POLICY       "version: 1\nname: first\nrules: []\n"
#define OTHER_POLICY "version: 1\nname: other\nrules: []\n"

/* HOME is top/home; the working folder is top/shop/deep, and top/shop the repository. */
static char top[32];
static struct policy_found found;
static struct error error;

static void make_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
	ck_assert_int_eq(chmod(path, 0644), 0);
}

static void make_folder(const char *path)
{
	ck_assert_int_eq(mkdir(path, 0755), 0);
}

static void set_up(void)
{
	char home[64];

	snprintf(top, sizeof(top), "/tmp/chaperone-find-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(top));
	ck_assert_int_eq(chdir(top), 0);
	umask(022);
	make_folder("home");
	make_folder("shop");
	make_folder("shop/.git");
	make_folder("shop/deep");
	snprintf(home, sizeof(home), "%s/home", top);
	ck_assert_int_eq(setenv("HOME", home, 1), 0);
	unsetenv("CHAPERONE_POLICY");
	ck_assert_int_eq(chdir("shop/deep"), 0);
	memset(&error, 0, sizeof(error));
}

static int delete_entry(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
	(void)status;
	(void)kind;
	(void)walk;
	return remove(path);
}

static void tear_down(void)
{
	ck_assert_int_eq(chdir("/"), 0);
	nftw(top, delete_entry, 8, FTW_DEPTH | FTW_PHYS);
}

static void make_policy(const char *folder, const char *text)
{
	char path[128];

	make_folder(folder);
	snprintf(path, sizeof(path), "%s/policy.yaml", folder);
	make_file(path, text);
}

static void make_user_policy(void)
{
	make_folder("../../home/.config");
	make_policy("../../home/.config/chaperone", POLICY);
}

static int read_found(void)
{
	SCOPED(policy_source_done) struct policy_source source = { .texts = NULL };

	return policy_found_read(&found, &source, &error);
}

static int trust_found(void)
{
	SCOPED(policy_source_done) struct policy_source source = { .texts = NULL };

	ck_assert_int_eq(policy_source_read(found.path, CARE_LINKS, &source, &error), 0);
	return trust_give(found.path, source.digest, &error);
}

START_TEST(nowhere_is_an_error_that_says_how_to_begin)
{
	if (access("/etc/chaperone", F_OK) == 0)
		return;
	ck_assert_int_eq(policy_find(NULL, &found, &error), -ENOENT);
	ck_assert_ptr_nonnull(strstr(error.text, "chaperone init"));
}
END_TEST

START_TEST(earlier_places_win)
{
	make_user_policy();
	ck_assert_int_eq(policy_find(NULL, &found, &error), 0);
	ck_assert_int_eq(found.origin, ORIGIN_USER);
	ck_assert(!found.needs_trust);
	make_policy("../chaperone", POLICY);
	ck_assert_int_eq(policy_find(NULL, &found, &error), 0);
	ck_assert_int_eq(found.origin, ORIGIN_FOLDER);
	ck_assert(found.needs_trust);
	make_file("named.yaml", POLICY);
	setenv("CHAPERONE_POLICY", "named.yaml", 1);
	ck_assert_int_eq(policy_find(NULL, &found, &error), 0);
	ck_assert_int_eq(found.origin, ORIGIN_ENVIRONMENT);
	make_file("option.yaml", POLICY);
	ck_assert_int_eq(policy_find("option.yaml", &found, &error), 0);
	ck_assert_int_eq(found.origin, ORIGIN_OPTION);
	ck_assert(!found.needs_trust);
	ck_assert_int_eq(found.path[0], '/');
	ck_assert_int_eq(read_found(), 0);
}
END_TEST

START_TEST(a_named_policy_that_is_missing_is_not_replaced_by_another)
{
	make_user_policy();
	ck_assert_int_eq(policy_find("missing.yaml", &found, &error), -ENOENT);
	setenv("CHAPERONE_POLICY", "missing.yaml", 1);
	ck_assert_int_eq(policy_find(NULL, &found, &error), -ENOENT);
	ck_assert_ptr_nonnull(strstr(error.text, "missing.yaml"));
}
END_TEST

START_TEST(the_nearest_folder_wins_up_to_the_repository)
{
	make_policy("../../chaperone", POLICY); /* outside of the repository */
	ck_assert_int_eq(policy_find_in_folders(&found, &error), -ENOENT);
	make_policy("../chaperone", POLICY);
	ck_assert_int_eq(policy_find_in_folders(&found, &error), 0);
	ck_assert_ptr_nonnull(strstr(found.path, "/shop/chaperone"));
	make_folder("chaperone"); /* no policy in it */
	make_file("chaperone/policy_test.yaml", "version: 1\n");
	ck_assert_int_eq(policy_find_in_folders(&found, &error), 0);
	ck_assert_ptr_nonnull(strstr(found.path, "/shop/chaperone"));
	make_file("chaperone/policy.yaml", POLICY);
	ck_assert_int_eq(policy_find_in_folders(&found, &error), 0);
	ck_assert_ptr_nonnull(strstr(found.path, "/shop/deep/chaperone"));
}
END_TEST

START_TEST(without_a_repository_only_this_folder_counts)
{
	ck_assert_int_eq(rmdir("../.git"), 0);
	make_policy("../chaperone", POLICY);
	ck_assert_int_eq(policy_find_in_folders(&found, &error), -ENOENT);
	make_policy("chaperone", POLICY);
	ck_assert_int_eq(policy_find_in_folders(&found, &error), 0);
}
END_TEST

START_TEST(a_folders_policy_is_used_after_trust_and_until_it_changes)
{
	make_policy("chaperone", POLICY);
	ck_assert_int_eq(policy_find(NULL, &found, &error), 0);
	ck_assert_int_eq(read_found(), -EACCES);
	ck_assert_ptr_nonnull(strstr(error.text, "is not trusted yet"));
	ck_assert_ptr_nonnull(strstr(error.text, "chaperone policy trust /"));
	ck_assert_int_eq(trust_found(), 0);
	ck_assert_int_eq(read_found(), 0);
	make_file("chaperone/policy_test.yaml", "anything");
	ck_assert_int_eq(read_found(), 0);
	make_file("chaperone/policy.yaml", OTHER_POLICY);
	ck_assert_int_eq(read_found(), -EACCES);
	ck_assert_ptr_nonnull(strstr(error.text, "has changed"));
	make_file("chaperone/policy.yaml", POLICY);
	ck_assert_int_eq(read_found(), 0);
	make_file("chaperone/second.yaml", OTHER_POLICY);
	ck_assert_int_eq(read_found(), -EACCES);
	ck_assert_int_eq(unlink("chaperone/second.yaml"), 0);
	ck_assert_int_eq(rename("chaperone/policy.yaml", "chaperone/renamed.yaml"), 0);
	ck_assert_int_eq(read_found(), -EACCES);
}
END_TEST

START_TEST(trust_belongs_to_one_path)
{
	make_policy("chaperone", POLICY);
	make_policy("../chaperone", POLICY);
	ck_assert_int_eq(policy_find(NULL, &found, &error), 0);
	ck_assert_int_eq(trust_found(), 0);
	ck_assert_int_eq(read_found(), 0);
	ck_assert_int_eq(chdir(".."), 0);
	ck_assert_int_eq(policy_find(NULL, &found, &error), 0);
	ck_assert_int_eq(read_found(), -EACCES);
}
END_TEST

START_TEST(a_path_that_a_shell_would_misread_is_not_in_the_command)
{
	make_folder("a b");
	ck_assert_int_eq(chdir("a b"), 0);
	make_policy("chaperone", POLICY);
	ck_assert_int_eq(policy_find(NULL, &found, &error), 0);
	ck_assert_int_eq(read_found(), -EACCES);
	ck_assert(slice_ends_with(slice_of(error.text), "type: chaperone policy trust"));
}
END_TEST

START_TEST(planted_links_and_pipes_in_folders_are_refused)
{
	make_policy("real", POLICY);
	ck_assert_int_eq(symlink("real", "chaperone"), 0);
	ck_assert_int_eq(policy_find(NULL, &found, &error), 0);
	ck_assert_int_lt(read_found(), 0);
	ck_assert_ptr_nonnull(strstr(error.text, "link"));
	ck_assert_int_eq(unlink("chaperone"), 0);
	make_folder("chaperone");
	ck_assert_int_eq(symlink("../real/policy.yaml", "chaperone/policy.yaml"), 0);
	ck_assert_int_eq(policy_find(NULL, &found, &error), 0);
	ck_assert_int_eq(read_found(), -ELOOP);
	ck_assert_int_eq(unlink("chaperone/policy.yaml"), 0);
	ck_assert_int_eq(mkfifo("chaperone/policy.yaml", 0644), 0);
	ck_assert_int_eq(policy_find(NULL, &found, &error), 0);
	ck_assert_int_eq(read_found(), -ENOTSUP);
	ck_assert_int_eq(unlink("chaperone/policy.yaml"), 0);
	ck_assert_int_eq(rmdir("chaperone"), 0);
	ck_assert_int_eq(mkfifo("chaperone", 0644), 0);
	ck_assert_int_eq(policy_find(NULL, &found, &error), 0);
	ck_assert_int_eq(read_found(), -ENOTSUP);
}
END_TEST

START_TEST(a_named_policy_must_be_its_owners_alone)
{
	make_file("named.yaml", POLICY);
	ck_assert_int_eq(policy_find("named.yaml", &found, &error), 0);
	ck_assert_int_eq(read_found(), 0);
	ck_assert_int_eq(chmod("named.yaml", 0664), 0);
	ck_assert_int_eq(read_found(), -EPERM);
	ck_assert_int_eq(chmod("named.yaml", 0646), 0);
	ck_assert_int_eq(read_found(), -EPERM);
	ck_assert_int_eq(chmod("named.yaml", 0644), 0);
	ck_assert_int_eq(chmod(".", 0777), 0);
	ck_assert_int_eq(read_found(), -EPERM);
	ck_assert_int_eq(chmod(".", 01777), 0);
	ck_assert_int_eq(read_found(), 0);
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(chown("named.yaml", 65534, 65534), 0);
	ck_assert_int_eq(read_found(), -EPERM);
}
END_TEST

START_TEST(a_named_policy_may_be_reached_by_a_link)
{
	make_file("real.yaml", POLICY);
	ck_assert_int_eq(symlink("real.yaml", "named.yaml"), 0);
	ck_assert_int_eq(policy_find("named.yaml", &found, &error), 0);
	ck_assert_int_eq(read_found(), 0);
}
END_TEST

START_TEST(a_trust_store_that_others_can_enter_gives_no_trust)
{
	make_policy("chaperone", POLICY);
	ck_assert_int_eq(policy_find(NULL, &found, &error), 0);
	ck_assert_int_eq(trust_found(), 0);
	ck_assert_int_eq(chmod("../../home/.local/state/chaperone/trust", 0755), 0);
	ck_assert_int_eq(read_found(), -EPERM);
	ck_assert_ptr_nonnull(strstr(error.text, "chmod 700"));
}
END_TEST

START_TEST(the_texts_that_were_checked_are_the_texts_that_are_used)
{
	SCOPED(policy_source_done) struct policy_source source = { .texts = NULL };
	SCOPED(policy_freep) struct policy *policy = NULL;

	make_file("named.yaml", POLICY);
	ck_assert_int_eq(policy_find("named.yaml", &found, &error), 0);
	ck_assert_int_eq(policy_found_read(&found, &source, &error), 0);
	make_file("named.yaml", OTHER_POLICY);
	ck_assert_int_eq(policy_source_parse(&source, &policy, &error), 0);
	ck_assert_str_eq(policy->files[0].name, "first");
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_test(tcase, nowhere_is_an_error_that_says_how_to_begin);
	tcase_add_test(tcase, earlier_places_win);
	tcase_add_test(tcase, a_named_policy_that_is_missing_is_not_replaced_by_another);
	tcase_add_test(tcase, the_nearest_folder_wins_up_to_the_repository);
	tcase_add_test(tcase, without_a_repository_only_this_folder_counts);
	tcase_add_test(tcase, a_folders_policy_is_used_after_trust_and_until_it_changes);
	tcase_add_test(tcase, trust_belongs_to_one_path);
	tcase_add_test(tcase, a_path_that_a_shell_would_misread_is_not_in_the_command);
	tcase_add_test(tcase, planted_links_and_pipes_in_folders_are_refused);
	tcase_add_test(tcase, a_named_policy_must_be_its_owners_alone);
	tcase_add_test(tcase, a_named_policy_may_be_reached_by_a_link);
	tcase_add_test(tcase, a_trust_store_that_others_can_enter_gives_no_trust);
	tcase_add_test(tcase, the_texts_that_were_checked_are_the_texts_that_are_used);
}

int main(void)
{
	return run_suite("policy_find", set_up, tear_down, add_tests);
}
