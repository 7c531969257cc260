# SPDX-License-Identifier: MIT
"""A throw-away PostgreSQL cluster, programs run with and without the shim, and promises that are checked with them."""
import glob
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

from accounts import balance, read_statements

SKIP = 77
PYTHON = '/usr/bin/python3'  # Debian's, for which python3-psycopg2 is made
BUILD = os.environ.get('CHAPERONE_BUILD', os.path.join(os.path.dirname(__file__), '..', 'build'))
CHAPERONE = os.path.realpath(os.path.join(BUILD, 'tools', 'chaperone', 'chaperone'))
SHIM = os.path.realpath(os.path.join(BUILD, 'shim', 'libchaperone.so'))
AUDITOR = os.path.realpath(os.path.join(BUILD, 'shim', 'libchaperone-audit.so'))
LONG = os.environ.get('CHAPERONE_TEST_LONG') == '1'
POSTGRES = '/usr/lib/postgresql/15/bin'
# What programs use in place of Debian's libpq: that of this version which a wheel bundles, or the one in this folder.
LIBPQ = os.environ.get('CHAPERONE_TEST_LIBPQ')
NEEDED = {'postgresql-15': POSTGRES + '/initdb', 'postgresql-client-15': '/usr/bin/psql',
          'python3-psycopg2': '/usr/lib/python3/dist-packages/psycopg2/__init__.py'}

ALLOW_EVERYTHING = 'version: 1\nname: open\ndefault: allow\nunknown: allow\nrules: []\n'


def program(name):
    """A program of these tests, from the folders where meson builds them."""
    folders = os.environ.get('CHAPERONE_TEST_PROGRAMS', '').split(':')
    found = next((path for folder in folders if os.path.exists(path := os.path.join(folder, name))), None)
    if not found:
        print(f'skipped: {name} was not built, because Debian package libpq-dev is not installed')
        sys.exit(SKIP)
    return found


# A background job inherits ignored signals, and what is ignored stays so in every program started from here.
for _number in (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGTSTP):
    if signal.getsignal(_number) == signal.SIG_IGN:
        signal.signal(_number, signal.SIG_DFL)


def skip_without(packages):
    for package, path in packages.items():
        if not os.path.exists(path):
            print(f'skipped: Debian package {package} is not installed ({path})')
            sys.exit(SKIP)


