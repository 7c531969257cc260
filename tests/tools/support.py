# SPDX-License-Identifier: MIT
# Running programs with and without a terminal, in a home of their own.
import contextlib
import os
import pathlib
import pty
import select
import subprocess
import sys
import tempfile
import time

CHAPERONE = os.environ.get("CHAPERONE", "")
SHOW = os.environ.get("SHOW_PROVENANCE", "")
SKIP = 77
DEADLINE_SECONDS = 30


def clean_environment(home, **more):
    """An environment in which nothing claims anything."""
    return {"PATH": os.environ["PATH"], "HOME": str(home), **more}


@contextlib.contextmanager
def folder():
    with tempfile.TemporaryDirectory(prefix="chaperone-tools-") as name:
        top = pathlib.Path(name).resolve()
        (top / "home").mkdir()
        (top / "work").mkdir()
        yield top


def run(top, *arguments, program=None, environment=None, text=None):
    """Runs without a terminal: (exit status, stdout, stderr)."""
    done = subprocess.run([program or CHAPERONE, *arguments], cwd=top / "work", input=text or "",
                          env=environment or clean_environment(top / "home"), text=True,
                          capture_output=True, timeout=DEADLINE_SECONDS, check=False,
                          start_new_session=True)
    return done.returncode, done.stdout, done.stderr


def run_at_terminal(top, *arguments, program=None, environment=None, answer="", after=""):
    """Runs as the leader of a session with a terminal of its own: (exit status, what was shown).  The answer is typed at
    once, or when `after` was shown."""
    words = [program or CHAPERONE, *arguments]
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(top / "work")
        os.execve(words[0], words, environment or clean_environment(top / "home"))
    shown, typed = b"", not after
    if typed:
        os.write(terminal, answer.encode())
    end = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < end and select.select([terminal], [], [], end - time.monotonic())[0]:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # Linux: the other side is closed
            break
        if not piece:
            break
        shown += piece
        if not typed and after.encode() in shown:
            typed = True
            os.write(terminal, answer.encode())
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), shown.decode().replace("\r\n", "\n")


class Skipped(Exception):
    """What a test raises that cannot try here what it promises, with why."""


def main(tests):
    """Runs every test; a name says what is promised.  A file of which a test was skipped, and none failed, is skipped: dev/test names
    it, and CHAPERONE_TEST_SKIPS=no makes it a failure."""
    failed = skipped = 0
    for test in tests:
        try:
            test()
        except AssertionError as error:
            failed += 1
            print(f"not ok {test.__name__}: {error}")
        except Skipped as why:
            skipped += 1
            print(f"skipped {test.__name__}: {why}")
        else:
            print(f"ok {test.__name__}")
    if skipped and os.environ.get("CHAPERONE_TEST_SKIPS") == "no":
        failed += skipped
    sys.exit(1 if failed or not tests else SKIP if skipped else 0)


def collect(names):
    return [value for name, value in sorted(names.items())
            if callable(value) and name.startswith("test_")]
