# SPDX-License-Identifier: MIT
# What a server has in SQLite is brought to PostgreSQL, all of it or nothing.
import contextlib
import json
import signal
import sqlite3
import subprocess
import time

import postgresql
from authors import Person, add_account, login
from exported import END, export, key_of, verify
from forwarded import deliver
from recorded import Agent, pack, record
from served import SERVER, manage, manage_json, server
from support import clean_environment, collect, main, run

CLUSTER = postgresql.cluster()
WAIT_SECONDS = 60


def move(served, name):
    """Status, and what was said."""
    status, out, err = run(served.top, "move", "--data", str(served.data), "--to", CLUSTER.url(name), program=SERVER)
    return status, out + err


def tables_of(path):
    with contextlib.closing(sqlite3.connect(path)) as opened:
        names = [name for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'schema_version'")]
        return {name: sorted(map(repr, opened.execute(f"SELECT * FROM {name}"))) for name in names}


def tables_in(name, tables):
    with contextlib.closing(CLUSTER.connect(name)) as opened:
        return {table: sorted(map(repr, postgresql.rows(opened, f"SELECT * FROM {table}", ()))) for table in tables}


def stopped(served):
    """So long ago that it has not to be waited for."""
    served.stop()
    served.rows("UPDATE pulse SET beat = beat - 60000000000")


def filled(served):
    """Something in as many tables as can be."""
    add_account(served, "bea", "author")
    manage(served, "group add", "ops")
    manage(served, "group member-add", "ops", "bea")
    token = manage_json(served, "token make", "--account", "bea", "--scope", "read", "--expires", "1d")["token"]
    person, agent = Person(served), Agent(served)
    person.publish()
    person.push()
    parts = [record(served.top, "record", 8, 60)[-1] for _ in range(2)]
    deliver(agent, parts, batches=1)
    assert agent.send(parts[0].name, 0, pack(parts[0].forged(parts[0].cuts[1] + 30).data))[0] == 409
    manage(served, "forward add", "siem", "https://siem.example/", "--to", "ndjson")
    manage(served, "forward pause", "siem")
    return token, person, agent, parts


def deliveries(path):
    data = path.read_bytes()
    return data[data.index(b'{"kind":"delivery"'):data.rindex(END)]


def check_moved(served, token, person, agent, parts):
    assert served.ask("GET", "/v1/events", f"Authorization: Bearer {token}")[0] == 200
    assert person.get("/v1/policies/shop/versions")[1]["versions"][0]["version"] == 1
    assert login(served)[0] == 200
    assert agent.deliver(parts[0]) == (200, {"acked": len(parts[0].data), "head": parts[0].head(len(parts[0].data))})
    (more,) = record(served.top, "more", 3, 10)
    assert agent.deliver(more)[0] == 200
    assert "move" in [row["action"] for row in manage_json(served, "log", "--last", "3")]
    manage(served, "check", expect=1)  # the alarm is there still
    assert person.get("/v1/alarms")[1]["alarms"][0]["kind"] == "fork"


def test_all_of_it_is_there_and_verifies_as_before():
    with server() as served:
        token, person, agent, parts = filled(served)
        before = export(served, "before")
        key = key_of(before.read_bytes())
        assert verify(before, "--key", key)[0] == 0
        stopped(served)
        kept, name = tables_of(served.data / "server.db"), CLUSTER.new()
        assert len(kept["record_event"]) == 960 and sum(map(bool, kept.values())) > 24, {name for name in kept if not kept[name]}
        status, said = move(served, name)
        assert status == 0 and "shop.example is served from there now" in said, said
        there = tables_in(name, kept)
        assert [row for row in there["audit"] if row not in kept["audit"]] == [row for row in there["audit"] if "'move'" in row]
        there["audit"] = [row for row in there["audit"] if "'move'" not in row]
        assert there == kept
        assert (served.data / "server.db.moved").exists() and not (served.data / "server.db").exists()
        after = export(served, "after")
        assert verify(after, "--key", key)[0] == 0 and deliveries(before) == deliveries(after)
        served.start()
        check_moved(served, token, person, agent, parts)
        assert verify(export(served, "later"), "--key", key)[0] == 0
        manage(served, "replica", "--to", str(served.top / "b"), "--name", "b")
        assert "in PostgreSQL already" in move(served, CLUSTER.new())[1]


def test_who_serves_is_not_moved():
    with server() as served:
        name = CLUSTER.new()
        status, said = move(served, name)
        assert status == 1 and "stop it first" in said, said
        assert served.is_alive() and not (served.data / "database.url").exists()
        served.stop()
        assert move(served, name)[0] == 0  # it waits until it knows that nobody serves


def check_stays(served):
    """As it was: it serves what it has."""
    assert not (served.data / "database.url").exists()
    served.start()
    assert login(served)[0] == 200
    stopped(served)


def test_where_it_cannot_be_moved_to_it_stays():
    with server() as served:
        stopped(served)
        full = CLUSTER.new()
        with contextlib.closing(CLUSTER.connect(full)) as opened, opened:
            postgresql.rows(opened, "CREATE TABLE somebodys (a TEXT)", ())
        status, said = move(served, full)
        assert status == 1 and "not empty" in said, said
        status, said = move(served, "nowhere")
        assert status == 1 and '"nowhere" does not exist' in said, said
        run(served.top, "move", "--data", str(served.data), "--to", "mysql://there", program=SERVER)
        check_stays(served)


def test_a_log_that_is_not_what_was_signed_is_not_moved():
    with server() as served:
        filled(served)
        stopped(served)
        (hashes,), = served.rows("SELECT hashes FROM log_tile WHERE level = 0 AND number = 0")
        served.rows("UPDATE log_tile SET hashes = ? WHERE level = 0 AND number = 0", hashes[:40] + bytes([hashes[40] ^ 1]) + hashes[41:])
        name = CLUSTER.new()
        status, said = move(served, name)
        assert status == 1 and "shop.example/log has another root than before" in said, said
        status, _, err = run(served.top, "log", "--data", str(served.data), "--json", program=SERVER)
        assert status == 0 and "not empty" in move(served, name)[1], err
        check_stays(served)


def test_half_a_move_is_none():
    with server() as served:
        agent = Agent(served)
        deliver(agent, record(served.top, "record", 100, 100))
        stopped(served)
        name = CLUSTER.new()
        with subprocess.Popen([SERVER, "move", "--data", str(served.data), "--to", CLUSTER.url(name)],
                              env=clean_environment(served.top / "home"), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as moving, \
                contextlib.closing(CLUSTER.connect(name)) as opened:
            end = time.monotonic() + WAIT_SECONDS
            while not postgresql.rows(opened, "SELECT 1 FROM information_schema.tables WHERE table_name = 'forward_log'", ()):
                assert time.monotonic() < end and moving.poll() is None
                opened.rollback()
                time.sleep(0.01)
            postgresql.rows(opened, "LOCK TABLE record_event IN EXCLUSIVE MODE", ())
            while not postgresql.rows(opened, "SELECT 1 FROM pg_locks WHERE NOT granted", ()):
                assert time.monotonic() < end and moving.poll() is None
                time.sleep(0.05)
            ((there,),) = postgresql.rows(opened, "SELECT count(*) FROM record_event", ())
            assert there < 10000
            moving.send_signal(signal.SIGKILL)
        deadline = time.monotonic() + WAIT_SECONDS
        with contextlib.closing(CLUSTER.connect("postgres")) as opened:  # its last batch ends with it
            opened.autocommit = True
            while postgresql.rows(opened, "SELECT 1 FROM pg_stat_activity WHERE datname = ?", (name,)):
                assert time.monotonic() < deadline
                time.sleep(0.1)
        status, _, err = run(served.top, "check", "--data", str(served.data), program=SERVER)
        assert status == 0, err
        served.data.joinpath("database.url").write_text(CLUSTER.url(name), encoding="ascii")
        assert "has no server yet" in run(served.top, "check", "--data", str(served.data), program=SERVER)[2]
        served.data.joinpath("database.url").unlink()
        check_stays(served)
        assert "not empty" in move(served, name)[1]
        other = CLUSTER.new()
        assert move(served, other)[0] == 0
        assert len(tables_in(other, ["record_event"])["record_event"]) == 10000
        assert json.loads(run(served.top, "log", "--data", str(served.data), "--json", program=SERVER)[1])[0]["action"] == "move"


main(collect(globals()))
