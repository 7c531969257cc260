# SPDX-License-Identifier: MIT
"""What the server's log says that clients sent, held against what a record says that they meant to send."""
import re


SENT = re.compile(r'(statement|execute [^:]*|fastpath function call): ?(.*)', re.S)
TIMED = re.compile(r'duration: \S+ ms(?:  (parse|bind) (\S+): (.*))?', re.S)


class Statement:
    """Something that a client sent, as the server's log has it."""

    def __init__(self, pid, kind, text, state='00000', place=None):
        self.pid, self.kind, self.text, self.state = pid, kind, text, state
        self.place = place  # the virtual transaction

    def __repr__(self):
        return f'{self.kind}({self.state}): {self.text}'

    def key(self):
        return (self.kind, self.state, self.text)


def read_statements(entries):
    """Statements from log entries.  The server logs text after parsing it, so one that does not parse is known by its
    error alone; Parse messages are known by their duration (postgres.c: exec_simple_query, exec_parse_message).  An
    unnamed Parse belongs to the Execute behind it, which is logged by itself, when both came before one Sync, thus in one
    transaction; where there is nothing to execute it stands alone (exec_execute_message).  An error without a text is of
    a message that has none: the execution of a prepared statement, or the call of a function, that does not exist."""
    found, still_open, parsed = [], {}, {}
    for entry in entries:
        pid, message = entry['pid'], entry.get('message', '')
        is_log, is_error = entry['error_severity'] == 'LOG', entry['error_severity'] == 'ERROR'
        sent, timed = (SENT.match(message), TIMED.match(message)) if is_log else (None, None)
        phase, name, text = timed.groups() if timed else (None, None, None)
        if pid in parsed and not (phase == 'bind' and name == '<unnamed>' and parsed[pid].place == entry.get('vxid')):
            unbound = parsed.pop(pid)
            if is_log and not message.startswith('execute <unnamed>'):
                found.append(unbound)
        if sent:
            still_open[pid] = Statement(pid, sent[1], sent[2])
            found.append(still_open[pid])
        elif phase == 'parse' and name == '<unnamed>':
            parsed[pid] = Statement(pid, 'parse', text, place=entry.get('vxid'))
        elif phase == 'parse':
            found.append(Statement(pid, 'parse ' + name, text))
        elif timed and not phase:
            still_open.pop(pid, None)
        elif is_error:
            statement = still_open.pop(pid, None)
            if not statement:
                statement = Statement(pid, 'failed', entry.get('statement', message))
                found.append(statement)
            statement.state = entry.get('state_code', '?')
    return found + list(parsed.values())


# What the shim sends of its own accord: refusals in place of what it refuses (shim/gate/refusal.c, agent_refuse.c), and
# the question what the policy's names mean (policy/engine/catalogue_query.c).  Both are on the record.
RAISES = re.compile(r'DO (LANGUAGE plpgsql )?\$chaperone\$')
LEARNS = 'SET LOCAL jit = off; WITH RECURSIVE edge(child, base, turned) AS '
SAVES = ('SAVEPOINT chaperone_learns; WITH own AS ', 'RELEASE SAVEPOINT chaperone_learns',
         'ROLLBACK TO SAVEPOINT chaperone_learns; RELEASE SAVEPOINT chaperone_learns')
LEARNING = '(chaperone learns the catalogue)'
KINDS = ('statements', 'refusals', 'learning')


def kind_of_sent(statement):
    if RAISES.match(statement.text):
        return 'refusals'
    return 'learning' if statement.text.startswith((LEARNS, *SAVES)) else 'statements'


def kind_of_intent(event):
    if event['refused']:
        return 'refusals'
    return 'learning' if event.get('statement') == LEARNING else 'statements'


def sorted_out(things, kind_of):
    found = {kind: [] for kind in KINDS}
    for thing in things:
        found[kind_of(thing)].append(thing)
    return found


def failed_in_silence(event):
    """Whether a call failed and the server gave no reason, as it does when nothing was sent."""
    return event.get('status', 'ok') != 'ok' and not event.get('sqlstate')


def describe(sent, recorded):
    lines = [repr(statement)[:200] for statement in sent[:60]]
    events = [f"{event.get('decision')} {event.get('status', '?')} {event.get('statement', '')[:100]}"
              for event in recorded[:60]]
    return '\n  '.join(['', *lines, 'record:', *events])


def balance(sent, recorded, *, more=0, unsent=0, unheard=0, lost=0, erased=0):
    """What the server logged is what the record has intents for: as many statements, as many refusals raised in place of
    what was refused, as often the catalogue learned.  A test that knows better says so:
    more      messages that calls of libpq make beyond their first
    unsent    intents of calls that libpq refused, or the server skipped; the record has to show that they failed
    unheard   at most so many refusals while there was no agent, who alone writes the record
    lost      at most so many intents, of programs that were killed before the statement left them
    erased    at most so many intents, which the test itself destroyed before the agent read them"""
    logged, meant = sorted_out(sent, kind_of_sent), sorted_out(recorded, kind_of_intent)
    at_least = {'statements': more - unsent - lost, 'refusals': -lost, 'learning': -lost}
    at_most = {'statements': more - unsent + erased, 'refusals': unheard, 'learning': 0}
    for kind in KINDS:
        surplus = len(logged[kind]) - len(meant[kind])
        if not at_least[kind] <= surplus <= at_most[kind]:
            raise AssertionError(f'{kind}: the server counts {len(logged[kind])}, the record {len(meant[kind])} intents, '
                                 f'more by {at_least[kind]} to {at_most[kind]} was expected:'
                                 + describe(logged[kind], meant[kind]))
    silent = sum(map(failed_in_silence, meant['statements']))
    if silent < unsent:
        raise AssertionError(f'{unsent} statements were not sent, and {silent} failed by the record:'
                             + describe(sent, recorded))
