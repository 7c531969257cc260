# SPDX-License-Identifier: MIT
"""Several servers on one database."""
import contextlib

from served import SERVER, Server, server
from support import run


class Replica(Server):
    """One more server for the database of `first`."""

    def __init__(self, first, name):
        self.top, self.made, self.trust, self.database = first.top, first.made, first.trust, first.database
        self.data = first.top / f"data-{name}"
        status, _, err = run(first.top, "replica", "--data", str(first.data), "--to", str(self.data), "--name", name, program=SERVER)
        assert status == 0, err
        self.process = self.port = None


class Pair:
    """Two servers that run, and are begun anew when they died."""

    def __init__(self, first, *more):
        self.more = more
        self.servers = [first, Replica(first, "b")]
        self.servers[1].start(*more)

    def add(self, name):
        self.servers.append(Replica(self.servers[0], name))
        self.servers[-1].start(*self.more)

    def kill(self, which):
        self.servers[which].process.kill()
        self.servers[which].process.wait(30)
        self.servers[which].process.communicate()

    def restart(self, which):
        self.kill(which)
        self.servers[which].start(*self.more)


@contextlib.contextmanager
def replicas(*more):
    with server(*more) as first:
        pair = Pair(first, *more)
        try:
            yield pair
        finally:
            for served in pair.servers[1:]:
                if served.process.poll() is None:
                    served.stop()


def ask(served, agent, method, path, *headers, **options):
    return served.ask(method, path, f"Authorization: Bearer {agent.token}", *headers, **options)


def deliver(served, agent, part, start, end):
    """Where to go on, as the server says; None: it did not answer, or not now."""
    agent.served = served
    try:
        status, told = agent.deliver(part, start, end)
    except (IndexError, OSError, ValueError):  # nobody answered
        return None
    assert status in (200, 409, 503), told
    assert status != 409 or told["reason"] == "gap", told
    return told.get("acked", told.get("expect"))
