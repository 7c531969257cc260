# SPDX-License-Identifier: MIT
"""Clients that look libpq's functions up, or that their host binds past what is preloaded, are governed like all others:
psycopg 3 and plain ctypes, PHP's extensions, tdbc::postgres, modules with a libpq of their own."""
import glob
import os
import re
import shutil
import subprocess

from harness import PYTHON, accounted, check, equal, intents, main, program, promise, run, settle, \
    skip_without, transparent
from shop import POLICY, SCHEMA, leaks

HERE = os.path.dirname(os.path.abspath(__file__))
LIBPQ = '/usr/lib/x86_64-linux-gnu/libpq.so.5'
DIST = '/usr/lib/python3/dist-packages'
PHP = '/usr/bin/php'
TCL = '/usr/bin/tclsh8.6'


def script(name):
    return os.path.join(HERE, name)


# tdbc::postgres describes statements whose preparation failed or was refused: the server's log knows them by an error
# without a text (accounts.balance).
DESCRIBED = {'open': 1, 'guarded': 2}

CLIENTS = {
    # name: (the command, the parts that are equal byte for byte)
    'psycopg3': ([PYTHON, script('script_psycopg3.py')],
                 ('types', 'errors', 'transactions', 'cursors', 'copies', 'pipelines', 'notifications', 'asynchronous')),
    'php_pgsql': ([PHP, '-d', 'display_errors=stderr', script('script_pgsql.php')], ('open',)),
    'php_pdo_pgsql': ([PHP, '-d', 'display_errors=stderr', script('script_pdo.php')], ('open',)),
    'tdbc_postgres': ([TCL, script('script_tdbc.tcl')], ('open',)),
    'ctypes': ([PYTHON, script('script_ctypes.py'), 'libpq.so.5'], ('open',)),
}

skip_without({
    'python3-psycopg': DIST + '/psycopg/__init__.py', 'php-cli': PHP, 'tcl8.6-tdbc-postgres': TCL,
    'php-pgsql': next(iter(glob.glob('/usr/lib/php/2*/pgsql.so')), '/usr/lib/php/pgsql.so'),
    'patchelf': '/usr/bin/patchelf',
})


def described(command):
    return DESCRIBED[command[-1]] if command[0] == TCL else 0


def is_equal(cluster, command):
    stdout, sent = transparent(cluster, command, more=described(command))
    return f'{len(sent)} statements, {len(stdout)} bytes'


def masked_and_refused(cluster, command, connections=1):
    since = cluster.mark()
    outcome = run(cluster, command, POLICY)
    equal((outcome.status, outcome.stderr), (0, b''), 'a run')
    equal(leaks(outcome.stdout), [], f'leaks in {outcome.stdout.decode()}')
    said = outcome.stdout.decode()
    check(said.count('[redacted]') >= 2 * connections, said)
    check('chaperone refused this: DROP on public.orders' in said and 'alive' in said, said)
    sent, _ = accounted(cluster, since, outcome.record, more=described(command))
    settle(cluster, more=described(command))
    check(not any('DROP' in statement.text for statement in sent), sent)
    refused = [event for event in intents(cluster, outcome.record) if event['refused']]
    check(len(refused) >= connections, refused)
    equal(cluster.sql('SELECT count(*) FROM orders'), '3\n', 'rows of orders')
    return f'{said.count("[redacted]")} masked cells, {len(refused)} refused'


def client(name, command, parts):
    def equal_parts(cluster):
        return '; '.join(part + ': ' + is_equal(cluster, command + [part]) for part in parts)

    def guarded(cluster):
        return masked_and_refused(cluster, command + ['guarded'])
    equal_parts.__name__ = f'{name}_is_byte_equal'
    guarded.__name__ = f'{name}_is_masked_and_refused'
    promise(equal_parts)
    promise(guarded)


for client_name, client_row in CLIENTS.items():
    client(client_name, *client_row)


def bundle(cluster, name):
    """A copy of libpq under a hashed name, as wheels bundle it; returns its path."""
    folder = cluster.path('bundle')
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, name)
    shutil.copy(os.path.realpath(LIBPQ), path)
    subprocess.run(['patchelf', '--set-soname', name, path], check=True)
    return path