def wait_until(condition, seconds=10.0, what='a condition'):
    """Returns the condition's first true value."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f'{what} did not come true in {seconds} s')
        time.sleep(0.005)


def equal(left, right, what):
    if left != right:
        raise AssertionError(f'{what} differ:\n  {left!r:.3000}\n  {right!r:.3000}')


def check(condition, what):
    if not condition:
        raise AssertionError(what if len(str(what)) < 6000 else str(what)[:6000] + '…')


class Cluster:
    """PostgreSQL 15 in a folder of its own, reached by its unix socket only; every statement is logged."""

    def __init__(self, schema=''):
        skip_without(NEEDED)
        self.folder = tempfile.mkdtemp(prefix='chp-', dir='/tmp')
        os.chmod(self.folder, 0o755)
        self.data = os.path.join(self.folder, 'pg')
        self.log = os.path.join(self.folder, 'log', 'log.json')
        self.looked_at = 0
        self.serials = itertools.count(1)  # threads may ask at once
        self.records = {}  # what governed programs write, and how many intents of it were counted
        self.settled, self.without = 0, []  # parts of the log in which a program that nobody governs was alone
        for name in ('pg', 'log', 'socket', 'home'):
            os.mkdir(os.path.join(self.folder, name))
        self.as_server = []
        if os.geteuid() == 0:
            self.as_server = ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups']
            for name in ('pg', 'log', 'socket'):
                shutil.chown(os.path.join(self.folder, name), 'nobody', 'nogroup')
        os.chmod(os.path.join(self.folder, 'pg'), 0o700)
        self.port = str(20000 + os.getpid() % 20000)
        self.environment = {
            'PATH': '/usr/bin:/bin:' + POSTGRES, 'HOME': self.folder + '/home', 'LC_ALL': 'C.UTF-8', 'TZ': 'UTC',
            'XDG_RUNTIME_DIR': self.folder + '/home', 'XDG_STATE_HOME': self.folder + '/home/state',
            'PGHOST': self.folder + '/socket', 'PGPORT': self.port, 'PGUSER': 'postgres', 'PGDATABASE': 'shop',
            'PYTHONDONTWRITEBYTECODE': '1', 'PYTHONPATH': os.path.dirname(os.path.abspath(__file__)),
            'ASAN_OPTIONS': 'verify_asan_link_order=0',
        }
        try:
            if LIBPQ:
                self.environment['LD_LIBRARY_PATH'] = self._other_libpq()
            self._start()
            self.sql('CREATE DATABASE shop', database='postgres')
            if schema:
                self.sql(schema)
            self._stand_by()
            self.forget()
        except BaseException:
            self.stop()
            raise

    def _other_libpq(self):
        from wheels import linkable_or_skip
        return linkable_or_skip(int(LIBPQ), self.path('libpq')) if LIBPQ.isdigit() else LIBPQ

    def _server(self, *command, **options):
        return subprocess.run(self.as_server + list(command), cwd=self.folder, check=True, env=self.environment,
                              stdin=subprocess.DEVNULL, **options)

    def _start(self):
        self._server(POSTGRES + '/initdb', '-D', self.data, '-U', 'postgres', '-A', 'trust', '--no-sync', '-E', 'UTF8',
                     '--no-instructions', stdout=subprocess.DEVNULL)
        settings = {
            'listen_addresses': '', 'unix_socket_directories': self.folder + '/socket', 'port': self.port,
            'fsync': 'off', 'max_connections': '60', 'logging_collector': 'on', 'log_destination': 'jsonlog',
            'log_directory': self.folder + '/log', 'log_filename': 'log', 'log_rotation_age': '0',
            'log_rotation_size': '0', 'log_statement': 'all', 'log_min_duration_statement': '0',
            'log_parameter_max_length': '0', 'log_parameter_max_length_on_error': '0', 'log_line_prefix': '%p %a ',
            'log_min_messages': 'warning', 'log_file_mode': '0644', 'shared_buffers': '32MB', 'autovacuum': 'off',
            'max_stack_depth': '6MB', 'timezone': 'UTC', 'lc_messages': 'C', 'log_truncate_on_rotation': 'off',
        }
        with open(self.folder + '/more.conf', 'w') as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        with subprocess.Popen(self.as_server + ['tee', '-a', self.data + '/postgresql.conf'], stdin=subprocess.PIPE,
                              stdout=subprocess.DEVNULL) as tee:
            tee.communicate(b"include '" + self.folder.encode() + b"/more.conf'\n")
        self.resume()

    def resume(self):
        self._server(POSTGRES + '/pg_ctl', '-D', self.data, '-w', '-t', '30', '-s', '-l', self.folder + '/log/start',
                     'start', stdout=subprocess.DEVNULL)

    def _stand_by(self):
        import psycopg2  # may be missing, which skips
        self.bystander = psycopg2.connect(host=self.environment['PGHOST'], port=self.port, user='postgres',
                                          dbname='postgres', application_name='bystander')
        self.bystander.autocommit = True

    def restart(self, settings):
        """Starts the server anew with these lines in its configuration."""
        with open(self.folder + '/more.conf', 'a') as file:
            file.write(settings)
        self._server(POSTGRES + '/pg_ctl', '-D', self.data, '-w', '-s', '-m', 'fast', '-l', self.folder + '/log/start',
                     'restart', stdout=subprocess.DEVNULL)
        self._stand_by()

    def pause(self):
        """Ends the server properly; its folder stays."""
        if os.path.exists(self.data + '/postmaster.pid'):
            self._server(POSTGRES + '/pg_ctl', '-D', self.data, '-w', '-s', '-m', 'fast', 'stop')

    def stop(self):
        try:
            if os.path.exists(self.data + '/postmaster.pid'):
                self._server(POSTGRES + '/pg_ctl', '-D', self.data, '-s', '-m', 'immediate', 'stop')
        finally:
            if os.environ.get('CHAPERONE_TEST_KEEP'):
                print('kept:', self.folder)
            else:
                shutil.rmtree(self.folder, ignore_errors=True)

    def sql(self, text, database='shop'):
        """Runs SQL as a bystander whom no count includes; returns unaligned tuples."""
        result = subprocess.run(['psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', database, '-f', '-'], input=text,
                                env={**self.environment, 'PGAPPNAME': 'bystander'}, text=True, capture_output=True)
        check(result.returncode == 0, result.stderr)
        return result.stdout

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, text):
        path = self.path(name)
        with open(path, 'w') as file:
            file.write(text)
        return path

    def ask(self, text):
        """One answer, for a bystander whom no count includes."""
        with self.bystander.cursor() as cursor:
            cursor.execute(text)
            return cursor.fetchone()[0]

    def mark(self):
        """A place in the server's log: what was sent before it is in front of it."""
        text = f'mark {next(self.serials)} of {os.getpid()}'
        self.ask(f"SELECT '{text}'")
        return wait_until(lambda: self._end_of_line(text.encode()), 10, 'the mark in the log')

    def _end_of_line(self, text):
        """Where the log's line with this text ends, looked for behind what was looked for before."""
        with open(self.log, 'rb') as file:
            file.seek(self.looked_at)
            lines = file.read()
        begin = lines.find(text)
        end = lines.find(b'\n', begin) if begin >= 0 else lines.rfind(b'\n')
        if end >= 0:
            self.looked_at += end + 1
        return self.looked_at if begin >= 0 and end >= 0 else 0

    def quiet(self):
        """Waits until the server has read all that programs sent which have ended, however they did."""
        wait_until(lambda: self.ask("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' "
                                    'AND pid <> pg_backend_pid()') == 0, 20, 'the end of all sessions')

    def statements(self, since):
        """All that clients sent since the mark."""
        return self.between(since, self.last_mark())

    def last_mark(self):
        """A mark behind all that programs sent which have ended; with others under way, behind what they sent so far."""
        if all(running.process.poll() is not None for running in Running.alive):
            self.quiet()
        return self.mark()

    def between(self, begin, end, without=()):
        """What clients sent between two marks, except in these parts of the log."""
        entries = []
        for left, entered in [*without, (end, end)]:
            entries += self._entries(begin, left)
            begin = entered
        return read_statements([entry for entry in entries if entry.get('backend_type') == 'client backend'])

    def _entries(self, begin, end):
        with open(self.log, 'rb') as file:
            file.seek(begin)
            lines = file.read(end - begin).decode('utf-8', 'backslashreplace').split('\n')
        return [json.loads(line) for line in lines if line and '"application_name":"bystander"' not in line]

    def governs(self, record):
        """Says that a program which is about to start writes this record, so that it is counted; returns its path."""
        self.records.setdefault(record, 0)
        return record

    def new_record(self):
        return self.governs(self.path(f'record-{next(self.serials)}'))

    def settle(self, end):
        """Returns all that was sent, and all that was recorded, since the last time."""
        sent, recorded = self.between(self.settled, end, self.without), []
        self.settled, self.without = end, []
        for record, counted in self.records.items():
            if glob.glob(record + '/*.rec'):
                events = intents(self, record)
                recorded += events[counted:]
                self.records[record] = len(events)
        return sent, recorded

    def forget(self):
        """Starts a new ledger, whatever the last one said."""
        self.records, self.settled, self.without = {}, self.last_mark(), []


