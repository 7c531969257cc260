# SPDX-License-Identifier: MIT
"""A program that gives up root's user id below `chaperone run` stays governed; who merely has the same user id is a stranger."""
import json
import os
import re
import select
import shutil
import signal
import stat
import struct
import subprocess
import sys
import time

from harness import (CHAPERONE, PYTHON, SHIM, SKIP, accounted, chaperone, check, equal, intents, is_running, main, notes, past_libc, promise,
                     run, settle, start, wait_until)
from shop import POLICY, SCHEMA, leaks

NOBODY = 65534
AS_NOBODY = ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups']
AS_DAEMON = ['setpriv', '--reuid=daemon', '--regid=daemon', '--clear-groups']
STATEMENTS = ('SELECT id, name, email FROM customers ORDER BY id', "UPDATE plain SET note = 'x' WHERE id = 1",
              'DROP TABLE plain', 'SELECT purge()', 'SELECT 1/0', 'SELECT count(*) FROM orders')
PSQL = ['psql', '-XAt', *(word for sql in STATEMENTS for word in ('-c', sql))]
SELECT = ['psql', '-XAtc', 'SELECT email FROM customers WHERE id = 1']
DROPPING = [PYTHON, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'script_drops_user.py')]
MAGIC, HELLO, CLOSE = 0x31504843, 1, 9
SAY_HELLO = struct.pack('<IHBBIIIII', MAGIC, HELLO, 0, 0, 12, 0, 1, 1, 0)  # protocol, pid, no client
NEXT_PID = '/proc/sys/kernel/ns_last_pid'


def seen(outcome):
    """What a program did, without the numbers that no two records share."""
    return outcome.status, outcome.stdout, re.sub(rb'Event [0-9a-f]+-[0-9a-f]+', b'Event', outcome.stderr)


def judged(events):
    return [tuple(str(e.get(key)) for key in ('statement', 'decision', 'reason', 'rules', 'effects', 'masked', 'refused',
                                              'status', 'sqlstate', 'rows', 'masked_cells')) for e in events]


def process_facts(cluster, outcome):
    """What the record tells of the process of the last statement."""
    event = intents(cluster, outcome.record)[-1]
    shown = chaperone(cluster, 'audit', 'show', event['event'], '--record', outcome.record, '--json')
    return {fact['name']: fact['value'] for fact in json.loads(shown.stdout)['facts']['process']}


def compare(cluster, kept_command, dropped_command):
    """Both commands do and record the same, and the record names each one's user."""
    outcomes, recorded, facts = [], [], []
    for command in (kept_command, dropped_command):
        since = cluster.mark()
        outcomes.append(run(cluster, command, POLICY))
        check(not leaks(outcomes[-1].stdout + outcomes[-1].stderr), outcomes[-1])
        recorded.append(judged(accounted(cluster, since, outcomes[-1].record, least=4)[1]))
        facts.append(process_facts(cluster, outcomes[-1]))
        equal(notes(cluster, outcomes[-1].record), [], 'notes')
    equal(seen(outcomes[1]), seen(outcomes[0]), 'what the program saw')
    equal(recorded[1], recorded[0], 'what was recorded')
    check('shop/no-destructive' in str(recorded[1]), recorded[1])
    equal([(f['uid'], f['user']) for f in facts], [('0', 'root'), (str(NOBODY), 'nobody')], 'users')
    equal([f.get('unreadable') for f in facts], [None, None], 'what could not be read')
    for name in ('exe', 'exe_sha256', 'cwd', 'argv0'):
        equal(facts[1][name], facts[0][name], name)


@promise
def psql_is_judged_masked_and_recorded_as_without_the_change(cluster):
    compare(cluster, PSQL, [*AS_NOBODY, *PSQL])


@promise
def a_program_that_calls_setuid_itself_is_governed_as_without(cluster):
    compare(cluster, DROPPING, [*DROPPING, str(NOBODY)])


