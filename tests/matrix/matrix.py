# SPDX-License-Identifier: MIT
"""Runs one client of the matrix three ways and tells what holds: without the shim, under a policy that allows everything,
and under the shop's policy (or the row's own).

A PROGRAM (tests/matrix/programs) takes its connection from the PG* variables alone, works on the shop (tests/shop.py),
leaves it as it was, prints the same each time, and ends with 0.  It says one fact in a line, a kind and values with tabs
between; any number of lines of a kind, and of kinds of its own:

  rows       SELECT id, name, email, salary FROM customers ORDER BY id, every row as the driver hands it over
  types      the driver's native types of id, name, email of the first row
  parameter  the same row by an integer parameter, the driver's normal way
  prepared   prepared once, executed twice
  cursor     through a named cursor, or in single-row mode
  copy       COPY (SELECT ...) TO STDOUT, and what COPY FROM STDIN brought into a temporary table that was made outside of a
             transaction (in one, nothing is known of its columns, and all of them are masked)
  notify     channel and payload of a notification to itself
  error      SQLSTATE (- where the driver hands none over) and text of a division by zero, and of a missing table
  write      row counts of an INSERT (with an id of its own: sequences are not rolled back), an UPDATE and a DELETE with WHERE
  refused    SQLSTATE and text of DROP TABLE plain, 00000 where it ran; in a transaction that is rolled back

A TOOL is a command; its standard output may have protected values anywhere in a line.  What is STOPPED reaches no server.
"""
import collections
import os
import re
import subprocess

from dialled import REFUSED, noted
from harness import ALLOW_EVERYTHING, BUILD, check, equal, intents, notes, run, settle, verified
from shop import POLICY, leaks

KINDS = ('rows', 'types', 'parameter', 'prepared', 'cursor', 'copy', 'notify', 'error', 'write', 'refused')
MASKED = ('rows', 'parameter', 'prepared', 'cursor', 'copy')  # kinds that show protected values
SAYS = 'chaperone refused this'
REASON = re.compile(SAYS + r': (.*)')
CONTENTS = ' UNION ALL '.join(f"SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM {table} t"
                              for table in ('customers', 'orders', 'plain', 'archive'))


class Missing(Exception):
    """What a row needs is not here; says what."""


# What is installed

def package_version(package):
    done = subprocess.run(['dpkg-query', '-W', '-f', '${db:Status-Status} ${source:Upstream-Version}', package], text=True,
                          capture_output=True, check=False)
    status, _, version = done.stdout.partition(' ')
    return re.sub(r'[+~](ds|dfsg).*', '', version) if status == 'installed' else None


def built_program(name):
    folders = os.environ.get('CHAPERONE_TEST_PROGRAMS', os.path.join(BUILD, 'tests', 'matrix')).split(':')
    return next((path for folder in folders if os.access(path := os.path.join(folder, name), os.X_OK)), None)


