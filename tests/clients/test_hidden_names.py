# SPDX-License-Identifier: MIT
"""A prepared statement and a cursor keep what the server read in their names, also when these mean another relation by now;
and no more is masked of them than that."""
from harness import accounted, check, equal, main, promise, run
from shop import HIDDEN, HIDING, MASKS, leaks

MADE = "CREATE TEMP TABLE t (id int, note text);\nINSERT INTO t VALUES (1, 'one');\n"
PREPARED = "CREATE TEMP TABLE z (id int, note text);\nPREPARE p AS SELECT note || '' FROM t;\n"
HELD = "BEGIN;\nDECLARE c CURSOR WITH HOLD FOR SELECT note || '' FROM t;\nCOMMIT;\n"
RUN, FETCH = 'EXECUTE p;\n', 'FETCH ALL FROM c;\n'
FRONT = 'SET search_path = early, late;\n'

ATTACKS = {
    'temporary': HIDDEN + PREPARED + MADE + RUN,
    'temporary_in_a_transaction': HIDDEN + PREPARED + 'BEGIN;\n' + MADE + 'COMMIT;\n' + RUN,
    'in_one_text': HIDDEN + "CREATE TEMP TABLE z (i int);\nPREPARE p AS SELECT note || '' FROM t \\;" + MADE + RUN,
    'in_front': FRONT + PREPARED + 'CREATE TABLE early.t (id int, note text);\n' + RUN + 'DROP TABLE early.t;\n',
    'moved': FRONT + PREPARED + 'CREATE TABLE public.t (id int, note text);\nALTER TABLE public.t SET SCHEMA early;\n' + RUN
             + 'DROP TABLE early.t;\n',
    'moved_under_another_path': FRONT + PREPARED + 'SET search_path = early;\nCREATE TABLE early.t (id int, note text);\n'
                                'SELECT 1;\n' + FRONT + RUN + 'DROP TABLE early.t;\n',
    'selected': HIDDEN + PREPARED + "SELECT 1 AS id, 'one'::text AS note INTO TEMP t;\n" + RUN,
    'view': HIDDEN + PREPARED + 'CREATE TEMP VIEW t AS SELECT id, note FROM plain;\n' + RUN,
    'again': HIDDEN + PREPARED + MADE + 'DROP TABLE t;\n' + RUN + MADE + RUN,
    'by_a_function': HIDDEN + PREPARED + 'SELECT make();\n' + RUN,
    'dropped_and_back': HIDDEN + MADE + "BEGIN;\nDROP TABLE t;\nPREPARE p AS SELECT note || '' FROM t;\nROLLBACK;\n" + RUN,
    'dropped_and_back_in_one_text': HIDDEN + MADE + "BEGIN;\nDROP TABLE t \\; PREPARE p AS SELECT note || '' FROM t \\; ROLLBACK;\n"
                                    + RUN,
    'dropped_and_back_by_a_text': HIDDEN + MADE + "BEGIN;\nDROP TABLE t;\nPREPARE p AS SELECT note || '' FROM t \\; ROLLBACK;\n" + RUN,
    'dropped_and_not_committed': HIDDEN + MADE + "BEGIN;\nDROP TABLE t;\nPREPARE p AS SELECT note || '' FROM t;\nSELECT 1 / 0;\n"
                                 'COMMIT;\n' + RUN,
    'dropped_and_back_by_a_savepoint': HIDDEN + MADE + "BEGIN;\nSAVEPOINT a;\nDROP TABLE t;\nPREPARE p AS SELECT note || '' FROM t;\n"
                                       'ROLLBACK TO a;\n' + RUN + 'COMMIT;\n' + RUN,
    'path_of_a_function_just_made': 'CREATE TABLE public.t (id int, note text);\nBEGIN;\nCREATE FUNCTION turn() RETURNS text LANGUAGE sql '
                                    "AS 'SELECT set_config(''search_path'', ''late'', true)';\nSELECT turn();\n"
                                    "SELECT note || '' FROM t;\nROLLBACK;\nDROP TABLE public.t;\n",
    'cursor': HIDDEN + HELD + MADE + FETCH,
    'cursor_on_what_was_dropped': 'SET search_path = late;\nBEGIN;\nCREATE VIEW late.s AS TABLE late.t;\nCOMMIT;\n'
                                  + HELD.replace(' t;', ' late.s;') + 'DROP VIEW late.s;\nCREATE TABLE late.s (id int, note text);\n'
                                  + FETCH + 'DROP TABLE late.s;\n',
    'cursor_on_a_view_that_changed': 'CREATE VIEW late.s AS TABLE plain;\nCREATE OR REPLACE VIEW late.s AS TABLE late.t;\n'
                                     + HELD.replace(' t;', ' late.s;') + 'CREATE OR REPLACE VIEW late.s AS TABLE plain;\n' + FETCH
                                     + 'DROP VIEW late.s;\n',
}


