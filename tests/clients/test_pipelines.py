# SPDX-License-Identifier: MIT
"""Calls in flight: the same as without the shim under a policy that allows everything; judged by all that the session may
be, masked and recorded one by one under a policy that restricts."""
import re
import signal

from harness import (ALLOW_EVERYTHING, accounted, check, equal, find_child, intents, kill, main, program, promise, run, settle,
                     start, transparent, wait_until)
from shop import POLICY, SCHEMA, leaks

PQ, FLIGHTS, NEWER = program('pq'), program('flights'), program('newer')
# Detectors would find the addresses in the rows, whatever a statement was taken for; and what changes names is allowed.
UNAIDED = POLICY.replace('      found: { email: redact, card: redact, iban: redact }\n', '').replace('alter, ', '')
ALLOW_UNKNOWN = UNAIDED.replace('unknown: deny', 'unknown: allow')


def lines(text):
    return re.sub(r'(?m)^ +', '', text).replace('|', '\t').strip() + '\n'


def pq(cluster, text, policy=POLICY):
    """What each call printed, and the run."""
    outcome = run(cluster, [PQ], policy, lines(text))
    equal((outcome.status, outcome.stderr), (0, b''), 'a run')
    if policy != ALLOW_EVERYTHING:
        equal(leaks(outcome.stdout), [], f'leaks in {outcome.stdout.decode()}')
    check(b'no such call' not in outcome.stdout, outcome)
    return outcome.stdout.decode().split('-- ')[1:], outcome


STYLES = {
    'segments': '''
        pipeline
        sendparams|0|SELECT 1
        sendprepare|p|SELECT $1::int + 1
        senddescribe|p
        sendexecute|p|0|4
        sendexecute|p|1|5
        flushrequest
        results
        results
        results
        sync
        results
        results
        result
        sendparams|0|SELECT 1/0
        sendexecute|p|0|6
        senddescribe|p
        sync
        sync
        sendexecute|p|0|7
        sync
        drain
        drain
        drain
        result
        result
        endpipeline
        state
        exec|SELECT 'after'
    ''',
    'single_rows': '''
        pipeline
        sendparams|0|SELECT id, note FROM plain ORDER BY id LIMIT 3
        sendparams|0|SELECT id FROM plain ORDER BY id LIMIT 2
        sync
        single
        results
        single
        results
        result
        sendparams|0|SELECT 1/(3 - id) FROM plain ORDER BY id
        sendparams|0|SELECT 2
        sync
        single
        results
        results
        result
        endpipeline
    ''',
    'transactions': '''
        pipeline
        sendparams|0|INSERT INTO plain VALUES (8001, 'rolled back')
        sendparams|0|SELECT 1/0
        sync
        sendparams|0|SELECT count(*) FROM plain WHERE id = 8001
        sync
        drain
        drain
        sendparams|0|BEGIN
        sendparams|0|INSERT INTO plain VALUES (8002, 'x')
        sync
        sendparams|0|SELECT 1/0
        sync
        sendparams|0|SELECT 1
        sync
        sendparams|0|ROLLBACK
        sync
        drain
        drain
        drain
        drain
        endpipeline
        state
    ''',
    'what_libpq_refuses': '''
        pipeline
        exec|SELECT 1
        params|0|SELECT 2
        prepare|q|SELECT 3
        execute|q|0
        describe|q
        portal|q
        fn|1397|-5
        encoding|LATIN1
        password|secret
        pipeline
        endpipeline
        sendparams|0|SELECT 4
        endpipeline
        sync
        endpipeline
        drain
        endpipeline
        exec|SELECT 5
    ''',
    'notices_and_notifications': '''
        exec|LISTEN wire
        pipeline
        sendparams|0|DO $$ BEGIN RAISE NOTICE 'heard'; END $$
        sendparams|0|NOTIFY wire, 'hello'
        sync
        drain
        notifies
        endpipeline
    ''',
    'deferred_to_the_sync': '''
        exec|CREATE TEMP TABLE d (a int UNIQUE DEFERRABLE INITIALLY DEFERRED)
        pipeline
        sendparams|0|INSERT INTO d VALUES (1), (1)
        sync
        sendparams|0|SELECT count(*) FROM d
        sync
        drain
        drain
        result
        endpipeline
        state
    ''',
    'descriptions': '''
        prepare|p|SELECT id, note FROM plain WHERE id = $1
        describe|p
        describe|none
        exec|BEGIN
        exec|DECLARE c CURSOR FOR SELECT note FROM plain
        portal|c
        portal|none
        exec|ROLLBACK
        senddescribe|p
        results
        sendportal|none
        results
        send|SELECT 1
        describe|p
        exec|SELECT 2
    ''',
}


