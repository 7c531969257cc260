# SPDX-License-Identifier: MIT
"""COPY in both directions: as without the shim where nothing is masked, masked field by field where something is."""
import csv
import io
import re

from harness import PYTHON, accounted, check, equal, intents, main, program, promise, run, settle
from shop import MASKED, POLICY, SCHEMA, leaks

COPIES = program('copies')
OPEN = 'version: 1\nname: open\ndefault: allow\nunknown: allow\nrules: []\n'
MORE = '''
CREATE TABLE odd (id int, secret text, note text, size int GENERATED ALWAYS AS (id * 2) STORED, short varchar(5));
INSERT INTO odd VALUES (1, E'a\\tb', E'tab\\tand\\\\slash'), (2, E'two\\nlines', E'"quoted", and\\nbroken'), (3, NULL, NULL),
  (4, '', ''), (5, E'\\\\N', E'\\\\N'), (6, E'\\\\.', E'\\\\.'), (7, 'NULL', 'plain'), (8, 'ünïcode ,"x"', '日本');
UPDATE odd SET short = 'abc' WHERE id < 3;
CREATE TABLE taken (id int, note text);
'''
ODD = POLICY.replace('personal: [', 'personal: [odd.secret, odd.short, ')


def psql(cluster, script, policy, balanced=True):
    since = cluster.mark()
    outcome = run(cluster, ['psql', '-Xq', '-v', 'ON_ERROR_STOP=0'], policy, script)
    if policy and balanced:
        accounted(cluster, since, outcome.record)
    return outcome


def copies(cluster, way, sql, policy):
    since = cluster.mark()
    outcome = run(cluster, [COPIES, way, sql], policy)
    equal((outcome.status, outcome.stderr), (0, b''), f'{way} {sql}')
    if policy:
        accounted(cluster, since, outcome.record)
    return outcome.stdout.decode(), outcome.record


def of_copy(cluster, record):
    return [event for event in intents(cluster, record) if 'COPY' in event.get('statement', '')]


FORMATS = ('', '(FORMAT csv)', "(FORMAT csv, HEADER, DELIMITER ';', NULL 'none', QUOTE '''')",
           "(FORMAT csv, FORCE_QUOTE *, ESCAPE '\\')", "(FORMAT csv, FORCE_QUOTE (note), NULL 'NULL')", '(HEADER)',
           "(DELIMITER '|')", "(FORMAT csv, ENCODING 'LATIN9')", '(FORMAT text, ENCODING utf8)')


@promise
def everything_is_as_without_the_shim_when_everything_is_allowed(cluster):
    sources = ('odd (id, note)', '(SELECT note, id FROM odd)', 'plain', 'odd')
    script = ''.join(f'COPY {source} TO STDOUT {options};\n' for source in sources for options in
                     (*FORMATS, '(FORMAT binary)') if 'LATIN9' not in options)
    script += 'COPY taken FROM STDIN;\n1\tone\n2\t\\N\n\\.\nCOPY taken FROM STDIN (FORMAT csv);\n3,"a\nb"\nx,y\n\\.\n' \
              'TABLE taken; TRUNCATE taken;\nCOPY nowhere TO STDOUT; COPY taken FROM STDIN; SELECT 1;\n1\tx\n\\.\n' \
              "COPY (SELECT 1/0) TO STDOUT;\n\\copy odd to pstdout csv header\n\\copy (select 1) to program 'cat'\nSELECT 2;" \
              'TRUNCATE taken;\n'
    plain, governed = (psql(cluster, script, policy, balanced=False) for policy in (None, OPEN))
    equal(governed.seen(), plain.seen(), 'psql')
    cluster.sql('TRUNCATE taken')
    for way, sql in (('line', 'COPY plain TO STDOUT'), ('lineasync', 'COPY plain TO STDOUT'), ('data', 'COPY plain TO STDOUT'),
                     ('async', 'COPY odd TO STDOUT'), ('leave', 'COPY plain TO STDOUT'), ('blind', 'COPY plain TO STDOUT'),
                     ('putline', 'COPY taken FROM STDIN'), ('put', 'COPY taken FROM STDIN'),
                     ('giveup', 'COPY taken FROM STDIN'), ('none', 'COPY taken FROM STDIN'),
                     ('data', 'COPY odd TO STDOUT; COPY plain TO STDOUT; SELECT 1')):
        equal(copies(cluster, way, sql, OPEN)[0], copies(cluster, way, sql, None)[0], f'{way} {sql}')


