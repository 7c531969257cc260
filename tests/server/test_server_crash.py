# SPDX-License-Identifier: MIT
# A server that dies in the middle of deliveries loses nothing that it acknowledged, and stores nothing twice.
import random
import threading

from exported import Taken, export, stored, verify
from recorded import Agent, record
from served import SERVER, server
from support import collect, main, run

DEATHS = 20
BATCHES, STATEMENTS, STEP = 200, 500, 20
LONGEST_S = 0.12  # a delivery of so many statements takes most of that


def step(part, start):
    """Where the next delivery from there on ends."""
    at = part.cuts.index(start) + 1 if start else 0
    return part.cuts[min(at + STEP, len(part.cuts)) - 1]


def deliver_until_death(agent, part, chosen):
    """How far it was acknowledged; the server dies while a delivery is on its way, before one that is still to come."""
    end = agent.position(part)
    for _ in range(chosen.randrange(3)):
        if step(part, step(part, end)) < len(part.data):
            status, told = agent.deliver(part, end, step(part, end))
            assert status == 200, told
            end = told["acked"]
    timer = threading.Timer(chosen.uniform(0, LONGEST_S), agent.served.process.kill)
    timer.start()
    try:
        status, told = agent.deliver(part, end, step(part, end))
        assert status == 200, told
        end = told["acked"]
    except (IndexError, OSError):  # nobody answered any more
        pass
    timer.join()
    return end


def test_nothing_is_lost_and_nothing_is_there_twice():
    chosen = random.Random(11)
    with server("--checkpoint-every", "1") as served:
        agent, parts = Agent(served), []
        for i in range(DEATHS):
            if not parts or agent.position(parts[-1]) == len(parts[-1].data):
                parts = record(served.top, "record", BATCHES, STATEMENTS)
            acked = deliver_until_death(agent, parts[-1], chosen)
            served.process.wait(30)
            served.start("--checkpoint-every", "1")
            assert agent.position(parts[-1]) >= acked
            (served.top / f"kept-{i}").write_bytes(served.ask("GET", "/v1/log/checkpoint")[2])
        for part in parts:
            while (end := agent.position(part)) < len(part.data):
                assert agent.deliver(part, end)[0] == 200
        assert served.rows("SELECT count(*) FROM record_event") == [(BATCHES * STATEMENTS * len(parts),)]
        assert served.rows("SELECT size FROM log_tree") == [(sum(len(part.cuts) for part in parts),)]
        assert served.rows("SELECT count(*) FROM record_alarm") == [(0,)]
        path = export(served)
        assert stored(Taken(path.read_bytes()), [agent.name]) == {part.name: part.data for part in parts}
        assert verify(path)[0] == 0
        for i in range(DEATHS):
            if (served.top / f"kept-{i}").read_bytes().startswith(b"shop.example"):
                assert verify(path, "--checkpoint", served.top / f"kept-{i}")[0] == 0
        assert run(served.top, "check", "--data", str(served.data), program=SERVER)[0] == 0


main(collect(globals()))
