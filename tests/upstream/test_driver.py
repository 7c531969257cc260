# SPDX-License-Identifier: MIT
"""A driver's own test suite, named as argument, ends the same with and without the shim, test by test."""
import json
import os
import re
import shutil
import subprocess
import sys
import time

from harness import ALLOW_EVERYTHING, CHAPERONE, LONG, PYTHON, SKIP, Cluster, check, verified
from source import fetch_or_skip
from wheels import wheel_or_skip

HERE = os.path.dirname(os.path.abspath(__file__))
SUITE_SECONDS = 900
SETTINGS = '''
wal_level = logical
max_prepared_transactions = 10
log_destination = stderr
log_statement = none
log_min_duration_statement = -1
'''


def tab_separated(text):
    return [line.split('\t') for line in text.splitlines() if line.count('\t') == 1]


def tap(text):
    """`prove -v`: a line per test below the name of its file."""
    found, file = [], ''
    for line in text.splitlines():
        if match := re.match(r'(\S+\.t) \.+', line):
            file = match[1]
        elif match := re.match(r'(ok|not ok) (\d+)(.*)', line):
            found.append([f'{file} {match[2]}{match[3].partition("#")[0].rstrip()}',
                          match[1] + (' skipped' if '# skip' in match[3] else '')])
    return found


def rspec(text):
    """`rspec --format json`, but for the time that it took."""
    line = next((line for line in text.splitlines() if line.startswith('{"version"')), None)
    examples = json.loads(line)['examples'] if line else []
    return [[example['id'] + ' ' + example['full_description'], example['status']] for example in examples]


# Per suite: the source package and where else it is; the installed driver; its commands, whole and as a sample; how its
# results read.
SUITES = {
    'psycopg2': {
        'source': 'psycopg2', 'pypi': 'psycopg2=={version}', 'package': 'python3-psycopg2', 'read': tab_separated,
        'whole': [PYTHON, HERE + '/run_psycopg2.py'],
        'sample': [PYTHON, HERE + '/run_psycopg2.py', 'test_copy', 'test_cursor', 'test_lobject', 'test_types_basic',
                   'test_fast_executemany'],
        'environment': {'PSYCOPG2_TEST_REPL_DSN': '', 'PSYCOPG2_TESTDB': 'driver'},
    },
    'psycopg2-binary': {  # PyPI's, with a libpq of its own; the source package has that name there alone
        'source': 'psycopg2-binary', 'pypi': 'psycopg2==2.9.13', 'package': 'python3-psycopg2', 'read': tab_separated,
        'wheel': 17,
        'whole': [PYTHON, HERE + '/run_psycopg2.py'],
        'sample': [PYTHON, HERE + '/run_psycopg2.py', 'test_async', 'test_connection', 'test_cursor'],
        'environment': {'PSYCOPG2_TEST_REPL_DSN': '', 'PSYCOPG2_TESTDB': 'driver'},
    },
    'DBD::Pg': {
        'source': 'libdbd-pg-perl', 'package': 'libdbd-pg-perl', 'read': tap,
        'whole': ['prove', '-v', 't'],
        'sample': ['prove', '-v', 't/01connect.t', 't/03dbmethod.t', 't/06bytea.t', 't/07copy.t', 't/09arrays.t',
                   't/12placeholders.t', 't/20savepoints.t', 't/30unicode.t'],
        'environment': {'DBI_DSN': 'dbi:Pg:dbname=driver', 'DBI_USER': 'postgres', 'PERL_HASH_SEED': '0',
                        'PERL_PERTURB_KEYS': '0'},
    },
    'ruby-pg': {
        'source': 'ruby-pg', 'package': 'ruby-pg', 'needs': ['ruby-rspec'], 'read': rspec, 'as_nobody': True,
        'whole': ['rspec', '--order', 'defined', '--format', 'json', 'spec'],
        'sample': ['rspec', '--order', 'defined', '--format', 'json', 'spec/pg/result_spec.rb', 'spec/pg/type_spec.rb'],
        'environment': {},
    },
}


def installed_version(package):
    done = subprocess.run(['dpkg-query', '-W', '-f', '${db:Status-Status} ${source:Upstream-Version}', package], text=True,
                          capture_output=True, check=False)
    status, _, version = done.stdout.partition(' ')
    return version if status == 'installed' else None


def skip(why):
    print(f'skipped: {why}')
    sys.exit(SKIP)


