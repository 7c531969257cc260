# SPDX-License-Identifier: MIT
"""A throw-away cluster with canaries in it, and programs that take steps on it, with and without the shim."""
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

from accounts import balance, read_statements

HERE = pathlib.Path(__file__).resolve().parent
CHAPERONE = os.environ.get('CHAPERONE', '')
CALLS = os.environ.get('REDTEAM_CALLS', '')
PYTHON = '/usr/bin/python3'  # Debian's, which has python3-psycopg2
POSTGRES = pathlib.Path('/usr/lib/postgresql/15/bin')
NEEDED = (POSTGRES / 'initdb', pathlib.Path('/usr/bin/psql'),
          pathlib.Path('/usr/lib/python3/dist-packages/psycopg2/__init__.py'))
SKIP = 77
DEADLINE_SECONDS = 60

SETTINGS = '''
listen_addresses = ''
fsync = off
max_connections = 500
shared_buffers = 64MB
log_statement = all
log_min_duration_statement = 0
log_parameter_max_length = 0
log_parameter_max_length_on_error = 0
log_destination = jsonlog
logging_collector = on
log_directory = '{folder}'
log_filename = 'statements'
log_rotation_age = 0
log_rotation_size = 0
log_file_mode = 0644
autovacuum = off
max_prepared_transactions = 5
'''


class Cluster:
    def __init__(self, folder):
        self.folder = folder
        self.records = []  # of every governed program
        self.port = str(21000 + os.getpid() % 20000)
        self.as_server = []
        self.environment = {'PATH': '/usr/bin:/bin', 'HOME': str(folder / 'home'), 'LC_ALL': 'C.UTF-8', 'PGHOST':
                            str(folder / 'server'), 'PGPORT': self.port, 'PGUSER': 'postgres', 'PGDATABASE': 'lab',
                            'XDG_RUNTIME_DIR': str(folder / 'home'), 'PYTHONDONTWRITEBYTECODE': '1'}
        for name in ('server', 'home'):
            (folder / name).mkdir()
        folder.chmod(0o755)
        if os.geteuid() == 0:
            self.as_server = ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups']
            shutil.chown(folder / 'server', 'nobody', 'nogroup')

    def _server(self, *words, **options):
        return subprocess.run([*self.as_server, *map(str, words)], cwd=self.folder, env=self.environment,
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True, **options)

    def start(self):
        data = self.folder / 'server/data'
        self._server(POSTGRES / 'initdb', '-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync', '-E', 'UTF8')
        (data / 'postgresql.auto.conf').write_text(SETTINGS.format(folder=self.folder / 'server'))
        self._server(POSTGRES / 'pg_ctl', '-D', data, '-w', '-s', '-l', self.folder / 'server/start.log', '-o',
                     f'-p {self.port} -k {self.folder}/server', 'start')

    def stop(self):
        self._server(POSTGRES / 'pg_ctl', '-D', self.folder / 'server/data', '-s', '-m', 'immediate', 'stop')

    def sql(self, text, database='lab'):
        done = subprocess.run(['psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', database, '-f', '-'], input=text,
                              env={**self.environment, 'PGAPPNAME': 'bystander'}, text=True, capture_output=True,
                              check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def log(self):
        return (self.folder / 'server/statements.json').read_text(errors='replace')

    def sent(self):
        """What the server logged of governed programs, all of which have ended."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while self.sql("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'") != '1\n':
            assert time.monotonic() < deadline, 'sessions did not end'
        mark = f'marked at {time.monotonic_ns()}'
        self.sql(f'SELECT $${mark}$$')
        while mark not in self.log():
            assert time.monotonic() < deadline, 'the log has no end'
        entries = map(json.loads, self.log().splitlines())
        return read_statements([entry for entry in entries if entry.get('backend_type') == 'client backend' and
                                entry.get('application_name') != 'bystander'])

    def recorded(self):
        """The intents of all governed programs."""
        events = []
        for record in self.records:
            done = subprocess.run([CHAPERONE, 'audit', 'list', '--record', str(record), '--json', '--limit', '1000000'],
                                  env=self.environment, capture_output=True, text=True, check=True)
            events += map(json.loads, done.stdout.splitlines())
        return [event for event in events if event['kind'] == 'statement']

    def settle(self):
        """Holds what the server logged against all records; returns how many statements that were."""
        sent = self.sent()
        balance(sent, self.recorded())
        return len(sent)


@contextlib.contextmanager
def cluster():
    missing = [str(path) for path in NEEDED if not path.exists()]
    if missing:
        print('skipped: not installed:', *missing)
        sys.exit(SKIP)
    with tempfile.TemporaryDirectory(prefix='chaperone-redteam-') as name:
        server = Cluster(pathlib.Path(name))
        server.start()
        try:
            server.sql('CREATE ROLE agent LOGIN', 'postgres')
            server.sql('CREATE DATABASE seed', 'postgres')
            server.sql((HERE / 'setup.sql').read_text(), 'seed')
            server.sql('CREATE DATABASE lab TEMPLATE seed; GRANT CREATE ON DATABASE lab TO agent', 'postgres')
            yield server
        finally:
            server.stop()


def environment_of(server, policy):
    """No count includes what nobody governs."""
    return server.environment if policy else {**server.environment, 'PGAPPNAME': 'bystander'}


def governed(server, command, policy, *, record=None, options=()):
    """The command's words, with the shim around them when there is a policy."""
    if not policy:
        return list(map(str, command))
    server.serial = getattr(server, 'serial', 0) + 1
    record = record or server.folder / f'record-{server.serial}'
    server.records.append(record)
    return [CHAPERONE, 'run', '--policy', str(policy), '--record', str(record), *options, '--', *map(str, command)]


class Stepper:
    """A program that takes one step at a time."""

    def __init__(self, server, command, policy, **options):
        self.process = subprocess.Popen(governed(server, command, policy, **options),
                                        env=environment_of(server, policy), cwd=server.folder,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def step(self, *words):
        line = '\t'.join(words).replace('\n', '\x1f') + '\n'
        self.process.stdin.write(line.encode('utf-8', 'surrogateescape'))
        self.process.stdin.flush()
        seen = []
        while True:
            got = self.process.stdout.readline().decode('utf-8', 'surrogateescape')
            if not got:
                return ''.join(seen) + '\n(the program ended)\n'
            if got == '--done--\n':
                return ''.join(seen)
            seen.append(got)

    def end(self):
        self.process.stdin.close()
        self.process.stdout.read()
        return self.process.wait(DEADLINE_SECONDS)


def run(server, command, policy=None, text='', environment=None, seconds=DEADLINE_SECONDS, **options):
    """Runs to the end: (exit status, stdout, stderr)."""
    done = subprocess.run(governed(server, command, policy, **options),
                          env={**environment_of(server, policy), **(environment or {})}, cwd=server.folder,
                          input=text.encode(), capture_output=True, timeout=seconds, check=False)
    return done.returncode, done.stdout.decode(errors='replace'), done.stderr.decode(errors='replace')
