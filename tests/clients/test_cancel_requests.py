# SPDX-License-Identifier: MIT
"""A program with a governed connection may dial its server to have a statement of its own ended: the agent carries those
16 bytes, and nothing but them.  What hears them is a server that knows no more than the start of the protocol."""
import contextlib
import os
import socket
import struct
import threading

from dialled import REFUSED, UNGOVERNED, noted, path_of
from harness import ALLOW_EVERYTHING, PYTHON, check, equal, main, notes, promise, run, start, wait_until
from shop import POLICY, SCHEMA

PID, KEY = 4242, b'\x01\x00\xff\x7f'
CANCEL = 80877102
REQUEST = struct.pack('!iii', 16, CANCEL, PID) + KEY
CARRIED = 'a cancel request of the program\'s own was carried to '


def message(kind, body):
    return kind + struct.pack('!i', len(body) + 4) + body


GREETING = message(b'R', struct.pack('!i', 0)) + b''.join(
    message(b'S', name + b'\0' + value + b'\0') for name, value in (
        (b'server_version', b'15.0'), (b'server_encoding', b'UTF8'), (b'client_encoding', b'UTF8'), (b'DateStyle', b'ISO, MDY'),
        (b'integer_datetimes', b'on'), (b'standard_conforming_strings', b'on'))
) + message(b'K', struct.pack('!i', PID) + KEY) + message(b'Z', b'I')


class Server:
    """Greets the first that comes, and hears what the others say until they have said it."""

    def __init__(self, listening):
        self.listening, self.greeted, self.is_greeted, self.heard = listening, None, False, []
        self.address = listening.getsockname()
        is_unix = listening.family == socket.AF_UNIX
        self.text = self.address if is_unix else '%s:%d' % self.address
        self.host, self.port = self.address if not is_unix else (os.path.dirname(self.address), int(self.address.rsplit('.', 1)[1]))
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def end(self):
        """Before its descriptor is another one's: the thread may be about to accept there."""
        with contextlib.suppress(OSError):
            self.listening.shutdown(socket.SHUT_RDWR)
        self.thread.join()

    def serve(self):
        with contextlib.suppress(OSError):
            self.greeted = self.listening.accept()[0]
            self.greeted.recv(1000)
            self.greeted.sendall(GREETING)
            self.is_greeted = True
            while True:
                threading.Thread(target=self.hear, args=(self.listening.accept()[0],), daemon=True).start()

    def hear(self, caller):
        heard = b''
        caller.settimeout(0.5)  # for what could still come behind a request
        with caller, contextlib.suppress(OSError):
            while part := caller.recv(100):
                heard += part
        self.heard.append(heard)


@contextlib.contextmanager
def server(cluster, family):
    with socket.socket(family) as listening:
        folder = cluster.path(f'fake-{next(cluster.serials)}')
        os.makedirs(folder)
        listening.bind(('127.0.0.1', 0) if family == socket.AF_INET else folder + '/.s.PGSQL.5432')
        listening.listen(64)
        fake = Server(listening)
        yield fake
        fake.end()


FAMILIES = (socket.AF_UNIX, socket.AF_INET)
START = '''
import errno, fcntl, os, psycopg2, socket, struct, subprocess, sys, time
REQUEST = {request!r}
connection = psycopg2.connect(host={host!r}, port={port}, user='a', dbname='a', sslmode='disable', gssencmode='disable')
family, address = {family}, {address!r}
def dial(seconds=None):
    s = socket.socket(family)
    s.settimeout(seconds)
    try:
        s.connect(address)
    except PermissionError:
        return None
    return s
def end(s):
    try:
        return s.recv(100)
    except (ConnectionResetError, BrokenPipeError):
        return b''
def say(*parts):
    s = dial()
    for part in parts:
        try:
            s.sendall(part)
        except (ConnectionResetError, BrokenPipeError):
            break
        time.sleep(0.1)
    print(end(s))
'''


def begin(cluster, fake, script, **options):
    """Starts the script behind START under a policy that names the server."""
    named = f'databases:\n  fake: {{ engine: postgres, hosts: ["127.0.0.1"], ports: [{fake.port}] }}\nrules:'
    said = START.format(request=REQUEST, host=fake.host, port=fake.port, address=fake.address, family=int(fake.listening.family))
    return start(cluster, [PYTHON, '-c', said + script], ALLOW_EVERYTHING.replace('rules:', named), **options)


