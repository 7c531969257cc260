# SPDX-License-Identifier: MIT
"""Texts of more than 16 MB are not analysed: under a policy that allows everything they pass, under any other they are
refused, and either is on the record with the text's size."""
import os

from harness import ALLOW_EVERYTHING, PYTHON, check, equal, intents, main, promise, run, settle, transparent
from shop import POLICY, SCHEMA, TRIAL

SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'script_large_texts.py')
MIB = 1 << 20
LARGE = 16 * MIB + 1
WAYS = ['execute', 'params', 'prepare', 'send', 'pipeline']
SAID = '(text too large to be taken down)'


def sends(size, *ways):
    return [PYTHON, SCRIPT, str(size), *ways]


def large_ones(cluster, record):
    return [event for event in intents(cluster, record) if event['text_bytes'] > MIB]


@promise
def large_texts_pass_where_everything_is_allowed(cluster):
    bare, governed = [run(cluster, sends(LARGE, *WAYS), policy) for policy in (None, ALLOW_EVERYTHING)]
    equal(governed.seen(), bare.seen(), 'what is seen')
    check(bare.status == 0 and bare.stdout.count(b"b'through'") == bare.stdout.count(b'alive') == len(WAYS), bare)
    told = large_ones(cluster, governed.record)
    equal([(event['statement'], event['text_bytes'], event['decision'], event['refused'], event['status'])
           for event in told], [(SAID, LARGE, 'allow', False, 'ok')] * len(WAYS), 'events')


@promise
def large_texts_are_refused_where_anything_is_restricted(cluster):
    for policy in (POLICY, POLICY.replace('unknown: deny', 'unknown: allow'), TRIAL):
        outcome = run(cluster, sends(LARGE, *WAYS), policy)
        said = outcome.stdout.decode()
        equal((outcome.status, outcome.stderr, 'through' in said), (0, b'', False), said)
        # a prepared statement that was refused does not exist, and what stands behind an error in a pipeline is skipped
        equal(said.count('ERROR:  chaperone refused this: it is larger than 16 MB\n'), len(WAYS), said)
        equal(said.count('HINT:  Send it in parts, and bulk data in parameters or with COPY FROM STDIN.'), len(WAYS), said)
        equal(said.count('alive'), len(WAYS), said)
        told = large_ones(cluster, outcome.record)
        equal([(event['statement'], event['text_bytes'], event['decision'], event['refused']) for event in told],
              [(SAID, LARGE, 'deny', True)] * len(WAYS), 'events')
        settle(cluster, unsent=1)


@promise
def texts_of_16_mb_are_taken_down(cluster):
    """Though a slow machine may not understand them in time."""
    outcome = run(cluster, sends(LARGE - 1, 'execute', 'params'), POLICY)
    check(b'larger than' not in outcome.stdout, outcome)
    equal([event['statement'] for event in large_ones(cluster, outcome.record)], ['SELECT length(?), ?'] * 2, 'events')


@promise
def a_large_text_is_not_copied(cluster):
    used = []
    for size in (MIB // 2, 48 * MIB):
        for policy in (None, ALLOW_EVERYTHING):
            outcome = run(cluster, sends(size, 'execute', 'memory'), policy)
            check(b'through' in outcome.stdout, outcome)
            used.append(int(outcome.stdout.decode().split('== memory\n')[1]))
    less, shim, bare, governed = used
    check(governed - bare < shim - less + 4096, f'{used} KiB')
    return f'{bare} KiB without the shim, {governed} KiB with it'


SLOW = '''
import psycopg2
connection = psycopg2.connect('')
connection.autocommit = True
cursor = connection.cursor()
cursor.execute('CREATE TEMP TABLE t (a int, b int, c int)')
text = 'INSERT INTO t VALUES ' + ','.join(['(1,2,3)'] * 1500000)
cursor.execute(text)
print(len(text), cursor.rowcount)
cursor.execute('SELECT count(*) FROM t')
print(cursor.fetchone())
'''


@promise
def texts_that_take_too_long_to_understand_pass_where_everything_is_allowed(cluster):
    equal(transparent(cluster, [PYTHON, '-c', SLOW])[0], b'12000020 1500000\n(1500000,)\n', 'what it prints')


main(SCHEMA)
