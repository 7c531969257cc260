# SPDX-License-Identifier: MIT
"""psycopg2, which loads libpq for itself alone, behaves the same with and without the shim."""
import os
import re

from harness import ALLOW_EVERYTHING, PYTHON, both_ways, check, equal, main, promise, run, transparent
from shop import SCHEMA

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'script_psycopg2.py')
PARTS = ('types', 'errors', 'transactions', 'cursors', 'copies', 'large_objects', 'notifications', 'asynchronous', 'threads')


def part(name):
    def test(cluster):
        # The first call on a large object asks for the functions' numbers.
        stdout, sent = transparent(cluster, [PYTHON, SCRIPT, name], is_ordered=name != 'threads',
                                   more=1 if name == 'large_objects' else 0)
        return f'{len(sent)} statements, {len(stdout)} bytes'
    test.__name__ = f'psycopg2_is_byte_equal_on_{name}'
    promise(test)


for part_name in PARTS:
    part(part_name)


PROCESS = '''
import os, psycopg2, sys
def state():
    kinds = sorted(os.readlink(f'/proc/self/fd/{n}').split(':')[0] for n in os.listdir('/proc/self/fd')
                   if os.path.exists(f'/proc/self/fd/{n}'))
    with open('/proc/self/status') as file:
        masks = [line for line in file if line.startswith(('SigP', 'SigB', 'SigI', 'SigC', 'Shd', 'Threads'))]
    return kinds, len(os.listdir('/proc/self/task')), masks
connects = len(sys.argv) > 1
if connects:
    connection = psycopg2.connect('')
    connection.cursor().execute('SELECT 1')
print(state())
print(sorted(name for name in os.environ if 'CHAPERONE' not in name and name != 'LD_PRELOAD'))
'''


@promise
def a_process_without_a_database_has_the_same_descriptors_threads_and_signals(cluster):
    seen, _ = both_ways(cluster, [PYTHON, '-c', PROCESS], least=0)
    return seen[1].decode().split('\n')[0][:200]


@promise
def a_process_with_a_database_has_the_same_threads_and_signals_and_low_descriptors(cluster):
    script = PROCESS.replace("os.listdir('/proc/self/fd')", "filter(lambda n: int(n) < 512, os.listdir('/proc/self/fd'))")
    both_ways(cluster, [PYTHON, '-c', script, 'connects'])


@promise
def programs_without_a_database_are_left_alone(cluster):
    for command in (['true'], ['false'], ['sh', '-c', 'echo a; echo b >&2; exit 7'], ['bash', '-c', 'ls /nonexistent; kill -9 $$'],
                    [PYTHON, '-c', 'import os, sys; os.write(1, b"x"); sys.exit(3)'], ['perl', '-e', 'print "y"; die "z\n"'],
                    ['sh', '-c', 'ulimit -a'], ['sh', '-c', 'ls -l /proc/self/fd | wc -l'], ['cat', '/nonexistent']):
        both_ways(cluster, command, least=0)


@promise
def the_standard_input_passes(cluster):
    given = os.urandom(300000)
    outcome = run(cluster, ['cat'], ALLOW_EVERYTHING, given)
    equal(outcome.seen(), (0, given, b''), 'cat')


@promise
def the_environment_differs_by_the_shims_variables_alone(cluster):
    seen = [run(cluster, ['env'], policy).stdout.decode().splitlines() for policy in (None, ALLOW_EVERYTHING)]
    more = sorted(re.sub('=.*', '', line) for line in set(seen[1]) - set(seen[0]))
    equal(more, ['CHAPERONE_PEER', 'CHAPERONE_RUN', 'CHAPERONE_SOCKET', 'LD_PRELOAD'], 'variables')
    check(not set(seen[0]) - set(seen[1]), 'lost variables')


main(SCHEMA)