BETWEEN = '''
import os, psycopg2
first = psycopg2.connect('')
for connection in (first, None):
    if not connection:
        os.setgid(65534)
        os.setuid(65534)
        connection = psycopg2.connect('')
    cursor = connection.cursor()
    cursor.execute('SELECT email FROM customers WHERE id = 1')
    print(cursor.fetchall())
'''


@promise
def a_connection_is_its_users_of_the_moment_when_it_was_made(cluster):
    since = cluster.mark()
    policy = POLICY + "  - { name: not-nobody, for: { user: nobody }, do: update, then: deny }\n"
    more = "cursor.execute('UPDATE plain SET id = id WHERE id = 1')\n"
    outcome = run(cluster, [PYTHON, '-c', BETWEEN + more], policy)
    equal(outcome.stdout, b"[('[redacted]',)]\n" * 2, outcome)
    check(b'InsufficientPrivilege' in outcome.stderr and b'not-nobody' in outcome.stderr, outcome)
    accounted(cluster, since, outcome.record)
    equal([e['user'] for e in intents(cluster, outcome.record) if 'customers' in e['statement']], ['root', 'nobody'], 'users')


@promise
def its_children_and_orphans_are_governed_too(cluster):
    since = cluster.mark()
    script = 'psql -XAtc "SELECT email FROM customers WHERE id = 1"; sh -c "(sleep 0.2; psql -XAtc SELECT\\ 1) &"; sleep 0.6'
    outcome = run(cluster, [*AS_NOBODY, 'sh', '-c', script], POLICY)
    equal((outcome.status, outcome.stdout, outcome.stderr), (0, b'[redacted]\n1\n', b''), outcome)
    accounted(cluster, since, outcome.record, least=4)


@promise
def it_finds_the_agent_across_a_pid_namespace(cluster):
    apart = ['unshare', '--pid', '--fork', '--mount-proc']
    if subprocess.run([*apart, 'true'], capture_output=True).returncode:
        return 'not tried: unshare is not allowed here'
    since = cluster.mark()
    # The leak sanitizer cannot work in unshare itself, whose children are in another namespace than it is.
    outcome = run(cluster, [*apart, *AS_NOBODY, *SELECT], POLICY,
                  environment={'ASAN_OPTIONS': cluster.environment['ASAN_OPTIONS'] + ':detect_leaks=0'})
    equal((outcome.status, outcome.stdout, outcome.stderr), (0, b'[redacted]\n', b''), outcome)
    accounted(cluster, since, outcome.record)
    return None


@promise
def a_listener_that_is_not_the_supervisor_is_not_believed(cluster):
    outcome = run(cluster, [*AS_NOBODY, *past_libc(['/usr/lib/postgresql/15/bin/psql', *SELECT[1:]], CHAPERONE_PEER='1 5')], POLICY)
    check(outcome.stdout == b'' and b'chaperone refused this' in outcome.stderr, outcome)
    settle(cluster, unheard=1)  # nobody was there who could have recorded the refusal


class Sleeper:
    """A run whose program does nothing, and what its environment tells."""

    def __init__(self, cluster, command=(*AS_NOBODY, 'sleep', '30')):
        self.running = start(cluster, command, POLICY)
        self.pid = wait_until(self.running.child, what='the program')
        wait_until(lambda: b'CHAPERONE_SOCKET' in open(f'/proc/{self.pid}/environ', 'rb').read(), what='its environment')
        with open(f'/proc/{self.pid}/environ', 'rb') as file:
            variables = dict(word.decode().split('=', 1) for word in file.read().split(b'\0') if b'=' in word)
        self.variables = {name: value for name, value in variables.items() if name.startswith('CHAPERONE_')}
        self.socket = self.variables['CHAPERONE_SOCKET']

    def end(self):
        os.kill(self.pid, signal.SIGTERM)
        return self.running.end()


STRANGER = f'''
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.settimeout(5)
s.connect(sys.argv[1])
try:
    s.send({SAY_HELLO!r})
    print('heard', len(s.recv(65536)))
except OSError:
    print('heard 0')
'''


