# SPDX-License-Identifier: MIT
"""Programs that call libpq in every other way behave the same with and without the shim."""
import re

from harness import ALLOW_EVERYTHING, SHIM, check, equal, main, program, promise, run, transparent
from shop import SCHEMA

PQ, FIRST = program('pq'), program('first')

CALLS = {
    'parameters': '''
        params|0|SELECT $1::int + 1, $2::text, $3::text|41|ä|NULL
        params|1|SELECT $1::int + 1, $2::text, 1.5::float8, '\\xdead'::bytea, now() > '2000-01-01'|41|b
        params|1|SELECT * FROM customers ORDER BY id
        params|0|SELECT 1; SELECT 2
        params|0|SELECT $1::int|x
        params|0|SELEC
        params|0|INSERT INTO plain VALUES ($1, $2) RETURNING id, note|5001|new
        params|0|DELETE FROM plain WHERE id = $1|5001
        exec|
        exec|;
    ''',
    'prepared': '''
        prepare|p|SELECT id, note FROM plain WHERE id = $1
        execute|p|0|7
        execute|p|1|8
        execute|p|0|x
        describe|p
        prepare|p|SELECT 1
        execute|none|0
        exec|EXECUTE p(9)
        exec|PREPARE q AS SELECT 2
        execute|q|0
        exec|DEALLOCATE p
        execute|p|0|1
        prepare|bad|SELEC
        exec|DEALLOCATE ALL
        execute|q|0
        prepare|r|SELECT 3
        exec|DISCARD ALL
        execute|r|0
    ''',
    'sending': '''
        send|SELECT 1; SELECT 2; SELECT 1/0; SELECT 3
        results
        sendparams|1|SELECT $1::int4|5
        results
        sendprepare|s|SELECT $1::text || 'x'
        results
        sendexecute|s|0|y
        results
        sendexecute|none|0
        results
        send|SELECT id FROM plain ORDER BY id LIMIT 4
        single
        results
        send|SELECT 1/(2 - id) FROM plain ORDER BY id
        single
        results
        sendparams|1|SELECT id FROM plain ORDER BY id LIMIT 2
        single
        results
        nonblocking|1
        send|SELECT 5
        state
        results
        nonblocking|0
        single
        send|SELECT 1
        exec|SELECT 2
    ''',
    'busy_connections': '''
        send|SELECT 1
        result
        send|SELECT 2
        results
        send|SELECT 3
        exec|SELECT 4
    ''',
    'pipelines': '''
        pipeline
        sendparams|0|SELECT 1
        sendparams|0|SELECT $1::text|two
        sendprepare|pp|SELECT $1::int
        sendexecute|pp|1|3
        sync
        results
        results
        results
        results
        result
        sendparams|0|SELECT 1/0
        sendparams|0|SELECT 4
        sync
        results
        results
        result
        sendparams|0|SELECT id FROM plain ORDER BY id LIMIT 3
        sync
        single
        results
        result
        exec|SELECT 1
        send|SELECT 1
        state
        endpipeline
        state
        exec|SELECT 'after'
    ''',
    'copies': '''
        exec|COPY (SELECT id, note FROM plain ORDER BY id LIMIT 3) TO STDOUT
        copyout
        exec|CREATE TEMP TABLE t (a int, b text)
        exec|COPY t FROM STDIN
        copyin|1\\tone
        exec|TABLE t
        exec|COPY t FROM STDIN
        copyin|x
        exec|COPY plain TO STDOUT
        exec|SELECT 1
    ''',
    'others': '''
        params|0|
        fn|1397|-5
        fn|99999999|1
        exec|SELECT lo_create(0) > 0
        exec|BEGIN
        large|4712
        exec|ROLLBACK
        encoding|LATIN1
        exec|SELECT 'é'
        encoding|nonsense
        encoding|UTF8
        password|secret
        escape|it's "x" \\ y
        exec|LISTEN wire
        exec|NOTIFY wire, 'hello'
        notifies
        reset
        exec|SELECT 'again'
        finish
        exec|SELECT 'anew'
        cancelled|SELECT pg_sleep(20)
        exec|SELECT 'after'
        trace|/dev/null|SELECT 'traced'
        exec|DO $$ BEGIN RAISE NOTICE 'heard'; END $$
        exec|SELECT pg_terminate_backend(pg_backend_pid())
        exec|SELECT 'lost'
        state
        reset
        exec|SELECT 'found'
    ''',
}
EXCEPTIONS = {
    'busy_connections': {'unsent': 1},  # while another one is under way
    'pipelines': {'unsent': 2},  # one behind an error, and one in a way that is not allowed in a pipeline
    # The first call on a large object asks for the functions' numbers, lo_export opens, reads twice and closes; nothing
    # is sent to a server that has hung up.
    'others': {'more': 4, 'unsent': 1},
}


def calls(text):
    return re.sub(r'(?m)^ +', '', text).replace('|', '\t').replace('\\t', '\t').strip() + '\n'


def part(name):
    def test(cluster):
        stdout, sent = transparent(cluster, [PQ], calls(CALLS[name]), **EXCEPTIONS.get(name, {}))
        check(b'no such call' not in stdout, stdout)
        return f'{len(sent)} statements, {len(stdout)} bytes'
    test.__name__ = f'libpq_is_byte_equal_on_{name}'
    promise(test)


for part_name in CALLS:
    part(part_name)


def first(place):
    def test(cluster):
        stdout, sent = transparent(cluster, [FIRST, place], is_ordered=place != 'threads')
        check(sent and b'ann@canary.example' in stdout and b'FATAL' not in stdout, (stdout, sent))
        return f'{len(sent)} statements'
    test.__name__ = f'first_call_in_{place}_works'
    promise(test)


for first_place in ('main', 'constructor', 'thread', 'exit', 'child', 'threads', 'each', 'inherited', 'closefrom'):
    first(first_place)


@promise
def errno_at_main_is_what_it_would_be(cluster):
    seen = [run(cluster, [FIRST, 'errno'], policy).seen() for policy in (None, ALLOW_EVERYTHING)]
    equal(*seen, 'errno at main')
    return seen[0][1].decode().strip()


@promise
def a_daemons_closefrom_lets_no_byte_of_ours_into_its_file(cluster):
    outcome = run(cluster, [FIRST, 'closefrom'], ALLOW_EVERYTHING)
    check(b'\n0 bytes of others in my file' in outcome.stdout, outcome)


@promise
def the_shim_is_what_is_loaded(cluster):
    outcome = run(cluster, ['cat', '/proc/self/maps'], ALLOW_EVERYTHING)
    check(SHIM.encode() in outcome.stdout, outcome)


main(SCHEMA)
