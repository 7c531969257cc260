# SPDX-License-Identifier: MIT
"""What a policy refuses is an error of the server with a reason, and the connection stays usable."""
import json
import re

from accounts import LEARNING, LEARNS, Statement, balance
from harness import PYTHON, Running, accounted, check, equal, intents, main, notes, program, promise, run, settle
from shop import POLICY, SCHEMA, TRIAL, leaks

PQ = program('pq')

REFUSED = {
    'DROP TABLE orders': 'DROP on public.orders',
    'DROP TABLE IF EXISTS public.orders CASCADE': 'DROP on public.orders',
    'TRUNCATE orders': 'TRUNCATE on public.orders',
    'ALTER TABLE orders ADD x int': 'ALTER on public.orders',
    'DELETE FROM orders': 'DELETE of every row of public.orders',
    'DELETE FROM orders WHERE 1 = 1': 'DELETE of every row of public.orders',
    "UPDATE orders SET item = ''": 'UPDATE of every row of public.orders',
    'WITH gone AS (DELETE FROM orders RETURNING *) SELECT 1': 'DELETE of every row of public.orders',
    'SELECT 1; DROP TABLE orders': 'DROP on public.orders',
    'EXPLAIN ANALYZE DELETE FROM orders': 'DELETE of every row of public.orders',
    "DO $$ BEGIN EXECUTE 'DROP TABLE orders'; END $$": None,
    'SELECT purge()': None,
    'CALL purge()': None,
    'COPY customers TO STDOUT BINARY': 'COPY in binary cannot be masked, and customers.* is masked for you',
    'COPY customers FROM STDIN': 'customers.* would be written, which is masked for you',
    "COPY orders TO PROGRAM 'cat'": None,
    'SELECT 1 FROM customers WHERE email IS DISTINCT FROM NULL': None,
    'SELECT * FROM ordres ORDER BY id': 'ORDER BY sorts by ordres.id, and no table ordres is known here',
    'INSERT INTO plain SELECT id, item FROM ordres': 'plain.* takes its value from ordres.id, of which no table is known here',
    'SELEC': None,
}


def pq(cluster, lines, policy=POLICY, **exceptions):
    since = cluster.mark()
    outcome = run(cluster, [PQ], policy, '\n'.join(line.replace('|', '\t') for line in lines) + '\n')
    equal((outcome.status, outcome.stderr), (0, b''), 'a run')
    equal(leaks(outcome.stdout), [], f'leaks in {outcome.stdout.decode()}')
    sent, _ = accounted(cluster, since, outcome.record, **exceptions)
    return outcome.stdout.decode().split('-- ')[1:], outcome, sent


def is_refused(answer):
    return 'sqlstate: 42501' in answer and 'message: chaperone refused this: ' in answer


@promise
def refusals_are_errors_of_the_server_with_a_reason(cluster):
    answers, outcome, sent = pq(cluster, [f'exec|{sql}' for sql in REFUSED] + ["exec|SELECT 'alive'"])
    for (sql, message), answer in zip(REFUSED.items(), answers):
        check(is_refused(answer) and 'severity: ERROR' in answer, f'{sql}: {answer}')
        check(not message or f'refused this: {message}' in answer, f'{sql}: {answer}')
        detail = re.search(r'detail: (.*)\n(\{.*\})\n', answer)
        check(detail and 'Nothing was sent.' in detail[1], answer)
        check(' of policy shop' in detail[1] or sql.startswith('COPY'), answer)
        machine = json.loads(detail[2])
        check(machine['chaperone'] == 1 and machine['verdict'] == 'deny' and machine['retry'] is False, answer)
        check('hint: ' in answer, answer)
    check('alive' in answers[-1], answers[-1])
    equal(cluster.sql('SELECT count(*) FROM orders'), '3\n', 'rows of orders')
    for statement in sent:
        check('DROP' not in statement.text and 'TRUNCATE' not in statement.text, f'it was sent: {statement}')
    refused = [event for event in intents(cluster, outcome.record) if event['refused']]
    equal(len(refused), len(REFUSED), 'refused intents')
    check(all(event['decision'] == 'deny' and event['sqlstate'] == '42501' for event in refused), refused)
    return f'{len(refused)} statements'


@promise
def a_hint_names_a_column_that_may_be_compared_where_one_is_known(cluster):
    answers, _, _ = pq(cluster, ["exec|SELECT 1 FROM customers WHERE email = ''", "exec|SELECT 1 FROM contacts WHERE email = ''"])
    check('hint: Select by another column (for example customers.id), or ask' in answers[0], answers[0])
    check('hint: Select by another column, or ask' in answers[1], answers[1])


@promise
def a_refused_channel_names_its_event(cluster):
    answers, _, _ = pq(cluster, ["exec|COPY orders TO PROGRAM 'cat'"])
    check(re.search(r'detail: .* Nothing was sent\. Event [0-9a-f]+-', answers[0]), answers[0])


