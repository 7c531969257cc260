# SPDX-License-Identifier: MIT
"""Of the server's own relations that hold somebody's values or secrets, stars show what is harmless, and nothing else."""
import json

from harness import PYTHON, accounted, check, equal, main, promise, run
from shop import OBJECTS, POLICY, SCHEMA, leaks

SAMPLES = {'null_frac', 'avg_width', 'n_distinct', 'most_common_vals', 'most_common_freqs', 'histogram_bounds', 'correlation'}
# In which columns each is masked.
RELATIONS = {
    'pg_stats': SAMPLES | {'most_common_elems', 'most_common_elem_freqs', 'elem_count_histogram'},
    'pg_stats_ext': {'most_common_vals', 'most_common_val_nulls', 'most_common_freqs', 'most_common_base_freqs'},
    'pg_stats_ext_exprs': set(),
    'pg_authid': {'rolpassword'},
    'pg_shadow': {'passwd', 'useconfig'},
    'pg_db_role_setting': {'setconfig'},
    'pg_foreign_server': {'srvoptions'},
    'pg_user_mappings': {'umoptions'},
    'pg_subscription': {'subconninfo'},
    'information_schema.foreign_server_options': {'option_value'},
    'information_schema.user_mapping_options': {'option_value'},
    'information_schema.foreign_table_options': {'option_value'},
    'pg_stat_user_tables': set(),
    'pg_statio_user_indexes': set(),
    'pg_stat_replication': set(),
    'pg_roles': {'rolconfig'},
    'pg_user': {'useconfig'},
    'pg_settings': set(),
    'pg_tables': set(),
}

PSYCOPG = '''
import json, sys
import psycopg2
connection = psycopg2.connect('')
with connection.cursor() as cursor:
    for relation in sys.argv[1:]:
        cursor.execute('SELECT * FROM ' + relation)
        names = [column.name for column in cursor.description]
        print(json.dumps([relation, [dict(zip(names, map(str, row))) for row in cursor.fetchall()]]))
'''


def differing(plain, masked):
    """The columns of which cells differ, of lists of rows."""
    equal([list(row) for row in masked], [list(row) for row in plain], 'shapes')
    return {name for left, right in zip(plain, masked) for name in left if left[name] != right[name]}


def leaked_texts(output):
    """Without the numbers, which the server's own counters and times may read like."""
    return [canary for canary in leaks(output) if not canary.isdigit()]


def psql(cluster, sql, policy=POLICY):
    since = cluster.mark()
    outcome = run(cluster, ['psql', '-XqAt', '-P', 'null=NULL'], policy, sql)
    equal((outcome.status, outcome.stderr), (0, b''), 'status and errors')
    if policy:
        equal(leaked_texts(outcome.stdout), [], f'leaks in {outcome.stdout.decode()}')
        accounted(cluster, since, outcome.record)
    return outcome.stdout.decode()


def expanded(text):
    """psql's expanded rows."""
    return [dict(line.split('|', 1) for line in row.splitlines() if line) for row in text.split('\n\n')]


@promise
def psql_shows_them_column_by_column(cluster):
    for relation, hidden in RELATIONS.items():
        plain, masked = (expanded(psql(cluster, f'\\x\nTABLE {relation}', policy)) for policy in (None, POLICY))
        equal(differing(plain, masked), hidden, relation)


@promise
def psycopg2_reads_them_column_by_column_in_its_transactions(cluster):
    plain, masked = (run(cluster, [PYTHON, '-c', PSYCOPG, *RELATIONS], policy) for policy in (None, POLICY))
    equal((masked.status, masked.stderr), (0, b''), 'status and errors')
    equal(leaked_texts(masked.stdout), [], 'leaks')
    for left, right in zip(*(outcome.stdout.splitlines() for outcome in (plain, masked))):
        relation, rows = json.loads(left)
        equal(differing(rows, json.loads(right)[1]), RELATIONS[relation], relation)


# What a session says of itself, and does, while others look.
VOLATILE = {'query_start', 'state_change', 'xact_start', 'state', 'wait_event_type', 'wait_event', 'backend_xmin', 'query'}


