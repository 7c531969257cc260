# SPDX-License-Identifier: MIT
"""A machine that is enrolled judges by its server's policy, whatever becomes of server and policy."""
import base64
import contextlib
import hashlib
import http.server
import os
import pathlib
import shutil
import signal
import ssl
import subprocess
import threading
import time

from authors import add_key, archive, rows, sign
from exported import Taken, export, stored, verify
from governed import BUNDLE, MASKING, READING, SCHEMA, children_named, freshness, join_envelope, publish, shop, split_envelope
from harness import CHAPERONE, LONG, check, children, equal, intents, main, promise, verified, wait_until
from recorded import Part


@promise
def a_run_judges_by_the_servers_policy(cluster):
    with shop(cluster) as (_, machine):
        equal(machine.psql("SELECT id, email FROM customers ORDER BY id")[:2], (0, "1|[redacted]\n2|[redacted]\n3|[redacted]\n"), "rows")
        status, out, err = machine.psql("DROP TABLE customers")
        check(status == 1 and not out and "Rule no-drop of policy shop (v1)." in err, err)
        equal(cluster.sql("SELECT count(*) FROM customers"), "3\n", "rows that are left")


@promise
def policies_of_its_own_do_not_count_on_a_machine_that_is_enrolled(cluster):
    with shop(cluster) as (served, machine):
        own = served.top / "own.yaml"
        own.write_text("version: 1\nname: own\ndefault: allow\nunknown: allow\nrules: []\n")
        folder = served.top / "work/chaperone"
        folder.mkdir()
        (folder / "policy.yaml").write_text(own.read_text())
        status, out, err = machine.chaperone("run", "--policy", str(own), "--", "true")
        check(status == 125 and "is enrolled" in err, err)
        status, out, _ = machine.psql("SELECT email FROM customers WHERE id = 1", CHAPERONE_POLICY=str(own))
        equal((status, out), (0, "[redacted]\n"), "the column")


