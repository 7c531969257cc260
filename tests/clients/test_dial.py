# SPDX-License-Identifier: MIT
"""A database is dialled by governed clients alone: everything else is stopped at connect, with a line and a note."""
import contextlib
import importlib.util
import os
import socket
import subprocess

from dialled import REFUSED, UNGOVERNED, noted, path_of
from harness import (ALLOW_EVERYTHING, CHAPERONE, PYTHON, SHIM, accounted, both_ways, check, equal, main, notes, past_libc, program,
                     promise, run, settle, wait_until)
from shop import POLICY, SCHEMA, TRIAL

DIALS = program('dials')
COMPANION = program('libcompanion.so')
DIAL = 'import os, socket; s = socket.socket(socket.AF_UNIX); ' \
       's.connect(os.environ["PGHOST"] + "/.s.PGSQL." + os.environ["PGPORT"]); print("connected")'
NODE_MODULES = os.environ.get('NODE_PATH', '')


@contextlib.contextmanager
def listener():
    """A port of the loopback where somebody listens, and what it heard of connections."""
    with socket.socket() as server:
        server.bind(('127.0.0.1', 0))
        server.listen(16)
        server.settimeout(5)
        yield server


def named(port, policy=ALLOW_EVERYTHING, engine='mysql'):
    """The policy with a database at that port."""
    return policy.replace('rules:', 'databases:\n  other-shop: { engine: %s, hosts: ["127.0.0.1"], ports: [%d] }\nrules:' % (engine, port))


@promise
def a_bare_socket_is_refused_with_one_line_and_one_note(cluster):
    for policy in (POLICY, ALLOW_EVERYTHING):
        outcome = run(cluster, [PYTHON, '-c', DIAL], policy)
        check(b'connected' not in outcome.stdout and b'PermissionError: [Errno 13]' in outcome.stderr, outcome)
        equal(outcome.stderr.count(REFUSED + b'PostgreSQL at ' + path_of(cluster).encode()), 1, f'lines: {outcome}')
        equal(len(noted(cluster, outcome.record, 'refused', path_of(cluster))), 1, 'notes')


@promise
def the_note_leads_to_the_process(cluster):
    outcome = run(cluster, [PYTHON, '-c', DIAL], POLICY)
    event = noted(cluster, outcome.record, 'refused', path_of(cluster))[0]
    shown = subprocess.run([CHAPERONE, 'audit', 'show', '--record', outcome.record, event['event']], env=cluster.environment,
                           capture_output=True, text=True).stdout
    check('python3' in shown and 'exe_sha256' in shown, shown)


@promise
def warn_lets_pass_with_one_line_and_one_note(cluster):
    for options, policy in ((['--ungoverned', 'warn'], POLICY), (['--trial'], POLICY), ([], TRIAL)):
        outcome = run(cluster, [PYTHON, '-c', DIAL.replace('s =', 's = socket.create_server; s =') + '; s.close(); ' + DIAL], policy,
                      options=options)
        equal((outcome.status, outcome.stdout), (0, b'connected\nconnected\n'), f'{options}: {outcome}')
        equal(outcome.stderr.count(UNGOVERNED), 1, f'{options}: {outcome}')
        equal(len(noted(cluster, outcome.record, 'NOT GOVERNED', path_of(cluster))), 1, 'notes')
    outcome = run(cluster, ['true'], POLICY, options=['--ungoverned', 'perhaps'])
    check(outcome.status == 125 and b'refuse or warn' in outcome.stderr, outcome)


