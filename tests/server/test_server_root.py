# SPDX-License-Identifier: MIT
# Authors' keys change: one root after the other, each signed by enough of both, and machines follow it.
import hashlib
import json

from authors import Person, add_account, add_key, bundle, new_key, root_text, rows, sign
from exported import Taken, export, verify
from recorded import Agent, record
from served import CHAPERONE, SERVER, code, enrol, server
from support import clean_environment, collect, main, run, run_at_terminal


def enroll(served, kept, *more):
    """Its exit status."""
    status, out, err = run(served.top, "code", "--data", str(served.data), "--bundle", "shop", "--json", program=SERVER)
    assert status == 0, err
    return run(served.top, "enroll", f"https://127.0.0.1:{served.port}", "--code", json.loads(out)["code"], "--folder",
               str(served.top / kept), "--host", "db-client.example", *more, program=CHAPERONE)[0]


class Authors:
    """The administrator and ben, who may sign with keys of their own; machines."""

    def __init__(self, served):
        self.served, self.admin = served, Person(served)
        self.secret = served.made["author_key"]
        self.public = rows(served, "SELECT verifier FROM author_key")[0][0]
        add_account(served, "ben", "author")
        self.machine("early")
        self.ben = Person(served, "ben")
        self.ben_secret, self.ben_public = add_key(served, "ben")

    def shown(self):
        status, told = self.admin.get("/v1/authors")
        assert status == 200, told
        return told

    def post(self, text, *secrets, person=None):
        return (person or self.admin).ask("POST", "/v1/authors", sign(text, *secrets))

    def change(self, keys, threshold, *secrets):
        """A root that is in force afterwards."""
        status, told = self.post(root_text(self.shown(), keys, threshold), *secrets)
        assert status == 200 and told["is_published"], told
        return told["root"]

    def machine(self, kept):
        assert enroll(self.served, kept) == 0

    def pull(self, kept):
        """What is held then, or what was said against it."""
        status, out, err = run(self.served.top, "policy", "pull", "--json", "--folder", str(self.served.top / kept), program=CHAPERONE)
        assert (status == 0) == (not err) == bool(out), (status, out, err)
        return json.loads(out)["version"] if status == 0 else err

    def root_of(self, kept):
        path = self.served.top / kept / "root.json"
        if not path.exists():
            return 0
        return int(json.loads(path.read_text())["root"].split("version ")[1].split("\n")[0])


def test_an_author_is_added_and_machines_that_enrolled_before_follow():
    with server() as served:
        authors = Authors(served)
        assert authors.admin.publish() == 1 and authors.pull("early") == 1
        text = root_text(authors.shown(), [authors.public, authors.ben_public], 2)
        status, told = authors.post(text, authors.secret)
        assert status == 200 and (told["is_published"], told["signatures"]) == (False, 1), told
        draft, = authors.shown()["drafts"]
        assert draft == {"text": text, "signed_by": [authors.public]}, draft
        assert authors.pull("early") == 1 and authors.root_of("early") == 0
        status, told = authors.post(text, authors.ben_secret, person=authors.ben)
        assert status == 200 and told == {"root": 1, "is_published": True, "signatures": 2}, told
        shown = authors.shown()
        assert (shown["root"], shown["threshold"], shown["drafts"]) == (1, 2, []) and set(shown["keys"]) == {authors.public, authors.ben_public}
        assert authors.pull("early") == 1 and authors.root_of("early") == 1
        # from now on it takes both
        status, told = authors.admin.push(bundle(policy="# two\n"))
        assert not authors.admin.sign(told["draft"], sign(told["release"], authors.secret))[1]["is_published"]
        assert authors.ben.sign(told["draft"], sign(told["release"], authors.ben_secret))[1]["is_published"]
        assert authors.pull("early") == 2


def test_keys_are_handed_over_and_the_policy_in_force_stays():
    with server() as served:
        authors = Authors(served)
        authors.machine("idle")
        assert authors.admin.publish() == 1 and authors.admin.publish(bundle(policy="# two\n")) == 2
        assert authors.pull("early") == 2
        authors.change([authors.ben_public], 1, authors.secret, authors.ben_secret)
        authors.machine("late")
        # who held it, who held nothing, and who enrolled since: nobody but the root vouches for what admin signed
        for kept in ("early", "early", "idle", "idle", "late"):
            assert authors.pull(kept) == 2, kept
        status, told = authors.admin.push(bundle(policy="# three\n"))
        status, said = authors.admin.sign(told["draft"], sign(told["release"], authors.secret))
        assert status == 422 and "no author whose key counts" in said["detail"], said
        assert authors.ben.sign(told["draft"], sign(told["release"], authors.ben_secret))[1]["is_published"]
        for kept in ("early", "idle", "late"):
            assert authors.pull(kept) == 3 and authors.pull(kept) == 3, kept
        assert [authors.root_of(kept) for kept in ("early", "idle", "late")] == [1, 1, 0]


