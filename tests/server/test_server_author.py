# SPDX-License-Identifier: MIT
# What an author types: login, policy push, sign, log, diff, rollback; and what is not let through.
import base64
import contextlib
import hashlib
import http.server
import json
import os
import pathlib
import ssl
import stat
import threading
import time

from authors import add_account, add_key, archive, bundle, new_key, rows
from exported import export
from recorded import Agent, record
from served import CHAPERONE, SERVER, server
from support import clean_environment, collect, main, run, run_at_terminal

PROMPT = "Password of admin at "
ASKED = "Type yes: "
OWN_PASSWORD = "cn3ctd-nobody-has-this"


class Author:
    """Somebody with a home, a folder of policies and a key of his own."""

    def __init__(self, served, account="admin", key=None):
        self.served, self.account = served, account
        self.home = served.top / f"home-{account}"
        self.home.mkdir()
        self.environment = clean_environment(self.home)
        self.url = f"https://127.0.0.1:{served.port}"
        self.pin = served.made["certificate_key_sha256"]
        self.key = self.home / "key"
        self.write_key(key or served.made["author_key"])
        self.policies = self.home / "shop"
        self.policies.mkdir()
        self.write(bundle())

    def write_key(self, text, mode=0o600):
        self.key.write_text(text + "\n")
        self.key.chmod(mode)

    def write(self, files):
        for name, text in files.items():
            (self.policies / name).write_bytes(text)

    def rename(self, name):
        """Another policy, that passes its tests too."""
        self.write({"policy.yaml": bundle()["policy.yaml"].replace(b"name: agent\n", f"name: {name}\n".encode())})

    def type(self, *words, text=None):
        return run(self.served.top, *words, program=CHAPERONE, environment=self.environment, text=text)

    def type_at_terminal(self, *words, **more):
        return run_at_terminal(self.served.top, *words, program=CHAPERONE, environment=self.environment, **more)

    def login(self, *more, password=None, url=None):
        return self.type("login", url or self.url, "--account", self.account, "--bundle", "shop", "--password-stdin", "--pin", self.pin,
                         *more, text=(self.served.made["password"] if password is None else password) + "\n")

    def json(self, *words):
        status, out, err = self.type(*words, "--json")
        assert status == 0, (words, out, err)
        return json.loads(out)

    def push(self, *more):
        return self.json("policy", "push", str(self.policies), *more)

    def sign(self, draft, *more):
        return self.type("policy", "sign", draft, "--key", str(self.key), "--yes", *more)

    def publish(self, name, *more):
        self.rename(name)
        return self.push("--why", name, "--key", str(self.key), "--yes", *more)


@contextlib.contextmanager
def author(*more):
    with server(*more) as served:
        who = Author(served)
        status, _, err = who.login()
        assert status == 0, err
        yield who


def second_author(who, account="bea", role="author"):
    add_account(who.served, account, role)
    other = Author(who.served, account, add_key(who.served, account)[0])
    assert other.login()[0] == 0
    return other


def test_from_the_first_password_to_a_machine_with_a_policy():
    with author() as who:
        status, out, err = who.type("policy", "push", str(who.policies), "--why", "the first")
        assert status == 0 and not err and "added    policy.yaml" in out and "added    policy_test.yaml" in out, (out, err)
        command = out.splitlines()[-1].split()
        assert command[:3] == ["chaperone", "policy", "sign"] and command[4:] == ["--bundle", "shop", "--key", "FILE"], out
        status, out, err = who.sign(command[3])
        assert status == 0 and out.endswith("Version 1 of shop is in force.\n") and not err, (out, err)
        assert "chaperone.policy/v1\nbundle shop\nversion 1\n" in out and "+name: agent\n" in out, out
        code = json.loads(run(who.served.top, "code", "--data", str(who.served.data), "--bundle", "shop", "--json", program=SERVER)[1])
        kept = str(who.served.top / "kept")
        assert who.type("enroll", who.url, "--code", code["code"], "--folder", kept, "--host", "db-client.example")[0] == 0
        assert who.json("policy", "pull", "--folder", kept)["version"] == 1
        # whoever is enrolled needs neither URL nor pin
        os.unlink(who.home / ".config/chaperone/login.json")
        status, out, err = who.type("login", "--account", "admin", "--folder", kept, "--password-stdin", "--json",
                                    text=who.served.made["password"])
        assert status == 0 and json.loads(out)["bundle"] == "shop" and json.loads(out)["url"] == who.url, (out, err)


