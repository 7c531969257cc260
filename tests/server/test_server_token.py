# SPDX-License-Identifier: MIT
# Programs show a token that is good for its scopes, within the role of its account, until it ends.
import base64
import hashlib
import json
import os
import re
import subprocess
import time

from authors import Person, add_account, add_key, bundle, login, rows, sign
from served import code, enrol, manage, manage_json, server
from support import collect, main

SCOPES = {1: "read", 2: "policy", 0x100: "login"}
PEOPLE = 0x1f
DRAFTS, VERSIONS = "/v1/policies/shop/drafts", "/v1/policies/shop/versions"
# Each route for people, what a request that gets that far is answered, and the scope that lets it.
ROUTES = (("GET", DRAFTS, b"", 200, "read"),
          ("GET", DRAFTS + "/1", b"", 404, "read"),
          ("GET", VERSIONS, b"", 200, "read"),
          ("GET", VERSIONS + "/1", b"", 404, "read"),
          ("POST", DRAFTS, b"{}", 400, "policy"),
          ("POST", DRAFTS + "/1/signatures", b"x", 404, "policy"),
          ("GET", "/v1/authors", b"", 200, "read"),
          ("POST", "/v1/authors", b"x", 400, "policy"),
          ("GET", "/v1/events", b"", 200, "read"),
          ("GET", "/v1/events/1/1", b"", 404, "read"),
          ("GET", "/v1/notes", b"", 200, "read"),
          ("GET", "/v1/statistics", b"", 200, "read"),
          ("GET", "/v1/agents", b"", 200, "read"),
          ("GET", "/v1/alarms", b"", 200, "read"),
          ("GET", "/v1/log/proof", b"", 400, "read"),
          ("GET", "/v1/authors/roots/1", b"", 404, "read"),
          ("POST", "/v1/alarms/1/1/1", b"", 404, "login"),
          ("POST", "/v1/logout", b"", 204, "login"))


def make(served, account="admin", scope="read", expires="1h", **options):
    return manage_json(served, "token make", "--account", account, "--scope", scope, "--expires", expires, **options)


def status_with(served, token, method="GET", path=VERSIONS, body=b""):
    more = [] if body or method == "GET" else ["Content-Length: 0"]
    return served.ask(method, path, f"Authorization: Bearer {token}", *more, body=body)[0]


def test_every_route_for_people_is_in_this_test():
    lines = subprocess.run([os.environ["ROUTE_LIST"]], capture_output=True, text=True, check=True).stdout.splitlines()
    there = {(method, re.sub("{\\w+}", "1", path.replace("{bundle}", "shop")), SCOPES.get(int(scope, 16)))
             for method, path, callers, _, _, scope in map(str.split, lines) if int(callers, 16) & PEOPLE}
    assert there == {(method, path, scope) for method, path, _, _, scope in ROUTES}, there


def test_a_scope_is_for_its_routes_alone():
    with server() as served:
        for scope in ("read", "policy", "read,policy"):
            token = make(served, scope=scope)["token"]
            for method, path, body, reached, wanted in ROUTES:
                expected = reached if wanted in scope.split(",") else 403
                assert status_with(served, token, method, path, body) == expected, (scope, method, path)
        token = login(served)[2]["token"]
        for method, path, body, reached, _ in ROUTES:
            assert status_with(served, token, method, path, body) == reached, (method, path)


def test_what_a_token_lacks_is_said():
    with server() as served:
        _, _, body = served.ask("POST", DRAFTS, f"Authorization: Bearer {make(served)['token']}", body=b"{}")
        assert "not among the scopes of your token" in json.loads(body)["detail"], body


def test_a_token_does_what_its_account_does():
    with server() as served:
        add_account(served, "bea", "author")
        beas, _ = add_key(served, "bea")
        person = Person(served)
        made = make(served, "bea", "read,policy")
        person.token = made["token"]
        _, draft = person.push(bundle())
        assert "\nby bea\n" in draft["release"]
        assert person.sign(draft["draft"], sign(draft["release"], beas))[1]["is_published"]
        told = [(row["kind"], row["actor"], row["action"]) for row in manage_json(served, "log", "--last", "3")]
        assert told == [("token", f"bea/{made['id']}", action) for action in ("version", "signature", "draft")], told


def test_a_token_is_shown_once_and_kept_as_a_digest():
    with server() as served:
        made = make(served)
        token = made["token"].removeprefix("chaperone_")
        assert token != made["token"]
        secret = base64.urlsafe_b64decode(token + "=")
        (digest, expires, created), = rows(served, "SELECT digest, expires, made FROM api_token")
        assert digest == hashlib.sha256(secret).digest() and len(secret) == 32
        assert abs(expires - created - 3600 * 10**9) < 10**9 and abs(created / 1e9 - time.time()) < 60
        kept = served.kept()
        assert made["id"].encode() in kept and token.encode() not in kept and secret not in kept
        out, _ = manage(served, "token make", "--account", "admin", "--scope", "read", "--expires", "30d")
        shown, = (line.split()[1] for line in out.splitlines() if line.strip().startswith("token"))
        assert status_with(served, shown) == 200
        assert "token" not in manage_json(served, "token list")[0]


def test_a_token_ends():
    with server() as served:
        made = make(served, expires="1s")
        deadline = time.monotonic() + 30
        while (status := status_with(served, made["token"])) == 200 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert status == 401
        made = make(served)
        assert [row["id"] for row in manage_json(served, "token list")] == [made["id"]]  # the old one is gone
        rows(served, "UPDATE api_token SET expires = ?", time.time_ns())
        assert status_with(served, made["token"]) == 401


