# SPDX-License-Identifier: MIT
# What an administrator sets holds from the next request on, and nothing can be set that would stop the server.
import base64

from authors import Person, add_account, add_key, bundle, rows, sign
from served import code, enrol, manage, manage_json, server
from support import collect, main


def values(served):
    return {row["setting"]: row["value"] for row in manage_json(served, "setting list")}


def lifetime_s(served, machine):
    """How long the proof holds that the machine's policy is the newest."""
    status, headers, _ = served.ask("GET", "/v1/policy", f"Authorization: Bearer {machine['token']}")
    assert status == 200
    lines = dict(line.split(" ", 1) for line in base64.b64decode(headers["policy-fresh"]).decode().split("\n\n")[0].splitlines()[1:])
    return int(lines["expires"]) - int(lines["issued"])


def test_settings_have_defaults():
    with server() as served:
        assert values(served) == {"author_threshold": "1", "freshness": "15m", "retain": "off"}
        out, _ = manage(served, "setting list")
        assert [line.split()[:2] for line in out.splitlines()] == [["author_threshold", "1"], ["freshness", "15m"], ["retain", "off"]], out
        manage(served, "setting set", "freshness", "2h")
        row, = (row for row in manage_json(served, "setting list") if row["setting"] == "freshness")
        assert (row["value"], row["default"]) == ("2h", "15m")


def test_a_threshold_holds_from_the_next_request_on():
    with server() as served:
        add_account(served, "bea", "author")
        beas, _ = add_key(served, "bea")
        person = Person(served)
        _, draft = person.push(bundle())
        manage(served, "setting set", "author_threshold", "2")
        status, told = person.sign(draft["draft"], sign(draft["release"], served.made["author_key"]))
        assert (status, told["is_published"], told["signatures_needed"]) == (200, False, 2), told
        assert person.sign(draft["draft"], sign(draft["release"], beas))[1]["is_published"]
        assert enrol(served, code(served)[0])[2]["author_threshold"] == 2
        manage(served, "setting set", "author_threshold", "1")
        assert person.push(bundle())[1]["signatures_needed"] == 1


def test_a_threshold_that_nobody_reaches_is_refused():
    with server() as served:
        add_key(served, "admin")  # a second key is no second account
        _, err = manage(served, "setting set", "author_threshold", "2", expect=1)
        assert "author_threshold cannot be 2: 1 account has a key that counts" in err, err
        add_account(served, "bea", "author")
        _, public = add_key(served, "bea")
        rows(served, "UPDATE author_key SET revoked = 1 WHERE verifier = ?", public)
        manage(served, "setting set", "author_threshold", "2", expect=1)
        rows(served, "UPDATE author_key SET revoked = NULL WHERE verifier = ?", public)
        rows(served, "UPDATE account SET role = 'viewer' WHERE name = 'bea'")
        manage(served, "setting set", "author_threshold", "2", expect=1)
        rows(served, "UPDATE account SET role = 'author' WHERE name = 'bea'")
        manage(served, "setting set", "author_threshold", "2")
        assert values(served)["author_threshold"] == "2"


def test_freshness_holds_from_the_next_request_on():
    with server() as served:
        _, _, machine = enrol(served, code(served, "--bundle", "shop")[0])
        Person(served).publish()
        assert lifetime_s(served, machine) == 900
        for text, expected_s in (("60s", 60), ("90s", 90), ("1m", 60), ("24h", 86400), ("1d", 86400), ("2h", 7200)):
            manage(served, "setting set", "freshness", text)
            assert lifetime_s(served, machine) == expected_s, text


def test_what_is_no_setting_or_no_value_is_told_so():
    with server() as served:
        for value in ("", "0", "65", "-1", "1.5", "x", " 1", "18446744073709551617"):
            assert "a number from 1 to 64" in manage(served, "setting set", "--", "author_threshold", value, expect=1)[1], value
        for value in ("", "s", "15", "59s", "25h", "86401s", "15 m", "-15m", "2d", "18446744073709551616s", "15mm"):
            assert "a duration from 1m to 24h" in manage(served, "setting set", "--", "freshness", value, expect=1)[1], value
        for name in ("name", "freshnes", "", "x" * 5000):
            assert "there is no setting" in manage(served, "setting set", name, "1", expect=1)[1], name
        manage(served, "setting set", "freshness", expect=2)
        assert values(served) == {"author_threshold": "1", "freshness": "15m", "retain": "off"}
        assert [row["action"] for row in manage_json(served, "log")] == ["init"]


def test_what_was_set_is_on_the_log():
    with server() as served:
        manage(served, "setting set", "freshness", "30m")
        manage(served, "setting set", "freshness", "1h")
        told = [(row["kind"], row["action"], row["subject"], row["detail"]) for row in manage_json(served, "log", "--last", "2")]
        assert told == [("os", "setting set", "freshness", "1h"), ("os", "setting set", "freshness", "30m")]


main(collect(globals()))
