# SPDX-License-Identifier: MIT
"""Machines whose records come to a server that dies, and what has to be true of it afterwards."""
import time

from exported import Taken, export, stored, verify
from harness import check, equal
from recorded import Agent, record
from served import SERVER
from support import run

SILENCE = (IndexError, OSError, ValueError)  # nobody answered, or not to the end
DEADLINE_SECONDS = 60
BATCHES, STATEMENTS, STEP = 12, 20, 4  # of a part, of a batch, in a delivery


class Sender:
    """A machine whose record grows."""

    def __init__(self, served, number):
        self.served, self.folder = served, f'record-{number}'
        self.agent = Agent(served)
        self.names, self.parts, self.statements, self.acked = {self.agent.name}, [], 0, {}

    def grow(self):
        known = {part.name for part in self.parts}
        self.parts += [part for part in record(self.served.top, self.folder, BATCHES, STATEMENTS) if part.name not in known]
        self.statements += BATCHES * STATEMENTS

    def deliver(self, pause_s=0):
        """All that was not acknowledged, in small pieces, although the server may have it."""
        for part in self.parts:
            while (start := self.acked.get(part.name, 0)) < len(part.data):
                at = part.cuts.index(start) + 1 if start else 0
                status, told = self.agent.deliver(part, start, part.cuts[min(at + STEP, len(part.cuts)) - 1])
                equal(status, 200, told)
                check(told['acked'] > start, told)
                self.acked[part.name] = told['acked']
                time.sleep(pause_s)

    def go_on(self, pause_s):
        """Until nobody answers any more."""
        until = time.monotonic() + DEADLINE_SECONDS
        try:
            while time.monotonic() < until:
                self.grow()
                self.deliver(pause_s)
        except SILENCE:
            pass

    def settle(self):
        """The server came back: it has what it acknowledged, and gets the rest."""
        for name, acked in self.acked.items():
            if name == self.parts[-1].name:
                check(self.agent.position(self.parts[-1]) >= acked, f'{name} was acknowledged up to {acked}')
        self.deliver()


def balance(served, senders, checkpoints=()):
    """What is on the machines' disks is what their server's export has, in their order and once; returns how many statements."""
    parts = [part for sender in senders for part in sender.parts]
    statements = sum(sender.statements for sender in senders)
    equal(served.rows('SELECT count(*) FROM record_event'), [(statements,)], 'statements')
    equal(served.rows('SELECT size FROM log_tree'), [(sum(len(part.cuts) for part in parts),)], 'leaves')
    equal(served.rows('SELECT count(*) FROM record_alarm'), [(0,)], 'alarms')
    path = export(served)
    taken = Taken(path.read_bytes())
    for sender in senders:
        there = stored(taken, sender.names)
        equal(list(there), [part.name for part in sender.parts], 'parts in their order')
        check(all(there[part.name] == part.data for part in sender.parts), 'bytes of the parts')
    check(verify(path)[0] == 0, verify(path))
    for checkpoint in checkpoints:
        kept = served.top / 'checkpoint'
        kept.write_bytes(checkpoint)
        check(verify(path, '--checkpoint', kept)[0] == 0, verify(path, '--checkpoint', kept))
    status, _, err = run(served.top, 'check', '--data', str(served.data), program=SERVER)
    equal(status, 0, err)
    return statements
