# SPDX-License-Identifier: MIT
# Of several servers each sends its own log on, and what came to one that is gone is sent on by another one.
import sys

try:
    import google.protobuf as _
except ImportError:
    print("python3-protobuf is not there")
    sys.exit(77)

from fleet import replicas
from forwarded import deliver, ended, forward, listed, receiver, wait_until
from recorded import Agent, record
from support import collect, main

STATEMENTS = 64
OWN, OTHER = "shop.example/log", "shop.example/log/b"


def deliver_by_turns(pair, agent, part, step=2):
    """Some batches to one, the next ones to the other."""
    cuts = [0, *part.cuts[step - 1::step]]
    cuts += [len(part.data)] if cuts[-1] != len(part.data) else []
    for i, (start, end) in enumerate(zip(cuts, cuts[1:])):
        agent.served = pair.servers[i % 2]
        status, told = agent.deliver(part, start, end)
        assert status == 200, told


def deliver_to(served, agent, parts):
    agent.served = served
    deliver(agent, parts)


def logs_of(served, name="siem"):
    return {one["log"]: one for one in listed(served, name)["logs"]}


def test_every_log_is_sent_once_and_in_its_order():
    with replicas() as pair, receiver() as before, receiver() as after:
        first, second = pair.servers
        agent = Agent(first)
        forward(second, "add", "before", before.url(), "--to", "ndjson")
        alone = [record(first.top, "record", 6, STATEMENTS)[-1] for _ in pair.servers]
        for served, part in zip(pair.servers, alone):
            deliver_to(served, agent, [part])
        deliver_by_turns(pair, agent, record(first.top, "record", 12, STATEMENTS)[-1])
        forward(first, "add", "after", after.url(), "--to", "ndjson", "--from", "start")
        wanted = ended(first, agent)
        for name, received in (("before", before), ("after", after)):
            received.wait_for(len(wanted))
            told = wait_until(first, lambda told: told["behind"] == 0, name)
            ids = [one for one in received.ids() if not one.endswith("/open")]
            assert len(ids) == len(set(ids)) == len(wanted) and set(ids) == set(wanted)
            logs = logs_of(first, name)
            assert {log: one["by"] for log, one in logs.items()} == {OWN: OWN, OTHER: OTHER}
            assert all(one["sent"] > 0 for one in logs.values()) and sum(one["sent"] for one in logs.values()) == told["sent"]
            for boot in (f"/{part.name.split('-')[0]}-" for part in alone):
                assert [one for one in ids if boot in one] == [one for one in wanted if boot in one]


def test_what_came_to_a_server_that_is_gone_another_one_sends_on():
    with replicas() as pair, receiver() as received:
        first, second = pair.servers
        agent = Agent(first)
        forward(first, "add", "siem", received.url(), "--to", "ndjson")
        deliver_to(second, agent, [record(first.top, "record", 4, STATEMENTS)[-1]])
        received.wait_for(4 * STATEMENTS - 1)
        wait_until(first, lambda told: told["behind"] == 0)
        received.always = 503
        deliver_to(second, agent, [record(first.top, "record", 4, STATEMENTS)[-1]])
        received.wait(lambda received: received.requests[-1][0] == 503)
        pair.kill(1)
        received.always = "taken"
        deliver_to(first, agent, [record(first.top, "record", 4, STATEMENTS)[-1]])
        wait_until(first, lambda told: next(one for one in told["logs"] if one["log"] == OWN)["behind"] == 0)
        assert logs_of(first)[OTHER]["behind"] > 0  # nobody does it unasked
        assert "within the last minute" in forward(first, "take-over", OTHER, expect=1)
        assert "no such log" in forward(first, "take-over", OTHER + "x", expect=1)
        first.rows("UPDATE pulse SET beat = beat - 61000000000 WHERE server = ?", OTHER)
        forward(first, "take-over", OTHER)
        wanted = ended(first, agent)
        received.wait_for(len(wanted))
        wait_until(first, lambda told: told["behind"] == 0)
        assert logs_of(first)[OTHER]["by"] == OWN and "(by shop.example/log)" in forward(first, "list")
        assert set(received.ids()) == set(wanted)
        pair.servers[1].start()  # it was not gone for good
        deliver_to(second, agent, [record(first.top, "record", 4, STATEMENTS)[-1]])
        wanted = ended(first, agent)
        received.wait_for(len(wanted))
        wait_until(first, lambda told: told["behind"] == 0 and {one["by"] for one in told["logs"]} == {OWN, OTHER})
        assert set(received.ids()) == set(wanted)  # at the seam some may come from both


def test_who_is_killed_sends_again_what_it_had_not_written_down():
    with replicas() as pair, receiver() as received:
        first, second = pair.servers
        agent = Agent(first)
        forward(first, "add", "siem", received.url(), "--to", "ndjson")
        received.die = lambda: pair.kill(1)
        received.always = "mortal"
        deliver_to(second, agent, [record(first.top, "record", 1, STATEMENTS)[-1]])
        received.wait(lambda received: received.taken)
        received.always = "taken"
        first.rows("UPDATE pulse SET beat = beat - 61000000000 WHERE server = ?", OTHER)
        forward(first, "take-over", OTHER)
        wait_until(first, lambda told: told["behind"] == 0)
        assert set(received.ids()) == set(ended(first, agent)) and len(received.taken) == 2
        known = {}
        for event in received.events():
            assert known.setdefault(event["metadata"]["uid"], event) == event, event


def test_a_server_that_comes_later_sends_its_log_from_the_start():
    with replicas() as pair, receiver() as received:
        first, _ = pair.servers
        agent = Agent(first)
        forward(first, "add", "siem", received.url(), "--to", "ndjson")
        forward(first, "pause", "siem")
        pair.add("c")
        deliver_to(pair.servers[2], agent, [record(first.top, "record", 2, STATEMENTS)[-1]])
        forward(first, "resume", "siem")
        received.wait_for(len(ended(first, agent)))
        wait_until(first, lambda told: len(told["logs"]) == 3 and told["behind"] == 0)


main(collect(globals()))
