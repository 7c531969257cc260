# SPDX-License-Identifier: MIT
# People log in with their password, and show a token until it ends.
import base64
import concurrent.futures
import hashlib
import json
import time

from authors import Person, add_account, login, rows
from served import code, enrol, server
from support import collect, main

VERSIONS = "/v1/policies/shop/versions"
EVERY_S = 3  # is one more try
NO_LOGINS = (b"", b"{}", b"[]", b'{"account":"admin"}', b'{"account":"Admin","password":"x"}', b'{"account":1,"password":"x"}',
             b'{"account":"admin","password":1}', b'{"account":"admin","account":"admin","password":"x"}',
             b'{"account":"admin","password":"' + b"x" * 1025 + b'"}', b'{"account":"","password":"x"}')


def status_with(served, token, path=VERSIONS):
    return served.ask("GET", path, f"Authorization: Bearer {token}")[0]


def test_a_token_is_for_twelve_hours_and_not_kept():
    with server() as served:
        status, _, told = login(served)
        assert status == 200 and told["role"] == "administrator", told
        assert status_with(served, told["token"]) == 200
        (digest, account, made, expires), = rows(served, "SELECT digest, account, made, expires FROM token")
        assert (account, expires - made) == ("admin", 12 * 3600 * 10**9) and abs(made / 1e9 - time.time()) < 60
        token = base64.urlsafe_b64decode(told["token"] + "=")
        assert digest == hashlib.sha256(token).digest() and len(token) == 32
        kept = served.kept()
        assert told["token"].encode() not in kept and token not in kept and digest in kept


def test_a_token_ends():
    with server() as served:
        token = login(served)[2]["token"]
        rows(served, "UPDATE token SET expires = ?", time.time_ns())
        assert status_with(served, token) == 401
        token = login(served)[2]["token"]
        assert len(rows(served, "SELECT digest FROM token")) == 1
        assert served.ask("POST", "/v1/logout", f"Authorization: Bearer {token}", "Content-Length: 0")[0] == 204
        assert status_with(served, token) == 401


def test_who_is_disabled_is_nobody():
    with server() as served:
        add_account(served, "bea", "author")
        token = login(served, "bea")[2]["token"]
        assert status_with(served, token) == 200
        rows(served, "UPDATE account SET disabled = 1 WHERE name = 'bea'")
        assert status_with(served, token) == 401 and login(served, "bea")[0] == 403


def test_nobody_else_is_answered():
    with server() as served:
        token = login(served)[2]["token"]
        machine = enrol(served, code(served)[0])[2]["token"]
        for shown in ("", "Bearer", "Bearer AAAA", "Bearer " + "A" * 43, f"Basic {token}", f"bearer {token}", f"Bearer {token}=",
                      f"Bearer {machine}"):
            status, headers, _ = served.ask("GET", VERSIONS, f"Authorization: {shown}")
            assert status == 401 and headers["www-authenticate"] == "Bearer", shown
        assert status_with(served, token, "/v1/agent") == 401 and status_with(served, token, "/v1/policy") == 401


def test_roles_may_do_what_is_theirs():
    with server() as served:
        for role, expected in (("viewer", 403), ("approver", 403), ("auditor", 403), ("author", 400), ("administrator", 400)):
            add_account(served, role, role)
            person = Person(served, role)
            assert person.get(VERSIONS)[0] == 200 and person.get("/v1/policies/shop/drafts")[0] == 200, role
            assert person.ask("POST", "/v1/policies/shop/drafts", b"{}")[0] == expected, role
            status, _ = person.ask("POST", "/v1/policies/shop/drafts/1/signatures", b"x")
            assert status == (403 if expected == 403 else 404), role


def guess(most, every_s, ask):
    """Guesses until it has to wait: no more tries than `most`, and one more for each `every_s`, however slow they are."""
    begun, tries = time.monotonic(), 0
    while tries < 3 * most and (status := ask(tries)) != 429:
        assert status == 403
        tries += 1
        assert tries <= most + 1 + (time.monotonic() - begun) / every_s, tries
    assert tries >= most


def test_who_guesses_has_to_wait():
    with server() as served:
        add_account(served, "bea", "viewer")
        guess(10, 2 * EVERY_S, lambda i: login(served, "admin", "wrong", source=f"127.0.1.{i}")[0])
        status, headers, told = login(served, source="127.0.2.1")
        assert status == 429 and f"in {headers['retry-after']} seconds" in told["detail"], told
        deadline = time.monotonic() + 30
        while (status := login(served, source="127.0.2.1")[0]) == 429 and time.monotonic() < deadline:
            time.sleep(0.3)
        assert status == 200
        guess(20, EVERY_S, lambda i: login(served, f"nobody-{i}", "wrong", source="127.0.3.1")[0])
        assert 200 in [login(served, "bea", source=f"127.0.4.{i}")[0] for i in range(1, 5)]  # whom that does not concern


def test_who_does_not_exist_takes_as_long():
    with server() as served:
        def seconds(account):
            begin = time.monotonic()
            assert login(served, account, "wrong")[0] == 403
            return time.monotonic() - begin
        known, unknown = sorted(seconds("admin") for _ in range(5)), sorted(seconds("nobody") for _ in range(5))
        assert 0.5 < known[2] / unknown[2] < 2, (known, unknown)


def test_passwords_hold_nobody_else_up():
    with server() as served, concurrent.futures.ThreadPoolExecutor(16) as pool:
        logins = [pool.submit(login, served) for _ in range(16)]
        begin = time.monotonic()
        assert served.is_alive()
        assert time.monotonic() - begin < 1
        assert {each.result()[0] for each in logins} == {200}


def test_an_account_has_so_many_tokens():
    with server() as served:
        first = login(served)[2]["token"]
        last = [login(served)[2]["token"] for _ in range(32)][-1]
        assert len(rows(served, "SELECT digest FROM token")) == 32
        assert status_with(served, first) == 401 and status_with(served, last) == 200


def test_what_is_no_request_is_told_so():
    with server() as served:
        for body in NO_LOGINS:
            status, _, told = served.ask("POST", "/v1/login", body=body)
            assert status == 400 and json.loads(told)["status"] == 400, (body[:80], status)
        assert served.is_alive()


main(collect(globals()))
