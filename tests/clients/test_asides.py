# SPDX-License-Identifier: MIT
"""What libpq tells besides rows: errors, notices, notifications, traces, events, the stream itself.  Under masks none of
it has a protected value in it, and under a policy that allows everything all of it is as it is."""
import re

from harness import ALLOW_EVERYTHING, accounted, check, equal, main, notes, program, promise, run
from shop import POLICY, SCHEMA, leaks

ASIDES = program('asides')
HIDDEN = '[redacted]'

# Functions, triggers and a deferred constraint that quote what is protected.
MORE = SCHEMA + r'''
CREATE FUNCTION tell() RETURNS int LANGUAGE plpgsql AS $$BEGIN
  RAISE NOTICE 'told %', (SELECT email FROM customers WHERE id = 1); RETURN 1; END$$;
CREATE FUNCTION fail(code text) RETURNS int LANGUAGE plpgsql AS $$DECLARE found text; BEGIN
  SELECT email INTO found FROM customers WHERE id = 1;
  RAISE EXCEPTION USING ERRCODE = code, MESSAGE = found, DETAIL = found, HINT = found, COLUMN = found, TABLE = found,
    SCHEMA = found, DATATYPE = found, CONSTRAINT = found; END$$;
CREATE FUNCTION fail_shortly() RETURNS int LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'E'; END$$;
CREATE FUNCTION fail_inside() RETURNS int LANGUAGE plpgsql AS $$BEGIN
  EXECUTE format('SELECT %I', (SELECT email FROM customers WHERE id = 1)); RETURN 1; END$$;
CREATE FUNCTION ciphered() RETURNS int LANGUAGE plpgsql AS $$BEGIN
  RAISE EXCEPTION 'no' USING ERRCODE = (SELECT salary::text FROM customers WHERE id = 1); END$$;
CREATE FUNCTION plainly() RETURNS int LANGUAGE sql AS $$SELECT email::int FROM customers WHERE id = 1$$;
CREATE FUNCTION on_plain() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
  RAISE NOTICE 'on plain: %', (SELECT email FROM customers WHERE id = 1);
  PERFORM pg_notify('news', (SELECT row_to_json(c)::text FROM customers c WHERE id = 1));
  IF NEW.note = 'refuse' THEN RAISE EXCEPTION 'refused for %', (SELECT email FROM customers WHERE id = 1); END IF;
  RETURN NEW; END$$;
CREATE TABLE watched (id int PRIMARY KEY, note text);
INSERT INTO watched VALUES (1, 'quiet');
CREATE TRIGGER watching BEFORE UPDATE OR INSERT ON watched FOR EACH ROW EXECUTE FUNCTION on_plain();
CREATE TABLE late (email text UNIQUE DEFERRABLE INITIALLY DEFERRED);
INSERT INTO late VALUES ('ann@canary.example');
CREATE FUNCTION arrive_late() RETURNS int LANGUAGE sql AS $$INSERT INTO late SELECT email FROM late LIMIT 1; SELECT 1$$;
'''
CALLS = POLICY.replace('''  - name: no-calls
    for: everyone
    do: call
    then: deny
''', '').replace('customers.email', 'customers.email, late.email')
# Probes are let through, so that the server's own operators and casts have values to quote.
FOUND = '      found: { email: redact, card: redact, iban: redact }\n'
PROBES = CALLS.replace(FOUND, FOUND + '    probe: allow\n')
FINDS = CALLS.replace('      personal: redact\n', '')
DENIES = 'version: 1\nname: denies\ndefault: allow\nunknown: allow\nrules:\n  - { name: no, for: everyone, do: drop, then: deny }\n'


def asides(cluster, lines, policy=CALLS, counts=True, least=1, arguments=(), **options):
    since = cluster.mark()
    outcome = run(cluster, [ASIDES, *arguments], policy, '\n'.join(line.replace('|', '\t', 1) for line in lines) + '\n', **options)
    equal((outcome.status, outcome.stderr), (0, b''), 'a run')
    if policy and counts:
        accounted(cluster, since, outcome.record, least=least)
    return outcome.stdout.decode().split('-- ')[1:], outcome