def psql(cluster, sql, policy):
    since = cluster.mark()
    outcome = run(cluster, ['psql', '-XAt', '-P', 'null=NULL'], policy, sql)
    if policy:
        accounted(cluster, since, outcome.record)
    return outcome


@promise
def a_name_that_is_hidden_later_hides_no_mask(cluster):
    for name, sql in ATTACKS.items():
        check(leaks(psql(cluster, sql, None).stdout), f'{name} shows nothing even without the shim')
        masked = psql(cluster, sql, MASKS)
        equal(leaks(masked.stdout + masked.stderr), [], f'leaks of {name} in {masked.stdout.decode()}')
    return f'{len(ATTACKS)} ways'


HARMLESS = {
    'made_before': MADE + "PREPARE p AS SELECT note || '' FROM t;\n" + RUN * 2 + 'CREATE TEMP TABLE u (i int);\n' + RUN,
    'in_one_text': MADE.replace(';\nINSERT', " \\; PREPARE p AS SELECT note || '' FROM plain LIMIT 2;\nINSERT") + 'DEALLOCATE p;\n'
                   "PREPARE p AS SELECT note || '' FROM t;\n" + RUN,
    'committed': 'BEGIN;\n' + MADE + "PREPARE p AS SELECT note || '' FROM t;\n" + RUN + 'COMMIT;\n' + RUN,
    'dropped_and_back': "PREPARE p AS SELECT note || '' FROM plain LIMIT 2;\nBEGIN;\nDROP TABLE orders;\nROLLBACK;\n" + RUN,
    'made_at_most_once': MADE + "PREPARE p AS SELECT note || '' FROM t;\n" + 'CREATE TEMP TABLE IF NOT EXISTS t (id int);\n' + RUN,
    'rolled_back': "PREPARE p AS SELECT note || '' FROM plain WHERE id < 3;\nBEGIN;\nCREATE TEMP TABLE plain (id int);\nROLLBACK;\n"
                   + RUN,
    'prepared_again': MADE + "PREPARE p AS SELECT note || '' FROM t;\nDROP TABLE t;\n" + MADE + "DEALLOCATE p;\n"
                      "PREPARE p AS SELECT note || '' FROM t;\n" + RUN,
    'others_change': "PREPARE p AS SELECT note || '' FROM plain WHERE id < 3;\nCREATE TABLE more (i int);\nALTER TABLE more ADD j int;\n"
                     'SELECT idle() \\g /dev/null\n' + RUN + 'DROP TABLE more;\n' + RUN + 'SET search_path = early, public;\n' + RUN,
}


@promise
def what_is_not_hidden_comes_as_it_is(cluster):
    for name, sql in HARMLESS.items():
        plain, masked = (psql(cluster, sql, policy) for policy in (None, MASKS))
        equal(masked.stdout.decode(), plain.stdout.decode(), name)


main(HIDING)
