# SPDX-License-Identifier: MIT
# What people change on the server's pages: accounts, groups, keys, tokens, machines and settings.  Who may, that nobody else makes them,
# and that it is what the commands do.
import base64
import re
import sys
import time

try:
    from browsed import ORIGIN, Browser, logged_in
except ImportError:
    print("python3-html5lib is not installed")
    sys.exit(77)

from authors import Person, add_account, add_key, archive, bundle, login, rows
from served import code, enrol, manage, manage_json, server
from support import collect, main

ROLES = ("viewer", "approver", "author", "administrator", "auditor")
GOOD = "a password for tests"
FOREIGN = (["Origin: https://evil.example"], ["Origin: null"], ["Sec-Fetch-Site: cross-site"], ["Sec-Fetch-Site: same-site"],
           ["Sec-Fetch-Site: cross-site", ORIGIN], ["X-Nothing: 1"])


class Clerk(Browser):
    """Somebody who logged in and sends forms as the pages have them."""

    def __init__(self, served, account="admin"):
        super().__init__(served)
        assert self.log_in(account).status == 303
        self.word = self.get("/account").form("/logout")["form"]

    def do(self, path, expect=303, **fields):
        page = self.post(path, {"form": self.word, **fields})
        assert page.status == expect, (path, fields, page.status, page.text[-2000:])
        return page


def secret(page):
    (shown,) = page.find("pre", class_="secret wraps")
    assert page.headers["cache-control"] == "no-store"
    return "".join(shown.itertext())


def fill(served):
    """Accounts of every role, and something to change of each kind; the machine's name, the key and the token's id."""
    for role in ROLES:
        add_account(served, role, role)
    add_account(served, "bea", "author")
    _, key = add_key(served, "bea")
    manage(served, "group add", "ops")
    manage(served, "group member-add", "ops", "bea")
    token = manage_json(served, "token make", "--account", "bea", "--scope", "read", "--expires", "30d")
    machine = enrol(served, code(served)[0])[2]
    return machine, key, token


def state(served):
    """All that a page could change."""
    return [rows(served, f"SELECT * FROM {table} ORDER BY 1, 2") for table in
            ("account", "account_group", "account_group_member", "author_key", "api_token", "setting", "enrolment_code")] + \
        [rows(served, "SELECT id, revoked FROM agent"), rows(served, "SELECT number FROM audit WHERE action NOT LIKE 'login%' ORDER BY 1")]


def posts(machine, key, token):
    """Every change that an administrator makes: where, with which fields."""
    sure = {"sure": "yes"}
    return [("/people", {"account": "new", "role": "viewer", "password": GOOD}),
            ("/people/bea/role", {"role": "viewer"}),
            ("/people/bea/password", {"password": GOOD, **sure}),
            ("/people/viewer/join", {"group": "ops"}), ("/people/bea/leave", {"group": "ops", **sure}),
            ("/people/bea/key-revoke", {"key": key, **sure}), ("/people/bea/token-revoke", {"token": token["id"], **sure}),
            ("/people/bea/disable", sure), ("/people/bea/enable", {}),
            ("/groups/add", {"group": "more"}), ("/groups/remove", {"group": "ops", **sure}),
            ("/agents", {"bundle": "shop"}), ("/agents/revoke", {"agent": machine["agent"], **sure}),
            ("/settings/freshness", {"freshness": "20m"})]


OWN = [("/account", {"name": "x", "scope": "read", "expires": "1d"}), ("/account/token-revoke", {"token": "x", "sure": "yes"})]


def test_changes_are_for_administrators():
    with server() as served:
        things = fill(served)
        before = state(served)
        for role in ROLES:
            if role == "administrator":
                continue
            clerk = Clerk(served, role)
            for path, fields in posts(*things):
                page = clerk.do(path, 403, **fields)
                assert "not for accounts of your role" in page.words(), path
            assert state(served) == before, role
            pages = [clerk.get(path) for path in ("/people", "/people/bea", "/settings", "/log")]
            assert {page.status for page in pages} == ({200} if role == "auditor" else {403}), role
            for page in [*pages, clerk.get("/agents")]:
                assert {node.get("action") for node in page.find("form")} == {"/logout"}, (role, page.path)


def test_changes_need_a_session():
    with server() as served:
        things = fill(served)
        before = state(served)
        for path, fields in [*posts(*things), *OWN]:
            page = Browser(served).post(path, fields)
            assert page.status == 303 and page.headers["location"] == "/login", path
        assert state(served) == before


