# SPDX-License-Identifier: MIT
# Deliveries that wait at the same time are one transaction, and each is taken or refused as if it had come alone; polls wait for none.
import contextlib
import threading
import time

import postgresql
from metered import metered
from recorded import Agent, pack, record
from served import IS_POSTGRESQL
from support import collect, main

if not IS_POSTGRESQL:
    import sqlite3

WAITING = "chaperone_server_lane_waiting"
TRANSACTIONS = "chaperone_server_delivery_transactions_total"


@contextlib.contextmanager
def nothing_written(served):
    """The database lets nobody grow the log, and no machine be seen."""
    if served.database:
        holder = postgresql.cluster().connect(served.database)
        holder.cursor().execute("LOCK TABLE log_tree, agent IN EXCLUSIVE MODE")
    else:
        holder = sqlite3.connect(served.data / "server.db", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
    with contextlib.closing(holder):
        yield


def wait_for(served, waiting):
    end = time.monotonic() + 8
    while (now := served.scrape()(WAITING, lane="records")) != waiting:
        assert time.monotonic() < end, (now, waiting)


def sent_together(served, first, *others):
    """What is answered, in their order, and in how many transactions: the first one is taken while the others come."""
    answers, before = [None] * (1 + len(others)), served.scrape()(TRANSACTIONS)

    def send(i, deliver):
        answers[i] = deliver()

    threads = [threading.Thread(target=send, args=(i, deliver)) for i, deliver in enumerate((first, *others))]
    with nothing_written(served):
        for i, thread in enumerate(threads):
            thread.start()
            if i == 0:
                time.sleep(0.5)
            wait_for(served, i)
    for thread in threads:
        thread.join()
    return answers, served.scrape()(TRANSACTIONS) - before


class Machines:
    """So many with a record of their own each."""

    def __init__(self, served, count):
        self.served = served
        self.agents = [Agent(served) for _ in range(count)]
        self.parts = [record(served.top, f"record-{i}", 3, 10)[0] for i in range(count)]

    def sends(self, i, start=0, end=None, data=None):
        part = self.parts[i]
        return lambda: self.agents[i].send(part.name, start, pack((data or part.data)[start:end]))

    def all_there(self, i):
        return 200, {"acked": len(self.parts[i].data), "head": self.parts[i].head(len(self.parts[i].data))}


def count(served, table):
    return served.rows(f"SELECT count(*) FROM {table}")[0][0]


def log_is_whole(served):
    """Deliveries lie behind each other in the log, without a gap."""
    size = 0
    for first, leaves in served.rows("SELECT first_leaf, leaves FROM record_delivery ORDER BY first_leaf"):
        assert first == size, (first, size)
        size += leaves
    return served.rows("SELECT size FROM log_tree") == [(size,)]


def test_those_who_wait_are_one_transaction():
    with metered() as served:
        machines = Machines(served, 12)
        answers, transactions = sent_together(served, *(machines.sends(i) for i in range(12)))
        assert answers == [machines.all_there(i) for i in range(12)], answers
        assert transactions == 2, transactions
        assert count(served, "record_event") == 12 * 30 and log_is_whole(served)
        order = [row[0] for row in served.rows("SELECT part FROM record_delivery ORDER BY first_leaf")]
        assert order == [part.name for part in machines.parts], order  # that of their arrival


def test_who_is_refused_harms_no_other():
    with metered() as served:
        machines = Machines(served, 7)
        turned = bytearray(machines.parts[3].data)
        turned[-1] ^= 1  # the last batch alone is wrong
        cut = machines.parts[5].cuts[1]
        answers, transactions = sent_together(
            served, machines.sends(0), machines.sends(1), machines.sends(2, start=machines.parts[2].cuts[0]),
            machines.sends(3, data=bytes(turned)), lambda: machines.agents[4].send(machines.parts[4].name, 0, b"no frame"),
            machines.sends(5, end=cut), machines.sends(5, start=cut), machines.sends(6), machines.sends(6))
        assert [status for status, _ in answers] == [200, 200, 409, 400, 400, 200, 200, 200, 200], answers
        assert transactions == 2, transactions
        assert answers[2][1]["reason"] == "gap" and answers[2][1]["expect"] == 0
        assert (answers[0], answers[1], answers[6], answers[7], answers[8]) == tuple(machines.all_there(i) for i in (0, 1, 5, 6, 6))
        assert count(served, "record_event") == 4 * 30 and count(served, "record_delivery") == 5 and log_is_whole(served)
        assert machines.agents[3].position(machines.parts[3]) == 0  # nothing of what was right before it
        alarms = served.rows("SELECT agent, kind, times FROM record_alarm ORDER BY agent")
        assert alarms == sorted((machines.agents[i].name, "damage", 1) for i in (3, 4)), alarms
        assert machines.sends(3)() == machines.all_there(3) and log_is_whole(served)


def test_what_the_database_refuses_harms_no_other():
    with metered() as served:
        machines = Machines(served, 4)
        bad = machines.parts[2].name
        if served.database:
            served.rows(f"ALTER TABLE record_delivery ADD CONSTRAINT none CHECK (part <> '{bad}')")
        else:
            served.rows(f"CREATE TRIGGER none BEFORE INSERT ON record_delivery WHEN new.part = '{bad}' BEGIN SELECT RAISE(ABORT, 'none'); END")
        answers, _ = sent_together(served, *(machines.sends(i) for i in range(4)))
        assert [status for status, _ in answers] == [200, 200, 500, 200], answers
        assert count(served, "record_event") == 3 * 30 and log_is_whole(served)


def test_what_machines_say_of_themselves_comes_with_it():
    with metered() as served:
        machines = Machines(served, 3)

        def sends(i):
            part = machines.parts[i]
            return lambda: machines.agents[i].ask("POST", "/v1/record", "Content-Encoding: zstd", f"Record-Part: {part.name}",
                                                  "Record-Offset: 0", f"Agent-State: version=0.{i}; spool={i}", body=pack(part.data))

        answers, _ = sent_together(served, *map(sends, range(3)))
        assert answers == [machines.all_there(i) for i in range(3)], answers
        told = served.rows("SELECT id, version, spool FROM agent ORDER BY version")
        assert told == [(machines.agents[i].name, f"0.{i}", i) for i in range(3)], told


def test_polls_do_not_wait_for_what_is_written():
    with metered() as served:
        agents = [Agent(served) for _ in range(3)]
        with nothing_written(served):
            begun = time.monotonic()
            for i, agent in enumerate(agents):
                assert agent.ask("GET", "/v1/policy", f"Agent-State: version=1.{i}; policy={i}")[0] == 404
            assert time.monotonic() - begun < 4
            assert served.rows("SELECT count(*) FROM agent WHERE seen IS NOT NULL") == [(0,)]
        end = time.monotonic() + 20
        while (told := served.rows("SELECT id, version, policy FROM agent WHERE seen IS NOT NULL ORDER BY version")) != [
                (agents[i].name, f"1.{i}", i) for i in range(3)]:
            assert time.monotonic() < end, told
            time.sleep(0.05)


def test_who_was_seen_last_before_the_end_is_written_down():
    with metered() as served:
        agent = Agent(served)
        assert agent.ask("GET", "/v1/policy", "Agent-State: version=2.0")[0] == 404
        assert served.stop()[0] == 0
        assert served.rows("SELECT id, version FROM agent WHERE seen IS NOT NULL") == [(agent.name, "2.0")]


main(collect(globals()))
