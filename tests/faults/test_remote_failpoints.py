# SPDX-License-Identifier: MIT
"""SIGKILL of what talks to the server at a named place, while the record grows: it comes whole, in its order and once, and the machine
holds the old policy or the new one, and is enrolled as it was or anew."""
import contextlib
import dataclasses
import json
import os
import pathlib
import random
import signal
import subprocess
import threading

from authors import Person, add_account, add_key, archive, bundle, root_text, sign
from fault import CALLS, Fault
from harness import LONG, check, equal, main, promise
from recorded import record
from senders import balance
from served import CHAPERONE, SERVER, server
from support import clean_environment, run

TURNS = 40 if LONG else 20
BATCHES, STATEMENTS, FILE_MAX = 24, 20, 4096  # several deliveries each time
NEVER = 1 << 30
SOCKETS = 'socket:*'


class Machine:
    """A machine that is enrolled, whose record grows."""

    def __init__(self, served):
        self.served, self.record, self.kept = served, served.top / 'record', served.top / 'kept'
        self.parts, self.statements = [], 0
        self.ask(*self.enrolment())
        self.names = {self.name()}

    def name(self):
        return json.loads((self.kept / 'enrolment.json').read_bytes())['agent']

    def enrolment(self):
        """The command, with a code of its own."""
        status, out, err = run(self.served.top, 'code', '--data', str(self.served.data), '--bundle', 'shop', '--json', program=SERVER)
        equal(status, 0, err)
        return 'enroll', f'https://127.0.0.1:{self.served.port}', '--code', json.loads(out)['code'], '--again'

    def command(self, *words):
        return [CHAPERONE, *words, *(['--record', self.record] if 'deliver' in words else []), '--folder', self.kept]

    def ask(self, *words):
        status, out, err = run(self.served.top, *map(str, self.command(*words)[1:]), program=CHAPERONE)
        equal(status, 0, err)
        return out

    def grow(self):
        self.parts = record(self.served.top, 'record', BATCHES, STATEMENTS, FILE_MAX)
        self.statements += BATCHES * STATEMENTS

    def start(self, *words, fault=None):
        """Runs a command, whose calls count from its first one on."""
        return subprocess.Popen(self.command(*words), cwd=self.served.top / 'work', stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, preexec_fn=(lambda: fault.aim(os.getpid())) if fault else None,
                                env=clean_environment(self.served.top / 'home', **(fault.environment if fault else {})))

    def kill(self, fault, *words):
        with self.start(*words, fault=fault) as process:
            try:
                said = process.communicate(timeout=60)
            finally:
                process.kill()
        equal((process.returncode, fault.faults()), (-signal.SIGKILL, 1), f'how it ended, and kills at the place: {said}')

    def count(self, fault, *words):
        """How many such calls the command makes when nothing befalls it."""
        with self.start(*words, fault=fault) as process:
            equal((process.wait(60), fault.faults()), (0, 0), 'status')
        return fault.told(CALLS)

    @contextlib.contextmanager
    def grows(self):
        growing = threading.Thread(target=self.grow)
        growing.start()
        try:
            yield
        finally:
            growing.join()


class Delivering:
    """The record is sent."""
    words, is_beside = ('audit', 'deliver', '--follow'), False

    def __init__(self, machine):
        self.machine = machine

    def prepare(self, turn):
        self.machine.grow()

    def judge(self):
        """Nothing is taken for delivered that is not."""
        kept = self.machine.record / 'delivered'
        there = dict(self.machine.served.rows('SELECT part, next FROM record_part'))
        for line in kept.read_text().splitlines() if kept.exists() else []:
            name, position = line.split()
            check(int(position) <= there.get(name, 0), f'{line}, and the server has {there}')


class Asking:
    """Something else, beside which the record is sent."""
    is_beside = True

    def __init__(self, machine):
        self.machine, self.person = machine, Person(machine.served)
        self.secret = machine.served.made['author_key']
        self.version, self.now, self.next = 0, None, None
        self.publish(0)
        self.machine.ask('policy', 'pull')
        self.judge()

    def publish(self, turn):
        files = bundle(policy=f'\n# {turn}\n')
        status, told = self.person.push(files)
        equal(status, 201, told)
        note = sign(told['release'], self.secret)
        status, done = self.person.sign(told['draft'], note)
        check(status == 200 and done['is_published'], done)
        self.next = [note, archive(files)]

    def held(self):
        """The note and the files that are kept."""
        parts, text = [], (self.machine.kept / 'policy').read_bytes()
        while text:
            length, _, rest = text.partition(b'\n')
            check(len(rest) >= int(length), 'the policy that is kept is not whole')
            parts.append(rest[:int(length)])
            text = rest[int(length):]
        return parts[1:]

    def judge(self):
        held = self.held()
        check(held in (self.next, self.now), 'what is held is neither the old nor the new policy')
        self.version += self.now != self.next
        equal(json.loads(self.machine.ask('policy', 'pull', '--json'))['version'], self.version, 'the version that is held then')
        equal(self.held(), self.next, 'the policy that is held then')
        self.now = self.next


class Pulling(Asking):
    """A new version comes."""
    words = ('policy', 'pull')

    def prepare(self, turn):
        self.publish(turn + 1)


