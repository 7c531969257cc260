# SPDX-License-Identifier: MIT
"""SIGKILL at a named place, statements in flight: no record is lost, none is there twice, and the record verifies."""
import os
import random
import signal
import time

from comparison import compare, tally
from fault import Fault
from harness import LONG, check, equal, main, program, promise, start
from shop import POLICY, SCHEMA

LOAD = program('load')
TURNS = 30 if LONG else 20
THREADS = 4


def begin(cluster, name, seconds, fault):
    running = start(cluster, [LOAD, name, str(THREADS), str(seconds)], POLICY, environment=fault.environment)
    equal(running.process.stdout.readline(), b'ready\n', 'start')
    return running


def program_killed(where, call, do, earliest):
    """The first calls are those of connecting."""
    def test(cluster):
        dice, seen = random.Random(3), 0
        for turn in range(TURNS):
            fault = Fault(cluster.path('tally'), where, call, do, dice.randrange(earliest, earliest + 400))
            running = begin(cluster, f't{turn}', 20, fault)
            equal(running.end().status, 137, 'status')
            check(fault.faults() >= 1, 'nothing was killed where it should have been')
            count, report = compare(cluster, running.record, THREADS)
            check(report['ends_in_order'], report)
            seen += count
        check(seen > 10 * TURNS, f'{seen} statements')
        return f'{TURNS} kills in {seen} statements'
    return test


def agent_killed(call, do, earliest, latest, on='', is_next=False):
    """`is_next`: the agent that takes over from one that was killed, so that it does so with rings to take up."""
    def test(cluster):
        dice, totals = random.Random(4), [0, 0, 0]
        for turn in range(TURNS):
            fault = Fault(cluster.path('tally'), 'agent', call, do, dice.randint(earliest, latest), on)
            running = begin(cluster, f't{turn}', 0.4, fault)
            if is_next:
                time.sleep(0.1 + dice.random() / 5)
                os.kill(running.agent(), signal.SIGKILL)
            outcome = running.end()
            served, refused, lines = tally(outcome)
            equal(fault.faults(), 1, 'kills at the place')
            check(served > 20, f'{served} served, {refused} refused: {lines}')
            count, report = compare(cluster, outcome.record, THREADS, 2, unheard=refused)
            check(report['ends_in_order'], report)
            totals = [totals[0] + served, totals[1] + refused, totals[2] + count]
        return f'{TURNS} kills, {totals[0]} served, {totals[1]} refused, {totals[2]} seen'
    return test


PLACES = {
    'the_program_after_an_intent_and_before_its_send': program_killed('libpq', 'send', 'kill-before', 20),
    'the_program_after_a_send_and_before_its_result': program_killed('libpq', 'send', 'kill-after', 20),
    'the_program_with_a_result_that_libpq_has_not_read': program_killed('libpq', 'receive', 'kill-after', 60),
    'the_program_beside_an_intent_or_an_outcome': program_killed('shim', 'clock', 'kill-before', 20),
    'the_agent_between_drain_and_release': agent_killed('write', 'kill-after', 4, 20, '*/record*'),
    'the_agent_before_a_batch_is_written': agent_killed('write', 'kill-before', 4, 20, '*/record*'),
    'the_next_agent_before_its_file_has_its_name': agent_killed('rename', 'kill-before', 2, 2, is_next=True),
    'the_next_agent_when_its_file_has_its_name': agent_killed('rename', 'kill-after', 2, 2, is_next=True),
    'the_next_agent_while_it_reads_what_is_recorded': agent_killed('read', 'kill-before', 400, 1500, is_next=True),
    'the_worker_with_a_text_to_analyse': agent_killed('ask', 'kill-after', 2, 60),
}
for place, place_test in PLACES.items():
    place_test.__name__ = f'killing_{place}_loses_no_record'
    promise(place_test)

main(SCHEMA)