def test_changes_need_the_sessions_word_and_a_page_of_this_server():
    with server() as served:
        things = fill(served)
        clerk, other = Clerk(served), Clerk(served)
        before = state(served)
        for path, fields in [*posts(*things), *OWN]:
            for word in ({}, {"form": ""}, {"form": other.word}, {"form": clerk.cookie}):
                assert clerk.post(path, {**fields, **word}).status == 403, (path, word)
            for headers in FOREIGN:
                assert clerk.post(path, {**fields, "form": clerk.word}, *headers).status == 403, (path, headers)
        assert state(served) == before


def test_every_change_is_done_and_on_the_log():
    with server() as served:
        things = fill(served)
        clerk = Clerk(served)
        for path, fields in posts(*things):
            before = state(served)
            last = rows(served, "SELECT max(number) FROM audit")[0][0]
            status = clerk.post(path, {"form": clerk.word, **fields}).status
            assert status == (200 if path == "/agents" else 303), (path, status)
            assert rows(served, "SELECT kind, actor FROM audit WHERE number > ?", last) == [("account", "admin")], path
            assert path == "/people/bea/enable" or state(served)[:-1] != before[:-1], path
        told = [(action, subject, detail) for action, subject, detail in
                rows(served, "SELECT action, subject, detail FROM audit WHERE kind = 'account' AND action != 'login' ORDER BY number")]
        machine, key, token = things
        assert told == [("user add", "new", "viewer"), ("user role", "bea", "viewer"), ("user password", "bea", ""), ("group member-add", "ops", "viewer"),
                        ("group member-remove", "ops", "bea"), ("user key-revoke", "bea", key), ("token revoke", "bea", token["id"]),
                        ("user disable", "bea", ""), ("user enable", "bea", ""), ("group add", "more", ""), ("group remove", "ops", ""),
                        ("code", "shop", ""), ("agent revoke", machine["agent"], ""), ("setting set", "freshness", "20m")], told
        assert login(served, "new", GOOD)[0] == 200


def test_what_ends_something_asks_first():
    with server() as served:
        machine, key, token = fill(served)
        clerk = Clerk(served)
        asked = [post for post in posts(machine, key, token) if "sure" in post[1] and not post[0].endswith("password")]
        assert len(asked) == 6
        for path, fields in asked:
            before = state(served)
            fields = {name: value for name, value in fields.items() if name != "sure"}
            page = clerk.do(path, 200, **fields)
            assert state(served) == before, path
            form = page.form(path)
            assert form == {"form": clerk.word, "sure": "yes", **fields}, form
            assert clerk.get([node.get("href") for node in page.find("a", class_="button quiet")][0]).status == 200
            assert clerk.post(path, form).status == 303, path
            assert state(served) != before, path
        before = state(served)
        page = clerk.do("/people/bea/password", 422, password=GOOD)
        assert page.find("input", id="field-sure", aria_invalid="true") and state(served) == before


def test_a_password_is_shown_once_and_is_good():
    with server() as served:
        clerk = Clerk(served)
        password = secret(clerk.do("/people", 200, account="bea", role="author", password=""))
        assert login(served, "bea", password)[0] == 200
        again = secret(clerk.do("/people/bea/password", 200, password="", sure="yes"))
        assert again != password and login(served, "bea", password)[0] == 403 and login(served, "bea", again)[0] == 200
        for path in ("/people/bea", "/people", "/log"):
            assert again not in clerk.get(path).text
        for path in served.data.iterdir():
            assert again.encode() not in path.read_bytes(), path


