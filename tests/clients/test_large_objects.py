# SPDX-License-Identifier: MIT
"""Every function for large objects, and PQfn, by what the policy says about reading, writing and calling."""
import os

from harness import ALLOW_EVERYTHING, check, equal, intents, main, program, promise, run, settle, verified
from shop import POLICY, SCHEMA

LARGE = program('large')
WRITES = ('lo_open write', 'lo_write', 'lo_truncate', 'lo_truncate64', 'lo_creat', 'lo_create', 'lo_import', 'lo_import_with_oid',
          'lo_unlink')
READS = ('lo_open read', 'lo_read', 'lo_export')
LONG = ('lo_import', 'lo_import_with_oid', 'lo_export')  # four messages each; the first one of all looks functions up
SEEKS = ('lo_close', 'lo_lseek', 'lo_lseek64', 'lo_tell', 'lo_tell64')


def policy(*rules):
    return 'version: 1\nname: large\ndefault: allow\nunknown: allow\nrules:\n' + ''.join(
        f'  - {{ name: r{i}, for: everyone, {rule} }}\n' for i, rule in enumerate(rules))


def large(cluster, rules):
    """What each function answers: {name: (worked, refused, transaction afterwards)}; and the server's calls."""
    file = cluster.path('file')
    for name in (file, file + '.out'):
        with open(name, 'w') as opened:
            opened.write('of the client')
    os.unlink(file + '.out')
    cluster.sql("SELECT lo_unlink(oid) FROM pg_largeobject_metadata; SELECT lo_from_bytea(4711, 'large object')")
    since = cluster.mark()
    outcome = run(cluster, [LARGE, '4711', file], rules)
    equal((outcome.status, outcome.stderr), (0, b''), 'a run')
    answers = {}
    for line in outcome.stdout.decode().splitlines():
        name, answer, refused, state = line.rsplit(' ', 3)
        answers[name.split(" '")[0]] = (int(answer) >= 0, refused == '1', state)
    sent = [statement.text for statement in cluster.statements(since) if 'fastpath' in statement.kind]
    if rules:
        verified(cluster, outcome.record)
        count = sum(event['refused'] for event in intents(cluster, outcome.record))
        worked = sum(answers[name][0] for name in LONG)
        settle(cluster, more=3 * worked + any('lo_' in text for text in sent))
        check(count >= sum(refused for _, refused, _ in answers.values()), f'{count} refusals on record')
    return answers, sent, outcome.stdout, os.path.exists(file + '.out')


def refused(answers):
    return {name for name, (worked, is_refused, _) in answers.items() if is_refused}


@promise
def a_policy_that_allows_everything_changes_nothing(cluster):
    direct, governed = (large(cluster, rules) for rules in (None, ALLOW_EVERYTHING))
    equal(governed, direct, 'the functions')
    check(all(worked for worked, _, _ in direct[0].values()) and len(direct[0]) == 18, direct[0])


@promise
def a_restriction_on_other_things_refuses_none(cluster):
    equal(large(cluster, policy('do: drop, then: deny'))[:3], large(cluster, None)[:3], 'the functions')


@promise
def writing_is_refused_where_writes_are(cluster):
    answers, sent, said, was_exported = large(cluster, policy('do: write, then: deny'))
    equal(refused(answers), set(WRITES), 'what is refused')
    check(b"lo_read 'large o' 7" in said and was_exported, said)
    for name in WRITES:
        equal(answers[name][2], '25P02', f'the transaction after {name}')
    check(not [text for text in sent if any(f'"{call}"' in text for call in (
        'lowrite', 'lo_truncate', 'lo_truncate64', 'lo_creat', 'lo_create', 'lo_unlink'))], sent)
    equal(cluster.sql("SELECT convert_from(lo_get(4711), 'UTF8'), count(*) FROM pg_largeobject_metadata"), 'large object|1\n', 'objects')


@promise
def reading_is_refused_where_reads_are(cluster):
    answers, sent, said, was_exported = large(cluster, policy('do: read, tables: ["*"], then: deny', 'do: select, then: deny'))
    equal(refused(answers), set(READS + SEEKS), 'what is refused')
    check(not was_exported and b'large o' not in said, said)
    check(not [text for text in sent if '"loread"' in text or 'lo_lseek' in text or 'lo_tell' in text], sent)


@promise
def nothing_is_handed_out_that_cannot_be_masked(cluster):
    """A large object has no columns: under masks its bytes stay where they are, and so does what PQfn returns."""
    answers, sent, said, was_exported = large(cluster, POLICY)
    equal(refused(answers), {*READS, 'PQfn'}, 'what is refused')
    check(not was_exported and b'large o' not in said, said)
    check(not [text for text in sent if '"loread"' in text or 'pg_backend_pid' in text], sent)
    for name in (*SEEKS, *WRITES):
        check(answers[name][0], (name, answers[name]))


@promise
def a_function_called_by_number_may_be_any_function(cluster):
    for rules, is_refused in ((policy('do: call, then: deny'), True), (policy('do: call, functions: [purge], then: deny'), True),
                              (policy('do: drop, then: deny'), False),
                              ('version: 1\nname: grants\ndefault: deny\nunknown: deny\nrules:\n  - { name: r, for: everyone, do: call, '
                               'functions: ["pg_*"], then: allow }\n', True),
                              ('version: 1\nname: grants\ndefault: deny\nunknown: deny\nrules:\n  - { name: r, for: everyone, do: call, '
                               'then: allow }\n', False)):
        answers, sent, _, _ = large(cluster, rules)
        equal(answers['PQfn'][1], is_refused, f'PQfn under {rules}')
        equal(any('pg_backend_pid' in text for text in sent), not is_refused, 'what the server was asked')


main(SCHEMA)
