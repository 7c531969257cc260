/* SPDX-License-Identifier: MIT */
/* Small parts of the server: names, routes, codes, tries. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "control/code.h"
#include "control/name.h"
#include "tests/unit/run_suite.h"
#include "tools/command/command.h"
#include "tools/server/http/route.h"
#include "tools/server/people/scope.h"
#include "tools/server/common/throttle.h"

const char command_program[] = "test_server";

static int answer_nothing(const struct request *request, struct reply *reply)
{
	(void)request;
	(void)reply;
	return 0;
}

static const struct route TRIED[] = {
	{ "GET", "/", answer_nothing, ROUTE_ANYBODY, LANE_NONE, 0, SCOPE_NONE },
	{ "GET", "/v1/policies/{name}", answer_nothing, ROUTE_ANYBODY, LANE_NONE, 0, SCOPE_NONE },
	{ "PUT", "/v1/policies/{name}", answer_nothing, ROUTE_ANYBODY, LANE_NONE, 0, SCOPE_NONE },
	{ "GET", "/v1/policies/{name}/versions/{version}", answer_nothing, ROUTE_ANYBODY, LANE_NONE,
	  0, SCOPE_NONE },
	{ .method = NULL },
};

static const struct {
	const char *method, *path;
	int row; /* of TRIED; -1: none */
	const char *allowed, *first, *second;
} REQUESTS[] = {
	{ "GET", "/", 0, "", "", "" },
	{ "HEAD", "/", 0, "", "", "" },
	{ "GET", "", -1, "", "", "" },
	{ "GET", "//", -1, "", "", "" },
	{ "GET", "/v1/policies/shop", 1, "", "shop", "" },
	{ "PUT", "/v1/policies/shop", 2, "GET", "shop", "" },
	{ "POST", "/v1/policies/shop", -1, "GET, PUT", "", "" },
	{ "HEAD", "/v1/policies/{name}", 1, "", "{name}", "" },
	{ "GET", "/v1/policies/", -1, "", "", "" },
	{ "GET", "/v1/policies", -1, "", "", "" },
	{ "GET", "/v1/policies/shop/", -1, "", "", "" },
	{ "GET", "/v1/policies/a/versions/7", 3, "", "a", "7" },
	{ "GET", "/v1/policies//versions/7", -1, "", "", "" },
	{ "get", "/", -1, "GET", "", "" },
};

START_TEST(a_request_finds_its_route)
{
	SCOPED(buf_done) struct buf allowed = BUF_MAX(100);
	struct request request = { .method = slice_of(REQUESTS[_i].method),
				   .path = slice_of(REQUESTS[_i].path) };
	const struct route *route = route_find(TRIED, &request, &allowed);

	ck_assert_ptr_eq(route, REQUESTS[_i].row < 0 ? NULL : &TRIED[REQUESTS[_i].row]);
	ck_assert_str_eq(buf_text(&allowed), REQUESTS[_i].allowed);
	if (!route)
		return;
	ck_assert(slice_is(request.parts[0], REQUESTS[_i].first));
	ck_assert(slice_is(request.parts[1], REQUESTS[_i].second));
}
END_TEST

static const struct {
	const char *name;
	bool is_plain, is_host;
} NAMES[] = {
	{ "", false, false },    { "a", true, true },          { "shop-prod_2.x", true, false },
	{ "Shop", false, true }, { "2shop", false, true },     { "-a", false, true },
	{ "a b", false, false }, { "a/b", false, false },      { "\xc3\xa4", false, false },
	{ "a+b", false, false }, { "db.example", true, true },
};

START_TEST(names_are_told_apart)
{
	ck_assert(name_is_plain(slice_of(NAMES[_i].name)) == NAMES[_i].is_plain);
	ck_assert(name_is_host(slice_of(NAMES[_i].name)) == NAMES[_i].is_host);
}
END_TEST

START_TEST(names_have_an_end_and_no_zero)
{
	char name[NAME_HOST_MAX + 1];

	memset(name, 'a', sizeof(name));
	ck_assert(name_is_plain((struct slice){ name, NAME_PLAIN_MAX }));
	ck_assert(!name_is_plain((struct slice){ name, NAME_PLAIN_MAX + 1 }));
	ck_assert(name_is_host((struct slice){ name, NAME_HOST_MAX }));
	ck_assert(!name_is_host((struct slice){ name, NAME_HOST_MAX + 1 }));
	ck_assert(!name_is_plain(SLICE("a\0b")));
	ck_assert(!name_is_host(SLICE("a\0b")));
}
END_TEST