def test_what_is_wrong_stands_beside_its_field_and_the_input_stays():
    with server() as served:
        fill(served)
        clerk = Clerk(served)
        for path, name, fields, words in (
                ("/people", "account", {"account": "B & <b>", "role": "author"}, "is no account"),
                ("/people", "account", {"account": "bea", "role": "author"}, "already"),
                ("/people", "account", {"account": "", "role": "author"}, "is no account"),
                ("/people", "account", {"account": "a" * 65, "role": "author"}, "is no account"),
                ("/people", "role", {"account": "new", "role": "king"}, "is no role"),
                ("/people", "password", {"account": "new", "role": "author", "password": "short"}, "12 characters"),
                ("/people/bea/role", "role", {"role": ""}, "no role"),
                ("/people/bea/password", "password", {"password": "short", "sure": "yes"}, "12 characters"),
                ("/groups/add", "group", {"group": "o p s"}, "small letters"),
                ("/groups/add", "group", {"group": "ops"}, "already"),
                ("/groups/add", "group", {"group": "a" * 2000}, "no such group"),
                ("/agents", "bundle", {"bundle": "../x"}, "small letters"),
                ("/account", "name", {"name": "x" * 65, "scope": "read", "expires": "1d"}, "64 bytes"),
                ("/account", "scope", {"name": "x", "scope": "all", "expires": "1d"}, "read, policy"),
                ("/account", "expires", {"name": "x", "scope": "read", "expires": "367d"}, "366d"),
                ("/account", "expires", {"name": "x", "scope": "read", "expires": "9" * 200}, "366d"),
                ("/settings/freshness", "freshness", {"freshness": "2s"}, "1m to 24h"),
                ("/settings/freshness", "freshness", {"freshness": "9" * 200}, "1m to 24h"),
                ("/settings/author_threshold", "author_threshold", {"author_threshold": "9"}, "cannot be 9")):
            before = state(served)
            page = clerk.do(path, 422, **fields)
            assert state(served) == before, (path, fields)
            (node,) = [node for kind in ("input", "select") for node in page.find(kind, id=f"field-{name}")]
            (about,) = page.find("p", id=node.get("aria-describedby"))
            assert node.get("aria-invalid") == "true" and words in "".join(about.itertext()), (path, fields)
            assert f"#field-{name}" in page.links() and page.find("p", role="alert"), path
            assert page.find("label", for_=f"field-{name}"), path
            for key, value in fields.items():
                kept = page.find("input", id=f"field-{key}")
                assert not kept or key in ("password", "sure") or kept[0].get("value") == value, (path, key)
            assert "short" not in [node.get("value") for node in page.find("input")]
            chosen = [node.get("value") for node in page.find("option", selected="")]
            assert fields.get("role") not in ROLES or chosen == [fields["role"]], chosen


def test_what_is_not_there_is_not_found():
    with server() as served:
        fill(served)
        clerk = Clerk(served)
        add_account(served, "a" * 64, "viewer")
        for path, fields in (("/people/nobody/disable", {"sure": "yes"}), ("/people/nobody/role", {"role": "viewer"}), ("/people/bea/fly", {}),
                             ("/people/nobody/password", {"sure": "yes"}), ("/settings/none", {}), ("/agents/fly", {}), ("/account/fly", {}),
                             ("/people/bea/added", {}), ("/people/" + "a" * 65 + "/password", {"sure": "yes"})):
            assert clerk.do(path, 404, **fields).find("p", role="alert"), path
        for path, fields in (("/agents/revoke", {"agent": "none"}), ("/agents/revoke", {}), ("/groups/remove", {"group": "none"}),
                             ("/people/viewer/leave", {"group": "ops"}), ("/people/viewer/key-revoke", {"key": "x"}),
                             ("/account/token-revoke", {"token": "x"}), ("/people/bea/token-revoke", {})):
            before = state(served)
            assert "Nothing was changed" in clerk.do(path, 422, sure="yes", **fields).words(), path
            assert state(served) == before
        assert clerk.get("/people/nobody").status == 404 and clerk.get("/people/bea/role").status == 405


def test_what_belongs_to_others_is_not_reached_through_an_account():
    with server() as served:
        _, key, token = fill(served)
        before = state(served)
        clerk, viewer = Clerk(served), Clerk(served, "viewer")
        assert "Nothing was changed" in clerk.do("/people/viewer/key-revoke", 422, key=key, sure="yes").words()
        assert "Nothing was changed" in clerk.do("/people/viewer/token-revoke", 422, token=token["id"], sure="yes").words()
        assert "Nothing was changed" in viewer.do("/account/token-revoke", 422, token=token["id"], sure="yes").words()
        assert token["id"] not in viewer.get("/account").text
        assert state(served) == before


def test_what_is_wrong_with_the_database_is_not_whose_input_it_is():
    with server() as served:
        machine, key, token = fill(served)
        clerk = Clerk(served)
        rows(served, "ALTER TABLE audit RENAME TO away")
        told = {path: clerk.post(path, {"form": clerk.word, **fields}).status for path, fields in posts(machine, key, token)}
        assert set(told.values()) == {500}, told
        rows(served, "ALTER TABLE away RENAME TO audit")
        assert rows(served, "SELECT disabled FROM account WHERE name = 'bea'") == [(None,)]


