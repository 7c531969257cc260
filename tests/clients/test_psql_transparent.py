# SPDX-License-Identifier: MIT
"""psql behaves the same with and without the shim under a policy that allows everything."""
import os
import re

from harness import ALLOW_EVERYTHING, both_ways, check, equal, main, promise, run
from shop import SCHEMA

SCRIPTS = {
    'types': '''
        SELECT 1::int2, 2::int4, 3::int8, 1.5::float4, 2.5::float8, 'NaN'::float8, 10.25::numeric, true, NULL;
        SELECT 'a'::char(5), 'b'::varchar(9), 'c'::text, '\\xdeadbeef'::bytea, 'e'::name;
        SELECT '2026-11-22'::date, '12:30'::time, '2026-11-22 12:30+02'::timestamptz, '1 day 2 h'::interval;
        SELECT '{"a": [1, null]}'::json, '{"b": 2}'::jsonb, '<a/>'::text, '{1,2,NULL}'::int[], '{{a},{b}}'::text[];
        SELECT 'cafe0001-0000-4000-8000-000000000001'::uuid, '10.0.0.0/8'::cidr, '08:00:2b:01:02:03'::macaddr;
        SELECT '(1,2)'::point, '[1,5)'::int4range, 'calm'::mood, B'1010', 12.34::money, ROW(1,'x',NULL);
        SELECT 'ä€😀', E'tab\\there', U&'\\0441\\043B', $q$dollar $x$ in it$q$;
        SELECT * FROM customers ORDER BY id; TABLE contacts ORDER BY id; SELECT FROM customers; VALUES (1,2),(3,NULL);
    ''',
    'errors': '''
        SELEC 1; SELECT 1/0; SELECT * FROM missing; SELECT "unfinished FROM x;
        '; SELECT "; SELECT nope(1); INSERT INTO plain VALUES (1, 'twice'); INSERT INTO plain VALUES ('x');
        INSERT INTO orders (customer) VALUES (99); SELECT 1 +; DROP TABLE missing; SELECT 'a'::int; \\errverbose
        \\set VERBOSITY verbose
        SELECT 1/0; SELECT * FROM missing;
        \\echo :ERROR :SQLSTATE :ROW_COUNT :LAST_ERROR_MESSAGE
        \\nosuchcommand
        SELECT 1;;;  ; SELECT 2
    ''',
    'notices': '''
        DO $$ BEGIN RAISE NOTICE 'a notice'; RAISE WARNING 'a warning'; RAISE INFO 'an info'; END $$;
        DROP TABLE IF EXISTS missing; CREATE TABLE IF NOT EXISTS plain (id int); COMMIT; ROLLBACK; BEGIN; BEGIN; COMMIT;
        DO $$ BEGIN RAISE EXCEPTION 'mine' USING ERRCODE = 'ZZ123', DETAIL = 'more', HINT = 'less'; END $$;
    ''',
    'describe': '''
        \\d
        \\d customers
        \\d+ contacts
        \\dt+
        \\df
        \\du
        \\l
        \\dn+
        \\dT
        \\dv
        \\di
        \\ds
        \\dp
        \\sf purge
        \\sv contacts
        \\d missing
        \\conninfo
        \\encoding
    ''',
    'transactions': '''
        BEGIN; INSERT INTO plain VALUES (1001, 'x'); SAVEPOINT a; SELECT 1/0; SELECT 1; ROLLBACK TO a;
        SELECT count(*) FROM plain; RELEASE a; UPDATE plain SET note = 'y' WHERE id = 1001 RETURNING *; ROLLBACK;
        BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY; SHOW transaction_isolation; INSERT INTO plain VALUES (0, ''); COMMIT;
        BEGIN; SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SELECT 1; COMMIT AND CHAIN; SELECT 2; END;
        \\set AUTOCOMMIT off
        SELECT 3; SELECT 1/0; SELECT 4; ROLLBACK;
        \\set AUTOCOMMIT on
        \\set ON_ERROR_ROLLBACK on
        BEGIN; SELECT 1/0; SELECT 5; COMMIT;
    ''',
    'cursors': '''
        \\set FETCH_COUNT 7
        SELECT id FROM plain ORDER BY id LIMIT 20; SELECT 1/0; SELECT id FROM plain WHERE 1/(id-9) > -9 ORDER BY id;
        \\unset FETCH_COUNT
        BEGIN; DECLARE c SCROLL CURSOR FOR SELECT id, note FROM plain ORDER BY id; FETCH 2 FROM c; MOVE 5 IN c; FETCH c;
        FETCH BACKWARD 2 FROM c; FETCH ALL FROM c \\g /dev/null
        CLOSE c; FETCH c; COMMIT;
    ''',
    'prepared': '''
        PREPARE p (int) AS SELECT id, note FROM plain WHERE id = $1; EXECUTE p(3); EXECUTE p(4); EXECUTE q;
        PREPARE p AS SELECT 1; DEALLOCATE p; EXECUTE p(1); PREPARE r AS INSERT INTO plain VALUES ($1, $2) RETURNING id;
        EXECUTE r(2001, 'z'); DEALLOCATE ALL; DISCARD ALL; DELETE FROM plain WHERE id = 2001;
        SELECT $1 + 1 \\bind 41 \\g
        SELECT 1 AS a, 2 AS b \\gx
        SELECT 7 AS seven \\gset
        \\echo :seven
        SELECT 'SELECT ' || i FROM generate_series(1, 3) i \\gexec
        SELECT id, note FROM plain WHERE id < 3 \\crosstabview
        SELECT 1 \\; SELECT 2 \\; SELECT 3;
        SELECT 1 \\; SELECT 1/0 \\; SELECT 3;
        SELECT id FROM plain LIMIT 1 \\gdesc
    ''',
    'copy': '''
        \\copy plain (id, note) TO STDOUT WITH (FORMAT csv, HEADER)
        \\copy (SELECT id, name FROM customers ORDER BY id) TO STDOUT
        CREATE TEMP TABLE t (a int, b text);
        COPY t FROM STDIN;
1	one
2	\\N
\\.
        COPY t TO STDOUT; COPY t FROM STDIN (FORMAT csv);
x,bad
\\.
        COPY missing TO STDOUT; TABLE t;
        \\copy t FROM '/nonexistent'
    ''',
    'large_objects': '''
        BEGIN;
        \\lo_import /etc/hostname 'a host'
        \\lo_list
        \\lo_export 1 /dev/null
        ROLLBACK;
        SELECT lo_from_bytea(4711, '\\xcafe'); SELECT lo_get(4711); SELECT lo_unlink(4711);
    ''',
    'sessions': '''
        SET client_encoding TO 'LATIN1'; SELECT 'ä'::text; \\encoding UTF8
        SELECT 'ä';
        LISTEN wire; NOTIFY wire, 'hello'; SELECT 1; UNLISTEN *;
        SET datestyle TO german; SELECT '2026-11-22'::date; RESET ALL; SHOW search_path; SET search_path TO pg_catalog;
        SELECT count(*) > 0 FROM pg_class; SET standard_conforming_strings TO off; SELECT 'a\\\\b'; RESET ALL;
        EXPLAIN (COSTS off) SELECT * FROM plain WHERE id = 1; EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) SELECT 1;
        VACUUM plain; ANALYZE plain; CREATE TABLE made AS SELECT 1 AS one; DROP TABLE made; SELECT purge(); TRUNCATE archive;
        \\connect postgres
        SELECT current_database(); \\connect missing
        SELECT 1;
    ''',
}


