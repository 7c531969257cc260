# SPDX-License-Identifier: MIT
# A draft becomes the policy when authors have signed what it says, and never otherwise.
import base64
import concurrent.futures
import hashlib
import json
import os
import pathlib
import signal
import time

from authors import Person, add_account, add_key, archive, bundle, new_key, rows, sign
from served import server
from support import collect, main

FIRST = b"chaperone.source/v1\n"
NO_ARCHIVES = (b"", b"PK\x03\x04", FIRST[:-1], FIRST + b"../a.yaml 1\nx", FIRST + b"/etc/a.yaml 1\nx", FIRST + b".a.yaml 1\nx",
               FIRST + b"a/b.yaml 1\nx", FIRST + b"a.yaml 2\nx", FIRST + b"a.sh 1\nx", FIRST + b"b.yaml 1\nxa.yaml 1\nx",
               FIRST + b"a.yaml 1\nxa.yaml 1\nx", FIRST + b"a.yaml 1048577\n" + bytes(1048577))
FAILING = """
  - name: the agent may drop
    as: agent
    database: dev
    sql: DROP TABLE orders
    want: { decision: allow }
"""


def key_of(served):
    return served.made["author_key"]


def pushed(person, files=None, **more):
    status, told = person.push(bundle() if files is None else files, **more)
    assert status == 201, told
    return told


def test_a_draft_becomes_the_policy_when_it_is_signed():
    with server() as served:
        person, source = Person(served), archive(bundle())
        draft = pushed(person, source, why="ticket 812: ä")
        assert draft["version"] == 1 and draft["signatures_needed"] == 1 and draft["findings"] == [], draft
        assert draft["release"] == (
            f"chaperone.policy/v1\nbundle shop\nversion 1\nprevious 0 -\nsource {len(source)} sha256:"
            f"{hashlib.sha256(source).hexdigest()}\nby admin\nwhy ticket 812: ä\n")
        assert person.get("/v1/policies/shop/versions") == (200, {"versions": []})
        status, shown = person.get(f"/v1/policies/shop/drafts/{draft['draft']}")
        assert status == 200 and base64.b64decode(shown["source"]) == source and shown["release"] == draft["release"]
        assert (shown["signers"], shown["by"], shown["is_stale"]) == ([], "admin", False)
        note = sign(draft["release"], key_of(served))
        status, told = person.sign(draft["draft"], note)
        assert (status, told) == (200, {"version": 1, "is_published": True, "signatures": 1, "signatures_needed": 1}), told
        status, shown = person.get("/v1/policies/shop/versions/1")
        assert status == 200 and shown["note"].encode() == note and base64.b64decode(shown["source"]) == source
        digest = "sha256:" + hashlib.sha256(draft["release"].encode()).hexdigest()
        assert (shown["version"], shown["by"], shown["why"], shown["signers"], shown["digest"]) == (
            1, "admin", "ticket 812: ä", ["admin"], digest)
        assert person.get("/v1/policies/shop/drafts") == (200, {"drafts": []})
        assert person.sign(draft["draft"], note)[0] == 404
        later = pushed(person)
        assert f"\nversion 2\nprevious 1 {digest}\n" in later["release"], later


def test_only_what_a_known_key_signed_counts():
    with server() as served:
        person = Person(served)
        add_account(served, "vera", "viewer")
        revoked, public = add_key(served, "admin")
        rows(served, "UPDATE author_key SET revoked = 1 WHERE verifier = ?", public)
        viewers, _ = add_key(served, "vera")
        same_name, _ = new_key("shop.example/admin")
        draft = pushed(person)
        text, good = draft["release"], sign(draft["release"], key_of(served))
        forged = good.replace(good.rsplit(b" ", 1)[1][10:20], b"AAAAAAAAAA")
        for note, expected in ((sign(text, revoked), 422), (sign(text, viewers), 422), (sign(text, same_name), 422),
                               (forged, 422), (good.replace(b"because", b"becausE"), 422), (text.encode(), 400), (b"x", 400),
                               (sign(text + "x\n", key_of(served)), 422), (sign("x\n", key_of(served)), 422), (good[:-1], 400),
                               (good + b"\xe2\x80\x94 shop.example/admin AAAA\n", 400)):
            status, told = person.sign(draft["draft"], note)
            assert status == expected, (status, told, note)
        assert not rows(served, "SELECT * FROM policy") and not rows(served, "SELECT * FROM draft_signature")
        assert person.sign(draft["draft"], sign(text, same_name, viewers, key_of(served)))[0] == 200
        (note,), = rows(served, "SELECT note FROM policy")
        assert note.encode() == good  # others' lines are not kept