@promise
def a_member_that_says_the_same_is_heard(cluster):
    script = cluster.write('stranger.py', STRANGER)
    outcome = run(cluster, [*AS_NOBODY, 'sh', '-c', f'{PYTHON} {script} $CHAPERONE_SOCKET'], POLICY)
    check(re.fullmatch(rb'heard [1-9]\d+\n', outcome.stdout), outcome)


@promise
def a_stranger_of_that_user_is_turned_away_and_noted(cluster):
    sleeper = Sleeper(cluster)
    script = cluster.write('stranger.py', STRANGER)
    with subprocess.Popen([*AS_NOBODY, PYTHON, script, sleeper.socket], stdout=subprocess.PIPE) as stranger:
        equal(stranger.communicate()[0], b'heard 0\n', 'what a stranger hears')
    since = cluster.mark()
    imitator = run(cluster, [*AS_NOBODY, *SELECT], environment={**sleeper.variables, 'LD_PRELOAD': SHIM})
    check(imitator.stdout == b'' and b'chaperone refused this' in imitator.stderr, imitator)
    check(not any('customers' in s.text and 'RAISE' not in s.text for s in cluster.statements(since)), 'it was sent')
    outcome = sleeper.end()
    said = notes(cluster, outcome.record)
    check(f'a stranger was turned away: process {stranger.pid} of user {NOBODY}' in said, said)
    check(any('more strangers were turned away' in note for note in said), said)
    equal(intents(cluster, outcome.record), [], 'statements of strangers')


@promise
def a_library_that_others_cannot_reach_is_said_on_the_record(cluster):
    tree, policy = cluster.path('hidden'), cluster.write('shop.yaml', POLICY)
    for source in (CHAPERONE, SHIM):
        copy = os.path.join(tree, *source.split('/')[-3 if source == CHAPERONE else -2:])
        os.makedirs(os.path.dirname(copy))
        shutil.copy(source, copy)
    for mode, expected in ((0o755, False), (0o700, True)):
        os.chmod(tree, mode)
        record = cluster.path(f'record-hidden-{mode}')
        run(cluster, [tree + '/tools/chaperone/chaperone', 'run', '--policy', policy, '--record', record, '--', 'true'])
        equal(any('will not be governed' in note and tree in note for note in notes(cluster, record)), expected, oct(mode))


@promise
def nothing_but_the_socket_is_open_to_others(cluster):
    asked = cluster.path('asked')
    sleeper = Sleeper(cluster, ['sh', '-c', f'{" ".join(AS_NOBODY)} psql -XAtc "SELECT 1"; : > {asked}; exec sleep 30'])
    folder = f"{cluster.folder}/home/chaperone/run-{sleeper.variables['CHAPERONE_RUN']}"
    wait_until(lambda: os.path.exists(asked), what='the end of psql')
    equal([oct(stat.S_IMODE(os.stat(path).st_mode)) for path in (folder, sleeper.socket)], ['0o700', '0o666'], 'modes')
    above = os.stat(os.path.dirname(sleeper.socket))
    equal((above.st_uid, above.st_mode & 0o022), (0, 0), 'the folder of the socket')
    equal({oct(stat.S_IMODE(os.stat(f'{folder}/{name}').st_mode)) for name in os.listdir(folder)}, {'0o600'}, 'the rings')
    sleeper.end()
    check(not os.path.exists(sleeper.socket) and not os.path.exists(folder), 'something is left')


@promise
def an_agent_that_dies_is_replaced_for_it(cluster):
    since = cluster.mark()
    script = 'psql -XAtc "SELECT 1"; read go; psql -XAtc "SELECT email FROM customers WHERE id = 1"'
    running = start(cluster, [*AS_NOBODY, 'sh', '-c', script], POLICY)
    equal(running.process.stdout.readline(), b'1\n', 'before')
    agent = running.agent()
    os.kill(agent, signal.SIGKILL)
    wait_until(lambda: not is_running(agent), what='its end')
    outcome = running.end(b'go\n')
    equal((outcome.status, outcome.stdout), (0, b'[redacted]\n'), outcome)
    accounted(cluster, since, outcome.record)