@promise
def the_rules_words_are_told(cluster):
    answers, _, _ = pq(cluster, ['exec|DROP TABLE orders', 'exec|DELETE FROM orders'])
    check('Rule no-destructive of policy shop.' in answers[0] and 'hint: Ask for a migration.' in answers[0], answers)
    check('"rule":"no-destructive"' in answers[0] and '"effect":"drop"' in answers[0], answers)
    check('"object":"public.orders"' in answers[0] and '"effect":"delete-all"' in answers[1], answers)


@promise
def every_call_refuses_alike_and_the_connection_goes_on(cluster):
    ways = (['params|0|DROP TABLE orders'], ['prepare|x|DROP TABLE orders'], ['send|DROP TABLE orders', 'results'],
            ['send|DROP TABLE orders', 'single', 'results'], ['sendparams|1|DROP TABLE orders', 'results'],
            ['sendprepare|y|DROP TABLE orders', 'results'], ['nonblocking|1', 'send|DROP TABLE orders', 'results'],
            ['exec|PREPARE z AS DELETE FROM orders'], ['exec|EXECUTE unseen'], ['execute|unseen|0'])
    for way in ways:
        answers, _, _ = pq(cluster, way + ['exec|SELECT 1', 'state'])
        check(any(is_refused(answer) for answer in answers), f'{way}: {answers}')
        check('row | 1' in answers[-2] and 'status 0 transaction 0' in answers[-1], f'{way}: {answers}')
    equal(cluster.sql('SELECT count(*) FROM orders'), '3\n', 'rows of orders')


@promise
def a_refusal_aborts_an_open_transaction(cluster):
    answers, _, _ = pq(cluster, ['exec|BEGIN', "exec|INSERT INTO plain VALUES (7001, 'x')", 'exec|DROP TABLE orders', 'state',
                                 'exec|SELECT 1', 'exec|TRUNCATE orders', 'exec|ROLLBACK', 'exec|SELECT 2', 'exec|BEGIN',
                                 'exec|SAVEPOINT a', 'exec|DROP TABLE orders', 'exec|ROLLBACK TO a', 'exec|SELECT 3',
                                 'exec|COMMIT'])
    check(is_refused(answers[2]) and 'transaction 3' in answers[3], answers)
    check('25P02' in answers[4] and '25P02' in answers[5], answers[4:6])
    check('ROLLBACK' in answers[6] and 'row | 2' in answers[7] and 'row | 3' in answers[12], answers[6:])
    equal(cluster.sql('SELECT count(*) FROM plain WHERE id = 7001'), '0\n', 'rows of the aborted transaction')


@promise
def channels_that_cannot_be_masked_are_shut(cluster):
    trace = cluster.path('trace')
    answers, outcome, sent = pq(cluster, [
        'state', 'fn|1397|-5', 'exec|BEGIN', 'large|4711', 'exec|ROLLBACK', "exec|COPY plain TO '/tmp/x'", 'copyout',
        f"trace|{trace}|SELECT 'hidden'", "exec|SELECT 'alive'"], more=1)
    settle(cluster, more=1)  # the first call on a large object looks the functions up
    check(is_refused(answers[1]), answers[1])
    check('read -1' in answers[3] and 'exported -1' in answers[3], answers[3])
    check(is_refused(answers[5]) and 'copied' not in answers[6], answers[5:7])
    check('traced 0' in answers[7], answers[7])
    check('alive' in answers[-1], answers[-1])
    check(not [s for s in sent if s.kind == 'fastpath function call' and ('loread' in s.text or '1397' in s.text)], sent)
    said = notes(cluster, outcome.record)
    check('refused: PQtrace' in said, said)


@promise
def an_unnamed_statement_is_what_was_parsed_last(cluster):
    answers, outcome, sent = pq(cluster, [
        'prepare||SELECT 1', "params|0|SELECT email || '' FROM customers", 'execute||0', "exec|SELECT 'alive'"],
        more=-1)  # an unnamed statement that is parsed and never executed is not counted on the server's side
    settle(cluster, more=-1)
    check(is_refused(answers[2]), answers[2])
    check('alive' in answers[3], answers[3])


PSYCOPG = '''
import psycopg2
connection = psycopg2.connect('')
cursor = connection.cursor()
for sql in ('DROP TABLE orders', 'DELETE FROM orders', "DO $$ BEGIN END $$"):
    try:
        cursor.execute(sql)
        print('it ran')
    except psycopg2.Error as error:
        print(type(error).__name__, error.pgcode, error.diag.message_primary)
    try:
        cursor.execute('SELECT 1')
    except psycopg2.Error as error:
        print(type(error).__name__)
    connection.rollback()
try:
    cursor.copy_expert('COPY customers TO STDOUT BINARY', open('/dev/null', 'w'))
except psycopg2.Error as error:
    print(error.pgcode)
connection.rollback()
try:
    connection.lobject(4711, 'rb')
except psycopg2.Error as error:
    print('no large object')
connection.rollback()
cursor.execute('SELECT %s', ('alive',))
print(cursor.fetchone())
'''


