# SPDX-License-Identifier: MIT
"""Measures a chaperone-server: how fast it takes the record, what people wait for meanwhile, how many machines it holds.

The machines are simulated by one program (tests/bench/crowd.c) that shares the processors with the server, and needs as
much of them for TLS as the server does.  They are written into the database as if they had enrolled.
"""
import base64
import contextlib
import hashlib
import http.client
import json
import os
import pathlib
import secrets
import sqlite3
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
TICK_S = 1 / os.sysconf("SC_CLK_TCK")
SPOOLED, PER_DELIVERY = 100000, 1000
NEVER, AT_ONCE = -1, 0
PAGES = ("/", "/record", "/policies", "/agents")
CROWD_EVERY_S, CROWD_STATEMENTS = 10, 20
PAGE_EVERY_S = 0.05


def prepare(build):
    """Leads to the tests' modules, which make servers and ask them, and names what these need."""
    os.environ.update(CHAPERONE=f"{build}/tools/chaperone/chaperone", CHAPERONE_SERVER=f"{build}/tools/server/chaperone-server",
                      NOTE_SIGN=f"{build}/tests/server/note_sign", MAKE_RECORD=f"{build}/tests/server/make_record")
    sys.path[:0] = [str(ROOT / "tests/server"), str(ROOT / "tests/tools")]


class Sizes:
    def __init__(self, quick):
        self.seconds, self.machines, self.crowd_seconds = (5, 500, 40) if quick else (20, 10000, 120)


class Bench:
    """A server with a published policy, somebody who reads there, and machines."""

    def __init__(self, served, build, sizes):
        self.served, self.build, self.sizes = served, build, sizes
        import authors
        import browsed
        self.authors, self.person, self.browser = authors, authors.Person(served), browsed.logged_in(served)
        self.version = self.person.publish()
        self.tokens = served.top / "tokens"
        made = [secrets.token_bytes(32) for _ in range(sizes.machines)]
        self.tokens.write_text("".join(base64.urlsafe_b64encode(token).decode().rstrip("=") + "\n" for token in made))
        with contextlib.closing(sqlite3.connect(served.data / "server.db", timeout=30)) as opened, opened:
            opened.executemany(
                "INSERT INTO agent (id, host, bundle, token_digest, chain_key, enrolled) VALUES (?, ?, ?, ?, ?, ?)",
                [(secrets.token_hex(16), f"client-{i}", authors.BUNDLE, hashlib.sha256(token).digest(), bytes(32), time.time_ns())
                 for i, token in enumerate(made)])

    def publish(self):
        self.version += 1
        assert self.person.publish(self.authors.bundle(policy=f"\n# {self.version}\n")) == self.version

    def record(self, name, batches, statements):
        folder = self.served.top / name
        subprocess.run([os.environ["MAKE_RECORD"], folder, str(batches), str(statements)], check=True)
        (part,) = folder.glob("*.rec")
        return part

    @contextlib.contextmanager
    def crowd(self, part, machines, polls, every_ms, batches, seconds):
        """What is said at its end comes into the dictionary that it gives; its first line says that all have asked."""
        tokens = self.served.top / f"tokens-{machines}"
        tokens.write_text("".join(self.tokens.read_text().splitlines(keepends=True)[:machines]))
        command = [f"{self.build}/tests/bench/crowd", f"https://127.0.0.1:{self.served.port}", tokens,
                   part, int(polls), every_ms, batches, seconds]
        with subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True) as running:
            held_s, held = running.stdout.readline().split()[1:]
            told = {"held_s": float(held_s), "held": int(held)}
            yield told
            told.update(json.loads(running.stdout.read()))
        assert running.returncode == 0, told

    def processor_s(self):
        with open(f"/proc/{self.served.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) * TICK_S

    def memory_mib(self):
        with open(f"/proc/{self.served.process.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS:")) / 1024


class Reader:
    """Somebody who looks at one thing after the other, on a connection that stays."""

    def __init__(self, bench, paths):
        self.bench, self.paths, self.waited_ms = bench, paths, []

    def read_for(self, seconds):
        connection = http.client.HTTPSConnection("shop.example", self.bench.served.port)
        connection.sock = self.bench.served.connect()
        end = time.monotonic() + seconds
        with contextlib.closing(connection):
            while time.monotonic() < end:
                self.read_all(connection)

    def read_all(self, connection):
        for path in self.paths:
            begun = time.monotonic()
            connection.request("GET", path, headers={"Cookie": f"__Host-session={self.bench.browser.cookie}"})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200, (path, answer.status)
            self.waited_ms.append((time.monotonic() - begun) * 1000)
            time.sleep(PAGE_EVERY_S)

    def waited(self, quantile=95):
        return f"{statistics.quantiles(self.waited_ms, n=100)[quantile - 1]:.0f} ms"


def entries_per_s(told):
    return told["deliveries"] * PER_DELIVERY / told["seconds"]


def asked(told):
    return f"{told['held']:,} had asked after {told['held_s']:.0f} s, {told['polls_failed']:,} tries failed"


