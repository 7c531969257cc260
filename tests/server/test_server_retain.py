# SPDX-License-Identifier: MIT
# What is old goes, the log stays whole, and what is left is proven as before.
import json
import time

from authors import Person
from exported import Taken, export, verify
from forwarded import deliver, forward, receiver, wait_until
from recorded import Agent, record
from retained import DAY_NS, age, filled, firsts, half_gone, retain, size, told
from served import SERVER, manage, manage_json, server
from support import collect, main, run

INDEX = ("record_event", "record_asked", "record_note", "record_delivery")


def test_what_is_old_goes_and_the_rest_is_proven_as_before():
    with server("--checkpoint-every", "3600") as served:
        pieces = filled(served, 12)
        kept, first = served.top / "kept", export(served, "first")
        status, note, _ = run(served.top, "audit", "head", first)
        assert status == 0
        kept.write_text(note, encoding="utf-8")
        leaves = size(served)
        age(served, leaves // 2)
        before = {table: len(served.rows(f"SELECT 1 FROM {table}")) for table in INDEX}
        dry, _ = retain(served, "--dry-run")
        assert dry["dry_run"] and dry["leaves"] == leaves // 2 and firsts(served)[0] == 0, dry
        told, _ = retain(served)
        assert (told["deliveries"], told["leaves"], told["bytes"]) == (dry["deliveries"], leaves // 2, dry["bytes"]), told
        assert firsts(served)[0] == leaves // 2 and size(served) == leaves
        for table in ("record_event", "record_delivery"):
            assert 0 < len(served.rows(f"SELECT 1 FROM {table}")) < before[table], table
        path = export(served)
        status, out = verify(path)
        assert status == 0 and f"({leaves // 2} gone)" in out and "gone: leaves before" in out and "not here" not in out, out
        assert "by os " in out and path.stat().st_size < first.stat().st_size, out
        assert verify(path, "--checkpoint", kept)[0] == 0
        taken = Taken(path.read_bytes())
        whole = Taken(first.read_bytes())
        assert [taken.blocks[i] for i in taken.of("leaves")] == [whole.blocks[i] for i in whole.of("leaves")]
        for words in (["head", path, "--against", kept], ["list", path]):
            status, out, err = run(served.top, "audit", *words)
            assert status == 0, err
        for name, more in (("one", ["--agent", pieces[0][0][0].name]), ("late", ["--from", "1h"]), ("none", ["--until", "2001-01-01"])):
            status, out = verify(export(served, name, *more))
            assert status == 0 and f"({leaves // 2} gone)" in out and "not here" not in out, out
        for at in (leaves // 2, leaves - 1):
            assert run(served.top, "audit", "prove", path, "--leaf", str(at))[0] == 0
        status, _, err = run(served.top, "audit", "prove", path, "--leaf", "3")
        assert status == 1 and "is not in this export" in err, err
        assert Person(served).get(f"/v1/log/proof?leaf=3&size={leaves}")[0] == 200
        assert served.ask("GET", f"/v1/log/consistency?from=4&to={leaves}")[0] == 200
        for agent, part, start, end in (pieces[0][0], pieces[1][2]):  # who asks again for what is gone is told that it is there
            status, told = agent.deliver(part, start, end)
            assert status == 200 and told["acked"] == len(part.data), told
        agent, again = Agent(served), record(served.top, "record0", 3, 5)
        for part in again:
            assert agent.deliver(part)[0] == 200
        assert verify(export(served, "later"))[0] == 0
        told, _ = retain(served)
        assert told["deliveries"] == told["leaves"] == 0 and told["first_leaf"] == leaves // 2, told


def test_a_log_of_which_all_is_gone_is_good_and_goes_on():
    with server() as served:
        pieces = filled(served, 6)
        agent, part, start, end = pieces[0][-1]
        age(served, 10**9)
        leaves = size(served)
        assert retain(served)[0]["leaves"] == leaves and not firsts(served)
        assert verify(export(served))[0] == 0
        more = record(served.top, "more", 4, 5)[0]
        late = Agent(served)
        assert late.deliver(more, 0, more.cuts[1])[0] == 200
        age(served, 10**9)
        retain(served)
        assert late.deliver(more, more.cuts[1])[0] == 200 and agent.deliver(part, start, end)[0] == 200
        status, out = verify(export(served, "later"))
        assert status == 0 and f"({leaves + 2} gone)" in out and "not here" not in out, out


def test_what_is_left_is_told_whole_by_the_word_of_the_server():
    with server() as served:
        agent, (part,) = Agent(served), record(served.top, "record", 10, 20)
        deliver(agent, [part], 1)
        whole = export(served, "whole")
        leaf = firsts(served)[4]
        age(served, leaf)
        retain(served)
        path = export(served)
        assert verify(path)[0] == 0

        def listing(export_file):
            status, out, err = run(served.top, "audit", "list", "--json", export_file)
            assert status == 0, err
            return out.splitlines()

        before, after = listing(whole), listing(path)
        assert 40 < len(after) < len(before) and set(after) < set(before), set(after) - set(before)
        event = json.loads(after[-1])["event"]
        status, out, err = run(served.top, "audit", "prove", path, "--event", event)
        assert status == 1 and not out and "is told by leaves that are not in this export; --leaf " in err, err
        assert run(served.top, "audit", "prove", path, "--leaf", err.split("--leaf ")[1].split()[0])[0] == 0
        taken, forged = Taken(path.read_bytes()), served.top / "forged"
        for change in (told(agent="nobody"), told(boot=1 << 40), lambda block: block.__setitem__(1, b"")):
            again = Taken(path.read_bytes())
            change(again.blocks[again.of("definition")[0]])
            forged.write_bytes(again.data(served))
            status, out = verify(forged)
            assert status == 1 and "(definition)" in out, out
        for at in taken.of("definition"):  # what a delivery says itself is believed, and not this
            taken.blocks[at][1] = taken.blocks[at][1].replace(b"select email", b"SELECT other")
        forged.write_bytes(taken.data(served))
        assert "SELECT other" in "".join(listing(forged)) and verify(forged)[0] == 0


def test_it_is_written_down_who_did_it():
    with server() as served:
        leaf = half_gone(served)
        rows = [row for row in manage_json(served, "log") if row["action"] == "retain"]
        assert len(rows) == 1 and rows[0]["subject"] == "shop.example/log", rows
        assert f"leaves 0 to {leaf - 1}, received before 20" in rows[0]["detail"] and rows[0]["kind"] == "os", rows


def test_what_a_receiver_does_not_have_stays():
    with server() as served, receiver() as received:
        agent, parts = Agent(served), record(served.top, "record", 30, 20)
        deliver(agent, parts, 1)
        forward(served, "add", "siem", received.url("/in"), "--to", "ndjson", "--from", "start", "--open-after", "1")
        forward(served, "pause", "siem")
        age(served, 10**9)
        reached = min(served.rows("SELECT leaf, open_leaf FROM forward_log")[0])
        told, err = retain(served, expect=1)
        assert told["forward"] == "siem" and "the forward siem does not have leaf" in err, (told, err)
        assert (firsts(served) or [size(served)])[0] <= reached
        forward(served, "resume", "siem")
        wait_until(served, lambda told: told["behind"] == 0)
        end = time.monotonic() + 30
        while min(served.rows("SELECT leaf, open_leaf FROM forward_log")[0]) < size(served) and time.monotonic() < end:
            time.sleep(0.1)
        told, _ = retain(served)
        assert "forward" not in told and not firsts(served), told


def test_a_receiver_goes_on_behind_what_went_regardless_of_it():
    with server() as served, receiver() as received:
        agent, (part,) = Agent(served), record(served.top, "record", 12, 20)
        deliver(agent, [part], 1)
        served.stop()
        forward(served, "add", "siem", received.url("/in"), "--to", "ndjson", "--from", "start")
        leaf = firsts(served)[-3]
        age(served, leaf)
        served.rows("UPDATE forward_log SET leaf = 2, place = 0, open_leaf = 1")
        told, _ = retain(served, expect=1)
        assert told["leaves"] <= 2 and told["forward"] == "siem", told
        told, _ = retain(served, "--regardless-of-forwards")
        assert firsts(served)[0] == leaf and "forward" not in told, told
        assert any("regardless of forwards" in row["detail"] for row in manage_json(served, "log"))
        served.start()
        assert wait_until(served, lambda told: told["behind"] == 0)["sent"] > 0


def test_nonsense_is_refused():
    with server() as served:
        filled(served, 3)
        for before in ("0d", "1h", "2099-01-01", "x", "-3d", "23h"):
            status, out, err = run(served.top, "retain", "--data", str(served.data), "--before", before, program=SERVER)
            assert status == 2 and not out and "--before" in err, (before, status, err)
        status, out, err = run(served.top, "retain", "--data", str(served.data), program=SERVER)
        assert status == 2 and "the setting retain is off" in err, err
        for value in ("0d", "1h", "x", "0"):
            assert "off, or a duration of a day or more" in manage(served, "setting set", "retain", value, expect=1)[1]
        assert firsts(served)[0] == 0


def test_it_happens_by_itself_where_it_is_set():
    with server() as served:
        filled(served, 8)
        leaves, kept = size(served), len(firsts(served))
        manage(served, "setting set", "retain", "90d")
        served.stop()
        age(served, leaves // 2)
        served.start()
        end = time.monotonic() + 30
        while firsts(served)[0] < leaves // 2 and time.monotonic() < end:
            time.sleep(0.05)
        assert firsts(served)[0] == leaves // 2 and len(firsts(served)) < kept
        _, said = served.stop()
        assert " retained deliveries=" in said, said
        served.start()
        status, out = verify(export(served))
        assert status == 0 and "by setting retain 90d" in out, out
        rows = [row for row in manage_json(served, "log") if row["action"] == "retain"]
        assert "setting retain 90d" in rows[0]["detail"] and rows[0]["kind"] == "nobody", rows
        age(served, leaves)
        told = json.loads(run(served.top, "retain", "--data", str(served.data), "--json", program=SERVER)[1])
        assert told["leaves"] > 0 and not firsts(served), told


def statistics(person):
    status, told = person.get("/v1/statistics?from=30d&step=day&by=verdict")
    assert status == 200, told
    return told["series"]


def test_what_is_gone_shows_as_gone_and_counts_stay():
    with server() as served:
        filled(served, 3, 12)
        person = Person(served)
        events = person.get("/v1/events?limit=200")[1]["events"]
        counts = statistics(person)
        assert len(events) < 200
        oldest, newest = (pick(events, key=lambda event: event["leaf"]) for pick in (min, max))
        assert person.get(f"/v1/events/{oldest['agent']}/{oldest['event']}")[0] == 200
        age(served, newest["leaf"] - 2)
        retain(served)
        status, told = person.get(f"/v1/events/{oldest['agent']}/{oldest['event']}")
        assert status == 410 and "let go of" in told["detail"], (status, told)
        assert person.get(f"/v1/events/{newest['agent']}/{newest['event']}")[0] == 200
        for agent_name, event in ((oldest["agent"], "00000001-1-1"), ("0" * 32, oldest["event"]), (oldest["agent"], "x")):
            assert person.get(f"/v1/events/{agent_name}/{event}")[0] == 404, event
        left = person.get("/v1/events?limit=200")[1]["events"]
        assert 0 < len(left) < len(events) and left == [event for event in events if event["leaf"] >= firsts(served)[0]]
        assert statistics(person) == counts
        manage(served, "index rebuild")
        assert statistics(person) == counts and person.get("/v1/events?limit=200")[1]["events"] == left


def test_what_nothing_refers_to_any_more_goes():
    tables = ("record_subject", "record_judgement", "record_definition")
    with server() as served:
        gone, stays = Agent(served), Agent(served)
        first = record(served.top, "gone", 6, 20)
        for part in first:
            deliver(gone, [part], 2)
        for part in record(served.top, "stays", 6, 20):
            deliver(stays, [part], 2)
        source, = served.rows("SELECT source FROM record_source ORDER BY source")[0]
        where = {table: f"FROM {table} WHERE source = {source}" for table in tables}
        ages = {table: f"UPDATE {table} SET time = time - {100 * DAY_NS}" for table in tables[:2]}
        for sql in ages.values():
            served.rows(sql)
        age(served, served.rows(f"SELECT max(first_leaf) FROM record_delivery WHERE source = {source}")[0][0])
        told, _ = retain(served)
        assert told["boots"] == 0 and all(served.rows("SELECT 1 " + sql) for sql in where.values()), told
        age(served, firsts(served)[0] + 1)
        others = {table: len(served.rows(f"SELECT 1 FROM {table} WHERE source <> {source}")) for table in tables}
        told, _ = retain(served)
        assert told["boots"] == 0, told  # its newest boot: it may go on
        for part in record(served.top, "gone", 2, 5):
            deliver(gone, [part], 1)
        told, _ = retain(served)
        boot = int(first[0].name[:8], 16)
        left = f" AND number >= {boot << 32} AND number <= {boot << 32 | 0xffffffff}"
        assert told["boots"] == 1 and not any(served.rows("SELECT 1 " + sql + left) for sql in where.values()), told
        assert others == {table: len(served.rows(f"SELECT 1 FROM {table} WHERE source <> {source}")) for table in tables}
        assert verify(export(served))[0] == 0


main(collect(globals()))
