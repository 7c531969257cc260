# SPDX-License-Identifier: MIT
"""What the server says of other servers, files and programs quotes none of the options by which it reaches them."""
import json

from harness import PYTHON, accounted, check, equal, main, program, promise, run
from shop import POLICY, SCHEMA, leaks

FOREIGN = '''
CREATE EXTENSION postgres_fdw; CREATE EXTENSION file_fdw; CREATE EXTENSION dblink;
CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'canary-host.invalid', dbname 'CANARY-database');
CREATE USER MAPPING FOR postgres SERVER far OPTIONS (user 'canary-user', password 'CANARY-password');
CREATE FOREIGN TABLE distant (id int, note text) SERVER far;
CREATE SERVER near FOREIGN DATA WRAPPER postgres_fdw OPTIONS (dbname 'shop');
CREATE USER MAPPING FOR postgres SERVER near OPTIONS (user 'canary-user');
CREATE FOREIGN TABLE unknown_to_it (id int, note text) SERVER near;
CREATE SERVER own FOREIGN DATA WRAPPER postgres_fdw OPTIONS (dbname 'shop', application_name 'bystander');
CREATE USER MAPPING FOR postgres SERVER own OPTIONS (user 'postgres');
CREATE FOREIGN TABLE gone (id int, note text) SERVER own OPTIONS (table_name 'canary-table');
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE missing (note text) SERVER files OPTIONS (filename '/nowhere/CANARY-file');
CREATE FOREIGN TABLE failing (note text) SERVER files OPTIONS (program 'false CANARY-program');
SET client_min_messages = error;
CREATE SUBSCRIPTION sub CONNECTION 'host=canary-host.invalid password=CANARY-secret' PUBLICATION x WITH (connect = false);
'''

CALLS_ALLOWED = POLICY.replace('do: call', 'do: copy-out').replace('alter, ', '')

# What is sent, and the code and message that are left of its error.
STATEMENTS = [
    ('SELECT * FROM distant', '08001', 'could not connect to server "far"'),
    ('SELECT id FROM distant WHERE id = 1', '08001', 'could not connect to server "far"'),
    ('INSERT INTO distant VALUES (1)', '08001', 'could not connect to server "far"'),
    ('SELECT c.name, d.note FROM customers c, distant d', '08001', 'could not connect to server "far"'),
    ('ANALYZE distant', '08001', 'could not connect to server "far"'),
    ('SELECT * FROM unknown_to_it', '08001', 'could not connect to server "near"'),
    ('SELECT * FROM gone', '42P01', '[redacted] (undefined table)'),
    ('SELECT * FROM missing', '58P01', '[redacted] (undefined file)'),
    ('SELECT * FROM failing', '38000', '[redacted]'),
    ("SELECT dblink_connect('far')", '08001', '[redacted]'),
    ('ALTER SUBSCRIPTION sub ENABLE', None, None),
    ('ALTER SUBSCRIPTION sub REFRESH PUBLICATION', '08006', '[redacted] (connection failure)'),
    # Their like, which stay.
    ('SELECT 1 / 0', '22012', 'division by zero'),
    ('SELECT * FROM nowhere', '42P01', 'relation "nowhere" does not exist'),
    ("SET work_mem = 'much'", '22023', 'invalid value for parameter "work_mem": "much"'),
    ('INSERT INTO plain VALUES (1)', '23505', 'duplicate key value violates unique constraint "plain_pkey"'),
]

PSYCOPG = '''
import json, sys
import psycopg2
connection = psycopg2.connect('')
connection.autocommit = True
for sql in sys.argv[1:]:
    try:
        connection.cursor().execute(sql)
        print(json.dumps(['', '', '']))
    except psycopg2.Error as error:
        print(json.dumps([error.pgcode, error.diag.message_primary, str(error) + str(error.diag.message_detail)]))
'''


def governed(cluster, command, policy, given=''):
    since = cluster.mark()
    outcome = run(cluster, command, policy, given)
    equal(leaks(outcome.stdout + outcome.stderr), [], f'leaks in {outcome}')
    check(b'.invalid' not in outcome.stdout + outcome.stderr, outcome)
    accounted(cluster, since, outcome.record)
    return outcome


@promise
def psycopg2_gets_code_and_condition_alone(cluster):
    outcome = governed(cluster, [PYTHON, '-c', PSYCOPG, *(sql for sql, _, _ in STATEMENTS)], CALLS_ALLOWED)
    equal((outcome.status, outcome.stderr), (0, b''), 'status and errors')
    seen = [json.loads(line) for line in outcome.stdout.splitlines()]
    for (sql, code, message), said in zip(STATEMENTS, seen):
        if code:
            equal(said[:2], [code, message], sql)
    cluster.sql('ALTER SUBSCRIPTION sub DISABLE')


@promise
def psql_prints_no_option_however_much_it_prints(cluster):
    for verbosity in ('default', 'verbose', 'sqlstate'):
        script = f'\\set VERBOSITY {verbosity}\n' + ''.join(sql + ';\n' for sql, _, _ in STATEMENTS)
        outcome = governed(cluster, ['psql', '-X'], CALLS_ALLOWED, script)
        equal(outcome.stderr.count(b'ERROR:'), len(STATEMENTS) - 1, verbosity)
        cluster.sql('ALTER SUBSCRIPTION sub DISABLE')


@promise
def without_masks_the_server_says_all_of_it(cluster):
    policy = 'version: 1\nname: open\ndefault: allow\nunknown: allow\nrules: [ { name: no-drop, for: everyone, do: drop, then: deny } ]\n'
    outcome = run(cluster, ['psql', '-X'], policy, 'SELECT * FROM distant;')
    check(b'canary-host.invalid' in outcome.stderr, outcome)


@promise
def what_the_server_says_of_its_client_stays(cluster):
    outcome = governed(cluster, [program('pq')], POLICY, 'params\t0\tSELECT $1::int\n')
    check(b'bind message supplies 0 parameters, but prepared statement "" requires 1' in outcome.stdout, outcome)


if __name__ == '__main__':
    main(SCHEMA + FOREIGN)