class Outcome:
    """What a program did."""

    def __init__(self, process, stdout, stderr, record):
        self.status, self.stdout, self.stderr, self.record = process.returncode, stdout, stderr, record

    def __repr__(self):
        return f'status {self.status}\nstdout: {self.stdout}\nstderr: {self.stderr}'

    def seen(self):
        return (self.status, self.stdout, self.stderr)


class Running:
    """A program that was started, maybe governed."""
    alive = []

    def __init__(self, cluster, arguments, environment, record, **options):
        self.cluster, self.record, self.entered = cluster, record, None
        self.process = subprocess.Popen(arguments, env={**cluster.environment, **environment}, cwd=cluster.folder,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
        Running.alive.append(self)

    def kill(self):
        """Ends what a failed test left running."""
        for pid in [self.process.pid, *children(self.process.pid)] if self.process.poll() is None else []:
            kill(pid, signal.SIGKILL)
        self.process.wait()

    def end(self, given=None, seconds=120):
        try:
            stdout, stderr = self.process.communicate(given, timeout=seconds)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGQUIT)
            try:
                self.process.communicate(timeout=2)
            except subprocess.TimeoutExpired:
                self.process.kill()
            raise
        if self.entered is not None:
            self.cluster.without.append((self.entered, self.cluster.mark()))
        return Outcome(self.process, stdout, stderr, self.record)

    def agent(self):
        """The agent's pid, once there is one."""
        return wait_until(lambda: find_child(self.process.pid, 'chaperone-agent'), 10, 'the agent')

    def worker(self):
        return wait_until(lambda: next(iter(children(self.agent())), None), 10, 'the worker')

    def child(self):
        return wait_until(lambda: next((pid for pid in children(self.process.pid)
                                        if name_of(pid) not in ('chaperone-agent', 'chaperone')), None), 10, 'the child')