@promise
def where_others_may_write_the_socket_stays_in_the_private_folder(cluster):
    if subprocess.run(['unshare', '--mount', 'true'], capture_output=True).returncode:
        return 'not tried: unshare is not allowed here'
    policy = cluster.write('shop.yaml', POLICY)
    for number, options in enumerate(('mode=1777', 'mode=700', 'mode=755,ro')):
        inside = (f'mount -t tmpfs -o {options} none /run && exec {CHAPERONE} run --policy {policy} --record '
                  f'{cluster.path("elsewhere")}-{number} -- sh -c \'echo $CHAPERONE_SOCKET; psql -XAtc "SELECT 1"; '
                  f'exec {" ".join(AS_NOBODY)} psql -XAtc "SELECT 2"\'')
        outcome = run(cluster, ['unshare', '--mount', 'sh', '-c', inside])
        path, answer, *more = outcome.stdout.decode().splitlines()
        check(path.startswith(cluster.folder + '/home/chaperone/run-'), outcome)
        equal((answer, more), ('1', []), 'statements of root and of nobody')
        check(b'chaperone refused this' in outcome.stderr, outcome)
    return None


FLOOD = f'''
import os, socket, sys
for _ in range(40):
    if os.fork() > 0:
        os.wait()
        os._exit(0)
for _ in range(3):
    if os.fork() == 0:
        break
while True:
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    try:
        s.connect(sys.argv[1])
        s.send({SAY_HELLO!r})
    except ConnectionError:
        pass
    except OSError:
        sys.exit()
    s.close()
'''


@promise
def a_flood_of_strangers_blocks_nobody_and_fills_no_record(cluster):
    sleeper = Sleeper(cluster, [*AS_NOBODY, 'sh', '-c', 'while read sql; do psql -XAtc "$sql"; done'])
    script = cluster.write('flood.py', FLOOD)
    program = sleeper.running.process
    with subprocess.Popen([*AS_DAEMON, PYTHON, script, sleeper.socket], start_new_session=True) as flood:
        time.sleep(0.3)
        durations = []
        for i in range(8):
            begun = time.monotonic()
            program.stdin.write(f'SELECT {i} * 2\n'.encode())
            program.stdin.flush()
            equal(program.stdout.readline(), f'{i * 2}\n'.encode(), 'an answer')
            durations.append(time.monotonic() - begun)
        os.killpg(flood.pid, signal.SIGKILL)
    outcome = sleeper.running.end()
    equal((outcome.status, outcome.stderr), (0, b''), outcome)
    said = [note for note in notes(cluster, outcome.record) if 'stranger' in note]
    turned_away = sum(int(note.split()[0]) if 'more' in note else 1 for note in said)
    check(turned_away > 500, said)
    check(len(said) <= 2 * (sum(durations) + 3), said)
    return f'{turned_away} strangers; psql took {max(durations):.2f} s at most'


CROWD = f'''
import socket, sys
held = []
for _ in range(200):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.setblocking(False)
    try:
        s.connect(sys.argv[1])
    except BlockingIOError:
        print('full', flush=True)
        break
    held.append(s)
sys.stdin.read()
'''


