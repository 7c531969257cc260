# SPDX-License-Identifier: MIT
"""Under masks a table that a program made in its open transaction comes as it is, and nothing protected comes through one:
not by a name that means something else before or after, nor by what fills tables unseen."""
import os
import re

from harness import PYTHON, accounted, check, equal, main, program, promise, run, settle
from shop import HIDDEN, HIDING, MASKS, POLICY, leaks

PQ = program('pq')

MAKE = "CREATE TEMP TABLE t (id int, note text);\nINSERT INTO t VALUES (1, 'one');\n"
READ = "SELECT * FROM t;\nSELECT id + 1, note || '!', upper(note) FROM t;\nSELECT t FROM t;\n"
# A statement without an origin, which a wrong reading of its name would show.
PEEK = "SELECT note || '' AS peeked FROM t;\n"


def psql(cluster, sql, policy=MASKS, **options):
    since = cluster.mark()
    outcome = run(cluster, ['psql', '-XAt', '-P', 'null=NULL'], policy, sql, **options)
    if policy:
        accounted(cluster, since, outcome.record)
    return outcome


def learned(cluster, since):
    return sum(s.text.startswith('SAVEPOINT chaperone_learns; WITH') for s in cluster.statements(since))


HARMLESS = {
    'temporary': MAKE + READ + PEEK,
    'qualified': MAKE + 'SELECT note FROM pg_temp.t;\n' + PEEK,
    'permanent': MAKE.replace('TEMP ', '') + READ + 'SELECT note FROM public.t;\n' + PEEK,
    'as_select': 'CREATE TEMP TABLE t AS SELECT id, name AS note FROM customers;\n' + READ,
    'select_into': 'SELECT id, name AS note INTO TEMP t FROM customers;\n' + READ,
    'keys': 'CREATE TEMP TABLE t (id serial PRIMARY KEY, note text UNIQUE DEFAULT upper(\'x\'));\nCREATE INDEX ON t (lower(note));\n'
            "INSERT INTO t (note) VALUES ('one'), (DEFAULT) RETURNING *, note || '';\n" + READ,
    'changed': MAKE + "UPDATE t SET note = 'two' RETURNING *;\nDELETE FROM t RETURNING note;\n",
    'widened': MAKE + READ + 'ALTER TABLE t ADD COLUMN more int DEFAULT 5;\n' + READ + 'SELECT more FROM t;\n',
    'made_again': 'DROP TABLE IF EXISTS t;\n' + MAKE + READ + 'DROP TABLE t;\nCREATE TEMP TABLE t (note text, id int);\n'
                  "INSERT INTO t VALUES ('seven', 7);\n" + READ,
    'two': MAKE + READ + 'CREATE TEMP TABLE u (id int, more text);\nINSERT INTO u SELECT id, note FROM t;\n'
           'SELECT * FROM u JOIN t USING (id);\n',
    'joined': MAKE + 'SELECT t.note, name FROM t JOIN customers USING (id);\n',
    'copied': MAKE + "COPY t FROM STDIN;\n5\tfive\n\\.\nCOPY t TO STDOUT;\nCOPY (SELECT note || '' FROM t) TO STDOUT;\n",
    'prepared': MAKE + "PREPARE p AS SELECT note || '' FROM t;\nEXECUTE p;\nEXECUTE p;\nDEALLOCATE p;\n",
    'cursor': MAKE + "DECLARE c CURSOR FOR SELECT note || '' FROM t;\nFETCH ALL FROM c;\n",
    'released': 'SAVEPOINT a;\n' + MAKE + 'RELEASE a;\n' + READ,
    'permanent_and_released': 'SAVEPOINT a;\n' + MAKE.replace('TEMP ', '') + 'RELEASE a;\n' + READ,
    'gone_back': MAKE + "SAVEPOINT a;\nUPDATE t SET note = 'two';\nTABLE t;\nROLLBACK TO a;\n" + READ,
    'failed': MAKE + 'SAVEPOINT a;\nSELECT 1 / 0;\nROLLBACK TO a;\n' + READ,
    'role': MAKE + READ + 'SET LOCAL ROLE postgres;\n' + READ,
    'encoding': MAKE + READ + 'SET LOCAL client_encoding = latin1;\n' + READ,
    'path': MAKE + 'SET LOCAL search_path = early, pg_temp;\n' + READ,
    'explained': MAKE + 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT * FROM t;\n',
}


