# SPDX-License-Identifier: MIT
"""SIGKILL of the server at a named place, deliveries in flight: what it acknowledged is there, nothing is there twice, its log
continues, and a policy or a machine is there or is not."""
import concurrent.futures
import contextlib
import dataclasses
import random
import signal
import time

from authors import Person, archive, bundle, sign
from fault import Fault
from harness import LONG, check, equal, main, promise
from senders import SILENCE, Sender, balance
from served import Server, code, enrol
from support import folder

TURNS = 40 if LONG else 20
SENDERS = 2
LOG, DATABASE, SOCKETS = '*/server.db-wal', '*/server.db', 'socket:*'
OFTEN = ('--checkpoint-every', '1')


class Nothing:
    """Nothing beside the deliveries."""

    def __init__(self, served):
        self.served = served

    def prepare(self, turn):
        """The server runs, and nothing happens to it yet."""

    def act(self):
        """It dies of this, or of a delivery."""

    def judge(self):
        """It came back."""


class Publishing(Nothing):
    """An author signs a version."""

    def __init__(self, served):
        super().__init__(served)
        self.person, self.machine = Person(served), Sender(served, 'of a machine that pulls').agent
        self.version, self.draft, self.now, self.is_heard = 0, None, None, False

    def prepare(self, turn):
        if self.now is None:
            self.person.publish()
            self.version, self.now = 1, self.pull()
        files = bundle(policy=f'\n# {turn}\n')
        status, told = self.person.push(files)
        equal((status, told.get('version')), (201, self.version + 1), told)
        note = sign(told['release'], self.served.made['author_key'])
        self.draft, self.next = told['draft'], (self.version + 1, note, archive(files))
        self.is_heard = False

    def act(self):
        with contextlib.suppress(*SILENCE):
            status, told = self.person.sign(self.draft, self.next[1])
            check(status == 200 and told['is_published'], told)
            self.is_heard = True

    def judge(self):
        found = self.pull()
        check(found == self.next or found == self.now and not self.is_heard, f'version {found[0]} is neither the old nor the new one')
        if found == self.now:
            status, told = self.person.sign(self.draft, self.next[1])
            check(status == 200 and told['is_published'], told)
        self.version, self.now = self.next[0], self.next
        equal(self.pull(), self.now, 'the version that was published')
        equal(self.served.rows("SELECT count(*) FROM audit WHERE action = 'version'"), [(self.version,)], 'versions that were published')
        equal(self.served.rows('SELECT count(*) FROM draft'), [(0,)], 'drafts that are left')

    def pull(self):
        status, headers, body = self.served.ask('GET', '/v1/policy', f'Authorization: Bearer {self.machine.token}')
        equal(status, 200, 'what a machine is answered')
        parts = []
        while body:
            length, _, rest = body.partition(b'\n')
            parts.append(rest[:int(length)])
            body = rest[int(length):]
        return int(headers['etag'].strip('"')), parts[1], parts[2]


class Enrolling(Nothing):
    """A machine enrols."""

    def prepare(self, turn):
        self.secret, self.host, self.heard = code(self.served, '--bundle', 'shop')[0], f'machine-{turn}.example', None

    def act(self):
        with contextlib.suppress(*SILENCE):
            status, _, self.heard = enrol(self.served, self.secret, self.host)
            equal(status, 201, self.heard)

    def judge(self):
        (count,) = self.served.rows('SELECT count(*) FROM agent WHERE host = ?', self.host)[0]
        check(count == 1 or count == 0 and not self.heard, f'{count} machines, heard {self.heard}')
        equal(enrol(self.served, self.secret, self.host)[0], 403 if count else 201, 'the code again')
        for what, sql in ('machines', 'agent WHERE host = ?'), ('entries', "audit WHERE action = 'enrol' AND subject = ?"):
            equal(self.served.rows(f'SELECT count(*) FROM {sql}', self.host), [(1,)], what)


