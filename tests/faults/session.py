# SPDX-License-Identifier: MIT
"""A libpq program whose calls are made one at a time, so that something can happen between two of them."""
import time

from harness import check, program, start
from shop import POLICY

PQ = program('pq')
READ = 'exec|SELECT id FROM plain WHERE id = 1'


class Session:
    """A pq whose calls are made one at a time."""

    def __init__(self, cluster, policy=POLICY, **options):
        self.running = start(cluster, [PQ], policy, **options)

    def call(self, line):
        """Returns (what was printed, seconds)."""
        begun = time.monotonic()
        pipe = self.running.process
        pipe.stdin.write(line.replace('|', '\t').encode() + b"\nescape\tend of call\n")
        pipe.stdin.flush()
        said = b''
        while b"'end of call'" not in said:
            part = pipe.stdout.readline()
            check(part, f'pq ended: {said}')
            said += part
        return said.decode(), time.monotonic() - begun

    def end(self):
        return self.running.end()


def served(session, what=READ):
    return 'PGRES_TUPLES_OK' in session.call(what)[0]