class Suite:
    def __init__(self, name):
        self.name, self.row, self.cluster = name, SUITES[name], None
        missing = [package for package in [self.row['package'], *self.row.get('needs', [])]
                   if not installed_version(package)]
        if missing:
            skip(f'not installed: {" ".join(missing)}')
        pypi = self.row.get('pypi', '').format(version=installed_version(self.row['package']))
        self.source = fetch_or_skip(self.row['source'], pypi=pypi)
        if 'wheel' in self.row:
            self.row['environment']['PYTHONPATH'] = wheel_or_skip(self.row['wheel'])
        self.command = self.row['whole' if LONG else 'sample']

    def folders(self):
        """A new copy of the source, and a place for what a program keeps, both its user's own."""
        cluster, user = self.cluster, 'nobody' if self.row.get('as_nobody') else 'root'
        for name in ('source', 'own'):
            shutil.rmtree(cluster.path(name), ignore_errors=True)
        shutil.copytree(self.source, cluster.path('source'))
        os.mkdir(cluster.path('own'), mode=0o700)
        if os.geteuid() == 0:
            subprocess.run(['chown', '-R', user, cluster.path('source'), cluster.path('own')], check=True)
        return cluster.path('source'), cluster.path('own')

    def said(self):
        """The last lines of its standard error."""
        with open(self.cluster.path('said'), errors='backslashreplace') as file:
            return ''.join(file.readlines()[-30:])

    def run(self, policy):
        """The exit status, and (test, how it ended) in order."""
        cluster = self.cluster
        folder, own = self.folders()
        cluster.sql('DROP DATABASE IF EXISTS driver', database='postgres')
        cluster.sql('CREATE DATABASE driver', database='postgres')
        command, record = list(self.command), own + '/record'
        if policy:
            path = cluster.write('policy.yaml', policy)
            command = [CHAPERONE, 'run', '--policy', path, '--record', record, '--'] + command
        if self.row.get('as_nobody'):
            command = cluster.as_server + command
        environment = {**cluster.environment, 'PGDATABASE': 'driver', 'HOME': own, 'XDG_RUNTIME_DIR': own,
                       'XDG_STATE_HOME': own, **self.row['environment']}
        with open(cluster.path('said'), 'wb') as said:
            done = subprocess.run(command, cwd=folder, env=environment, check=False, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=said, timeout=SUITE_SECONDS)
        found = self.row['read'](done.stdout.decode('utf-8', 'backslashreplace'))
        if policy:
            recorded = verified(cluster, record)['intents']
            check(recorded >= len(found) / 4, f'{recorded} statements of {len(found)} tests are on record')
        return done.returncode, found


def compare(without, governed):
    """Prints what is not the same in both; returns how many tests differ."""
    (left_status, left), (right_status, right) = without, governed
    left, right = dict(left), dict(right)
    differing = [test for test in dict.fromkeys([*left, *right]) if left.get(test) != right.get(test)]
    for test in differing:
        print(f'  {test}: {left.get(test, "not run")} without, {right.get(test, "not run")} with the shim')
    return len(differing) + (left_status != right_status)


def unstable_in(first, second):
    """The tests that ended in two ways without the shim."""
    left, right = dict(first[1]), dict(second[1])
    return {test for test in left.keys() | right.keys() if left.get(test) != right.get(test)}


def without_tests(outcome, names):
    return outcome[0], [row for row in outcome[1] if row[0] not in names]


def one(suite):
    """Runs it both ways, and once more where that is not the same; how many of its tests differ."""
    began = time.monotonic()
    without, governed = suite.run(None), suite.run(ALLOW_EVERYTHING)
    unstable = set()
    if without != governed:
        again = suite.run(None)
        unstable = unstable_in(without, again)
        if again[0] != without[0]:
            governed = (without[0], governed[1])
        without, governed = without_tests(without, unstable), without_tests(governed, unstable)
    differing = compare(without, governed)
    passed = sum(how in ('ok', 'passed') for _, how in without[1])
    print(f'{suite.name} ({os.path.basename(suite.source)}): {len(without[1])} tests, {passed} passed, {len(unstable)} '
          f'unstable without the shim, {differing} differ; {time.monotonic() - began:.0f} s', flush=True)
    check(passed > 20, f'{suite.name}: only {passed} tests passed, so that little was compared; it said\n{suite.said()}')
    return differing


def main():
    suite = Suite(sys.argv[1])
    suite.cluster = cluster = Cluster()
    try:
        with open(cluster.path('more.conf'), 'a') as file:
            file.write(SETTINGS)
        cluster.pause()
        cluster.resume()
        differing = one(suite)
    finally:
        cluster.stop()
    sys.exit(1 if differing else 0)


main()