def test_a_token_that_was_revoked_is_nobodys():
    with server() as served:
        made, other = make(served), make(served)
        manage(served, "token revoke", made["id"])
        assert status_with(served, made["token"]) == 401 and status_with(served, other["token"]) == 200
        assert "token list" in manage(served, "token revoke", made["id"], expect=1)[1]
        manage(served, "token revoke", made["token"], expect=1)
        manage(served, "token revoke", expect=2)


def test_what_is_no_token_is_nobodys():
    with server() as served:
        made = make(served, scope="read,policy")
        token, machine = made["token"], enrol(served, code(served)[0])[2]["token"]
        bare, session = token.removeprefix("chaperone_"), login(served)[2]["token"]
        other = "B" if bare[0] == "A" else "A"
        for shown in (bare, f"chaperone_{session}", f"chaperone_{machine}", f"chaperone_{bare[:-1]}", f"chaperone_{bare}A", f"{token}=",
                      f"chaperone_{other}{bare[1:]}", f"chaperone_chaperone_{bare}", f"Chaperone_{bare}", "chaperone_", made["id"],
                      f"chaperone_{'A' * 43}", f" {token}"):
            assert status_with(served, shown) == 401, shown
        assert status_with(served, token, path="/v1/agent") == 401 and status_with(served, token, path="/v1/policy") == 401
        assert status_with(served, token) == 200 and status_with(served, session) == 200


def test_a_token_has_no_more_than_its_accounts_role():
    with server() as served:
        add_account(served, "bea", "author")
        token = make(served, "bea", "read,policy")["token"]
        assert status_with(served, token, "POST", DRAFTS, b"{}") == 400
        manage(served, "user role", "bea", "viewer")
        assert status_with(served, token, "POST", DRAFTS, b"{}") == 403 and status_with(served, token) == 200
        for scope in ("policy", "read,policy"):
            assert "role may not" in manage(served, "token make", "--account", "bea", "--scope", scope, "--expires", "1d", expect=1)[1]
        assert status_with(served, make(served, "bea")["token"]) == 200


def test_tokens_of_who_is_disabled_are_dead_for_good():
    with server() as served:
        add_account(served, "bea", "viewer")
        token, others = make(served, "bea")["token"], make(served)["token"]
        manage(served, "user disable", "bea")
        assert status_with(served, token) == 401 and status_with(served, others) == 200
        assert "can be used" in manage(served, "token make", "--account", "bea", "--scope", "read", "--expires", "1d", expect=1)[1]
        manage(served, "user enable", "bea")
        assert status_with(served, token) == 401
        token = make(served, "bea")["token"]
        rows(served, "UPDATE account SET disabled = 1 WHERE name = 'bea'")  # by whatever means
        assert status_with(served, token) == 401


def test_what_ends_logins_leaves_tokens():
    with server() as served:
        token, session = make(served)["token"], login(served)[2]["token"]
        manage(served, "user password", "admin")
        assert status_with(served, session) == 401 and status_with(served, token) == 200


def test_an_account_has_so_many_tokens():
    with server() as served:
        add_account(served, "bea", "viewer")
        for _ in range(31):
            make(served)
        old = make(served)
        assert "has 32 tokens" in manage(served, "token make", "--account", "admin", "--scope", "read", "--expires", "1h", expect=1)[1]
        make(served, "bea")
        rows(served, "UPDATE api_token SET expires = 1 WHERE id = ?", old["id"])
        make(served)
        assert len(rows(served, "SELECT id FROM api_token")) == 33


def test_what_cannot_be_made_is_told_so():
    with server() as served:
        right = {"--account": "admin", "--scope": "read", "--expires": "1d"}
        for option, wrong in (("--account", ("Admin", "", "x" * 65)), ("--scope", ("", "admin", "read,", "read,login", "READ")),
                              ("--expires", ("", "0s", "367d", "1", "never", "-1d", "99999999999d")),
                              ("--name", ("x" * 65, "two\nlines", "\x1b[2J"))):
            for value in wrong:
                words = [f"{name}={given}" for name, given in {**right, option: value}.items()]
                manage(served, "token make", *words, expect=2)
        for missing in right:
            manage(served, "token make", *(f"{name}={given}" for name, given in right.items() if name != missing), expect=2)
        manage(served, "token make", "--account", "nobody", "--scope", "read", "--expires", "1d", expect=1)
        assert not rows(served, "SELECT * FROM api_token") and [row["action"] for row in manage_json(served, "log")] == ["init"]


def test_tokens_are_listed_and_on_the_log():
    with server() as served:
        made = manage_json(served, "token make", "--account", "admin", "--scope", "policy,read", "--expires", "366d", "--name", "CI of shop")
        row, = manage_json(served, "token list")
        assert (row["id"], row["account"], row["name"], row["scope"], row["expires"]) == (
            made["id"], "admin", "CI of shop", "read,policy", made["expires"])
        line, = manage(served, "token list")[0].splitlines()
        assert line.split() == [made["id"], "until", made["expires"], "read,policy", "admin", "CI", "of", "shop"]
        manage(served, "token revoke", made["id"])
        assert manage_json(served, "token list") == []
        told = [(row["kind"], row["action"], row["subject"], row["detail"]) for row in manage_json(served, "log", "--last", "2")]
        assert told == [("os", "token revoke", "admin", made["id"]), ("os", "token make", "admin", f"{made['id']} read,policy")]


main(collect(globals()))
