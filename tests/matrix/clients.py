# SPDX-License-Identifier: MIT
"""The clients of the matrix, a row each: what matrix.py runs and dev/clients writes into doc/clients.md."""
import dataclasses
import os
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PYTHON = '/usr/bin/python3'  # Debian's, for which its modules are made
PGBENCH = '/usr/lib/postgresql/15/bin/pgbench'
GO = shutil.which('go') or 'go'

# How a client comes to libpq.
LINKED = 'linked'
PLUGIN = 'in a plugin'  # an interpreter loads a module that is linked to it
LOOKED_UP = 'looked up'  # dlsym, ctypes
DEEPBIND = 'in a plugin, RTLD_DEEPBIND'
OWN = 'own protocol'  # no libpq: stopped at connect


@dataclasses.dataclass(frozen=True)
class Client:
    """`needs` are Debian packages; the first one's version is the client's, unless `version` is a command that prints it.
    What comes from elsewhere has a `source` in words and `tried`, a command that succeeds where it is there."""
    name: str  # as people know it
    family: str  # rows that one test runs, on one server
    command: tuple
    needs: tuple
    reaches: str
    kind: str = 'program'  # program, tool or stopped: what is held against it (matrix.py)
    lacks: tuple = ()  # lines of a program that this client has no call for
    source: str = ''
    tried: tuple = ()
    version: tuple = ()
    built: str = ''  # a program that meson builds, in front of the command
    environment: dict = dataclasses.field(default_factory=dict)
    prepare: str = ''  # a shell script before each run, which nobody governs or counts
    proof: str = ''  # SQL after each run, whose answer is the same each time
    policy: str = ''  # instead of the shop's
    ends: str = 'served'  # how a tool ends under it: served, refused, or either
    cells: int = 0  # how many of what a tool reads and does not print are masked, by the record
    volatile: tuple = ()  # regular expressions of what no two runs have in common
    ordered: bool = True  # whether the server gets the same in the same order each time
    opened: dict = dataclasses.field(default_factory=dict)  # what accounts.balance is told where everything is allowed,
    guarded: dict = dataclasses.field(default_factory=dict)  # and under the policy,
    demo: dict = dataclasses.field(default_factory=dict)  # and what is different under that of the demo
    counted: bool = True  # whether the server logs all that it sends
    but: str = ''  # what does not hold of it, which a test of its own tells
    stopped: str = ''  # words of the destination that a client of its own protocol dials


def script(name):
    return os.path.join(HERE, 'programs', name)


def python(name, family, module, *needs, **more):
    """A client whose program is a Python script; sets have one order in every run."""
    return Client(name, family, (PYTHON, script(module)), needs, more.pop('reaches', PLUGIN),
                  environment={'PYTHONHASHSEED': '0', **more.pop('environment', {})}, **more)


def wheel(name, module, requirement, version):
    """The same program with what PyPI ships, which brings a libpq of its own; it is unpacked in .cache/wheels."""
    folder = os.path.realpath(os.path.join(HERE, '..', '..', '.cache', 'wheels', requirement))
    return python(name, 'Python', f'use_{module}.py', 'python3', reaches=f'{PLUGIN}, its own',
                  environment={'PYTHONPATH': folder}, tried=('test', '-d', folder), source=f'{requirement} of PyPI',
                  version=(PYTHON, '-c', version))


PSYCOPG2 = 'import psycopg2 as p; print(f"{p.__version__.split()[0]} with libpq {p.__libpq_version__ // 10000}")'
PSYCOPG3 = 'import psycopg as p; print(f"{p.__version__} with libpq {p.pq.version() // 10000}")'


# What npm installs is found here, or where NODE_PATH says.
NODE_MODULES = os.environ.get('NODE_PATH') or os.path.realpath(os.path.join(HERE, '..', '..', '.cache', 'npm', 'node_modules'))


def node(name, family, program, *modules, **more):
    return Client(name, family, ('node', script(program)), ('nodejs',), environment={'NODE_PATH': NODE_MODULES},
                  source='npm install --prefix .cache/npm ' + ' '.join(modules),
                  tried=('node', '-e', ''.join(f'require("{module}");' for module in modules)),
                  version=('node', '-p', f'require("{NODE_MODULES}/{modules[0]}/package.json").version'), **more)


def php(name, program, **more):
    return Client(name, 'PHP', ('php', '-d', 'display_errors=stderr', script(program)), ('php-pgsql', 'php-cli'), DEEPBIND,
                  version=('php', '-r', 'echo PHP_VERSION;'), **more)


JARS = ':'.join(f'/usr/share/java/{name}.jar' for name in ('bsh', 'postgresql', 'junixsocket-common'))
JAVA = ('java', '-cp', JARS, '-Djava.library.path=/usr/lib/x86_64-linux-gnu/jni', 'bsh.Interpreter')


def jdbc(name, stopped, *needs, **more):
    return Client(name, 'own protocol', (*JAVA, script('jdbc.bsh')), ('libpostgresql-jdbc-java', 'bsh', *needs), OWN,
                  kind='stopped', stopped=stopped, **more)