def meet(cluster, fake, script, **options):
    outcome = begin(cluster, fake, script, **options).end(seconds=60)
    equal(outcome.status, 0, outcome)
    return outcome


def talk(cluster, family, script, **options):
    with server(cluster, family) as fake:
        return meet(cluster, fake, script, **options), fake


def heard(fake, count):
    wait_until(lambda: len(fake.heard) >= count, 5, f'{count} who dial')
    return [words for words in fake.heard if words]


def refusals(cluster, outcome, destination):
    return noted(cluster, outcome.record, 'refused', 'not governed: ' + destination)


@promise
def a_cancel_request_is_carried(cluster):
    script = 'for seconds in (None, 5):\n s = dial(seconds)\n s.sendall(REQUEST)\n print(end(s))\n s.close()\n' \
             's = dial()\nfor byte in REQUEST:\n s.sendall(bytes([byte]))\nprint(end(s))\n' \
             's = dial()\ns.sendall(REQUEST)\ns.shutdown(socket.SHUT_WR)\nprint(end(s))'
    for family in FAMILIES:
        outcome, fake = talk(cluster, family, script)
        equal((outcome.stdout, outcome.stderr), (b"b''\n" * 4, b''), f'{family}: {outcome}')
        equal(heard(fake, 4), [REQUEST] * 4, family)
        equal([note for note in notes(cluster, outcome.record) if CARRIED in note], [CARRIED + fake.text] * 4, family)


@promise
def the_descriptor_keeps_its_flags(cluster):
    script = '''
for wanted in (0, fcntl.FD_CLOEXEC):
    for seconds in (None, 5):
        s = socket.socket(family)
        s.settimeout(seconds)
        fcntl.fcntl(s, fcntl.F_SETFD, wanted)
        before = fcntl.fcntl(s, fcntl.F_GETFL), fcntl.fcntl(s, fcntl.F_GETFD), s.fileno(), len(os.listdir('/proc/self/fd'))
        s.connect(address)
        print(before == (fcntl.fcntl(s, fcntl.F_GETFL), fcntl.fcntl(s, fcntl.F_GETFD), s.fileno(), len(os.listdir('/proc/self/fd'))))
        s.sendall(REQUEST)
        end(s)
'''
    for family in FAMILIES:
        outcome, _ = talk(cluster, family, script)
        equal((outcome.stdout, outcome.stderr), (b'True\n' * 4, b''), f'{family}: {outcome}')


OTHERS = {
    'a start': (struct.pack('!ii', 23, 196608) + b'user\0postgres\0\0',),
    'a question for encryption': (struct.pack('!ii', 8, 80877103) + b'\0' * 8,),
    'another code': (struct.pack('!iii', 16, CANCEL + 1, PID) + KEY,),
    'another length': (struct.pack('!iii', 17, CANCEL, PID) + KEY,),
    'another session': (struct.pack('!iii', 16, CANCEL, PID + 1) + KEY,),
    'more behind it': (REQUEST + b'Q',),
    'two of them': (REQUEST + REQUEST,),
    'something else, byte by byte': tuple(bytes([byte]) for byte in b'\0\0\0\x10\x04\xd2\x16\x2f' + b'\0' * 8),
}


@promise
def nothing_else_is_carried(cluster):
    """And whoever tried is refused at connect from then on, with the line."""
    for family in FAMILIES:
        for what, parts in OTHERS.items():
            outcome, fake = talk(cluster, family, f'say(*{parts!r})\nfor i in range(100):\n assert not dial()\nprint(connection.status)')
            equal(outcome.stdout, b"b''\n1\n", f'{what}: {outcome}')
            equal(outcome.stderr.count(REFUSED), 1, f'{what}: {outcome}')
            equal(heard(fake, 1), [], what)
            equal(len(refusals(cluster, outcome, fake.text)), 2, what)


@promise
def what_comes_behind_a_request_is_not_carried(cluster):
    for family in FAMILIES:
        outcome, fake = talk(cluster, family, 'say(REQUEST, b"Q", b"Q")\nprint(dial())')
        equal(outcome.stdout, b"b''\nNone\n", outcome)
        equal(heard(fake, 1), [REQUEST], outcome)
        check('more than a cancel request' in refusals(cluster, outcome, fake.text)[0]['text'], outcome)