def totals(out):
    return json.loads(out.splitlines()[-1])["totals"]


def test_what_a_draft_would_have_decided_otherwise_is_shown_before_it_is_pushed():
    with author() as who:
        agent, (part,) = Agent(who.served), record(who.served.top, "record", 5, 40)
        assert agent.deliver(part)[0] == 200
        local, exported = str(who.served.top / "record"), str(export(who.served))
        policy = ("policy", "replay", "--policy", str(who.policies), "--json")
        here, there = who.type(*policy, "--record", local), who.type(*policy, exported)
        assert here[0] == there[0] == 0, (here, there)
        assert totals(here[1]) == totals(there[1]) and totals(there[1])["statements"] == 200, there
        for source in (local, exported):
            status, out, err = who.type("policy", "push", str(who.policies), "--replay", source)
            assert status == 0 and "200 statements" in out and out.index("200 statements") < out.index("chaperone policy sign"), (out, err)
        status, out, err = who.type("policy", "push", str(who.policies), "--replay", exported, "--json")
        assert status == 0 and json.loads(out) and "200 statements" in err, (out, err)
        drafts = rows(who.served, "SELECT count(*) FROM draft")
        damaged = who.served.top / "damaged"
        damaged.write_bytes(pathlib.Path(exported).read_bytes()[:-5000])
        for source in (damaged, who.served.top / "nothing"):
            status, out, err = who.type("policy", "push", str(who.policies), "--replay", str(source))
            assert status != 0 and "not pushed" in err, (out, err)
        assert rows(who.served, "SELECT count(*) FROM draft") == drafts


def test_a_login_is_kept_for_its_owner_alone():
    with server() as served:
        who = Author(served)
        who.environment["XDG_CONFIG_HOME"] = str(who.home / "elsewhere")
        status, out, err = who.login("--json")
        told = json.loads(out)
        assert status == 0 and not err and told["role"] == "administrator" and told["account"] == "admin", (out, err)
        path = who.home / "elsewhere/chaperone/login.json"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        kept = json.loads(path.read_text())
        assert set(kept) == {"url", "key_hash", "account", "role", "bundle", "token", "expires"}, kept
        assert kept["token"] not in out and served.made["password"] not in path.read_text()
        path.chmod(0o640)
        status, _, err = who.type("policy", "log")
        assert status == 2 and "0600" in err, err
        path.chmod(0o600)
        for name in kept:
            path.write_text(json.dumps(dict(kept, **{name: 7})))
            assert who.type("policy", "log")[0] == 2, name
        path.write_text(json.dumps(kept))
        assert who.type("policy", "log")[0] == 0
        path.parent.chmod(0o755)
        status, _, err = who.login()
        assert status == 2 and "chmod 700" in err, err


def test_a_login_ends():
    with author() as who:
        path = who.home / ".config/chaperone/login.json"
        before = path.read_text()
        status, out, _ = who.type("logout")
        assert status == 0 and "logged out" in out and not path.exists()
        status, _, err = who.type("policy", "log")
        assert status == 2 and "`chaperone login`" in err, err
        assert who.type("logout")[0] == 2
        path.write_text(before)  # the server knows it no more
        path.chmod(0o600)
        status, _, err = who.type("policy", "log")
        assert status == 1 and "`chaperone login`" in err, err
        # after a log-in neither URL nor pin is needed again
        assert who.type("login", "--account", "admin", "--password-stdin", text=who.served.made["password"])[0] == 0
        assert who.type("policy", "log", "--bundle", "shop")[0] == 0
        rows(who.served, "UPDATE token SET expires = ?", time.time_ns())
        for command in (["log"], ["diff"], ["push", str(who.policies)], ["sign", "0" * 32, "--key", str(who.key), "--yes"],
                        ["rollback", "1", "--why", "x"]):
            status, out, err = who.type("policy", *command)
            assert status == 1 and not out and "`chaperone login`" in err, (command, out, err)
        status, out, err = who.type("logout", "--json")
        assert status == 0 and set(json.loads(out)) == {"account", "url"} and json.loads(out)["account"] == "admin", (out, err)