@promise
def the_environment_of_a_program_loosens_nothing(cluster):
    """What a program or its user sets reaches no shim in the tree, and the answer is the agent's."""
    tries = ({'CHAPERONE_UNGOVERNED': 'warn'}, {'CHAPERONE_DATABASES': ''}, {'CHAPERONE_SOCKET': '/nonexistent'},
             {'CHAPERONE_PEER': ''}, {'CHAPERONE_RUN': ''}, {'LD_PRELOAD': ''})
    with listener() as server:
        port = server.getsockname()[1]
        dial = f'import socket; socket.create_connection(("127.0.0.1", {port})); print("connected")'
        for given in tries:
            command = ['env', *(f'{name}={value}' for name, value in given.items()), PYTHON, '-c', dial]
            outcome = run(cluster, command, named(port), environment={'CHAPERONE_UNGOVERNED': 'warn'})
            check(b'connected' not in outcome.stdout and outcome.stderr.count(REFUSED) == 1, f'{given}: {outcome}')


@promise
def ports_and_sockets_of_the_policy_are_databases(cluster):
    with listener() as server:
        port = server.getsockname()[1]
        dial = f'import socket; socket.create_connection(("127.0.0.1", {port})); print("connected")'
        outcome = run(cluster, [PYTHON, '-c', dial], ALLOW_EVERYTHING)
        equal((outcome.stdout, outcome.stderr), (b'connected\n', b''), f'a port that nobody named: {outcome}')
        outcome = run(cluster, [PYTHON, '-c', dial], named(port))
        check(REFUSED + b'a database of the policy at 127.0.0.1:%d' % port in outcome.stderr, outcome)
        mapped = f'import socket; socket.socket(socket.AF_INET6).connect(("::ffff:127.0.0.1", {port}))'
        outcome = run(cluster, [PYTHON, '-c', mapped], named(port))
        check(b'at 127.0.0.1:%d' % port in outcome.stderr and b'PermissionError' in outcome.stderr, outcome)
    policy = named(1).replace('hosts: ["127.0.0.1"], ports: [1]', 'sockets: ["/*/shop-*.socket", "*"]')
    dial = 'import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])'
    for name, is_database in (('shop-1.socket', True), ('other.socket', False), ('mysqld.sock', True), ('mongodb-27017.sock', True),
                              ('x.s.PGSQL.1', False), ('\0/.s.PGSQL.9', True)):
        outcome = run(cluster, [PYTHON, '-c', dial.replace('sys.argv[1]', repr(name if name[0] == '\0' else '/tmp/' + name))], policy)
        equal(REFUSED in outcome.stderr, is_database, f'{name!r}: {outcome}')


@promise
def well_known_ports_are_databases(cluster):
    dial = 'import socket\nfor family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):\n' \
           ' try: socket.socket(family).connect((host, %d))\n except PermissionError: print("refused")\n except OSError: print("tried")'
    for port, lines in ((5432, b'refused\nrefused\n'), (3306, b'refused\nrefused\n'), (27017, b'refused\nrefused\n'),
                        (1, b'tried\ntried\n')):
        equal(run(cluster, [PYTHON, '-c', dial % port], ALLOW_EVERYTHING).stdout, lines, port)


@promise
def what_is_no_database_is_dialled_as_without_the_shim(cluster):
    folder = cluster.path('dials')
    os.makedirs(folder)
    plain = run(cluster, [DIALS, folder])
    equal(run(cluster, [DIALS, folder], POLICY).seen(), plain.seen(), 'what connect does')
    check(plain.stdout.count(b'\n') > 20, plain)


@promise
def it_holds_wherever_connect_may_be_called(cluster):
    for where in ('main', 'handler', 'fork', 'vfork', 'thread', 'often'):
        outcome = run(cluster, [DIALS, cluster.folder, 'database', where], POLICY)
        equal((outcome.stdout, outcome.stderr.count(REFUSED)), (b'Permission denied\n', 1), f'{where}: {outcome}')
        equal(len(noted(cluster, outcome.record, 'refused', '.s.PGSQL.1')), 1, where)


@promise
def without_an_agent_it_is_refused_in_time(cluster):
    outcome = run(cluster, past_libc([DIALS, cluster.folder, 'database', 'often'], CHAPERONE_SOCKET='/nonexistent/agent.socket'),
                  POLICY, seconds=30)
    equal((outcome.stdout, outcome.stderr.count(REFUSED)), (b'Permission denied\n', 1), f'{outcome}')
    check(b'no agent answers' in outcome.stderr, outcome)