@promise
def what_the_program_put_into_its_own_table_comes_back(cluster):
    for name, sql in HARMLESS.items():
        for begin in ('BEGIN;\n', 'BEGIN ISOLATION LEVEL SERIALIZABLE;\n'):
            plain, masked = (psql(cluster, begin + sql + 'ROLLBACK;\n', policy) for policy in (None, MASKS))
            equal((masked.stdout.decode(), masked.stderr), (plain.stdout.decode(), plain.stderr), name)
    return f'{len(HARMLESS)} scripts'


# What they would show if nobody looked stands behind each.
ATTACKS = {
    # the same name, before and after
    'rolled_back': HIDDEN + 'BEGIN;\n' + MAKE + READ + 'ROLLBACK;\n' + PEEK + READ,
    'rolled_back_in_one_text': HIDDEN + 'BEGIN;\n' + MAKE + READ + 'ROLLBACK \\;' + PEEK,
    'rolled_back_to': HIDDEN + 'BEGIN;\nSAVEPOINT a;\n' + MAKE + READ + 'ROLLBACK TO a;\n' + PEEK,
    'rolled_back_to_in_one_text': HIDDEN + 'BEGIN;\nSAVEPOINT a;\n' + MAKE + READ + 'ROLLBACK TO a \\;' + PEEK,
    'failed_and_rolled_back_to': HIDDEN + 'BEGIN;\nSAVEPOINT a;\n' + MAKE + READ + 'SELECT 1 / 0;\nROLLBACK TO a;\n' + PEEK,
    'chained': HIDDEN + 'BEGIN;\n' + MAKE + READ + 'ROLLBACK AND CHAIN;\n' + PEEK,
    'dropped_on_commit': HIDDEN + 'BEGIN;\nCREATE TEMP TABLE t (id int, note text) ON COMMIT DROP;\n' + READ + 'COMMIT \\;' + PEEK,
    'dropped': HIDDEN + 'BEGIN;\n' + MAKE + READ + 'DROP TABLE t;\n' + PEEK,
    'dropped_in_one_text': HIDDEN + 'BEGIN;\n' + MAKE + READ + 'DROP TABLE t \\;' + PEEK,
    'discarded': HIDDEN + 'BEGIN;\n' + MAKE + READ + 'DISCARD TEMP;\n' + PEEK,
    'discarded_in_one_text': HIDDEN + 'BEGIN;\n' + MAKE + READ + 'DISCARD TEMP \\;' + PEEK,
    'renamed_away': HIDDEN + 'BEGIN;\n' + MAKE + READ + 'ALTER TABLE t RENAME TO u;\n' + PEEK,
    'made_behind_another': 'SET search_path = late, public, pg_temp;\nBEGIN;\nCREATE TEMP TABLE t (id int, note text);\n' + PEEK,
    'path_set': 'BEGIN;\n' + MAKE + READ + 'SET LOCAL search_path = late, pg_temp;\n' + PEEK,
    'path_set_in_one_text': 'BEGIN;\n' + MAKE + READ + 'SET LOCAL search_path = late, pg_temp \\;' + PEEK,
    'path_configured': 'BEGIN;\n' + MAKE + READ + "SELECT set_config('search_path', 'late, pg_temp', true);\n" + PEEK,
    'moved_in_front': 'SET search_path = early, public;\nBEGIN;\nCREATE TABLE public.t (id int, note text);\n' + READ
                      + 'ALTER VIEW late.t SET SCHEMA early;\n' + PEEK,
    # what was read while the name meant another
    'prepared_before': HIDDEN + "CREATE TEMP TABLE z (i int);\nBEGIN;\nPREPARE p AS SELECT note || '' FROM t;\n" + MAKE + READ
                       + 'EXECUTE p;\n',
    'prepared_before_in_one_text': HIDDEN + 'CREATE TEMP TABLE z (i int);\nBEGIN;\nCREATE TEMP TABLE y (i int);\nTABLE y;\n'
                                   "PREPARE p AS SELECT note || '' FROM t \\;" + MAKE.split('\n')[0] + '\nTABLE t;\nEXECUTE p;\n',
    'cursor_before': HIDDEN + "BEGIN;\nDECLARE c CURSOR FOR SELECT note || '' FROM t;\n" + MAKE + READ + 'FETCH ALL FROM c;\n',
    'prepared_while_it_was_dropped': HIDDEN + 'BEGIN;\n' + MAKE + READ + "SAVEPOINT a;\nDROP TABLE t;\nPREPARE p AS SELECT note || '' "
                                     'FROM t;\nROLLBACK TO a;\n' + READ + 'EXECUTE p;\n',
    'prepared_and_rolled_back': HIDDEN + 'BEGIN;\n' + MAKE + "PREPARE p AS SELECT note || '' FROM t;\nEXECUTE p;\nROLLBACK;\n"
                                'EXECUTE p;\n',
    # values that come along with the table
    'as_select': 'BEGIN;\nCREATE TEMP TABLE t AS SELECT id, email AS note FROM customers;\n' + PEEK,
    'as_select_of_a_view': 'BEGIN;\nCREATE TEMP TABLE t AS SELECT address AS note FROM renamed;\n' + PEEK,
    'as_execute': 'BEGIN;\nPREPARE p AS SELECT email AS note FROM customers;\nCREATE TEMP TABLE t AS EXECUTE p;\n' + PEEK,
    'select_into': 'BEGIN;\nSELECT email AS note INTO TEMP t FROM customers;\n' + PEEK,
    'insert_select': 'BEGIN;\n' + MAKE + READ + 'INSERT INTO t SELECT id, email FROM customers;\n' + PEEK,
    'insert_from_own': 'BEGIN;\n' + MAKE + READ + 'INSERT INTO t SELECT t.id, t.note || c.email FROM t, customers c;\n' + PEEK,
    'update': 'BEGIN;\n' + MAKE + READ + 'UPDATE t SET note = (SELECT email FROM customers WHERE id = 1);\n' + PEEK,
    'joined': 'BEGIN;\n' + MAKE + 'SELECT t.note || c.email FROM t, customers c;\n',
    'whole_row': 'BEGIN;\n' + MAKE + 'SELECT (t, c)::text FROM t, customers c;\n',
    # what the name hides
    'named_alike': 'BEGIN;\nCREATE TEMP TABLE customers (email text, id int);\nINSERT INTO customers SELECT email, id FROM '
                   'public.customers;\nALTER TABLE pg_temp.customers RENAME TO t;\nSELECT email || \'\' FROM t;\n',
    'renamed': 'BEGIN;\nALTER TABLE customers RENAME TO t;\nSELECT email || \'\' FROM t;\n',
    'column_renamed': 'BEGIN;\nALTER TABLE customers RENAME email TO note;\nSELECT note || \'\' FROM customers;\n',
    'view_made': 'BEGIN;\n' + MAKE + READ + 'DROP TABLE t;\nCREATE TEMP VIEW t AS SELECT id, email AS note FROM customers;\n' + PEEK,
    'view_moved': 'BEGIN;\n' + MAKE + READ + 'ALTER TABLE t RENAME TO u;\nALTER VIEW renamed RENAME address TO note;\n'
                  'ALTER VIEW renamed RENAME TO t;\n' + PEEK,
    'inherited': 'BEGIN;\nCREATE TABLE t (email text);\nTABLE t;\nALTER TABLE customers INHERIT t;\nSELECT email || \'\' FROM t;\n',
    'inheriting': 'BEGIN;\nCREATE TEMP TABLE t () INHERITS (customers);\nINSERT INTO t SELECT * FROM customers;\n'
                  'SELECT email || \'\' FROM t;\n',
    'partitioned': 'BEGIN;\nCREATE TABLE t (LIKE customers) PARTITION BY LIST (id);\nTABLE t;\n'
                   "ALTER TABLE t ATTACH PARTITION customers DEFAULT;\nSELECT email || '' FROM t;\n",
    # functions of somebody's
    'field': 'BEGIN;\n' + MAKE + READ + "CREATE FUNCTION f(t) RETURNS text LANGUAGE sql AS 'SELECT steal()';\nSELECT t.f FROM t;\n",
    'field_above': 'BEGIN;\n' + MAKE + READ + "CREATE FUNCTION f(record) RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN steal(); "
                   "END';\nSELECT t.f FROM t;\n",
    'overloaded': 'BEGIN;\n' + MAKE + READ + "CREATE FUNCTION public.upper(varchar) RETURNS text LANGUAGE sql AS 'SELECT steal()';\n"
                  'SELECT upper(note::varchar) FROM t;\n',
    'default': 'BEGIN;\nCREATE TEMP TABLE t (id int, note text DEFAULT steal());\nINSERT INTO t (id) VALUES (1);\n' + PEEK,
    'default_added': 'BEGIN;\n' + MAKE + READ + 'ALTER TABLE t ALTER note SET DEFAULT steal();\nINSERT INTO t (id) VALUES (1);\n' + PEEK,
    'default_copied': 'BEGIN;\nCREATE TEMP TABLE t (LIKE model INCLUDING ALL);\nINSERT INTO t (id) VALUES (1);\n' + PEEK,
    'default_of_a_domain': 'BEGIN;\nCREATE TEMP TABLE t (id int, note stolen);\nINSERT INTO t (id) VALUES (1);\n' + PEEK,
    'trigger': 'BEGIN;\n' + MAKE + READ + "CREATE FUNCTION fire() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.note := steal(); "
               "RETURN NEW; END';\nCREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION fire();\n"
               "INSERT INTO t VALUES (2, 'two');\n" + PEEK,
    'rule': 'BEGIN;\n' + MAKE + READ + "CREATE RULE r AS ON INSERT TO t DO INSTEAD UPDATE plain SET id = id WHERE id = 1 RETURNING id, "
            "steal();\nINSERT INTO t VALUES (2, 'two') RETURNING note || '';\n",
    'procedure': 'BEGIN;\n' + MAKE + READ + 'CALL pour();\n' + PEEK,
    'procedure_prepared': 'BEGIN;\n' + MAKE + READ + 'EXPLAIN ANALYZE SELECT steal();\nCALL pour();\n' + PEEK,
    'made_and_called': 'BEGIN;\n' + MAKE + READ + "CREATE FUNCTION fill() RETURNS int LANGUAGE plpgsql AS 'BEGIN INSERT INTO t SELECT "
                       "id, email FROM customers; RETURN 1; END';\nSELECT fill();\n" + PEEK,
    'block': 'BEGIN;\n' + MAKE + READ + 'DO $$ BEGIN INSERT INTO t SELECT id, email FROM customers; END $$;\n' + PEEK,
}
UNKNOWN_ALLOWED = MASKS.replace('unknown: deny', 'unknown: allow')