def test_the_last_administrator_stays_one():
    with server() as served:
        add_account(served, "bea", "viewer")
        clerk = Clerk(served)
        for path, fields in (("/people/admin/role", {"role": "author"}), ("/people/admin/disable", {"sure": "yes"})):
            before = state(served)
            page = clerk.do(path, 422, **fields)
            assert "last administrator" in page.words() and state(served) == before
        clerk.do("/people/bea/role", role="administrator")
        clerk.do("/people/admin/disable", sure="yes")
        assert clerk.get("/people").status == 303
        bea = Clerk(served, "bea")
        assert bea.do("/people/bea/role", 422, role="viewer") and "Nothing can be published now" in bea.get("/people").words()


def test_sessions_and_tokens_end_as_by_command():
    with server() as served:
        _, _, token = fill(served)
        clerk = Clerk(served)
        shown = f"Authorization: Bearer {token['token']}"
        for path, fields, page_status, token_status in (("/people/bea/role", {"role": "viewer"}, 200, 200),
                                                        ("/people/bea/password", {"password": GOOD, "sure": "yes"}, 303, 200),
                                                        ("/people/bea/disable", {"sure": "yes"}, 303, 401)):
            rows(served, "UPDATE account SET password = (SELECT password FROM account WHERE name = 'admin')")
            bea = logged_in(served, "bea")
            assert bea.get("/agents").status == 200 and served.ask("GET", "/v1/agents", shown)[0] == 200
            clerk.do(path, **fields)
            assert bea.get("/agents").status == page_status, path
            assert served.ask("GET", "/v1/agents", shown)[0] == token_status, path
        clerk.do("/people/bea/enable")
        assert bea.get("/agents").status == 303 and served.ask("GET", "/v1/agents", shown)[0] == 401


def test_everybody_makes_tokens_for_what_the_role_may():
    with server() as served:
        fill(served)
        for role in ROLES:
            clerk = Clerk(served, role)
            offered = {node.get("value") for node in clerk.get("/account").find("option")}
            may = role in ("author", "administrator")
            assert offered == ({"read", "policy", "read,policy"} if may else {"read"}), role
            clerk.do("/account", 200 if may else 422, name="ci", scope="policy", expires="30d")
            page = clerk.do("/account", 200, name="<i>dashboards</i>", scope="read", expires="12h")
            shown = secret(page)
            assert re.fullmatch(r"chaperone_[A-Za-z0-9_-]{43}", shown), shown
            assert served.ask("GET", "/v1/agents", f"Authorization: Bearer {shown}")[0] == 200
            listed = clerk.get("/account")
            assert "<i>dashboards</i>" in listed.words() and shown not in listed.text and "in 12 hours" in listed.words()
            (token,) = rows(served, "SELECT id FROM api_token WHERE account = ? AND scopes = 'read'", role)[0]
            clerk.do("/account/token-revoke", token=token, sure="yes")
            assert served.ask("GET", "/v1/agents", f"Authorization: Bearer {shown}")[0] == 401
            assert rows(served, "SELECT action, subject FROM audit WHERE actor = ? AND action LIKE 'token%' ORDER BY number", role) == \
                [("token make", role)] * (2 if may else 1) + [("token revoke", role)]
        clerk = Clerk(served, "auditor")
        for _ in range(32):
            clerk.do("/account", 200, name="", scope="read", expires="1d")
        assert "32 tokens" in clerk.do("/account", 422, name="", scope="read", expires="1d").words()


def test_a_code_lets_one_machine_in_and_a_machine_is_revoked():
    with server() as served:
        clerk = Clerk(served)
        shown = secret(clerk.do("/agents", 200, bundle="shop"))
        sent, _, key_hash = shown.partition(".")
        assert base64.urlsafe_b64decode(key_hash + "=").hex() == code(served)[1]
        status, _, machine = enrol(served, sent, "db-1.example")
        assert status == 201 and machine["bundle"] == "shop", machine
        assert enrol(served, sent)[0] == 403
        (left,) = rows(served, "SELECT expires FROM enrolment_code LIMIT 1")
        assert 0 < left[0] - time.time_ns() <= 15 * 60 * 10**9
        bearer = f"Authorization: Bearer {machine['token']}"
        assert served.ask("GET", "/v1/agent", bearer)[0] == 200
        page = clerk.do("/agents/revoke", agent=machine["agent"], sure="yes")
        assert served.ask("GET", "/v1/agent", bearer)[0] == 401
        assert "The machine is revoked" in clerk.get(page.headers["location"]).words()
        assert clerk.do("/agents/revoke", 422, agent=machine["agent"], sure="yes")