@promise
def who_says_nothing_is_hung_up_on(cluster):
    script = 's = dial()\nbegun = time.monotonic()\nprint(end(s), time.monotonic() - begun < 4)\n' \
             's = dial()\ns.sendall(REQUEST[:15])\nbegun = time.monotonic()\nprint(end(s), time.monotonic() - begun < 4)\n' \
             'dial().close()\nsay(REQUEST)'
    for family in FAMILIES:
        outcome, fake = talk(cluster, family, script)
        equal(outcome.stdout, b"b'' True\nb'' True\nb''\n", outcome)
        equal(heard(fake, 4), [REQUEST], outcome)
        equal(len(refusals(cluster, outcome, fake.text)), 3, 'notes')


@promise
def a_server_that_never_answers_holds_nobody_up(cluster):
    script = 's = dial()\ns.sendall(REQUEST)\nbegun = time.monotonic()\nprint(end(s), 5 < time.monotonic() - begun < 15)'
    with server(cluster, socket.AF_UNIX) as fake:
        fake.hear = lambda caller: fake.heard.append(caller)
        equal(meet(cluster, fake, script).stdout, b"b'' True\n", 'what it saw')


MANY = '''
import os, psycopg2, socket
connection = psycopg2.connect('')
cursor = connection.cursor()
address = os.environ['PGHOST'] + '/.s.PGSQL.' + os.environ['PGPORT']
def dials(closes):
    kept, refused = [], 0
    for i in range(1000):
        s = socket.socket(socket.AF_UNIX)
        try:
            s.connect(address)
            kept.append(s)
            closes and s.close()
        except PermissionError:
            refused += 1
    cursor.execute('SELECT 1')
    return kept, refused
for closes in (False, True):
    kept, refused = dials(closes)
    print(0 < len(kept) <= 16, refused == 1000 - len(kept))
    for s in kept if not closes else ():
        assert s.recv(1) == b''
'''


@promise
def a_thousand_dials_are_bounded(cluster):
    """The agent goes on judging, and the record names few of them."""
    outcome = run(cluster, [PYTHON, '-c', MANY.replace('0 <', '0 <=')], POLICY)
    equal((outcome.status, outcome.stdout), (0, b'True True\n' * 2), outcome)
    equal(outcome.stderr.count(REFUSED), 1, outcome)
    check(9 <= len(refusals(cluster, outcome, path_of(cluster))) <= 25, 'notes')


@promise
def only_who_has_the_connection_is_carried_for(cluster):
    """Not its children, nobody else's address, and nobody after the connection has ended."""
    script = '''
child = os.fork()
if child == 0:
    print('fork', dial(), flush=True)
    os._exit(0)
os.waitpid(child, 0)
dialled = f"import socket\\ntry: socket.socket({family}).connect({address!r})\\nexcept PermissionError: print('child None', flush=True)"
subprocess.run([sys.executable, '-c', dialled])
other = socket.socket(socket.AF_UNIX)
print(other.connect_ex(os.environ['PGHOST'] + '/.s.PGSQL.' + os.environ['PGPORT']) == errno.EACCES)
mixed = socket.socket(socket.AF_INET6)
print(mixed.connect_ex(('::1', 5432)) == errno.EACCES)
say(REQUEST)
connection.close()
print(dial())
'''
    for family in FAMILIES:
        outcome, fake = talk(cluster, family, script)
        equal(outcome.stdout, b"fork None\nchild None\nTrue\nTrue\nb''\nNone\n", outcome)
        equal(heard(fake, 1), [REQUEST], outcome)


@promise
def where_nobody_listens_any_more_connect_says_so(cluster):
    """As it would without the shim."""
    script = 'sys.stdin.read()\nfor seconds in (None, 5):\n s = socket.socket(family)\n s.settimeout(seconds)\n ' \
             'print(errno.errorcode[s.connect_ex(address)])'
    for family in FAMILIES:
        with server(cluster, family) as fake:
            running = begin(cluster, fake, script)
            wait_until(lambda: fake.is_greeted, 10, 'the connection')
            fake.listening.shutdown(socket.SHUT_RDWR)
            fake.listening.close()
            equal(running.end().stdout, b'ECONNREFUSED\n' * 2, family)


