# SPDX-License-Identifier: MIT
# Who did what to the server is on its log, with what they did and never without it.
import json
import os
import pwd

from authors import Person, add_account, add_key, bundle, login, rows, sign
from served import code, enrol, manage, manage_json, server
from support import collect, main

REFUSALS_MAX = 100000
USER = pwd.getpwuid(os.getuid()).pw_name


def log(served, *more):
    """(kind, actor, action, subject, detail), the oldest first."""
    return [(row["kind"], row["actor"], row["action"], row.get("subject"), row.get("detail"))
            for row in reversed(manage_json(served, "log", *more))]


def test_whatever_changes_the_server_is_on_its_log():
    with server() as served:
        status, _, machine = enrol(served, code(served, "--bundle", "shop")[0])
        assert status == 201
        add_account(served, "bea", "author")
        beas, _ = add_key(served, "bea")
        person = Person(served, "bea")
        _, draft = person.push(bundle())
        assert person.sign(draft["draft"], sign(draft["release"], beas))[1]["is_published"]
        manage(served, "agent revoke", machine["agent"])
        assert log(served) == [
            ("os", USER, "init", "shop.example", "admin"),
            ("os", USER, "code", "shop", None),
            ("machine", machine["agent"], "enrol", "db-client.example", "shop"),
            ("account", "bea", "login", "bea", None),
            ("account", "bea", "draft", "shop 1", draft["draft"]),
            ("account", "bea", "signature", "shop 1", "shop.example/bea"),
            ("account", "bea", "version", "shop 1", "bea"),
            ("os", USER, "agent revoke", machine["agent"], None)]
        numbers = [row["number"] for row in manage_json(served, "log")]
        assert numbers == [8, 7, 6, 5, 4, 3, 2, 1] and rows(served, "SELECT count(*) FROM audit WHERE time > 0") == [(8,)]


def test_who_brings_a_signature_is_not_who_signed():
    with server() as served:
        rows(served, "INSERT INTO setting (name, value) VALUES ('author_threshold', '2')")
        add_account(served, "bea", "author")
        beas, _ = add_key(served, "bea")
        person = Person(served)
        _, draft = person.push(bundle())
        for _ in range(2):
            assert not person.sign(draft["draft"], sign(draft["release"], beas))[1]["is_published"]
        told = [row for row in log(served) if row[2] == "signature"]
        assert told == [("account", "admin", "signature", "shop 1", "shop.example/bea")]  # and once


def test_what_was_not_done_is_not_on_the_log():
    with server() as served:
        person = Person(served)
        _, draft = person.push(bundle())
        before = log(served)
        assert enrol(served, "A" * 22)[0] in (400, 403)
        assert person.push({"policy.yaml": b"x"})[0] == 422 and person.sign(draft["draft"], b"x")[0] == 400
        manage(served, "agent revoke", "nobody", expect=1)
        manage(served, "code", "--bundle", "No Name", expect=2)
        assert log(served) == before


def test_a_name_that_is_nobodys_is_not_kept():
    with server() as served:
        add_account(served, "bea", "viewer")
        rows(served, "UPDATE account SET disabled = 1 WHERE name = 'bea'")
        for name in ("admin", "bea", "correct.horse"):
            assert login(served, name, "wrong-password")[0] == 403
        assert log(served)[1:] == [("nobody", "", "login refused", "admin", None)] + [("nobody", "", "login refused", None, None)] * 2
        kept = served.kept()
        assert b"login refused" in kept and b"correct.horse" not in kept and b"wrong-password" not in kept


def test_refused_logins_go_when_they_are_far_back_and_nothing_else_does():
    with server() as served:
        refused = ("INSERT INTO audit (number, time, kind, actor, action, subject, detail)"
                   " VALUES (?, 1, 'nobody', '', 'login refused', '', '')")
        newest = REFUSALS_MAX + 9
        for number in (8, 9, 10, 11, newest):
            rows(served, refused, number)
        manage(served, "code")
        numbers = {8, 9, 10, 11, newest, newest + 1, 1}
        assert {number for number, in rows(served, "SELECT number FROM audit")} == numbers
        assert login(served, "admin", "wrong")[0] == 403  # number newest + 2
        assert {number for number, in rows(served, "SELECT number FROM audit")} == numbers - {8, 9, 10, 11} | {newest + 2}


def test_the_latest_stand_first_and_as_many_as_asked():
    with server() as served:
        for name in ("one", "two", "three"):
            code(served, "--bundle", name)
        assert [row["subject"] for row in manage_json(served, "log", "--last", "2")] == ["three", "two"]
        lines = manage(served, "log")[0].splitlines()
        assert len(lines) == 4 and f"os {USER}  code  three" in lines[0] and f"os {USER}  init  shop.example  admin" in lines[3], lines
        for wrong in ("0", "100001", "x", "-1"):
            assert "1 to 100000" in manage(served, "log", "--last", wrong, expect=2)[1]


def test_a_log_is_text():
    with server() as served:
        rows(served, "INSERT INTO audit (number, time, kind, actor, action, subject, detail)"
             " VALUES (7, 1, 'os', ?, 'code', '', '')", "eve\x1b[2J\nos root  init")
        lines = manage(served, "log")[0].splitlines()
        assert "\x1b" not in lines[0] and manage_json(served, "log")[0]["actor"] == "eve\x1b[2J\nos root  init"


main(collect(globals()))
