# SPDX-License-Identifier: MIT
# `chaperone-server run` answers what is asked rightly, refuses the rest, and lives.
import contextlib
import json
import os
import re
import socket
import ssl
import time
import warnings

from authors import login, rows
from served import SERVER, Server, no_table, server
from support import collect, folder, main, run

MIB = 1 << 20
TWO_HOSTS = b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: \x1b[31m\r\nConnection: close\r\n\r\n"
WRONG_FRAMING = (
    ["Content-Length: 5", "Content-Length: 5"],
    ["Content-Length: 5", "Content-Length: 6"],
    ["content-length: 5", "CONTENT-LENGTH: 5"],
    ["Content-Length: 5", "Transfer-Encoding: chunked"],
    ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"],
    ["Host: other.example"],
)


def test_health_is_told_over_https():
    with server() as served:
        assert served.ask("GET", "/healthz")[::2] == (200, b"ok\n")
        assert served.ask("GET", "/readyz")[::2] == (200, b"ready\n")
        status, headers, body = served.ask("HEAD", "/healthz")
        assert (status, headers["content-length"], body) == (200, "3", b"")
        assert headers["x-content-type-options"] == "nosniff" and headers["cache-control"] == "no-store"


def test_what_is_not_there_is_a_problem():
    with server() as served:
        for method, path, expected in (("GET", "/nothing", 404), ("POST", "/healthz", 405), ("BREW", "/nothing", 404)):
            status, headers, body = served.ask(method, path)
            assert status == expected, (path, status)
            assert headers["content-type"] == "application/problem+json"
            assert json.loads(body)["status"] == expected
        assert served.ask("POST", "/healthz")[1]["allow"] == "GET"


def test_a_path_has_one_spelling():
    with server() as served:
        for path in ("//healthz", "/healthz/", "/./healthz", "/x/../healthz", "/%68ealthz", "/healthz%00", "/HEALTHZ",
                     "/healthz%2f", "/healthz;x"):
            assert served.ask("GET", path)[0] == 404, path


def test_a_request_that_two_readers_could_part_differently_is_refused():
    with server() as served:
        for headers in WRONG_FRAMING:
            head = "\r\n".join(["POST /healthz HTTP/1.1", "Host: shop.example", *headers]) + "\r\n\r\n"
            answer = served.send(head.encode() + b"GET /readyz HTTP/1.1\r\nHost: shop.example\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 400 "), (headers, answer)
            assert b"connection: close" in answer.lower() and b"ready" not in answer, (headers, answer)
        assert served.is_alive()


def test_bodies_have_an_end():
    with server() as served:
        for length in (b"1073741824", b"4097", b"99999999999999999999999"):
            answer = served.send(b"POST /v1/enroll HTTP/1.1\r\nHost: a\r\nContent-Length: " + length + b"\r\n\r\n")
            assert answer == b"" or answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 413 ")), answer
        assert served.ask("GET", "/healthz", "Content-Length: 1")[0] == 413
        chunk = b"%x\r\n" % MIB + bytes(MIB) + b"\r\n"
        answer = served.send(b"POST /v1/enroll HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + 64 * chunk)
        assert b" 20" not in answer, answer
        assert served.ask("POST", "/v1/enroll", body=bytes(4096))[0] == 400
        assert served.is_alive()
        _, err = served.stop()
        assert "its body is longer than its path takes" in err, err


def test_heads_have_an_end():
    with server() as served:
        for head in (b"GET /" + b"a" * MIB + b" HTTP/1.1\r\nHost: a\r\n\r\n",
                     b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * MIB + b"\r\n\r\n",
                     b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 100000 + b"\r\n"):
            answer = served.send(head)
            assert answer == b"" or answer.startswith(b"HTTP/1.1 4"), answer[:100]
        assert served.is_alive()


def test_noise_is_no_request():
    with server() as served:
        for noise in (b"", b"\0" * 1000, b"GET / HTTP/1.1\r\n\r\n", bytes(range(256)) * 100):
            with socket.create_connection(("127.0.0.1", served.port), 20) as connection:
                connection.sendall(noise)
            with contextlib.suppress(OSError), served.connect() as connection:
                connection.sendall(noise)
        assert served.is_alive()


def test_old_tls_is_refused():
    warnings.simplefilter("ignore", DeprecationWarning)
    with server() as served:
        for version, is_spoken in ((ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True),
                                   (ssl.TLSVersion.TLSv1_3, True)):
            context = ssl.create_default_context(cafile=served.data / "tls.crt")
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
            context.minimum_version = context.maximum_version = version
            try:
                with served.connect(context) as connection:
                    assert is_spoken and connection.version() == version.name.replace("_", "."), version
            except (ssl.SSLError, ConnectionError):
                assert not is_spoken, version


def test_another_servers_certificate_is_not_this_ones():
    with server() as served, folder() as top:
        try:
            served.connect(Server(top).trust).close()
        except ssl.SSLCertVerificationError:
            return
        assert False, "the certificate was taken"


def test_those_who_pause_hold_nobody_up_and_are_let_go():
    with server() as served:
        waiting = [served.connect() for _ in range(60)]
        for connection in waiting:
            connection.sendall(b"POST /v1/enroll HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf")
        begin = time.monotonic()
        assert all(served.is_alive() for _ in range(10))
        assert time.monotonic() - begin < 10
        for connection in waiting:  # 15 seconds after they paused
            connection.settimeout(30)
            with contextlib.suppress(ssl.SSLError, ConnectionError):
                assert connection.recv(1) == b""
            connection.close()
        assert served.is_alive()


def test_it_ends_when_it_is_told_to():
    with server() as served:
        status, err = served.stop()
        assert status == 0, err
        lines = [line.split(" ", 1) for line in err.splitlines()]
        assert [said for _, said in lines] == [f"info serves name=shop.example port={served.port}", "info ends signal=15"], err
        assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", when) for when, _ in lines), err


def test_it_says_what_went_wrong_in_it():
    with server() as served:
        for table in ("token", "account"):  # the one is missed in a transaction, which is undone, the other outside of one
            rows(served, f"ALTER TABLE {table} RENAME TO {table}_elsewhere")
            status, _, told = login(served)
            assert status == 500 and set(told) == {"title", "status"}, told
        _, err = served.stop()
        lines = [line for line in err.splitlines() if " error " in line]
        for line, table in zip(lines, ("token", "account"), strict=True):
            assert " error failed method=POST route=/v1/login status=500 ms=" in line, line
            assert f' from=127.0.0.1 why="{no_table(table)}"' in line, line


def test_it_says_that_the_log_is_not_signed():
    with server("--checkpoint-every", "1") as served:
        rows(served, "ALTER TABLE log_checkpoint RENAME TO elsewhere")
        _, err = served.stop()
        assert " error unsigned why=\"" + no_table("log_checkpoint") in err, err


def test_its_lines_go_to_nobody_when_nobody_listens():
    with server(heard=False) as served:
        assert os.readlink(f"/proc/{served.process.pid}/fd/2") == "/dev/null"
        assert served.send(TWO_HOSTS).startswith(b"HTTP/1.1 400 ") and served.is_alive()


def test_nobody_fills_a_disk_with_its_lines():
    with server() as served:
        for _ in range(60):
            assert served.send(TWO_HOSTS).startswith(b"HTTP/1.1 400 ")
        _, err = served.stop()
        refused = [line for line in err.splitlines() if " warning refused " in line]
        assert 20 <= len(refused) < 30 and " from=127.0.0.1" in refused[0], err
        assert len(err.splitlines()) < 60 and "\x1b" not in err, err


def test_quiet_is_all_but_errors():
    with server("--quiet") as served:
        served.send(TWO_HOSTS)
        assert served.stop() == (0, "")


def test_it_says_why_it_does_not_serve():
    with server() as served, folder() as top:
        data = str(served.data)
        for words, expected, said in (
                (["--data", str(top / "none")], 1, "chaperone-server init"),
                (["--data", data, "--listen", f"127.0.0.1:{served.port}"], 1, "in use"),
                (["--data", data, "--listen", "8443"], 1, "HOST:PORT"),
                (["--data", data, "--listen", "127.0.0.1:http"], 1, "127.0.0.1:http"),
                (["--data", data, "--certificate", str(served.data / "tls.crt")], 2, "--key"),
                (["--data", data, "--certificate", "/dev/null", "--key", "/dev/null"], 1, "/dev/null"),
                (["--data", data, "--certificate", str(served.data / "log.key"), "--key", str(served.data / "tls.key")],
                 1, "certificate")):
            status, out, err = run(top, "run", *words, program=SERVER)
            assert status == expected and not out and said in err, (words, status, err)
        assert not (top / "none").exists()


main(collect(globals()))
