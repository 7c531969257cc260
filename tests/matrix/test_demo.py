# SPDX-License-Identifier: MIT
"""Every program of the matrix under dev/shop-demo.yaml, where most of what it tries is refused and some give up: addresses stay
hidden, nothing is dropped, and the record has what the server got."""
import os

from clients import CLIENTS, HERE
from harness import check, equal, intents, main, promise, run, settle, verified
from matrix import CONTENTS, SAYS, Missing, command_of, make_ready, version_of
from shop import SCHEMA

DEMO = os.path.realpath(os.path.join(HERE, '..', '..', 'dev', 'shop-demo.yaml'))
ADDRESSES = (b'@canary.example', b'@canary'.hex().encode())


def client(row):
    def holds(cluster):
        try:
            version_of(row)
        except Missing as missing:
            return f'not tried: {missing}'
        make_ready(cluster, row)
        before = cluster.sql(CONTENTS)
        outcome = run(cluster, command_of(row), DEMO, environment=row.environment)
        settle(cluster, **{**row.guarded, **row.demo})
        verified(cluster, outcome.record)
        said = outcome.stdout + outcome.stderr
        equal([address for address in ADDRESSES if address in said], [], f'leaks in {outcome}')
        check(b'[redacted]' in outcome.stdout, outcome)
        check(outcome.status == 0 or SAYS.encode() in outcome.stderr, outcome)
        refused = sum(event['refused'] for event in intents(cluster, outcome.record))
        check(refused, f'nothing was refused: {outcome}')
        equal(cluster.sql(CONTENTS), before, 'the contents of the shop')
        return f'{outcome.stdout.count(b"[redacted]")} cells, {refused} refused' + ', gives up' * (outcome.status != 0)
    holds.__name__ = f'{row.name}_under_the_demo'
    promise(holds)


for client_row in CLIENTS:
    if client_row.kind == 'program':
        client(client_row)
main(SCHEMA)
