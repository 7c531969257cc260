# SPDX-License-Identifier: MIT
"""Full disks, planted files, scribbled rings, strangers and garbage: said, survived, and nothing lost silently."""
import os
import resource
import shutil
import signal
import socket
import struct
import time

from disks import fill_beside, on_a_small_disk
from harness import (ALLOW_EVERYTHING, PYTHON, accounted, check, equal, intents, main, notes, program, promise, run,
                     settle, start, verified, wait_until)
from shop import POLICY, SCHEMA
from session import Session, served

HELLO = 1
MAGIC = 0x31504843


def variables(running):
    """The environment of a run's program."""
    with open(f'/proc/{running.child()}/environ', 'rb') as file:
        return dict(v.split('=', 1) for v in file.read().decode().split('\0') if '=' in v)


def run_folder(running):
    return '{XDG_RUNTIME_DIR}/chaperone/run-{CHAPERONE_RUN}'.format_map(variables(running))


@promise
def a_full_disk_refuses_writes_and_serves_reads(cluster):
    since, session = cluster.mark(), Session(cluster)
    check(served(session), 'a read')
    agent = session.running.agent()
    record = session.running.record
    size = max(os.path.getsize(os.path.join(record, name)) for name in os.listdir(record))
    resource.prlimit(agent, resource.RLIMIT_FSIZE, (size + 20, resource.RLIM_INFINITY))
    texts = [session.call(f'exec|SELECT {i} AS a{i}')[0] for i in range(4)]
    check('row | 3' in texts[-1], f'reads by policy: {texts}')
    writes = [session.call(f"exec|INSERT INTO plain VALUES ({9100 + i}, 'x') RETURNING {i} AS a{i}")[0] for i in range(3)]
    check(all('42501' in said and 'recorded' in said for said in writes), f'writes: {writes}')
    equal(cluster.sql('SELECT count(*) FROM plain WHERE id >= 9100'), '0\n', 'rows written')
    resource.prlimit(agent, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    wait_until(lambda: 'tag \'INSERT' in session.call("exec|INSERT INTO plain VALUES (9200, 'x')")[0], 5, 'writes')
    equal(session.end().status, 0, 'status')
    accounted(cluster, since, record)
    equal(cluster.sql('SELECT count(*) FROM plain WHERE id >= 9100'), '1\n', 'rows')


@promise
@on_a_small_disk()
def a_full_file_system_refuses_writes_and_serves_reads_whose_texts_are_kept(cluster, folder):
    session = Session(cluster, record=folder + '/record')
    check(served(session), 'a read')
    filler = fill_beside(session, folder, 300)
    said = session.call("exec|INSERT INTO plain VALUES (9300, 'x')")[0]
    check('42501' in said and 'recorded' in said, f'a write: {said}')
    check(served(session), 'a read')
    os.unlink(filler)
    wait_until(lambda: "tag 'INSERT" in session.call("exec|INSERT INTO plain VALUES (9301, 'x')")[0], 5, 'writes')
    equal(session.end().status, 0, 'status')
    settle(cluster)
    without = [e for e in intents(cluster, folder + '/record') if 'statement' not in e]
    check(not without, f'{len(without)} of 300 statements have no text')


@promise
def a_record_that_cannot_be_begun_starts_nothing(cluster):
    planted = {
        'a file': lambda path: open(path, 'w').close(),
        'a symlink': lambda path: os.symlink(cluster.folder, path),
        'a symlink to nowhere': lambda path: os.symlink('/nonexistent', path),
        'a FIFO': os.mkfifo,
        'a folder that others may write': lambda path: (os.mkdir(path), os.chmod(path, 0o777)),
    }
    if os.geteuid() == 0:
        planted['a folder of another user'] = lambda path: (os.mkdir(path, 0o700), shutil.chown(path, 'nobody'))
    for number, (what, plant) in enumerate(planted.items()):
        path = cluster.path(f'planted-{number}')
        plant(path)
        outcome = run(cluster, ['echo', 'started'], ALLOW_EVERYTHING, record=path, seconds=10)
        equal((outcome.status, outcome.stdout), (125, b''), f'{what}: {outcome}')
        check(outcome.stderr.startswith(b'chaperone: '), f'{what}: {outcome}')
    return ', '.join(planted)


@promise
def planted_files_in_the_run_folder_hurt_nobody(cluster):
    for number, (what, plant) in enumerate({
            'a symlink': lambda path: os.symlink('/tmp', path), 'a FIFO': os.mkfifo,
            'a file': lambda path: open(path, 'w').close()}.items()):
        home = cluster.path(f'runtime-{number}')
        os.mkdir(home, 0o700)
        plant(home + '/chaperone')
        outcome = run(cluster, ['echo', 'started'], ALLOW_EVERYTHING, environment={'XDG_RUNTIME_DIR': home}, seconds=10)
        equal((outcome.status, outcome.stdout), (125, b''), f'{what}: {outcome}')
    session = Session(cluster)
    check(served(session), 'a read')
    folder = run_folder(session.running)
    os.mkfifo(folder + '/ring-1-1')
    os.symlink('/etc/passwd', folder + '/ring-2-2')
    open(folder + '/ring-3-3', 'w').close()
    os.kill(session.running.agent(), signal.SIGKILL)
    wait_until(lambda: served(session), 5, 'the next agent')
    equal(session.end().status, 0, 'status')
    check(sum('is not a ring' in note for note in notes(cluster, session.running.record)) == 3, notes(cluster, session.running.record))
    shutil.rmtree(folder, ignore_errors=True)


def shapes(cluster, record):
    return [event.get('statement') for event in intents(cluster, record)]


def damage(name, hurt):
    def test(cluster):
        session = Session(cluster)
        record = session.running.record
        check(served(session, 'exec|SELECT 1 AS before'), 'a read')
        wait_until(lambda: 'SELECT ? AS before' in shapes(cluster, record), 5, 'a statement on the record')
        for i in range(20):
            check(served(session, f'exec|SELECT {i} AS a{i}'), 'a read')
        folder = run_folder(session.running)
        ring = next(os.path.join(folder, n) for n in os.listdir(folder) if n.startswith('ring-'))
        agent = session.running.agent()
        hurt(ring)
        time.sleep(0.3)
        said, took, agents = '', 0, {agent}
        try:
            said, took = session.call('exec|SELECT 1 AS behind')
        except AssertionError:
            said = 'the program, which harmed itself, died'
        else:
            agents.add(session.running.agent())
        check(took < 5, f'{took} s')
        outcome = session.end()
        equal(agents, {agent}, 'agents')
        shutil.rmtree(folder, ignore_errors=True)
        written = notes(cluster, session.running.record)
        check(any('ring' in note for note in written), f'the record says nothing: {written}, {outcome}')
        check(not any('took over' in note for note in written), f'the agent died: {written}')
        equal(len([note for note in written if 'ring' in note]), 1, f'notes: {written}')
        check(verified(cluster, session.running.record)['ends_in_order'], 'the agent ended in order')
        equal('SELECT ? AS behind' in shapes(cluster, record), 'PGRES_TUPLES_OK' in said, 'whether a statement behind it is recorded')
        settle(cluster, erased=0 if name == 'deleted' else 20)  # what the agent had not read yet
        return f'{said.splitlines()[1] if "--" in said else said}; noted: {[note for note in written if "ring" in note][:2]}'
    test.__name__ = f'a_ring_that_was_{name}_is_said_and_survived'
    promise(test)


def overwrite(path, content):
    with open(path, 'r+b') as file:
        file.seek(4096)
        file.write(content)


damage('truncated', lambda path: os.truncate(path, 100))
damage('deleted', os.unlink)
damage('overwritten', lambda path: overwrite(path, os.urandom(8192 * 64)))
damage('filled_with_ones', lambda path: overwrite(path, b'\xff' * 8192 * 64))


def dial(path):
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    sock.settimeout(3)
    sock.connect(path)
    return sock


GARBAGE = '''
import array, os, socket, struct, sys, random
path = os.environ['CHAPERONE_SOCKET']
dice = random.Random(5)
def dial():
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    sock.settimeout(2)
    sock.connect(path)
    return sock
def send(data, descriptors=()):
    sock = dial()
    try:
        sock.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', descriptors))] if descriptors else [])
        sock.recv(65536)
    except OSError:
        pass
    sock.close()
def packet(kind, body, length=None, count=0, in_descriptor=0, magic=0x31504843):
    return struct.pack('<IHBBII', magic, kind, count, in_descriptor, len(body) if length is None else length, 0) + body
send(b'x')
send(b'')
send(os.urandom(16))
send(packet(1, b'', magic=7))
for kind in list(range(0, 40)) + [255, 65535]:
    send(packet(kind, b''))
    send(packet(kind, os.urandom(200)))
    send(packet(kind, b'', length=0xffffffff))
    send(packet(kind, b'\\xff' * 100, length=100))
for _ in range(300):
    send(packet(dice.randrange(20), dice.randbytes(dice.randrange(400))))
null, huge = os.open('/dev/null', os.O_RDONLY), os.memfd_create('huge')
os.ftruncate(huge, 1 << 33)
fifo = os.pipe()[0]
for descriptor in (null, huge, fifo):
    for kind in (1, 3, 6):
        send(packet(kind, b'', length=1 << 30, in_descriptor=1), [descriptor])
        send(packet(kind, b'', length=0xffffffff, in_descriptor=1), [descriptor])
        send(packet(kind, b'x', count=4), [descriptor] * 4)
        send(packet(kind, b'x', count=200), [descriptor] * 60)
held = []
try:
    for _ in range(int(sys.argv[1])):
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        sock.setblocking(False)
        try:
            sock.connect(path)
        except BlockingIOError:
            pass
        held.append(sock)
        if len(held) > 400:
            held.pop(0).close()
except OSError as error:
    print('dialling ended:', error)
'''


@promise
def garbage_on_the_agents_socket_is_survived(cluster):
    since = cluster.mark()
    script = cluster.write('garbage.py', GARBAGE)
    running = start(cluster, ['sh', '-c', f'psql -XAtc "SELECT 1"; {PYTHON} {script} {10000}; psql -XAtc "SELECT 2"'], POLICY)
    agent = running.agent()
    outcome = running.end()
    equal((outcome.status, outcome.stdout, outcome.stderr), (0, b'1\n2\n', b''), 'statements before and after')
    check(not any('took over' in note for note in notes(cluster, outcome.record)), f'agent {agent} died: {notes(cluster, outcome.record)}')
    accounted(cluster, since, outcome.record)


@promise
def strangers_are_turned_away(cluster):
    session = Session(cluster)
    check(served(session), 'a read')
    path = variables(session.running)['CHAPERONE_SOCKET']
    for _ in range(3):
        sock = dial(path)
        try:
            sock.send(struct.pack('<IHBBII', MAGIC, HELLO, 0, 0, 0, 0))
            answer = sock.recv(65536)
        except OSError:
            answer = b''
        equal(answer, b'', 'what a stranger hears')
        sock.close()
    check(served(session), 'a read behind it')
    equal(session.end().status, 0, 'status')
    check(any('a stranger was turned away' in note for note in notes(cluster, session.running.record)), notes(cluster, session.running.record))


@promise
def a_silent_client_holds_nobody_up(cluster):
    script = cluster.write('silent.py', 'import os, socket, subprocess\nheld = []\nfor _ in range(200):\n'
                           '    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)\n    s.connect(os.environ["CHAPERONE_SOCKET"])\n'
                           '    held.append(s)\nprint(subprocess.run(["psql", "-XAtc", "SELECT 1"], capture_output=True))\n')
    begun = time.monotonic()
    outcome = run(cluster, [PYTHON, script], POLICY)
    check(b"stdout=b'1" in outcome.stdout, outcome)
    check(time.monotonic() - begun < 3, 'it took too long')


@promise
def a_record_with_one_flipped_byte_does_not_verify(cluster):
    outcome = run(cluster, ['psql', '-XAtc', 'SELECT 1'], POLICY)
    settle(cluster)
    verified(cluster, outcome.record)
    name = os.path.join(outcome.record, sorted(n for n in os.listdir(outcome.record) if n.endswith('.rec'))[-1])
    overwritten = bytearray(open(name, 'rb').read())
    overwritten[len(overwritten) // 2] ^= 1
    open(name, 'wb').write(overwritten)
    try:
        verified(cluster, outcome.record)
    except AssertionError as error:
        check(os.path.basename(name) in str(error) and 'offset' in str(error), error)
        return None
    raise AssertionError('a flipped byte was not noticed')


@promise
def a_program_cannot_write_in_the_name_of_another(cluster):
    outcome = run(cluster, ['sh', '-c', f'psql -qAtc "SELECT pg_sleep(1)" & sleep 0.4; {program("forge")} 40; wait'], POLICY)
    check('wrote 40' in outcome.stdout.decode(), outcome)
    said = [note for note in notes(cluster, outcome.record) if 'is not its own' in note]
    check(len(said) == 1 and said[0].startswith('40 slots'), f'notes: {said}')
    equal(sum('true_statement' in e.get('statement', '') for e in intents(cluster, outcome.record)), 2, 'statements of its own')


main(SCHEMA)
