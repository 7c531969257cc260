# SPDX-License-Identifier: MIT
"""The whole shim on arm64: built with Debian's cross compiler, preloaded into arm64 clients under qemu's user emulation,
judged by this machine's own agent.

Usage: test_arm64.py SOURCE_ROOT FOLDER NATIVE_LAYOUTS [PROMISE…]"""
import glob
import os
import shutil
import subprocess
import sys

ROOT, FOLDER, LAYOUTS = map(os.path.abspath, sys.argv[1:4])
del sys.argv[1:4]

from harness import (ALLOW_EVERYTHING, SKIP, accounted, check, equal, intents, main, promise, run, settle)  # noqa: E402
from shop import POLICY, SCHEMA, leaks  # noqa: E402

sys.path.insert(0, os.path.join(ROOT, 'tests', 'structure'))
import check_libpq_table  # noqa: E402
import check_shim  # noqa: E402

COMPILER, EMULATOR = 'aarch64-linux-gnu-gcc', shutil.which('qemu-aarch64')
SYSTEM = os.path.join(ROOT, '.cache', 'arm64')  # unpacked by dev/setup all
PSQL = SYSTEM + '/usr/lib/postgresql/15/bin/psql'
LIBRARIES = SYSTEM + '/usr/lib/aarch64-linux-gnu'
HERE = os.path.join(ROOT, 'tests', 'clients')
FLAGS = ['-std=c11', '-O2', '-g', '-D_GNU_SOURCE', '-D_FILE_OFFSET_BITS=64', '-Wall', '-Wextra', '-Wpedantic', '-Werror',
         '-fvisibility=hidden', '-ffunction-sections', '-fdata-sections', '-mno-outline-atomics', '-I', ROOT, '-isystem',
         '/usr/include/postgresql']
SHIM_FLAGS = ['-fPIC', '-shared', '-fno-optimize-sibling-calls', '-ftls-model=initial-exec', '-fno-stack-protector',
              '-U_FORTIFY_SOURCE', '-Wl,-z,defs', '-Wl,-z,now', '-Wl,-z,relro', '-Wl,--gc-sections', '-static-libgcc']
AUDITOR_FLAGS = SHIM_FLAGS + ['-ffreestanding', '-nostdlib']
SHIM, AUDITOR = FOLDER + '/libchaperone.so', FOLDER + '/libchaperone-audit.so'
NEEDED = {'gcc-aarch64-linux-gnu': shutil.which(COMPILER), 'qemu-user': EMULATOR, 'libpq-dev': '/usr/include/postgresql/libpq-fe.h',
          'libc6-dev-arm64-cross': '/usr/aarch64-linux-gnu/lib/libc.so.6',
          'postgresql-client-15 for arm64, which `dev/setup all` unpacks,': PSQL}


def sources(*folders):
    return [path for folder in folders for path in glob.glob(os.path.join(ROOT, folder, '*.[cS]'))]


def changed():
    """When the youngest source that anything here is made of was changed."""
    return max(os.path.getmtime(path) for folder in ('common', 'policy/core', 'shim/*', 'tests/clients')
               for path in glob.glob(os.path.join(ROOT, folder, '*.[chSp]*')))


def build(output, files, *flags):
    path = os.path.join(FOLDER, output)
    if os.path.exists(path) and os.path.getmtime(path) > changed():
        return
    done = subprocess.run([COMPILER, *FLAGS, '-o', path, *files, *flags], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f'{output}: {done.stderr}')


def build_all():
    os.makedirs(FOLDER, exist_ok=True)
    common = ['common', 'policy/core']
    build('libchaperone.so', sources(*common, 'shim/preload', 'shim/gate', 'shim/libpq', 'shim/escape'), *SHIM_FLAGS)
    image = [f'{ROOT}/shim/preload/{name}.c' for name in ('image', 'image_symbol')]
    build('libchaperone-audit.so', sources('shim/audit') + image, *AUDITOR_FLAGS)
    libpq = ['-L', LIBRARIES, '-l:libpq.so.5', '-Wl,--allow-shlib-undefined']
    for name in ('pq', 'first', 'copies'):
        build(name, [f'{HERE}/{name}.c'], *libpq)
    build('past', [HERE + '/past.c', HERE + '/past_use.c'])
    build('past-module.so', [HERE + '/past_module.c', HERE + '/past_use.c'], '-fPIC', '-shared')
    build('layouts', [HERE + '/layouts.c'] + sources('common'), '-Wl,--gc-sections')


def emulated(command, *variables):
    options = [part for variable in variables for part in ('-E', variable)]
    return [EMULATOR, '-L', SYSTEM, *options, *command]


def preloaded(command, *variables):
    return emulated(command, 'LD_PRELOAD=' + SHIM, *variables)


def lines(text):
    return '\n'.join(line.strip() for line in text.strip().splitlines()).replace('|', '\t') + '\n'


CALLS = lines('''
    params|0|SELECT $1::int + 1, $2::text, $3::text|41|ä|NULL
    params|1|SELECT * FROM customers ORDER BY id
    params|0|SELECT $1::int|x
    prepare|p|SELECT id, note FROM plain WHERE id = $1
    execute|p|1|8
    describe|p
    exec|EXECUTE p(9)
    execute|none|0
    exec|DEALLOCATE ALL
    send|SELECT 1; SELECT 2; SELECT 1/0; SELECT 3
    results
    send|SELECT id FROM plain ORDER BY id LIMIT 4
    single
    results
    pipeline
    sendprepare|doubled|SELECT 2 * $1::int
    sendexecute|doubled|1|21
    sync
    results
    results
    result
    endpipeline
    exec|LISTEN news
    exec|NOTIFY news, 'text'
    notifies
''')