@promise
def the_preloaded_library_alone_asks_an_agent_of_its_own(cluster):
    policy = cluster.write('own.yaml', POLICY)
    environment = {'LD_PRELOAD': SHIM, 'CHAPERONE_POLICY': policy, 'CHAPERONE_RECORD': cluster.path('own-record')}
    outcome = run(cluster, [PYTHON, '-c', DIAL], environment=environment)
    check(outcome.stderr.count(REFUSED) == 1 and b'PermissionError' in outcome.stderr and b'no agent' not in outcome.stderr, outcome)
    wait_until(lambda: noted(cluster, cluster.path('own-record'), 'refused', path_of(cluster)), 5, 'the note')


@promise
def libpq_dials_as_ever(cluster):
    for command, shown in ((['psql', '-XAtc', 'SELECT 1'], b'1\n'), (['pg_isready'], b'accepting connections'),
                           ([PYTHON, '-c', 'import psycopg2; c = psycopg2.connect(""); print(c.server_version > 0); c.cancel()'], b'True\n')):
        since = cluster.mark()
        outcome = run(cluster, command, POLICY)
        check(outcome.status == 0 and shown in outcome.stdout and not outcome.stderr, f'{command}: {outcome}')
        accounted(cluster, since, outcome.record, 0)


@promise
def another_preloaded_library_gets_its_calls(cluster):
    folder = cluster.path('companion')
    os.makedirs(folder)
    dial = 'import os, socket; s = socket.socket(); s.settimeout(1); print(s.connect_ex(("127.0.0.1", 1))); ' \
           'os.execve("/bin/echo", ["echo", "started"], {})'
    alone = run(cluster, [PYTHON, '-c', dial], environment={'LD_PRELOAD': COMPANION})
    check(alone.stderr.count(b'companion: ') == 2, alone)
    for order in (f'{COMPANION}', f'{COMPANION}:{SHIM}'):
        outcome = run(cluster, [PYTHON, '-c', dial], ALLOW_EVERYTHING, environment={'LD_PRELOAD': order})
        equal((outcome.status, outcome.stdout), (0, alone.stdout), order)
        check(b'companion: connect' in outcome.stderr and b'companion: execve' in outcome.stderr, f'{order}: {outcome}')


def refused_and_warned(cluster, command, policy, destination, connected, environment=None):
    """A client is stopped, and passes under --ungoverned warn: with the line and the note both times."""
    outcome = run(cluster, command, policy, environment=environment, seconds=30)
    check(outcome.status != 0 and outcome.stderr.count(REFUSED) == 1, outcome)
    equal(len(noted(cluster, outcome.record, 'refused', destination)), 1, 'notes of what is refused')
    check(not connected(), f'a connection that was refused arrived: {outcome}')
    outcome = run(cluster, command, policy, options=['--ungoverned', 'warn'], environment=environment, seconds=30)
    check(outcome.stderr.count(UNGOVERNED) == 1, outcome)
    equal(len(noted(cluster, outcome.record, 'NOT GOVERNED', destination)), 1, 'notes of what passes')
    check(connected(), f'nothing arrived: {outcome}')


@promise
def asyncpg_is_stopped(cluster):
    if not importlib.util.find_spec('asyncpg'):
        return 'not tried: python3-asyncpg is not installed'
    script = ('import asyncio, asyncpg, os\nasync def main():\n c = await asyncpg.connect(host=os.environ["PGHOST"], '
              'port=int(os.environ["PGPORT"]), ssl=False)\n print(await c.fetchval("SELECT 42"))\nasyncio.run(main())')
    mark = [cluster.mark()]

    def connected():
        since, mark[0] = mark[0], cluster.mark()
        return any('42' in statement.text for statement in cluster.statements(since))
    refused_and_warned(cluster, [PYTHON, '-c', script], POLICY, path_of(cluster), connected)
    settle(cluster, more=2)  # what passes without being governed has no intents
    return None


