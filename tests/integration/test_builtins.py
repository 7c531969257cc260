#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What is known about PostgreSQL's own objects, compared with a PostgreSQL 15 in a temporary folder.

    test_builtins.py BUILTINS_DUMP MAKE_BUILTINS
"""
import os
import pathlib
import subprocess
import sys
import tempfile

BIN = pathlib.Path('/usr/lib/postgresql/15/bin')
SKIP = 77

NAMES = '''
SELECT DISTINCT 'operator', '', oprname FROM pg_operator WHERE oprnamespace = 'pg_catalog'::regnamespace
UNION ALL SELECT 'type', '', typname FROM pg_type
  WHERE typnamespace = 'pg_catalog'::regnamespace AND typtype IN ('b', 'r', 'm') AND typcategory <> 'A'
UNION ALL SELECT 'relation', nspname, relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
  WHERE relkind IN ('r', 'v') AND nspname IN ('pg_catalog', 'information_schema')
UNION ALL SELECT 'column', nspname, relname || '.' || attname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
  JOIN pg_attribute a ON a.attrelid = c.oid AND attnum > 0
  WHERE relkind IN ('r', 'v') AND nspname IN ('pg_catalog', 'information_schema')
UNION ALL SELECT 'setting', context, lower(name) FROM pg_settings'''

# Harmless settings that anybody may change: what needs more than a plain role is no matter of harmlessness.
CONTEXTS = ('user', 'superuser')
# Types that no cast of a client names.
INTERNAL_TYPES = {'pg_node_tree', 'pg_ndistinct', 'pg_dependencies', 'pg_mcv_list', 'pg_ddl_command',
                  'pg_brin_bloom_summary', 'pg_brin_minmax_multi_summary'}


def as_server_user(command):
    if os.getuid() == 0:
        return ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups', *command]
    return command


class Server:
    """A cluster of its own on a unix socket in a temporary folder."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix='chaperone-pg-')
        self.data = pathlib.Path(self.folder.name) / 'data'
        os.chmod(self.folder.name, 0o777)
        self.run('initdb', '-D', str(self.data), '-U', 'postgres', '-A', 'trust', '--no-sync')
        self.run('pg_ctl', '-D', str(self.data), '-w', '-l', str(self.data / 'log'), '-o',
                 f"-c listen_addresses='' -c unix_socket_directories={self.folder.name} -c fsync=off",
                 'start')
        return self

    def __exit__(self, *error):
        self.run('pg_ctl', '-D', str(self.data), '-m', 'immediate', 'stop')
        self.folder.cleanup()

    def run(self, program, *arguments):
        subprocess.run(as_server_user([str(BIN / program), *arguments]), check=True,
                       stdout=subprocess.DEVNULL, cwd='/')

    def arguments(self):
        return ['-h', self.folder.name, '-U', 'postgres']

    def ask(self, query):
        return subprocess.run(['psql', '-XAt', '-F', '\t', *self.arguments(), '-c', query], check=True,
                              capture_output=True, text=True).stdout


def problem_of(kind, schema, name, known):
    if kind == 'operator' and known == 0:
        return f'operator {name} is not known'
    if kind == 'type' and known == 0 and name not in INTERNAL_TYPES:
        return f'type {name} is not known'
    if kind == 'relation' and known == 0:
        return f'relation {schema}.{name} is not known'
    if kind == 'relation' and known == 1 and name.startswith('pg_stat') and name != 'pg_statistic_ext':
        return f'relation {name} holds statistics, listed as harmless'
    if kind == 'column' and known == 0:
        return f'column {schema}.{name} is in no list'
    if kind == 'setting' and known == 1 and schema not in CONTEXTS:
        return f'setting {name} cannot be set in a session, listed as harmless'
    return None


def main():
    dump, make_builtins = sys.argv[1:]
    if not (BIN / 'postgres').exists():
        return SKIP
    with Server() as server:
        names = server.ask(NAMES)
        answers = subprocess.run([dump], input=names, check=True, capture_output=True, text=True).stdout
        rows = [line.split('\t') for line in answers.splitlines()]
        problems = [p for kind, schema, name, known in rows if (p := problem_of(kind, schema, name, int(known)))]
        functions = subprocess.run([make_builtins, '--check', *server.arguments()], check=False)
    told_apart = [row for row in rows if row[0] == 'column' and int(row[3]) > 0]
    if len(told_apart) < 400:
        problems.append(f'only {len(told_apart)} columns are told apart')
    print('\n'.join(problems) or f'{len(rows)} names agree')
    return 1 if problems or functions.returncode or len(rows) < 500 else 0


if __name__ == '__main__':
    sys.exit(main())