def succeeds(command, environment):
    try:
        return subprocess.run(command, env={**os.environ, **environment}, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def version_of(row):
    """The client's version; raises Missing where it is not here."""
    missing = [package for package in row.needs if not package_version(package)]
    if missing:
        raise Missing('not installed: ' + ' '.join(missing))
    if row.tried and not succeeds(row.tried, row.environment):
        raise Missing(f'not installed: {row.source}')
    if row.built and not built_program(row.built):
        raise Missing(f'not built: {row.built}')
    if not row.version:
        return package_version(row.needs[0])
    done = subprocess.run(row.version, env={**os.environ, **row.environment}, text=True, capture_output=True, check=True)
    return done.stdout.strip()


# One run

def command_of(row):
    return [built_program(row.built)] * bool(row.built) + list(row.command)


def steady(row, text):
    """Text without what no two runs have in common."""
    for pattern in row.volatile:
        text = re.sub(pattern, '#', text)
    return text


def uncounted(cluster, record):
    found = intents(cluster, record)
    cluster.forget()
    return found


def make_ready(cluster, row):
    """What a row wants done before each run."""
    if row.prepare:
        subprocess.run(['sh', '-c', row.prepare], env={**cluster.environment, 'PGAPPNAME': 'bystander'}, cwd=cluster.folder,
                       check=True, stdin=subprocess.DEVNULL)


class Seen:
    """What one run did: its status, what it printed, what reached the server, and what was recorded."""

    def __init__(self, cluster, row, policy, accounts):
        make_ready(cluster, row)
        before, since = cluster.sql(CONTENTS), cluster.mark()
        outcome = run(cluster, command_of(row), policy, environment=row.environment)
        self.status, self.record = outcome.status, outcome.record
        self.raw = outcome.stdout + outcome.stderr
        self.stdout, self.stderr = (steady(row, text.decode()) for text in (outcome.stdout, outcome.stderr))
        self.sent = [tuple(steady(row, part) for part in s.key()) for s in cluster.statements(since)]
        self.intents = []
        if policy:
            self.intents = settle(cluster, **accounts)[1] if row.counted else uncounted(cluster, outcome.record)
            verified(cluster, outcome.record)
        equal(cluster.sql(CONTENTS), before, 'the contents of the shop')
        self.proof = cluster.sql(row.proof) if row.proof and outcome.status == 0 else ''

    def of_note(self):
        return f'status {self.status}\nstdout: {self.stdout}\nstderr: {self.stderr}'

    def masked_cells(self):
        return sum(event.get('masked_cells', 0) for event in self.intents)

    def refusals(self):
        return sum(event['refused'] for event in self.intents)


def same_lists(left, right, what):
    """Fails with the first element that differs."""
    for number, (before, after) in enumerate(zip(left, right), 1):
        equal(before, after, f'{what}, of them the {number}.')
    equal(len(left), len(right), f'{what}: how many there are')


def same(row, plain, governed):
    """Where everything is allowed nobody can tell."""
    for what in ('status', 'stderr', 'stdout', 'proof'):
        equal(getattr(plain, what), getattr(governed, what), f'{row.name}: {what}')
    sent = [seen.sent if row.ordered else sorted(seen.sent) for seen in (plain, governed)]
    same_lists(*sent, f'{row.name}: statements that the server got')
    check(governed.sent or not row.counted, f'{row.name}: nothing reached the server')


# What a policy makes of what a program says

def facts(text):
    """(kind, values) of each line."""
    return [(line.split('\t')[0], line.split('\t')[1:]) for line in text.split('\n')[:-1]]


def compare_values(kind, old, new):
    """Cells that were masked, all others being as they were."""
    equal(len(old), len(new), f'values of {kind} {old} {new}')
    masked = 0
    for before, after in zip(old, new):
        if leaks(before.encode()):
            masked += 1
            check(after != before and not leaks(after.encode()), f'{kind}: {before!r} is not masked: {after!r}')
        else:
            equal(before, after, f'{kind}: an unprotected value')
    return masked


def compare_error(kind, old, new):
    equal(old[0], new[0], f'{kind}: the SQLSTATE of {old}')
    return 0


def compare_refused(_, old, new):
    check(old[0] in ('00000', '-'), f'without the shim: {old}')
    check(new[0] == '42501' or (new[0] == '-' and SAYS in ' '.join(new)), f'it was not refused: {new}')
    return 0


def compare_notify(_, old, new):
    equal(old[0], new[0], 'the channel of a notification')
    check(len(old) < 2 or old[1] not in new, f'the payload is shown: {new}')
    return 0


COMPARE = {'error': compare_error, 'refused': compare_refused, 'notify': compare_notify}


def compare_facts(row, plain, guarded):
    """Cells that were masked, by the kind of their line."""
    old, new = facts(plain), facts(guarded)
    equal([kind for kind, _ in old], [kind for kind, _ in new], f'{row.name}: kinds of lines')
    kinds = collections.Counter()
    for (kind, before), (_, after) in zip(old, new):
        kinds[kind] += COMPARE.get(kind, compare_values)(kind, before, after)
    said = {kind for kind, _ in old}
    missing = set(KINDS) - said - set(row.lacks)
    check(not missing, f'{row.name}: no line of {sorted(missing)}')
    check(not set(row.lacks) & said, f'{row.name}: lines of what it is said to lack')
    for kind in said & set(MASKED):
        check(kinds[kind], f'{row.name}: no protected value in {kind}')
    return kinds


def compare_lines(row, plain, guarded):
    """Lines with a protected value differ, and no others."""
    old, new = plain.split('\n'), guarded.split('\n')
    equal(len(old), len(new), f'{row.name}: lines')
    for before, after in zip(old, new):
        if not leaks(before.encode()):
            equal(before, after, f'{row.name}: a line without a protected value')


# The three kinds of rows

def guarded_run(cluster, row):
    seen = Seen(cluster, row, row.policy or POLICY, row.guarded)
    equal(leaks(seen.raw), [], f'{row.name}: leaks in {seen.of_note()}')
    return seen


def both(cluster, row):
    plain = Seen(cluster, row, None, {})
    same(row, plain, Seen(cluster, row, ALLOW_EVERYTHING, row.opened))
    return plain


def run_program(cluster, row):
    plain = both(cluster, row)
    equal(plain.status, 0, f'{row.name}: {plain.of_note()}')
    seen = guarded_run(cluster, row)
    equal(seen.status, 0, f'{row.name} under the policy: {seen.of_note()}')
    kinds = compare_facts(row, plain.stdout, seen.stdout)
    check(seen.refusals(), f'{row.name}: no refusal is on record')
    check(not any('DROP TABLE plain' in sent[-1] for sent in seen.sent), f'{row.name}: DROP reached the server')
    return {'statements': len(plain.sent), 'masked': sum(kinds.values()), 'refused': seen.refusals()}


def run_tool(cluster, row):
    plain = both(cluster, row)
    equal(plain.status, 0, f'{row.name}: {plain.of_note()}')
    seen = guarded_run(cluster, row)
    how = 'served' if seen.status == 0 else 'refused'
    check(row.ends in (how, 'either'), f'{row.name} under the policy: {seen.of_note()}')
    if how == 'refused':
        check(seen.refusals() and (SAYS in seen.raw.decode() or not row.counted), f'{row.name} under the policy: {seen.of_note()}')
    else:
        compare_lines(row, plain.stdout, seen.stdout)
        equal(seen.proof, plain.proof, f'{row.name}: what it did')
        check(seen.masked_cells() >= row.cells, f'{row.name}: {seen.masked_cells()} cells were masked, not {row.cells}')
    reason = REASON.search(seen.raw.decode())
    return {'statements': len(plain.sent), 'masked': seen.masked_cells(), 'refused': seen.refusals(), 'ends': how,
            'reason': reason[1] if reason else ''}


def run_stopped(cluster, row):
    """It may fail without the shim where no server of its kind is there."""
    for policy in (ALLOW_EVERYTHING, POLICY):
        seen = Seen(cluster, row, policy, {})
        check(seen.status != 0 and not leaks(seen.raw), seen.of_note())
        equal(seen.stderr.encode().count(REFUSED), 1, f'{row.name}: lines: {seen.of_note()}')
        equal(len(noted(cluster, seen.record, 'refused', row.stopped)), 1, f'{row.name}: notes {notes(cluster, seen.record)}')
        equal(seen.sent, [], f'{row.name}: what the server got')
    return {'statements': 0, 'masked': 0, 'refused': 0}


RUN = {'program': run_program, 'tool': run_tool, 'stopped': run_stopped}


def run_row(cluster, row):
    """What holds of a client, with its version; raises Missing, or AssertionError with what does not hold."""
    version = version_of(row)
    return {'version': version, **RUN[row.kind](cluster, row)}