def read_text(text, delimiter='\t', null='\\N'):
    """Rows of the text format, read on their own."""
    pairs = {'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v'}

    def value(field):
        return None if field == null else re.sub(r'\\(.)', lambda m: pairs.get(m[1], m[1]), field)
    mark = '\t' if delimiter == '\t' else r'(?<!\\)' + re.escape(delimiter)
    return [[value(field) for field in re.split(mark, line)] for line in text.split('\n')[:-1]]


@promise
def masked_columns_are_masked_in_every_format_and_the_rest_is_as_it_was(cluster):
    for options in FORMATS:
        for source in ('odd (id, secret, note)', '(SELECT id, secret, note FROM odd)'):
            script = f'COPY {source} TO STDOUT {options};'
            if 'LATIN9' in options:
                script = script.replace(' FROM odd', ' FROM odd WHERE id < 8').replace('odd (id', '(SELECT id').replace(
                    'note) TO', 'note FROM odd WHERE id < 8) TO')
            plain, masked = psql(cluster, script, None).stdout.decode(), psql(cluster, script, ODD)
            equal(masked.stderr, b'', f'{script}')
            masked = masked.stdout.decode()
            if 'csv' in options:
                style = {'delimiter': ';' if ';' in options else ',', 'quotechar': "'" if "QUOTE ''''" in options else '"'}
                if 'ESCAPE' in options:
                    style |= {'escapechar': '\\', 'doublequote': False}
                before, after = (list(csv.reader(io.StringIO(text, newline=''), **style)) for text in (plain, masked))
            else:
                mark = '|' if '|' in options else '\t'
                before, after = (read_text(text, mark) for text in (plain, masked))
            equal(len(before), len(after), script)
            for old, new in zip(before, after):
                equal([old[0], old[2]], [new[0], new[2]], script)
                if old[0] == '3':
                    equal(new[1], old[1], f'NULL in {script}')
                elif old[0] != 'id':
                    equal(new[1], '[redacted]', script)
                else:
                    equal(new, old, 'header')
    return f'{2 * len(FORMATS)} streams'


@promise
def masked_values_fit_their_types_and_can_be_read_back(cluster):
    script = 'COPY customers TO STDOUT;'
    cluster.sql('TRUNCATE archive')
    outcome = psql(cluster, script, POLICY)
    equal((outcome.stderr, leaks(outcome.stdout)), (b'', []), outcome.stdout)
    event = of_copy(cluster, outcome.record)[0]
    equal((event['rows'], event['masked_cells'] >= 2 * len(MASKED)), (3, True), event)
    cluster.sql(f'COPY archive FROM STDIN;\n{outcome.stdout.decode()}\\.\n')
    equal(cluster.sql('SELECT count(*), count(email), count(salary), min(email) FROM archive'), '3|2|0|[redacted]\n', 'archive')
    cluster.sql('TRUNCATE archive')
    outcome = psql(cluster, 'COPY odd TO STDOUT; COPY odd (short, id) TO STDOUT (FORMAT csv);', ODD)
    check('\n1\t[redacted]\ttab\\tand\\\\slash\t[reda\n' in outcome.stdout.decode(), outcome)
    check('[reda,1\n' in outcome.stdout.decode(), outcome)
    return outcome.stdout.decode().splitlines()[0]


@promise
def what_is_found_is_masked_in_fields(cluster):
    outcome = psql(cluster, 'COPY (SELECT id, remarks FROM customers ORDER BY id) TO STDOUT (FORMAT csv);\n'
                   "COPY (SELECT id, 4111111111111111 AS n, '4111111111111111 x' FROM customers) TO STDOUT;", POLICY)
    lines = outcome.stdout.decode().splitlines()
    equal(lines[:3], ['1,"call [email], card [card], [iban]"', '2,nothing here', '3,'], 'found')
    equal(lines[3], '1\t\\N\t[card] x', 'a number')


REFUSED = {
    'COPY customers TO STDOUT (FORMAT binary)': 'COPY in binary cannot be masked',
    'COPY plain TO STDOUT (FORMAT binary)': 'COPY in binary cannot be masked, and values in it are',
    "COPY customers TO STDOUT (NULL '')": 'values that read like the NULL',
    "COPY customers TO STDOUT (NULL '123-45-6789')": 'values that read like the NULL',
    "COPY customers TO STDOUT (ENCODING 'SJIS')": 'in the encoding of this COPY',
    "COPY customers TO STDOUT (ENCODING 'EUC_JP')": 'in the encoding of this COPY',
    "SET client_encoding TO EUC_JP; COPY customers TO STDOUT": 'in the encoding of this COPY',
    "COPY customers TO STDOUT (FORMAT csv, QUOTE E'\\x01')": 'the options of this COPY',
    "COPY customers TO '/tmp/x'": 'cannot be masked',
    "COPY customers TO PROGRAM 'cat'": 'cannot be masked',
    "COPY plain TO '/tmp/x'": 'this channel is not governed',
    'COPY (SELECT c.*, j.* FROM customers c, json_each(c.profile) j) TO STDOUT': '',
    'COPY customers FROM STDIN': 'which is masked for you',
    'COPY customers (id, email) FROM STDIN': 'which is masked for you',
}


