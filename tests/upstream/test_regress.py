# SPDX-License-Identifier: MIT
"""PostgreSQL's own regression scripts print the same through psql with and without the shim."""
import collections
import difflib
import os
import re
import shutil
import subprocess
import sys
import time

from harness import ALLOW_EVERYTHING, CHAPERONE, LONG, Cluster, check, verified
from source import ROOT, fetch_or_skip

REGRESS = 'src/test/regress'
LIBRARIES = '/usr/lib/postgresql/15/lib'
HEADERS = ('/usr/include/postgresql/15/server',
           ROOT + '/.cache/postgresql-server-dev-15/usr/include/postgresql/15/server')
SCRIPT_SECONDS = 600
DIFFERENCE_LINES = 24

# What a client meets: each kind of value and of message, COPY, large objects, notices, cursors, psql's own commands.
SAMPLE = '''test_setup boolean text float8 enum strings copy copyselect copydml insert errors select transactions
portals password async psql psql_crosstab guc copy2 prepare plancache largeobject returning xml plpgsql temp conversion'''.split()

MASK_ALL = os.environ.get('CHAPERONE_TEST_MASKS') == 'all'  # which scripts are also run with a mask: all, or the sample

# One column of a table that no script knows: every statement is judged, and none has anything to hide.
ONE_MASK = '''version: 1
name: one-mask
default: allow
unknown: deny
columns:
  personal: [unrelated.secret]
rules:
  - name: mask-personal
    for: everyone
    mask: { personal: redact }
'''
UNRELATED = 'CREATE TABLE unrelated (id int, secret text)'
SETTINGS = '''
max_prepared_transactions = 2
log_destination = stderr
log_statement = none
log_min_duration_statement = -1
shared_buffers = 128MB
'''


def build_library(source, folder):
    """regress.so, which the scripts' functions in C are in; False where there are no headers of the server."""
    headers = next((path for path in HEADERS if os.path.exists(path + '/postgres.h')), None)
    command = ['gcc', '-shared', '-fPIC', '-w', '-O1', '-I', str(headers), '-I', '/usr/include/postgresql', '-o',
               folder + '/regress.so', source + '/regress.c']
    if headers is None or subprocess.run(command, capture_output=True, check=False).returncode != 0:
        return False
    for name in ('autoinc.so', 'refint.so'):
        if os.path.exists(f'{LIBRARIES}/{name}'):
            os.symlink(f'{LIBRARIES}/{name}', f'{folder}/{name}')
    return True


class Ground:
    """A cluster that is as new before each run, and the scripts with what they read."""

    def __init__(self):
        source = fetch_or_skip('postgresql-15', within=(REGRESS,))
        self.version = os.path.basename(source)
        self.cluster = Cluster()
        self.folder = shutil.copytree(os.path.join(source, REGRESS), self.cluster.path('regress'))
        self.libraries = self.cluster.path('libraries')
        os.mkdir(self.libraries)
        self.has_library = build_library(self.folder, self.libraries)
        results = os.path.join(self.folder, 'results')
        os.makedirs(results, exist_ok=True)
        os.chmod(results, 0o777)
        self._prepare()

    def _prepare(self):
        cluster = self.cluster
        cluster.sql('CREATE DATABASE regression TEMPLATE template0', database='postgres')
        for name in ('lc_messages', 'lc_monetary', 'lc_numeric', 'lc_time'):
            cluster.sql(f"ALTER DATABASE regression SET {name} TO 'C'", database='postgres')
        cluster.sql("ALTER DATABASE regression SET bytea_output TO 'hex'", database='postgres')
        cluster.sql("ALTER DATABASE regression SET timezone_abbreviations TO 'Default'", database='postgres')
        with open(cluster.path('more.conf'), 'a') as file:
            file.write(SETTINGS)
        cluster.pause()
        subprocess.run(['cp', '-a', cluster.data, cluster.path('pristine')], check=True)

    def renew(self, schema):
        self.cluster.pause()
        shutil.rmtree(self.cluster.data)
        subprocess.run(['cp', '-a', self.cluster.path('pristine'), self.cluster.data], check=True)
        self.cluster.resume()
        if schema:
            self.cluster.sql(schema, database='regression')

    def scripts(self):
        """All names in the order that parallel_schedule gives, one after the other."""
        with open(os.path.join(self.folder, 'parallel_schedule')) as file:
            lines = [line.partition(':')[2].split() for line in file if line.startswith('test:')]
        return [name for line in lines for name in line]

    def needs_library(self, name):
        with open(self.path(name), 'rb') as file:
            return re.search(rb'regresslib|autoinclib|refintlib', file.read()) and name != 'test_setup'

    def path(self, name):
        return os.path.join(self.folder, 'sql', name + '.sql')

    def environment(self, name):
        return {**self.cluster.environment, 'PGDATABASE': 'regression', 'PGTZ': 'PST8PDT', 'PGDATESTYLE': 'Postgres, MDY',
                'PGOPTIONS': '-c intervalstyle=postgres_verbose', 'PGAPPNAME': 'pg_regress/' + name,
                'PG_ABS_SRCDIR': self.folder, 'PG_ABS_BUILDDIR': self.folder, 'PG_LIBDIR': self.libraries,
                'PG_DLSUFFIX': '.so'}

    def run(self, names, policy=None, schema=None):
        """What psql prints of each script, and how it ends."""
        self.renew(schema)
        command = ['psql', '-X', '-a', '-q', '-d', 'regression', '-v', 'HIDE_TABLEAM=on', '-v', 'HIDE_TOAST_COMPRESSION=on']
        if policy:
            path, record = self.cluster.write('policy.yaml', policy), self.cluster.path('record')
            command = [CHAPERONE, 'run', '--policy', path, '--record', record, '--'] + command
        found = {}
        for name in names:
            with open(self.path(name), 'rb') as script:
                done = subprocess.run(command, env=self.environment(name), cwd=self.folder, stdin=script, check=False,
                                      stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SCRIPT_SECONDS)
            found[name] = (done.returncode, done.stdout)
        if policy:
            recorded = verified(self.cluster, record)['intents']
            check(recorded > 10 * len(names), f'{recorded} statements of {len(names)} scripts are on record')
            shutil.rmtree(record)
        return found