def kill(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass


def is_running(pid):
    """Whether a process is there and no zombie."""
    try:
        with open(f'/proc/{pid}/stat') as file:
            return file.read().rsplit(') ', 1)[1][0] not in 'ZX'
    except (FileNotFoundError, ProcessLookupError):
        return False


def children(pid):
    try:
        with open(f'/proc/{pid}/task/{pid}/children') as file:
            return [int(word) for word in file.read().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def name_of(pid):
    try:
        with open(f'/proc/{pid}/comm') as file:
            return file.read().strip()
    except (FileNotFoundError, ProcessLookupError):
        return ''


def find_child(pid, name):
    return next((child for child in children(pid) if name_of(child) == name), None)


def start(cluster, command, policy=None, options=(), environment=None, record=None, **popen):
    """Starts a program, governed when a policy is given."""
    popen.setdefault('stdin', subprocess.PIPE)
    if policy is None:
        entered = cluster.mark()
        running = Running(cluster, list(command), environment or {}, None, **popen)
        running.entered = entered
        return running
    record = cluster.governs(record) if record else cluster.new_record()
    path = policy if os.path.exists(policy) else cluster.write(f'policy-{next(cluster.serials)}.yaml', policy)
    arguments = [CHAPERONE, 'run', '--policy', path, '--record', record, *options, '--', *command]
    return Running(cluster, arguments, environment or {}, record, **popen)


def run(cluster, command, policy=None, given=b'', seconds=120, **options):
    given = given.encode() if isinstance(given, str) else given
    return start(cluster, command, policy, **options).end(given, seconds)


def chaperone(cluster, *arguments, **options):
    return subprocess.run([CHAPERONE, *arguments], env={**cluster.environment, **options.pop('environment', {})},
                          cwd=cluster.folder, text=True, capture_output=True, stdin=subprocess.DEVNULL, **options)


def record_events(cluster, record):
    """All events of a record, as `chaperone audit list` tells them."""
    result = chaperone(cluster, 'audit', 'list', '--record', record, '--json', '--limit', '1000000')
    check(result.returncode == 0, f'audit list: {result.returncode} {result.stderr}')
    return [json.loads(line) for line in result.stdout.splitlines()]


def intents(cluster, record):
    return [event for event in record_events(cluster, record) if event['kind'] == 'statement']


def notes(cluster, record):
    return [event['text'] for event in record_events(cluster, record) if event['kind'] == 'note']


def verified(cluster, record):
    """The report of a record that verifies."""
    result = chaperone(cluster, 'audit', 'verify', '--record', record, '--json')
    check(result.returncode == 0, f'audit verify: {result.returncode} {result.stdout} {result.stderr}')
    return json.loads(result.stdout)


def accounted(cluster, since, record, least=1, **exceptions):
    """What the server logged since the mark is what one record has intents for (accounts.balance); returns both."""
    sent, recorded = cluster.statements(since), intents(cluster, record)
    check(len(sent) >= least, f'the server saw {len(sent)} statements only')
    balance(sent, recorded, **exceptions)
    verified(cluster, record)
    return sent, recorded


def settle(cluster, **exceptions):
    """Holds all that governed programs sent since the last time against their records.  This is done behind every
    promise; one that knows of an exception (accounts.balance), or is about to spoil its record, does it itself."""
    sent, recorded = cluster.settle(cluster.last_mark())
    balance(sent, recorded, **exceptions)
    return sent, recorded


def past_libc(command, **changed):
    """The command that executes `command` with a changed environment by a system call of its own (execve: 59 on x86-64, 221
    on arm64), which no stand-in sees."""
    script = f'''
import ctypes, os
def texts(given):
    return (ctypes.c_char_p * (len(given) + 1))(*map(os.fsencode, given), None)
command, environment = {list(command)!r}, {{**os.environ, **{changed!r}}}
ctypes.CDLL(None).syscall(59 if os.uname().machine == 'x86_64' else 221, os.fsencode(command[0]), texts(command),
                          texts([f'{{name}}={{value}}' for name, value in environment.items()]))
os._exit(126)
'''
    return [PYTHON, '-c', script]


def both_ways(cluster, command, given=b'', least=1, like=bytes, environment=None, **exceptions):
    """Runs a program without the shim and under a policy that allows everything: it prints and says the same, as `like`
    shows it, and all that it sends is on its record.  Returns what was seen without the shim, and what the server got
    each time."""
    seen, sent = [], []
    for policy in (None, ALLOW_EVERYTHING):
        since = cluster.mark()
        outcome = run(cluster, command, policy, given, environment=environment)
        status = outcome.status if outcome.status >= 0 else 128 - outcome.status
        seen.append((status, like(outcome.stdout), like(outcome.stderr)))
        sent.append([s.key() for s in cluster.statements(since)])
        if policy:
            recorded = settle(cluster, **exceptions)[1]
            check(len(recorded) >= least, f'only {len(recorded)} intents')
            verified(cluster, outcome.record)
    for part, what in ((2, 'stderr'), (1, 'stdout'), (0, 'exit codes')):
        equal(*[s[part] for s in seen], what)
    return seen[0], sent


def transparent(cluster, command, given=b'', is_ordered=True, **options):
    """The same of a program that succeeds; and the server gets the same, with `is_ordered` in the same order.  Returns its
    output and what the server got."""
    (status, stdout, stderr), sent = both_ways(cluster, command, given, **options)
    equal(status, 0, stderr)
    equal(*(sent if is_ordered else map(sorted, sent)), 'server logs')
    return stdout, sent[0]


PROMISES = []


def promise(function=None, *, defect=None):
    """Registers a test; `defect` says what must change in the product before it can pass: it is then run by name only,
    and meson expects it to fail."""
    def register(function):
        PROMISES.append((function.__name__, function, defect))
        return function
    return register(function) if function else register


def main(schema='', with_cluster=True):
    """Runs the promises named as arguments, or all that are expected to hold."""
    names = sys.argv[1:]
    unknown = set(names) - {name for name, _, _ in PROMISES}
    if unknown:
        sys.exit(f'no such promise: {unknown}')
    chosen = [p for p in PROMISES if (p[0] in names if names else not p[2])]
    cluster = Cluster(schema) if with_cluster else None
    failed = 0
    try:
        for name, function, _ in chosen:
            begun = time.monotonic()
            try:
                said = function(cluster)
                if cluster:
                    settle(cluster)
                print(f'ok   {name} ({time.monotonic() - begun:.1f} s){": " + said if said else ""}', flush=True)
            except Exception:
                failed += 1
                print(f'FAIL {name}\n{traceback.format_exc()}', flush=True)
            for running in Running.alive:
                running.kill()
            Running.alive.clear()
            if cluster:
                cluster.forget()
    finally:
        if cluster:
            cluster.stop()
    print(f'{len(chosen) - failed} of {len(chosen)} promises hold')
    for name, _, defect in PROMISES:
        if defect and name not in names:
            print(f'     not run, waits for: {defect} ({name})')
    sys.exit(1 if failed else 0)
