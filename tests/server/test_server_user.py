# SPDX-License-Identifier: MIT
# Accounts and their keys: who may use the server, what for, and from when on no more.
import base64
import hashlib

from authors import Person, bundle, login, new_key, rows, sign
from served import code, enrol, manage, manage_json, server
from support import collect, main

VERSIONS = "/v1/policies/shop/versions"
PASSWORD = "cn3ctd-nobody-has-this"


def add(served, account, role):
    return manage_json(served, "user add", account, "--role", role)["password"]


def token_of(served, account, password):
    status, _, told = login(served, account, password)
    assert status == 200, told
    return told["token"]


def status_with(served, token, method="GET", path=VERSIONS, body=b""):
    return served.ask(method, path, f"Authorization: Bearer {token}", body=body)[0]


def listed(served):
    return {row["account"]: row for row in manage_json(served, "user list")}


def public_of(served, account="admin"):
    return listed(served)[account]["keys"][0]["key"]


def renamed(public, name):
    """The same public half under another name."""
    half = public.split("+", 2)[2]
    number = hashlib.sha256(name.encode() + b"\n" + base64.b64decode(half)).digest()[:4].hex()
    return f"{name}+{number}+{half}"


def drafted(served):
    person = Person(served)
    status, draft = person.push(bundle())
    assert status == 201, draft
    return person, draft


def log(served):
    return [(row["action"], row.get("subject"), row.get("detail")) for row in reversed(manage_json(served, "log"))]


def test_who_is_added_logs_in():
    with server() as served:
        password = add(served, "bea", "viewer")
        status, _, told = login(served, "bea", password)
        assert (status, told["role"]) == (200, "viewer") and status_with(served, told["token"]) == 200
        for role in ("viewer", "approver", "author", "administrator", "auditor"):
            manage(served, "user add", f"a-{role}", "--role", role, "--password-stdin", text=PASSWORD + "\n")
            assert login(served, f"a-{role}", PASSWORD)[2]["role"] == role


def test_a_password_is_shown_once_and_kept_nowhere():
    with server() as served:
        out, err = manage(served, "user add", "bea", "--role", "viewer")
        password, = (line.split()[1] for line in out.splitlines() if line.strip().startswith("password"))
        assert login(served, "bea", password)[0] == 200 and not err
        assert manage(served, "user add", "cem", "--role", "viewer", "--password-stdin", text=PASSWORD + "\n") == ("", "")
        assert manage_json(served, "user add", "dora", "--role", "viewer", "--password-stdin", text=PASSWORD) == {"account": "dora"}
        kept = served.kept()
        assert password.encode() not in kept and PASSWORD.encode() not in kept


def test_what_is_no_account_is_not_added():
    with server() as served:
        for name in ("Bea", "b a", "", "x" * 65, "bea/x", "b\u00e9a", "bea\n"):
            manage(served, "user add", name, "--role", "viewer", expect=2)
        assert "is no role" in manage(served, "user add", "bea", "--role", "root", expect=2)[1]
        manage(served, "user add", "bea", expect=2)
        for text in ("short", "", "x" * 11 + "\n", "x" * 1025):
            manage(served, "user add", "bea", "--role", "viewer", "--password-stdin", text=text, expect=2)
        assert "admin: there is one already" in manage(served, "user add", "admin", "--role", "viewer", expect=1)[1]
        assert list(listed(served)) == ["admin"] and listed(served)["admin"]["role"] == "administrator"
        assert login(served)[0] == 200 and [row[0] for row in log(served)] == ["init", "login"]


def test_a_role_holds_from_the_next_request_on():
    with server() as served:
        token = token_of(served, "bea", add(served, "bea", "viewer"))
        drafts = {"method": "POST", "path": "/v1/policies/shop/drafts", "body": b"{}"}
        assert status_with(served, token, **drafts) == 403
        manage(served, "user role", "bea", "author")
        assert status_with(served, token, **drafts) == 400
        manage(served, "user role", "bea", "auditor")
        assert status_with(served, token, **drafts) == 403 and status_with(served, token) == 200