def test_a_signature_is_of_one_draft():
    with server() as served:
        person = Person(served)
        first, second = pushed(person, why="one"), pushed(person, why="two")
        elsewhere = pushed(person, why="one", name="bank")
        note = sign(first["release"], key_of(served))
        assert person.sign(second["draft"], note)[0] == 422 and person.sign(elsewhere["draft"], note, "bank")[0] == 422
        assert person.sign(elsewhere["draft"], note)[0] == 404 and person.sign(first["draft"], note, "bank")[0] == 404
        assert not rows(served, "SELECT * FROM policy")


def test_a_threshold_counts_people_not_keys():
    with server() as served:
        rows(served, "INSERT INTO setting (name, value) VALUES ('author_threshold', '2')")
        add_account(served, "bea", "author")
        second, _ = add_key(served, "admin")
        beas, public = add_key(served, "bea")
        person = Person(served)
        draft = pushed(person)
        text = draft["release"]
        assert draft["signatures_needed"] == 2
        for _ in range(2):
            status, told = person.sign(draft["draft"], sign(text, key_of(served), second))
            assert (status, told["is_published"], told["signatures"]) == (200, False, 1), told
        assert person.get(f"/v1/policies/shop/drafts/{draft['draft']}")[1]["signers"] == ["admin"]
        rows(served, "UPDATE author_key SET revoked = 1 WHERE verifier = ?", public)
        assert person.sign(draft["draft"], sign(text, beas))[0] == 422
        rows(served, "UPDATE author_key SET revoked = NULL WHERE verifier = ?", public)
        status, told = Person(served, "bea").sign(draft["draft"], sign(text, beas))
        assert (status, told["is_published"], told["signatures"]) == (200, True, 2), told
        shown = person.get("/v1/policies/shop/versions/1")[1]
        assert shown["signers"] == ["admin", "bea"] and shown["note"].count("\u2014") == 3


def test_a_key_that_was_revoked_meanwhile_counts_no_more():
    with server() as served:
        rows(served, "INSERT INTO setting (name, value) VALUES ('author_threshold', '2')")
        add_account(served, "bea", "author")
        beas, public = add_key(served, "bea")
        person = Person(served)
        draft = pushed(person)
        assert person.sign(draft["draft"], sign(draft["release"], beas))[1]["signatures"] == 1
        rows(served, "UPDATE author_key SET revoked = 1 WHERE verifier = ?", public)
        status, told = person.sign(draft["draft"], sign(draft["release"], key_of(served)))
        assert (status, told["is_published"], told["signatures"]) == (200, False, 1), told


def test_of_two_drafts_for_one_version_one_becomes_it():
    with server() as served:
        person = Person(served)
        for version in (1, 2, 3):
            drafts = [pushed(person, why=f"draft {i}") for i in range(6)]
            notes = [sign(draft["release"], key_of(served)) for draft in drafts]
            with concurrent.futures.ThreadPoolExecutor(6) as pool:
                answers = sorted(answer[0] for answer in pool.map(
                    lambda pair: person.sign(pair[0]["draft"], pair[1]), zip(drafts, notes)))
            assert answers == [200] + [409] * 5, answers
            assert len(rows(served, "SELECT version FROM policy")) == version
        assert all(draft["is_stale"] for draft in person.get("/v1/policies/shop/drafts")[1]["drafts"])


def test_going_back_is_a_new_version():
    with server() as served:
        person = Person(served)
        old, new = bundle(), bundle(policy="\n# changed\n")
        assert person.publish(old) == 1 and person.publish(new) == 2
        assert person.publish(rollback_of=1, why="2 was wrong") == 3
        shown = person.get("/v1/policies/shop/versions/3")[1]
        assert base64.b64decode(shown["source"]) == archive(old) and shown["why"] == "2 was wrong"
        for wrong, expected in ((7, 404), (0, 400), (-1, 400), ("1", 400), (True, 400), (1.5, 400)):
            assert person.push(rollback_of=wrong)[0] == expected, wrong
        assert person.push(old, rollback_of=1)[0] == 400


