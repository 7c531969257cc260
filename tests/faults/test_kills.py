# SPDX-License-Identifier: MIT
"""SIGKILL at any moment loses no record and writes none twice."""
import os
import random
import signal
import time

from comparison import compare, tally
from harness import LONG, check, children, equal, find_child, is_running, main, program, promise, run, start, wait_until
from shop import POLICY, SCHEMA

LOAD = program('load')
KILLS = 40 if LONG else 20


@promise
def killing_the_program_loses_no_record(cluster):
    seen, dice = 0, random.Random(7)
    record = cluster.path('record-program')
    for turn in range(KILLS):
        running = start(cluster, [LOAD, f'p{turn}', '4', '20'], POLICY, record=record + str(turn))
        equal(running.process.stdout.readline(), b'ready\n', 'start')
        time.sleep(0.05 + dice.random() / 8)
        os.kill(running.child(), signal.SIGKILL)
        equal(running.end().status, 137, 'status')
        count, report = compare(cluster, running.record, 4)
        check(report['ends_in_order'], report)
        seen += count
    check(seen > 10 * KILLS, f'{seen} statements')
    return f'{KILLS} kills in {seen} statements'


def kill_again_and_again(cluster, name, find, pause):
    """Kills what `find` finds under a load; returns the load's outcome."""
    dice = random.Random(9)
    running = start(cluster, [LOAD, name, '4', str(KILLS * (pause + 0.1) + 2)], POLICY)
    equal(running.process.stdout.readline(), b'ready\n', 'start')
    killed = []
    while len(killed) < KILLS:
        time.sleep(pause / 2 + dice.random() * pause)
        pid = wait_until(lambda: find(running), 10, 'something to kill')
        if pid in killed:
            continue
        os.kill(pid, signal.SIGKILL)
        killed.append(pid)
        wait_until(lambda: not is_running(pid), 5, 'its end')
    outcome = running.end()
    served, refused, lines = tally(outcome)
    check(served > 10 * KILLS, f'{served} served, {refused} refused: {lines}')
    count, _ = compare(cluster, outcome.record, 4, len(killed), unheard=refused)
    return f'{len(killed)} kills, {served} served, {refused} refused, {count} seen, slowest {max(float(line[3]) for line in lines)} s'


@promise
def killing_the_agent_loses_no_record(cluster):
    return kill_again_and_again(cluster, 'agent', lambda running: find_child(running.process.pid, 'chaperone-agent'), 0.3)


@promise
def killing_the_worker_loses_no_record(cluster):
    return kill_again_and_again(cluster, 'worker', lambda running: next(iter(children(running.agent())), None), 0.1)


@promise
def killing_all_three_at_once_loses_no_record(cluster):
    running = start(cluster, [LOAD, 'all', '4', '20'], POLICY)
    equal(running.process.stdout.readline(), b'ready\n', 'start')
    time.sleep(0.3)
    for pid in (running.worker(), running.agent(), running.child()):
        os.kill(pid, signal.SIGKILL)
    equal(running.end().status, 137, 'status')
    return f'{compare(cluster, running.record, 4, unheard=4)[0]} statements'


@promise
def a_program_that_outlives_its_run_sends_nothing_off_the_record(cluster):
    seen = 0
    for turn in range(KILLS // 4):
        outcome = run(cluster, ['sh', '-c', f'{LOAD} outlives{turn} 4 1.5 & sleep 0.5'], POLICY)
        served, refused, lines = tally(outcome)
        check(served > 0 and refused > 0, f'{served} served, {refused} refused: {lines}')
        count, report = compare(cluster, outcome.record, 4, unheard=refused)
        check(report['ends_in_order'], report)
        seen += count
    return f'{KILLS // 4} runs, {seen} statements'


main(SCHEMA)
