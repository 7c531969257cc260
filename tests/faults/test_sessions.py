# SPDX-License-Identifier: MIT
"""Text that means something else after what came before it is judged by what it means."""
import re
import time

from harness import ALLOW_EVERYTHING, LONG, accounted, both_ways, check, equal, main, program, promise, run, settle, start
from shop import POLICY, SCHEMA, leaks

PQ, FLIP, BINDS = program('pq'), program('flip'), program('binds')
MORE = SCHEMA + '''
CREATE SCHEMA evil;
CREATE VIEW evil.plain AS SELECT id, email AS note FROM public.customers;
CREATE TABLE evil.orders AS SELECT 1 AS id;
CREATE TABLE victim (id int);
INSERT INTO victim VALUES (1);
CREATE VIEW harmless AS SELECT id, note FROM plain;
'''


def pq(cluster, lines, policy=POLICY, environment=None):
    since = cluster.mark()
    outcome = run(cluster, [PQ], policy, b'\n'.join(
        (line if isinstance(line, bytes) else line.encode()).replace(b'|', b'\t') for line in lines) + b'\n', environment=environment)
    equal((outcome.status, outcome.stderr), (0, b''), 'a run')
    equal(leaks(outcome.stdout), [], f'leaks in {outcome.stdout.decode("utf-8", "replace")}')
    sent, _ = accounted(cluster, since, outcome.record)
    return outcome.stdout.decode('utf-8', 'replace').split('-- ')[1:], sent


def unharmed(cluster):
    equal(cluster.sql('SELECT count(*) FROM orders; SELECT count(*) FROM victim'), '3\n1\n', 'rows of orders and victim')


HIDDEN = "SELECT 'a\\'; DROP TABLE victim; --'"  # one literal when backslashes escape, two statements when they do not


@promise
def text_is_read_as_the_server_reads_it(cluster):
    answers, _ = pq(cluster, [f'exec|{HIDDEN}', 'exec|SET standard_conforming_strings = off', f'exec|{HIDDEN}',
                              "exec|SELECT 'b\\'; TRUNCATE victim; --'", 'exec|RESET standard_conforming_strings', f'exec|{HIDDEN}',
                              "exec|SELECT set_config('standard_conforming_strings', 'off', false)", f'exec|{HIDDEN}',
                              f'exec|SET standard_conforming_strings = on; {HIDDEN}', 'exec|ROLLBACK', f'exec|{HIDDEN}'])
    check('42501' in answers[0], f'two statements: {answers[0]}')
    for answer in answers:
        check("tag 'DROP" not in answer and "tag 'TRUNCATE" not in answer, answer)
    unharmed(cluster)
    for value in ('on', 'off'):
        pq(cluster, [f'exec|{HIDDEN}', 'exec|SELECT 1'], environment={'PGOPTIONS': f'-c standard_conforming_strings={value}'})
        unharmed(cluster)


@promise
def a_setting_that_was_rolled_back_counts_no_more(cluster):
    pq(cluster, ['exec|BEGIN', 'exec|SET standard_conforming_strings = off', 'exec|ROLLBACK', f'exec|{HIDDEN}', 'exec|BEGIN',
                 'exec|SET LOCAL standard_conforming_strings = off', 'exec|COMMIT', f'exec|{HIDDEN}', 'exec|BEGIN', 'exec|SAVEPOINT s',
                 'exec|SET standard_conforming_strings = off', 'exec|ROLLBACK TO s', f'exec|{HIDDEN}', 'exec|COMMIT', f'exec|{HIDDEN}'])
    unharmed(cluster)