def test_versions_are_listed_page_by_page():
    with server() as served:
        person = Person(served)
        for i in range(5):
            assert person.publish(bundle(policy=f"\n# {i}\n"), why=f"change {i}") == i + 1
        seen, before = [], ""
        while before is not None:
            status, told = person.get(f"/v1/policies/shop/versions?limit=2{before}")
            assert status == 200 and len(told["versions"]) <= 2, told
            seen += [version["version"] for version in told["versions"]]
            before = f"&before={told['next']}" if "next" in told else None
        assert seen == [5, 4, 3, 2, 1]
        for query in ("limit=0", "limit=101", "limit=x", "before=-1", "before=01"):
            assert person.get(f"/v1/policies/shop/versions?{query}")[0] == 400, query
        for version in ("0", "6", "01", "x", "99999999999999999999"):
            assert person.get(f"/v1/policies/shop/versions/{version}")[0] == 404, version


def test_what_is_wrong_in_a_bundle_is_found_before_it_is_kept():
    with server() as served:
        person = Person(served)
        elsewhere = {"a.yaml": bundle()["policy.yaml"],
                     "a_test.yaml": bundle()["policy_test.yaml"].replace(b"policy.yaml", b"/etc/passwd")}
        for files, name, said in ((bundle(policy="\nnonsense: 1\n"), "policy.yaml", "nonsense"),
                                  (bundle(test=FAILING), "policy_test.yaml", "the agent may drop"),
                                  (bundle(test="\n  - nonsense\n"), "policy_test.yaml", ""), ({}, "", "no policy"),
                                  (elsewhere, "a_test.yaml", "/etc/passwd"),
                                  ({"a_test.yaml": bundle()["policy_test.yaml"]}, "", "no policy")):
            status, told = person.push(files)
            assert status == 422 and told["status"] == 422, told
            errors = [finding for finding in told["findings"] if finding["severity"] == "error"]
            assert any(name == finding["file"] and said in finding["text"] for finding in errors), told
            assert not name or all(finding["line"] >= 1 and finding["column"] >= 1 for finding in errors), told
        unused = b"version: 1\nname: a\ncolumns:\n" + b"".join(b"  c%d: [t.c%d]\n" % (i, i) for i in range(300)) + b"rules: []\n"
        status, told = person.push(bundle(test=FAILING) | {"a.yaml": unused})
        assert status == 422 and len(told["findings"]) == 200, told
        assert "the agent may drop" in told["findings"][-1]["text"] and told["findings"][0]["severity"] == "warning", told
        status, told = person.push({"policy.yaml": bundle()["policy.yaml"] + b"\xff"})
        assert status == 422, told
        assert not rows(served, "SELECT id FROM draft")


def test_what_is_no_push_is_told_so():
    with server() as served:
        person = Person(served)
        good = base64.b64encode(archive(bundle())).decode()
        path = "/v1/policies/shop/drafts"
        for body in (b"", b"{}", b"[]", b'{"source":"AAAA"}', b'{"source":"A","why":""}', b'{"source":"AAA","why":""}',
                     b'{"source":"AAB=","why":""}', b'{"source":"A A=","why":""}', b'{"source":1,"why":""}',
                     json.dumps({"source": good}).encode(), json.dumps({"source": good, "why": "a\nby bea"}).encode(),
                     json.dumps({"source": good, "why": "y" * 301}).encode(), json.dumps({"source": good, "why": 1}).encode(),
                     json.dumps({"source": good, "why": ""})[:-1].encode() + b',"why":"x"}'):
            assert person.ask("POST", path, body)[0] == 400, body[:100]
        assert person.push(bundle(), name="Shop")[0] == 400 and person.push(bundle(), name="a%2fb")[0] == 400
        for source in NO_ARCHIVES:
            status, told = person.push(source)
            assert status == 422 and "findings" not in told, (source[:60], told)
        answer = served.send(b"POST /v1/policies/shop/drafts HTTP/1.1\r\nHost: a\r\nContent-Length: 26000000\r\n"
                             b"Authorization: Bearer " + person.token.encode() + b"\r\n\r\n")
        assert answer == b"" or answer.startswith(b"HTTP/1.1 413 "), answer
        assert not rows(served, "SELECT id FROM draft") and served.is_alive()


