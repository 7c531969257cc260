# SPDX-License-Identifier: MIT
"""What must be seen of a database that a program dialled without libpq."""
from harness import check, record_events, verified

REFUSED = b'chaperone: refused a connection to '
UNGOVERNED = b'is NOT GOVERNED: what passes over it is neither judged nor recorded\n'


def path_of(cluster):
    return f'{cluster.environment["PGHOST"]}/.s.PGSQL.{cluster.port}'


def noted(cluster, record, begin, destination):
    """The notes about a destination, each with the process that it is about."""
    found = [e for e in record_events(cluster, record) if e['kind'] == 'note' and destination in e['text']]
    for event in found:
        check(event['text'].startswith(begin + ': a connection to a database'), event)
        check(event['user'] and event['process'], event)
    verified(cluster, record)
    return found
