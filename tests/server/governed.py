# SPDX-License-Identifier: MIT
"""Machines that are enrolled, with a PostgreSQL whose clients are governed there."""
import contextlib
import hashlib
import json
import pathlib
import subprocess

from authors import Person, sign
from harness import CHAPERONE, check, children
from served import SERVER, server
from support import run

SCHEMA = """CREATE TABLE customers (id int PRIMARY KEY, name text, email text);
INSERT INTO customers SELECT i, 'name ' || i, 'p' || i || '@example.org' FROM generate_series(1, 3) i;"""

MASKING = """version: 1
name: shop
default: allow
unknown: deny
databases:
  shop: { engine: postgres, sockets: ["/*"] }
columns:
  contact: [customers.email]
rules:
  - { name: mask-contact, database: shop, mask: { contact: redact } }
  - { name: no-drop, database: shop, do: [drop], then: deny }
"""
READING = MASKING + "  - { name: no-writes, database: shop, do: [write], then: deny }\n"
BUNDLE = "shop"


class Machine:
    """A machine that was enrolled, with a state folder of its own."""

    def __init__(self, cluster, served, number=1):
        self.cluster, self.served = cluster, served
        self.state = served.top / f"state-{number}"
        self.environment = {**cluster.environment, "XDG_STATE_HOME": str(self.state)}
        self.folder = self.state / "chaperone/server"
        status, out, err = run(served.top, "code", "--data", str(served.data), "--bundle", BUNDLE, "--json", program=SERVER)
        assert status == 0, err
        status, out, err = self.chaperone("enroll", f"https://127.0.0.1:{served.port}", "--code", json.loads(out)["code"], "--json")
        assert status == 0, err
        self.agent = json.loads(out)["agent"]
        self.enrolment = json.loads((self.folder / "enrolment.json").read_text())

    def chaperone(self, *words, **more):
        done = subprocess.run([CHAPERONE, *words], env={**self.environment, **more}, cwd=self.served.top / "work",
                              capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout, done.stderr

    def psql(self, sql, **more):
        return self.chaperone("run", "--record", self.cluster.new_record(), "--", "psql", "-XqAt", "-c", sql, **more)

    def pull(self):
        status, out, err = self.chaperone("policy", "pull", "--json")
        return status, json.loads(out) if out else None, err

    def held(self):
        status, told, err = self.pull()
        check(status == 0, err)
        return told["version"]

    def say(self, version_text, issued, expires, **other):
        """Puts in place of what is kept the same policy, with what the server said long ago."""
        envelope = split_envelope((self.folder / "policy").read_bytes())
        release = envelope[1].split(b"\n\n")[0] + b"\n"
        note = freshness(self.served, release, version_text, issued, expires, **other)
        (self.folder / "freshness").unlink(missing_ok=True)
        (self.folder / "policy").write_bytes(join_envelope(note, *envelope[1:]))


def split_envelope(text):
    parts = []
    while text:
        length, _, rest = text.partition(b"\n")
        parts.append(rest[:int(length)])
        text = rest[int(length):]
    return parts


def join_envelope(*parts):
    return b"".join(b"%d\n%s" % (len(part), part) for part in parts)


def freshness(served, release, version, issued, expires, name=BUNDLE, key=None):
    text = (f"chaperone.freshness/v1\nbundle {name}\nversion {version}\n"
            f"release sha256:{hashlib.sha256(release).hexdigest()}\nissued {issued}\nexpires {expires}\n")
    return sign(text, key or (served.data / "freshness.key").read_text().strip())


def publish(served, policy=MASKING, **more):
    return Person(served).publish({"policy.yaml": policy.encode()}, **more)


@contextlib.contextmanager
def shop(cluster, policy=MASKING):
    with server() as served:
        if policy:
            publish(served, policy)
        yield served, Machine(cluster, served)


def children_named(pid, name):
    """Of a process and its children, the pids of those that are called so."""
    found = []
    for child in children(pid):
        with contextlib.suppress(OSError):
            if pathlib.Path(f"/proc/{child}/comm").read_text().strip() == name:
                found.append(child)
        found += children_named(child, name)
    return found