def libpq(style, *lacks):
    """A C program in one style of libpq's interface."""
    return Client(f'libpq, {style.replace("_", " ")}', 'C', (style,), ('libpq5',), LINKED, built='libpq_styles', lacks=lacks)


def tool(name, command, package='postgresql-client-15', **more):
    return Client(name, 'tools', tuple(command.split()), (package,), LINKED, kind='tool', **more)


SCRATCH = '''version: 1
name: scratch
default: allow
unknown: deny
columns: { emails: [customers.email] }
rules:
  - { name: hide-emails, for: everyone, mask: { emails: redact } }
  - { name: keep-the-shop, for: everyone, do: [drop, truncate, alter], tables: [customers, orders, plain], then: deny }
'''


MODES = ('simple', 'extended', 'prepared')
BALANCES = SCRATCH.replace('customers.email', 'customers.email, pgbench_accounts.abalance')


def bench(name, *arguments, policy=SCRATCH, cells=0):
    """Each client of it draws the same numbers each time."""
    return Client(name, 'pgbench', (PGBENCH, '-n', '-c', '2', '--random-seed=7', *arguments), ('postgresql-15',), LINKED,
                  kind='tool', prepare=f'{PGBENCH} -i -q -s 1 >made 2>&1', policy=policy, cells=cells, ordered=False,
                  proof='SELECT sum(abalance), (SELECT count(*) FROM pgbench_history) FROM pgbench_accounts',
                  volatile=(r'\d+\.\d+ ms', r'tps = \S+', r'/\S+/pipeline.pgbench'))


TABLE = 'DROP TABLE IF EXISTS restored; CREATE TABLE restored AS SELECT * FROM plain'
ARCHIVE = f'psql -XqAt -c "{TABLE}" 2>/dev/null; pg_dump -Fc -t restored -f restored.dump'

RESTRICT = (r'restrict \w+',)  # a random word in dumps
OTHERS = "SELECT count(*) FROM pg_database, pg_roles WHERE datname <> 'postgres' AND rolname !~ '^pg_'"