def test_what_is_held_is_believed_until_the_newest_has_come():
    with server() as served:
        authors = Authors(served)
        assert authors.admin.publish() == 1 and authors.pull("early") == 1
        assert authors.admin.publish(bundle(policy="# two\n")) == 2
        authors.change([authors.ben_public], 1, authors.secret, authors.ben_secret)  # which vouches for the second alone
        note, = rows(served, "SELECT note FROM policy WHERE version = 2")[0]
        rows(served, "UPDATE policy SET note = ? WHERE version = 2", note.replace("because", "becausf"))
        for _ in range(2):
            assert "signatures are not right" in authors.pull("early") or "signed by 0" in authors.pull("early")
            assert authors.root_of("early") == 1
        rows(served, "UPDATE policy SET note = ? WHERE version = 2", note)
        assert authors.pull("early") == 2


def test_a_machine_that_was_away_walks_every_root():
    with server() as served:
        authors = Authors(served)
        assert authors.admin.publish() == 1
        both = [authors.public, authors.ben_public]
        authors.change(both, 1, authors.secret)
        authors.change([authors.ben_public], 1, authors.secret, authors.ben_secret)
        authors.change(both, 2, authors.secret, authors.ben_secret)
        assert authors.pull("early") == 1 and authors.root_of("early") == 3
        authors.machine("again")
        assert authors.pull("again") == 1


def test_enrolling_again_begins_with_the_newest_root():
    with server() as served:
        authors = Authors(served)
        assert authors.admin.publish() == 1
        authors.change([authors.ben_public], 1, authors.secret, authors.ben_secret)
        assert authors.pull("early") == 1 and authors.root_of("early") == 1
        assert enroll(served, "early", "--again") == 0
        assert authors.root_of("early") == 0 and authors.pull("early") == 1
        authors.change([authors.public, authors.ben_public], 1, authors.ben_secret)
        assert authors.pull("early") == 1 and authors.root_of("early") == 2


def test_the_first_root_leaves_no_machine_behind():
    with server() as served:
        authors = Authors(served)  # whose machine was given the administrator's key alone
        assert authors.admin.publish() == 1
        text = root_text(authors.shown(), [authors.ben_public], 1)
        status, told = authors.post(text, authors.ben_secret, person=authors.ben)
        assert status == 200 and (told["is_published"], told["signatures"]) == (False, 1), told
        assert authors.pull("early") == 1
        early = rows(served, "SELECT id FROM agent")[0][0]
        assert run(served.top, "agent", "revoke", early, "--data", str(served.data), program=SERVER)[0] == 0
        authors.machine("late")
        status, told = authors.post(text, authors.ben_secret, person=authors.ben)
        assert status == 200 and told["is_published"], told
        assert authors.pull("late") == 1 and authors.root_of("late") == 1


def replace_root(authors, text, *secrets):
    """What somebody who has the whole server can do."""
    freshness = (authors.served.data / "freshness.key").read_text().strip()
    note = sign(text, *secrets, freshness).decode()
    rows(authors.served, "UPDATE root SET text = ?, note = ? WHERE version = (SELECT max(version) FROM root)", text, note)


def test_what_too_few_have_signed_is_refused_with_words():
    with server() as served:
        authors = Authors(served)
        assert authors.admin.publish() == 1 and authors.pull("early") == 1
        first = authors.shown()
        authors.change([authors.public, authors.ben_public], 1, authors.secret)
        secret, public = new_key("shop.example/eve")
        stranger = new_key("shop.example/admin")
        honest = root_text(first, [authors.public], 1)
        for text, secrets, said in (
                (root_text(first, [public], 1), [secret], "too few of the authors who are known"),
                (root_text(first, [public], 1), [authors.secret], "too few of the authors whom it names"),
                (root_text(first, [stranger[1]], 1), [stranger[0]], "too few of the authors who are known"),
                (root_text(first, [authors.public, public], 2), [secret], "too few of the authors who are known"),
                (root_text(first, [authors.public], 1, server="other.example"), [authors.secret], "another server's"),
                (root_text(first, [authors.public], 1, version=2, previous="1 sha256:" + 64 * "1"), [authors.secret], "not the one that follows"),
                (honest.replace("threshold 1", "threshold 0"), [authors.secret], "damaged"),
                (honest.replace("threshold 1", "threshold 2"), [authors.secret], "damaged"),
                (honest.replace("v1", "v2"), [authors.secret], "damaged")):
            replace_root(authors, text, *secrets)
            said_there = authors.pull("early")
            assert "root 1 is not followed" in said_there and said in said_there, (said, said_there)
            assert authors.root_of("early") == 0
        replace_root(authors, honest, authors.secret)
        assert authors.pull("early") == 1 and authors.root_of("early") == 1