def hears(server):
    server.settimeout(0.3)
    try:
        server.accept()[0].close()
        return True
    except TimeoutError:
        return False


@promise
def pymysql_is_stopped(cluster):
    if not importlib.util.find_spec('pymysql'):
        return 'not tried: python3-pymysql is not installed'
    with listener() as server:
        port = server.getsockname()[1]
        script = f'import pymysql; pymysql.connect(host="127.0.0.1", port={port}, user="a", password="b", connect_timeout=1, read_timeout=1)'
        refused_and_warned(cluster, [PYTHON, '-c', script], named(port), f':{port}', lambda: hears(server))
    return None


@promise
def pure_javascript_is_stopped(cluster):
    tried = subprocess.run(['node', '-e', 'require("pg")'], capture_output=True) if os.path.exists('/usr/bin/node') else None
    if not tried or tried.returncode:
        return 'not tried: node has no module pg (npm install pg, and NODE_PATH)'
    with listener() as server:
        port = server.getsockname()[1]
        script = f'new (require("pg").Client)({{host: "127.0.0.1", port: {port}, user: "a", connectionTimeoutMillis: 1000}}).connect()' \
                 '.catch(e => {{ console.log(e.code || e.message); process.exit(3) }})'.replace('{{', '{').replace('}}', '}')
        refused_and_warned(cluster, ['node', '-e', script], named(port, engine='postgres'), f':{port}', lambda: hears(server),
                           environment={'NODE_PATH': NODE_MODULES})
    return None


CANCELS = '''
require 'pg'
connection = PG.connect
connection.send_query('SELECT pg_sleep(3)')
sleep 0.5 # a request that comes before its statement is none
p connection.%s
begin
  p connection.get_last_result.ntuples
rescue PG::Error => error
  p error.class
end
'''


LEAVES = '''
require 'pg'
connection = PG.connect
def leave
  yield
rescue RuntimeError => error
  puts error.message
end
leave do
  connection.transaction do
    connection.send_query('SELECT pg_sleep(30)')
    sleep 0.5
    raise 'left'
  end
end
puts "PG::PQTRANS_IDLE" if connection.transaction_status == PG::PQTRANS_IDLE
leave do
  connection.copy_data("COPY (SELECT 42 FROM generate_series(1, 1000000)) TO STDOUT") do
    puts connection.get_copy_data
    raise 'left'
  end
end
'''


def ruby_cancels(cluster, call):
    seen, _ = both_ways(cluster, ['ruby', '-e', CANCELS % call])
    equal(seen, (0, b'nil\nPG::QueryCanceled\n', b''), call)


@promise
def ruby_pg_cancels_by_libpq(cluster):
    if not os.path.exists('/usr/lib/ruby/vendor_ruby/pg.rb'):
        return 'not tried: ruby-pg is not installed'
    return ruby_cancels(cluster, 'sync_cancel')


@promise
def ruby_pg_cancels_by_itself(cluster):
    """The agent carries what it sends (test_cancel_requests.py), over a unix socket as over TCP."""
    if not os.path.exists('/usr/lib/ruby/vendor_ruby/pg.rb'):
        return 'not tried: ruby-pg is not installed'
    ruby_cancels(cluster, 'cancel')
    seen, _ = both_ways(cluster, ['ruby', '-e', LEAVES])
    equal(seen, (0, b'left\nPG::PQTRANS_IDLE\n42\nleft\n', b''), 'what cancels by itself')
    cluster.restart("listen_addresses = '127.0.0.1'\n")
    for policy in (None, named(int(cluster.port), engine='postgres')):
        outcome = run(cluster, ['ruby', '-e', CANCELS % 'cancel'], policy, environment={'PGHOST': '127.0.0.1'})
        equal(outcome.seen(), (0, b'nil\nPG::QueryCanceled\n', b''), 'over TCP')
    check(f"a cancel request of the program's own was carried to 127.0.0.1:{cluster.port}" in notes(cluster, outcome.record), outcome)
    return None


main(SCHEMA)