@promise
def a_search_path_changes_what_a_name_means(cluster):
    """evil.plain shows e-mail addresses under the name of a harmless column."""
    for change in (['exec|SET search_path = evil, public'], ["exec|SELECT set_config('search_path', 'evil', false)"],
                   ['exec|BEGIN', 'exec|SET LOCAL search_path = evil'], ["exec|SET search_path TO 'evil'"], ['exec|SET SCHEMA \'evil\'']):
        for first in ([], ['exec|SELECT note FROM plain WHERE id = 1'], ['prepare|p|SELECT note FROM plain', 'exec|PREPARE q AS SELECT note FROM plain']):
            then = ['exec|SELECT note FROM plain', 'exec|SELECT * FROM plain'] + (['execute|p|0', 'exec|EXECUTE q'] if len(first) == 2 else [])
            pq(cluster, first + change + then)
    pq(cluster, ['exec|SET search_path = evil; SELECT note FROM plain', 'exec|SELECT note FROM plain'])
    pq(cluster, ['exec|SELECT note FROM plain'], environment={'PGOPTIONS': '-c search_path=evil'})


@promise
def temporary_objects_do_not_hide_what_is_protected(cluster):
    pq(cluster, ['exec|SELECT id FROM plain WHERE id = 1', 'exec|CREATE TEMP VIEW plain AS SELECT 1 AS id, email AS note FROM customers',
                 'exec|SELECT note FROM plain', 'exec|SELECT id FROM plain WHERE id = 1', 'exec|SELECT note FROM pg_temp.plain'])


@promise
def prepared_names_are_one_namespace(cluster):
    answers, _ = pq(cluster, [
        'exec|PREPARE a AS SELECT email FROM customers ORDER BY id', 'execute|a|0', 'execute|a|1',
        'prepare|b|SELECT email FROM customers ORDER BY id', 'exec|EXECUTE b', 'exec|DEALLOCATE b', 'execute|b|0',
        'prepare|b|SELECT salary FROM customers ORDER BY id', 'execute|b|0', 'exec|EXECUTE b', 'exec|DEALLOCATE ALL', 'execute|b|0',
        'prepare|b|SELECT 7 AS seven', 'execute|b|0', 'exec|DISCARD ALL', 'execute|b|0', 'exec|EXECUTE a',
        'prepare|a|SELECT email FROM customers', 'prepare|a|SELECT 1', 'execute|a|0', "exec|SELECT 'alive'"])
    equal([answer.count('[redacted]') for answer in (answers[1], answers[4], answers[19])], [2, 2, 2], 'masked cells')
    check('row | 7' in answers[13] and 'alive' in answers[-1], answers)
    for gone in (6, 11, 15, 16):
        check('FATAL_ERROR' in answers[gone], answers[gone])


@promise
def a_failed_prepare_keeps_the_old_text(cluster):
    answers, _ = pq(cluster, ['prepare|p|SELECT email FROM customers', 'prepare|p|SELECT 1', 'execute|p|0', 'exec|PREPARE p AS SELECT 2',
                              'exec|EXECUTE p', 'exec|BEGIN', 'exec|SELECT 1/0', 'exec|DEALLOCATE p', 'exec|ROLLBACK', 'execute|p|0'])
    for at in (2, 4, 9):
        equal(answers[at].count('[redacted]'), 2, f'masked cells in {answers[at]}')


@promise
def names_of_cursors_carry_their_masks(cluster):
    answers, _ = pq(cluster, ['exec|BEGIN', 'exec|DECLARE c CURSOR WITH HOLD FOR SELECT email FROM customers ORDER BY id', 'exec|FETCH 1 FROM c',
                              'exec|COMMIT', 'params|1|FETCH 1 FROM c', 'prepare|f|FETCH BACKWARD 1 FROM c', 'execute|f|0', 'exec|CLOSE c',
                              'exec|BEGIN', 'exec|DECLARE c CURSOR FOR SELECT 7 AS seven', 'exec|FETCH 1 FROM c', 'exec|CLOSE ALL', 'exec|COMMIT'])
    check('[redacted]' in answers[2] and '[redacted]' in answers[6].replace('x5b72656461637465645d', '[redacted]') or '42501' in answers[6],
          answers)


