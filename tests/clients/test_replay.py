# SPDX-License-Identifier: MIT
"""`policy replay`: of what a governed psql did, only that is shown which another policy decides otherwise, and nothing is guessed."""
import glob
import grp
import json
import os
import pwd
import shutil
import time

from harness import chaperone, check, equal, main, promise, run
from shop import POLICY, SCHEMA

SCRIPT = '''
SELECT id, name FROM customers WHERE id = 1;
SELECT id, name FROM customers WHERE id = 2;
SELECT email, phone FROM customers WHERE id = 2;
SELECT * FROM customers WHERE id = 3 LIMIT 5;
SELECT email FROM contacts;
SELECT name FROM customers WHERE email = 'x';
SELECT count(*) FROM plain WHERE note LIKE 'a%' GROUP BY id ORDER BY 1;
SELECT date '2020-01-01' + interval '1 day', id FROM plain WHERE id BETWEEN 1 AND 2 LIMIT 1;
INSERT INTO plain VALUES (1001, 'a'), (1002, 'b');
UPDATE plain SET note = 'x' WHERE 1=1;
UPDATE plain SET note = 'x' WHERE 1=1 AND id = 5;
DELETE FROM orders WHERE id = 77;
DELETE FROM orders;
DROP TABLE orders;
SELECT purge();
PREPARE p AS SELECT email FROM customers WHERE id = $1;
EXECUTE p(1);
CREATE SCHEMA other; CREATE TABLE other.things (id int);
SET search_path = other, public;
SELECT id FROM things;
'''
STATEMENTS = 21  # the DO statements that raise refusals are no program's
RECORD = []
DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
# Those on which nothing of it runs, not even around midnight.
OTHER_DAYS = '[' + ', '.join(DAYS[(time.gmtime().tm_wday + n) % 7] for n in range(2, 6)) + ']'


def record(cluster):
    """One run is judged again and again."""
    if not RECORD:
        RECORD.append(run(cluster, ['psql', '-XAt'], POLICY, SCRIPT).record)
    return RECORD[0]


def replay(cluster, policy, *options, record_path=None):
    """(exit status, changes, statements of which it cannot be told, totals)"""
    path = cluster.write('replayed.yaml', policy)
    done = chaperone(cluster, 'policy', 'replay', '--policy', path, '--record', record_path or record(cluster), '--json', '--untold',
                     *options)
    check(done.stdout, f'{done.returncode} {done.stderr}')
    *shown, totals = [json.loads(line) for line in done.stdout.splitlines()]
    check(not any('is' in line and 'cannot_be_told' in line for line in shown), shown)
    changed = {line['statement'].rstrip(';'): line for line in shown if 'change' in line}
    untold = {line['statement'].rstrip(';'): line['cannot_be_told'] for line in shown if 'cannot_be_told' in line}
    return done.returncode, changed, untold, totals['totals']


def was(cluster):
    return '--was', cluster.write('was.yaml', POLICY)


@promise
def the_policy_of_then_changes_nothing(cluster):
    status, changed, untold, totals = replay(cluster, POLICY, '--fail-on-change')
    equal((status, changed, totals['changed']), (0, {}, 0), 'changes')
    equal(untold, {'SELECT * FROM customers WHERE id = ? LIMIT ?': 'columns', 'SELECT email FROM contacts': 'unlike',
                   'SELECT count(*) FROM plain WHERE note LIKE ? GROUP BY id ORDER BY ?': 'values', 'EXECUTE p(?)': 'names',
                   'SELECT id FROM things': 'names'}, 'what cannot be told')
    equal((totals['statements'], totals['distinct'], totals['judged'], totals['checked']),
          (STATEMENTS, STATEMENTS - 1, STATEMENTS - 5, STATEMENTS - 5), 'totals')
    path = cluster.write('replayed.yaml', POLICY)
    done = chaperone(cluster, 'policy', 'replay', '--policy', path, '--record', record(cluster))
    lines = done.stdout.splitlines()
    check(lines[0] == f'{STATEMENTS} statements, {STATEMENTS - 1} distinct: {STATEMENTS - 5} judged, 0 changed (0 distinct)', done)
    check(lines[1].startswith('of 5 (5 distinct) it cannot be told') and len(lines) == 6, done)


