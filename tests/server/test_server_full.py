# SPDX-License-Identifier: MIT
"""A record that no server takes is bounded, in the way that the policy says."""
import os
import pathlib
import subprocess
import sys
import time

from authors import rows
from governed import MASKING, SCHEMA, shop
from harness import CHAPERONE, check, equal, main, promise, wait_until
from served import SERVER
from support import run

VERIFY = os.environ["VERIFY_EXPORT"]
VERIFY_RECORD = pathlib.Path(__file__).parents[2] / "dev/verify_record.py"
BOUND = 64 * 1024
WRITE, READ = "UPDATE customers SET name = name WHERE id = 1", "SELECT 17"
MANY = 300  # statements, each of which is new to the agent


def policy(when_full):
    return MASKING.replace("unknown: deny\n", f"unknown: deny\nrecord: {{ when-full: {when_full}, full-at: 64KB }}\n")


class Psql:
    """A session that is governed for long."""

    def __init__(self, machine, record):
        self.process = subprocess.Popen([CHAPERONE, "run", "--record", record, "--", "psql", "-XqAt"], text=True, env=machine.environment,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.number = 0

    def ask(self, sql):
        self.process.stdin.write(sql + ";\n\\echo done\n")
        self.process.stdin.flush()
        lines = []
        while (line := self.process.stdout.readline()) and line != "done\n":
            lines.append(line)
        return "".join(lines)

    def fill(self):
        for _ in range(MANY):
            self.number += 1
            equal(self.ask(f'SELECT {self.number} AS "column_{self.number:040}"'), f"{self.number}\n", "a row")

    def end(self):
        self.process.stdin.close()
        equal(self.process.wait(60), 0, "psql's status")


def length(record):
    return sum(path.stat().st_size for path in pathlib.Path(record).glob("*.rec"))


def fill(psql, record):
    """Reads on until the bound is reached, and the agent has seen it."""
    while length(record) <= BOUND:
        psql.fill()
    wait_until(lambda: "it cannot be recorded" in psql.ask(WRITE), 10, "the record to be full")


def doctor(machine, record):
    return "".join(line + "\n" for line in machine.chaperone("doctor", "--record", record)[1].split("\n") if "wait for the server" in line)


def verify(machine, record):
    status, out, err = machine.chaperone("audit", "verify", "--record", record)
    check(status == 0 and "good" in out, (out, err))
    done = subprocess.run([sys.executable, VERIFY_RECORD, record], capture_output=True, text=True, check=False)
    check(done.returncode == 0, done)
    told = [[line for line in text.split("\n") if line.startswith("let go")] for text in (out, done.stdout)]
    equal(told[0], told[1], "what both say of what went")
    return told[0]


def refuses(cluster, when_full, reads):
    with shop(cluster, policy(when_full)) as (served, machine):
        record = cluster.new_record()
        equal(machine.held(), 1, "the version that is held")
        served.stop()
        psql = Psql(machine, record)
        equal(psql.ask(WRITE), "", "a write while there is room")
        fill(psql, record)
        refused = psql.ask(WRITE)
        check("it cannot be recorded" in refused and "chaperone status" in refused and "waits for the server" in refused, refused)
        equal(psql.ask(READ) == "17\n", reads, "whether reads go on")
        check("that may; then " in doctor(machine, record), doctor(machine, record))
        served.start("--listen", f"127.0.0.1:{served.port}")
        wait_until(lambda: psql.ask(WRITE) == "", 90, "room again")
        equal(psql.ask(READ), "17\n", "a read")
        psql.end()
        equal(verify(machine, record), [], "what went")
        status, out, err = machine.chaperone("audit", "deliver", "--record", record)
        check(status == 0, (out, err))
        equal(rows(served, "SELECT sum(next) FROM record_part")[0][0], length(record), "bytes at the server")


@promise
def what_may_write_is_refused_while_as_much_as_may_waits(cluster):
    refuses(cluster, "deny-writes", True)


@promise
def everything_is_refused_while_as_much_as_may_waits(cluster):
    refuses(cluster, "deny", False)


@promise
def a_trial_refuses_nothing(cluster):
    with shop(cluster, policy("deny").replace("unknown: deny\n", "unknown: deny\nmode: trial\n")) as (served, machine):
        record = cluster.new_record()
        equal(machine.held(), 1, "the version that is held")
        served.stop()
        psql = Psql(machine, record)
        while length(record) <= BOUND:
            psql.fill()
        time.sleep(1.5)
        equal(psql.ask(WRITE) + psql.ask(READ), "17\n", "a write and a read")
        psql.end()
        status, out, _ = machine.chaperone("audit", "list", "--record", record)
        check(status == 0 and "the record is full" in out, "that it is on the record")


@promise
def the_oldest_goes_and_leaves_word_where_the_policy_goes_on(cluster):
    with shop(cluster, policy("allow")) as (served, machine):
        record = str(served.top / "record")
        equal(machine.held(), 1, "the version that is held")
        for number in range(3):
            equal(machine.chaperone("run", "--record", record, "--", "psql", "-XqAt", "-c", f"SELECT {number}")[1], f"{number}\n", "a row")
        delivered = {path.name for path in pathlib.Path(record).glob("*.rec")}
        served.stop()
        psql = Psql(machine, record)
        while not (told := verify_while_written(machine, record)):
            psql.fill()
        for _ in range(4):
            psql.fill()
            equal(psql.ask(WRITE), "", "a write")
        time.sleep(1.5)
        check(length(record) < 3 * BOUND, f"{length(record)} bytes")
        psql.end()
        (told,) = verify(machine, record)
        check("0 entries" not in told, told)
        check(delivered <= {path.name for path in pathlib.Path(record).glob("*.rec")}, "what the server has stays")
        status, out, _ = machine.chaperone("audit", "list", "--record", record)
        check(status == 0 and out.count("let go: ") == int(told.split(": ")[1].split()[0]), told)
        served.start("--listen", f"127.0.0.1:{served.port}")
        status, out, err = machine.chaperone("audit", "deliver", "--record", record)
        check(status == 0, (out, err))
        equal(rows(served, "SELECT sum(next) FROM record_part")[0][0], length(record), "bytes at the server")
        (count,), = rows(served, "SELECT count(*) FROM record_note WHERE text LIKE 'let go: %'")
        equal(count, int(told.split(": ")[1].split()[0]), "what the server knows to be gone")
        export = served.top / "export"
        status, _, err = run(served.top, "export", "--data", str(served.data), "--to", str(export), program=SERVER)
        equal(status, 0, err)
        done = subprocess.run([sys.executable, VERIFY, export], capture_output=True, text=True, check=False)
        check(done.returncode == 0 and "good" in done.stdout, done)
        cluster.forget()  # not all of the ledger is there


ON_A_SMALL_DISK = """mount -t tmpfs -o size=512k,mode=700 none "$0" || exit 77
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do "$1" run --policy "$2" --record "$0/record" -- psql -XqAt -c 'SELECT 1' > /dev/null; done
"$1" run --policy "$2" --record "$0/record" -- psql -XqAt -f "$3" && "$1" audit verify --record "$0/record"
"""


@promise
def the_oldest_goes_and_leaves_word_where_the_disk_is_full(cluster):
    disk = pathlib.Path(cluster.path("disk"))
    disk.mkdir()
    rules = cluster.write("allow.yaml", "version: 1\nname: own\ndefault: allow\nunknown: allow\nrecord: { when-full: allow }\nrules: []\n")
    many = cluster.write("many.sql", f"\\! head -c 1m /dev/zero > {disk}/filler 2>/dev/null\n"
                         + "".join(f'SELECT {i} AS "column_{i:040}";\n' for i in range(MANY)))
    done = subprocess.run(["unshare", "-m", "sh", "-c", ON_A_SMALL_DISK, str(disk), CHAPERONE, rules, many], capture_output=True, text=True,
                          env=cluster.environment, check=False)
    cluster.forget()
    if done.returncode in (1, 77) and ("unshare" in done.stderr or "mount" in done.stderr):
        return "skipped: only root can mount a small disk"
    rows_read, _, told = done.stdout.partition("good")
    equal((done.returncode, rows_read), (0, "".join(f"{i}\n" for i in range(MANY))), done)
    check("let go, as it says itself" in told and "no server has" in told, told)
    return None


def verify_while_written(machine, record):
    out = machine.chaperone("audit", "verify", "--record", record)[1]
    return "let go" in out


main(SCHEMA)