def test_a_bundle_may_be_as_large_as_an_archive():
    with server() as served:
        person = Person(served)
        fill = (b"# " + b"x" * 97 + b"\n") * 10000
        tests = {f"t{i:02}_test.yaml": bundle()["policy_test.yaml"] + fill for i in range(15)}
        assert person.publish(bundle() | tests) == 1
        status, shown = person.get("/v1/policies/shop/versions/1")
        assert status == 200 and base64.b64decode(shown["source"]) == archive(bundle() | tests)
        status, told = person.push({f"p{i:02}.yaml": fill + fill[:48576] for i in range(16)})
        assert status == 400 and served.is_alive(), told


def slow():
    """A bundle whose tests would take minutes."""
    head = bundle()["policy_test.yaml"].split(b"tests:")[0].decode()
    first = "- { name: t, as: agent, database: dev, sql: &sql \"" + ";".join(["SELECT 1"] * 400) + "\", want: { decision: deny } }\n"
    row = "- { name: t, as: agent, database: dev, sql: *sql, want: { decision: deny } }\n"
    return bundle() | {f"t{i}_test.yaml": (head + "tests:\n" + first + row * 9000).encode() for i in range(14)}


def worker_of(served):
    """The process that tries a bundle; waits for it."""
    children = pathlib.Path(f"/proc/{served.process.pid}/task")
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        found = [word for task in children.iterdir() for word in (task / "children").read_text().split()]
        if found:
            return int(found[0])
        time.sleep(0.02)
    raise AssertionError("nothing tries the bundle")


def test_what_is_under_way_has_an_end():
    body = b"x" * (24 << 20)
    with server() as served:
        person = Person(served)
        head = (f"POST /v1/policies/shop/drafts HTTP/1.1\r\nHost: shop.example\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
                f"Authorization: Bearer {person.token}\r\n\r\n").encode()
        begun = []
        for _ in range(10):
            begun.append(served.connect())
            begun[-1].sendall(head + body[:-1])
        deadline = time.monotonic() + 20
        while (answer := served.send(head + body).split(b"\r\n")[0]) != b"HTTP/1.1 503 Service Unavailable" and time.monotonic() < deadline:
            time.sleep(0.1)
        assert answer == b"HTTP/1.1 503 Service Unavailable", answer
        assert served.is_alive() and person.get("/v1/policies/shop/drafts")[0] == 200
        begun[0].sendall(body[-1:])
        assert begun[0].recv(100).startswith(b"HTTP/1.1 4")
        for connection in begun:
            connection.close()
        deadline = time.monotonic() + 20
        while (answer := served.send(head + body)[:12]) == b"HTTP/1.1 503" and time.monotonic() < deadline:
            time.sleep(0.1)
        assert answer in (b"HTTP/1.1 400", b"HTTP/1.1 422"), answer


def test_an_answer_that_was_begun_is_finished():
    with server() as served:
        person = Person(served)
        draft = pushed(person)
        rows(served, "UPDATE draft SET source = ?", bytes(8 << 20))
        with served.connect() as connection:
            connection.sendall((f"GET /v1/policies/shop/drafts/{draft['draft']} HTTP/1.1\r\nHost: shop.example\r\n"
                                f"Connection: close\r\nAuthorization: Bearer {person.token}\r\n\r\n").encode())
            answer = connection.recv(1000)
            served.process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            while piece := connection.recv(65536):
                answer += piece
        head, _, body = answer.partition(b"\r\n\r\n")
        assert f"Content-Length: {len(body)}\r\n".encode() in head + b"\r\n", (len(body), head)
        assert served.process.wait(20) == 0