def test_who_is_disabled_is_nobody_until_enabled():
    with server() as served:
        password = add(served, "bea", "author")
        key, token = manage_json(served, "user key", "bea")["author_key"], token_of(served, "bea", password)
        person, draft = drafted(served)
        manage(served, "user disable", "bea")
        assert status_with(served, token) == 401 and login(served, "bea", password)[0] == 403
        assert person.sign(draft["draft"], sign(draft["release"], key))[0] == 422
        since = listed(served)["bea"]["disabled"]
        manage(served, "user disable", "bea")
        assert listed(served)["bea"]["disabled"] == since
        manage(served, "user enable", "bea")
        assert status_with(served, token) == 401 and status_with(served, token_of(served, "bea", password)) == 200
        assert "disabled" not in listed(served)["bea"]
        assert person.sign(draft["draft"], sign(draft["release"], key))[1]["is_published"]


def test_a_new_password_ends_the_old_one_and_its_logins():
    with server() as served:
        old = add(served, "bea", "viewer")
        token, others = token_of(served, "bea", old), token_of(served, "admin", None)
        new = manage_json(served, "user password", "bea")["password"]
        assert new != old and status_with(served, token) == 401 and status_with(served, others) == 200
        assert login(served, "bea", old)[0] == 403 and login(served, "bea", new)[0] == 200
        manage(served, "user password", "bea", "--password-stdin", text=PASSWORD + "\n")
        assert login(served, "bea", new)[0] == 403 and login(served, "bea", PASSWORD)[0] == 200


def test_the_last_administrator_stays_one():
    with server() as served:
        for words in (("user disable", "admin"), ("user role", "admin", "author")):
            assert "last administrator" in manage(served, *words, expect=1)[1]
        token = token_of(served, "admin", None)
        assert status_with(served, token) == 200 and listed(served)["admin"]["role"] == "administrator"
        add(served, "bea", "administrator")
        manage(served, "user disable", "bea")  # who cannot log in is none
        manage(served, "user role", "admin", "author", expect=1)
        manage(served, "user enable", "bea")
        manage(served, "user role", "admin", "author")
        manage(served, "user disable", "bea", expect=1)


def test_an_account_signs_with_a_key_of_its_name():
    with server() as served:
        add(served, "bea", "author")
        made = manage_json(served, "user key", "bea")
        assert made["public_key"].startswith("shop.example/bea+"), made
        person, draft = drafted(served)
        assert person.sign(draft["draft"], sign(draft["release"], made["author_key"]))[1]["is_published"]
        assert person.get(VERSIONS + "/1")[1]["signers"] == ["bea"]
        keys = enrol(served, code(served)[0])[2]["author_keys"]
        assert sorted(keys) == sorted([public_of(served), made["public_key"]]), keys
        kept = served.kept()
        assert made["public_key"].encode() in kept and made["author_key"].encode() not in kept


def test_an_owner_may_keep_the_secret_half():
    with server() as served:
        add(served, "bea", "author")
        secret, public = new_key("shop.example/bea")
        assert manage(served, "user key", "bea", "--public", public) == ("", "")
        assert manage_json(served, "user list")[1]["keys"][0]["key"] == public
        person, draft = drafted(served)
        assert person.sign(draft["draft"], sign(draft["release"], secret))[1]["is_published"]


def test_a_key_has_one_name_and_one_account():
    with server() as served:
        add(served, "bea", "author")
        for name in ("bea", "shop.example/admin", "other.example/bea", "shop.example/bea/x", "shop.example/b"):
            assert "has to be named shop.example/bea" in manage(
                served, "user key", "bea", "--public", new_key(name)[1], expect=2)[1], name
        first = manage_json(served, "user key", "bea")["public_key"]
        admins = public_of(served)
        for public in (first, renamed(admins, "shop.example/bea")):
            assert "already" in manage(served, "user key", "bea", "--public", public, expect=1)[1]
        manage(served, "user key-revoke", first)
        assert "already" in manage(served, "user key", "bea", "--public", first, expect=1)[1]
        for public in ("", "x", admins[:-1], admins + "x", renamed(admins, "shop.example/bea").replace("+", " ")):
            manage(served, "user key", "bea", "--public", public, expect=2)
        assert len(rows(served, "SELECT * FROM author_key")) == 2