@promise
def nothing_protected_comes_through_a_table_of_ones_own(cluster):
    for name, sql in ATTACKS.items():
        sql += 'ROLLBACK;\n'
        check(leaks(psql(cluster, sql, None).stdout), f'{name} shows nothing even without the shim')
        for policy in (MASKS, UNKNOWN_ALLOWED):
            masked = psql(cluster, sql, policy)
            equal(leaks(masked.stdout + masked.stderr), [], f'leaks of {name} in {masked.stdout.decode()}')
    return f'{len(ATTACKS)} ways'


PSYCOPG = r"""
import sys
driver = __import__(sys.argv[1])
connection = driver.connect('')
cursor = connection.cursor()


def show(text, parameters=None):
    cursor.execute(text, parameters)
    status = connection.info.transaction_status
    print(cursor.statusmessage, int(status), cursor.fetchall() if cursor.description else '')


show('CREATE TEMP TABLE t (id int, note text)')
cursor.executemany('INSERT INTO t VALUES (%s, %s)', [(1, 'one'), (2, 'two')])
for i in range(8):
    show('SELECT id, note, note || %s FROM t WHERE id > %s ORDER BY id', ('!', i % 2))
show('SAVEPOINT inside')
show("UPDATE t SET note = 'none' RETURNING *")
show('ROLLBACK TO inside')
show('SELECT * FROM t ORDER BY id')
with connection.cursor('named') as named:
    named.execute('SELECT note FROM t ORDER BY id')
    print(list(named))
if hasattr(connection, 'transaction'):
    with connection.transaction():
        show('CREATE TEMP TABLE u AS SELECT note FROM t')
        show('SELECT * FROM u ORDER BY 1')
    show('SELECT * FROM u ORDER BY 1')
    with cursor.copy('COPY t FROM STDIN') as copy:
        copy.write_row((3, 'three'))
    show('SELECT * FROM t ORDER BY id')
try:
    show('SELECT 1 / 0 FROM t')
except driver.Error as error:
    print(error)
connection.rollback()
show('CREATE TEMP TABLE t (note text, id int)')
show("INSERT INTO t VALUES ('three', 3)")
show('SELECT * FROM t')
connection.commit()
show('SELECT * FROM t')
show('SELECT email FROM customers WHERE id = 1')
connection.close()
"""