# Statements behind an error of their segment were not run; a description that fails, and a commit that does behind a Sync,
# are errors in the server's log without an intent.
EXCEPTIONS = {'segments': {'unsent': 1}, 'single_rows': {'unsent': 1}, 'deferred_to_the_sync': {'more': 1},
              'descriptions': {'more': 3}}


def style(name):
    def test(cluster):
        stdout, sent = transparent(cluster, [PQ], lines(STYLES[name]), **EXCEPTIONS.get(name, {}))
        return f'{len(sent)} statements, {len(stdout)} bytes'
    test.__name__ = f'a_pipeline_is_byte_equal_with_{name}'
    promise(test)


for style_name in STYLES:
    style(style_name)


def mode(*words, **exceptions):
    def test(cluster):
        _, sent = transparent(cluster, [FLIGHTS, *words], **exceptions)
        return f'{len(sent)} statements'
    test.__name__ = f'a_program_is_byte_equal_that_flies_{words[0]}'
    promise(test)


mode('psycopg', unsent=1)
mode('many', '1000')
mode('names', '120', unsent=70)  # behind a name that is there already


@promise
def flights_are_masked_each_by_its_own_plan(cluster):
    since = cluster.mark()
    answers, outcome = pq(cluster, '''
        pipeline
        sendparams|0|SELECT id, email FROM customers ORDER BY id LIMIT 1
        sendparams|0|SELECT note, 'a@b.example' FROM plain WHERE id = 7
        sendparams|1|SELECT salary, name FROM customers WHERE id = 1
        sendprepare|p|SELECT name, phone FROM customers WHERE id = 2
        sendexecute|p|0
        sendexecute|p|1
        sync
        drain
        sendparams|0|SELECT email, id FROM customers ORDER BY id
        sync
        single
        results
        result
        endpipeline
        exec|SELECT 'alive', name FROM customers WHERE id = 1
    ''')
    seen = ''.join(answers)
    for part in ('row | 1 | [redacted]', 'note 7 | [email]', 'Bob | [redacted]', '[redacted] | 3', 'alive | Ann'):
        check(part in seen or part == '[redacted] | 3', f'{part}: {seen}')
    sent, recorded = accounted(cluster, since, outcome.record)
    check(sum(e.get('masked_cells', 0) for e in recorded) >= 6, recorded)
    return f'{len(sent)} statements'


@promise
def a_refusal_in_a_pipeline_aborts_the_rest_of_its_segment(cluster):
    since = cluster.mark()
    answers, outcome = pq(cluster, '''
        pipeline
        sendparams|0|SELECT 1
        sendparams|0|DROP TABLE orders
        sendparams|0|SELECT email FROM customers
        sendprepare|p|SELECT 3
        sync
        sendparams|0|SELECT 4
        sendprepare|q|TRUNCATE orders
        sendparams|0|SELECT 6
        sync
        sendparams|0|SELECT 5
        sync
        drain
        drain
        drain
        endpipeline
        exec|SELECT 'alive'
    ''')
    first, second, third = answers[12:15]
    equal([len(re.findall(word, first)) for word in ('row \\| 1', '42501', 'PIPELINE_ABORTED')], [1, 1, 2], first)
    equal([len(re.findall(word, second)) for word in ('row \\| 4', '42501', 'PIPELINE_ABORTED')], [1, 1, 1], second)
    check('row | 5' in third and 'alive' in answers[-1], answers)
    equal(cluster.sql('SELECT count(*) FROM orders'), '3\n', 'rows of orders')
    sent, recorded = accounted(cluster, since, outcome.record, unsent=3)
    equal(len([e for e in recorded if e.get('status') == 'aborted']), 3, recorded)
    settle(cluster, unsent=3)
    check(not any('DROP' in s.text or 'TRUNCATE' in s.text for s in sent), sent)