START_TEST(tries_come_back_with_time)
{
	struct throttle throttle = { .lock = PTHREAD_MUTEX_INITIALIZER,
				     .most = 3,
				     .every_ns = 2 * SECOND_NS };
	uint64_t now_ns = 1000 * SECOND_NS, wait_s;

	for (int i = 0; i < 3; i++) {
		ck_assert(throttle_has(&throttle, now_ns, &wait_s));
		throttle_take(&throttle, now_ns);
	}
	ck_assert(!throttle_has(&throttle, now_ns, &wait_s));
	ck_assert_uint_eq(wait_s, 2);
	ck_assert(!throttle_has(&throttle, now_ns + SECOND_NS, &wait_s));
	ck_assert_uint_eq(wait_s, 1);
	now_ns += 2 * SECOND_NS;
	ck_assert(throttle_has(&throttle, now_ns, &wait_s));
	throttle_take(&throttle, now_ns);
	ck_assert(!throttle_has(&throttle, now_ns, &wait_s));
	now_ns += 3600 * SECOND_NS; /* it is full, not fuller */
	for (int i = 0; i < 3; i++)
		throttle_take(&throttle, now_ns);
	ck_assert(!throttle_has(&throttle, now_ns, &wait_s));
}
END_TEST

/* The first half of an address of IPv6, as http/source.c reads it, whose byte `place` is `value`. */
static uint64_t network(size_t place, unsigned char value)
{
	unsigned char bytes[8] = { 0x20, 0x01, 0x0d, 0xb8, 1, 2, 3, 4 };
	uint64_t number;

	bytes[place] = value;
	memcpy(&number, bytes, sizeof(number));
	return number;
}

START_TEST(neighbouring_networks_have_throttles_of_their_own)
{
	static struct throttles throttles;
	bool is_used[THROTTLES] = { false };
	size_t used = 0;

	throttles_init(&throttles, 1, SECOND_NS);
	for (unsigned int value = 0; value < THROTTLES; value++)
		is_used[throttle_of(&throttles, network((size_t)_i, (unsigned char)value)) -
			throttles.at] = true;
	for (size_t i = 0; i < THROTTLES; i++)
		used += is_used[i];
	ck_assert_uint_gt(used, THROTTLES / 4);
}
END_TEST

START_TEST(tries_are_there_soon_after_a_machines_start)
{
	struct throttle throttle = { .lock = PTHREAD_MUTEX_INITIALIZER,
				     .most = 3,
				     .every_ns = 2 * SECOND_NS };
	uint64_t wait_s;

	ck_assert(throttle_has(&throttle, 2 * SECOND_NS, &wait_s));
}
END_TEST

#define CODE "9-4WX4KBFfFI1XJsTaXDGA.AznbImKwCCm-lKAAWgcour7F1Oxr1w3cWgq57G-VutA"

START_TEST(a_code_is_read_as_it_was_written)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(200);
	struct enrolment_code code;

	ck_assert_int_eq(code_read(SLICE(" " CODE "\n"), &code), 0);
	code_write(&code, &out);
	ck_assert_str_eq(buf_text(&out), CODE);
}
END_TEST

static const char *const NO_CODES[] = {
	"",
	".",
	"9-4WX4KBFfFI1XJsTaXDGA",
	"9-4WX4KBFfFI1XJsTaXDGA.",
	".AznbImKwCCm-lKAAWgcour7F1Oxr1w3cWgq57G-VutA",
	"9-4WX4KBFfFI1XJsTaXDG.AznbImKwCCm-lKAAWgcour7F1Oxr1w3cWgq57G-VutA",
	CODE "A",
	CODE "=",
	CODE ".",
};

START_TEST(what_is_no_code_is_refused)
{
	struct enrolment_code code;

	ck_assert_int_eq(code_read(slice_of(NO_CODES[_i]), &code), -EINVAL);
}
END_TEST

static bool is_one_bit(unsigned int bits)
{
	return bits && !(bits & (bits - 1));
}

