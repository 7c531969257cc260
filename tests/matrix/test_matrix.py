# SPDX-License-Identifier: MIT
"""Every client of a family, named as argument, is as without the shim where everything is allowed, and masked, refused and
recorded under a policy."""
import sys

from clients import CLIENTS
from harness import SKIP, main, promise
from matrix import Missing, run_row, version_of
from shop import SCHEMA


def is_here(row):
    try:
        return bool(version_of(row))
    except Missing as missing:
        print(f'not tried: {row.name}: {missing}')
        return False


def client(row):
    def holds(cluster):
        found = run_row(cluster, row)
        return ', '.join(f'{name} {value}' for name, value in found.items())
    holds.__name__ = f'{row.name}_holds'
    promise(holds)


FAMILY = sys.argv.pop(1)
ROWS = [row for row in CLIENTS if row.family == FAMILY and is_here(row)]
if not ROWS:
    print('skipped: no client of this family is installed')
    sys.exit(SKIP)
for client_row in ROWS:
    client(client_row)
main(SCHEMA)