def test_what_takes_too_long_is_ended_and_holds_nobody_up():
    with server() as served, concurrent.futures.ThreadPoolExecutor(4) as pool:
        person, begin = Person(served), time.monotonic()
        answers = [pool.submit(person.push, slow()) for _ in range(2)]
        worker = worker_of(served)
        while not all(answer.done() for answer in answers):
            asked = time.monotonic()
            assert served.is_alive() and person.get("/v1/policies/shop/drafts")[0] == 200
            assert time.monotonic() - asked < 2
            time.sleep(0.3)
        for answer in answers:
            status, told = answer.result()
            assert status == 422 and "20 seconds" in told["detail"], told
        assert time.monotonic() - begin < 40
        assert not pathlib.Path(f"/proc/{worker}").exists()
        assert person.publish() == 1


def test_what_crashes_costs_its_process_alone():
    with server() as served, concurrent.futures.ThreadPoolExecutor(1) as pool:
        person = Person(served)
        for number in (signal.SIGSEGV, signal.SIGKILL):
            answer = pool.submit(person.push, slow())
            os.kill(worker_of(served), number)
            status, told = answer.result()
            assert status == 422 and "parser" in told["detail"], told
        assert person.publish() == 1 and not rows(served, "SELECT id FROM draft")


def test_deep_and_wide_statements_are_survived():
    with server() as served:
        person = Person(served)
        head = bundle()["policy_test.yaml"].split(b"tests:")[0].decode() + "tests:\n"
        row = "  - {{ name: t, as: agent, database: dev, sql: \"SELECT {}\", want: {{ decision: deny }} }}\n"
        for text in ("(" * 400000 + "1" + ")" * 400000, "+".join(["1"] * 200000), "1" + "::int" * 150000):
            status, told = person.push(bundle() | {"policy_test.yaml": (head + row.format(text)).encode()})
            assert status in (201, 422) and served.is_alive(), told


def test_what_is_wrong_with_the_database_is_not_the_askers():
    with server() as served:
        person = Person(served)
        moved = "draft", "record_event", "record_note", "record_count", "root"
        for table in moved:
            rows(served, f"ALTER TABLE {table} RENAME TO {table}_away")
        for status, told in (person.push(bundle()), person.get("/v1/events"), person.get("/v1/notes"),
                             person.get("/v1/statistics")):
            assert status == 500 and "detail" not in told, (status, told)
        for table in moved:
            rows(served, f"ALTER TABLE {table}_away RENAME TO {table}")
        assert person.publish() == 1 and person.get("/v1/events")[0] == 200
        for path in ("/v1/events?cursor=x", "/v1/events?after=x", "/v1/notes?cursor=x", "/v1/statistics?until=0"):
            assert person.get(path)[0] == 400, path


def test_drafts_have_an_end():
    with server() as served:
        person = Person(served)
        draft = pushed(person)
        add_account(served, "bea", "author")
        _, public = add_key(served, "bea")
        for i in range(99):
            rows(served, "INSERT INTO draft SELECT ?, bundle, account, version, release, source, findings, made + 1 FROM draft WHERE id = ?",
                 f"{i:032x}", draft["draft"])
        assert person.push(bundle(), name="bank")[0] == 201 and Person(served, "bea").push(bundle())[0] == 201
        # the oldest that nobody has signed makes room
        rows(served, "INSERT INTO draft_signature SELECT ?, verifier, 'x', 0 FROM author_key WHERE account = 'bea'", draft["draft"])
        assert person.push(bundle())[0] == 201
        drafts = {told["draft"] for told in person.get("/v1/policies/shop/drafts")[1]["drafts"]}
        assert len(drafts) == 101 and draft["draft"] in drafts and f"{0:032x}" not in drafts and f"{1:032x}" in drafts
        rows(served, "DELETE FROM draft_signature")
        rows(served, "INSERT INTO draft_signature SELECT id, ?, 'x', 0 FROM draft", public)
        status, told = person.push(bundle())
        assert status == 409 and "100 drafts" in told["detail"], told
        rows(served, "DELETE FROM draft_signature")
        assert person.sign(draft["draft"], sign(draft["release"], key_of(served)))[0] == 200
        rows(served, "UPDATE draft SET made = 1")
        assert person.push(bundle())[0] == 201
        assert len(rows(served, "SELECT id FROM draft WHERE bundle = 'shop'")) <= 2


main(collect(globals()))