def test_settings_hold_at_once():
    with server() as served:
        clerk = Clerk(served)
        page = clerk.do("/settings/freshness", freshness=" 2h ")
        assert "The setting was changed" in clerk.get(page.headers["location"]).words()
        assert clerk.get("/settings").find("input", id="field-freshness")[0].get("value") == "2h"
        listed = manage(served, "setting list")[0]
        assert re.search(r"freshness +2h ", listed), listed


def test_the_log_is_a_page():
    with server() as served:
        fill(served)
        clerk = Clerk(served)
        words = clerk.get("/log").words()
        assert "group member-add ops bea" in words and "init shop.example" in words, words
        for _ in range(120):
            rows(served, "INSERT INTO audit SELECT max(number) + 1, 1, 'nobody', '', 'login refused', 'x', '' FROM audit")
        page = clerk.get("/log")
        (older,) = [link for link in page.links() if "before=" in link]
        assert len(page.find("tr")) == 101 and "init shop.example" in clerk.get(older).words()
        assert clerk.get("/log?before=x").status == 404 and "init shop.example" not in clerk.get("/log?before=1").words()


def test_a_token_does_not_open_the_pages_that_change():
    with server() as served:
        things = fill(served)
        before = state(served)
        token = Person(served).token
        for path, fields in posts(*things):
            page = Browser(served).post(path, fields, ORIGIN, f"Authorization: Bearer {token}")
            assert page.status == 303 and page.headers["location"] == "/login", path
        assert state(served) == before


def test_a_policy_is_checked_without_a_push():
    with server() as served:
        clerk = Clerk(served)
        before = state(served)
        files = {name: text.decode() for name, text in bundle().items()}
        whole = archive({name: text.encode() for name, text in files.items()}).decode()
        good = clerk.do("/check", 200, policy=files["policy.yaml"].replace("\n", "\r\n"), test=files["policy_test.yaml"].replace("\n", "\r\n"))
        assert "passes its checks" in good.words() or good.find("ul", class_="findings"), good.words()
        assert not good.find("li", class_="error") and "policy_test.yaml" in good.words()
        assert "".join(good.find("textarea", id="field-policy")[0].itertext()).strip() == files["policy.yaml"].strip()
        again = clerk.do("/check", 200, policy=whole.replace("\n", "\r\n"), test="")
        assert again.find("ul", class_="findings") == good.find("ul", class_="findings") == [] and "policy_test.yaml" in again.words()
        wrong = clerk.do("/check", 200, policy=files["policy.yaml"] + "\r\nnonsense: <b>\r\n", test="")
        line = files["policy.yaml"].count("\n") + 2
        assert wrong.find("li", class_="error") and f"#policy.yaml-{line}" in wrong.links() and wrong.find("li", id=f"policy.yaml-{line}")
        assert not wrong.find("b", class_="x") and "nonsense: <b>" in wrong.words()
        failed = clerk.do("/check", 200, policy=files["policy.yaml"], test=files["policy_test.yaml"].replace("allow", "deny"))
        assert failed.find("li", class_="error"), failed.words()[:500]
        for policy in ("", " \r\n ", "chaperone.source/v1\npolicy.yaml 10\nx", "x" * (1024 * 1024 + 1)):
            page = clerk.do("/check", 422, policy=policy, test="")
            assert page.find("textarea", id="field-policy", aria_invalid="true"), policy[:40]
        assert state(served) == before and not rows(served, "SELECT id FROM draft")
        assert clerk.post("/check", {"form": clerk.word, "policy": "x" * (2 * 1024 * 1024)}).status == 413


def test_a_check_is_for_authors():
    with server() as served:
        for role in ROLES:
            add_account(served, role, role)
            clerk = Clerk(served, role)
            may = role in ("author", "administrator")
            assert clerk.get("/check").status == (200 if may else 403), role
            assert ("/check" in clerk.get("/policies").links()) == may
            assert clerk.do("/check", 200 if may else 403, policy="x: 1")
            for headers in FOREIGN:
                assert clerk.post("/check", {"policy": "x: 1", "form": clerk.word}, *headers).status == 403
            assert clerk.post("/check", {"policy": "x: 1"}).status == 403
        assert Browser(served).post("/check", {"policy": "x: 1"}).headers["location"] == "/login"


main(collect(globals()))
