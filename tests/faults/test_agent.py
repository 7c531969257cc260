# SPDX-License-Identifier: MIT
"""An agent or a worker that is stopped, slow or fed with monsters refuses within its deadline, and serves again."""
import os
import resource
import signal
import subprocess
import threading
import time

from harness import accounted, check, equal, main, program, promise, settle, start, wait_until
from session import Session
from shop import POLICY, SCHEMA

LOAD = program('load')
DEADLINE = 5.0  # of one statement, agent and server included, on a busy machine


@promise
def a_cached_statement_is_refused_once_the_lease_is_over(cluster):
    since, session = cluster.mark(), Session(cluster)
    for _ in range(3):
        check('row | 1' in session.call('exec|SELECT id FROM plain WHERE id = 1')[0], 'a cached statement')
    agent = session.running.agent()
    os.kill(agent, signal.SIGSTOP)
    said, took = session.call('exec|SELECT id FROM plain WHERE id = 1')
    check('row | 1' in said and took < 0.5, f'within the lease: {said} {took}')
    time.sleep(1.1)
    said, took = session.call('exec|SELECT id FROM plain WHERE id = 1')
    check('sqlstate: 42501' in said and 'row' not in said, f'after the lease: {said}')
    check(took < DEADLINE, f'{took} s')
    os.kill(agent, signal.SIGCONT)
    wait_until(lambda: 'row | 1' in session.call('exec|SELECT id FROM plain WHERE id = 1')[0], 5, 'service after SIGCONT')
    outcome = session.end()
    check(outcome.status == 0, outcome)
    refusals = [s for s in cluster.statements(since) if s.state == '42501']
    check(1 <= len(refusals) <= 3, refusals)
    settle(cluster, unheard=3)
    return f'refused after {took:.2f} s'


def end_agent_for_good(session):
    """The next one cannot be started, until the limit that is returned is in force again."""
    agent, supervisor = session.running.agent(), session.running.process.pid
    limits = resource.prlimit(supervisor, resource.RLIMIT_NOFILE)
    resource.prlimit(supervisor, resource.RLIMIT_NOFILE, (3, limits[1]))
    os.kill(agent, signal.SIGKILL)
    return limits


@promise
def an_agent_that_could_not_be_started_is_tried_again(cluster):
    session = Session(cluster)
    session.call('exec|SELECT 1')
    limits = end_agent_for_good(session)
    check('42501' in session.call('exec|SELECT 2 AS two')[0], 'without an agent')
    resource.prlimit(session.running.process.pid, resource.RLIMIT_NOFILE, limits)
    wait_until(lambda: 'row | 3' in session.call('exec|SELECT 3 AS three')[0], 10, 'another agent')
    outcome = session.end()
    equal((outcome.status, outcome.stderr), (0, b'chaperone: starting the agent: Too many open files; statements are refused\n'), 'end')
    settle(cluster, unheard=5)


@promise
def a_run_that_ends_without_an_agent_says_what_it_leaves(cluster):
    session = Session(cluster)
    session.call('exec|SELECT 1')
    end_agent_for_good(session)
    outcome = session.end()
    check(b'is not on the record; it stays in ' in outcome.stderr and b'chaperone audit recover --record ' in outcome.stderr, outcome)
    cluster.forget()


@promise
def a_stopped_worker_is_replaced(cluster):
    since, session = cluster.mark(), Session(cluster)
    session.call('exec|SELECT 1')
    worker = session.running.worker()
    os.kill(worker, signal.SIGSTOP)
    said, took = session.call('exec|SELECT 2 AS two')
    check('42501' in said and 'too long' in said and took < DEADLINE, f'{said} {took}')
    check('row | 3' in session.call('exec|SELECT 3 AS three')[0], 'the next statement')
    equal(session.end().status, 0, 'status')
    accounted(cluster, since, session.running.record)
    return f'refused after {took:.2f} s'


def monsters():
    return {
        '10 MB in a literal': "SELECT '" + 'x' * 10_000_000 + "'",
        '10 MB of names': 'SELECT ' + ', '.join(f'note AS a{i}' for i in range(900_000)) + ' FROM plain',
        '1,000,000 terms': 'SELECT ' + '+'.join(['1'] * 1_000_000),
        '100,000 parentheses': 'SELECT ' + '(' * 100_000 + '1' + ')' * 100_000,
        '10,000 sub-queries': 'SELECT * FROM ' + '(SELECT * FROM ' * 10_000 + 'plain' + ') x' * 10_000,
        '100,000 statements': 'SELECT 1;' * 100_000,
        '20 MB': 'SELECT 1 -- ' + 'x' * 20_000_000,
        '200,000 values': 'SELECT 1 WHERE 1 IN (' + ','.join(map(str, range(200_000))) + ')',
    }


def monster(name):
    def test(cluster):
        session, other = Session(cluster), Session(cluster)
        session.call('exec|SELECT 1')
        said, took = session.call('exec|' + monsters()[name])
        check('PGRES_TUPLES_OK' in said or 'ERROR' in said, f'{said:.2000}')
        check(took < 20, f'{took} s')
        after, _ = session.call('exec|SELECT 4200 + 42')
        check('row | 4242' in after or 'status 1' in session.call('state')[0], after[:2000])
        check(session.end().status == 0 and other.end().status == 0, 'status')
        verdict = 'refused' if '42501' in said else 'judged'
        return f'{verdict}, {took:.2f} s: {"".join(line for line in said.splitlines() if "message" in line)[:160]}'
    test.__name__ = 'judges_or_refuses_' + name.replace(',', '').replace(' ', '_').replace('-', '_').lower()
    promise(test)


for monster_name in ('10 MB in a literal', '10 MB of names', '1,000,000 terms', '100,000 parentheses', '10,000 sub-queries',
                     '100,000 statements', '20 MB', '200,000 values'):
    monster(monster_name)


@promise
def monsters_delay_other_connections_under_a_second(cluster):
    """Two programs under one agent: one sends monsters, the other's slowest statement counts."""
    script = cluster.write('monster.sql', '\n'.join(text + ';' for name, text in monsters().items()
                                                    if name in ('1,000,000 terms', '100,000 parentheses', '10 MB of names')))
    running = start(cluster, ['sh', '-c', f'{LOAD} calm 1 8 & sleep 0.5; psql -XAtq -f {script} >/dev/null 2>$HOME/monsters; wait'],
                    POLICY)
    outcome = running.end()
    line = outcome.stdout.decode().splitlines()[-1]
    served, refused, failed, slowest = line.split(' ')[:4]
    check(int(served) > 100 and refused == failed == '0', outcome)
    check(float(slowest) < 1.0, f'the slowest statement took {slowest} s: {open(cluster.folder + "/home/monsters").read()[:500]}')
    return f'{served} served, slowest {slowest} s'


@promise
def four_runs_at_once_are_served(cluster):
    script = 'for i in 1 2 3 4 5 6; do psql -XAtqc "SELECT $i" & done; wait'
    outcomes = []

    def go():
        outcomes.append(start(cluster, ['sh', '-c', script], POLICY, stdin=subprocess.DEVNULL).end())
    threads = [threading.Thread(target=go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for outcome in outcomes:
        equal(sorted(outcome.stdout.split()), [b'1', b'2', b'3', b'4', b'5', b'6'], f'{outcome}')
    sent, recorded = settle(cluster)
    equal(sum(s.text.startswith('SELECT') for s in sent), 24, 'statements of the programs')
    equal(len({event['run'] for event in recorded}), 4, 'runs')


main(SCHEMA)