@promise
def it_exports_and_needs_what_it_may(_cluster):
    tables = [check_libpq_table.read_rows(f'{ROOT}/shim/libpq/{name}.h') for name in ('table', 'newer')]
    exported = set(check_libpq_table.stand_ins(tables[0] + tables[1]))
    allowed = check_shim.read_names(check_shim.UNDEFINED)
    equal(check_shim.check(SHIM, exported, allowed, '2.33'), [], 'its surface')
    names = check_shim.read_names(f'{ROOT}/tests/structure/auditor_exports.txt')
    equal(check_shim.check(AUDITOR, names, set(), libraries=()), [], "the auditor's surface")


@promise
def layouts_are_the_same_on_both_sides(_cluster):
    native, other = (subprocess.run(command, capture_output=True, text=True, check=True).stdout
                     for command in ([LAYOUTS], emulated([FOLDER + '/layouts'])))
    check(len(native.splitlines()) > 20, native)
    equal(other, native, 'layouts')


def both_ways(cluster, command, given=''):
    plain = run(cluster, emulated(command), None, given)
    since = cluster.mark()
    governed = run(cluster, preloaded(command), ALLOW_EVERYTHING, given)
    equal(governed.seen(), plain.seen(), os.path.basename(command[0]))
    accounted(cluster, since, governed.record)
    return plain


@promise
def with_everything_allowed_nothing_differs(cluster):
    plain = both_ways(cluster, [FOLDER + '/pq'], CALLS)
    check(plain.status == 0 and b'no such call' not in plain.stdout, plain)
    both_ways(cluster, [PSQL, '-XAt', '-c', 'SELECT * FROM customers', '-c', 'SELECT 1/0', '-c', 'COPY plain TO STDOUT'])
    for place in ('main', 'constructor', 'thread', 'exit', 'child', 'inherited', 'each', 'closefrom', 'threads'):
        check(both_ways(cluster, [FOLDER + '/first', place]).stdout, place)


@promise
def psql_is_masked_and_refused(cluster):
    since = cluster.mark()
    command = [PSQL, '-XAt', '-c', 'SELECT id, email, salary, born FROM customers ORDER BY id', '-c', 'DROP TABLE orders', '-c',
               'COPY customers (id, email) TO STDOUT', '-c', "SELECT 'alive'"]
    outcome = run(cluster, preloaded(command), POLICY)
    equal((outcome.status, leaks(outcome.stdout)), (0, []), f'{outcome}')
    check(outcome.stdout.count(b'[redacted]') == 4 and outcome.stdout.endswith(b'alive\n'), outcome)
    check(b'chaperone refused this: DROP on public.orders' in outcome.stderr, outcome)
    _, recorded = accounted(cluster, since, outcome.record, least=3)
    equal(sum(event['refused'] for event in recorded), 1, 'refused statements')
    equal(cluster.sql('SELECT count(*) FROM orders'), '3\n', 'rows of orders')


@promise
def every_kind_of_call_is_masked(cluster):
    since = cluster.mark()
    given = lines('''
        params|1|SELECT email, salary, token, born, picture, nicknames FROM customers ORDER BY id
        send|SELECT email FROM customers ORDER BY id
        single
        results
        pipeline
        sendparams|0|SELECT email FROM customers WHERE id = $1|1
        sendparams|0|DROP TABLE orders
        sync
        results
        results
        result
        endpipeline
        prepare|p|SELECT email FROM customers WHERE id = $1
        execute|p|0|2
        exec|SELECT 'alive'
    ''')
    outcome = run(cluster, preloaded([FOLDER + '/pq']), POLICY, given)
    equal((outcome.status, outcome.stderr, leaks(outcome.stdout)), (0, b'', []), f'{outcome}')
    check(outcome.stdout.count(b'[redacted]') >= 4 and b'alive' in outcome.stdout, outcome)
    check(b'chaperone refused this: DROP on public.orders' in outcome.stdout, outcome)
    accounted(cluster, since, outcome.record)
    for way in ('data', 'line', 'async'):
        outcome = run(cluster, preloaded([FOLDER + '/copies', way, 'COPY customers TO STDOUT']), POLICY)
        said = outcome.stdout.replace(b'|', b'')  # which stands between parts of a line
        check(not leaks(said) and b'alive' in said and said.count(b'[redacted]') >= 6, outcome)


@promise
def what_is_past_the_library_is_audited(cluster):
    for name in ('handle', 'deep'):
        command = [FOLDER + '/past', name, FOLDER + '/past-module.so']
        unseen = run(cluster, preloaded(command), POLICY)
        check(b'@canary.example' in unseen.stdout and not intents(cluster, unseen.record), unseen)
        cluster.forget()
        since = cluster.mark()
        outcome = run(cluster, preloaded(command, 'LD_AUDIT=' + AUDITOR), POLICY)
        check(outcome.stdout.startswith(b'connected: \n[redacted]\n') and outcome.stdout.endswith(b'alive\n'), outcome)
        accounted(cluster, since, outcome.record)
        settle(cluster)
    command = [FOLDER + '/past', 'namespace', FOLDER + '/past-module.so']
    outcome = run(cluster, preloaded(command, 'LD_AUDIT=' + AUDITOR), POLICY)
    check(b'Permission denied' in outcome.stdout and b'(dlmopen)' in outcome.stderr, outcome)


for wanted, there in NEEDED.items():
    if not there or not os.path.exists(there):
        print(f'skipped: Debian package {wanted} is not there')
        sys.exit(SKIP)
build_all()
main(SCHEMA)