def driver_reads_its_tables(cluster, driver):
    if not os.path.exists(f'/usr/lib/python3/dist-packages/{driver}/__init__.py'):
        return f'Debian package python3-{driver} is not installed'
    command = [PYTHON, '-c', PSYCOPG, driver]
    plain, masked = run(cluster, command), run(cluster, command, MASKS)
    equal((plain.status, masked.status, masked.stderr), (0, 0, b''), masked)
    equal(masked.stdout.decode(), plain.stdout.decode().replace('ann@canary.example', '[redacted]'), 'what is read')
    return f'{len(masked.stdout.splitlines())} lines'


@promise
def psycopg2_reads_its_temporary_tables_before_the_commit(cluster):
    return driver_reads_its_tables(cluster, 'psycopg2')


@promise
def psycopg_3_reads_its_temporary_tables_before_the_commit(cluster):
    return driver_reads_its_tables(cluster, 'psycopg')


@promise
def a_table_is_asked_for_once(cluster):
    since = cluster.mark()
    psql(cluster, 'BEGIN;\n' + MAKE + READ * 20 + "INSERT INTO t VALUES (2, 'two');\n" * 20 + READ + 'COMMIT;\n' + READ)
    equal(learned(cluster, since), 1, 'questions')
    since = cluster.mark()
    psql(cluster, 'BEGIN;\nSAVEPOINT a;\n' + MAKE + 'ROLLBACK TO a;\n' + READ + 'ROLLBACK;\n')
    equal(learned(cluster, since), 2, 'questions where there is one, and where there is none')
    since = cluster.mark()
    psql(cluster, 'BEGIN;\nSELECT id FROM customers;\nSELECT note FROM plain;\nSAVEPOINT a;\nSELECT * FROM nowhere;\n' + READ
         + 'ROLLBACK TO a;\nCREATE TABLE z (i int);\nSELECT id FROM customers;\nROLLBACK;\n' + MAKE + READ)
    equal(learned(cluster, since), 0, 'questions of names that nobody made')
    since = cluster.mark()
    psql(cluster, 'BEGIN;\n' + MAKE + READ + 'COMMIT;\n', POLICY.split('columns:')[0] + 'rules: []\n')
    equal(learned(cluster, since), 0, 'questions without masks')


