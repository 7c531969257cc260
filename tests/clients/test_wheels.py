# SPDX-License-Identifier: MIT
"""Drivers as PyPI ships them, with a newer libpq of their own under a hashed name: psycopg2, and psycopg 3 whose compiled
part is linked with it.  The same as without the shim; masked, refused and recorded like all others."""
import os

from harness import PYTHON, check, equal, intents, main, promise, run, settle, transparent
from shop import POLICY, SCHEMA, leaks
from wheels import bundled_libpq, linkable, wheel, wheel_or_skip

HERE = os.path.dirname(os.path.abspath(__file__))
SCRIPT_3 = os.path.join(HERE, 'script_psycopg3.py')
DRIVERS = {  # libpq's version: the driver's script, the parts that are equal byte for byte
    17: ('script_psycopg2.py', ('types', 'errors', 'transactions', 'cursors', 'copies', 'large_objects', 'notifications',
                                'asynchronous', 'threads')),
    18: ('script_psycopg3.py', ('types', 'errors', 'transactions', 'cursors', 'copies', 'pipelines', 'notifications',
                                'asynchronous', 'newer')),
}
# The first call on a large object asks for the functions' numbers; no log has the Close of a prepared statement.
EXCEPTIONS = {'large_objects': {'more': 1}, 'newer': {'lost': 2}}

ENVIRONMENT = {version: {'PYTHONPATH': f'{wheel_or_skip(version)}:{os.path.dirname(HERE)}'} for version in DRIVERS}


def part(version, name):
    def test(cluster):
        command = [PYTHON, os.path.join(HERE, DRIVERS[version][0]), name]
        stdout, sent = transparent(cluster, command, is_ordered=name != 'threads', environment=ENVIRONMENT[version],
                                   **EXCEPTIONS.get(name, {}))
        return f'{len(sent)} statements, {len(stdout)} bytes'
    test.__name__ = f'a_wheel_with_libpq_{version}_is_byte_equal_on_{name}'
    promise(test)


for driver, (_, parts) in DRIVERS.items():
    for part_name in parts:
        part(driver, part_name)


# psycopg 3's program tries one in a pipeline too.
REFUSED = {17: 2, 18: 3}


def guarded(version):
    def test(cluster):
        script = os.path.join(HERE, DRIVERS[version][0])
        outcome = run(cluster, [PYTHON, script, 'guarded'], POLICY, environment=ENVIRONMENT[version])
        equal((outcome.status, outcome.stderr), (0, b''), outcome)
        equal(leaks(outcome.stdout), [], outcome)
        said = outcome.stdout.decode()
        check(said.count('[redacted]') >= 5, said)
        check('chaperone refused this: DROP on public.orders' in said and 'alive' in said, said)
        refused = [event for event in intents(cluster, outcome.record) if event['refused']]
        equal(len(refused), REFUSED[version], refused)
        return f'{said.count("[redacted]")} masked cells, {len(refused)} refused'
    test.__name__ = f'a_wheel_with_libpq_{version}_is_masked_and_refused'
    promise(test)


for driver in DRIVERS:
    guarded(driver)


def newer_is_masked_and_counted(cluster, environment):
    outcome = run(cluster, [PYTHON, SCRIPT_3, 'guarded_newer'], POLICY, environment=environment)
    equal((outcome.status, outcome.stderr, leaks(outcome.stdout)), (0, b'', []), outcome)
    said = outcome.stdout.decode()
    check("[(1, '[redacted]'), (2, '[redacted]'), (3, None)]\n[('[redacted]',), ('[redacted]',), (None,)]\n" in said, said)
    check("('NOTE 1',)" in said and said.count('[redacted]') == 6, said)
    counted = [(e['rows'], e['masked_cells']) for e in intents(cluster, outcome.record) if 'customers' in e['statement']]
    equal(counted, [(3, 2), (3, 2), (0, 0), (1, 1)], 'rows and masked cells')
    settle(cluster, lost=1)  # no log has a Close