@promise
def a_view_replaced_by_a_second_session_is_noticed(cluster):
    cluster.sql('CREATE OR REPLACE VIEW harmless AS SELECT id, note FROM plain')
    session = start(cluster, [PQ], POLICY)
    pipe = session.process
    pipe.stdin.write(b"exec\tSELECT note FROM harmless WHERE id = 1\nexec\tSELECT note FROM harmless WHERE id = 1\nescape\tx\n")
    pipe.stdin.flush()
    said = b''
    while b'escaped' not in said:
        said += pipe.stdout.readline()
    check(b'note 1' in said, said)
    cluster.sql('CREATE OR REPLACE VIEW harmless AS SELECT id, email AS note FROM customers')
    time.sleep(5.2)  # the promised freshness of definitions
    outcome = session.end(b'exec\tSELECT note FROM harmless\nexec\tSELECT note FROM harmless\n')
    equal(leaks(outcome.stdout), [], f'leaks in {outcome}')
    cluster.sql('CREATE OR REPLACE VIEW harmless AS SELECT id, note FROM plain')


@promise
def a_renamed_table_is_still_protected(cluster):
    pq(cluster, ['exec|SELECT email FROM customers WHERE id = 1', 'exec|CREATE VIEW mine AS SELECT email AS x FROM customers',
                 'exec|SELECT x FROM mine', 'exec|SELECT * FROM mine'])
    cluster.sql('DROP VIEW IF EXISTS mine')


@promise
def odd_bytes_are_judged_or_refused(cluster):
    lines = [b"exec|SELECT '\xff\xfe'", b"exec|SELECT '\xc3'", b"exec|SEL\xffECT 1", b"params|0|SELECT $1::text|\xf0\x28\x8c\xbc",
             b"prepare|\xff|SELECT 1", b"execute|\xff|0", b"exec|SELECT '\xed\xa0\x80'; DROP TABLE victim", b"exec|SELECT 1 -- \x01\x02\x7f",
             b"exec|SELECT E'\\000'", b'exec|SELECT U&"\\0000"', b"exec|SELECT 'alive'"]
    answers, _ = pq(cluster, lines)
    check('alive' in answers[-1], answers)
    unharmed(cluster)
    given = b"SELECT 'nul \0 byte';\nSELECT 'alive';\n"
    seen = [run(cluster, ['psql', '-XAt'], policy, given).seen() for policy in (None, ALLOW_EVERYTHING)]
    equal(*seen, 'a NUL in psql')
    since = cluster.mark()
    outcome = run(cluster, ['psql', '-XAt'], POLICY, given)
    accounted(cluster, since, outcome.record)


@promise
def an_encoding_whose_bytes_look_like_quotes_is_refused(cluster):
    """0x95 0x5c is one character of SJIS, and a backslash for those who read bytes."""
    for how in (['exec|SET client_encoding TO SJIS'], ['encoding|SJIS']):
        answers, _ = pq(cluster, how + [b"exec|SELECT '\x95\x5c'; DROP TABLE victim; --'", 'exec|SELECT 1'])
        check('42501' in answers[1] and 'row | 1' in answers[2], answers)
        unharmed(cluster)
    answers, _ = pq(cluster, [b"exec|SELECT '\x95\x5c'; DROP TABLE victim; --'", 'exec|SELECT 1'],
                    environment={'PGCLIENTENCODING': 'SJIS'})
    check('42501' in answers[0], answers)
    unharmed(cluster)


@promise
def another_threads_edits_reach_no_server(cluster):
    rounds = 100_000 if LONG else 20_000
    since = cluster.mark()
    outcome = run(cluster, [FLIP, str(rounds)], POLICY)
    said = re.match(r'served (\d+) refused (\d+) failed (\d+)', outcome.stdout.decode())
    check(outcome.status == 0 and said, outcome)
    sent, _ = accounted(cluster, since, outcome.record)
    evil = [s for s in sent if s.text.startswith('T') or s.state == '42601']
    equal([s.text for s in evil][:3], [], 'unpermitted texts in the log')
    check(int(said[2]) > 10, f'too few refusals to prove anything: {said[0]}')
    unharmed(cluster)
    return said[0]


