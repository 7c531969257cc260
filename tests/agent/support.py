# SPDX-License-Identifier: MIT
"""A folder, a policy, programs with and without the shim.  There is no server whose log could be counted: the library in
its place says what reached it, and that is counted against the records."""
import glob
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import unittest

BUILD = os.environ["BUILD"]
CHAPERONE = f"{BUILD}/tools/chaperone/chaperone"
SHIM = f"{BUILD}/shim/libchaperone.so"
CLIENT = f"{BUILD}/tests/agent/one_statement"

POLICY = """version: 1
name: tried
default: allow
unknown: allow
databases:
  all: { engine: postgres, sockets: ["/*"] }
rules:
  - { name: no-drop, database: all, do: [drop], then: deny }
"""
SELECT = "SELECT abalance FROM pgbench_accounts WHERE aid = 1"
DROP = "DROP TABLE pgbench_accounts"


def plain_text(match):
    return bytes.fromhex(match.group(1)).decode()


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="chaperone-tools-")
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.heard = 0  # statements that an agent judged
        self.environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": self.folder}
        if "ASAN_OPTIONS" in os.environ:
            self.environment["ASAN_OPTIONS"] = os.environ["ASAN_OPTIONS"]

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def write(self, text, *names, mode=0o600):
        path = self.path(*names)
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def run_plain(self, *command, **variables):
        return subprocess.run(command, env=dict(self.environment, **variables), cwd=self.folder, text=True,
                              capture_output=True, timeout=30, check=False)

    def sent(self, *statements, shim=SHIM, prefix=(), **variables):
        """What reached the server when a governed program sent these."""
        result = self.run_plain(*prefix, CLIENT, *statements, LD_PRELOAD=shim, **variables)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        texts = [re.sub(r"pg_catalog\.decode\('([0-9a-f]*)', 'hex'\)", plain_text, line)
                 for line in result.stdout.splitlines()]
        self.account(texts)
        return texts

    def intents(self):
        """The intents of all records, without the agent's own query."""
        events = []
        for record in {os.path.dirname(path) for path in glob.glob(self.path("**", "*.rec"), recursive=True,
                                                                   include_hidden=True)}:
            listed = self.run_plain(CHAPERONE, "audit", "list", "--record", record, "--json", "--limit", "100000")
            self.assertEqual(listed.returncode, 0, listed.stderr)
            events += map(json.loads, listed.stdout.splitlines())
        return [event for event in events if event["kind"] == "statement" and
                event.get("statement") != "(chaperone learns the catalogue)"]

    def account(self, texts):
        """Each text has an intent, except refusals without an agent, which name no event."""
        self.heard += sum("RAISE EXCEPTION" not in text or " Event " in text for text in texts)
        wait_until(lambda: len(self.intents()) >= self.heard)
        self.assertEqual(len(self.intents()), self.heard, texts)


def wait_until(condition, seconds=5):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False