@promise
def sessions_show_all_but_their_names_and_statements(cluster):
    sql = f'SELECT * FROM pg_stat_activity WHERE pid = {cluster.bystander.get_backend_pid()}'
    cluster.ask("SELECT 'CANARY'")
    plain = expanded(psql(cluster, '\\x\n' + sql, None))
    for text in (sql, sql.replace('*', 's.*').replace('WHERE', 's WHERE'), 'BEGIN;\n' + sql + ';\nCOMMIT',
                 f'SELECT * FROM ({sql}) s', f'WITH w AS ({sql}) TABLE w', f'PREPARE p AS {sql};\nEXECUTE p',
                 sql.replace('pg_stat', 'pg_catalog.pg_stat')):
        cluster.ask("SELECT 'CANARY'")
        masked = expanded(psql(cluster, '\\x\n' + text))
        equal(differing(plain, masked) - VOLATILE, {'application_name'}, text)
        equal([(row['query'], row['application_name'], row['state']) for row in masked], [('[redacted]', '[redacted]', 'idle')], text)


@promise
def a_star_beside_others_keeps_its_place(cluster):
    one = f'(SELECT * FROM pg_stat_activity WHERE pid = {cluster.bystander.get_backend_pid()}) s'
    for sql, behind in ((f'SELECT s.*, 1 FROM {one}', 1), (f'SELECT s.*, o.* FROM {one}, orders o LIMIT 1', 4),
                        (f"SELECT s.*, d.*, n.* FROM {one}, pg_database d, pg_namespace n WHERE datname = 'shop' LIMIT 1", None)):
        cells = psql(cluster, sql.replace("datname = 'shop'", "d.oid = 1")).strip().split('|')
        equal((cells[2], cells[6]), (str(cluster.bystander.get_backend_pid()), '[redacted]'), sql)
        equal(cells[20], '[redacted]', sql)
        check(behind is None or len(cells) == 22 + behind, cells)
    named = psql(cluster, f'SELECT c, a, u FROM (SELECT * FROM {one}) t (a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u)')
    cells = named.strip().split('|')
    equal((cells[0], cells[2]), (str(cluster.bystander.get_backend_pid()), '[redacted]'), 'renamed by position')


@promise
def a_secret_between_two_stars_is_masked(cluster):
    """What is between stars of relations whose columns are not known is found by no position."""
    for sql in ('SELECT d.*, a.rolpassword, n.* FROM pg_database d, pg_authid a, pg_namespace n',
                'SELECT d.*, a.*, n.* FROM pg_database d, pg_authid a, pg_namespace n',
                'SELECT * FROM pg_database, pg_user_mapping, pg_namespace',
                'SELECT d.*, s.*, n.* FROM pg_database d, (SELECT umoptions FROM pg_user_mappings) s, pg_namespace n'):
        rows = psql(cluster, sql).splitlines()
        check(rows, sql)
        equal([row for row in rows if 'SCRAM-SHA-256$' in row or 'user=' in row], [], sql)


@promise
def copy_masks_them_as_well(cluster):
    for sql, hidden in (('COPY (SELECT * FROM pg_user_mappings) TO STDOUT', 'password='), ('COPY pg_authid TO STDOUT', 'SCRAM')):
        plain, masked = (psql(cluster, sql, policy) for policy in (None, POLICY))
        check(hidden in plain and hidden not in masked, masked)
        equal([line.split('\t')[0] for line in masked.splitlines()], [line.split('\t')[0] for line in plain.splitlines()], sql)


@promise
def whoever_takes_their_names_shows_nothing(cluster):
    columns = 'email AS datid, phone AS pid, code AS state'
    cluster.sql(f'CREATE SCHEMA front; CREATE VIEW front.pg_stat_activity AS SELECT {columns} FROM customers')
    for before in ('SET search_path = front, pg_catalog', 'SET search_path = public, front, pg_catalog',
                   'BEGIN; SET LOCAL search_path = front, pg_catalog'):
        shown = psql(cluster, f'{before};\nTABLE pg_stat_activity; SELECT * FROM pg_stat_activity s;')
        equal([line.count('|') for line in shown.splitlines()], [2] * 6, before + shown)
    own = "CREATE TEMP TABLE pg_stat_activity (datid text, pid text); INSERT INTO pg_stat_activity VALUES ('my own', NULL);\n"
    equal(psql(cluster, own + 'TABLE pg_stat_activity'), 'my own|NULL\n', 'a table of the own session')
    shown = psql(cluster, 'SET search_path = pg_catalog, front;\nSELECT * FROM pg_stat_activity LIMIT 1')
    equal(shown.count('|'), 21, 'where they are behind the own ones')


if __name__ == '__main__':
    main(SCHEMA + OBJECTS + 'ALTER ROLE reader LOGIN;')
