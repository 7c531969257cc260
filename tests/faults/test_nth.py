# SPDX-License-Identifier: MIT
"""Whichever call for memory, files, sockets or descriptors fails inside the shim, libpq or the agent: no crash, no hang, no protected
value that shows, no statement off the record."""
import json
import os
import signal
import time

from accounts import failed_in_silence
from fault import COMPANION, DIED, Fault
from harness import LONG, PYTHON, check, equal, intents, main, program, promise, run, settle, start, verified
from shop import POLICY, SCHEMA, leaks

PQ = program('pq')
EACH = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'each.py')
DEADLINE = 12.0  # of a program that is refused everything, each time after an agent's deadline

MASKED = 'SELECT id, email, salary FROM customers ORDER BY id'
SCRIPT = '\n'.join(line.replace('|', '\t') for line in [
    f'exec|{MASKED}', f'exec|{MASKED}', 'exec|SELECT note FROM plain WHERE id = 7', 'exec|DELETE FROM orders',
    'params|1|SELECT email, salary FROM customers WHERE id = $1::int|1', f'prepare|p|{MASKED}', 'execute|p|0', 'execute|p|1',
    'exec|BEGIN', f'exec|DECLARE c CURSOR FOR {MASKED}', 'exec|FETCH 2 FROM c', 'exec|ROLLBACK',
    f'send|{MASKED}', 'single', 'results',
    'pipeline', 'sendparams|0|SELECT email FROM customers', 'sendexecute|p|0', 'sync', 'drain', 'endpipeline',
    "exec|INSERT INTO plain VALUES (-1, 'x') ON CONFLICT DO NOTHING", 'exec|SELECT 1/0', f'exec|{MASKED}', 'exec|COPY customers TO STDOUT', 'copyout',
    f'exec|{MASKED}']) + '\n'
KINDS = ('memory', 'map', 'open', 'write', 'socket', 'read', 'number')


def each(cluster, where, kind, do, step, policy):
    """Lets every n-th call fail in turn; returns what was seen of each run, and the record."""
    running = start(cluster, [PYTHON, EACH, cluster.path('tally'), '1', str(step), where, kind, do, PQ], policy,
                    environment={'LD_PRELOAD': COMPANION})
    outcome = running.end(SCRIPT.encode(), 1200)
    equal(outcome.status, 0, 'status')
    return [json.loads(line) for line in outcome.stdout.splitlines()], outcome.record


def hung_in(line):
    """The call in which a run hung; None when it ended."""
    return line['stdout'].rsplit('-- ', 1)[-1].split('\n')[0] if line['status'] == -signal.SIGKILL else None


def judge_line(line):
    what = f'n = {line["n"]}: {line}'
    check(line['status'] == 0 or hung_in(line), f'exit status at {what}')
    check(line['seconds'] < DEADLINE, f'slow at {what}')
    equal(leaks(line['stdout'].encode('latin-1')), [], f'leaks at {what}')
    equal(line['stderr'], '', f'words at {what}')


def fail_each(where, kind, do, step):
    def test(cluster):
        lines, record = each(cluster, where, kind, do, step, POLICY)
        for line in lines:
            judge_line(line)
        hangs = set(map(hung_in, lines)) - {None}
        if hangs:  # libpq that could not allocate waits for what it has not sent, also when nobody governs it
            equal(hangs - set(map(hung_in, each(cluster, where, kind, do, 1, None)[0])), set(), 'calls that hang when governed')
        equal(lines[-1]['faults'], 0, 'faults in the last run')
        check(lines[-1]['stdout'].count('[redacted]') >= 14, lines[-1]['stdout'])
        silent = sum(map(failed_in_silence, intents(cluster, record)))
        # what failed without the server giving a reason may not have been sent; where the agent does not hear, it writes nothing
        settle(cluster, unheard=len(lines) * 30, lost=silent)
        verified(cluster, record)
        return f'{len(lines)} runs, slowest {max(line["seconds"] for line in lines):.2f} s'
    test.__name__ = f'each_{kind}_call_that_fails_in_the_{where}{"_for_good" if do == "fail-on" else ""}_is_survived'
    promise(test)


for fault_kind in KINDS:
    for way in ('fail', 'fail-on'):
        fail_each('shim', fault_kind, way, 1)
fail_each('libpq', 'memory', 'fail', 1 if LONG else 7)


def run_with_agents_fault(cluster, kind, n):
    """Returns (how many calls failed, seconds, how many statements failed without a reason of the server's)."""
    fault = Fault(cluster.path('tally'), 'agent', kind, 'fail', n)
    begun = time.monotonic()
    outcome = run(cluster, [PQ], POLICY, SCRIPT, 30, environment=fault.environment)
    faults, died = fault.faults(), fault.told(DIED)
    check(outcome.status == 0 or outcome.status == 125 and b'chaperone: ' in outcome.stderr, f'n = {n}: {outcome}')
    equal(leaks(outcome.stdout), [], f'leaks at n = {n}: {outcome}')
    equal(died, 0, f'the signal that ended an agent at n = {n}: {outcome}')
    if outcome.status != 0:
        return faults, time.monotonic() - begun, 0
    check(outcome.stdout.count(b'-- ') == SCRIPT.count('\n'), f'n = {n}: {outcome}')
    verified(cluster, outcome.record)
    return faults, time.monotonic() - begun, sum(map(failed_in_silence, intents(cluster, outcome.record)))


def fail_each_in_the_agent(kind, step):
    def test(cluster):
        n, slowest, faults = 1, 0, 1
        while faults:
            faults, took, silent = run_with_agents_fault(cluster, kind, n)
            slowest, n = max(slowest, took), n + step
            # Where a ROLLBACK was refused for want of an agent, the server skips what follows in the pipeline.
            settle(cluster, unheard=30, lost=silent)
        return f'up to the {n - step}th, slowest run {slowest:.2f} s'
    test.__name__ = f'each_{kind}_call_that_fails_in_the_agent_is_survived'
    promise(test)


# How far apart, in short and in long runs.
STRIDES = {'memory': (53, 3), 'map': (1, 1), 'open': (7, 1), 'write': (7, 1), 'socket': (1, 1), 'read': (23, 1), 'number': (1, 1),
           'sync': (1, 1), 'rename': (1, 1)}
for fault_kind, strides in STRIDES.items():
    fail_each_in_the_agent(fault_kind, strides[LONG])


main(SCHEMA)
