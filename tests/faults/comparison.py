# SPDX-License-Identifier: MIT
"""What the server saw of a load, what stands on its record, and what the load says of itself."""
import collections
import re

from accounts import kind_of_sent
from harness import check, equal, settle, verified


def tags(texts):
    """How often each text that is unlike all others occurs, and how many there are of the others."""
    found = [re.search(r'AS (\w+?_\d+_\d+)\b', text) for text in texts]
    return collections.Counter(match[1] for match in found if match), sum(not match for match in found)


def compare(cluster, record, threads, kills=0, unheard=0):
    """Every statement that the server saw is on the record once; at each kill one of each thread may have been about to be
    sent."""
    logged, meant = settle(cluster, lost=threads * (kills + 1), unheard=unheard)
    sent = [s for s in logged if kind_of_sent(s) != 'refusals']
    recorded = [e for e in meant if not e['refused']]
    once = {(e['connection'], e['sequence']) for e in recorded}
    check(0 <= len(once) - len(sent) <= threads * (kills + 1), f'{len(sent)} seen, {len(once)} recorded')
    equal(len(recorded) - len(once), 0, 'statements recorded again')
    unknown = [e for e in recorded if 'statement' not in e]
    check(not unknown, f'{len(unknown)} of {len(recorded)} events know no judgement, such as {unknown[:3]}')
    log_tags, log_others = tags([s.text for s in sent])
    record_tags, record_others = tags([e['statement'] for e in recorded])
    equal({t: n for t, n in record_tags.items() if n > 1}, {}, 'texts recorded twice')
    equal(set(log_tags) - set(record_tags), set(), 'texts that the server saw and the record does not know')
    check(len(record_tags) - len(log_tags) <= threads * (kills + 1), f'{len(record_tags)} recorded, {len(log_tags)} seen')
    check(0 <= record_others - log_others <= threads * (kills + 1), f'other texts: {record_others} recorded, {log_others} seen')
    numbers = collections.Counter(event['event'] for event in recorded)
    equal({e: n for e, n in numbers.items() if n > 1}, {}, 'events told twice')
    report = verified(cluster, record)
    return len(sent), report


def tally(outcome):
    """What a load says of its threads: how many statements were served and how many refused, and its lines."""
    check(outcome.status == 0, outcome)
    lines = [line.split(' ', 4) for line in outcome.stdout.decode().splitlines() if line != 'ready']
    served, refused, failed = (sum(int(line[i]) for line in lines) for i in range(3))
    equal(failed, 0, f'statements that failed otherwise: {lines}')
    return served, refused, lines