@promise
def what_cannot_be_masked_is_refused_and_the_connection_goes_on(cluster):
    for sql, reason in REFUSED.items():
        said, record = copies(cluster, 'data', sql, POLICY)
        check(said.startswith('PGRES_FATAL_ERROR') and 'chaperone refused this: ' in said and reason in said, f'{sql}: {said}')
        check('alive\n' in said, said)
        equal([event['decision'] for event in intents(cluster, record)][:2].count('deny'), 1, sql)
    outcome = run(cluster, [COPIES, 'data', 'COPY orders TO STDOUT (FORMAT binary)'], POLICY.replace(
        '      found: { email: redact, card: redact, iban: redact }\n', ''))
    check(outcome.stdout.startswith(b'PGRES_COPY_OUT') and outcome.stdout.count(b'PGCOPY') == 1, outcome)


@promise
def old_calls_and_asynchronous_ones_are_masked(cluster):
    for way in ('line', 'lineasync', 'data', 'async', 'leave', 'blind'):
        said, _ = copies(cluster, way, 'COPY (SELECT id, email, name FROM customers ORDER BY id) TO STDOUT', POLICY)
        equal(leaks(said.encode()), [], said)
        check(said.endswith('alive\n'), said)
        if way == 'blind':
            check('end -2' in said, said)
        else:
            check('[redacted]' in said.replace('|', ''), said)


@promise
def a_string_of_several_statements_is_followed(cluster):
    said, record = copies(cluster, 'data', 'SELECT 1; COPY (SELECT name, email FROM customers) TO STDOUT; SELECT 2', POLICY)
    check('Ann\t[redacted]' in said and leaks(said.encode()) == [], said)
    said = run(cluster, ['psql', '-Xq'], POLICY, 'COPY (SELECT email FROM customers) TO STDOUT\\; SELECT name, email FROM customers'
               '\\; COPY (SELECT id, email FROM customers) TO STDOUT;\n')
    equal((leaks(said.stdout), said.stdout.count(b'[redacted]')), ([], 6), said)


@promise
def outcomes_tell_rows_bytes_and_masked_cells(cluster):
    for way, sql, rows in (('data', 'COPY plain TO STDOUT', 500), ('line', 'COPY plain TO STDOUT', 500),
                           ('data', 'COPY customers TO STDOUT (FORMAT csv, HEADER)', 3),
                           ('put', 'COPY taken FROM STDIN', 2)):
        said, record = copies(cluster, way, sql, POLICY)
        event = of_copy(cluster, record)[0]
        equal((event['rows'], event['status']), (rows, 'ok'), f'{sql}: {said[-300:]} {event}')
        check(event['bytes'] >= 20, event)
    said, record = copies(cluster, 'giveup', 'COPY taken FROM STDIN', POLICY)
    equal(of_copy(cluster, record)[0]['status'], 'error', said)
    said, record = copies(cluster, 'leave', 'COPY plain TO STDOUT', POLICY)
    equal(of_copy(cluster, record)[0]['outcome'], 'lost', said)
    return cluster.sql('TRUNCATE taken')


@promise
def a_connection_that_breaks_in_the_middle_is_lost(cluster):
    outcome = run(cluster, [COPIES, 'break', "COPY (SELECT i, repeat('x', 1000) FROM generate_series(1, 90000) i) TO STDOUT"],
                  POLICY)
    event = of_copy(cluster, outcome.record)[0]
    equal((outcome.status, event['outcome']), (0, 'lost'), event)
    cluster.mark()
    settle(cluster, unsent=1)  # what the program tries on the broken connection