def hidden(cluster, lines, policy=CALLS, environment=None, **options):
    """Runs the calls; without the shim each shows a protected value, with it none does."""
    direct, _ = asides(cluster, lines, None, environment=environment)
    for line, answer in zip(lines, direct):
        check(leaks(answer.encode()) or line.startswith(('exec|BEGIN', 'exec|ROLLBACK', 'verb', 'processor',
                                                         'receiver', 'poll', 'exec|LISTEN')),
              f'{line} shows nothing without the shim: {answer}')
    answers, _ = asides(cluster, lines, policy, environment=environment, **options)
    for line, answer in zip(lines, answers):
        equal(leaks(answer.encode()), [], f'{line}: leaks in {answer}')
    return answers


def field(answer, code):
    found = re.search(f'^  {code}: (.*)$', answer, re.MULTILINE)
    return found and found[1]


@promise
def errors_of_the_servers_own_keep_their_code_and_lose_their_values(cluster):
    lines = ['exec|SELECT email::int FROM customers WHERE id = 1', 'params|SELECT email::date FROM customers WHERE id = 1',
             'exec|SELECT email::regclass FROM customers WHERE id = 1', 'exec|SELECT email::regtype FROM customers WHERE id = 1',
             "exec|SELECT date_trunc(email, now()) FROM customers WHERE id = 1", 'exec|SELECT email::int[] FROM customers WHERE id = 1',
             'async|SELECT email::int FROM customers WHERE id = 1', 'exec|SELECT plainly()']
    answers = hidden(cluster, lines, PROBES)
    states = ['22P02', '22007', '3F000', '42601', '22023', '22P02', '22P02', '22P02']
    for answer, state in zip(answers, states):
        equal((field(answer, 'S'), field(answer, 'C')), ('ERROR', state), answer)
        check(HIDDEN in answer, answer)
    equal(field(answers[3], 'P'), '', 'a position in the value')
    equal(field(answers[0], 'M'), '[redacted] (invalid text representation)', 'the message')
    check('  result: ERROR:  [redacted] (invalid text representation)\n' in answers[0], answers[0])
    check('  connection: ERROR:  [redacted] (invalid text representation)\n' in answers[0], answers[0])
    check('early: ERROR:  [redacted] (its result has not been read)' in answers[6] and '  made: \n' in answers[6], answers[6])


@promise
def constraints_are_named_and_their_rows_are_not(cluster):
    lines = ["exec|INSERT INTO customers (id, email) SELECT 1, email FROM customers WHERE id = 2",
             'exec|UPDATE customers SET id = NULL WHERE id = 1',
             'exec|ALTER TABLE customers ADD CHECK (length(email) < 3)']
    direct, _ = asides(cluster, lines, None)
    check(leaks(direct[1].encode()), direct[1])
    answers, _ = asides(cluster, ['exec|UPDATE customers SET id = 2 WHERE id = 1', lines[1]])
    for answer, state, name in zip(answers, ('23505', '23502'), ('customers_pkey', None)):
        equal(leaks(answer.encode()), [], answer)
        equal((field(answer, 'C'), field(answer, 'n'), field(answer, 't'), field(answer, 'D')), (state, name, 'customers', HIDDEN), answer)
    equal(field(answers[0], 'M'), 'duplicate key value violates unique constraint "customers_pkey"', 'the message')
    equal(field(answers[1], 'M'), 'null value in column "id" of relation "customers" violates not-null constraint', 'the message')
    answers, _ = asides(cluster, ['exec|INSERT INTO plain VALUES (1)'])
    equal(field(answers[0], 'D'), 'Key (id)=(1) already exists.', 'the detail where nothing is masked')


