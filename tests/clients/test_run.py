# SPDX-License-Identifier: MIT
"""`chaperone run` is its command's parent in every respect that the command, a shell or a terminal can see."""
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import termios
import time

from harness import (ALLOW_EVERYTHING, CHAPERONE, PYTHON, SHIM, accounted, chaperone, check, children, equal, main, name_of, past_libc,
                     promise, run, settle, start, wait_until)
from shop import POLICY, SCHEMA


@promise
def exit_codes_are_the_commands_own_or_chaperones(cluster):
    for command, status in ((['true'], 0), (['false'], 1), (['sh', '-c', 'exit 77'], 77), (['sh', '-c', 'exit 255'], 255),
                            (['sh', '-c', 'kill -TERM $$'], 143), (['sh', '-c', 'kill -KILL $$'], 137),
                            (['sh', '-c', 'kill -SEGV $$'], 139), (['/nonexistent'], 127), (['no-such-program'], 127),
                            ([cluster.write('plain-file', 'no program')], 126), (['/tmp'], 126)):
        outcome = run(cluster, command, ALLOW_EVERYTHING)
        equal(outcome.status, status, f'status of {command}: {outcome}')
        equal(outcome.stdout, b'', f'stdout of {command}')
        if status in (126, 127):
            check(outcome.stderr.startswith(b'chaperone: ' + command[0].encode()), outcome)
    for arguments in (['run'], ['run', '--nonsense', '--', 'true'], ['run', '--policy'], ['run', '--policy', '/nonexistent', '--', 'true']):
        result = chaperone(cluster, *arguments)
        equal((result.returncode, result.stdout), (125, ''), f'{arguments}: {result}')
        check(result.stderr, f'{arguments} said nothing')


WRONG = {
    'an unknown key': ('version: 1\nname: a\nrules:\n  - name: x\n    wen: everyone\n    then: deny\n', r':5:5'),
    'a duplicate key': ('version: 1\nname: a\nname: b\nrules: []\n', r':3:1'),
    'an undefined name': ('version: 1\nname: a\nrules:\n  - name: x\n    for: nobody\n    then: deny\n', r':5:\d+'),
    'no YAML': ('version: [1\n', r':\d+:\d+'),
    'nothing': ('', ''),
    'a limit, which nothing enforces yet': (
        ALLOW_EVERYTHING.replace('rules: []', 'rules:\n  - name: x\n    for: everyone\n    do: select\n    limit: { rows: 5 }\n'), r':9:\d+.*limit'),
    'an approval, which nothing enforces yet': (
        ALLOW_EVERYTHING.replace('rules: []', 'people:\n  dba: { group: dba }\nrules:\n  - name: x\n    for: everyone\n    do: drop\n'
                                 '    then: approve\n    approve: { by: dba }\n'), r':\d+:\d+.*appro'),
}


@promise
def a_wrong_policy_starts_nothing_and_its_place_is_named(cluster):
    for what, (policy, place) in WRONG.items():
        outcome = run(cluster, ['touch', cluster.path('started')], policy)
        equal((outcome.status, outcome.stdout), (125, b''), f'{what}: {outcome}')
        said = outcome.stderr.decode()
        check(re.search(r'policy-\d+\.yaml' + place, said), f'{what}: {said}')
        check(said.count('\n') == 1 and said.startswith('chaperone: '), f'{what}: {said}')
        check(not os.path.exists(cluster.path('started')), 'the command ran')
        check(not os.path.exists(outcome.record) or not os.listdir(outcome.record), 'a record was begun')


