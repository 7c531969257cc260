# SPDX-License-Identifier: MIT
"""What a connection is made with: start-up settings, service files, TLS and channel binding, replication, PQreset."""
import os
import re
import subprocess

from harness import ALLOW_EVERYTHING, accounted, check, equal, intents, main, notes, program, promise, run
from shop import POLICY, SCHEMA, leaks

ASIDES = program('asides')
MORE = SCHEMA + '''
CREATE SCHEMA evil;
CREATE VIEW evil.plain AS SELECT id, email AS note FROM public.customers;
CREATE ROLE boss;
GRANT USAGE ON SCHEMA evil TO boss;
CREATE ROLE keyed LOGIN SUPERUSER PASSWORD 'open sesame';
'''
READS = '''version: 1
name: reads
default: deny
unknown: deny
rules:
  - { name: reads, for: everyone, do: read, then: allow }
'''
PLAIN = 'exec|SELECT note FROM plain LIMIT 1'


def asides(cluster, lines, policy=POLICY, conninfo='', environment=None, counts=True):
    since = cluster.mark()
    outcome = run(cluster, [ASIDES, conninfo], policy, '\n'.join(line.replace('|', '\t', 1) for line in lines) + '\n',
                  environment=environment)
    equal((outcome.status, outcome.stderr), (0, b''), 'a run')
    if policy and counts:
        accounted(cluster, since, outcome.record)
    outcome.sent = cluster.statements(since)
    return outcome.stdout.decode().split('-- ')[1:], outcome


def ways(cluster, option):
    """All the ways in which a client can be told of a start-up option: conninfo and environment."""
    escaped = option.replace("'", "\\'")
    file = cluster.write('services', f'[told]\noptions={option}\n')
    yield '', {'PGOPTIONS': option}
    yield f"options='{escaped}'", {}
    yield 'service=told', {'PGSERVICEFILE': file}
    yield '', {'PGSERVICE': 'told', 'PGSERVICEFILE': file}


@promise
def a_path_that_comes_with_the_connection_counts(cluster):
    for option in ('-c search_path=evil', '--search-path=evil', '-csearch_path=evil,public'):
        for conninfo, environment in ways(cluster, option):
            direct, _ = asides(cluster, [PLAIN], None, conninfo, environment)
            check(leaks(direct[0].encode()), direct)
            answers, _ = asides(cluster, [PLAIN, 'exec|SELECT * FROM plain', 'reset|', PLAIN], POLICY, conninfo, environment)
            equal(leaks(''.join(answers).encode()), [], answers)
            check('[redacted]' in answers[0] and '[redacted]' in answers[3], answers)


@promise
def a_role_that_comes_with_the_connection_is_judged(cluster):
    for conninfo, environment in ways(cluster, '-c role=boss'):
        answers, outcome = asides(cluster, ['exec|SELECT 1'], READS, conninfo, environment)
        check('42501' in answers[0] and 'GRANT on boss' in answers[0], answers)
        answers, _ = asides(cluster, ['exec|SELECT current_user'], POLICY, conninfo, environment)
        check('cell boss' in answers[0], answers)


@promise
def settings_that_come_with_the_connection_are_judged_as_set(cluster):
    for option in ('-c session_replication_role=replica', '--session-replication-role=replica', '-c row_security=on -O'):
        for conninfo, environment in ways(cluster, option):
            answers, outcome = asides(cluster, ['exec|SELECT 1'], READS, conninfo, environment)
            check('42501' in answers[0] and 'given when the connection was made' in answers[0], answers)
            asked = [statement.text for statement in outcome.sent if statement.text == 'SELECT 1']
            equal(asked, [], 'what was sent')
    for option in ('-c work_mem=8MB', '-c statement_timeout=10s --application_name=mine', ''):
        for conninfo, environment in ways(cluster, option):
            answers, _ = asides(cluster, ['exec|SELECT 1'], READS, conninfo, environment)
            check('cell 1' in answers[0], answers)


@promise
def a_reset_connection_is_governed_and_knows_nothing(cluster):
    answers, outcome = asides(cluster, ['exec|PREPARE p AS SELECT email FROM customers', 'exec|SET search_path = evil', 'reset|',
                                        'exec|EXECUTE p', 'exec|SELECT note FROM plain WHERE id = 1', 'exec|DROP TABLE orders',
                                        'exec|SELECT email FROM customers WHERE id = 1'])
    equal(leaks(''.join(answers).encode()), [], answers)
    check('42501' in answers[3] and 'not made in sight' in answers[3] or '26000' in answers[3], answers[3])
    check('cell note 1' in answers[4] and '42501' in answers[5] and 'cell [redacted]' in answers[6], answers)