# Under masks no PQfn passes.
UNMASKED = '''version: 1
name: unmasked
default: allow
unknown: deny
rules:
  - name: no-drop
    for: everyone
    do: drop
    then: deny
'''


@promise
def an_encoding_is_judged_as_the_statement_that_libpq_makes_of_it(cluster):
    for length in (*range(90, 106), 127, 128, 129, 1000):
        name = "UTF8'; DROP TABLE victim; --".ljust(length, '-')
        (answer, *_), _ = pq(cluster, ['encoding|' + name])
        check(answer.startswith('encoding') and '-1' in answer, f'{length}: {answer}')
        unharmed(cluster)


@promise
def bind_values_that_change_while_the_agent_is_asked_are_sent_as_they_were(cluster):
    expected = ['PQsetClientEncoding: 0 LATIN1'] + [f'{name}: good|12345|null' for name in ('PQexecParams', 'PQsendQueryParams', 'PQprepare', 'PQsendPrepare')]
    for policy in (UNMASKED, ALLOW_EVERYTHING):
        outcome = run(cluster, [BINDS, 'asked'], policy)
        equal(outcome.stdout.decode().splitlines(), [*expected, 'PQfn: e bytes as it was', 'asked: each time'], 'what the server took')


@promise
def another_threads_edits_of_bind_arrays_tear_no_value(cluster):
    rounds = 100_000 if LONG else 10_000
    since = cluster.mark()
    outcome = run(cluster, [BINDS, 'flip', str(rounds)], POLICY)
    said = re.match(r'brief (\d+) lengthy (\d+) torn 0\n', outcome.stdout.decode())
    check(outcome.status == 0 and said and min(int(said[1]), int(said[2])) > 10, outcome)
    accounted(cluster, since, outcome.record)
    return outcome.stdout.decode().strip()


@promise
def what_is_odd_about_binds_is_libpqs_to_say(cluster):
    beyond = {'unsent': 7, 'more': 1}  # in front of a bind that libpq refuses it has put a parse on its way
    (status, told, _), _ = both_ways(cluster, [BINDS, 'odd'], least=20, **beyond)
    told = told.decode('latin-1')
    check(status == 0 and all(part in told for part in (
        'count: PGRES_FATAL_ERROR number of parameters must be between 0 and 65535', 'length must be given for binary parameter',
        'many: last|', 'zeros: 4|text|null', f'large, binary: {64 << 20}|text|', 'function: PGRES_COMMAND_OK 7 e bytes')), told)
    equal(run(cluster, [BINDS, 'odd'], UNMASKED).stdout.decode('latin-1'), told, 'under rules')
    settle(cluster, **beyond)


@promise
def a_value_that_memory_does_not_hold_twice_is_refused(cluster):
    outcome = run(cluster, [BINDS, 'full'], POLICY)
    lines = outcome.stdout.decode().splitlines()
    check(lines and lines[0] == 'full: PGRES_FATAL_ERROR ERROR:  chaperone refused this: there is no memory', outcome)
    equal((lines[-1], outcome.status, outcome.stderr), (f'again: {64 << 20}|text|null', 0, b''), 'afterwards')
    settle(cluster, unheard=1)


@promise
def allow_everything_still_knows_nothing_to_refuse(cluster):
    answers, _ = pq(cluster, ['exec|SET client_encoding TO SJIS', 'exec|SELECT 1', 'exec|SET client_encoding TO UTF8'], ALLOW_EVERYTHING)
    check('row | 1' in answers[1], answers)


main(MORE)