@promise
def rows_in_chunks_are_masked_and_counted(cluster):
    newer_is_masked_and_counted(cluster, ENVIRONMENT[18])


@promise
def newer_calls_that_are_looked_up_are_governed(cluster):
    """psycopg 3's own Python part with ctypes, on another copy of the same libpq."""
    environment = {**ENVIRONMENT[18], 'PSYCOPG_IMPL': 'python',
                   'LD_LIBRARY_PATH': linkable(18, cluster.path('looked-up'))}
    stdout, _ = transparent(cluster, [PYTHON, SCRIPT_3, 'newer'], environment=environment, **EXCEPTIONS['newer'])
    check(stdout.startswith(b'python\n== newer\nTrue\n'), stdout)
    newer_is_masked_and_counted(cluster, environment)


WHERE = '''
import sys
driver = __import__(sys.argv[1])
connection = driver.connect('')
print(connection.cursor().execute('SELECT 1') is None, driver.__version__.split(' ')[0])
with open('/proc/self/maps') as maps:
    print(*sorted({line.split()[-1] for line in maps if 'libpq' in line}))
'''


@promise
def a_wheel_uses_its_own_libpq(cluster):
    for version, driver in (17, 'psycopg2'), (18, 'psycopg'):
        outcome = run(cluster, [PYTHON, '-c', WHERE, driver], POLICY, environment=ENVIRONMENT[version])
        equal(outcome.stdout.decode().splitlines()[1:], [bundled_libpq(version)], outcome)
        check(len(intents(cluster, outcome.record)) >= 2, outcome)


TOGETHER = '''
import ctypes, os, sys, threading
import psycopg, psycopg2
debian = ctypes.CDLL('libpq.so.5')
debian.PQconnectdb.restype = debian.PQexec.restype = ctypes.c_void_p
debian.PQgetvalue.restype = debian.PQresultErrorField.restype = ctypes.c_char_p
SQL = 'SELECT email FROM customers WHERE id = 1'

def by_driver(driver):
    connection = driver.connect('')
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute(SQL)
    rows = cursor.fetchall()
    try:
        cursor.execute('DROP TABLE orders')
    except driver.Error as error:
        rows.append(getattr(error, 'sqlstate', None) or error.pgcode)
    connection.close()
    return rows

def by_ctypes(pq):
    connection = ctypes.c_void_p(pq.PQconnectdb(b''))
    rows = [(pq.PQgetvalue(ctypes.c_void_p(pq.PQexec(connection, SQL.encode())), 0, 0).decode(),)]
    rows.append(pq.PQresultErrorField(ctypes.c_void_p(pq.PQexec(connection, b'DROP TABLE orders')), ord('C')).decode())
    pq.PQfinish(connection)
    return rows

def all_of_them():
    said, uses = [], [(by_driver, psycopg), (by_driver, psycopg2), (by_ctypes, debian)] * 3
    threads = [threading.Thread(target=lambda use=use, library=library: said.append(use(library))) for use, library in uses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(said, flush=True)

print(psycopg.pq.version() // 10000, psycopg2.__libpq_version__ // 10000, debian.PQlibVersion() // 10000, flush=True)
all_of_them()
child = os.fork()
if child == 0:
    all_of_them()
    os._exit(0)
os.waitpid(child, 0)
'''


@promise
def three_libpqs_in_one_process_are_told_apart(cluster):
    paths = ':'.join([*(wheel(version) for version in DRIVERS), os.path.dirname(HERE)])
    outcome = run(cluster, [PYTHON, '-c', TOGETHER], POLICY, environment={'PYTHONPATH': paths})
    every = [[('[redacted]',), '42501']] * 9
    equal(outcome.stdout.decode(), f'18 17 15\n{every}\n{every}\n', outcome)
    _, recorded = settle(cluster)
    equal(sum(event['refused'] for event in recorded), 18, 'refusals')


main(SCHEMA)