@dataclasses.dataclass
class Place:
    """The n-th call of a kind, 1 <= n <= most."""
    call: str
    do: str
    most: int = 1
    on: str = ''
    after: str = ''
    beside: type = Nothing
    pause_s: float = 0  # between a machine's deliveries


PLACES = {
    'while_it_reads_a_delivery': Place('receive', 'kill-after', 40, SOCKETS),
    'before_a_page_of_a_transaction_is_written': Place('write', 'kill-before', 60, LOG),
    'behind_a_page_of_a_transaction': Place('write', 'kill-after', 60, LOG),
    'before_a_commit_is_on_the_disk': Place('sync', 'kill-before', 5, LOG),
    'behind_a_commit_of_which_nobody_knows': Place('sync', 'kill-after', 5, LOG),
    'before_the_answer_to_a_commit': Place('write', 'kill-before', 1, SOCKETS, 'sync'),
    'behind_the_answer_to_a_commit': Place('write', 'kill-after', 1, SOCKETS, 'sync'),
    'while_its_database_takes_up_what_was_committed': Place('write', 'kill-before', 30, DATABASE),
    'before_it_signs_a_checkpoint': Place('sign', 'kill-before', pause_s=0.05),
    'before_a_signed_checkpoint_is_written': Place('write', 'kill-before', 4, LOG, 'sign', pause_s=0.05),
    'behind_the_commit_of_a_checkpoint': Place('sync', 'kill-after', 1, LOG, 'sign', pause_s=0.05),
    'before_a_signature_counts': Place('verify', 'kill-before', beside=Publishing),
    'before_a_page_of_a_version_is_written': Place('write', 'kill-before', 8, LOG, 'verify', Publishing),
    'behind_the_commit_of_a_version_of_which_nobody_knows': Place('sync', 'kill-after', 1, LOG, 'verify', Publishing),
    'before_a_page_of_an_enrolment_is_written': Place('write', 'kill-before', 6, LOG, 'random', Enrolling),
    'behind_the_commit_of_an_enrolment_of_which_nobody_knows': Place('sync', 'kill-after', 1, LOG, 'random', Enrolling),
}


def turn_of(served, place, number, dice, senders, beside):
    """The server starts where it ended, gets what it lacks, and dies at the place; returns its newest checkpoint."""
    fault = Fault(served.top / 'tally', 'process', place.call, place.do, dice.randint(1, place.most), place.on, place.after, is_aimed=True)
    served.start(*OFTEN, environment=fault.environment)
    for sender in senders:
        sender.settle()
    if number > 0:
        beside.judge()
    status, _, checkpoint = served.ask('GET', '/v1/log/checkpoint')
    beside.prepare(number)
    with concurrent.futures.ThreadPoolExecutor(SENDERS) as pool:
        loads = [pool.submit(sender.go_on, place.pause_s) for sender in senders]
        time.sleep(dice.random() / 20)
        fault.aim(served.process.pid)
        beside.act()
        for load in loads:
            load.result()
    if served.process.poll() is None:
        served.stop()
    served.process.communicate()
    equal((served.process.returncode, fault.faults()), (-signal.SIGKILL, 1), 'how it ended, and kills at the place')
    return [checkpoint] if status == 200 else []


def run_at(place, name):
    dice = random.Random(name)
    with folder() as top:
        served = Server(top)
        served.start(*OFTEN)
        try:
            senders, beside = [Sender(served, i) for i in range(SENDERS)], place.beside(served)
            served.stop()
            checkpoints = [kept for i in range(TURNS) for kept in turn_of(served, place, i, dice, senders, beside)]
            served.start(*OFTEN)
            for sender in senders:
                sender.settle()
            beside.judge()
            return balance(served, senders, checkpoints[1::TURNS // 4])
        finally:
            if served.process.poll() is None:
                served.stop()


def killed(name, place):
    def test(_):
        return f'{TURNS} kills, {run_at(place, name)} statements'
    test.__name__ = f'a_server_that_is_killed_{name}_keeps_its_word'
    promise(test)


for place_name, where in PLACES.items():
    killed(place_name, where)

main(with_cluster=False)