@promise
def what_is_newly_refused_and_allowed_is_shown(cluster):
    status, changed, _, totals = replay(cluster, POLICY.replace('do: [drop, truncate', 'do: [delete, truncate'), *was(cluster),
                                        '--fail-on-change')
    equal(status, 1, 'exit')
    equal({statement: (line['change'], line['was']['verdict'], line['is']['verdict']) for statement, line in changed.items()},
          {'DELETE FROM orders WHERE id = ?': ('newly refused', 'allow', 'deny'),
           'DROP TABLE orders': ('newly allowed', 'deny', 'allow')}, 'changes')
    equal(changed['DELETE FROM orders WHERE id = ?']['is']['rules'], 'shop/no-destructive', 'the rule')
    equal((totals['changes']['newly refused'], totals['changes']['newly allowed'], totals['changed']), (1, 1, 2), 'totals')


@promise
def what_was_sent_twice_is_judged_once_and_counted_twice(cluster):
    _, changed, untold, _ = replay(cluster, POLICY.replace('default: allow', 'default: deny'))
    twice = changed['SELECT id, name FROM customers WHERE id = ?']
    equal((twice['change'], twice['seen'], twice['database']), ('newly refused', 2, 'shop'), 'a statement sent twice')
    check(twice['who'] and twice['last'].startswith('20'), twice)
    check('SELECT id FROM things' not in changed and 'SELECT id FROM things' in untold, changed)


@promise
def calls_can_be_told(cluster):
    _, changed, _, _ = replay(cluster, POLICY.replace('do: call\n    then: deny', 'do: lock\n    then: deny'), *was(cluster))
    equal(list(changed), ['SELECT purge()'], 'changes')


@promise
def masks_that_change_are_shown(cluster):
    _, changed, untold, _ = replay(cluster, POLICY.replace('customers.phone, ', ''), *was(cluster))
    equal(list(changed), ['SELECT email, phone FROM customers WHERE id = ?'], 'changes')
    line = changed['SELECT email, phone FROM customers WHERE id = ?']
    equal((line['change'], line['was']['masked'], line['is']['masked']),
          ('masks changed', 'customers.email, customers.phone', 'customers.email'), 'masks')
    equal(untold['SELECT * FROM customers WHERE id = ? LIMIT ?'], 'columns', 'a star')


@promise
def a_view_is_not_taken_for_an_unmasked_table(cluster):
    for options, why in (([], 'view'), (was(cluster), 'unlike')):
        _, changed, untold, _ = replay(cluster, POLICY.replace('customers.phone, ', ''), *options)
        check('SELECT email FROM contacts' not in changed, changed)
        equal(untold['SELECT email FROM contacts'], why, 'the view')


@promise
def another_rule_for_the_same_verdict_is_shown(cluster):
    _, changed, _, totals = replay(cluster, POLICY.replace('name: no-calls', 'name: no-functions'))
    equal({statement: (line['change'], line['was']['rules'], line['is']['rules']) for statement, line in changed.items()},
          {'SELECT purge()': ('another rule or reason', 'shop/no-calls', 'shop/no-functions')}, 'changes')
    equal(totals['changes']['another rule or reason'], 1, 'totals')


