# SPDX-License-Identifier: MIT
"""An agent that dies under a session shows nothing, and the session goes on with the next one."""
import os
import pathlib
import signal
import time

from support import CALLS, HERE, Stepper, cluster

WRITES = HERE / 'policy-writes.yaml'
READY_SECONDS = 10


def read(path):
    try:
        return pathlib.Path(path).read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ''


def agent_of(stepper):
    for pid in read(f'/proc/{stepper.process.pid}/task/{stepper.process.pid}/children').split():
        if read(f'/proc/{pid}/comm').strip() == 'chaperone-agent':
            return int(pid)
    return None


def replace_agent(stepper):
    """Kills the agent, and comes back when there is another."""
    before = agent_of(stepper)
    os.kill(before, signal.SIGKILL)
    deadline = time.monotonic() + READY_SECONDS
    while agent_of(stepper) in (None, before):
        assert time.monotonic() < deadline, 'no other agent came'
        time.sleep(0.01)


def check(seen, *, has='', lacks='123-45-6789'):
    assert has in seen and lacks not in seen, seen


def a_session_change_in_flight_does_not_cost_the_next_statement(session):
    session.process.stdin.write(b'exec\tBEGIN; SELECT pg_sleep(1); SAVEPOINT a; COMMIT\n')
    session.process.stdin.flush()
    time.sleep(0.3)
    replace_agent(session)
    while session.process.stdout.readline() != b'--done--\n':
        pass
    check(session.step('exec', 'SELECT name, 1 FROM products'), has='row|chair')


def names_that_the_next_agent_has_not_seen_are_unknown(session):
    session.step('prepare', 'a', 'SELECT ssn FROM users WHERE id=1')
    session.step('exec', 'DECLARE c CURSOR WITH HOLD FOR SELECT ssn FROM users')
    replace_agent(session)
    check(session.step('exec', 'SELECT name, 2 FROM products'), has='row|chair')
    check(session.step('execute', 'a', '0'), has='42501')
    check(session.step('exec', 'FETCH 1 FROM c'), has='42501')
    check(session.step('exec', 'DEALLOCATE a; CLOSE c'), has='COMMAND_OK')


def a_transaction_goes_on_masked(session):
    """Nothing is learned inside a transaction: what a name means is not known there."""
    session.step('exec', 'BEGIN')
    replace_agent(session)
    check(session.step('exec', 'SELECT ssn, 3 FROM users'), has='row|[redacted]')
    check(session.step('exec', 'COMMIT'), has='COMMIT')
    check(session.step('exec', 'SELECT ssn, name FROM users WHERE id=1'), has='row|[redacted]|alice')


def a_changed_path_is_not_forgotten(session):
    session.step('exec', 'SET search_path TO other')
    replace_agent(session)
    check(session.step('exec', 'SELECT ssn FROM users'), has='row|[redacted]')
    session.step('exec', 'RESET search_path')


def main():
    promises = (a_session_change_in_flight_does_not_cost_the_next_statement,
                names_that_the_next_agent_has_not_seen_are_unknown, a_transaction_goes_on_masked,
                a_changed_path_is_not_forgotten)
    with cluster() as server:
        for promise in promises:
            session = Stepper(server, [CALLS], WRITES)
            session.step('connect', 'lab', 'agent')
            session.step('exec', 'SELECT 1')
            promise(session)
            session.end()
            server.settle()
            print('ok', promise.__name__, flush=True)


if __name__ == '__main__':
    main()