@promise
def copies_of_libpq_are_told_apart(cluster):
    """Two libraries in one process by ctypes, whose calls all come from libffi."""
    libraries = ['libpq.so.5', bundle(cluster, 'libpq-e8a033dd.so.5.15'), bundle(cluster, 'libpq-0123abcd.so.5.16')]
    command = [PYTHON, script('script_ctypes.py'), *libraries]
    return is_equal(cluster, command + ['open']) + '; ' + masked_and_refused(cluster, command + ['guarded'], 3)


@promise
def a_module_with_a_bundled_libpq_is_governed(cluster):
    """psycopg2 as its wheel is made: a copy of libpq beside it under a hashed name, found by its run path."""
    folder = cluster.path('wheel')
    shutil.copytree(DIST + '/psycopg2', folder + '/psycopg2')
    name = 'libpq-e8a033dd.so.5.16'
    os.makedirs(folder + '/psycopg2_binary.libs')
    shutil.copy(bundle(cluster, name), folder + '/psycopg2_binary.libs/' + name)
    module, = glob.glob(folder + '/psycopg2/_psycopg*.so')
    for change in (['--replace-needed', 'libpq.so.5', name], ['--set-rpath', '$ORIGIN/../psycopg2_binary.libs']):
        subprocess.run(['patchelf', *change, module], check=True)
    path = f"import sys; sys.path.insert(0, '{folder}'); "
    said = is_equal(cluster, [PYTHON, '-c', path + WHEEL % name])
    since = cluster.mark()
    outcome = run(cluster, [PYTHON, '-c', path + GUARDED], POLICY)
    equal((outcome.status, outcome.stderr, leaks(outcome.stdout)), (0, b'', []), f'{outcome}')
    equal(outcome.stdout, b"[('[redacted]', None)]\n42501\n('alive',)\n", 'what it reads')
    accounted(cluster, since, outcome.record)
    return said


@promise
def what_calls_by_name_is_governed_however_it_is_bound(cluster):
    """ctypes loaded with RTLD_DEEPBIND, which would bind its dlsym past ours, as PHP does with FFI."""
    deep = 'import os, sys; sys.setdlopenflags(os.RTLD_NOW | os.RTLD_DEEPBIND); import ctypes; '
    path = script('script_ctypes.py')
    program_text = deep + f'sys.argv[:] = [{path!r}, "libpq.so.5", sys.argv[1]]; import runpy; runpy.run_path({path!r}, run_name="__main__")'
    command = [PYTHON, '-c', program_text]
    return is_equal(cluster, command + ['open']) + '; ' + masked_and_refused(cluster, command + ['guarded'])


@promise
def a_program_without_a_plt_is_governed(cluster):
    """Compiled with -fno-plt, it reads libpq's addresses out of a table that LD_AUDIT does not see being filled."""
    direct = program('pq-direct')
    linked = subprocess.run(['readelf', '-rW', direct], capture_output=True, text=True, check=True).stdout
    check(re.search(r'GLOB_DAT .* PQexec\b', linked) and not re.search(r'JUMP_SLO\w* .* PQexec\b', linked), linked)
    since = cluster.mark()
    lines = ['exec|SELECT id, email, salary FROM customers ORDER BY id', 'exec|DROP TABLE orders', "exec|SELECT 'alive'"]
    outcome = run(cluster, [direct], POLICY, '\n'.join(line.replace('|', '\t') for line in lines) + '\n')
    equal((outcome.status, outcome.stderr, leaks(outcome.stdout)), (0, b'', []), f'{outcome}')
    check(b'[redacted]' in outcome.stdout and b'DROP on public.orders' in outcome.stdout, outcome)
    check(b'alive' in outcome.stdout, outcome)
    accounted(cluster, since, outcome.record)


WHEEL = '''
import psycopg2
assert psycopg2.__file__.startswith(sys.path[0])
connection = psycopg2.connect('')
cursor = connection.cursor()
cursor.execute('SELECT id, name, salary FROM customers ORDER BY id')
print(cursor.fetchall(), cursor.description)
assert '%s' in open('/proc/self/maps').read()
'''

GUARDED = '''
import psycopg2
connection = psycopg2.connect('')
connection.autocommit = True
cursor = connection.cursor()
cursor.execute('SELECT email, salary FROM customers WHERE id = 1')
print(cursor.fetchall())
try:
    cursor.execute('DROP TABLE orders')
except psycopg2.Error as error:
    print(error.pgcode)
cursor.execute("SELECT 'alive'")
print(cursor.fetchone())
'''

main(SCHEMA)