@promise
def what_is_up_to_literals_is_not_guessed(cluster):
    rule = '  - {name: own-orders, for: everyone, do: delete, tables: orders, only-where: {orders.id: ["77"]}, then: deny}\n'
    status, changed, untold, totals = replay(cluster, POLICY + rule, *was(cluster), '--fail-on-change')
    equal({statement: line['change'] for statement, line in changed.items()}, {'DELETE FROM orders': 'another rule or reason'}, 'changes')
    equal(status, 1, 'exit')
    equal(untold['DELETE FROM orders WHERE id = ?'], 'values', 'a value that a rule asks for')
    check(totals['cannot_be_told']['values'] >= 2, totals)


@promise
def a_condition_that_excludes_nothing_is_told_from_one_that_does(cluster):
    _, changed, _, _ = replay(cluster, POLICY.replace('update-all, ', ''), *was(cluster))
    equal({statement: line['change'] for statement, line in changed.items()},
          {'UPDATE plain SET note = ? WHERE ?=?': 'newly allowed'}, 'changes')


@promise
def a_time_window_is_judged_as_of_then(cluster):
    for days, kinds in (('[mon, tue, wed, thu, fri, sat, sun]', ['newly refused']), (OTHER_DAYS, [])):
        rule = f'  - {{name: closed, for: everyone, do: insert, during: {{days: {days}, zone: UTC}}, then: deny}}\n'
        _, changed, _, _ = replay(cluster, POLICY + rule, *was(cluster))
        equal([line['change'] for line in changed.values()], kinds, days)


@promise
def who_asked_is_who_asked_then(cluster):
    group, name = grp.getgrgid(os.getgid()).gr_name, pwd.getpwuid(os.getuid()).pw_name
    for who, kinds in ((f'group: {group}', ['newly refused']), ('group: nobody-is-in-this', []), (f'user: {name}', ['newly refused']),
                       ('user: nobody-is-called-this', []), ('db-user: postgres', ['newly refused']),
                       ('exe: /usr/lib/postgresql/15/bin/psql', ['newly refused']), ('exe: /bin/ls', [])):
        people = f'people:\n  them: {{{who}}}\nrules:'
        rule = '  - {name: closed, for: them, do: insert, then: deny}\n'
        _, changed, _, totals = replay(cluster, POLICY.replace('rules:', people) + rule, *was(cluster))
        equal([line['change'] for line in changed.values()], kinds, who)
        equal(totals['cannot_be_told']['no-caller'], 0, 'callers')


@promise
def filters_and_limits_are_those_of_the_list(cluster):
    policy = POLICY.replace('default: allow', 'default: deny')
    _, changed, _, totals = replay(cluster, policy, '--table', 'plain', '--verdict', 'allow', '--limit', '1')
    check(len(changed) == 1 and totals['changed'] > 1 and all('plain' in statement for statement in changed), (changed, totals))
    _, changed, untold, totals = replay(cluster, policy, '--until', '2001-01-01')
    equal((changed, untold, totals['statements']), ({}, {}, 0), 'a span in which nothing was')


@promise
def a_damaged_record_is_said(cluster):
    path = cluster.path('damaged')
    shutil.copytree(record(cluster), path)
    name = glob.glob(path + '/*.rec')[0]
    with open(name, 'r+b') as file:
        file.seek(os.path.getsize(name) // 2)
        byte = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte[0] ^ 1]))
    policy = cluster.write('replayed.yaml', POLICY)
    done = chaperone(cluster, 'policy', 'replay', '--policy', policy, '--record', path)
    check(done.returncode == 2 and 'the record does not verify' in done.stderr, done)


@promise
def what_it_cannot_read_is_said(cluster):
    for arguments in (['--policy', '/nowhere'], ['--policy', cluster.write('bad.yaml', 'version: 2\n')],
                      ['--policy', cluster.write('good.yaml', POLICY), '--record', '/nowhere'],
                      ['--policy', cluster.write('good.yaml', POLICY), '--was', '/nowhere']):
        done = chaperone(cluster, 'policy', 'replay', *arguments)
        check(done.returncode == 2 and done.stderr.startswith('chaperone policy replay: ') and not done.stdout, done)


main(SCHEMA)
