# SPDX-License-Identifier: MIT
"""SIGKILL of a program or its agent at a named place, while what they do is on its way to their server: what PostgreSQL saw, what is on
the disk and what the server has are the same statements, once and in their order."""
import pathlib
import random
import subprocess
import threading
import time
import types

from comparison import compare
from fault import Fault
from governed import MASKING, SCHEMA, children_named, publish, shop
from harness import CHAPERONE, LONG, Running, check, equal, intents, main, promise, wait_until
from recorded import Part
from senders import balance

TURNS = 30 if LONG else 20
PAUSE_S = 0.003  # between statements
REFUSED = b'ERROR:'


class Session:
    """A psql that is given one statement after the other."""

    def __init__(self, cluster, machine, record, name, fault):
        self.name, self.count, self.is_over = name, 0, False
        self.running = Running(cluster, [CHAPERONE, 'run', '--record', record, '--', 'psql', '-XqAt'],
                               {**machine.environment, **fault.environment}, record, stdin=subprocess.PIPE)
        self.feeder = threading.Thread(target=self.feed)
        self.feeder.start()

    def feed(self):
        pipe = self.running.process.stdin
        try:
            while not self.is_over:
                pipe.write(f'SELECT 1 AS {self.name}_0_{self.count};\n'.encode())
                pipe.flush()
                self.count += 1
                time.sleep(PAUSE_S)
            pipe.close()
        except BrokenPipeError:
            pass

    def couriers(self):
        """What talks to the server for it, once it does."""
        return wait_until(lambda: len(found := children_named(self.running.process.pid, 'chaperone-remot')) == 2 and found, 20, 'couriers')

    def end(self):
        self.is_over = True
        self.feeder.join()
        self.running.process.stdin = None
        return self.running.end()


def kill_program(session, fault, dice, served):
    session.couriers()
    time.sleep(dice.random() / 5)
    fault.aim(session.running.child())
    session.running.process.wait(60)
    return session.end(), 137


def go_on(session):
    """For a while without the agent that was killed."""
    before = session.count
    wait_until(lambda: session.count > before + 50, 20, 'statements behind it')
    return session.end(), 0


def kill_agent(session, fault, dice, served):
    session.couriers()
    time.sleep(dice.random() / 5)
    fault.aim(session.running.agent())
    wait_until(fault.faults, 20, 'the kill')
    return go_on(session)


def kill_next_agent(session, fault, dice, served):
    """That which begins because another version came, and is the first that counts."""
    session.couriers()
    publish(served, MASKING + f'# {dice.random()}\n')
    wait_until(fault.faults, 30, 'the kill')
    return go_on(session)


PLACES = {
    'a_program_behind_a_send_and_before_its_result': (kill_program, 'libpq', 'send', 'kill-after', 1, 10, ''),
    'an_agent_between_drain_and_release': (kill_agent, 'agent', 'write', 'kill-after', 1, 6, '*/record-*'),
    'an_agent_before_a_batch_is_written': (kill_agent, 'agent', 'write', 'kill-before', 1, 6, '*/record-*'),
    'an_agent_with_a_new_version_before_its_file_has_its_name': (kill_next_agent, 'agent', 'rename', 'kill-before', 2, 2, '.*.rec'),
}


def killed(name, kill, where, call, do, least, most, on):
    def test(cluster):
        dice, record, refused = random.Random(name), cluster.new_record(), 0
        with shop(cluster) as (served, machine):
            for turn in range(TURNS):
                fault = Fault(cluster.path('tally'), where, call, do, dice.randint(least, most), on, is_aimed=kill is not kill_next_agent)
                outcome, expected = kill(Session(cluster, machine, record, f't{turn}', fault), fault, dice, served)
                equal((outcome.status, fault.faults()), (expected, 1), f'status, and kills at the place: {outcome.stderr}')
                refused += outcome.stderr.count(REFUSED)
            status, out, err = machine.chaperone('audit', 'deliver', '--record', record, '--json')
            check(status == 0 and '"entries_left":0' in out, (out, err))
            equal(machine.held(), 1 + TURNS * (kill is kill_next_agent), 'the version that is held')
            seen, _ = compare(cluster, record, 1, TURNS, refused)
            check(seen > 10 * TURNS, f'{seen} statements')
            files = [path for path in pathlib.Path(record).glob('*.rec') if path.name[0] != '.']  # and has its name
            parts = sorted((Part(path.read_bytes()) for path in files), key=lambda part: part.number)
            balance(served, [types.SimpleNamespace(names={machine.agent}, parts=parts, statements=len(intents(cluster, record)))])
        return f'{TURNS} kills, {seen} statements, {refused} refused'
    test.__name__ = f'killing_{name}_keeps_disk_and_server_equal'
    promise(test)


for place_name, place in PLACES.items():
    killed(place_name, *place)

main(SCHEMA)