@promise
def nothing_is_asked_in_a_failed_transaction(cluster):
    since = cluster.mark()
    psql(cluster, 'BEGIN;\nCREATE TEMP TABLE t (id int, note text);\nSELECT 1 / 0;\n' + READ + 'ROLLBACK;\n')
    equal(learned(cluster, since), 0, 'questions')


@promise
def a_question_that_fails_leaves_the_transaction_as_it_was(cluster):
    cluster.sql('REVOKE EXECUTE ON FUNCTION pg_catalog.pg_table_is_visible(oid) FROM PUBLIC')
    try:
        since = cluster.mark()
        outcome = psql(cluster, 'BEGIN;\nSAVEPOINT chaperone_learns;\n' + MAKE + 'SELECT note FROM t;\n' * 3
                       + "SAVEPOINT a;\nINSERT INTO t VALUES (2, 'two');\nROLLBACK TO a;\nROLLBACK TO chaperone_learns;\n"
                       'SELECT 1;\nROLLBACK;\n', environment={'PGUSER': 'clerk'})
        equal((outcome.stdout.decode().split('\n'), outcome.stderr),
              (['BEGIN', 'SAVEPOINT', 'CREATE TABLE', 'INSERT 0 1', *['[redacted]'] * 3, 'SAVEPOINT', 'INSERT 0 1', 'ROLLBACK',
                'ROLLBACK', '1', 'ROLLBACK', ''], b''), 'a run')
        # after ROLLBACK TO there is more to ask, but nobody who does
        equal(learned(cluster, since), 1, 'questions')
    finally:
        cluster.sql('GRANT EXECUTE ON FUNCTION pg_catalog.pg_table_is_visible(oid) TO PUBLIC')