PSYCOPG = '''
import io, sys, psycopg2
connection = psycopg2.connect('')
cursor = connection.cursor()
out = io.StringIO()
cursor.copy_to(out, 'customers', columns=('id', 'email', 'salary'))
cursor.copy_expert('COPY (SELECT id, phone FROM customers ORDER BY id) TO STDOUT WITH CSV HEADER', out)
print(out.getvalue())
cursor.execute('DELETE FROM taken WHERE id > 0')
cursor.copy_from(io.StringIO('1\\tone\\n2\\t\\\\N\\n'), 'taken', columns=('id', 'note'))
cursor.copy_expert('COPY taken FROM STDIN (FORMAT csv)', io.StringIO('3,"x, y"\\n'))
cursor.execute('SELECT * FROM taken ORDER BY id')
print(cursor.fetchall())
connection.rollback()
for sql, way in (('COPY customers (id, email) FROM STDIN', io.StringIO('9\\tx\\n')), ('COPY customers TO STDOUT BINARY', out)):
    try:
        cursor.copy_expert(sql, way)
    except psycopg2.Error as error:
        print(error.pgcode, error.diag.message_primary)
    connection.rollback()
cursor.execute("SELECT 'alive'")
print(cursor.fetchone())
'''


@promise
def psycopg2_copies(cluster):
    since = cluster.mark()
    outcome = run(cluster, [PYTHON, '-c', PSYCOPG], POLICY)
    equal((outcome.status, outcome.stderr, leaks(outcome.stdout)), (0, b'', []), outcome)
    said = outcome.stdout.decode()
    check(said.startswith('1\t[redacted]\t\\N\n2\t[redacted]\t\\N\n3\t\\N\t\\N\nid,phone\n1,[redacted]\n2,[redacted]\n3,\n'), said)
    check("[(1, 'one'), (2, None), (3, 'x, y')]" in said and said.count('42501 chaperone refused this') == 2, said)
    check(said.endswith("('alive',)\n"), said)
    accounted(cluster, since, outcome.record)


@promise
def psql_copies_to_and_from_files(cluster):
    path = cluster.path('out.csv')
    outcome = psql(cluster, f"\\copy customers to '{path}' csv header\n\\copy customers (id, phone) to program 'cat' \n"
                   "\\copy taken from stdin\n5\tfive\n\\.\n\\copy customers from '/dev/null'\nSELECT 'alive', count(*) FROM taken;"
                   'DELETE FROM taken WHERE id = 5;', POLICY)
    with open(path) as file:
        content = file.read()
    equal(leaks(content.encode() + outcome.stdout), [], content)
    check(content.count('[redacted]') >= 6 and content.startswith('id,name,email'), content)
    check('1\t[redacted]' in outcome.stdout.decode() and 'alive' in outcome.stdout.decode(), outcome)
    check(outcome.stderr.count(b'chaperone refused this') == 1, outcome.stderr)


GUARD = '''version: 1
name: guard
default: allow
unknown: allow
rules:
  - name: no-truncate
    for: everyone
    do: truncate
    then: deny
'''


def tidy(dump):
    """Without what differs from dump to dump."""
    return re.sub(rb'(?m)^\\(un)?restrict .*$', b'', dump)


@promise
def a_dump_without_masks_is_a_dump_and_can_be_restored(cluster):
    for policy in (OPEN, GUARD):
        for options in (['-t', 'plain'], [], ['-t', 'odd', '--inserts']):
            plain = run(cluster, ['pg_dump', *options])
            since = cluster.mark()
            governed = run(cluster, ['pg_dump', *options], policy)
            equal((governed.status, governed.stderr, tidy(governed.stdout)), (0, b'', tidy(plain.stdout)), options)
            if policy == GUARD:
                accounted(cluster, since, governed.record)
        cluster.sql('DROP DATABASE IF EXISTS copied', database='postgres')
        cluster.sql('CREATE DATABASE copied', database='postgres')
        path = cluster.path('dump')
        with open(path + '.sql', 'wb') as file:
            file.write(run(cluster, ['pg_dump'], policy).stdout)
        restored = run(cluster, ['psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', 'copied', '-f', path + '.sql'], policy)
        equal((restored.status, restored.stderr), (0, b''), restored)
        equal(cluster.sql('SELECT count(*) FROM plain', 'copied'), '500\n', 'rows that psql restored')
        run(cluster, ['pg_dump', '-Fc', '-f', path + '.custom'], policy)
        cluster.sql('DROP DATABASE copied', database='postgres')
        cluster.sql('CREATE DATABASE copied', database='postgres')
        restored = run(cluster, ['pg_restore', '-d', 'copied', path + '.custom'], policy)
        equal((restored.status, restored.stderr), (0, b''), restored)
        equal(cluster.sql('SELECT count(*) FROM plain', 'copied'), '500\n', 'rows that pg_restore restored')


if __name__ == '__main__':
    main(SCHEMA + MORE)