@promise
def psycopg2_raises_what_it_raises_for_the_server(cluster):
    since = cluster.mark()
    outcome = run(cluster, [PYTHON, '-c', PSYCOPG], POLICY)
    equal((outcome.status, outcome.stderr), (0, b''), 'a run')
    equal(re.sub(r'this: .*', 'this', outcome.stdout.decode()), 3 * (
        'InsufficientPrivilege 42501 chaperone refused this\nInFailedSqlTransaction\n') +
        "42501\nno large object\n('alive',)\n", 'what Python saw')
    accounted(cluster, since, outcome.record)


@promise
def psql_stops_where_it_would_stop(cluster):
    for options, status, rest in ((['-v', 'ON_ERROR_STOP=1'], 3, b''), ([], 0, b'alive\n'), (['-1'], 0, b'')):
        since = cluster.mark()
        outcome = run(cluster, ['psql', '-XAtq', *options, '-f', '-'], POLICY, "DROP TABLE orders; SELECT 'alive';")
        equal((outcome.status, outcome.stdout), (status, rest), f'psql {options}')
        check(b'ERROR:  chaperone refused this: DROP on public.orders' in outcome.stderr, outcome)
        accounted(cluster, since, outcome.record)


@promise
def trial_enforces_nothing_and_records_what_would_have_been(cluster):
    given = "SELECT email FROM customers WHERE id = 1; DELETE FROM orders WHERE id > 900 OR 1 = 1; SELEC; SELECT 'alive'"
    for policy, options in ((TRIAL, ()), (POLICY, ('--trial',))):
        cluster.sql("INSERT INTO orders (customer, item) VALUES (1, 'more')")
        since = cluster.mark()
        outcome = run(cluster, ['psql', '-XAt'], policy, given, options=options)
        check(outcome.stdout == b'ann@canary.example\nDELETE 1\nalive\n' or b'DELETE' in outcome.stdout, outcome)
        check(b'ann@canary.example' in outcome.stdout and b'chaperone refused' not in outcome.stderr, outcome)
        _, recorded = accounted(cluster, since, outcome.record)
        equal(cluster.sql('SELECT count(*) FROM orders'), '0\n', 'rows of orders')
        would = [event for event in recorded if event['verdict'] == 'would-deny']
        equal(len(would), 2, f'what would have been refused: {recorded}')
        check(not any(event['refused'] for event in recorded), recorded)
    cluster.sql("INSERT INTO orders (customer, item) VALUES (1, 'a'), (2, 'b'), (1, 'c')")


@promise
def an_inert_shim_is_noticed(cluster):
    """The way of counting itself: a client that the shim does not see makes the sums differ."""
    since = cluster.mark()
    outcome = run(cluster, ['psql', '-XAtc', 'SELECT 1'], POLICY)
    Running(cluster, ['psql', '-XAtc', 'SELECT 2'], {}, None).end()
    said = [error_of(accounted, cluster, since, outcome.record), error_of(settle, cluster)]
    check(all(text.startswith('statements: the server counts 2, the record 1 intents') for text in said), said)
    return said[0].split('\n', 1)[0]


def error_of(count, *arguments, **options):
    try:
        count(*arguments, **options)
    except AssertionError as error:
        return str(error)
    raise AssertionError('a difference was not noticed')


@promise
def each_kind_of_statement_is_counted_by_itself(_):
    """A refusal too few is not made up for by a statement too many."""
    sent = {'statements': Statement(1, 'statement', 'SELECT 1'), 'learning': Statement(1, 'statement', LEARNS),
            'refusals': Statement(1, 'statement', 'DO LANGUAGE plpgsql $chaperone$ BEGIN', '42501')}
    meant = {'statements': {'refused': False, 'statement': 'SELECT ?', 'status': 'ok'},
             'learning': {'refused': False, 'statement': LEARNING, 'status': 'ok'},
             'refusals': {'refused': True, 'statement': 'DROP TABLE orders', 'status': 'error', 'sqlstate': '42501'}}
    balance(list(sent.values()), list(meant.values()))
    for kind, statement in sent.items():
        for other, event in meant.items():
            (balance if kind == other else lambda *lists: error_of(balance, *lists))([statement], [event])
        error_of(balance, [statement], [])
        error_of(balance, [], [meant[kind]])
        error_of(balance, [statement, statement], [meant[kind]])
    equal(balance([], [meant['refusals']], lost=1), None, 'a refusal that a kill kept back')
    error_of(balance, [], [meant['statements']], unsent=1)  # the record says that it went well


main(SCHEMA)