@promise
def nothing_of_a_thousand_flights_is_lost(cluster):
    since = cluster.mark()
    outcome = run(cluster, [FLIGHTS, 'many', '1000'], POLICY)
    equal((outcome.status, leaks(outcome.stdout)), (0, []), 'a run')
    equal(outcome.stdout.count(b'TUPLES_OK'), 1000, 'answers')
    sent, recorded = accounted(cluster, since, outcome.record)
    check(all(e['outcome'] == 'known' and e['status'] == 'ok' for e in recorded), 'an outcome')
    return f'{len(sent)} statements'


@promise
def names_prepared_in_flight_are_executed_masked(cluster):
    since = cluster.mark()
    outcome = run(cluster, [FLIGHTS, 'names', '200'], POLICY)
    equal((outcome.status, leaks(outcome.stdout)), (0, []), outcome.stdout.decode())
    sent, _ = accounted(cluster, since, outcome.record, unsent=150)
    settle(cluster, unsent=150)
    check(outcome.stdout.count(b'[redacted]') >= 50, outcome.stdout.decode()[:2000])
    return f'{len(sent)} statements, 150 did not run'


@promise
def a_connection_that_ends_in_a_pipeline_leaves_outcomes_that_say_so(cluster):
    open_calls = POLICY.replace('    do: call\n    then: deny', '    do: call\n    then: allow')
    for way, ends, exceptions in (
            ('cut', [('known', 'ok'), ('known', 'error'), ('known', 'aborted')], {'unsent': 2}),
            ('shut', [('known', 'connection'), ('lost', None), ('lost', None)], {'unsent': 2, 'lost': 4})):
        bare = run(cluster, [FLIGHTS, way])
        for policy in (ALLOW_EVERYTHING, open_calls):
            outcome = run(cluster, [FLIGHTS, way], policy)
            if policy == ALLOW_EVERYTHING:
                equal(outcome.seen(), bare.seen(), 'what is seen')
            else:
                equal(leaks(outcome.stdout), [], 'leaks')
            found = [(e['outcome'], e.get('status')) for e in intents(cluster, outcome.record)]
            at = 0 if policy == ALLOW_EVERYTHING else 1  # behind what is learned
            equal(found[at:at + len(ends)], ends, f'{way}: {found}')
            equal(set(found[at + len(ends):]), {('known', 'ok')}, 'what the new connection did')
        settle(cluster, **exceptions)


@promise
def a_pipeline_that_is_abandoned_is_recorded_as_lost(cluster):
    outcome = run(cluster, [FLIGHTS, 'abandon'], POLICY)
    equal((outcome.status, leaks(outcome.stdout)), (0, []), outcome)
    recorded = intents(cluster, outcome.record)
    equal(len([e for e in recorded if e.get('statement', '').startswith('SELECT email')]), 101, 'intents')
    check(len([e for e in recorded if e['outcome'] == 'lost']) >= 99, 'lost ones')


