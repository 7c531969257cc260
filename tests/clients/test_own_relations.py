# SPDX-License-Identifier: MIT
"""What the server's own relations hold of somebody's values or secrets is masked beside stars."""
from harness import accounted, check, equal, main, promise, run
from shop import OBJECTS, POLICY, SCHEMA, leaks


def psql(cluster, sql, policy=POLICY):
    since = cluster.mark()
    outcome = run(cluster, ['psql', '-XqAt', '-P', 'null=NULL'], policy, sql)
    equal((outcome.status, outcome.stderr), (0, b''), 'status and errors')
    if policy:
        equal(leaks(outcome.stdout), [], f'leaks in {outcome.stdout.decode()}')
        accounted(cluster, since, outcome.record)
    return outcome.stdout.decode()


@promise
def a_secret_between_two_stars_is_masked(cluster):
    """What is between stars of relations whose columns are not known is found by no position."""
    for sql in ('SELECT d.*, a.rolpassword, n.* FROM pg_database d, pg_authid a, pg_namespace n',
                'SELECT d.*, a.*, n.* FROM pg_database d, pg_authid a, pg_namespace n',
                'SELECT * FROM pg_database, pg_user_mapping, pg_namespace',
                'SELECT d.*, s.*, n.* FROM pg_database d, (SELECT umoptions FROM pg_user_mappings) s, pg_namespace n'):
        rows = psql(cluster, sql).splitlines()
        check(rows, sql)
        equal([row for row in rows if 'SCRAM-SHA-256$' in row or 'user=' in row], [], sql)


if __name__ == '__main__':
    main(SCHEMA + OBJECTS + 'ALTER ROLE reader LOGIN;')