@promise
def a_savepoint_of_the_same_name_stays_the_programs(cluster):
    outcome = psql(cluster, 'BEGIN;\nSAVEPOINT chaperone_learns;\n' + MAKE + 'SELECT note FROM t;\nROLLBACK TO chaperone_learns;\n'
                   'SELECT note FROM t;\nROLLBACK;\n')
    equal(outcome.stdout.decode(), 'BEGIN\nSAVEPOINT\nCREATE TABLE\nINSERT 0 1\none\nROLLBACK\nROLLBACK\n', 'a run')
    check('relation "t" does not exist' in outcome.stderr.decode(), outcome)


def pq(cluster, text, **exceptions):
    since = cluster.mark()
    outcome = run(cluster, [PQ], MASKS, re.sub(r'(?m)^ +', '', text).replace('|', '\t').strip() + '\n')
    equal((outcome.status, outcome.stderr, leaks(outcome.stdout)), (0, b'', []), outcome)
    check(b'no such call' not in outcome.stdout, outcome)
    asked = learned(cluster, since)
    settle(cluster, **exceptions)
    return re.findall(r"  row(.*)", outcome.stdout.decode()), asked


BEGUN = """
    exec|SET search_path = late, public
    exec|BEGIN
    exec|SAVEPOINT a
    exec|CREATE TEMP TABLE t AS SELECT 1 AS id, 'one'::text AS note
"""