@promise
def a_crowd_of_strangers_at_a_stopped_agent_ends_in_a_refusal_in_time(cluster):
    sleeper = Sleeper(cluster, [*AS_NOBODY, 'sh', '-c', 'read go; psql -XAtc "SELECT 1"; echo over'])
    script = cluster.write('crowd.py', CROWD)
    program = sleeper.running.process
    agent = sleeper.running.agent()
    os.kill(agent, signal.SIGSTOP)
    try:
        with subprocess.Popen([*AS_DAEMON, PYTHON, script, sleeper.socket], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as crowd:
            equal(crowd.stdout.readline(), b'full\n', 'the queue')
            program.stdin.write(b'go\n')
            program.stdin.flush()
            is_over = bool(select.select([program.stdout], [], [], 6)[0])
            crowd.stdin.close()
    finally:
        os.kill(agent, signal.SIGCONT)
    outcome = sleeper.running.end()
    check(is_over and outcome.stdout == b'over\n' and b'chaperone refused this' in outcome.stderr, outcome)
    settle(cluster, unheard=1)  # the agent was stopped


def fork_with(pid):
    """A command for a shell: the next child gets this number, if nobody else is quicker."""
    return f'echo {pid - 1} > {NEXT_PID}; sleep 8 & echo $!; read done; kill $!\n'


HOLDER = f'''
import os, socket, sys
if os.fork() == 0:
    os.setgid(1)
    os.setuid(1)
    s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    s.settimeout(5)
    s.connect(sys.argv[1])
    s.send({SAY_HELLO!r})
    number = os.getpid()
    if os.fork() > 0:
        os._exit(0)
    os.write(1, b'%d\\n' % number)
    try:
        heard = s.recv(65536)
    except ConnectionError:
        heard = b''
    os.write(1, b'heard %d\\n' % len(heard))
    os._exit(0)
os.wait()
sys.stdin.read()
'''


def try_with_a_used_number(sleeper, script, agent):
    """What the stranger heard, or None when another process got the number."""
    os.kill(agent, signal.SIGSTOP)
    try:
        with subprocess.Popen([PYTHON, script, sleeper.socket], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
            number = int(holder.stdout.readline())
            wait_until(lambda: not os.path.exists(f'/proc/{number}'), what='the end of who connected')
            program = sleeper.running.process
            program.stdin.write(fork_with(number).encode())
            program.stdin.flush()
            got = int(program.stdout.readline())
            os.kill(agent, signal.SIGCONT)
            heard = holder.stdout.readline()
            program.stdin.write(b'done\n')
            holder.stdin.close()
        return heard if got == number else None
    finally:
        os.kill(agent, signal.SIGCONT)


@promise
def a_members_number_in_another_users_place_opens_nothing(cluster):
    try:
        with open(NEXT_PID, 'r+') as file:
            file.write(file.read())
    except OSError as error:
        return f'not tried: {error}'
    sleeper = Sleeper(cluster, ['sh'])
    script = cluster.write('holder.py', HOLDER)
    agent = sleeper.running.agent()
    heard = next((said for said in (try_with_a_used_number(sleeper, script, agent) for _ in range(20)) if said), None)
    outcome = sleeper.running.end()
    if heard is None:
        return 'not tried: no process could be given the number of another'
    equal(heard, b'heard 0\n', 'what the stranger heard')
    check(any('stranger was turned away' in note and 'of user 1' in note for note in notes(cluster, outcome.record)),
          notes(cluster, outcome.record))
    return None


MEDDLER = f'''
import os, socket, struct, sys
number = int(sys.stdin.readline())
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.settimeout(5)
s.connect(os.environ['CHAPERONE_SOCKET'])
s.send(struct.pack('<IHBBIIQ', {MAGIC}, {CLOSE}, 0, 0, 8, 0, number))
try:
    print('heard', len(s.recv(65536)), flush=True)
except OSError:
    print('heard 0', flush=True)
'''


@promise
def a_member_does_not_speak_for_another_process(cluster):
    script = cluster.write('meddler.py', MEDDLER)
    psql = ('mkfifo $HOME/in; psql -XAt < $HOME/in > $HOME/out & exec 3> $HOME/in; echo "SELECT 1;" >&3; '
            f'{" ".join(AS_NOBODY)} {PYTHON} {script}; echo "SELECT 2;" >&3; exec 3>&-; wait')
    running = start(cluster, ['sh', '-c', psql], POLICY)
    event = wait_until(lambda: os.path.isdir(running.record) and next(
        (e for e in intents(cluster, running.record) if e['statement'] == 'SELECT ?;'), None), what='a statement')
    outcome = running.end(f"{event['connection']}\n".encode())
    equal((outcome.status, outcome.stdout), (0, b'heard 0\n'), outcome)
    equal({e['connection'] for e in intents(cluster, outcome.record)}, {event['connection']}, 'connections')
    equal(open(cluster.folder + '/home/out').read(), '1\n2\n', 'what psql read')


if os.geteuid() != 0:
    print('skipped: only root can give up a user id')
    sys.exit(SKIP)
main(SCHEMA)