@promise
def with_warn_the_program_dials_itself(cluster):
    for family in FAMILIES:
        outcome, fake = talk(cluster, family, 's = dial()\nprint(s.getpeername() == address)\ns.sendall(REQUEST)\nprint(end(s))',
                             options=['--ungoverned', 'warn'])
        equal((outcome.stdout, outcome.stderr.count(UNGOVERNED)), (b"True\nb''\n", 1), outcome)
        equal(heard(fake, 1), [REQUEST], outcome)
        equal([note for note in notes(cluster, outcome.record) if CARRIED in note], [], 'notes')


# What the agent is told by a process that made up its connection; it says where that leads, and what comes with its words.
HOSTILE = '''
import array, os, socket, struct, sys
HELLO, CONNECT, CARRY = 1, 3, 14
REQUEST = {request!r}
def dial(family, kind, address):
    s = socket.socket(family, kind)
    s.settimeout(5)
    s.connect(address)
    return s
agent = dial(socket.AF_UNIX, socket.SOCK_SEQPACKET, os.environ['CHAPERONE_SOCKET'])
def say(kind, body, descriptors=()):
    global agent
    agent.sendmsg([struct.pack('<IHBBII', 0x31504843, kind, len(descriptors), 0, len(body), 0) + body],
                  [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', descriptors))] if descriptors else [])
    data, _, _, _ = socket.recv_fds(agent, 65536, 4)
    if not data:
        agent = dial(socket.AF_UNIX, socket.SOCK_SEQPACKET, os.environ['CHAPERONE_SOCKET'])
    return data[16:]
def text(words):
    return struct.pack('<I', len(words)) + words
process = struct.unpack_from('<Q', say(HELLO, struct.pack('<II', 1, os.getpid()) + text(b'libpq 15')), 4)[0]
def carry(descriptors=(), process=process, address={text!r}.encode()):
    answer = say(CARRY, struct.pack('<Q', process) + text(address), descriptors)
    return struct.unpack('<Q', answer)[0] if answer else None
print('before', carry())
say(CONNECT, struct.pack('<Q', process) + b''.join(map(text, (b'127.0.0.1', b'', b'1', b'a', b'a', b'', {text!r}.encode(), b'on', b'UTF8'))) +
    struct.pack('<BBBIiI', 0, 0, 0, 0, {pid}, 150000))
print('asked', carry(), carry(process=process + 1), carry(address=b'127.0.0.1:1'), carry(address=b''), carry(address=b'x' * 4000))
pair = socket.socketpair()
packets = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
null, fifo, memory = os.open('/dev/null', os.O_RDWR), os.pipe()[1], os.memfd_create('x')
for wrong in (null, fifo, memory, packets[0].fileno(), agent.fileno()):
    print(carry([wrong, pair[0].fileno()]), carry([pair[0].fileno(), wrong]), carry([wrong]), end=' ')
print(carry([pair[0].fileno()]))
here, there_too = socket.socketpair()
nobody = socket.socket()
for to in (there_too, nobody):
    ours, its = socket.socketpair()
    ours.settimeout(5)
    print(carry([its.fileno(), to.fileno()]), end=' ')
    its.close()
    ours.sendall(REQUEST)
    print(ours.recv(100), end=' ')
print('elsewhere', here.recv(100), flush=True)
'''


@promise
def who_speaks_to_the_agent_himself_gains_nothing(cluster):
    with server(cluster, socket.AF_INET) as fake:
        script = HOSTILE.format(request=REQUEST, text=fake.text, pid=PID)
        outcome = run(cluster, [PYTHON, '-c', script + 'import subprocess; subprocess.run(["psql", "-XAtc", "SELECT 1"])'], POLICY)
    equal((outcome.status, outcome.stderr), (0, b''), outcome)
    equal(outcome.stdout, f"before 0\nasked 2 0 0 0 0\n{'0 ' * 15}0\n2 b'' 2 b'' elsewhere b''\n1\n".encode(), outcome)
    written = notes(cluster, outcome.record)
    equal(len([note for note in written if 'could not be carried to ' + fake.text in note]), 2, written)
    check(not any('took over' in note or CARRIED in note for note in written), written)


main(SCHEMA)