def test_what_the_server_has_not_signed_is_refused():
    with server() as served:
        authors = Authors(served)
        assert authors.admin.publish() == 1
        text = root_text(authors.shown(), [authors.public], 1)
        authors.change([authors.public], 1, authors.secret)
        rows(served, "UPDATE root SET text = ?, note = ?", text, sign(text, authors.secret).decode())
        assert "the server has not signed it" in authors.pull("early")


def test_roots_are_neither_skipped_nor_taken_back():
    with server() as served:
        authors = Authors(served)
        assert authors.admin.publish() == 1
        both = [authors.public, authors.ben_public]
        authors.change(both, 1, authors.secret)
        authors.machine("middle")
        authors.change([authors.ben_public], 1, authors.secret, authors.ben_secret)
        first, second = rows(served, "SELECT note FROM root ORDER BY version")
        rows(served, "UPDATE root SET note = ? WHERE version = 1", second[0])
        assert "not the one that follows" in authors.pull("early") and authors.root_of("early") == 0
        rows(served, "UPDATE root SET note = ? WHERE version = 1", first[0])
        assert authors.pull("early") == 1 and authors.root_of("early") == 2
        assert authors.pull("middle") == 1 and authors.root_of("middle") == 2
        rows(served, "DELETE FROM root_key WHERE root = 2")
        rows(served, "DELETE FROM root WHERE version = 2")
        for kept in ("early", "middle"):
            said = authors.pull(kept)
            assert "root 1 of the authors is the newest, and this machine has root 2" in said, said
            assert authors.root_of(kept) == 2
        rows(served, "DELETE FROM root_key")
        rows(served, "DELETE FROM root")
        assert "this machine has root 2" in authors.pull("early")


def test_the_server_takes_no_root_that_machines_would_not():
    with server() as served:
        authors = Authors(served)
        assert authors.admin.publish() == 1
        shown = authors.shown()
        stranger, public = new_key("shop.example/eve")
        good = root_text(shown, [authors.public], 1)
        twice = authors.public.replace("shop.example/admin", "shop.example/admin")
        for status, said, text, secrets in (
                (422, "no account has", root_text(shown, [authors.public, public], 1), [authors.secret, stranger]),
                (422, "nobody has signed", good, [stranger]),
                (422, "another server's", root_text(shown, [authors.public], 1, server="other.example"), [authors.secret]),
                (409, "came first", root_text(shown, [authors.public], 1, version=2, previous="1 sha256:" + 64 * "1"), [authors.secret]),
                (409, "came first", root_text(shown, [authors.public], 1, policies=""), [authors.secret]),
                (409, "came first", good.replace("policy shop 1", "policy shop 2"), [authors.secret]),
                (400, "signed note", good.replace("threshold 1", "threshold 2"), [authors.secret]),
                (400, "signed note", good.replace(f"key {authors.public}", f"key {authors.public}\nkey {twice}"), [authors.secret]),
                (400, "signed note", good.replace("why a", "why  a\nwhy"), [authors.secret])):
            got, told = authors.post(text, *secrets)
            assert got == status and said in told["detail"], (status, said, got, told)
        forged = sign(good, authors.secret).replace(b" ", b"  ", 1)
        assert authors.admin.ask("POST", "/v1/authors", forged)[0] == 400
        assert authors.admin.ask("POST", "/v1/authors", b"nothing")[0] == 400
        broken = sign(good, authors.secret).replace(b"a change", b"b change")
        got, told = authors.admin.ask("POST", "/v1/authors", broken)
        assert got == 422 and "is not that of the key" in told["detail"], told
        assert authors.shown()["root"] == 0 and authors.shown()["drafts"] == []