def lines(outcome):
    return [f'exit status {outcome[0]}\n'] + outcome[1].decode('utf-8', 'backslashreplace').splitlines(keepends=True)


def difference(left, right):
    found = list(difflib.unified_diff(lines(left), lines(right), 'without', 'with', n=1))
    more = len(found) - DIFFERENCE_LINES
    return ''.join(found[:DIFFERENCE_LINES]) + (f'… {more} lines more\n' if more > 0 else '')


def compare(names, first, second, governed):
    """(same, unstable, differing) names."""
    unstable = [name for name in names if first[name] != second[name]]
    differing = [name for name in names if name not in unstable and governed[name] != first[name]]
    return [name for name in names if name not in unstable and name not in differing], unstable, differing


def reasons(outputs):
    """Why statements were refused: reason -> (statements, scripts)."""
    counts, scripts = collections.Counter(), collections.defaultdict(set)
    for name, (_, output) in outputs.items():
        for text in re.findall(rb'chaperone refused this: ([^\n]*)', output):
            reason = re.sub(r'"[^"]*"|\b\d+\b|\b\w+\.(\w+|\*)', '…', text.decode('utf-8', 'backslashreplace'))
            counts[reason] += 1
            scripts[reason].add(name)
    return [(reason, count, sorted(scripts[reason])) for reason, count in counts.most_common()]


def report_masks(ground, names, first):
    """Figures alone: judging is not transparent, and what it refuses here is what is left to do."""
    masked = ground.run(names, ONE_MASK, UNRELATED)
    refused = [name for name in names if b'chaperone refused this' in masked[name][1]]
    changed = [name for name in names if name not in refused and masked[name] != first[name]]
    print(f'with one mask: {len(names) - len(refused) - len(changed)} of {len(names)} scripts same, {len(refused)} have '
          f'refused statements, {len(changed)} differ without one: {" ".join(changed)}')
    found = reasons(masked)
    for reason, count, scripts in found[:20]:
        print(f'  {count:5} in {len(scripts):3} scripts: {reason}  ({" ".join(scripts[:6])}{" …" if len(scripts) > 6 else ""})')
    print(f'  {sum(count for _, count, _ in found)} refusals for {len(found)} different reasons')


def report(ground, names, skipped, runs):
    """Prints what is the same and what is not; whether all is well."""
    first, second, governed = runs
    same, unstable, differing = compare(names, first, second, governed)
    for name in differing:
        print(f'{name} differs:\n{difference(first[name], governed[name])}')
    if skipped:
        print(f'{len(skipped)} scripts skipped, which need regress.so (no headers of the server): {" ".join(skipped)}')
    for what, which in (('unstable', unstable), ('differ', differing)):
        if which:
            print(f'{what}: {" ".join(which)}')
    print(f'{ground.version}: {len(same)} scripts same, {len(unstable)} unstable without the shim, {len(differing)} differ',
          flush=True)
    return bool(same) and not differing


def main():
    began = time.monotonic()
    ground = Ground()
    try:
        known = ground.scripts()
        wanted = known if LONG else [name for name in known if name in SAMPLE]
        skipped = [] if ground.has_library else [name for name in wanted if ground.needs_library(name)]
        names = [name for name in wanted if name not in skipped]
        check(len(names) > 20, f'{ground.version} has only {len(names)} scripts')
        first, governed = ground.run(names), ground.run(names, ALLOW_EVERYTHING)
        second = ground.run(names) if LONG or governed != first else first
        good = report(ground, names, skipped, (first, second, governed))
        if LONG:
            report_masks(ground, [name for name in names if MASK_ALL or name in SAMPLE], first)
    finally:
        ground.cluster.stop()
    print(f'{time.monotonic() - began:.0f} s')
    sys.exit(0 if good else 1)


main()