def steady(text):
    """Without what differs from run to run anyway: process ids, object ids, pg_dump's random word."""
    return re.sub(rb'(?im)\blo_import \d+|^ +\d{5,} +\|.*a host|with PID \d+|restrict \w+', b'VARIES', text)


def same_log(sent, given):
    sent = [[(kind, state, re.sub(r'\b\d{5,}\b', 'N', text)) for kind, state, text in one] for one in sent]
    equal(*sent, 'server logs')
    check(len(sent[0]) >= given, f'only {len(sent[0])} statements')


def script(name):
    def test(cluster):
        given = SCRIPTS[name].replace('\n        ', '\n')
        # The first call on a large object asks for the functions' numbers; lo_import creates, opens, writes and closes.
        seen, sent = both_ways(cluster, ['psql', '-Xa'], given, like=steady, more=4 if name == 'large_objects' else 0)
        same_log(sent, 5)
        return f'{len(sent[0])} statements, {len(seen[1])} bytes, exit {seen[0]}'
    test.__name__ = f'psql_is_byte_equal_on_{name}'
    promise(test)


for script_name in SCRIPTS:
    script(script_name)


@promise
def psql_is_byte_equal_in_its_modes(cluster):
    total = 0
    for options in (['-c', 'SELECT 1', '-c', 'SELECT 2; SELECT 3'], ['-1', '-c', 'SELECT 1', '-c', 'SELECT 1/0'],
                    ['-tA', '-c', 'SELECT * FROM customers'], ['--csv', '-c', 'TABLE orders'], ['-H', '-c', 'TABLE orders'],
                    ['-v', 'ON_ERROR_STOP=1', '-c', 'SELECT 1/0', '-c', 'SELECT 1'], ['-d', 'missing'], ['-l'],
                    ['-E', '-c', '\\dt'], ['-L', '/dev/null', '-c', 'SELECT 1'], ['--version'], ['-s', '-c', 'SELECT 1'],
                    ['-d', 'host=/nonexistent'], ['-d', 'options=--search_path=pg_catalog', '-c', 'SHOW search_path']):
        _, sent = both_ways(cluster, ['psql', '-X', *options], least=0, like=steady)
        equal(*sent, f'server logs of psql {options}')
        total += len(sent[0])
    return f'{total} statements'


@promise
def psql_keeps_a_pagers_and_a_shells_view(cluster):
    seen, _ = both_ways(cluster, ['sh', '-c', 'psql -Xc "SELECT 1" | cat; psql -Xqc "SELECT 1/0"; echo $?'], like=steady)
    check(b'division by zero' in seen[2], seen)


@promise
def pg_dump_writes_the_same_bytes(cluster):
    seen, _ = both_ways(cluster, ['pg_dump', '--no-comments', 'shop'], like=steady)
    check(b'ann@canary.example' in seen[1] and seen[0] == 0, seen)
    return f'{len(seen[1])} bytes'


@promise
def an_empty_run_starts_no_statement(cluster):
    since = cluster.mark()
    outcome = run(cluster, ['psql', '-X'], ALLOW_EVERYTHING)
    equal((outcome.status, outcome.stdout, outcome.stderr), (0, b'', b''), 'an empty psql')
    equal(cluster.statements(since), [], 'statements')
    check(os.path.isdir(outcome.record), 'a record')


main(SCHEMA)