START_TEST(every_route_for_people_has_a_scope)
{
	for (const struct route *route = ROUTES; route->method; route++) {
		bool is_for_people = route->callers & ROUTE_PEOPLE;

		ck_assert_msg(is_for_people ? is_one_bit(route->scope) : route->scope == SCOPE_NONE,
			      "%s %s", route->method, route->path);
		ck_assert_msg(!is_for_people || route->scope & SCOPES_OF_LOGIN, "%s %s",
			      route->method, route->path);
		ck_assert_msg(route->scope != SCOPE_READ || strcmp(route->method, "GET") == 0,
			      "%s %s", route->method, route->path);
	}
}
END_TEST

static const struct {
	const char *text;
	unsigned int scopes; /* SCOPE_NONE: it is refused */
	const char *written;
} SCOPE_TEXTS[] = {
	{ "read", SCOPE_READ, "read" },
	{ "policy", SCOPE_POLICY, "policy" },
	{ "read,policy", SCOPE_READ | SCOPE_POLICY, "read,policy" },
	{ "policy,read,policy", SCOPE_READ | SCOPE_POLICY, "read,policy" },
	{ "", SCOPE_NONE, "" },
	{ ",", SCOPE_NONE, "" },
	{ "read,", SCOPE_NONE, "" },
	{ ",read", SCOPE_NONE, "" },
	{ "read, policy", SCOPE_NONE, "" },
	{ "Read", SCOPE_NONE, "" },
	{ "login", SCOPE_NONE, "" },
	{ "read,admin", SCOPE_NONE, "" },
	{ "read,read,read,read,read,read,read,read,read,read,read,read,read,read", SCOPE_NONE, "" },
};

START_TEST(scopes_are_read_as_they_are_written)
{
	SCOPED(buf_done) struct buf out = BUF_MAX(SCOPES_TEXT_MAX);
	unsigned int scopes = SCOPE_NONE;
	int r = scopes_read(slice_of(SCOPE_TEXTS[_i].text), &scopes);

	ck_assert_int_eq(r, SCOPE_TEXTS[_i].scopes == SCOPE_NONE ? -EINVAL : 0);
	ck_assert_uint_eq(scopes, SCOPE_TEXTS[_i].scopes);
	scopes_write(scopes, &out);
	ck_assert_str_eq(buf_text(&out), SCOPE_TEXTS[_i].written);
}
END_TEST

START_TEST(a_scope_fits_those_who_may_do_what_it_is_for)
{
	static const unsigned int ROLES_OF_PEOPLE[] = { ROLE_VIEWER, ROLE_APPROVER, ROLE_AUTHOR,
							ROLE_ADMINISTRATOR, ROLE_AUDITOR };

	for (size_t i = 0; i < COUNT_OF(ROLES_OF_PEOPLE); i++) {
		unsigned int role = ROLES_OF_PEOPLE[i];
		bool is_author = role == ROLE_AUTHOR || role == ROLE_ADMINISTRATOR;

		ck_assert(scopes_fit(SCOPE_READ, role));
		ck_assert(scopes_fit(SCOPE_POLICY, role) == is_author);
		ck_assert(scopes_fit(SCOPE_READ | SCOPE_POLICY, role) == is_author);
	}
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, every_route_for_people_has_a_scope);
	tcase_add_loop_test(tests, scopes_are_read_as_they_are_written, 0, COUNT_OF(SCOPE_TEXTS));
	tcase_add_test(tests, a_scope_fits_those_who_may_do_what_it_is_for);
	tcase_add_loop_test(tests, a_request_finds_its_route, 0, COUNT_OF(REQUESTS));
	tcase_add_loop_test(tests, names_are_told_apart, 0, COUNT_OF(NAMES));
	tcase_add_test(tests, names_have_an_end_and_no_zero);
	tcase_add_test(tests, tries_come_back_with_time);
	tcase_add_loop_test(tests, neighbouring_networks_have_throttles_of_their_own, 0, 8);
	tcase_add_test(tests, tries_are_there_soon_after_a_machines_start);
	tcase_add_test(tests, a_code_is_read_as_it_was_written);
	tcase_add_loop_test(tests, what_is_no_code_is_refused, 0, COUNT_OF(NO_CODES));
}

int main(void)
{
	return run_suite("server", NULL, NULL, add_tests);
}