@promise
def a_pipeline_knows_what_was_known_before_it(cluster):
    rows, asked = pq(cluster, BEGUN + """
        exec|SELECT note FROM t
        pipeline
        sendparams|0|SELECT note, 'b' FROM t
        sendprepare|p|SELECT note, 'c' FROM t
        sendexecute|p|0
        sync
        drain
        sendparams|0|ROLLBACK TO a
        sendparams|0|SELECT note, 'd' FROM t
        sendexecute|p|0
        sync
        drain
        endpipeline
        exec|ROLLBACK
    """)
    gone = [' | [redacted]', ' | [redacted]', ' | NULL']
    equal((rows, asked), ([' | one', ' | one | b', ' | one | c', *[row + ' | d' for row in gone], *[row + ' | c' for row in gone]], 1),
          'what was known, and what was gone')


@promise
def nothing_is_asked_in_a_pipeline(cluster):
    rows, asked = pq(cluster, BEGUN + """
        pipeline
        sendparams|0|SELECT note, 'b' FROM t
        sync
        drain
        endpipeline
    """)
    equal((rows, asked), ([' | [redacted] | b'], 0), 'in the pipeline')


@promise
def a_prepared_statement_is_read_as_it_was_prepared(cluster):
    rows, _ = pq(cluster, BEGUN.replace('exec|SAVEPOINT a', "prepare|p|SELECT note, 'before' FROM t") + """
        prepare|q|SELECT note, 'behind' FROM t
        execute|q|0
        execute|p|0
        execute|q|1
        exec|EXECUTE q
        exec|EXECUTE p
        prepare||SELECT note, 'unnamed' FROM t
        execute||0
        exec|ROLLBACK
        execute|q|0
        execute|p|0
    """, more=-1)
    equal(rows, [' | one | behind', ' | [redacted] | before', ' | x6f6e65 | x626568696e64', ' | one | behind',
                 ' | [redacted] | before', ' | one | unnamed']
          + [row + behind for behind in (' | behind', ' | before') for row in (' | [redacted]', ' | [redacted]', ' | NULL')], 'rows')


TWO = """
import psycopg2
first, second = psycopg2.connect(''), psycopg2.connect('')
one, other = first.cursor(), second.cursor()
for cursor in (one, other):
    cursor.execute('SET search_path = late, public')
first.commit()
second.commit()


def show(cursor, i):
    cursor.execute('SELECT note || %s FROM t LIMIT 1', (str(i),))
    print(cursor.fetchall())


for turn in range(3):
    for i in (1, 2):
        show(one, i)
        show(other, i)
    first.rollback()
    one.execute("CREATE TEMP TABLE t AS SELECT 1 AS id, 'one'::text AS note")
    for i in (1, 2):
        show(one, i)
        show(other, i)
    if turn == 1:
        second.commit()
    first.rollback()
"""


@promise
def neither_another_connection_nor_a_later_transaction_takes_over_a_verdict(cluster):
    since = cluster.mark()
    outcome = run(cluster, [PYTHON, '-c', TWO], MASKS)
    equal((outcome.status, outcome.stderr), (0, b''), outcome)
    hidden, turn = "[('[redacted]',)]", ["[('[redacted]',)]"] * 4
    equal(outcome.stdout.decode().splitlines(), (turn + ["[('one1',)]", hidden, "[('one2',)]", hidden]) * 3, 'what both read')
    accounted(cluster, since, outcome.record)


@promise
def a_masked_column_of_ones_own_table_is_masked(cluster):
    policy = MASKS.replace('personal: [', 'personal: ["*.secret", ')
    outcome = psql(cluster, "BEGIN;\nCREATE TEMP TABLE t (id int, secret text DEFAULT 'own', note text);\n"
                   "INSERT INTO t (id, note) VALUES (1, 'one');\n"
                   'SELECT * FROM t;\nSELECT secret || note, note || \'\' FROM t;\nSELECT t::text FROM t;\nROLLBACK;\n', policy)
    equal(outcome.stdout.decode(), 'BEGIN\nCREATE TABLE\nINSERT 0 1\n1|[redacted]|one\n[redacted]|one\n[redacted]\nROLLBACK\n',
          'what is read')


main(HIDING)
