# SPDX-License-Identifier: MIT
# Groups of accounts: who is in which.
from authors import add_account, rows
from served import manage, manage_json, server
from support import collect, main


def members(served):
    return {row["group"]: row["members"] for row in manage_json(served, "group list")}


def groups_of(served, account):
    return next(row["groups"] for row in manage_json(served, "user list") if row["account"] == account)


def log(served):
    return [(row["kind"], row["action"], row["subject"], row.get("detail")) for row in reversed(manage_json(served, "log"))][1:]


def test_an_account_is_in_the_groups_it_was_added_to():
    with server() as served:
        add_account(served, "bea", "approver")
        for name in ("dba", "owners", "nobody"):
            manage(served, "group add", name)
        for name, account in (("owners", "bea"), ("dba", "bea"), ("dba", "admin")):
            manage(served, "group member-add", name, account)
        assert members(served) == {"dba": ["admin", "bea"], "nobody": [], "owners": ["bea"]}
        assert groups_of(served, "bea") == ["dba", "owners"] and groups_of(served, "admin") == ["dba"]
        assert manage(served, "group list")[0].splitlines() == ["dba: admin bea", "nobody:", "owners: bea"]
        assert ["enabled", "approver", "bea", "dba", "owners"] in [line.split() for line in manage(served, "user list")[0].splitlines()]
        manage(served, "group member-remove", "dba", "bea")
        assert members(served)["dba"] == ["admin"] and groups_of(served, "bea") == ["owners"]


def test_a_group_that_is_removed_leaves_its_accounts():
    with server() as served:
        manage(served, "group add", "dba")
        manage(served, "group add", "owners")
        manage(served, "group member-add", "dba", "admin")
        manage(served, "group member-add", "owners", "admin")
        manage(served, "group remove", "dba")
        assert members(served) == {"owners": ["admin"]} and groups_of(served, "admin") == ["owners"]
        manage(served, "group add", "dba")
        assert members(served)["dba"] == []  # and nobody comes back with its name


def test_what_cannot_be_done_is_told_so_and_leaves_no_trace():
    with server() as served:
        manage(served, "group add", "dba")
        manage(served, "group member-add", "dba", "admin")
        before, told = rows(served, "SELECT * FROM account_group_member"), log(served)
        for words, said in ((("group add", "dba"), "dba: there is one already"), (("group remove", "owners"), "no such group"),
                            (("group member-add", "owners", "admin"), "no such group"), (("group member-add", "dba", "bea"), "no such account"),
                            (("group member-add", "dba", "admin"), "a member already"), (("group member-remove", "dba", "bea"), "no member"),
                            (("group member-remove", "owners", "admin"), "no member")):
            assert said in manage(served, *words, expect=1)[1], words
        for name in ("", "DBA", "a b", "x" * 65, "dba\n", "\u00e9"):
            assert "is no group" in manage(served, "group add", name, expect=2)[1], name
        for words in (("group add",), ("group member-add", "dba"), ("group member-remove", "dba", "admin", "bea"), ("group list", "dba")):
            manage(served, *words, expect=2)
        assert rows(served, "SELECT * FROM account_group_member") == before and log(served) == told


def test_who_is_disabled_stays_a_member():
    with server() as served:
        add_account(served, "bea", "approver")
        manage(served, "group add", "dba")
        manage(served, "group member-add", "dba", "bea")
        manage(served, "user disable", "bea")
        assert groups_of(served, "bea") == ["dba"] and members(served) == {"dba": ["bea"]}


def test_what_was_done_to_groups_is_on_the_log():
    with server() as served:
        for words in (("group add", "dba"), ("group member-add", "dba", "admin"), ("group member-remove", "dba", "admin"),
                      ("group remove", "dba")):
            manage(served, *words)
        assert log(served) == [("os", "group add", "dba", None), ("os", "group member-add", "dba", "admin"),
                               ("os", "group member-remove", "dba", "admin"), ("os", "group remove", "dba", None)]


main(collect(globals()))