def test_who_is_logged_out_while_the_server_is_away_keeps_nothing():
    with author() as who:
        who.served.stop()
        status, _, err = who.type("logout")
        assert status == 2 and "was not told" in err and not (who.home / ".config/chaperone/login.json").exists(), err


def test_wrong_passwords_and_names_do_not_log_in():
    with server() as served:
        who = Author(served)
        for expected, said, words, text in (
                (1, "account or password", ["--account", "admin"], "wrong"), (1, "account or password", ["--account", "nobody"], "wrong"),
                (2, "no account", ["--account", "Admin"], "x"), (2, "no bundle", ["--account", "admin", "--bundle", "/x"], "x"),
                (2, "first line", ["--account", "admin"], ""), (2, "password", ["--account", "admin"], "x" * 1025),
                (2, "hash of a key", ["--account", "admin", "--pin", "abc"], "x"),
                (2, "another server", ["--account", "admin", "--pin", "0" * 64], served.made["password"])):
            pin = [] if "--pin" in words else ["--pin", who.pin]
            status, out, err = who.type("login", who.url, *words, *pin, "--password-stdin", text=text)
            assert (status, out) == (expected, "") and said in err, (words, status, err)
        status, _, err = who.type("login", who.url, "--account", "admin", "--password-stdin", text="x")
        assert status == 2 and "--pin" in err, err
        status, _, err = who.type("login", "--account", "admin", "--password-stdin", text="x")
        assert status == 2 and "not enrolled" in err, err
        status, _, err = who.type("login", "http://127.0.0.1:1", "--account", "admin", "--password-stdin", "--pin", who.pin, text="x")
        assert status == 2 and "https://" in err, err
        assert not (who.home / ".config").exists()


def test_a_code_says_which_key_too():
    with server() as served:
        who = Author(served)
        code = json.loads(run(served.top, "code", "--data", str(served.data), "--json", program=SERVER)[1])["code"]
        who.pin = code.partition(".")[2]
        assert who.login()[0] == 0


def test_a_password_is_not_shown():
    with server() as served:
        who = Author(served)
        words = ["login", who.url, "--account", "admin", "--pin", who.pin]
        status, shown = who.type_at_terminal(*words, answer=served.made["password"] + "\n", after=PROMPT)
        assert status == 0 and "is logged in" in shown and served.made["password"] not in shown, shown
        status, shown = who.type_at_terminal(*words, answer=OWN_PASSWORD + "\n", after=PROMPT)
        assert status == 1 and "account or password" in shown and OWN_PASSWORD not in shown, shown
        status, shown = who.type_at_terminal(*words, answer="half\x03", after=PROMPT)
        assert status == 2 and "interrupted" in shown and "half" not in shown, shown
        status, _, err = who.type(*words, text="x\n")
        assert status == 2 and "--password-stdin" in err, err


def test_errors_are_found_before_the_server_is_asked():
    with author() as who:
        who.served.stop()
        who.write({"policy.yaml": b"version: 1\nname: x\nrulez: []\n"})
        status, out, err = who.type("policy", "push", str(who.policies))
        assert status == 1 and f"{who.policies}/policy.yaml:3:1: error: a policy has no key 'rulez'" in out, (out, err)
        assert "not pushed" in err, err
        status, out, _ = who.type("policy", "push", str(who.policies), "--json")
        assert status == 1 and json.loads(out)["errors"] == 1, out
        who.write(bundle(test="""
  - name: this is not so
    as: agent
    database: dev
    sql: SELECT 1
    want: { decision: deny }
"""))
        status, out, err = who.type("policy", "push", str(who.policies))
        assert status == 1 and "policy_test.yaml:" in out and "this is not so" in out and "[test]" in out, (out, err)


def with_source(release, source):
    """The release as it would be of another source."""
    line = next(each for each in release.splitlines() if each.startswith("source "))
    return release.replace(line, f"source {len(source)} sha256:{hashlib.sha256(source).hexdigest()}")