def test_a_change_follows_what_is_in_force():
    with server() as served:
        authors = Authors(served)
        text = root_text(authors.shown(), [authors.public, authors.ben_public], 2)
        assert authors.post(text, authors.secret)[0] == 200
        other = root_text(authors.shown(), [authors.public], 1)
        assert authors.admin.publish() == 1  # which the first does not vouch for
        got, told = authors.post(text, authors.ben_secret, person=authors.ben)
        assert got == 409 and "came first" in told["detail"], told
        assert authors.post(other, authors.secret)[0] == 409
        authors.change([authors.public], 1, authors.secret)
        assert authors.shown()["drafts"] == []
        assert authors.pull("early") == 1


def test_who_proposes_too_much_is_in_nobody_elses_way():
    with server() as served:
        authors = Authors(served)
        text = root_text(authors.shown(), [authors.public, authors.ben_public], 2)
        assert authors.post(text, authors.secret)[0] == 200
        for i in range(1, 100):
            rows(served, "INSERT INTO root_draft SELECT ?, account, version, 'x', made FROM root_draft WHERE text = ?", i.to_bytes(32, "big"), text)
        rows(served, "INSERT INTO root_signature SELECT digest, ?, 'x', 0 FROM root_draft WHERE digest NOT IN (SELECT draft FROM root_signature)",
             authors.public)
        other = root_text(authors.shown(), [authors.ben_public], 1)
        status, told = authors.post(other, authors.secret)
        assert status == 409 and "proposed 100 changes" in told["detail"], told
        # what is there can be signed, be it by who has proposed so many, and others propose
        assert authors.post(text, authors.secret)[0] == 200
        assert authors.post(other, authors.secret, person=authors.ben)[0] == 200
        # what nobody signed whose key still counts makes room
        rows(served, "UPDATE root_signature SET verifier = 'shop.example/gone+x'")
        assert authors.post(root_text(authors.shown(), [authors.public], 1, why="another"), authors.secret, person=authors.ben)[1]["is_published"]


def test_roots_are_for_those_whom_they_concern():
    with server() as served:
        authors = Authors(served)
        authors.change([authors.public], 1, authors.secret)
        machine = enrol(served, code(served, "--bundle", "shop")[0])[2]
        assert machine["root"].startswith("chaperone.root/v1\n"), machine
        shows = f"Authorization: Bearer {machine['token']}"
        status, headers, body = served.ask("GET", "/v1/roots/1", shows)
        assert status == 200 and headers["content-type"].startswith("text/plain") and body.decode() == machine["root"]
        for path, expected in (("/v1/roots/2", 404), ("/v1/roots/0", 404), ("/v1/roots/x", 404), ("/v1/authors", 401)):
            assert served.ask("GET", path, shows)[0] == expected, path
        assert served.ask("GET", "/v1/roots/1")[0] == 401
        add_account(served, "cyd", "viewer")
        viewer = Person(served, "cyd")
        assert viewer.get("/v1/authors")[0] == 200 and viewer.ask("POST", "/v1/authors", b"x")[0] == 403


class Typist:
    """An author with a home and a key of his own, who is logged in."""

    def __init__(self, served, account, secret):
        self.served = served
        home = served.top / f"home-{account}"
        home.mkdir()
        self.environment = clean_environment(home)
        self.key = home / "key"
        self.key.write_text(secret + "\n")
        self.key.chmod(0o600)
        status, _, err = self.type("login", f"https://127.0.0.1:{served.port}", "--account", account, "--bundle", "shop",
                                   "--password-stdin", "--pin", served.made["certificate_key_sha256"],
                                   text=served.made["password"] + "\n")
        assert status == 0, err

    def type(self, *words, text=None):
        return run(self.served.top, *words, program=CHAPERONE, environment=self.environment, text=text)

    def type_at_terminal(self, *words, **more):
        return run_at_terminal(self.served.top, *words, program=CHAPERONE, environment=self.environment, **more)


