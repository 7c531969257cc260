# SPDX-License-Identifier: MIT
"""A server that was made and runs, and requests to it, byte for byte where that matters."""
import base64
import contextlib
import functools
import json
import os
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys

import postgresql
from support import clean_environment, folder, run

SERVER = os.environ["CHAPERONE_SERVER"]
CHAPERONE = os.environ["CHAPERONE"]
IS_POSTGRESQL = os.environ.get("CHAPERONE_TEST_DATABASE") == "postgresql"
DEADLINE_SECONDS = 30

if os.environ.get("CHAPERONE_TEST_IS_LONG") and os.environ.get("CHAPERONE_TEST_LONG") != "1":
    print("skipped: CHAPERONE_TEST_LONG=1 runs it")
    sys.exit(postgresql.SKIP)


def of_the_file(test):
    """For what is promised of SQLite's file alone."""
    @functools.wraps(test)
    def leave_out():
        print("# of SQLite's file")
    return leave_out if IS_POSTGRESQL else test


def no_table(name):
    """As the journal has what the database says of it."""
    return f'relation \\"{name}\\" does not exist' if IS_POSTGRESQL else f"no such table: {name}"


class Server:
    """A server of its own, in a folder of its own."""

    def __init__(self, top):
        self.top = top
        self.data = top / "data"
        self.database = postgresql.cluster().new() if IS_POSTGRESQL else None
        where = ["--database", postgresql.cluster().url(self.database)] if IS_POSTGRESQL else []
        status, out, err = run(top, "init", "--data", str(self.data), "--name", "shop.example", "--json", *where, program=SERVER)
        assert status == 0, err
        self.made = json.loads(out)
        self.trust = ssl.create_default_context(cafile=self.data / "tls.crt")
        self.process = self.port = None

    def rows(self, sql, *values):
        """Of a query; what another statement changes stays so."""
        if self.database:
            with contextlib.closing(postgresql.cluster().connect(self.database)) as opened, opened:
                return postgresql.rows(opened, sql, values)
        with contextlib.closing(sqlite3.connect(self.data / "server.db", timeout=DEADLINE_SECONDS)) as opened, opened:
            return opened.execute(sql, values).fetchall()

    def kept(self):
        """All bytes that it keeps, wherever these are."""
        folder_has = b"".join(path.read_bytes() for path in self.data.iterdir())
        return folder_has + (postgresql.cluster().kept(self.database) if self.database else b"")

    def start(self, *more, heard=True, wrapper=(), environment=None):
        """`heard`: somebody reads what it says.  `wrapper`: words before its own."""
        ready, writes = os.pipe()
        self.process = subprocess.Popen(
            [*wrapper, SERVER, "run", "--data", str(self.data), "--listen", "127.0.0.1:0", "--ready-fd", str(writes), *more],
            pass_fds=[writes], env=clean_environment(self.top / "home", **(environment or {})), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=None if heard else lambda: os.close(2))
        os.close(writes)
        with os.fdopen(ready) as told:
            self.port = int(told.readline() or 0)
        assert self.port, self.process.communicate()[1]

    def stop(self):
        """Exit status, and what was said."""
        self.process.send_signal(signal.SIGTERM)
        _, err = self.process.communicate(timeout=DEADLINE_SECONDS)
        return self.process.returncode, err

    def connect(self, context=None, source="127.0.0.1"):
        plain = socket.create_connection(("127.0.0.1", self.port), DEADLINE_SECONDS, (source, 0))
        return (context or self.trust).wrap_socket(plain, server_hostname="shop.example")

    def send(self, data, source="127.0.0.1"):
        """What comes back until the server closes; the connection may end while it is written to."""
        answer = b""
        with contextlib.suppress(ConnectionError, ssl.SSLError), self.connect(source=source) as connection:
            with contextlib.suppress(ConnectionError, ssl.SSLError):
                connection.sendall(data)
            while piece := connection.recv(65536):
                answer += piece
        return answer

    def ask(self, method, path, *headers, body=b"", source="127.0.0.1"):
        """Status, headers in small letters, body."""
        lines = [f"{method} {path} HTTP/1.1", "Host: shop.example", "Connection: close", *headers]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        head, _, rest = self.send("\r\n".join(lines).encode() + b"\r\n\r\n" + body, source).partition(b"\r\n\r\n")
        first, *others = head.decode().split("\r\n")
        told = {name.lower(): value for name, _, value in (line.partition(": ") for line in others)}
        status = int(first.split()[1])
        if method != "HEAD" and status != 304 and len(rest) < int(told.get("content-length", 0)):
            raise ConnectionResetError(f"{len(rest)} of {told['content-length']} bytes came")
        return status, told, rest

    def is_alive(self):
        return self.ask("GET", "/healthz")[0] == 200 and self.process.poll() is None


@contextlib.contextmanager
def server(*more, **options):
    with folder() as top:
        served = Server(top)
        served.start(*more, **options)
        try:
            yield served
        finally:
            if served.process.poll() is None:
                served.stop()


def manage(served, *words, text=None, expect=0):
    """Runs a command of the server's on its folder: stdout, and what was said."""
    noun_and_verb, more = words[0].split(), words[1:]
    status, out, err = run(served.top, *noun_and_verb, "--data", str(served.data), *more, program=SERVER, text=text)
    assert status == expect, (words, status, out, err)
    return out, err


def manage_json(served, *words, **options):
    return json.loads(manage(served, *words, "--json", **options)[0])


def code(served, *more):
    """The part that is sent, and the hash of the server's key."""
    status, out, err = run(served.top, "code", "--data", str(served.data), "--json", *more, program=SERVER)
    assert status == 0, err
    secret, _, key_hash = json.loads(out)["code"].partition(".")
    return secret, base64.urlsafe_b64decode(key_hash + "=").hex()


def enrol(served, secret, host="db-client.example", **options):
    status, headers, body = served.ask("POST", "/v1/enroll", body=json.dumps({"code": secret, "host": host}).encode(), **options)
    return status, headers, json.loads(body)