def test_what_only_the_server_finds_is_told_by_line():
    with author() as who:
        who.publish("one")
        (release, note), = rows(who.served, "SELECT release, note FROM policy")
        source = archive({"policy.yaml": b"version: 1\nname: x\nrulez: []\n"})
        changed = with_source(release, source)
        rows(who.served, "UPDATE policy SET release = ?, note = ?, source = ?", changed, note.replace(release, changed), source)
        words = ["policy", "rollback", "1", "--why", "x"]
        status, out, err = who.type(*words)
        assert status == 1 and out.startswith("policy.yaml:3:1: error: a policy has no key 'rulez'") and "does not pass" in err, (out, err)
        status, out, _ = who.type(*words, "--json")
        assert status == 1 and json.loads(out)["findings"][0]["line"] == 3, out


def test_what_is_no_bundle_is_not_pushed():
    with author() as who:
        empty = who.home / "empty"
        empty.mkdir()
        for said, path in (("no policy here", empty), ("cannot read it", who.home / "none")):
            status, out, err = who.type("policy", "push", str(path))
            assert status == 2 and not out and said in err, (path, err)
        (who.policies / "more.yml").write_bytes(b"")
        status, out, _ = who.type("policy", "push", str(who.policies))
        assert status == 0 and f"{who.policies}/more.yml:1:1: warning: this file is not read" in out, out
        (who.policies / "a b.yaml").write_bytes(bundle()["policy.yaml"])
        status, _, err = who.type("policy", "push", str(who.policies))
        assert status == 2 and "a b.yaml" in err and "NAME.yaml" in err, err
        status, _, err = who.type("policy", "push", str(who.policies / "policy.yaml"), "--why", "two\nlines")
        assert status == 2 and "one line" in err, err
        status, out, _ = who.type("policy", "push", str(who.policies / "policy.yaml"))  # a file alone
        assert status == 0 and "policy_test.yaml" not in out, out


def test_who_may_not_push_is_told_so():
    with author() as who:
        reader = second_author(who, "carl", "viewer")
        status, _, err = reader.type("policy", "push", str(reader.policies))
        assert status == 1 and "the server says" in err, err
        assert reader.type("policy", "log")[0] == 0


def test_a_wrong_key_signs_nothing():
    with author() as who:
        draft = who.push()["draft"]
        for said, expected, write in (
                ("0600", 2, lambda: who.write_key(who.served.made["author_key"], 0o640)),
                ("0600", 2, lambda: who.write_key(who.served.made["author_key"], 0o604)),
                ("no author's key", 2, lambda: who.write_key("PRIVATE+KEY+nonsense")),
                ("no author's key", 2, lambda: who.write_key("x" * 100000)),
                ("no author whose key counts", 1, lambda: who.write_key(new_key("shop.example/admin")[0])),
                ("No such file", 2, who.key.unlink)):
            write()
            status, _, err = who.sign(draft)
            assert status == expected and said in err, (said, status, err)
            if who.key.exists():
                who.key.chmod(0o600)
        assert who.json("policy", "log")["versions"] == []
        before = who.json("policy", "log", "--drafts")
        for words in (["--key", str(who.key)], ["--key", str(who.home / "none"), "--yes"]):  # nothing is pushed then
            assert who.type("policy", "push", str(who.policies), *words)[0] == 2
        assert who.json("policy", "log", "--drafts") == before
        who.write_key(who.served.made["author_key"])
        assert who.sign(draft)[0] == 0


def test_a_person_looks_before_signing():
    with author() as who:
        draft = who.push("--why", "look at me")["draft"]
        words = ["policy", "sign", draft, "--key", str(who.key)]
        status, out, err = who.type(*words, text="yes\n")
        assert status == 2 and "--yes" in err, err
        for answer in ("no\n", "\n", "y\n", "yes please\n", "\x04"):
            status, shown = who.type_at_terminal(*words, answer=answer, after=ASKED)
            assert status == 1 and "not signed" in shown and "why look at me" in shown, (answer, shown)
        assert who.json("policy", "log")["versions"] == []
        status, shown = who.type_at_terminal(*words, answer="yes\n", after=ASKED)
        assert status == 0 and "Version 1 of shop is in force." in shown, shown


