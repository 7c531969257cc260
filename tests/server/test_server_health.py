# SPDX-License-Identifier: MIT
# What asks whether the server can serve is told the truth.
import os
import subprocess
import time

from authors import login, rows
from served import DEADLINE_SECONDS, Server, server
from support import Skipped, collect, folder, main

MIB = 1 << 20


def wait_for(served, status):
    """The answer of /readyz, once it has the status."""
    end = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < end:
        answer = served.ask("GET", "/readyz")
        if answer[0] == status:
            return answer
        time.sleep(0.2)
    raise AssertionError(f"/readyz was {answer}, and not {status}")


def refusals(err):
    return [line.split(" ", 1)[1] for line in err.splitlines() if " unready " in line or " info ready" in line]


def test_a_server_that_cannot_write_is_alive_but_not_ready():
    with server() as served:
        assert served.ask("GET", "/readyz")[::2] == (200, b"ready\n")
        rows(served, "CREATE TRIGGER refuse BEFORE INSERT ON pulse BEGIN SELECT RAISE(ABORT, 'no pen'); END")
        _, headers, body = wait_for(served, 503)
        assert headers["content-type"] == "application/problem+json" and b"pen" not in body, body
        assert served.is_alive()
        rows(served, "DROP TRIGGER refuse")
        wait_for(served, 200)
        _, err = served.stop()
        assert refusals(err) == ['error unready why="no pen"', "info ready"], err
        assert ' error failed method=GET route=/readyz status=503 ' in err and 'why="no pen"' in err, err


def test_a_server_whose_database_is_locked_is_not_ready():
    with server() as served:
        with subprocess.Popen(["/usr/bin/python3", "-c", f"""
import sqlite3, sys
opened = sqlite3.connect({str(served.data / 'server.db')!r}, isolation_level=None)
opened.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.read()
"""], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
            assert holder.stdout.readline() == "locked\n"
            wait_for(served, 503)
            holder.stdin.close()
        wait_for(served, 200)


def test_a_server_whose_disk_is_full_is_not_ready_and_goes_on_when_there_is_room():
    """A file system of its own, which the server's namespace alone has."""
    if subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode != 0:
        raise Skipped("there are no namespaces here")
    with folder() as top:
        served = Server(top)
        small = top / "small"
        small.mkdir()
        kept, served.data = served.data, small / "data"
        served.start(wrapper=["unshare", "-rm", "sh", "-c", 'mount -t tmpfs -o size=80m,mode=700 none "$0" && cp -a "$1" "$0" && shift && exec "$@"',
                              str(small), str(kept)])
        try:
            ballast = f"/proc/{served.process.pid}/root{small}/ballast"
            assert served.ask("GET", "/readyz")[0] == 200
            with open(ballast, "wb") as file:
                os.posix_fallocate(file.fileno(), 0, 30 * MIB)
                wait_for(served, 503)
                rest = os.fstatvfs(file.fileno())
                os.posix_fallocate(file.fileno(), 30 * MIB, rest.f_bavail * rest.f_frsize)
            statuses = {login(served)[0] for _ in range(3)}
            assert statuses <= {200, 500} and served.is_alive(), statuses
            os.unlink(ballast)
            wait_for(served, 200)
            assert login(served)[0] == 200
        finally:
            _, err = served.stop()
        assert refusals(err)[0] == 'error unready why="the disk has less than 64 MiB left"', err


main(collect(globals()))