class Refreshing(Asking):
    """The server says again that the version is its newest."""
    words = ('policy', 'pull')

    def prepare(self, turn):
        pass


class Enrolling(Asking):
    """The machine, which has followed its authors to another key, is enrolled again.  What it sends then comes by another name."""
    is_beside = False

    def __init__(self, machine):
        super().__init__(machine)
        served = machine.served
        (public,), = served.rows('SELECT verifier FROM author_key')
        self.public = public
        add_account(served, 'ben', 'author')
        self.other = (Person(served, 'ben'), *add_key(served, 'ben'))

    def hand_over(self):
        """From here on the other one's key counts, and no other."""
        _, shown = self.person.get('/v1/authors')
        before = self.person, self.secret, self.public
        self.person, self.secret, self.public = self.other
        self.other = before
        status, told = self.person.ask('POST', '/v1/authors', sign(root_text(shown, [self.public], 1), before[1], self.secret))
        check(status == 200 and told['is_published'], told)

    def prepare(self, turn):
        self.hand_over()
        self.publish(turn + 1)
        self.machine.ask('policy', 'pull')
        self.judge()
        self.words = self.machine.enrolment()

    def judge(self):
        self.machine.names.add(name := self.machine.name())
        equal(self.machine.served.rows('SELECT count(*) FROM agent WHERE id = ?', name), [(1,)], 'machines that the server knows by the name')
        super().judge()


@dataclasses.dataclass
class Place:
    """The n-th call of a kind, least <= n <= most; without `most`, any of those that it makes."""
    call: str
    do: str
    least: int = 1
    most: int = 0
    on: str = ''
    doing: type = Delivering


PLACES = {
    'before_a_delivery_is_sent': Place('send', 'kill-before', 3, 8, SOCKETS),
    'behind_a_delivery_of_whose_answer_it_knows_nothing': Place('send', 'kill-after', 3, 8, SOCKETS),
    'while_it_reads_an_answer': Place('receive', 'kill-after', 13, 24, SOCKETS),
    'before_a_position_is_written': Place('write', 'kill-before', 1, 6, '*/.delivered.*'),
    'with_a_position_that_is_not_on_the_disk': Place('write', 'kill-after', 1, 6, '*/.delivered.*'),
    'before_a_position_has_its_name': Place('rename', 'kill-before', 1, 6, '.delivered.*'),
    'when_a_position_has_its_name': Place('rename', 'kill-after', 1, 6, '.delivered.*'),
    'before_the_name_of_a_position_is_on_the_disk': Place('sync', 'kill-before', 1, 6, '*/record'),
    'while_a_policy_comes': Place('receive', 'kill-after', 1, 0, SOCKETS, Pulling),
    'before_a_policy_is_written': Place('write', 'kill-before', 1, 1, '*/.policy.*', Pulling),
    'with_a_policy_that_is_not_on_the_disk': Place('write', 'kill-after', 1, 1, '*/.policy.*', Pulling),
    'before_a_policy_has_its_name': Place('rename', 'kill-before', 1, 1, '.policy.*', Pulling),
    'when_a_policy_has_its_name': Place('rename', 'kill-after', 1, 1, '.policy.*', Pulling),
    'before_the_latest_word_has_its_name': Place('rename', 'kill-before', 1, 1, '.freshness.*', Refreshing),
    'when_the_latest_word_has_its_name': Place('rename', 'kill-after', 1, 1, '.freshness.*', Refreshing),
    'before_an_enrolment_has_its_name': Place('rename', 'kill-before', 1, 1, '.enrolment.json.*', Enrolling),
    'when_an_enrolment_has_its_name': Place('rename', 'kill-after', 1, 1, '.enrolment.json.*', Enrolling),
}


def run_at(place, name):
    dice = random.Random(name)
    with server('--checkpoint-every', '1') as served:
        machine = Machine(served)
        doing = place.doing(machine)

        def fault(at):
            return Fault(served.top / 'tally', 'process', place.call, place.do, at, place.on, is_aimed=True)

        most = place.most or machine.count(fault(NEVER), *doing.words)
        for turn in range(TURNS):
            doing.prepare(turn)
            with machine.grows():
                beside = [machine.start(*Delivering.words)] if doing.is_beside else []
                machine.kill(fault(dice.randint(place.least, most)), *doing.words)
            for process in beside:
                process.kill()
                process.communicate()
            doing.judge()
            told = json.loads(machine.ask('audit', 'deliver', '--json'))
            equal((told['entries_left'], told['files_refused']), (0, 0), 'what is left')
        served.process.kill()
        served.process.communicate()
        served.start('--checkpoint-every', '1', '--listen', f'127.0.0.1:{served.port}')
        equal(json.loads(machine.ask('audit', 'deliver', '--json'))['deliveries'], 0, 'what is sent then')
        statements = balance(served, [machine])
        equal([path.name for path in pathlib.Path(machine.record).iterdir() if path.suffix not in ('.rec', '') and path.name[0] != '.'],
              ['delivered.lock'], 'files that are left')
        return statements


def killed(name, place):
    def test(_):
        return f'{TURNS} kills, {run_at(place, name)} statements'
    test.__name__ = f'a_remote_that_is_killed_{name}_goes_on_where_it_was'
    promise(test)


for place_name, where in PLACES.items():
    killed(place_name, where)

main(with_cluster=False)