@promise
def a_deferred_constraint_is_quoted_by_nobody(cluster):
    lines = ['exec|BEGIN', 'exec|SELECT arrive_late()', 'exec|COMMIT', 'exec|BEGIN', 'exec|SELECT arrive_late()',
             'exec|SET CONSTRAINTS ALL IMMEDIATE']
    direct, _ = asides(cluster, lines, None)
    check(leaks(direct[2].encode()) and leaks(direct[5].encode()), direct)
    answers, _ = asides(cluster, lines)
    for answer in (answers[2], answers[5]):
        equal((field(answer, 'C'), field(answer, 'D'), leaks(answer.encode())), ('23505', HIDDEN, []), answer)


@promise
def what_a_function_says_is_hidden_whatever_code_it_chooses(cluster):
    lines = [f"exec|SELECT fail('{state}')" for state in ('P0001', '42601', '23505', '57014', '00001', 'ZZZZZ')]
    answers = hidden(cluster, ['verbosity|2', *lines, 'async|SELECT fail(\'42501\')', 'exec|SELECT fail_inside()', 'exec|SELECT tell()',
                               'receiver|', 'exec|SELECT tell()', 'async|SELECT tell()'], least=8)
    for answer, state in zip(answers[1:7], ('P0001', '42601', '23505', '57014', 'P0001', 'P0001')):
        equal((field(answer, 'C'), field(answer, 'D'), field(answer, 'H'), field(answer, 'W')), (state, HIDDEN, HIDDEN, HIDDEN), answer)
        check(field(answer, 'M').startswith(HIDDEN), answer)
        check('LOCATION:  exec_stmt_raise' in answer, answer)
    check('notice: NOTICE:  00000: [redacted]' in answers[9], answers[9])
    check('TUPLES_OK' in answers[9] and 'received' in answers[11] and 'received' in answers[12], answers[11:])
    answers, _ = asides(cluster, ['verbosity|2', 'exec|SELECT fail_shortly()', 'exec|SELECT ciphered()'])
    equal((field(answers[1], 'M'), field(answers[2], 'C')), ('', 'P0001'), 'a message and a code of a function')
    check('90001' not in answers[2], answers[2])


@promise
def triggers_on_unprotected_tables_are_not_trusted(cluster):
    answers = hidden(cluster, ["exec|UPDATE watched SET note = 'x' WHERE id = 1", "exec|UPDATE watched SET note = 'refuse' WHERE id = 1"])
    check(HIDDEN in answers[0] and 'COMMAND_OK' in answers[0], answers[0])
    equal(field(answers[1], 'C'), 'P0001', answers[1])


@promise
def errors_of_the_text_itself_come_whole(cluster):
    lines = ['exec|SELECT emial FROM customers', 'exec|SELECT email FROM customers WHERE', "exec|SELECT 'abc'::int, email FROM customers",
             'exec|SELECT nothing(id) FROM plain', 'exec|SELECT 1/0', 'exec|SELECT * FROM missing', 'exec|DROP TABLE IF EXISTS missing',
             "exec|SELECT id, note FROM plain WHERE note::int = 1", 'exec|SET work_mem = nonsense', 'exec|COMMIT', 'encoding|nonsense',
             "exec|CREATE TABLE IF NOT EXISTS plain (id int)", "exec|SAVEPOINT s"]
    policy = CALLS.replace('[drop, truncate', '[truncate').replace('unknown: deny', 'unknown: allow')
    direct, _ = asides(cluster, lines, None)
    governed, _ = asides(cluster, lines, policy)
    for line, left, right in zip(lines, direct, governed):
        equal(right, left, line)
    check('Perhaps you meant' in governed[0] and 'LINE 1' in governed[0], governed[0])


@promise
def a_receiver_may_leave_by_longjmp(cluster):
    answers = hidden(cluster, ['leap|SELECT tell()', 'exec|SELECT tell()'], counts=False,
                     environment={'ASAN_OPTIONS': 'verify_asan_link_order=0:detect_leaks=0'})  # libpq leaks its notice
    check('leapt' in answers[0] and 'status 0' in answers[0], answers[0])
    check(HIDDEN in answers[1] and 'TUPLES_OK' in answers[1], answers[1])


