/* SPDX-License-Identifier: MIT */
/* Addresses of sockets read the same wherever they come from. */
#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>

#include "common/address.h"
#include "tests/unit/run_suite.h"

static const struct {
	int family;
	const char *host;
	const char *text;
} INETS[] = {
	{ AF_INET, "127.0.0.1", "127.0.0.1:5432" },
	{ AF_INET6, "::1", "[::1]:5432" },
	{ AF_INET6, "::ffff:10.0.0.7", "10.0.0.7:5432" },
	{ AF_INET6, "fe80::2", "[fe80::2]:5432" },
};

START_TEST(an_address_of_a_network_has_host_and_port)
{
	struct sockaddr_storage address = { .ss_family = (sa_family_t)INETS[_i].family };
	struct sockaddr_in *inet = (struct sockaddr_in *)&address;
	struct sockaddr_in6 *inet6 = (struct sockaddr_in6 *)&address;
	char text[ADDRESS_TEXT_MAX];

	inet->sin_port = htons(5432);
	ck_assert_int_eq(inet_pton(INETS[_i].family, INETS[_i].host,
				   INETS[_i].family == AF_INET ? (void *)&inet->sin_addr
							       : (void *)&inet6->sin6_addr),
			 1);
	address_write(&address, sizeof(address), text, sizeof(text));
	ck_assert_str_eq(text, INETS[_i].text);
}
END_TEST

static socklen_t make_unix(struct sockaddr_storage *address, const char *path, size_t length)
{
	struct sockaddr_un *unix_address = (struct sockaddr_un *)address;

	*address = (struct sockaddr_storage){ .ss_family = AF_UNIX };
	memcpy(unix_address->sun_path, path, length);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
}

START_TEST(a_path_ends_at_its_nul_or_with_the_address)
{
	struct sockaddr_storage address;
	char text[ADDRESS_TEXT_MAX];

	socklen_t length = make_unix(&address, "/run/.s.PGSQL.1\0rest", 20);
	address_write(&address, length, text, sizeof(text));
	ck_assert_str_eq(text, "/run/.s.PGSQL.1");
	length = make_unix(&address, "/run/.s.PGSQL.1", 15);
	address_write(&address, length, text, sizeof(text));
	ck_assert_str_eq(text, "/run/.s.PGSQL.1");
	length = make_unix(&address, "\0/run/.s.PGSQL.1", 16);
	address_write(&address, length, text, sizeof(text));
	ck_assert_str_eq(text, "@/run/.s.PGSQL.1");
}
END_TEST

START_TEST(a_peer_is_what_was_connected_to)
{
	struct sockaddr_in inet = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct sockaddr_storage bound;
	socklen_t length = sizeof(bound);
	SCOPED(close_p) int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	SCOPED(close_p) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char text[ADDRESS_TEXT_MAX], expected[ADDRESS_TEXT_MAX];
	int pair[2];

	ck_assert_int_eq(bind(listening, (struct sockaddr *)&inet, sizeof(inet)), 0);
	ck_assert_int_eq(listen(listening, 1), 0);
	ck_assert_int_eq(getsockname(listening, (struct sockaddr *)&bound, &length), 0);
	address_write(&bound, length, expected, sizeof(expected));
	ck_assert_int_eq(address_of_peer(fd, text, sizeof(text)), -ENOTCONN);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&bound, length), 0);
	ck_assert_int_eq(address_of_peer(fd, text, sizeof(text)), 0);
	ck_assert_str_eq(text, expected);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	ck_assert_int_eq(address_of_peer(pair[0], text, sizeof(text)), 0);
	ck_assert_str_eq(text, "");
	ck_assert_int_eq(address_of_peer(-1, text, sizeof(text)), -EBADF);
	close(pair[0]);
	close(pair[1]);
}
END_TEST

static void add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, an_address_of_a_network_has_host_and_port, 0, COUNT_OF(INETS));
	tcase_add_test(tcase, a_path_ends_at_its_nul_or_with_the_address);
	tcase_add_test(tcase, a_peer_is_what_was_connected_to);
}

int main(void)
{
	return run_suite("address", NULL, NULL, add_tests);
}