def test_whose_signature_would_not_count_gets_no_key():
    with server() as served:
        for role in ("viewer", "approver", "auditor"):
            add(served, role, role)
            assert "do not count" in manage(served, "user key", role, expect=1)[1]
        add(served, "bea", "author")
        manage(served, "user disable", "bea")
        assert "do not count" in manage(served, "user key", "bea", expect=1)[1]
        assert "user list" in manage(served, "user key", "nobody", expect=1)[1]


def test_there_are_no_more_keys_than_machines_know():
    with server() as served:
        for _ in range(62):
            last = new_key("shop.example/admin")[1]
            rows(served, "INSERT INTO author_key (verifier, account, created) VALUES (?, 'admin', 1)", last)
        manage(served, "user key", "admin")
        assert "64 keys" in manage(served, "user key", "admin", expect=1)[1]
        manage(served, "user key-revoke", last)
        manage(served, "user key", "admin")
        assert len(enrol(served, code(served)[0])[2]["author_keys"]) == 64


def test_a_revoked_key_signs_nothing_more():
    with server() as served:
        add(served, "bea", "author")
        made = manage_json(served, "user key", "bea")
        manage(served, "setting set", "author_threshold", "2")
        person, draft = drafted(served)
        assert person.sign(draft["draft"], sign(draft["release"], made["author_key"]))[1]["signatures"] == 1
        _, err = manage(served, "user key-revoke", made["public_key"])
        assert "nothing can be published now: author_threshold is 2, and accounts with a key that counts are 1" in err
        assert person.sign(draft["draft"], sign(draft["release"], made["author_key"]))[0] == 422
        status, told = person.sign(draft["draft"], sign(draft["release"], served.made["author_key"]))
        assert (status, told["is_published"], told["signatures"]) == (200, False, 1), told
        manage(served, "user key-revoke", made["public_key"], expect=1)
        manage(served, "user key-revoke", new_key("shop.example/bea")[1], expect=1)
        manage(served, "user key-revoke", "x", expect=2)
        assert "revoked" in listed(served)["bea"]["keys"][0]


def test_who_is_nobody_cannot_be_changed():
    with server() as served:
        for words in (("user role", "nobody", "viewer"), ("user disable", "nobody"), ("user enable", "nobody"), ("user password", "nobody")):
            assert "user list" in manage(served, *words, expect=1)[1], words
        manage(served, "user role", "admin", "king", expect=2)
        assert [row[0] for row in log(served)] == ["init"]


def test_accounts_are_listed_with_their_keys():
    with server() as served:
        add(served, "bea", "author")
        public = manage_json(served, "user key", "bea")["public_key"]
        manage(served, "user disable", "bea")
        lines = [line.split() for line in manage(served, "user list")[0].splitlines()]
        assert lines == [["enabled", "administrator", "admin"], ["key", public_of(served)],
                         ["disabled", "author", "bea"], ["key", public]]
        manage(served, "user key-revoke", public)
        assert ["revoked", public] in [line.split() for line in manage(served, "user list")[0].splitlines()]
        bea = listed(served)["bea"]
        assert set(bea) == {"account", "role", "created", "disabled", "keys", "groups"} and set(bea["keys"][0]) == {"key", "created", "revoked"}


def test_what_was_done_to_accounts_is_on_the_log():
    with server() as served:
        add(served, "bea", "viewer")
        manage(served, "user role", "bea", "author")
        public = manage_json(served, "user key", "bea")["public_key"]
        manage(served, "user password", "bea")
        manage(served, "user key-revoke", public)
        manage(served, "user disable", "bea")
        manage(served, "user enable", "bea")
        assert log(served)[1:] == [
            ("user add", "bea", "viewer"), ("user role", "bea", "author"), ("user key", "bea", public), ("user password", "bea", None),
            ("user key-revoke", "bea", public), ("user disable", "bea", None), ("user enable", "bea", None)]


main(collect(globals()))
