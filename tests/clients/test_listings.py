# SPDX-License-Identifier: MIT
"""psql's listings under a policy with masks: each works, and differs from a plain one in columns that hold secrets alone."""
import re

from harness import accounted, check, equal, main, promise, run
from shop import OBJECTS, POLICY, SCHEMA, leaks

# Whose own column is masked: settings of roles and of extensions, options of foreign servers, connection strings.
MASKED = {'\\dconfig', '\\dconfig+', '\\dconfig work_mem', '\\des+', '\\deu+', '\\drds', '\\drds reader', '\\drds * shop', '\\dRs+',
          '\\dRs+ sub'}

COMMANDS = [command.strip() for line in r'''
\d \d+ \dS \dS+ \da \da+ \da total \dA \dA+ \dAc \dAc+ \dAc btree int4 \dAf \dAf+ \dAf btree int4 \dAo \dAo+ \dAp \dAp+
\db \db+ \db * \dc \dc+ \dc * \dcS+ \dconfig \dconfig+ \dconfig work_mem \dC \dC+ \dC text \dd \dd plain \ddS
\dD \dD+ \dD positive \dDS+ \ddp \ddp * \dE \dE+ \des \des+ \det \det+ \deu \deu+ \dew \dew+
\df \df+ \df twice \df+ twice \df * int \dfS+ \dfa \dfn \dfp \dft+ \dfw \dF \dF+ \dF+ mine \dFd \dFd+ \dFp \dFp+ \dFt \dFt+
\dg \dg+ \dgS+ \di \di+ \dl \dl+ \dL \dL+ \dL plpgsql \dLS+ \dm \dm+ \dn \dn+ \dn more \dnS+ \do \do+ \do * int int \doS+
\dO \dO+ \dO german \dp \dp customers \dp more.* \dP \dP+ \dPi+ \dPt+ \drds \drds reader \drds * shop
\dRp \dRp+ \dRp+ pub \dRs \dRs+ \dRs+ sub \ds \ds+ \dt \dt+ \dt more.* \dtS+ \dT \dT+ \dT+ mood \dTS+ \du \du+ \du reader \duS+
\dv \dv+ \dx \dx+ \dx+ postgres_fdw \dX \dX * \dy \dy+ \dy firing \l \l+ \l shop \z \z customers \lo_list \lo_list+
\d customers \d+ customers \d orders \d+ orders \d contacts \d+ contacts \d+ renamed \d+ stored \d parted \d+ parted \d+ parted_1
\d+ grown \d+ plain \d distant \d+ distant \d customers_pkey \d+ customers_pkey \d+ lone \d pair \d+ pair \d cust* \d public.*
\d+ public.* \d *.* \d+ information_schema.columns \d+ pg_catalog.pg_stats \d+ pg_user_mapping
\sf twice \sf+ twice \sv contacts \sv+ contacts \conninfo \encoding
'''.strip().splitlines() for command in re.split(r'(?: |^)(?=\\)', line) if command.strip()]


def listings(cluster, policy, before=''):
    """What psql prints for each command."""
    script = before + ''.join('\\echo =listing= \'%s\'\n%s\n' % (command.replace('\\', '\\\\'), command) for command in COMMANDS)
    outcome = run(cluster, ['psql', '-X'], policy, script)
    equal((outcome.status, outcome.stderr), (0, b''), 'status and errors')
    parts = outcome.stdout.decode().split('=listing= ')[1:]
    equal([part.split('\n')[0] for part in parts], COMMANDS, 'commands')
    return outcome, dict(zip(COMMANDS, parts))


def shape(listing):
    """A listing's heads of columns and number of rows."""
    heads = next((line for line in listing.splitlines() if ' | ' in line), '')
    return [head.strip() for head in heads.split('|')], re.findall(r'\(\d+ rows?\)', listing)


def differing(plain, masked):
    return {command for command in COMMANDS if plain[command] != masked[command]}


@promise
def every_listing_is_what_it_is_without_masks(cluster):
    plain = listings(cluster, None)[1]
    since = cluster.mark()
    outcome, masked = listings(cluster, POLICY)
    equal(leaks(outcome.stdout), [], 'leaks')
    accounted(cluster, since, outcome.record, least=len(COMMANDS))
    equal(differing(plain, masked), MASKED, 'listings that differ')
    for command in MASKED:
        equal(shape(masked[command]), shape(plain[command]), command)
    check('(host' not in masked['\\des+'] and 'password' not in masked['\\deu+'], masked['\\deu+'])
    return f'{len(COMMANDS)} commands'


@promise
def so_it_is_inside_a_transaction(cluster):
    """Where nothing can be learned: what was known at its beginning holds."""
    plain = listings(cluster, None, 'BEGIN;\n')[1]
    outcome, masked = listings(cluster, POLICY, 'BEGIN;\n')
    equal((leaks(outcome.stdout), differing(plain, masked)), ([], MASKED), 'leaks, listings that differ')


@promise
def what_completion_asks_is_answered(cluster):
    """Queries of psql's tab completion (src/bin/psql/tab-complete.c) read names alone."""
    for sql in ("SELECT pg_catalog.quote_ident(srvname) FROM pg_catalog.pg_foreign_server WHERE substring("
                "pg_catalog.quote_ident(srvname),1,1)='f'",
                "SELECT s.subname FROM pg_catalog.pg_subscription s, pg_catalog.pg_database d WHERE s.subname LIKE 'su%' AND "
                'd.datname = pg_catalog.current_database() AND s.subdbid = d.oid',
                "SELECT pg_catalog.quote_ident(usename) FROM pg_catalog.pg_user_mappings WHERE srvname = 'far'"):
        plain = run(cluster, ['psql', '-XAtc', sql])
        governed = run(cluster, ['psql', '-XAtc', sql], POLICY)
        check(plain.stdout, f'nothing by {sql}')
        equal(governed.seen(), plain.seen(), sql)


if __name__ == '__main__':
    main(SCHEMA + OBJECTS)
