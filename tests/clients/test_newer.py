# SPDX-License-Identifier: MIT
"""What libpq 16 to 18 have beyond Debian's 15 is governed too, called in those that wheels of PyPI bundle, and in the one that
CHAPERONE_TEST_LIBPQ names."""
import os
import re
import subprocess
import sys

from harness import ALLOW_EVERYTHING, LIBPQ, SKIP, check, equal, intents, main, program, promise, run, settle
from shop import POLICY, SCHEMA, leaks
from wheels import Unavailable, bundled_libpq, linkable

NEWER = program('newer')
TABLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'shim', 'libpq')
# Detectors would find the addresses in the rows, whatever a statement was taken for.
UNAIDED = POLICY.replace('      found: { email: redact, card: redact, iban: redact }\n', '').replace('do: [drop,',
                                                                                                'do: [grant, drop,')
CLOSES = 5  # calls in a run that no log has


def folder_of(cluster, version):
    path = cluster.path(f'libpq-{version}')
    return path if os.path.exists(path) else linkable(version, path)


def calls(cluster, folder, version):
    """A run without the shim and one under a policy that allows everything are equal; returns one that is restricted."""
    environment, seen, sent = {'LD_LIBRARY_PATH': folder}, [], []
    for policy in (None, ALLOW_EVERYTHING):
        since = cluster.mark()
        seen.append(run(cluster, [NEWER], policy, environment=environment).seen())
        sent.append([re.sub(r'SCRAM\S*', '', s.text) for s in cluster.statements(since)])
    equal(*sent, 'server logs')
    check(seen[0][0] == 0 and f'connected {version}'.encode() in seen[0][1], seen)
    if version < 17:  # stand-ins are there, and have nothing to stand for
        seen[0] = (0, seen[0][1].replace(b'16\n', b'16\n1 0 0 1\n'), b'')
    equal(*seen, 'what is seen')
    outcome = run(cluster, [NEWER], UNAIDED, environment=environment)
    equal((outcome.status, outcome.stderr, leaks(outcome.stdout)), (0, b'', []), outcome)
    settle(cluster, lost=3 * CLOSES)
    return outcome


def counts(cluster, outcome, word):
    """Rows and masked cells of the statements with this word, by the record."""
    return [(event['rows'], event['masked_cells']) for event in intents(cluster, outcome.record)
            if word in event.get('statement', '')]


def is_governed(cluster, folder, version):
    outcome = calls(cluster, folder, version)
    said = outcome.stdout.decode()
    parts = dict(part.split('\n', 1) for part in said.split('-- ')[1:])
    equal((parts['names'].count('NOTE 1'), parts['names'].count('[redacted]')), (1, 2), parts['names'])
    equal((parts['cursors'].count('NOTE 1'), '[redacted]' in parts['cursors']), (1, False), parts['cursors'])
    equal([parts['chunks'].count(word) for word in ('CHUNK', '[redacted]', 'NOTE')], [4, 4, 0], parts['chunks'])
    piped = parts['chunks in a pipeline']
    equal([piped.count(word) for word in ('CHUNK', '[redacted]', 'ERROR 22012')], [6, 4, 1], piped)
    equal(parts['cancelling'].count('PGRES_FATAL_ERROR 57014'), 2, parts['cancelling'])
    check('PGRES_FATAL_ERROR 42501\n-- the rest\n0\n' in said and said.endswith('PGRES_TUPLES_OK \n 1\n'), said)
    equal(counts(cluster, outcome, 'SELECT id, email FROM customers ORDER BY id; SELECT'), [(6, 4)], 'rows of two in chunks')
    equal(counts(cluster, outcome, 'SELECT email FROM customers ORDER'), [(3, 2)], 'rows of chunks in a pipeline')
    equal(counts(cluster, outcome, 'SELECT id, ? / (? - id)'), [(4, 0)], 'rows of chunks before an error')
    told = ''.join(event.get('statement', '') for event in intents(cluster, outcome.record))
    check('secret' not in told and 'ALTER USER "anna" PASSWORD ?' in told, told)


def rows():
    sys.path.insert(0, os.path.join(TABLE, '..', '..', 'tests', 'structure'))
    from check_libpq_table import read_rows
    return {name for file in ('table.h', 'newer.h') for _, name in read_rows(os.path.join(TABLE, file))}


def exports(path):
    listed = subprocess.run(['nm', '-D', '--defined-only', path], text=True, capture_output=True, check=True).stdout
    return {line.split()[2].partition('@')[0] for line in listed.splitlines()}


def about(version):
    def governed(cluster):
        is_governed(cluster, folder_of(cluster, version), version)
    governed.__name__ = f'what_libpq_{version}_has_is_governed'
    promise(governed)


try:
    BUNDLED = {version: bundled_libpq(version) for version in (16, 17, 18)}
except Unavailable as problem:
    BUNDLED = {}
    if not LIBPQ:
        print(f'skipped: CHAPERONE_TEST_LIBPQ names none, and PyPI cannot be had: {problem}')
        sys.exit(SKIP)


@promise
def every_export_of_newer_libpqs_has_a_row(_):
    found = {name for path in BUNDLED.values() for name in exports(path)}
    equal(sorted(found - rows()), [], 'exports without a row')
    equal(sorted(rows() - found), [], 'rows of what no libpq exports') if BUNDLED else None
    return f'{len(found)} exports'


@promise
def what_libpq_16_lacks_fails_and_sends_nothing(cluster):
    if not BUNDLED:
        return 'not run: PyPI cannot be had'
    outcome = calls(cluster, folder_of(cluster, 16), 16)
    check(b'connected 16\n1 0 0 1\n-- the rest\n0\nPGRES_TUPLES_OK' in outcome.stdout, outcome)
    equal(len(intents(cluster, outcome.record)), 2, 'learning, and a SELECT')


for bundled_version in set(BUNDLED) - {16}:
    about(bundled_version)


@promise
def what_the_given_libpq_has_is_governed(cluster):
    if not LIBPQ:
        return 'not run: CHAPERONE_TEST_LIBPQ names none'
    outcome = run(cluster, [NEWER], ALLOW_EVERYTHING)
    settle(cluster, lost=CLOSES)
    is_governed(cluster, cluster.environment['LD_LIBRARY_PATH'], int(re.search(rb'connected (\d+)', outcome.stdout)[1]))


main(SCHEMA + 'CREATE ROLE anna;')
