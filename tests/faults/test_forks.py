# SPDX-License-Identifier: MIT
"""Forks while other threads query: no child hangs, and no statement of parent or child is lost."""
import re

from harness import check, equal, main, program, promise, run, settle, verified
from shop import POLICY, SCHEMA

FORKS, FIRST = program('forks'), program('first')
COUNT = 300


@promise
def three_hundred_forks_beside_threads_that_query_deadlock_nobody_and_lose_nothing(cluster):
    outcome = run(cluster, [FORKS, str(COUNT), FIRST, 'main'], POLICY)
    equal((outcome.status, outcome.stderr), (0, b''), outcome)
    said = re.search(rb'(\d+) bad children, (\d+) served, (\d+) failed', outcome.stdout)
    check(said, outcome)
    equal((said[1], said[3]), (b'0', b'0'), outcome)
    equal(outcome.stdout.count(b'PGRES_TUPLES_OK [redacted]'), COUNT // 3, 'programs that were executed')
    _, recorded = settle(cluster)
    statements = [e for e in recorded if 'chaperone learns' not in e['statement']]
    equal(len(statements), int(said[2]) + COUNT, 'statements on the record')
    verified(cluster, outcome.record)
    return said[0].decode()


main(SCHEMA)