@promise
def an_encoding_is_judged_when_libpq_sets_it(cluster):
    answers, outcome = asides(cluster, ['encoding|LATIN1', "exec|SELECT 'é'", 'encoding|UTF8'], READS)
    check('client_encoding is LATIN1' in answers[0] and 'client_encoding is UTF8' in answers[2], answers)
    check(sum('client_encoding' in event.get('statement', '') for event in intents(cluster, outcome.record)) == 2, outcome)


def secure(cluster):
    """TLS with a certificate of its own, and a user whose password is checked with SCRAM."""
    key, certificate = cluster.data + '/server.key', cluster.data + '/server.crt'
    cluster._server('openssl', 'req', '-new', '-x509', '-days', '2', '-nodes', '-subj', '/CN=localhost', '-keyout', key, '-out',
                    certificate, stderr=subprocess.DEVNULL)
    hba = cluster.data + '/pg_hba.conf'
    with open(hba) as file:
        rest = file.read()
    with subprocess.Popen(cluster.as_server + ['tee', hba], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as tee:
        tee.communicate(('hostssl all keyed 127.0.0.1/32 scram-sha-256\nhostnossl all keyed 127.0.0.1/32 reject\n' + rest).encode())
    cluster.restart("ssl = on\nlisten_addresses = '127.0.0.1'\nlog_replication_commands = on\n")


@promise
def encrypted_connections_are_as_they_were(cluster):
    secure(cluster)
    for binding in ('prefer', 'require'):
        conninfo = f"host=127.0.0.1 user=keyed password='open sesame' sslmode=require channel_binding={binding} gssencmode=disable"
        lines = ['secured|', 'exec|SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()', 'exec|SELECT 1', 'reset|', 'secured|']
        direct, _ = asides(cluster, lines, None, conninfo)
        check('in use 1, 0, protocol TLS, names 1' in direct[0] and 'ssl 1 struct 1' in direct[0], direct[0])
        equal(asides(cluster, lines, ALLOW_EVERYTHING, conninfo)[0], direct, 'a session')
        answers, outcome = asides(cluster, [*lines, 'exec|SELECT email FROM customers WHERE id = 1'], POLICY, conninfo)
        check('in use 1, 0, protocol TLS, names 1' in answers[0] and 'socket 1' in answers[0], answers[0])
        check('ssl 0 struct 0 gss 0' in answers[0] and 'ssl 0 struct 0 gss 0' in answers[4], answers)
        check('cell 1' in answers[2] and 'cell [redacted]' in answers[5], answers)
        check({'refused: PQgetssl', 'refused: PQsslStruct', 'refused: PQgetgssctx'} <= set(notes(cluster, outcome.record)), outcome)
    refused, _ = asides(cluster, ['connect|host=127.0.0.1 user=keyed sslmode=disable', 'secured|'], POLICY)
    check('status 1' in refused[0] and 'pg_hba.conf rejects' in refused[0] and 'in use 0' in refused[1], refused)


@promise
def replication_is_refused_where_something_is(cluster):
    """Runs after the server was told to log replication commands."""
    for value, text in (('database', 'SELECT 1'), ('true', 'IDENTIFY_SYSTEM'), ('database', 'IDENTIFY_SYSTEM')):
        line, conninfo = 'exec|' + text, f'replication={value}'
        direct, _ = asides(cluster, [line], None, conninfo)
        check('TUPLES_OK' in direct[0], direct)
        governed, _ = asides(cluster, [line], ALLOW_EVERYTHING, conninfo, counts=False)
        equal(*(re.sub(r'cell \d+/[0-9A-F]+', 'cell WAL', answers[0]) for answers in (governed, direct)), 'a session')
        for policy in (POLICY, READS, ALLOW_EVERYTHING.replace('rules: []', 'rules: [{ name: no, for: everyone, do: replicate, then: deny }]')):
            with open(cluster.log) as log:
                log.seek(0, os.SEEK_END)
                answers, outcome = asides(cluster, [line], policy, conninfo, counts=False)
                sent = re.findall(r"received replication command: (?!BASE_BACKUP \(TARGET 'chaperone refused this)(\w+)", log.read())
            check('FATAL_ERROR' in answers[0] and 'cell' not in answers[0], answers)
            equal(sent, [], 'replication commands')
            check(all(event['refused'] for event in intents(cluster, outcome.record)), intents(cluster, outcome.record))
    cluster.forget()  # statements of a walsender are no client backend's in the log


@promise
def a_refused_replication_command_says_so(cluster):
    answers, _ = asides(cluster, ['exec|IDENTIFY_SYSTEM'], POLICY, 'replication=true', counts=False)
    cluster.forget()
    check('chaperone refused this: what replication commands do' in answers[0] and '"verdict":"deny"' in answers[0], answers)


main(MORE)