def test_authors_type_it():
    with server() as served:
        authors = Authors(served)
        assert authors.admin.publish() == 1
        assert authors.change([authors.public], 1, authors.secret) == 1
        admin, ben = Typist(served, "admin", authors.secret), Typist(served, "ben", authors.ben_secret)
        words = ["policy", "key-change", "--key", str(admin.key)]
        for more, status, said in (([], 2, "say what is to change"), (["--yes", "--remove", "cyd"], 2, "cyd has no key"),
                                   (["--yes", "--add", "x"], 2, "a public key"), (["--yes", "--threshold", "0"], 2, "1 to 64"),
                                   (["--yes", "--threshold", "3"], 2, "nobody can sign then: 1 key and a threshold of 3"),
                                   (["--yes", "--remove", "admin"], 2, "nobody can sign then"), (["--threshold", "1"], 2, "--yes"),
                                   (["--yes", "--add", new_key("shop.example/eve")[1]], 1, "no account has")):
            got, out, err = admin.type(*words, *more)
            assert got == status and said in err, (more, got, out, err)
        assert admin.type("policy", "key-sign", "--key", str(admin.key), "--yes")[0] == 1
        change = [*words, "--add", authors.ben_public, "--threshold", "2", "--why", "ben is new here"]
        status, shown = admin.type_at_terminal(*change, answer="no\n", after="Type yes: ")
        assert status == 1 and "not signed" in shown and authors.shown()["drafts"] == [], shown
        status, shown = admin.type_at_terminal(*change, answer="yes\n", after="Type yes: ")
        assert status == 0 and "+ shop.example/ben" in shown and "2 of 2 must sign, and 1 of 1 now" in shown, shown
        assert "policy shop 1 sha256:" in shown and "why ben is new here" in shown and "Root 2 has 1 signature;" in shown, shown
        status, out, _ = ben.type("policy", "keys", "--folder", str(served.top / "early"))
        assert status == 0 and "machine: root 0, 1 of these" in out and "proposed, with 1 signature:\nchaperone.root/v1" in out, out
        assert ben.type("policy", "key-sign", "cyd", "--key", str(ben.key), "--yes")[0] == 1
        status, out, err = ben.type("policy", "key-sign", "admin", "--key", str(ben.key), "--yes", "--json")
        assert status == 0 and json.loads(out) == {"root": 2, "is_published": True, "signatures": 2}, (out, err)
        assert "+ shop.example/ben" in err, err
        assert authors.pull("early") == 1
        status, out, err = ben.type("policy", "keys", "--folder", str(served.top / "early"), "--json")
        told = json.loads(out)
        assert told["machine"] == told["server"] == {"root": 2, "threshold": 2, "keys": sorted([authors.public, authors.ben_public])}, told
        assert told["proposed"] == [], told
        # another key for ben, in place of his first
        secret, public = add_key(served, "ben")
        assert admin.type(*words, "--add", public, "--yes")[0] == 0
        assert ben.type("policy", "key-sign", "--key", str(ben.key), "--yes")[0] == 0 and authors.shown()["root"] == 2
        ben.key.write_text(secret + "\n")
        assert ben.type("policy", "key-sign", "--key", str(ben.key), "--yes")[0] == 0
        assert authors.shown()["root"] == 3 and authors.shown()["keys"] == sorted([authors.public, public])
        assert authors.pull("early") == 1 and authors.root_of("early") == 3
        status, out, err = run(served.top, "policy", "keys", program=CHAPERONE)
        assert status == 2 and "nobody is logged in" in err, err


def test_authors_build_on_nothing_that_only_the_server_says():
    with server() as served:
        authors = Authors(served)
        assert authors.admin.publish() == 1
        admin, mallory = Typist(served, "admin", authors.secret), new_key("shop.example/mallory")
        change = ["policy", "key-change", "--key", str(admin.key), "--yes", "--add", authors.ben_public, "--threshold", "2"]

        def refused(said, note=None, **kept):
            """The command, while the server's database has something else, which is put back."""
            before = rows(served, "SELECT text, note FROM root WHERE version = 1")
            for column, value in kept.items():
                rows(served, f"UPDATE root SET {column} = ? WHERE version = 1", value)
            status, out, err = admin.type(*change)
            if kept:
                rows(served, "UPDATE root SET text = ?, note = ? WHERE version = 1", *before[0])
            assert status != 0 and said in err and rows(served, "SELECT count(*) FROM root_draft") == [(0,)], (status, out, err)

        # a policy of which no author knows
        release, digest, source = rows(served, "SELECT release, digest, source FROM policy")[0]
        release = release.replace("version 1\n", "version 2\n").replace("previous 0 -", f"previous 1 sha256:{digest.hex()}")
        rows(served, "INSERT INTO policy VALUES ('shop', 2, ?, ?, ?, 'mallory', ?, 1)", release,
             hashlib.sha256(release.encode()).digest(), sign(release, mallory[0]).decode(), source)
        refused("version 2 of shop is in force on the server, and not signed by the authors who count")
        rows(served, "DELETE FROM policy WHERE version = 2")
        # nobody is known here yet, so that the person has to look
        status, shown = admin.type_at_terminal(*[word for word in change if word != "--yes"], answer="no\n", after="Type yes: ")
        assert status == 1 and "Nobody here knows these authors yet" in shown and "+ shop.example/admin" in shown, shown
        assert authors.change([authors.public], 1, authors.secret) == 1
        status, shown = admin.type_at_terminal(*[word for word in change if word != "--yes"], answer="no\n", after="Type yes: ")
        assert status == 1 and "Nobody here knows these authors yet" in shown, shown
        status, shown = admin.type_at_terminal(*[word for word in change if word != "--yes"], answer="no\n", after="Type yes: ")
        assert status == 1 and "Nobody here" not in shown and "+ shop.example/admin" not in shown, shown  # it is remembered
        # another root than the one that is known: of the server's own making
        shown = {**authors.shown(), "root": 0}
        other = root_text(shown, [authors.public, mallory[1]], 1)
        refused("it is not the server that it was", text=other, note=sign(other, mallory[0]).decode())
        # one that does not follow
        assert authors.change([authors.public, authors.ben_public], 1, authors.secret) == 2
        note, = rows(served, "SELECT note FROM root WHERE version = 2")[0]
        rows(served, "UPDATE root SET note = ? WHERE version = 2", note.replace(authors.ben_public, mallory[1]))
        refused("root 2 does not follow from the authors who are known here")
        rows(served, "UPDATE root SET note = ? WHERE version = 2", note)
        assert admin.type(*change)[0] == 0 and len(authors.shown()["drafts"]) == 1
        # rolled back
        rows(served, "DELETE FROM root WHERE version = 2")
        status, _, err = admin.type(*change)
        assert status != 0 and "the server shows root 1, and root 2 is known here" in err, err


