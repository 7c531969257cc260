# SPDX-License-Identifier: MIT
"""`run --audit`: what comes to libpq past the preloaded library is governed, and what dlmopen loads is stopped and named."""
import os
import shutil
import statistics
import subprocess
import time

from harness import (ALLOW_EVERYTHING, AUDITOR, CHAPERONE, PYTHON, SHIM, accounted, check, equal, intents, main, notes,
                     program, promise, run)
from shop import POLICY, SCHEMA, leaks

HERE = os.path.dirname(os.path.abspath(__file__))
PAST, MODULE = program('past'), program('past-module.so')
PSQL = '/usr/lib/postgresql/15/bin/psql'
PHP = '/usr/bin/php'
AUDIT = ['--audit']
FFI = r'''
$pq = FFI::cdef('typedef struct c PGconn; typedef struct r PGresult; PGconn *PQconnectdb(const char *);
  PGresult *PQexec(PGconn *, const char *); char *PQgetvalue(const PGresult *, int, int); int PQntuples(const PGresult *);
  char *PQerrorMessage(PGconn *);', 'libpq.so.5');
$connection = $pq->PQconnectdb('');
echo 'connected: ', FFI::string($pq->PQerrorMessage($connection)), "\n";
foreach (['SELECT email FROM customers ORDER BY id', 'DROP TABLE orders', "SELECT 'alive'"] as $statement) {
  $result = $pq->PQexec($connection, $statement);
  echo $pq->PQntuples($result) ? FFI::string($pq->PQgetvalue($result, 0, 0)) : FFI::string($pq->PQerrorMessage($connection)), "\n";
}
'''


def way(name):
    return [PAST, name, MODULE]


def is_governed(cluster, command):
    since = cluster.mark()
    outcome = run(cluster, command, POLICY, options=AUDIT)
    equal((outcome.status, outcome.stderr, leaks(outcome.stdout)), (0, b'', []), f'{outcome}')
    check(outcome.stdout.startswith(b'connected: \n[redacted]\n'), outcome)
    check(b'chaperone refused this: DROP on public.orders' in outcome.stdout and outcome.stdout.endswith(b'alive\n'), outcome)
    sent, recorded = accounted(cluster, since, outcome.record, least=3)
    equal(sum(event['refused'] for event in recorded), 1, 'refused statements')


def is_past_without(cluster, command):
    """Nothing of it is seen without --audit: else this test would show nothing."""
    outcome = run(cluster, command, POLICY.replace('unknown: deny', 'unknown: deny\nmode: trial'))
    cluster.forget()
    check(b'@canary.example' in outcome.stdout and not intents(cluster, outcome.record), outcome)


@promise
def dlsym_taken_from_libc_is_governed(cluster):
    is_past_without(cluster, way('handle'))
    is_governed(cluster, way('handle'))


@promise
def a_deeply_bound_module_that_looks_libpq_up_is_governed(cluster):
    is_past_without(cluster, way('deep'))
    is_governed(cluster, way('deep'))


@promise
def phps_ffi_is_governed(cluster):
    if not os.path.exists(PHP) or b'FFI' not in subprocess.run([PHP, '-m'], capture_output=True, check=False).stdout:
        return 'not tried: Debian package php-cli is not installed'
    command = [PHP, '-d', 'ffi.enable=1', '-r', FFI]
    is_governed(cluster, command)
    return 'governed'


def is_stopped(cluster, command, times=1):
    since = cluster.mark()
    outcome = run(cluster, command, POLICY, options=AUDIT)
    check(outcome.stdout.count(b'Permission denied') == times and not leaks(outcome.stdout), outcome)
    equal(outcome.stderr.count(b'\n'), 1, 'lines')
    check(b'refused a connection to PostgreSQL' in outcome.stderr and b'(dlmopen)' in outcome.stderr, outcome)
    said = [note for note in notes(cluster, outcome.record) if 'dlmopen' in note]
    check(len(said) == 1 and said[0].startswith('refused: a connection to a database'), said)
    return since, outcome


@promise
def what_dlmopen_loads_is_stopped_and_named(cluster):
    for name in ('namespace', 'module'):
        is_past_without(cluster, way(name))
        since, _ = is_stopped(cluster, way(name))
        equal(cluster.statements(since), [], 'what was sent')


@promise
def namespaces_are_stopped_beside_a_governed_libpq(cluster):
    since, outcome = is_stopped(cluster, way('many'), 3)
    check(outcome.stdout.count(b'[redacted]') == 1 and outcome.stdout.endswith(b'alive\n'), outcome)
    accounted(cluster, since, outcome.record)


@promise
def what_dlmopen_loads_may_pass_with_a_warning(cluster):
    outcome = run(cluster, way('namespace'), POLICY.replace('[drop, ', '['), options=['--audit', '--ungoverned', 'warn'])
    check(outcome.stdout.startswith(b'connected: \nann@canary.example\n'), outcome)
    check(outcome.stderr.count(b'\n') == 1 and b'is NOT GOVERNED' in outcome.stderr and b'(dlmopen)' in outcome.stderr, outcome)
    check(any('dlmopen' in note for note in notes(cluster, outcome.record)), notes(cluster, outcome.record))
    cluster.forget()


def without_and_with(cluster, command):
    """The same to the program, with everything allowed, as without the shim."""
    plain = run(cluster, command)
    audited = run(cluster, command, ALLOW_EVERYTHING, options=AUDIT)
    equal(audited.seen(), plain.seen(), ' '.join(command[:2]))