@promise
def a_new_version_holds_in_what_runs_already(cluster):
    with shop(cluster) as (served, machine):
        with subprocess.Popen([CHAPERONE, "run", "--record", cluster.new_record(), "--", "psql", "-XqAt"], text=True,
                              env=machine.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as psql:
            def ask(sql):
                psql.stdin.write(sql + ";\n\\echo done\n")
                psql.stdin.flush()
                lines = []
                while (line := psql.stdout.readline()) and line != "done\n":
                    lines.append(line)
                return "".join(lines)

            equal(ask("UPDATE customers SET name = 'a' WHERE id = 1 RETURNING name"), "a\n", "a write under version 1")
            ask("PREPARE named AS SELECT 17")
            time.sleep(2)  # the agent's courier waits a second for its first question
            begin = time.monotonic()
            publish(served, READING)
            refused = wait_until(lambda: "(v2)" in (said := ask("UPDATE customers SET name = 'b' WHERE id = 1")) and said, 20, "version 2")
            took = time.monotonic() - begin
            check("Rule no-writes of policy shop (v2)." in refused, refused)
            check(took < 10, f"it took {took} s")
            equal(ask("SELECT email FROM customers WHERE id = 1"), "[redacted]\n", "the column")
            psql.stdin.close()
            equal(psql.wait(30), 0, "psql's status")


@promise
def a_server_that_is_away_leaves_its_last_policy_in_force(cluster):
    with shop(cluster) as (served, machine):
        equal(machine.held(), 1, "the version that is held")
        served.stop()
        equal(machine.psql("SELECT email FROM customers WHERE id = 1")[:2], (0, "[redacted]\n"), "the column")
        status, _, err = machine.psql("DROP TABLE customers")
        check(status == 1 and "(v1)" in err, err)


@promise
def without_any_policy_nothing_starts(cluster):
    with shop(cluster, None) as (served, machine):
        for _ in range(2):
            status, out, err = machine.chaperone("run", "--", "sh", "-c", "echo ran")
            check(status == 125 and not out and "no policy has come" in err and "chaperone policy pull" in err, err)
            status, _, err = machine.pull()
            check(status == 1 and err, err)
            if served.process.poll() is None:
                served.stop()


STALE = MASKING.replace("unknown: deny\n", "unknown: deny\nstale: { after: 1h, then: deny-writes, hard: 1d }\n")
WRITE, READ = "UPDATE customers SET name = name WHERE id = 1", "SELECT 1"


@promise
def a_silent_server_takes_back_what_may_be_done_step_by_step(cluster):
    with shop(cluster, STALE) as (served, machine):
        equal(machine.held(), 1, "the version that is held")
        served.stop()
        now = int(time.time())
        for age, writes, reads in ((60, None, None), (3000, None, None), (4000, "may be out of date", None),
                                   (86300, "may be out of date", None), (87000, "has expired", "has expired")):
            machine.say(1, now - age, now - age + 900)
            for sql, wanted in ((WRITE, writes), (READ, reads)):
                status, _, err = machine.psql(sql)
                check((status == 0) == (wanted is None) and (wanted or "") in err, f"{age} s, {sql}: {status} {err}")
                check(wanted is None or "chaperone status" in err, err)


@promise
def what_is_kept_is_believed_as_little_as_what_comes(cluster):
    with shop(cluster) as (served, machine):
        equal(machine.held(), 1, "the version that is held")
        served.stop()
        whole = (machine.folder / "policy").read_bytes()
        now = int(time.time())
        end = whole.index(b"\n", whole.index("\u2014".encode())) - 10  # within the base64 of an author's signature
        other = b"B" if whole[end:end + 1] == b"A" else b"A"
        for what, text in {
                "truncated": whole[:-1], "longer": whole + b"x", "a byte": whole.replace(b"no-drop", b"no-drip"),
                "a signature": whole[:end] + other + whole[end + 1:], "zeros": bytes(len(whole)),
                "another version": whole.replace(b"\nversion 1\n", b"\nversion 2\n")}.items():
            (machine.folder / "policy").write_bytes(text)
            status, out, err = machine.psql("SELECT 1")
            check(status == 125 and not out and err, f"{what}: {status} {err}")
        (machine.folder / "policy").write_bytes(whole)
        machine.say(1, now, now + 900, key=add_key(served, "admin")[0])
        check(machine.psql("SELECT 1")[0] == 125, "a word that somebody else signed")
        (machine.folder / "policy").write_bytes(whole)
        equal(machine.psql("SELECT 1")[:2], (0, "1\n"), "as it was")


@contextlib.contextmanager
def somebody(served, answers):
    """Who has the server's key and answers what he likes: (status, headers, body) for each request."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            status, headers, body = answers[0]
            self.send_response(status)
            for name, value in {"Author-Root": "0", **headers, "Content-Length": len(body)}.items():
                self.send_header(name, value)
            self.end_headers()
            with contextlib.suppress(OSError):  # whoever has enough of it closes
                self.wfile.write(body)

        def log_message(self, *_):
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(served.data / "tls.crt", served.data / "tls.key")
    with http.server.ThreadingHTTPServer(("127.0.0.1", served.port), Handler) as listening:
        listening.socket = context.wrap_socket(listening.socket, server_side=True)
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        try:
            yield
        finally:
            listening.shutdown()
            thread.join()


def release_text(version, source, previous=None, name=BUNDLE):
    before = f"{version - 1} sha256:{hashlib.sha256(previous).hexdigest()}" if previous else "0 -"
    return (f"chaperone.policy/v1\nbundle {name}\nversion {version}\nprevious {before}\n"
            f"source {len(source)} sha256:{hashlib.sha256(source).hexdigest()}\nby admin\nwhy\n")


@promise
def what_a_machine_does_not_believe_changes_nothing(cluster):
    with shop(cluster) as (served, machine):
        publish(served, READING)
        equal(machine.held(), 2, "the version that is held")
        key = served.made["author_key"]
        stranger = add_key(served, "stranger")[0]
        served.stop()
        held = (machine.folder / "policy").read_bytes()
        second = split_envelope(held)[1].split(b"\n\n")[0] + b"\n"
        source = archive({"policy.yaml": MASKING.encode()})
        now = int(time.time())

        def envelope(text, signer=key, signed=None, said=None, body=source, word_key=None, issued=now + 1):
            note = freshness(served, (said or text).encode(), text.split("\nversion ")[1].split("\n")[0], issued, issued + 900, key=word_key)
            return 200, {}, join_envelope(note, signed or sign(text, signer), body)

        third, other = release_text(3, source, second), archive({"policy.yaml": READING.encode()})
        wrong = {
            "rolled back": envelope(release_text(1, source)),
            "another version 2": envelope(release_text(2, source, b"else")),
            "another history": envelope(release_text(3, source, b"else")),
            "another bundle": envelope(release_text(3, source, second, "other")),
            "forged": envelope(third, stranger), "not signed": envelope(third, signed=third.encode() + b"\n"),
            "other files": envelope(third, body=other), "no archive": envelope(release_text(3, b"x", second), body=b"x"),
            "a word of somebody else": envelope(third, word_key=key), "a word about another": envelope(third, said=third + "x"),
            "frozen": envelope(third, issued=now - 100000),
            "a policy that does not parse": envelope(release_text(3, bad := archive({"policy.yaml": b"version: ["}), second), body=bad),
            "no policy in it": envelope(release_text(3, none := archive({"policy_test.yaml": b"version: 1"}), second), body=none),
            "truncated": (200, {}, envelope(third)[2][:-5]), "empty": (200, {}, b""), "no envelope": (200, {}, b"x" * 100000),
            "endless": (200, {}, b"1\n" * 10000000), "a 304 without a word": (304, {}, b""),
            "a 304 with an old word": (304, {"Policy-Fresh": base64.b64encode(freshness(served, second, 2, now - 50000, now)).decode()}, b""),
            "a 304 with another's word": (304, {"Policy-Fresh": base64.b64encode(freshness(served, second, 3, now, now + 900)).decode()}, b""),
            "a redirection": (302, {"Location": "https://127.0.0.1:1/"}, b""), "an error": (500, {}, b"{}"),
        }
        for what, answer in wrong.items():
            with somebody(served, [answer]):
                status, out, err = machine.pull()
            check(status == 1 and not out and err.startswith("chaperone policy pull: "), f"{what}: {status} {out} {err}")
            equal((machine.folder / "policy").read_bytes(), held, f"what is kept after: {what}")
        with somebody(served, [envelope(third)]):
            equal(machine.held(), 3, "the version that is right")


@promise
def a_machine_that_was_revoked_gets_no_new_policy(cluster):
    with shop(cluster) as (served, machine):
        equal(machine.held(), 1, "the version that is held")
        rows(served, "UPDATE agent SET revoked = 1 WHERE id = ?", machine.agent)
        publish(served, READING)
        status, _, err = machine.pull()
        check(status == 1 and "revoked" in err, err)
        equal(machine.psql("SELECT email FROM customers WHERE id = 1")[:2], (0, "[redacted]\n"), "the last policy")


@promise
def the_server_knows_by_which_version_a_machine_judges(cluster):
    with shop(cluster) as (served, machine):
        equal(machine.held(), 1, "the version that is held")
        machine.held()
        wait_until(lambda: rows(served, "SELECT policy FROM agent") == [(1,)], 5, "what the machine said")


def lengths(record):
    return sum(path.stat().st_size for path in pathlib.Path(record).glob("*.rec"))


def arrived(served):
    """Bytes of records, and statements, that the server has."""
    (parts,), (statements,) = rows(served, "SELECT coalesce(sum(next), 0) FROM record_part UNION ALL SELECT count(*) FROM record_event")
    return parts, statements


@promise
def what_is_done_is_at_the_server_soon(cluster):
    with shop(cluster) as (served, machine):
        record = cluster.new_record()
        with subprocess.Popen([CHAPERONE, "run", "--record", record, "--", "psql", "-XqAt"], text=True, env=machine.environment,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE) as psql:
            for i in range(5):
                psql.stdin.write(f"SELECT {i};\n")
            psql.stdin.flush()
            equal("".join(psql.stdout.readline() for _ in range(5)), "0\n1\n2\n3\n4\n", "rows")
            wait_until(lambda: arrived(served)[1] >= 5, 10, "five statements at the server")
            psql.stdin.close()
            equal(psql.wait(30), 0, "psql's status")
        equal(arrived(served)[0], lengths(record), "bytes at the server when the run is over")


@promise
def a_run_that_is_soon_over_is_at_the_server_with_its_end(cluster):
    with shop(cluster) as (served, machine):
        record = cluster.new_record()
        status, _, err = machine.chaperone("run", "--record", record, "--", "psql", "-XqAt", "-c", "SELECT 17")
        equal(status, 0, err)
        equal(arrived(served)[0], lengths(record), "bytes at the server")


def crash(cluster, machine, record):
    """All of the machine ends at once, in the middle of a run, and what does not outlive that is gone."""
    with subprocess.Popen([CHAPERONE, "run", "--record", record, "--", "psql", "-XqAt"], text=True, env=machine.environment,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE) as psql:
        before = len(intents(cluster, record))
        psql.stdin.write("SELECT 17;\n")
        psql.stdin.flush()
        equal(psql.stdout.readline(), "17\n", "a row")
        wait_until(lambda: any(event.get("statement", "").startswith("SELECT ?") for event in intents(cluster, record)[before:]), 10,
                   "the record of it")
        tree = [psql.pid]
        for pid in tree:
            tree += children(pid)
        for pid in tree:
            os.kill(pid, signal.SIGKILL)
    for folder in pathlib.Path(cluster.path("home")).glob("chaperone/run-*"):
        shutil.rmtree(folder)


@promise
def a_server_that_was_away_for_whole_runs_gets_their_records_later_in_their_order(cluster):
    with shop(cluster) as (served, machine):
        record, waiting = cluster.new_record(), [0]
        equal(machine.held(), 1, "the version that is held")
        served.stop()
        for i in range(4):
            if i == 2:
                crash(cluster, machine, record)
            status, out, err = machine.chaperone("run", "--record", record, "--", "psql", "-XqAt", "-c", f"SELECT {i}, email FROM customers WHERE id = 1")
            equal((status, out), (0, f"{i}|[redacted]\n"), err)
            waiting.append(lengths(record))
            check(waiting[-1] > waiting[-2] and arrived(served)[0] == 0, f"what waits: {waiting}")
        status, _, err = machine.chaperone("run", "--record", record, "--", "psql", "-XqAt", "-c", "DROP TABLE customers")
        check(status == 1 and "Rule no-drop of policy shop (v1)." in err, err)
        entries = verified(cluster, record)["entries"]
        served.start("--listen", f"127.0.0.1:{served.port}")
        machine.chaperone("run", "--record", record, "--", "psql", "-XqAt", "-c", "SELECT 3")
        equal(arrived(served)[0], lengths(record), "bytes at the server")
        wait_until(lambda: rows(served, "SELECT spool FROM agent")[0][0] >= entries, 5, "what the machine says that waits")
        parts = sorted((Part(path.read_bytes()) for path in pathlib.Path(record).glob("*.rec")), key=lambda part: part.number)
        check(len(parts) >= 7, f"{len(parts)} files")
        path = export(served)
        there = stored(Taken(path.read_bytes()), [machine.agent])
        equal(list(there), [part.name for part in parts], "files in their order")
        check(all(there[part.name] == part.data for part in parts), "what is in them")
        check(verify(path)[0] == 0, verify(path))


@promise
def whoever_is_killed_nothing_is_lost_and_nothing_is_there_twice(cluster):
    with shop(cluster) as (served, machine):
        record, statements = cluster.new_record(), 0
        for i in range(20 if LONG else 6):
            with subprocess.Popen([CHAPERONE, "run", "--record", record, "--", "psql", "-XqAt"], text=True, env=machine.environment,
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE) as psql:
                time.sleep(1.2)  # until there are couriers
                victim = ("chaperone-agent", "chaperone-remot", "server")[i % 3]
                for k in range(60):
                    psql.stdin.write(f"SELECT {k};\n")
                    psql.stdin.flush()
                    equal(psql.stdout.readline(), f"{k}\n", "a row")
                    statements += 1
                    if k == 10 + i and victim == "server":
                        served.process.kill()
                        served.process.communicate()
                        served.start("--listen", f"127.0.0.1:{served.port}")
                    elif k == 10 + i:
                        for pid in children_named(psql.pid, victim):
                            os.kill(pid, signal.SIGKILL)
                psql.stdin.close()
                equal(psql.wait(60), 0, f"psql's status without its {victim}")
        status, out, err = machine.chaperone("audit", "deliver", "--record", record, "--json")
        check(status == 0, (out, err))
        equal(arrived(served)[0], lengths(record), "bytes at the server")
        (own,) = rows(served, "SELECT count(*) FROM record_event AS e JOIN record_judgement AS j"
                              " ON j.source = e.source AND j.number = e.judgement WHERE j.shape LIKE 'SELECT ?%'")
        equal(own[0], statements, "statements at the server")
        status, out, err = machine.chaperone("audit", "verify", "--record", record)
        check(status == 0 and "good" in out, (out, err))


main(SCHEMA)