def test_what_authors_did_is_written_down():
    with server() as served:
        authors = Authors(served)
        authors.change([authors.public, authors.ben_public], 1, authors.secret)
        told = rows(served, "SELECT actor, action, subject, detail FROM audit WHERE action LIKE 'root%' ORDER BY number")
        assert told == [("admin", "root sign", "1", "shop.example/admin"),
                        ("admin", "root", "1", "1 of shop.example/admin shop.example/ben")], told
        status, _, err = run(served.top, "setting", "set", "author_threshold", "2", "--data", str(served.data), program=SERVER)
        assert status != 0 and "the root of the authors" in err, (status, err)
        assert rows(served, "SELECT value FROM setting WHERE name = 'author_threshold'") == [("1",)]


def test_an_exports_policies_rest_on_the_roots():
    with server() as served:
        authors, agent = Authors(served), Agent(served)
        for part in record(served.top, "record", 2, 2):
            assert agent.deliver(part)[0] == 200
        assert authors.admin.publish() == 1
        authors.change([authors.public, authors.ben_public], 1, authors.secret)
        assert authors.admin.publish() == 2
        authors.change([authors.ben_public], 1, authors.secret, authors.ben_secret)
        assert authors.admin.publish(key=authors.ben_secret) == 3
        path = export(served)
        first, second = (hashlib.sha256(text.encode()).hexdigest() for text, in rows(served, "SELECT text FROM root ORDER BY version"))
        status, out = verify(path)
        assert status == 0 and first in out and "--root" in out, out
        for digest in (first, second):
            status, out = verify(path, "--root", digest)
            assert status == 0 and "compare it (--root)" not in out[0] + out[1], out
        status, out = verify(path, "--root", "0" * 64)
        assert status == 1 and "root" in out, out

        def changed(change):
            """What the server itself could have written."""
            taken = Taken(path.read_bytes())
            change(taken)
            forged = served.top / "forged"
            forged.write_bytes(taken.data(served))
            return forged

        def sign_again(kind, which, secret):
            def change(taken):
                told, data = taken.blocks[taken.of(kind)[which]]
                length = told.get("note", len(data))
                note = sign(data[:length].decode().rpartition("\n\n")[0] + "\n", secret)
                taken.blocks[taken.of(kind)[which]] = [{**told, "note": len(note)} if "note" in told else told, note + data[length:]]
            return change

        def drop(which):
            def change(taken):
                del taken.blocks[taken.of("root")[which]]
            return change

        assert verify(changed(lambda taken: None))[0] == 0
        for change in (sign_again("policy", 2, authors.secret),  # whose key counts no more
                       sign_again("root", 1, new_key("shop.example/ben")[0]), drop(0)):
            status, out = verify(changed(change))
            assert status == 1 and "bad: block" in out, out
        assert verify(changed(drop(1)), "--root", second)[0] == 1


main(collect(globals()))