@promise
def a_receiver_that_was_set_before_the_connection_was_made_is_called(cluster):
    answers = hidden(cluster, ['poll|', 'exec|SELECT tell()'])
    check('set early' in answers[1], answers[1])
    lines = ['poll|', 'exec|SELECT tell()', 'reset|', 'exec|SELECT tell()', 'receiver|', 'reset|', 'exec|SELECT tell()', 'receiver|']
    equal(*(re.sub(r' (.): .*|cell .*|told .*|\[redacted\].*|CONTEXT: .*|PL/pg.*', r' \1', ''.join(asides(cluster, lines, policy)[0]))
            for policy in (None, CALLS)), 'who is called')


@promise
def an_untouched_session_reads_as_without_the_shim(cluster):
    lines = ['verbosity|2', "exec|SELECT fail('ZZ123')", 'exec|SELECT tell()', 'receiver|', 'exec|SELECT tell()', 'processor|',
             'async|SELECT email::int FROM customers', 'exec|LISTEN news', "exec|UPDATE watched SET note = 'x'", 'notifies|', 'secured|',
             'events|SELECT email FROM customers ORDER BY id', 'reset|', 'exec|SELECT tell()', 'parameter|application_name']
    equal(asides(cluster, lines, None)[0], asides(cluster, lines, ALLOW_EVERYTHING)[0], 'a session')
    traced = [re.sub(r'(?m)^  traced .*?\t', '  traced ', asides(cluster, ['trace|SELECT email FROM customers'], policy)[0][0])
              for policy in (None, ALLOW_EVERYTHING)]
    equal(*traced, 'a trace')
    check('canary' in traced[0], traced[0])


@promise
def payloads_of_notifications_are_hidden_under_masks(cluster):
    lines = ['exec|LISTEN news', "exec|UPDATE watched SET note = 'x' WHERE id = 1", 'notifies|']
    answers = hidden(cluster, lines)
    check("notified news '[redacted]'" in answers[2], answers[2])
    answers, _ = asides(cluster, lines, DENIES)
    check('canary' in answers[2], answers[2])
    answers, _ = asides(cluster, ['exec|LISTEN news', "exec|NOTIFY news, '7'", 'notifies|'])
    check("notified news ''" in answers[2], answers[2])


@promise
def raw_streams_stay_shut_under_a_restriction(cluster):
    """Events see rows before they are masked: PGEVT_RESULTCREATE is fired inside PQgetResult."""
    lines = ['events|SELECT email FROM customers ORDER BY id', 'trace|SELECT email FROM customers ORDER BY id']
    answers = hidden(cluster, lines)
    check('registered 0' in answers[0] and 'event' not in answers[0].replace('events', ''), answers[0])
    check('traced' not in answers[1], answers[1])
    _, outcome = asides(cluster, lines, DENIES)
    for name in ('PQregisterEventProc', 'PQtrace'):
        check(f'refused: {name}' in notes(cluster, outcome.record), notes(cluster, outcome.record))


@promise
def settings_that_are_reported_take_no_protected_value(cluster):
    lines = [f"exec|SELECT set_config('{name}', {value}, false)" for name in ('application_name', 'TimeZone')
             for value in ('(SELECT email FROM customers WHERE id = 1)', "(SELECT '<' || salary || '>0' FROM customers WHERE id = 1)")]
    lines += ["exec|SELECT set_config('application_name', email, false) FROM customers WHERE id = 1", "parameter|application_name", 'parameter|TimeZone']
    direct, _ = asides(cluster, lines, None)
    check(leaks(direct[5].encode()) and leaks(direct[6].encode()), direct)
    answers, _ = asides(cluster, [*lines, "exec|SELECT set_config('application_name', 'mine', false)", 'parameter|application_name'])
    equal(leaks(''.join(answers).encode()), [], answers)
    equal([field(answer, 'C') for answer in answers[:5]], ['42501'] * 5, answers)
    check('application_name is mine' in answers[8], answers[8])


main(MORE)
