# SPDX-License-Identifier: MIT
"""pg_dump of a database with masked columns: a whole dump that can be restored, in which nothing protected stands."""
import collections
import glob
import gzip
import re

from harness import accounted, check, equal, main, promise, run
from shop import OBJECTS, POLICY, SCHEMA, leaks

# Masks in one database, and nothing else.
MASKED_SHOP = POLICY.split('  - name: no-destructive')[0].replace(
    'columns:', 'databases:\n  shop: { engine: postgres, name: shop }\ncolumns:', 1).replace(
        '  - name: mask-personal\n', '  - name: mask-personal\n    database: shop\n')

# Nothing is allowed but what a dump needs.
TIGHT = re.sub(r'(?s)  - name: no-destructive.*', """  - name: dumps
    for: everyone
    do: [read, lock, set]
    then: allow
""", POLICY.replace('default: allow', 'default: deny'))

# What of a plain dump is not in a masked one although no canary is in it: brackets round options.
AROUND_OPTIONS = ('CREATE SERVER far ', 'CREATE SERVER "far" ', 'CREATE USER MAPPING ', ');')
# Said of a server that does not log for replication.
WARNINGS = re.compile(rb'(?m)^.*WARNING:  (wal_level is insufficient|tables were not subscribed).*\n|^HINT:  Set wal_level.*\n')

OPTIONS = [line.split() for line in '''
--data-only
--schema-only
-t customers
-t customers -t more.* --inserts
--column-inserts -t cust*
-T orders
-n more
-N more
--exclude-table-data=plain
--clean --if-exists
--section=pre-data
--section=post-data
--serializable-deferrable
--load-via-partition-root
--no-owner --no-acl
--enable-row-security
--role=postgres
--rows-per-insert=10
--inserts --on-conflict-do-nothing
--quote-all-identifiers
--data-only --disable-triggers
--lock-wait-timeout=1000
--binary-upgrade --schema-only
--extension=postgres_fdw
'''.strip().splitlines()]


def tidy(dump):
    """Lines without what differs from dump to dump."""
    return re.sub(rb'(?m)^\\(un)?restrict .*\n', b'', dump).split(b'\n')


def dump(cluster, *options, policy=POLICY):
    """What pg_dump writes under the policy; nothing protected is in it, and every statement is accounted for."""
    since = cluster.mark()
    outcome = run(cluster, ['pg_dump', *options], policy)
    equal((outcome.status, outcome.stderr), (0, b''), options)
    equal(leaks(outcome.stdout), [], f'leaks with {options}')
    accounted(cluster, since, outcome.record)
    return outcome.stdout


def compare(plain, masked, options):
    """A masked dump differs from a plain one where something protected stood, and nowhere else."""
    missing = collections.Counter(tidy(plain)) - collections.Counter(tidy(masked))
    unexplained = [line for line in missing if line and not leaks(line) and not line.decode().startswith(AROUND_OPTIONS)]
    equal(unexplained, [], f'missing without need with {options}')
    return len(missing)


@promise
def a_dump_differs_from_a_plain_one_in_what_is_protected_alone(cluster):
    plain = run(cluster, ['pg_dump']).stdout
    masked = dump(cluster)
    compare(plain, masked, 'none')
    check(masked.count(b'[redacted]') >= 6 and b'\t[email]\t2020-03-01' in masked and b'call [email], card [card], [iban]' in masked,
          masked)
    for text in (b'CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw;', b'CREATE USER MAPPING FOR postgres SERVER far;',
                 b"CREATE SUBSCRIPTION sub CONNECTION '' PUBLICATION x", b"setval('public.lone', 7, false)", b'500\tnote 500\n'):
        check(text in masked, f'{text} is missing')


@promise
def every_way_to_dump_is_masked(cluster):
    seen = 0
    for options in OPTIONS:
        plain = run(cluster, ['pg_dump', *options])
        equal((plain.status, plain.stderr), (0, b''), options)
        seen += compare(plain.stdout, dump(cluster, *options), options)
    # Settings of a database and of its roles are secrets, whatever their names.
    created = dump(cluster, '--clean', '--if-exists', '--create')
    check(b'CREATE DATABASE shop' in created and b'work_mem' not in created, created)
    check(seen > 50, f'only {seen} lines differ')
    return f'{len(OPTIONS)} sets of options, {seen} lines masked'


@promise
def a_dump_needs_rules_for_reading_locks_and_settings(cluster):
    for options in ([], ['-t', 'customers', '-t', 'orders']):
        equal(tidy(dump(cluster, *options, policy=TIGHT)), tidy(dump(cluster, *options)), options)
    for missing in ('lock', 'set'):
        refused = run(cluster, ['pg_dump'], TIGHT.replace(missing, 'notify'))
        check(refused.status == 1 and b'which no rule allows' in refused.stderr, refused)