@promise
def a_damaged_shim_starts_nothing(cluster):
    tree = cluster.path('tree')
    for folder in ('tools/chaperone', 'shim'):
        os.makedirs(os.path.join(tree, folder))
    copy, shim = os.path.join(tree, 'tools/chaperone/chaperone'), os.path.join(tree, 'shim/libchaperone.so')
    shutil.copy(CHAPERONE, copy)
    policy = cluster.write('open.yaml', ALLOW_EVERYTHING)

    def attempt():
        return subprocess.run([copy, 'run', '--policy', policy, '--record', cluster.path('r'), '--', 'echo', 'started'], text=True,
                              env=cluster.environment, capture_output=True)
    whole = open(SHIM, 'rb').read()
    for what, content, mode in (('missing', None, 0), ('empty', b'', 0o644), ('cut', whole[:len(whole) // 2], 0o644),
                                ('cut short', whole[:-100], 0o644), ('text', b'#!/bin/sh\n' * 999, 0o644),
                                ('of another machine', whole[:18] + bytes([whole[18] ^ 0xff]) + whole[19:], 0o644),
                                ('private', whole, 0o600)):
        if content is not None:
            with open(shim, 'wb') as file:
                file.write(content)
            os.chmod(shim, mode)
        result = attempt()
        equal((result.returncode, result.stdout), (125, ''), f'{what}: {result}')
        check('libchaperone.so' in result.stderr, f'{what}: {result.stderr}')
    os.chmod(shim, 0o644)
    equal(attempt().stdout, 'started\n', 'with a whole shim')


@promise
def an_agent_that_cannot_start_starts_nothing(cluster):
    file = cluster.write('a-file', '')
    outcome = run(cluster, ['touch', cluster.path('started')], ALLOW_EVERYTHING, record=file)
    equal((outcome.status, outcome.stdout), (125, b''), f'{outcome}')
    check(b'a-file' in outcome.stderr and not os.path.exists(cluster.path('started')), outcome)
    if os.geteuid() == 0:
        return 'the path of the socket was not tried: root has its own place for it'
    outcome = run(cluster, ['touch', cluster.path('started')], ALLOW_EVERYTHING,
                  environment={'XDG_RUNTIME_DIR': cluster.folder + '/' + 'long' * 40})
    equal(outcome.status, 125, f'a socket path that is too long: {outcome}')
    check(not os.path.exists(cluster.path('started')), 'the command ran')
    return None


@promise
def signals_sent_to_the_supervisor_reach_the_command(cluster):
    script = 'trap "echo got $1" $1; trap "" TSTP; for s in $1; do trap "echo got $s" $s; done; echo ready; while :; do sleep 0.05; done'
    for name in ('TERM', 'HUP', 'USR1', 'USR2', 'INT', 'QUIT'):
        running = start(cluster, ['bash', '-c', script.replace('$1', name)], ALLOW_EVERYTHING)
        equal(running.process.stdout.readline(), b'ready\n', 'start')
        running.process.send_signal(getattr(signal, 'SIG' + name))
        equal(running.process.stdout.readline(), f'got {name}\n'.encode(), name)
        os.kill(running.child(), signal.SIGKILL)
        equal(running.end().status, 137, name)
    running = start(cluster, ['sleep', '60'], ALLOW_EVERYTHING)
    running.child()
    running.process.terminate()
    equal(running.end().status, 143, 'a command without a handler')


class Terminal:
    """A shell with job control on a terminal of its own."""

    def __init__(self, cluster):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve('/bin/bash', ['bash', '--norc', '--noprofile', '-i'], {**cluster.environment, 'PS1': 'shell> ', 'TERM': 'dumb', 'PAGER': 'cat'})
        self.text = ''
        attributes = termios.tcgetattr(self.fd)
        attributes[3] &= ~termios.ECHO
        termios.tcsetattr(self.fd, termios.TCSANOW, attributes)

    def read(self, pattern, seconds=10):
        deadline = time.monotonic() + seconds
        while not (match := re.search(pattern, self.text, re.S)):
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                raise AssertionError(f'{pattern!r} did not come: {self.text!r}')
            self.text += os.read(self.fd, 65536).decode('utf-8', 'replace')
        before, self.text = self.text[:match.end()], self.text[match.end():]
        return before

    def type(self, text):
        os.write(self.fd, text.encode())

    def close(self):
        os.close(self.fd)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)


@promise
def a_terminal_sees_one_start_line_and_one_end_line(cluster):
    policy = cluster.write('shop.yaml', POLICY)
    terminal = Terminal(cluster)
    try:
        terminal.read('shell> ')
        terminal.type(f'{CHAPERONE} run --policy {policy} --record {cluster.new_record()} -- psql -XAtc "SELECT email FROM customers"'
                      ' -c "DROP TABLE orders"; echo status=$?\n')
        said = terminal.read(r'status=\d+')
        check(re.search(r'chaperone: shop\S* · psql \(libpq \d+\) governed · record \w+…', said), said)
        check(re.search(r'chaperone: 3 statements, 1 refused, 2 cells masked · head \w+', said), said)
        check('status=1' in said and said.count('chaperone: ') == 2, said)
        terminal.type(f'{CHAPERONE} run --quiet --policy {policy} --record {cluster.new_record()} -- echo hello; echo status=$?\n')
        check('chaperone' not in terminal.read(r'status=\d+').replace(CHAPERONE, ''), 'a quiet run')
    finally:
        terminal.close()


@promise
def ctrl_c_reaches_the_command_once(cluster):
    policy = cluster.write('open.yaml', ALLOW_EVERYTHING)
    script = cluster.write('count.py', 'import signal, time\ncount = 0\ndef on(*_):\n    global count\n    count += 1\n'
                           'signal.signal(signal.SIGINT, on)\nprint("ready", flush=True)\nend = time.time() + 1.5\n'
                           'while time.time() < end: time.sleep(0.1)\nprint("interrupts:", count)\n')
    terminal = Terminal(cluster)
    try:
        terminal.read('shell> ')
        terminal.type(f'{CHAPERONE} run --quiet --policy {policy} --record {cluster.new_record()} -- {PYTHON} {script}; echo status=$?\n')
        terminal.read('ready')
        terminal.type('\x03')
        check('interrupts: 1\r' in terminal.read(r'status=\d+'), 'one interrupt')
    finally:
        terminal.close()


@promise
def ctrl_c_cancels_a_statement_of_psql(cluster):
    policy = cluster.write('shop.yaml', POLICY.replace('do: call', 'do: call\n    functions: [nothing]'))
    terminal = Terminal(cluster)
    try:
        terminal.read('shell> ')
        terminal.type(f'{CHAPERONE} run --quiet --policy {policy} --record {cluster.new_record()} -- psql -X\n')
        terminal.read('shop=# ')
        terminal.type("SELECT count(*) FROM plain a, plain b, plain c, plain d, plain e;\n")
        time.sleep(0.5)
        terminal.type('\x03')
        terminal.read('canceling statement due to user request')
        terminal.type('SELECT 1 + 41;\n')
        terminal.read('42')
        terminal.type('\\q\n')
        terminal.read('shell> ')
    finally:
        terminal.close()


@promise
def ctrl_z_stops_the_job_and_fg_resumes_it(cluster):
    policy = cluster.write('open.yaml', ALLOW_EVERYTHING)
    terminal = Terminal(cluster)
    try:
        terminal.read('shell> ')
        terminal.type(f'{CHAPERONE} run --quiet --policy {policy} --record {cluster.new_record()} -- psql -XAt\n')
        terminal.type("SELECT 'fir' || 'st';\n")
        terminal.read('first')
        terminal.type('\x1a')
        terminal.read('Stopped')
        terminal.read('shell> ')
        terminal.type("echo in the sh''ell\n")
        terminal.read('in the shell')
        terminal.type('fg\n')
        terminal.type("SELECT 'sec' || 'ond';\n")
        terminal.read('second')
        terminal.type('\\q\n')
        terminal.read('shell> ')
        terminal.type('echo status=$?\n')
        check('status=0' in terminal.read(r'status=\d+'), 'the status behind fg')
    finally:
        terminal.close()


@promise
def orphans_are_reaped_and_still_served(cluster):
    since = cluster.mark()
    script = '(sleep 0.3; psql -XAtc "SELECT 1" > $HOME/orphan) & sleep 0.05; (setsid sleep 0.1 &) ; sleep 0.8; exit 5'
    running = start(cluster, ['sh', '-c', script], POLICY)
    outcome = running.end()
    equal(outcome.status, 5, f'{outcome}')
    equal(open(cluster.folder + '/home/orphan').read(), '1\n', 'what the orphan read')
    accounted(cluster, since, outcome.record)
    running = start(cluster, ['sh', '-c', 'for i in 1 2 3 4 5; do (sleep 0.1 &); done; sleep 1'], ALLOW_EVERYTHING)
    time.sleep(0.6)
    zombies = [pid for pid in children(running.process.pid) if open(f'/proc/{pid}/stat').read().split(') ')[1][0] == 'Z']
    running.end()
    equal(zombies, [], 'zombies')


@promise
def it_works_as_the_first_process_of_a_container(cluster):
    tried = subprocess.run(['unshare', '--pid', '--fork', '--mount-proc', 'true'], capture_output=True)
    if tried.returncode:
        return 'not tried: unshare is not allowed here'
    policy = cluster.write('shop.yaml', POLICY)
    since = cluster.mark()
    record = cluster.path('record-container')
    outcome = run(cluster, ['unshare', '--pid', '--fork', '--mount-proc', CHAPERONE, 'run', '--policy', policy, '--record', record, '--', 'sh',
                            '-c', 'psql -XAtc "SELECT email FROM customers WHERE id = 1"; (sleep 0.1 &); exit 9'])
    equal((outcome.status, outcome.stdout), (9, b'[redacted]\n'), f'{outcome}')
    accounted(cluster, since, record)
    return None


@promise
def a_run_inside_a_run_cannot_loosen_it(cluster):
    allow = cluster.write('allow.yaml', ALLOW_EVERYTHING)
    since = cluster.mark()
    outcome = run(cluster, [CHAPERONE, 'run', '--policy', allow, '--record', cluster.path('inner'), '--', 'psql', '-XAtc',
                            'SELECT email FROM customers WHERE id = 1'], POLICY)
    equal((outcome.status, outcome.stdout), (0, b'[redacted]\n'), f'{outcome}')
    accounted(cluster, since, outcome.record)
    outcome = run(cluster, [CHAPERONE, 'run', '--policy', allow, '--', '/nonexistent'], POLICY)
    equal(outcome.status, 127, f'{outcome}')


@promise
def a_listener_that_is_not_the_supervisor_is_not_believed(cluster):
    """What is started through libc has the right supervisor again."""
    outcome = run(cluster, ['env', 'CHAPERONE_PEER=1 5', 'psql', '-XAtc', 'SELECT 1'], POLICY)
    equal(outcome.stdout, b'1\n', f'{outcome}')
    outcome = run(cluster, past_libc(['/usr/lib/postgresql/15/bin/psql', '-XAtc', 'SELECT 1'], CHAPERONE_PEER='1 5'), POLICY)
    check(b'42501' in outcome.stderr or b'does not answer' in outcome.stderr, f'{outcome}')
    equal(outcome.stdout, b'', f'{outcome}')
    settle(cluster, unheard=1)  # nobody was there who could have recorded the refusal


@promise
def nothing_is_left_behind(cluster):
    outcome = run(cluster, ['psql', '-XAtc', 'SELECT 1'], POLICY)
    left = os.listdir(cluster.folder + '/home/chaperone')
    equal(left, [], f'run folders of ended runs ({outcome})')
    mine = [pid for pid in os.listdir('/proc') if pid.isdigit() and name_of(pid).startswith('chaperone')
            and cluster.folder in open(f'/proc/{pid}/cmdline').read()]
    wait_until(lambda: not [pid for pid in mine if os.path.exists(f'/proc/{pid}')], 3, 'the end of all processes')


@promise
def a_program_that_clears_its_environment_stays_governed(cluster):
    keep = [f'{name}={cluster.environment[name]}' for name in ('PGHOST', 'PGPORT', 'PGUSER', 'PGDATABASE', 'HOME')]
    for command in (['env', '-i', *keep, 'psql', '-XAtc', 'SELECT email FROM customers WHERE id = 1'],
                    [PYTHON, '-c', 'import os, subprocess; e = {k: v for k, v in os.environ.items() if k.startswith("PG")}; '
                     'subprocess.run(["/usr/bin/psql", "-XAtc", "SELECT email FROM customers WHERE id = 1"], env=e)']):
        since = cluster.mark()
        outcome = run(cluster, command, POLICY)
        equal(outcome.stdout, b'[redacted]\n', f'{command}')
        accounted(cluster, since, outcome.record)


@promise
def a_program_that_dials_the_database_itself_is_refused(cluster):
    script = ('import os, socket; s = socket.socket(socket.AF_UNIX); '
              's.connect(os.environ["PGHOST"] + "/.s.PGSQL." + os.environ["PGPORT"]); print("connected")')
    outcome = run(cluster, [PYTHON, '-c', script], POLICY)
    check(b'connected' not in outcome.stdout and b'PermissionError' in outcome.stderr, outcome)


if sys.stdin is None or not os.path.exists('/dev/ptmx'):
    sys.exit('a terminal is needed: /dev/ptmx')
main(SCHEMA)
