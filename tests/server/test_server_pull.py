# SPDX-License-Identifier: MIT
# Machines get their bundle, proof that it is the newest one, and news of it as soon as there are any.
import base64
import concurrent.futures
import contextlib
import json
import re
import socket
import ssl
import subprocess
import threading
import time

from authors import Person, archive, bundle, rows
from served import CHAPERONE, SERVER, code, enrol, server
from support import clean_environment, collect, main, run

HELD = 200


def enrolled(served, name="shop"):
    status, _, told = enrol(served, code(served, "--bundle", name)[0])
    assert status == 201, told
    return told


def pull(served, machine, *more):
    return served.ask("GET", "/v1/policy", f"Authorization: Bearer {machine['token']}", *more)


def parts(body):
    out = []
    while body:
        length, _, rest = body.partition(b"\n")
        out.append(rest[:int(length)])
        body = rest[int(length):]
    return out


def test_a_machine_gets_its_bundle():
    with server() as served:
        machine, other, person = enrolled(served), enrolled(served, "bank"), Person(served)
        status, headers, body = pull(served, machine)
        assert status == 404 and headers["content-type"] == "application/problem+json"
        assert person.publish() == 1
        status, headers, body = pull(served, machine)
        assert status == 200 and headers["etag"] == '"1"' and headers["content-type"] == "application/vnd.chaperone.policy"
        fresh, note, source = parts(body)
        assert source == archive(bundle()) and base64.b64decode(headers["policy-fresh"]) == fresh
        assert note.decode() == person.get("/v1/policies/shop/versions/1")[1]["note"]
        lines = dict(line.split(" ", 1) for line in fresh.decode().split("\n\n")[0].splitlines()[1:])
        assert (lines["bundle"], lines["version"]) == ("shop", "1")
        assert lines["release"] == person.get("/v1/policies/shop/versions/1")[1]["digest"]
        assert int(lines["expires"]) - int(lines["issued"]) == 900 and abs(int(lines["issued"]) - time.time()) < 60
        assert pull(served, other)[0] == 404 and served.ask("GET", "/v1/policy")[0] == 401


class Relay:
    """Stands before the server, and lets who comes newly wait for ever once it is told to."""

    def __init__(self, port):
        self.port, self.is_silent, self.kept = port, False, []
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port_here = self.listening.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                client = self.listening.accept()[0]
                self.kept.append(client)
                if self.is_silent:
                    continue
                server_side = socket.create_connection(("127.0.0.1", self.port))
                self.kept.append(server_side)
                for ends in ((client, server_side), (server_side, client)):
                    threading.Thread(target=self.pass_on, args=ends, daemon=True).start()

    @staticmethod
    def pass_on(source, to):
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                to.sendall(data)
            to.shutdown(socket.SHUT_WR)

    def close(self):
        for each in (self.listening, *self.kept):
            each.close()


