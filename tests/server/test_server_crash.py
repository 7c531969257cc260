# SPDX-License-Identifier: MIT
# A server that dies in the middle of deliveries loses nothing that it acknowledged, and stores nothing twice.
import os
import random
import subprocess
import sys
import threading

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


def verify(served, *more):
    done = subprocess.run([sys.executable, "-I", os.environ["VERIFY_EXPORT"], served.top / "export", *more], capture_output=True,
                          text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout


def export(served):
    (served.top / "export").unlink(missing_ok=True)
    status, _, err = run(served.top, "export", "--data", str(served.data), "--to", str(served.top / "export"), program=SERVER)
    assert status == 0, err


def stored(served, part):
    """The part's bytes, out of the export."""
    data, found = (served.top / "export").read_bytes(), b""
    at = 0
    while (at := data.find(b'{"kind":"delivery"', at)) >= 0:
        line, at = data[at:data.index(b"\n", at)], data.index(b"\n", at) + 1
        length = int(line.rsplit(b'"bytes":', 1)[1].rstrip(b"}"))
        if f'"part":"{part.name}"'.encode() in line:
            found += data[at:at + length]
        at += length
    return found


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
            export(served)
            (served.top / f"kept-{i}").write_bytes(served.ask("GET", "/v1/log/checkpoint")[2])
        for part in parts:
            while (end := agent.position(part)) < len(part.data):
                assert agent.deliver(part, end)[0] == 200
        assert served.rows("SELECT count(*) FROM record_event") == [(BATCHES * STATEMENTS * len(parts),)]
        assert served.rows("SELECT size FROM log_tree") == [(sum(len(part.cuts) for part in parts),)]
        assert served.rows("SELECT count(*) FROM record_alarm") == [(0,)]
        export(served)
        for part in parts:
            assert stored(served, part) == part.data
        for i in range(DEATHS):
            if (served.top / f"kept-{i}").read_bytes().startswith(b"shop.example"):
                verify(served, "--checkpoint", served.top / f"kept-{i}")
        assert run(served.top, "check", "--data", str(served.data), program=SERVER)[0] == 0


main(collect(globals()))