def bench_ingest(bench):
    """As fast as eight machines can, while somebody reads."""
    part = bench.record("fast", 400, PER_DELIVERY)
    for machines, every_ms, name in ((8, AT_ONCE, "as fast as it goes"), (20, 1000, "20,000 offered")):
        reader, begun = Reader(bench, PAGES), bench.processor_s()
        with bench.crowd(part, machines, False, every_ms, 1, bench.sizes.seconds) as told:
            reader.read_for(bench.sizes.seconds - 1)
        used_s = bench.processor_s() - begun
        yield (f"statements taken, {name}", f"{entries_per_s(told):,.0f}/s", "≥ 20,000/s",
               f"{1e6 * used_s / (told['deliveries'] * PER_DELIVERY):.1f} µs of the server's processor each, with what is read")
        yield "a delivery of 1000 meanwhile, p95", f"{told['p95_ms']:.0f} ms", "", f"p50 {told['p50_ms']:.0f} ms"
        yield "pages meanwhile, p95", reader.waited(), "< 100 ms", f"p50 {reader.waited(50)}"


def bench_crowd(bench):
    """All machines wait for their policy, and deliver."""
    machines, seconds = bench.sizes.machines, bench.sizes.crowd_seconds
    part = bench.record("slow", seconds // CROWD_EVERY_S + 2, CROWD_STATEMENTS)
    before_mib, reader = bench.memory_mib(), Reader(bench, PAGES)
    with bench.crowd(part, machines, True, 1000 * CROWD_EVERY_S, 1, seconds) as told:
        reader.read_for(seconds - CROWD_EVERY_S)
        memory_mib = bench.memory_mib()
        published = time.time()
        bench.publish()
    yield (f"{machines:,} machines that wait and deliver: statements taken",
           f"{told['deliveries'] * CROWD_STATEMENTS / told['seconds']:,.0f}/s", "",
           f"{machines * CROWD_STATEMENTS / CROWD_EVERY_S:,.0f}/s offered, {told['busy']:,} were told to come later, {told['deliveries_failed']:,} failed")
    yield ("their deliveries, p95", f"{told['p95_ms']:.0f} ms", "",
           f"p50 {told['p50_ms']:.0f} ms; {told['deliveries'] / told['seconds']:,.0f} in a second")
    yield "pages meanwhile, p95", reader.waited(), "< 100 ms", f"p50 {reader.waited(50)}"
    yield ("memory that they take", f"{memory_mib - before_mib:.0f} MiB", "",
           f"{machines:,} held polls, 256 connections that deliver; {asked(told)}")
    yield ("all have the next policy after", f"{told['last_news'] - published:.2f} s", "",
           f"{told['news']} machines; the first one after {told['first_news'] - published:.2f} s")


def bench_polls(bench):
    machines = bench.sizes.machines
    part = bench.record("none", 1, 1)
    before_mib = bench.memory_mib()
    with bench.crowd(part, machines, True, NEVER, 1, 45) as told:
        time.sleep(2)
        memory_mib = bench.memory_mib() - before_mib
        reader = Reader(bench, ["/healthz"])
        reader.read_for(3)
        published = time.time()
        bench.publish()
    yield (f"memory of {machines:,} held polls, with TLS", f"{memory_mib:.0f} MiB", "",
           f"{1024 * memory_mib / machines:.1f} KiB each; {asked(told)}")
    yield "an answer meanwhile, p95", reader.waited(), "", ""
    yield "all of them answered after", f"{told['last_news'] - published:.2f} s", "", f"{told['news']} machines"


def bench_small(bench):
    """Deliveries of a few statements each, as fast as they are taken."""
    part = bench.record("small", 4000, CROWD_STATEMENTS)
    for machines in (1, 50, 200):
        begun = bench.processor_s()
        with bench.crowd(part, machines, False, AT_ONCE, 1, bench.sizes.seconds) as told:
            time.sleep(bench.sizes.seconds)
        used_s = bench.processor_s() - begun
        yield (f"deliveries of {CROWD_STATEMENTS} statements, {machines} machines", f"{told['deliveries'] / told['seconds']:,.0f}/s", "",
               f"p50 {told['p50_ms']:.1f} ms, p95 {told['p95_ms']:.1f} ms; {1e6 * used_s / told['deliveries']:.0f} µs of the server's processor each")


def bench_spool(bench):
    """What a machine has when its server was away."""
    import served
    from support import run
    top, kept = bench.served.top, ["--folder", str(bench.served.top / "kept")]
    _, out, _ = run(top, "code", "--data", str(bench.served.data), "--json", program=served.SERVER)
    status, _, err = run(top, "enroll", f"https://127.0.0.1:{bench.served.port}", "--code", json.loads(out)["code"], *kept,
                         program=served.CHAPERONE)
    assert status == 0, err
    bench.record("record", SPOOLED // 100, 100)
    begun = time.monotonic()
    status, out, err = run(top, "audit", "deliver", "--record", str(top / "record"), *kept, "--json", program=served.CHAPERONE)
    took_s = time.monotonic() - begun
    assert status == 0 and json.loads(out)["entries_left"] == 0, err
    yield f"{SPOOLED:,} spooled statements delivered", f"{took_s:.1f} s", "< 10 s", f"{json.loads(out)['deliveries']} deliveries"


BENCHES = {"ingest": bench_ingest, "small": bench_small, "spool": bench_spool, "polls": bench_polls, "crowd": bench_crowd}


def measure_all(options, _folder):
    prepare(options.build)
    from served import server
    for name in options.only or BENCHES:
        print(f"dev/bench: {name}", file=sys.stderr)
        with server() as served:
            yield from BENCHES[name](Bench(served, options.build, Sizes(options.quick)))
