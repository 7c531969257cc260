# SPDX-License-Identifier: MIT
"""A server whose record is on its way to a receiver, and what has to have come there."""
import contextlib
import json
import time

from receiver import Receiver
from recorded import Agent, record
from served import CHAPERONE, SERVER, server
from support import run

BATCHES, STATEMENTS = 10, 128  # a record of 64 times that has a last statement without an outcome


def forward(served, *words, expect=0):
    status, out, err = run(served.top, "forward", words[0], "--data", str(served.data), *words[1:], program=SERVER)
    assert status == expect, (status, out, err)
    return out + err


def listed(served, name="siem"):
    status, out, err = run(served.top, "forward", "list", "--data", str(served.data), "--json", program=SERVER)
    assert status in (0, 1), err
    (found,) = (one for one in json.loads(out) if one["name"] == name)
    return found


def wait_until(served, condition, name="siem"):
    end = time.monotonic() + 30
    while not condition(told := listed(served, name)):
        assert time.monotonic() < end, told
        time.sleep(0.05)
    return told


def deliver(agent, parts, batches=3):
    """Each in several deliveries."""
    for part in parts:
        ends = part.cuts[batches::batches]
        for start, end in zip([0, *ends], [*ends, len(part.data)]):
            if start < end:
                status, told = agent.deliver(part, start, end)
                assert status == 200, told


@contextlib.contextmanager
def receiver(*answers, **options):
    received = Receiver(*answers, **options)
    try:
        yield received
    finally:
        received.stop()


@contextlib.contextmanager
def forwarding(kind, *answers, batches=BATCHES, more=(), **options):
    """A server with a record, and a receiver to which all of it is on its way."""
    with server() as served, receiver(*answers, **options) as received:
        agent = Agent(served)
        parts = record(served.top, "record", batches, STATEMENTS)
        deliver(agent, parts)
        forward(served, "add", "siem", received.url(), "--to", kind, "--from", "start", *more)
        yield served, agent, received


def exported(served):
    status, out, err = run(served.top, "audit", "export", "--record", str(served.top / "record"), program=CHAPERONE)
    assert status == 0, err
    return [json.loads(line) for line in out.splitlines()]


def ended(served, agent):
    """Ids of what has an outcome, in the order of these, as they are among those of all machines."""
    return [f"{agent.name}/{event['metadata']['uid']}" for event in exported(served) if event["status_id"] != 0]


def check_all(served, agent, received):
    """Nothing is lost, the order is that of the record, and what came twice came as what it was."""
    wanted = ended(served, agent)
    received.wait_for(len(wanted))
    assert list(dict.fromkeys(received.ids())) == wanted, "lost or out of order"
    known = {}
    for event in received.events():
        assert known.setdefault(event["metadata"]["uid"], event) == event, event


def own(event, agent, served_name="shop.example"):
    """The event without what the server says of it."""
    metadata = dict(event["metadata"])
    uid = metadata.pop("original_event_uid")
    assert metadata["uid"].split("/")[:2] == [agent.name, uid]
    assert metadata.pop("log_provider") == served_name
    assert abs(metadata.pop("logged_time") / 1000 - time.time()) < 300 and metadata.pop("logged_time_dt").endswith("Z")
    return event | {"metadata": metadata | {"uid": uid}}