def test_of_two_drafts_that_race_one_wins():
    with author() as who:
        other = second_author(who)
        assert who.publish("one")["version"] == 1
        who.rename("two")
        other.rename("three")
        first, second = who.push()["draft"], other.push()["draft"]
        assert who.sign(first)[0] == 0
        status, _, err = other.sign(second)
        assert status == 1 and "version 2 came first" in err and "push it again" in err, err
        listed = who.json("policy", "log", "--drafts")["drafts"]
        assert [(each["draft"], each["is_stale"]) for each in listed] == [(second, True)], listed
        assert other.publish("three")["version"] == 3


def test_a_threshold_counts_authors():
    with author() as who:
        rows(who.served, "INSERT INTO setting (name, value) VALUES ('author_threshold', '2')")
        other = second_author(who)
        told = who.publish("one")
        assert not told["is_published"] and told["signatures"] == 1 and told["signatures_needed"] == 2, told
        status, out, _ = who.sign(told["draft"])
        assert status == 0 and "1 of 2 signatures; one more author types:" in out, out
        status, out, _ = other.sign(told["draft"])
        assert status == 0 and "Version 1 of shop is in force." in out, out
        version, = who.json("policy", "log")["versions"]
        assert version["signers"] == ["admin", "bea"] and version["by"] == "admin", version


def test_log_and_diff_tell_versions():
    with author() as who:
        for name in ("one", "two"):
            who.publish(name)
        listed = who.json("policy", "log")["versions"]
        assert [(each["version"], each["why"], each["by"], each["signers"]) for each in listed] == \
            [(2, "two", "admin", ["admin"]), (1, "one", "admin", ["admin"])], listed
        status, out, _ = who.type("policy", "log")
        lines = out.splitlines()
        assert status == 0 and lines[0].startswith("version 2  20") and lines[0].endswith("by admin, signed by admin"), out
        assert lines[1] == "    two" and lines[2].startswith("version 1  "), out
        status, out, _ = who.type("policy", "diff", "1", "2")
        assert status == 0 and "--- policy.yaml  version 1\n+++ policy.yaml  version 2\n@@ " in out, out
        assert "\n-name: one\n+name: two\n" in out and "policy_test.yaml" not in out, out
        told = who.json("policy", "diff", "2", "1")
        assert told["files"] == [{"name": "policy.yaml", "change": "edited"}] and "\n-name: two\n+name: one\n" in told["diff"], told
        assert who.type("policy", "diff", "1", "1") == (0, "", "")
        who.rename("three")
        (who.policies / "more.yaml").write_text("version: 1\nname: more\nrules: []\n")
        for words in ([str(who.policies)], ["2", str(who.policies)]):
            told = who.json("policy", "diff", *words)
            assert [(each["name"], each["change"]) for each in told["files"]] == [("more.yaml", "added"), ("policy.yaml", "edited")], told
        assert who.type("policy", "diff")[0] == 1  # no draft
        draft = who.push()["draft"]
        told = who.json("policy", "diff")
        assert told["from"] == "version 2" and told["to"] == f"draft {draft}" and "+name: three\n" in told["diff"], told
        assert who.json("policy", "diff", draft) == told and who.json("policy", "diff", "2", draft) == told
        for words, expected in ((["7"], 1), (["0" * 32], 1), (["nowhere"], 2), (["1", "2", "3"], 2)):
            assert who.type("policy", "diff", *words)[0] == expected, words
        assert who.json("policy", "log", "--bundle", "bank") == {"bundle": "bank", "versions": []}


def test_a_log_of_many_versions_is_whole():
    with author() as who:
        who.publish("one")
        rows(who.served, "WITH RECURSIVE n(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM n WHERE n < 250) INSERT INTO policy"
             " (bundle, version, release, digest, note, signers, source, published)"
             " SELECT bundle, n, release, digest, note, signers, source, published FROM policy, n")
        assert [each["version"] for each in who.json("policy", "log")["versions"]] == list(range(250, 0, -1))


def test_a_rollback_is_a_higher_version():
    with author() as who:
        for name in ("one", "two"):
            who.publish(name)
        told = who.json("policy", "rollback", "1", "--why", "two was wrong")
        assert told["version"] == 3 and not told["is_published"], told
        assert who.sign(told["draft"])[0] == 0
        assert who.json("policy", "diff", "1", "3")["files"] == [] and who.json("policy", "log")["versions"][0]["why"] == "two was wrong"
        told = who.json("policy", "rollback", "2", "--why", "it was right", "--key", str(who.key), "--yes")
        assert told["version"] == 4 and told["is_published"], told
        for words, expected in ((["9", "--why", "x"], 1), (["0", "--why", "x"], 2), (["one", "--why", "x"], 2), (["1"], 2), ([], 2)):
            assert who.type("policy", "rollback", *words)[0] == expected, words


