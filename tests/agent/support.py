# SPDX-License-Identifier: MIT
"""A folder, a policy, programs with and without the shim."""
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
        return [re.sub(r"pg_catalog\.decode\('([0-9a-f]*)', 'hex'\)", plain_text, line)
                for line in result.stdout.splitlines()]


def wait_until(condition, seconds=5):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return False