def wait_until(is_so, what):
    end = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def answers(path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as asking, contextlib.suppress(OSError):
        asking.connect(str(path))
        return True
    return False


def longest_silence(path, until):
    """Of whoever listens there, in seconds."""
    longest, heard = 0, time.monotonic()
    while time.monotonic() < until:
        now = time.monotonic()
        if answers(path):
            longest, heard = max(longest, now - heard), now
        time.sleep(0.02)
    return max(longest, time.monotonic() - heard)


def test_an_agent_that_starts_again_waits_for_no_server():
    with server() as served, contextlib.closing(Relay(served.port)) as relay:
        person, path = Person(served), served.top / "agent" / "socket"
        assert person.publish() == 1
        environment = clean_environment(served.top / "home", XDG_STATE_HOME=str(served.top / "state"))
        status, out, err = run(served.top, "code", "--data", str(served.data), "--bundle", "shop", "--json", program=SERVER)
        assert status == 0, err
        status, _, err = run(served.top, "enroll", f"https://127.0.0.1:{relay.port_here}", "--code", json.loads(out)["code"],
                             environment=environment)
        assert status == 0, err
        (served.top / "agent").mkdir(mode=0o700)
        with subprocess.Popen([CHAPERONE, "agent", "--socket", path, "--record", served.top / "record"], env=environment,
                              stdin=subprocess.DEVNULL) as agent:
            try:
                wait_until(lambda: answers(path), "the agent")
                wait_until(lambda: rows(served, "SELECT policy FROM agent") == [(1,)], "its courier")
                time.sleep(1)  # which then asks to be held
                relay.is_silent = True
                assert person.publish() == 2
                silence = longest_silence(path, time.monotonic() + 8)
                kept = served.top / "state/chaperone/server/policy"
                assert b"\nversion 2\n" in kept.read_bytes()
                assert silence < 2.5, silence
            finally:
                agent.terminate()
                agent.wait(30)


def test_what_is_known_is_not_sent_again():
    with server() as served:
        machine, person = enrolled(served), Person(served)
        assert person.publish() == 1
        for tags in ('"1"', '"0", "1"', 'W/"1"'):
            status, headers, body = pull(served, machine, f"If-None-Match: {tags}", "Agent-State: version=0.4; policy=1; spool=3")
            assert (status, body, headers["etag"]) == (304, b"", '"1"'), tags
            assert base64.b64decode(headers["policy-fresh"]).startswith(b"chaperone.freshness/v1\n")
        for tags in ('"0"', '1', '"11"', "*", ""):
            assert pull(served, machine, f"If-None-Match: {tags}")[0] == 200, tags
        status, out, _ = run(served.top, "agent", "list", "--data", str(served.data), "--json", program=SERVER)
        assert status == 0 and "seen" in json.loads(out)[0]
        pull(served, machine, "Agent-State: version=0.4; policy=1; spool=3")
        assert rows(served, "SELECT version, policy, spool FROM agent") == [("0.4", 1, 3)]


def test_who_waits_is_told_within_two_seconds():
    with server() as served, concurrent.futures.ThreadPoolExecutor(3) as pool:
        machine, newcomer, other = enrolled(served), enrolled(served, "bank"), enrolled(served)
        person = Person(served)
        assert person.publish() == 1
        waits = [pool.submit(pull, served, machine, 'If-None-Match: "1"', "Prefer: respond-async, wait=25"),
                 pool.submit(pull, served, newcomer, "Prefer: wait=25"),
                 pool.submit(pull, served, other, 'If-None-Match: "0"', "Prefer: wait=25")]
        assert waits[2].result(timeout=5)[0] == 200  # there is news for this one
        time.sleep(1)
        assert not waits[0].done() and not waits[1].done()
        assert person.publish(bundle(policy="\n# 2\n")) == 2
        begin = time.monotonic()
        status, headers, _ = waits[0].result(timeout=10)
        assert time.monotonic() - begin < 2 and (status, headers["etag"]) == (200, '"2"')
        assert headers["preference-applied"] == "wait=25"
        assert not waits[1].done()
        assert person.publish(name="bank") == 1
        assert waits[1].result(timeout=2)[0] == 200


def test_who_waits_in_vain_is_told_at_the_end():
    with server() as served:
        machine, person = enrolled(served), Person(served)
        for expected in (404, 304):
            begin = time.monotonic()
            status, headers, _ = pull(served, machine, 'If-None-Match: "1"', "Prefer: wait=2")
            assert status == expected and headers["preference-applied"] == "wait=2"
            assert 2 <= time.monotonic() - begin < 5
            if expected == 404:
                person.publish()
        for prefer in ("wait=0", "wait=x", "wait", "wait=-1", "wait=99999999999999999999", ""):
            begin = time.monotonic()
            assert pull(served, machine, 'If-None-Match: "1"', f"Prefer: {prefer}")[0] == 304
            assert time.monotonic() - begin < 1, prefer


def test_what_another_server_published_is_news_too():
    with server() as served, concurrent.futures.ThreadPoolExecutor(1) as pool:
        machine, person = enrolled(served), Person(served)
        assert person.publish() == 1
        waits = pool.submit(pull, served, machine, 'If-None-Match: "1"', "Prefer: wait=25")
        time.sleep(0.5)
        rows(served, "INSERT INTO policy SELECT bundle, 2, release, digest, note, signers, source, published FROM policy")
        status, headers, _ = waits.result(timeout=5)
        assert (status, headers["etag"]) == (200, '"2"')


def test_who_is_revoked_while_it_waits_gets_nothing():
    with server() as served, concurrent.futures.ThreadPoolExecutor(1) as pool:
        machine, person = enrolled(served), Person(served)
        assert person.publish() == 1
        waits = pool.submit(pull, served, machine, 'If-None-Match: "1"', "Prefer: wait=25")
        time.sleep(0.5)
        status, _, err = run(served.top, "agent", "revoke", "--data", str(served.data), machine["agent"], program=SERVER)
        assert status == 0, err
        assert person.publish(bundle(policy="\n# 2\n")) == 2
        status, _, body = waits.result(timeout=5)
        assert status == 401 and b"chaperone.source" not in body


def memory_kib(served):
    text = open(f"/proc/{served.process.pid}/status", encoding="ascii").read()
    return int(re.search(r"VmRSS:\s+(\d+)", text).group(1))


def hold(served, machine):
    connection = served.connect()
    connection.sendall(b"GET /v1/policy HTTP/1.1\r\nHost: a\r\nConnection: close\r\nIf-None-Match: \"1\"\r\nPrefer: wait=30\r\n"
                       b"Authorization: Bearer " + machine["token"].encode() + b"\r\n\r\n")
    return connection


def test_many_wait_and_hold_nobody_up():
    with server() as served:
        machine, person = enrolled(served), Person(served)
        assert person.publish() == 1
        before = memory_kib(served)
        held = [hold(served, machine) for _ in range(HELD)]
        begin = time.monotonic()
        assert all(served.is_alive() for _ in range(10)) and time.monotonic() - begin < 5
        print(f"# {HELD} waiting: {(memory_kib(served) - before) / HELD:.1f} KiB each")
        for connection in held[:20]:
            connection.close()  # nobody waits for them
        assert person.publish(bundle(policy="\n# 2\n")) == 2
        begin = time.monotonic()
        for connection in held[20:]:
            connection.settimeout(10)
            answer = b""
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                while piece := connection.recv(65536):
                    answer += piece
            assert answer.startswith(b"HTTP/1.1 200 ") and b'etag: "2"' in answer.lower(), answer[:200]
            connection.close()
        assert time.monotonic() - begin < 5 and served.is_alive()


def test_the_end_does_not_wait_for_those_who_wait():
    with server() as served:
        machine, person = enrolled(served), Person(served)
        assert person.publish() == 1
        held = [hold(served, machine) for _ in range(20)]
        time.sleep(0.5)
        begin = time.monotonic()
        status, err = served.stop()
        assert status == 0 and time.monotonic() - begin < 5, err
        for connection in held:
            with contextlib.suppress(OSError, socket.timeout):
                connection.close()


main(collect(globals()))