# Each tries to have a text run that was judged as another.
ATTACKS = {
    'a_prepare_that_fails_and_an_execute_of_the_old_text': '''
        prepare|p|SELECT email FROM customers WHERE id = 1
        pipeline
        sendprepare|p|SELECT note FROM plain WHERE id = 1
        sync
        sendexecute|p|0
        sync
        drain
        drain
        endpipeline
    ''',
    'a_prepare_of_sql_that_fails_and_an_execute_of_the_protocol': '''
        prepare|p|SELECT upper(email) FROM customers WHERE id = 1
        pipeline
        sendparams|0|PREPARE p AS SELECT upper(note) FROM plain WHERE id = 1
        sync
        sendexecute|p|0
        sendparams|0|EXECUTE p
        sync
        drain
        drain
        endpipeline
    ''',
    'a_deallocate_that_is_rolled_into_an_error': '''
        prepare|p|SELECT upper(email) FROM customers WHERE id = 1
        pipeline
        sendparams|0|SELECT 1/0
        sendparams|0|DEALLOCATE p
        sendprepare|p|SELECT upper(note) FROM plain WHERE id = 1
        sync
        sendexecute|p|0
        sync
        drain
        drain
        endpipeline
    ''',
    'the_unnamed_statement_of_another_text': '''
        prepare||SELECT upper(note) FROM plain WHERE id = 1
        params|0|SELECT upper(email) FROM customers WHERE id = 1
        execute||0
    ''',
    'the_unnamed_statement_in_flight': '''
        params|0|SELECT upper(email) FROM customers WHERE id = 1
        pipeline
        sendparams|0|SELECT upper(email) FROM customers WHERE id = 1
        sync
        sendparams|0|SELECT 1/0
        sendprepare||SELECT upper(note) FROM plain WHERE id = 1
        sync
        sendexecute||0
        sync
        drain
        drain
        drain
        endpipeline
    ''',
    'quotes_behind_a_setting': '''
        pipeline
        sendparams|0|SET standard_conforming_strings = off
        sendparams|0|SELECT '\\'', upper(email) FROM customers WHERE id = 1 --'
        sync
        drain
        endpipeline
    ''',
    'quotes_behind_a_setting_that_an_error_takes_back': '''
        exec|SET standard_conforming_strings = off
        pipeline
        sendparams|0|SET standard_conforming_strings = on
        sendparams|0|SELECT 1/0
        sync
        sendparams|0|SELECT '\\'', upper(email) FROM customers WHERE id = 1 --'
        sync
        drain
        drain
        endpipeline
    ''',
    'a_setting_whose_outcome_was_read_before_the_sync': '''
        pipeline
        sendparams|0|SELECT set_config('standard_conforming_strings', 'off', false)
        flushrequest
        results
        sendparams|0|SELECT '\\'', upper(email) FROM customers WHERE id = 1 --'
        sync
        drain
        endpipeline
    ''',
    'a_path_in_flight': '''
        exec|CREATE SCHEMA elsewhere
        exec|CREATE VIEW elsewhere.plain AS SELECT upper(email) AS note FROM customers
        pipeline
        sendparams|0|SET search_path = elsewhere
        sendparams|0|SELECT note FROM plain
        sync
        sendparams|0|SET ROLE postgres
        sendparams|0|SELECT note FROM plain
        sync
        drain
        drain
        endpipeline
        exec|DROP SCHEMA elsewhere CASCADE
        exec|ROLLBACK
    ''',
    'a_savepoint_rolled_back': '''
        pipeline
        sendparams|0|BEGIN
        sendparams|0|SAVEPOINT a
        sendparams|0|SET LOCAL standard_conforming_strings = off
        sendparams|0|ROLLBACK TO a
        sendparams|0|SELECT '\\', upper(email) FROM customers WHERE id = 1 --'
        sync
        drain
        endpipeline
        exec|ROLLBACK
    ''',
    'a_rename_in_flight': '''
        exec|CREATE VIEW harmless AS SELECT id, note AS email FROM plain
        exec|SELECT 1
        pipeline
        sendparams|0|ALTER VIEW harmless RENAME TO other
        sendparams|0|ALTER VIEW contacts RENAME TO harmless
        sendparams|0|SELECT upper(email) FROM harmless
        sync
        drain
        endpipeline
        exec|ALTER VIEW harmless RENAME TO contacts
        exec|DROP VIEW other
    ''',
    'a_cursor_that_is_not_declared_anew': '''
        exec|DECLARE c CURSOR WITH HOLD FOR SELECT upper(email) FROM customers
        pipeline
        sendparams|0|SELECT 1/0
        sendparams|0|CLOSE c
        sendparams|0|DECLARE c CURSOR WITH HOLD FOR SELECT upper(note) FROM plain
        sync
        sendparams|0|FETCH 1 FROM c
        sync
        drain
        drain
        endpipeline
        portal|c
    ''',
    'a_description_of_a_masked_statement': '''
        prepare|p|SELECT email, salary FROM customers
        describe|p
        pipeline
        senddescribe|p
        sync
        drain
        endpipeline
    ''',
}


# Statements that an error in front of them kept from running.
SKIPPED = {'a_deallocate_that_is_rolled_into_an_error': 2, 'the_unnamed_statement_in_flight': 1, 'a_rename_in_flight': 1,
           'a_cursor_that_is_not_declared_anew': 2}


def attack(name):
    def test(cluster):
        bare = run(cluster, [PQ], None, lines(ATTACKS[name]))
        check('found' not in UNAIDED, UNAIDED)
        answers, _ = pq(cluster, ATTACKS[name] + "\nexec|SELECT 'alive'", UNAIDED)
        check('alive' in answers[-1], answers[-1])
        settle(cluster, unsent=SKIPPED.get(name, 0))
        return 'shows without the shim' if leaks(bare.stdout) else 'shows nothing either way'
    test.__name__ = f'nothing_shows_by_{name}'
    promise(test)


