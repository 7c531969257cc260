# SPDX-License-Identifier: MIT
"""Servers with records of which some is old, and letting go of it."""
import json
import subprocess

from exported import export
from recorded import Agent, record
from served import SERVER
from support import clean_environment, run

DAY_NS = 86400 * 10**9


def age(served, leaf, days=100):
    """What is before the leaf came so many days ago."""
    served.rows("UPDATE record_delivery SET received = received - ? WHERE first_leaf < ?", days * DAY_NS, leaf)


def retain(served, *more, before="30d", expect=0):
    status, out, err = run(served.top, "retain", "--data", str(served.data), "--before", before, "--json", *more, program=SERVER)
    assert status == expect, (status, out, err)
    return json.loads(out), err


def firsts(served):
    return [row[0] for row in served.rows("SELECT first_leaf FROM record_delivery ORDER BY first_leaf")]


def size(served):
    return served.rows("SELECT max(size) FROM log_tree")[0][0]


def filled(served, batches=12, statements=20, count=2):
    """Machines whose records have several parts, delivered by turns, in many pieces."""
    pieces = []
    for number in range(count):
        agent = Agent(served)
        record(served.top, f"record{number}", batches, statements, 4096)  # the boot before
        parts = record(served.top, f"record{number}", batches, statements, 4096)
        pieces.append([(agent, part, start, end) for part in parts for start, end in zip([0, *part.cuts], part.cuts)])
    for turn in zip(*pieces):
        for agent, part, start, end in turn:
            assert agent.deliver(part, start, end)[0] == 200
    return pieces


def half_gone(served):
    """Half of what was delivered is old, and goes; the leaf from which on all is here."""
    filled(served)
    leaf = size(served) // 2 + 1
    export(served, "whole")
    age(served, leaf)
    told, _ = retain(served)
    assert told["leaves"] == leaf, (told, leaf)
    return leaf


def told(**more):
    def tell(block):
        block[0] |= more
    return tell


def begin(served, *more):
    return subprocess.Popen([SERVER, "retain", "--data", str(served.data), "--before", "30d", "--json", *more], cwd=served.top / "work",
                            env=clean_environment(served.top / "home"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def reached(served):
    """The leaf up to which the log's key signed that all is gone."""
    return served.rows("SELECT coalesce(max(leaf), 0) FROM log_retention")[0][0]