@contextlib.contextmanager
def between(served, change):
    """Who has the server's key stands before it, and changes its answers: change(path, answer)."""
    port = served.port
    served.stop()
    served.start()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            status, _, body = served.ask("GET", self.path, f"Authorization: {self.headers['Authorization']}")
            body = json.dumps(change(self.path, json.loads(body))).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(served.data / "tls.crt", served.data / "tls.key")
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler) as listening:
        listening.socket = context.wrap_socket(listening.socket, server_side=True)
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        try:
            yield
        finally:
            listening.shutdown()
            thread.join()
    served.stop()
    served.start("--listen", f"127.0.0.1:{port}")


def test_a_server_that_shows_other_than_is_signed_is_not_signed_for():
    with author() as who:
        who.publish("one")
        who.rename("two")
        draft = who.push()["draft"]
        (release, source), = rows(who.served, "SELECT release, source FROM draft")
        changed = {}
        other_source = base64.b64encode(source.replace(b"name: two", b"name: ten")).decode()
        with between(who.served, lambda path, told: {**told, **changed} if path.endswith(draft) else told):
            for name, value, said in (
                    ("source", other_source, "the server shows other files than those whose digest is to be signed"),
                    ("release", release.replace("version 2", "version 3"), "what the server shows is no release"),
                    ("release", release.replace("bundle shop", "bundle bank"), "the release is version 2 of bank"),
                    ("release", release.replace("sha256:", "sha257:"), "what the server shows is no release"),
                    ("release", release.replace("\nwhy", "\n\nwhy"), "what the server shows is no release")):
                changed.clear()
                changed[name] = value
                status, out, err = who.sign(draft)
                assert status == 2 and said in err and "chaperone.policy/v1" not in out, (name, value, status, err)
            changed.clear()
            assert not rows(who.served, "SELECT * FROM draft_signature")
        digest = release.split("previous 1 sha256:")[1][:64]
        rows(who.served, "UPDATE draft SET release = ?", release.replace(digest, "1" * 64))
        status, _, err = who.sign(draft)
        assert status == 2 and "follows another version 1" in err, err
        rows(who.served, "UPDATE draft SET release = ?", release)
        assert who.sign(draft)[0] == 0


def test_what_the_server_says_does_not_move_the_cursor():
    with author() as who:
        draft = who.push()["draft"]
        (release,), = rows(who.served, "SELECT release FROM draft")
        source = archive({"policy.yaml": ("# \x1b[2J\u202e" + "x" * 100000 + "behind\n").encode()})
        rows(who.served, "UPDATE draft SET release = ?, source = ?", with_source(release, source), source)
        for status, out, err in (who.type("policy", "diff"), who.sign(draft)):
            assert status == 0 and "+# \\x1b[2J\\u{202e}x" in out and "xbehind\n" in out and "\x1b" not in out + err, (out, err)


def test_not_from_inside_a_governed_tree():
    with author() as who:
        draft = who.push()["draft"]
        who.environment["CHAPERONE_RUN"] = "1"
        for words in (["login", who.url, "--pin", who.pin, "--password-stdin"], ["policy", "push", str(who.policies)],
                      ["policy", "sign", draft, "--key", str(who.key), "--yes"], ["policy", "rollback", "1", "--why", "x"]):
            status, out, err = who.type(*words, text=who.served.made["password"])
            assert status == 2 and not out and "governed tree" in err, (words, err)
        assert who.type("policy", "log")[0] == 0


def test_help_helps():
    with author() as who:
        for words in (["login"], ["logout"], *(["policy", verb] for verb in ("push", "sign", "log", "diff", "rollback"))):
            status, out, err = who.type(*words, "--help")
            assert status == 0 and f"usage: chaperone {' '.join(words)}" in out and "--json" in out and "exit" in out.lower(), (out, err)


main(collect(globals()))