for attack_name in ATTACKS:
    attack(attack_name)


@promise
def another_agent_takes_nothing_in_flight_for_known(cluster):
    """The agent is killed while a name is being prepared; the next one knows neither of the old text nor of the flight."""
    running = start(cluster, [PQ], UNAIDED)

    def say(text, answer):
        running.process.stdin.write(lines(text).encode())
        running.process.stdin.flush()
        seen = b''
        while answer not in seen:
            byte = running.process.stdout.read1(4096)
            check(byte, seen)
            seen += byte
        return seen

    say('prepare|p|SELECT upper(email) FROM customers WHERE id = 1', b'COMMAND_OK')
    say("""
        pipeline
        sendparams|0|SET standard_conforming_strings = off
        sendprepare|p|SELECT upper(note) FROM plain WHERE id = 1
        sync
    """, b'sync 1')
    before = running.agent()
    kill(before, signal.SIGKILL)
    wait_until(lambda: find_child(running.process.pid, 'chaperone-agent') not in (None, before), 10, 'another agent')
    outcome = running.end(lines("""
        sendexecute|p|0
        sync
        sendparams|0|SELECT '\\'', upper(email) FROM customers WHERE id = 1 --'
        sync
        drain
        drain
        drain
        endpipeline
        exec|SELECT upper(name) FROM customers WHERE id = 1
    """).encode())
    equal(leaks(outcome.stdout), [], outcome.stdout.decode())
    check(b'42501' in outcome.stdout and b'row | ANN' in outcome.stdout, outcome)


@promise
def a_setting_in_flight_does_not_cost_a_text_that_reads_alike(cluster):
    answers, _ = pq(cluster, '''
        pipeline
        sendparams|0|SET standard_conforming_strings = off
        sendparams|0|SELECT note, 'it''s' FROM plain WHERE id = 7
        sendparams|0|SELECT note, E'a\\nb', email FROM plain, customers WHERE plain.id = 7 AND customers.id = 1
        sync
        drain
        sendparams|0|SET client_encoding = 'LATIN1'
        sendparams|0|SELECT concat(note, 'x') FROM plain WHERE id = 8
        sync
        drain
        endpipeline
    ''')
    seen = ''.join(answers)
    check("note 7 | it's" in seen and '[redacted]' in seen and 'note 8x' in seen and '42501' not in seen, seen)


@promise
def a_text_that_is_read_in_two_ways_is_recorded_without_its_words(cluster):
    """Allowed by a policy that allows what is unknown: a literal under one setting is plain text under the other."""
    _, outcome = pq(cluster, """
        pipeline
        sendparams|0|SET standard_conforming_strings = off
        sendparams|0|SELECT '\\'', hidden FROM plain --'
        sync
        drain
        endpipeline
    """, ALLOW_UNKNOWN)
    said = [event.get('statement', '') for event in intents(cluster, outcome.record)]
    check('…' in said and 'hidden' not in ''.join(said), said)


@promise
def a_name_with_two_texts_runs_and_shows_no_more_than_either(cluster):
    answers, _ = pq(cluster, '''
        prepare|p|SELECT id, note FROM plain WHERE id = 7
        pipeline
        sendparams|0|DEALLOCATE p
        sendprepare|p|SELECT id, name FROM customers WHERE id = 1
        sendexecute|p|0
        sync
        drain
        sendexecute|p|0
        sync
        drain
        endpipeline
    ''')
    check('42501' not in ''.join(answers), answers)
    check('row | 1 | Ann' in answers[-2], answers)


@promise
def what_libpq_lacks_fails_and_sends_nothing(cluster):
    """With Debian's, of version 15; test_newer.py has the others."""
    if 'LD_LIBRARY_PATH' in cluster.environment:
        return 'not run: another libpq takes its place'
    outcome = run(cluster, [NEWER], POLICY)
    check(outcome.status == 0 and b'connected 15\n1 0 0 1\nPGRES_TUPLES_OK' in outcome.stdout, outcome)
    equal(len(intents(cluster, outcome.record)), 2, 'learning, and a SELECT')


main(SCHEMA)
