# SPDX-License-Identifier: MIT
"""A PostgreSQL of its own for each test program, with a database for each server."""
import atexit
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

BINARIES = pathlib.Path("/usr/lib/postgresql/15/bin")
PSYCOPG2 = pathlib.Path("/usr/lib/python3/dist-packages/psycopg2/__init__.py")
SKIP = 77
START_SECONDS = 30
AS_OTHER = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.getuid() == 0 else []


class PostgreSQL:
    """It keeps what it commits, as one that serves would."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="chaperone-postgresql-"))
        if AS_OTHER:
            shutil.chown(self.folder, "nobody", "nogroup")
        atexit.register(self.end)
        self.count = 0
        self._run("initdb", "-D", "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        self.start()

    def _run(self, program, *arguments):
        subprocess.run([*AS_OTHER, BINARIES / program, *arguments], cwd=self.folder, check=True, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def start(self):
        """After a kill, as soon as the last of its children has noticed."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                return self._try_to_start()
            except subprocess.CalledProcessError:
                assert time.monotonic() < deadline, (self.folder / "log").read_text(encoding="utf-8")[-2000:]
                time.sleep(0.1)

    def _try_to_start(self):
        self._run("pg_ctl", "-D", "data", "-w", "-s", "-l", self.folder / "log", "-o",
                  f"-c listen_addresses='' -c max_connections=100 -c unix_socket_directories={self.folder}", "start")

    def kill(self):
        """All of it at once; nothing is written any more.  Children notice when the postmaster is gone."""
        first = int((self.folder / "data/postmaster.pid").read_text(encoding="ascii").split()[0])
        children = pathlib.Path(f"/proc/{first}/task/{first}/children").read_text(encoding="ascii").split()
        for pid in (first, *map(int, children)):
            os.kill(pid, signal.SIGKILL)

    def end(self):
        subprocess.run([*AS_OTHER, BINARIES / "pg_ctl", "-D", "data", "-m", "immediate", "-s", "stop"], cwd=self.folder, check=False,
                       stderr=subprocess.DEVNULL)
        shutil.rmtree(self.folder)

    def connect(self, name):
        import psycopg2
        return psycopg2.connect(host=str(self.folder), user="postgres", dbname=name)

    def url(self, name):
        return f"postgresql://postgres@/{name}?host={self.folder}"

    def kept(self, name):
        """What is on its disk of the database, what it logged, and what it writes before it changes anything."""
        opened = self.connect(name)
        ((oid,),) = rows(opened, "SELECT CAST(oid AS BIGINT) FROM pg_database WHERE datname = ?", (name,))
        opened.close()
        files = [*self.folder.glob(f"data/base/{oid}/*"), *self.folder.glob("data/pg_wal/*"), self.folder / "log"]
        return b"".join(path.read_bytes() for path in files if path.is_file())

    def new(self):
        """The name of a new database."""
        self.count += 1
        opened = self.connect("postgres")
        opened.autocommit = True
        opened.cursor().execute(f"CREATE DATABASE served{self.count}")
        opened.close()
        return f"served{self.count}"


def rows(opened, sql, values):
    cursor = opened.cursor()
    cursor.execute(sql.replace("?", "%s"), values or None)
    found = cursor.fetchall() if cursor.description else []
    return [tuple(bytes(value) if isinstance(value, memoryview) else value for value in row) for row in found]


_STARTED = []


def cluster():
    for path in (BINARIES / "initdb", PSYCOPG2):
        if not path.exists():
            print(f"skipped: {path} is not there")
            sys.exit(SKIP)
    if not _STARTED:
        _STARTED.append(PostgreSQL())
    return _STARTED[0]