@promise
def ordinary_programs_cannot_tell(cluster):
    script = os.path.join(HERE, 'script_ctypes.py')
    without_and_with(cluster, [PSQL, '-XAtc', 'SELECT * FROM customers', '-c', 'SELECT 1/0'])
    without_and_with(cluster, [PYTHON, script, 'libpq.so.5', 'open'])
    without_and_with(cluster, [PYTHON, '-c', "import psycopg2; c = psycopg2.connect('').cursor(); "
                               "c.execute('SELECT id, name FROM customers'); print(c.fetchall())"])
    for name in ('handle', 'deep'):
        without_and_with(cluster, way(name))
    without_and_with(cluster, ['/bin/sh', '-c', 'echo $((6 * 7)); ls /no/such; exit 3'])


@promise
def masks_and_refusals_are_as_without_it(cluster):
    outcomes = [run(cluster, [PSQL, '-XAtc', 'SELECT email FROM customers', '-c', 'DROP TABLE orders'], POLICY, options=options)
                for options in ([], AUDIT)]
    equal(*[(outcome.status, outcome.stdout) for outcome in outcomes], 'with --audit')
    check(b'[redacted]' in outcomes[1].stdout and b'chaperone refused this' in outcomes[1].stderr, outcomes[1])


@promise
def what_a_program_starts_is_audited_too(cluster):
    keep = [f'{name}={cluster.environment[name]}' for name in ('PGHOST', 'PGPORT', 'PGUSER', 'PGDATABASE', 'HOME')]
    is_governed(cluster, ['env', '-i', *keep, *way('deep')])
    is_governed(cluster, ['sh', '-c', f'unset LD_AUDIT LD_PRELOAD; {PAST} deep {MODULE}; true'])
    for unset in ('LD_AUDIT', 'LD_PRELOAD', 'GLIBC_TUNABLES'):
        script = f'import os; del os.environ["{unset}"]; os.system("{" ".join(way("deep"))}")'
        is_governed(cluster, [PYTHON, '-c', script])
    outcome = run(cluster, ['env', '-i', 'LD_AUDIT=/other.so', 'LD_PRELOAD=/other.so', '/usr/bin/env'], ALLOW_EVERYTHING,
                  options=AUDIT)
    lines = outcome.stdout.decode().splitlines()
    equal(lines[:2], [f'LD_AUDIT={AUDITOR}:/other.so', f'LD_PRELOAD={SHIM}:/other.so'], 'lists of the loader')
    check('GLIBC_TUNABLES=glibc.rtld.optional_static_tls=16384' in lines, lines)
    plain = run(cluster, ['env', '-i', 'LD_AUDIT=/other.so', '/usr/bin/env'], ALLOW_EVERYTHING)
    check(plain.stdout.startswith(b'LD_AUDIT=/other.so\n'), plain)


@promise
def a_library_with_much_thread_local_storage_starts(cluster):
    """The loader with an auditor has little room for it (about 1.7 KB) unless it is told."""
    library = '/usr/lib/x86_64-linux-gnu/libjemalloc.so.2'
    if not os.path.exists(library):
        return 'not tried: Debian package libjemalloc2 is not installed'
    for command in ([PSQL, '-XAtc', 'SELECT email FROM customers WHERE id = 1'],
                    ['env', '-u', 'GLIBC_TUNABLES', PSQL, '-XAtc', 'SELECT email FROM customers WHERE id = 1']):
        outcome = run(cluster, command, POLICY, options=AUDIT, environment={'LD_PRELOAD': library})
        equal(outcome.seen(), (0, b'[redacted]\n', b''), f'{command}')
    return 'libjemalloc2'


@promise
def without_a_usable_auditor_nothing_starts(cluster):
    folder = cluster.path('installed')
    auditor = os.path.join(folder, 'lib', 'chaperone', os.path.basename(AUDITOR))
    os.makedirs(os.path.dirname(auditor))
    os.mkdir(os.path.join(folder, 'bin'))
    shutil.copy(CHAPERONE, os.path.join(folder, 'bin', 'chaperone'))
    shutil.copy(SHIM, os.path.dirname(auditor))
    policy = cluster.write('open.yaml', ALLOW_EVERYTHING)

    def audited(*command):
        return subprocess.run([os.path.join(folder, 'bin', 'chaperone'), 'run', '--policy', policy, '--record',
                               cluster.path('record-installed'), '--audit', '--', *command], env=cluster.environment,
                              capture_output=True, check=False)
    missing = audited('/bin/true')
    check(missing.returncode == 125 and b'libchaperone-audit.so: No such file' in missing.stderr, missing)
    with open(AUDITOR, 'rb') as whole, open(auditor, 'wb') as cut:
        cut.write(whole.read()[:5000])
    damaged = audited('/bin/true')
    check(damaged.returncode == 125 and b'damaged' in damaged.stderr, damaged)
    shutil.copy(AUDITOR, auditor)
    good = audited('/usr/bin/env')
    check(good.returncode == 0 and f'LD_AUDIT={auditor}\n'.encode() in good.stdout, good)


def start_us(command, environment):
    begin = time.perf_counter_ns()
    os.waitpid(os.posix_spawn(command[0], command, environment), 0)
    return (time.perf_counter_ns() - begin) / 1000


@promise
def it_costs_a_start_little(_cluster):
    """Against a wrong turn, such as a second libc in each process: about 80 us on a quiet machine."""
    settings = [{'LD_PRELOAD': SHIM}, {'LD_PRELOAD': SHIM, 'LD_AUDIT': AUDITOR}]
    times = [[], []]
    for _ in range(300):
        for environment, taken in zip(settings, times):
            taken.append(start_us(['/bin/true'], environment))
    low = [statistics.quantiles(taken, n=10)[0] for taken in times]
    check(low[1] - low[0] < 400, low)
    return f'{low[0]:.0f} us preloaded, {low[1]:.0f} us with the auditor'


main(SCHEMA)