def parallel_is_masked(cluster):
    folder = cluster.path('dump.parallel')
    dump(cluster, '-Fd', '-j', '2', '-f', folder, policy=MASKED_SHOP)
    for path in glob.glob(folder + '/*'):
        with (gzip.open if path.endswith('.gz') else open)(path, 'rb') as file:
            equal(leaks(file.read()), [], f'leaks in {path}')
    return folder


@promise
def every_format_is_masked_and_can_be_restored(cluster):
    """By a program that is governed by the same policy, which masks nothing in the database that it restores into."""
    archives = [parallel_is_masked(cluster)]
    for form in ('c', 't'):
        archives.append(cluster.path('dump.' + form))
        dump(cluster, '-F' + form, '-f', archives[-1])
    for archive in archives:
        listed = run(cluster, ['pg_restore', '-f', '-', archive], POLICY)
        equal((listed.status, listed.stderr, leaks(listed.stdout)), (0, b'', []), archive)
        for options in ([], ['--single-transaction']):
            fresh(cluster)
            since = cluster.mark()
            restored = run(cluster, ['pg_restore', '-d', 'copied', *options, archive], MASKED_SHOP)
            equal((restored.status, WARNINGS.sub(b'', restored.stderr)), (0, b''), f'{archive} {options}')
            accounted(cluster, since, restored.record)
            is_copied(cluster)


def fresh(cluster):
    """An empty database to restore into; a subscription keeps the last one from being dropped."""
    if cluster.sql("SELECT count(*) FROM pg_database WHERE datname = 'copied'", 'postgres') == '1\n':
        if cluster.sql('SELECT count(*) FROM pg_subscription s JOIN pg_database d ON d.oid = subdbid '
                       "WHERE datname = 'copied'", 'postgres') == '1\n':
            cluster.sql('ALTER SUBSCRIPTION sub SET (slot_name = NONE); DROP SUBSCRIPTION sub', 'copied')
        cluster.sql('DROP DATABASE copied', 'postgres')
    cluster.sql('CREATE DATABASE copied', 'postgres')


def is_copied(cluster):
    rows = cluster.sql('SELECT id, name, email, salary, remarks FROM customers ORDER BY id', 'copied')
    equal(rows, '1|Ann|[redacted]||call [email], card [card], [iban]\n2|Bob|[redacted]||nothing here\n3|Cyd|||\n', 'customers')
    equal(cluster.sql("SELECT count(*), sum(id) FROM ONLY plain UNION ALL SELECT count(*), nextval('lone') FROM orders", 'copied'),
          '500|125250\n3|7\n', 'plain, orders and a sequence')


@promise
def a_dump_as_text_can_be_restored_by_psql(cluster):
    path = cluster.path('dump.sql')
    with open(path, 'wb') as file:
        file.write(dump(cluster))
    for policy in (None, MASKED_SHOP):
        for options in ([], ['-1']):
            fresh(cluster)
            restored = run(cluster, ['psql', '-Xq', '-v', 'ON_ERROR_STOP=1', *options, '-d', 'copied', '-f', path], policy)
            equal((restored.status, WARNINGS.sub(b'', restored.stderr)), (0, b''), f'{policy} {options}')
            is_copied(cluster)


@promise
def masks_are_not_restored_into_masked_columns(cluster):
    """write-back: whoever sees a column masked may not write it."""
    archive = cluster.path('dump.back')
    dump(cluster, '-Fc', '-t', 'customers', '-f', archive)
    restored = run(cluster, ['pg_restore', '-d', 'shop', '--data-only', archive], POLICY)
    check(restored.status == 1 and b'chaperone refused this' in restored.stderr, restored)
    equal(cluster.sql("SELECT count(*) FROM customers WHERE email LIKE '%canary%'"), '2\n', 'rows as they were')


@promise
def pg_dumpall_shows_no_password(cluster):
    for options in (['--globals-only'], ['--globals-only', '--no-role-passwords'], ['--schema-only']):
        since = cluster.mark()
        outcome = run(cluster, ['pg_dumpall', *options], POLICY)
        equal((outcome.status, outcome.stderr, leaks(outcome.stdout)), (0, b'', []), options)
        check(b'CREATE ROLE reader;' in outcome.stdout and b'SCRAM' not in outcome.stdout, outcome)
        accounted(cluster, since, outcome.record)


@promise
def large_objects_are_left_out_or_refused(cluster):
    """Their bytes are no column, so that no mask can say what of them is protected."""
    cluster.sql("SELECT lo_from_bytea(4711, 'lo@canary.example')")
    refused = run(cluster, ['pg_dump'], POLICY)
    check(refused.status == 1 and b'chaperone refused this: what it reads cannot be masked' in refused.stderr, refused)
    equal(leaks(refused.stdout), [], 'leaks')
    check(b'CREATE TABLE public.customers' in dump(cluster, '--no-blobs'), 'a dump without large objects')
    cluster.sql('SELECT lo_unlink(4711)')


if __name__ == '__main__':
    main(SCHEMA + OBJECTS)