CLIENTS = [
    Client('psql', 'tools', ('psql', '-XqAt', '-F', '\t', '-f', script('psql.sql')), ('postgresql-client-15',), LINKED,
           lacks=('types', 'parameter'), volatile=(r'PID \d+',)),
    tool('pg_dump', 'pg_dump', ends='either', volatile=RESTRICT),
    tool('pg_dump -j', 'pg_dump -j 2 -Fd -f folder', prepare='rm -rf folder', ordered=False, ends='either',
         volatile=(r"SNAPSHOT '\S+'",)),
    tool('pg_dumpall', 'pg_dumpall', ends='either', volatile=RESTRICT),
    tool('pg_restore', 'pg_restore --no-owner -d shop restored.dump', prepare=f'{ARCHIVE}; psql -XqAt -c "DROP TABLE restored"',
         proof='SELECT count(*), min(note) FROM restored'),
    tool('pg_restore --clean', 'pg_restore --clean --no-owner -d shop restored.dump', prepare=ARCHIVE, ends='refused'),
    tool('vacuumdb', 'vacuumdb --analyze --echo -t customers -t orders'),
    tool('vacuumdb -j', 'vacuumdb -j 2 --analyze', ordered=False),
    tool('reindexdb', 'reindexdb --echo'),
    tool('clusterdb', 'clusterdb --echo'),
    tool('createdb', 'createdb --echo other', prepare='dropdb --if-exists other 2>/dev/null', proof=OTHERS),
    tool('dropdb', 'dropdb --echo other', prepare='dropdb --if-exists other 2>/dev/null; createdb other', proof=OTHERS,
         ends='refused'),
    tool('createuser', 'createuser --echo someone', prepare='dropuser --if-exists someone 2>/dev/null', proof=OTHERS),
    tool('vacuumlo', 'vacuumlo --verbose shop'),
    tool('oid2name', 'oid2name'),
    tool('pg_amcheck', 'pg_amcheck -t customers --no-dependent-toast', 'postgresql-15',
         prepare='psql -Xqc "CREATE EXTENSION IF NOT EXISTS amcheck" 2>/dev/null', ends='refused'),
    # The server runs replication commands without logging them as statements, and cannot say why one is refused.
    tool('pg_basebackup', 'pg_basebackup -D base -X stream -c fast', prepare='rm -rf base', ends='refused', counted=False),
    Client('pgbench -i', 'pgbench', (PGBENCH, '-i', '-s', '1'), ('postgresql-15',), LINKED, kind='tool', policy=SCRATCH,
           prepare='psql -Xqc "DROP TABLE IF EXISTS pgbench_accounts, pgbench_branches, pgbench_history, '
                   'pgbench_tellers" 2>/dev/null',
           proof='SELECT count(*), sum(abalance) FROM pgbench_accounts', volatile=(r'\d+\.\d+ s',)),
    *(bench(f'pgbench -S -M {mode}', '-S', '-M', mode, '-t', '100', policy=BALANCES, cells=200) for mode in MODES),
    *(bench(f'pgbench -M {mode}', '-M', mode, '-t', '20') for mode in MODES),
    bench('pgbench, a pipeline', '-M', 'prepared', '-t', '20', '-f', script('pipeline.pgbench'), policy=BALANCES, cells=80),
    python('psycopg2', 'Python', 'use_psycopg2.py', 'python3-psycopg2'),
    python('psycopg 3', 'Python', 'use_psycopg3.py', 'python3-psycopg', reaches=LOOKED_UP),
    wheel('psycopg2-binary 2.9.9', 'psycopg2', 'psycopg2-binary==2.9.9', PSYCOPG2),
    wheel('psycopg2-binary 2.9.13', 'psycopg2', 'psycopg2-binary==2.9.13', PSYCOPG2),
    wheel('psycopg-binary 3.3.9', 'psycopg3', 'psycopg-binary==3.3.9', PSYCOPG3),
    python('SQLAlchemy', 'Python', 'use_sqlalchemy.py', 'python3-sqlalchemy', 'python3-psycopg2',
           lacks=('prepared', 'copy', 'notify'), volatile=(r'"c_\w+"',)),
    python('Django', 'Python', 'use_django.py', 'python3-django', 'python3-psycopg2', lacks=('prepared', 'copy', 'notify'),
           volatile=(r'_django_curs_\d+',)),
    python('PyGreSQL', 'Python', 'use_pygresql.py', 'python3-pygresql'),
    python('psqlODBC', 'Python', 'use_pyodbc.py', 'odbc-postgresql', 'python3-pyodbc', lacks=('copy', 'notify'),
           volatile=(r'0x[0-9a-f]{6,}',)),
    php('PHP pgsql', 'php_pgsql.php'),
    php('PHP pdo_pgsql', 'php_pdo_pgsql.php'),
    php('PHP FFI', 'php_ffi.php', lacks=('copy', 'notify'), source='PHP with its extension FFI',
        tried=('php', '-r', 'exit(extension_loaded("ffi") ? 0 : 1);')),
    Client('DBD::Pg', 'Perl', ('perl', script('perl_dbd_pg.pl')), ('libdbd-pg-perl',), PLUGIN,
           volatile=(r'dbdpg_p\d+_',)),
    Client('ruby-pg', 'Ruby', ('ruby', script('ruby_pg.rb')), ('ruby-pg',), PLUGIN),
    Client('pgtcl', 'Tcl', ('tclsh8.6', script('tcl_pgtcl.tcl')), ('libpgtcl', 'tcl8.6'), PLUGIN),
    # It describes statements whose preparation failed: the server's log knows that by an error without a text.
    Client('tdbc::postgres', 'Tcl', ('tclsh8.6', script('tcl_tdbc_postgres.tcl')), ('tcl8.6-tdbc-postgres',), LOOKED_UP,
           lacks=('copy', 'notify'), opened={'more': 1}, guarded={'more': 2}, demo={'more': 3}),
    Client('LuaSQL', 'Lua', ('lua5.4', script('lua_sql_postgres.lua')), ('lua-sql-postgres', 'lua5.4'), PLUGIN,
           lacks=('copy', 'notify')),
    node('node pg-native', 'node', 'node_pg_native.js', 'pg-native', 'pg', reaches=PLUGIN),
    *(libpq(style, 'copy') for style in ('exec', 'params', 'binary', 'prepared', 'single_row', 'async', 'pipeline')),
    libpq('copy'),
    Client('Go, cgo', 'Go', ('./cgo',), ('libpq5',), LINKED, lacks=('types', 'copy', 'notify'), source='golang-go',
           tried=(GO, 'version'), version=(GO, 'env', 'GOVERSION'),
           prepare=f'GOCACHE=$PWD/go-cache {GO} build -o cgo {script("cgo.go")}'),
    Client('ecpg', 'C', (), ('libecpg6',), LINKED, built='embedded', lacks=('copy', 'notify')),
    python('asyncpg', 'own protocol', 'use_asyncpg.py', 'python3-asyncpg', reaches=OWN, kind='stopped', stopped='/.s.PGSQL.'),
    python('PyMySQL', 'own protocol', 'use_pymysql.py', 'python3-pymysql', reaches=OWN, kind='stopped', stopped=':3306'),
    node('node pg, JavaScript alone', 'own protocol', 'node_pg.js', 'pg', reaches=OWN, kind='stopped', stopped='/.s.PGSQL.'),
    jdbc('JDBC', ':5432', environment={'PGHOST': '127.0.0.1', 'PGPORT': '5432'}),
    jdbc('JDBC, Unix socket', '/.s.PGSQL.', 'libjunixsocket-java', 'libjunixsocket-jni'),
]


def families(clients=None):
    return list(dict.fromkeys(row.family for row in clients or CLIENTS))


if __name__ == '__main__':
    print('\n'.join(families() if '--families' in sys.argv else [row.name for row in CLIENTS]))
