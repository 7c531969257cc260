# SPDX-License-Identifier: MIT
# People find what machines delivered: each event once, with the words that the machine's own record has for it.
import datetime
import json
import subprocess
import threading
import time
import urllib.parse

from authors import Person, add_account, rows
from recorded import MAKE_RECORD, Agent, Part, pack, record
from served import CHAPERONE, SERVER, server
from support import collect, main, run

HOSTILE = ["%00", "%", "%4", "%zz", "%ff", "x" * 1025, "%c3"]
SAME = ("event", "kind", "time", "user", "database", "verdict", "refused", "reason", "rules", "effects", "statement", "outcome", "status",
        "rows", "masked_cells", "duration_ns", "run", "host")


def delivered(served, name="record", batches=4, statements=64):
    agent, parts = Agent(served), record(served.top, name, batches, statements)
    for part in parts:
        assert agent.deliver(part)[0] == 200
    return agent


def find(reader, path="/v1/events", **wanted):
    status, told = reader.get(f"{path}?{urllib.parse.urlencode(wanted)}")
    assert status == 200, (wanted, told)
    return told


def pages(reader, path="/v1/events", name="events", **wanted):
    told = find(reader, path, **wanted)
    yield told[name]
    while "next" in told:
        told = find(reader, path, **{**wanted, "cursor": told["next"]})
        yield told[name]


def ids(events):
    return [(event["agent"], event["event"]) for event in events]


def everything(reader, **wanted):
    return [event for page in pages(reader, **{"limit": 200, **wanted}) for event in page]


def listed(served, name="record", *more):
    status, out, err = run(served.top, "audit", "list", "--record", str(served.top / name), "--json", *more, program=CHAPERONE)
    assert status == 0, err
    return [json.loads(line) for line in out.splitlines()]


def test_what_is_shown_is_what_the_machine_shows():
    with server() as served:
        agent, person = delivered(served), Person(served)
        events, own = everything(person), listed(served)[::-1]
        assert len(events) == 256 and all(event["agent"] == agent.name for event in events)
        for event, mine in zip(events, own):
            for name in SAME:
                assert event.get(name) == mine.get(name) or (name in ("rules", "effects") and not event[name]), (name, event, mine)
        assert events[0]["person"] == "anna" and events[0]["program"] == "/usr/bin/psql" and events[0]["masked"] == []


def test_each_filter_finds_what_the_machine_finds():
    with server() as served:
        agent, person = delivered(served), Person(served)
        other = delivered(served, "other", 1, 16)
        for words in (["--verdict", "deny"], ["--verdict", "a*"], ["--verdict", "refused"], ["--table", "t3"], ["--table", "public.t3"],
                      ["--rule", "agents-read"], ["--rule", "none"], ["--person", "anna"], ["--person", "deploy"], ["--person", "x*"]):
            wanted = {words[0][2:]: words[1], "agent": agent.name}
            assert ids(everything(person, **wanted)) == [(agent.name, event["event"]) for event in listed(served, "record", *words)[::-1]], words
        assert len(everything(person)) == 272 and len(everything(person, agent=other.name)) == 16
        assert len(everything(person, shape="FROM T3 where")) == 34 and len(everything(person, database="sh*")) == 272
        shape = everything(person, shape="FROM T3 where")[0]["shape"]
        assert len(everything(person, shape=shape)) == 34 and everything(person, database="bank") == []
        middle = rows(served, "SELECT time FROM record_event ORDER BY time LIMIT 1 OFFSET 100")[0][0] // 10**9
        moment = datetime.datetime.fromtimestamp(middle, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        before, after = everything(person, until=moment), everything(person, **{"from": moment})
        assert len(before) + len(after) == 272 and not set(ids(before)) & set(ids(after))
        assert everything(person, until="2h") == [] and len(everything(person, **{"from": "2h"})) == 272


def test_pages_have_everything_once_while_more_comes():
    with server() as served:
        delivered(served)
        person, late = Person(served), Agent(served)
        (part,) = record(served.top, "late", 40, 10)
        before, shown, cuts = set(ids(everything(person))), [], iter(zip([0, *part.cuts], part.cuts))
        for page in pages(person, limit=7):
            shown += ids(page)
            if cut := next(cuts, None):
                assert late.deliver(part, *cut)[0] == 200
        old = [event for event in shown if event[0] != late.name]
        assert len(old) == len(set(old)) == 256 and set(old) == before
        assert len(shown) == len(set(shown))


def test_one_event_has_a_place_in_the_log():
    with server("--checkpoint-every", "1") as served:
        agent, person = delivered(served), Person(served)
        event = find(person, limit=1, verdict="deny")["events"][0]
        deadline = time.monotonic() + 20
        while "proof" not in (told := person.get(f"/v1/events/{agent.name}/{event['event']}")[1])["log"]:
            assert time.monotonic() < deadline
            time.sleep(0.2)
        log = told.pop("log")
        assert told == event
        assert log["leaf"] == event["leaf"] and log["first_leaf"] <= log["leaf"] < log["first_leaf"] + log["leaves"] <= log["size"] == 5
        early = find(person, limit=50, verdict="deny")["events"][-1]
        places = [log, person.get(f"/v1/events/{agent.name}/{early['event']}")[1]["log"]]
        assert {place["leaf"] < 4 for place in places} == {True, False}, places
        for place in places:
            assert [len(part) for part in place["proof"]] == ([64] * 3 if place["leaf"] < 4 else [64]), place
        judgement = [mine for mine in listed(served) if mine["event"] == event["event"]][0]["judgement"]
        refusal = f"{event['event'].split('-')[0]}-{judgement & 0xffffffff:x}"
        status, told = person.get(f"/v1/events/{agent.name}/{refusal}")
        assert status == 200 and told["event"] == event["event"], (refusal, told)
        for path in (f"{agent.name}/x", f"{agent.name}/{event['event']}0000", f"x/{event['event']}", f"{agent.name}/%00", f"{agent.name}/1-1-1"):
            assert person.get(f"/v1/events/{path}")[0] == 404, path


def test_what_comes_in_is_shown_as_it_comes():
    with server() as served:
        agent, person = delivered(served), Person(served)
        (part,) = record(served.top, "late", 3, 5)
        after = find(person, limit=1)["after"]
        told = find(person, after=after)
        assert told["events"] == []

        def ask(got, **wanted):
            query = urllib.parse.urlencode({"after": told["after"], **wanted})
            begun = time.monotonic()
            status, headers, body = served.ask("GET", f"/v1/events?{query}", f"Authorization: Bearer {person.token}", "Prefer: wait=20")
            got.append((status, headers, json.loads(body), time.monotonic() - begun))

        got, deny = [], []
        waiting = [threading.Thread(target=ask, args=[got]), threading.Thread(target=ask, args=[deny], kwargs={"verdict": "deny"})]
        for thread in waiting:
            thread.start()
        time.sleep(1)
        assert not got and agent.deliver(part, 0, part.cuts[1])[0] == 200
        waiting[0].join(20)
        status, headers, body, seconds = got[0]
        assert status == 200 and headers["preference-applied"] == "wait=20" and 0.9 < seconds < 5
        assert len(body["events"]) == 5 and not deny  # nothing of these five is refused
        assert agent.deliver(part, part.cuts[1])[0] == 200
        waiting[1].join(20)
        assert [event["verdict"] for event in deny[0][2]["events"]] == ["deny"]
        shown = ids(body["events"])
        while (more := find(person, after=body["after"], limit=3))["events"]:
            body = more
            shown += ids(more["events"])
        assert len(shown) == len(set(shown)) == 15
        status, headers, rest = served.ask("GET", f"/v1/events?after={body['after']}", f"Authorization: Bearer {person.token}", "Prefer: wait=1")
        assert status == 200 and json.loads(rest)["events"] == []


def test_what_cannot_be_asked_is_told_by_its_name():
    with server() as served:
        delivered(served, batches=1, statements=8)
        person = Person(served)
        names = ["person", "agent", "database", "table", "shape", "verdict", "rule"]
        wrong = [(name, value) for name in names for value in HOSTILE]
        wrong += [("limit", value) for value in ("0", "201", "-1", "1x", "99999999999999999999", "1.0", "0x1")]
        wrong += [(name, value) for name in ("from", "until") for value in ("yesterday", "2026-13-01", "-1", "1", "9999999999d", "%00")]
        wrong += [("cursor", value) for value in ("x", "e", "e1.2.3.4", "n1.2.3.4", "e1.2.3.4.5.6", "t1.2.3", "e1.2.3.4.%20")]
        wrong += [("after", value) for value in ("x", "n", "e1.2.3.4.5", "n1.2.3", "n1.2.3.4.5")]
        wrong += [("persn", "anna"), ("Limit", "1")]
        for name, value in wrong:
            status, told = person.get(f"/v1/events?{name}={value}")
            assert status == 400 and told["parameter"] == name and name in told["detail"], (name, value, status, told)
        assert person.get("/v1/events?limit=1&limit=2")[0] == 400
        assert person.get("/v1/events?%00=1")[0] == 400 and person.get("/v1/events?%ff%fe=1")[1]["status"] == 400
        for path in ("/v1/notes?person=anna", "/v1/notes?cursor=e1.2.3.4.5", "/v1/statistics?step=week", "/v1/statistics?by=colour",
                     "/v1/statistics?from=2000-01-01&step=minute", "/v1/statistics?from=1h&until=2h"):
            assert person.get(path)[0] == 400, path
        # nothing of these is anything but a text that nobody has
        for value in ("'; DROP TABLE record_event; --", "%' OR 1=1 --", "****************************************", "\u0001", "$2"):
            assert find(person, shape=value)["events"] == [] and find(person, rule=value)["events"] in ([], everything(person))
        assert len(everything(person)) == 8 and len(everything(person, person="")) == 8


def test_notes_are_found():
    with server() as served:
        agent, person = delivered(served), Person(served)
        known = set((served.top / "record").glob("*.rec"))
        with open(min(known), "ab") as file:
            file.write(b"BTC1 and no more")  # which the next agent notes
        subprocess.run([MAKE_RECORD, served.top / "record", "1", "1"], check=True)
        (more,) = set((served.top / "record").glob("*.rec")) - known
        assert agent.deliver(Part(more.read_bytes()))[0] == 200
        (own,) = [event for event in listed(served) if event["kind"] == "note"]
        (note,) = find(person, "/v1/notes")["notes"]
        assert (note["agent"], note["event"], note["time"], note["text"]) == (agent.name, own["event"], own["time"], own["text"])
        rows(served, "INSERT INTO record_note (log, leaf, place, source, parent, time, text) SELECT 1, value, 9, source, 0, value, 'Disk full ' || value"
             " FROM record_source, (WITH RECURSIVE c(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM c WHERE value < 50) SELECT value FROM c) AS many")
        notes = [note for page in pages(person, "/v1/notes", "notes", limit=7) for note in page]
        assert [note["text"] for note in notes] == [own["text"]] + [f"Disk full {number}" for number in range(50, 0, -1)]
        assert [note["text"] for note in find(person, "/v1/notes", text="FULL 33")["notes"]] == ["Disk full 33"]
        assert find(person, "/v1/notes", agent=agent.name)["notes"][0]["agent"] == agent.name
        assert find(person, "/v1/notes", agent="nobody")["notes"] == []


def test_counts_are_those_of_the_statements():
    with server() as served:
        delivered(served)
        other, person = delivered(served, "other", 1, 16), Person(served)
        for step, by in (("minute", "nothing"), ("hour", "verdict"), ("day", "agent"), ("minute", "rule"), ("minute", "person")):
            told = find(person, "/v1/statistics", step=step, by=by, **{"from": "2h" if step == "minute" else "30d"})
            assert all(len(series["statements"]) == told["points"] for series in told["series"])
            assert sum(sum(series["statements"]) for series in told["series"]) == 272, told
            names = {series["name"]: series["total"] for series in told["series"]}
            assert names == {"nothing": {"": 272}, "verdict": {"allow": 238, "deny": 34}, "agent": {other.name: 16, (set(names) - {other.name}).pop(): 256}
                             if by == "agent" else {}, "rule": {"shop/agents-read": 272}, "person": {"anna": 272}}[by]
        assert find(person, "/v1/statistics", agent=other.name)["series"][0]["total"] == 16


INDEX = ("record_event", "record_asked", "record_note", "record_count", "record_judgement", "record_subject", "record_definition")


def index_of(served):
    return {table: sorted(rows(served, f"SELECT * FROM {table}"), key=repr) for table in INDEX}


def test_the_index_can_be_made_again():
    with server() as served:
        delivered(served)
        agent, person = Agent(served), Person(served)
        for part in record(served.top, "cut", 30, 20, 4096):
            for start, end in zip([0, *part.cuts], part.cuts):
                assert agent.deliver(part, start, end)[0] == 200
        before, seen = index_of(served), everything(person)
        assert all(before[table] for table in INDEX if table not in ("record_asked", "record_note"))
        for damage in ("DELETE FROM record_event WHERE sequence > 9", "UPDATE record_judgement SET verdict = 'allow'", "DELETE FROM record_count"):
            rows(served, damage)
        assert index_of(served) != before
        status, out, err = run(served.top, "index", "rebuild", "--data", str(served.data), "--json", program=SERVER)
        assert (status, json.loads(out)) == (0, {"leaves": rows(served, "SELECT size FROM log_tree")[0][0]}), err
        assert index_of(served) == before and everything(person) == seen
        # what says who acts came to another server before the rest came to this one
        rows(served, "UPDATE record_delivery SET log = 2 WHERE start > 0 AND first_leaf ="
             " (SELECT min(first_leaf) FROM record_delivery WHERE start > 0)")
        status, _, err = run(served.top, "index", "rebuild", "--data", str(served.data), program=SERVER)
        assert status == 0 and everything(person) == seen, err
        before = index_of(served)
        rows(served, "UPDATE record_delivery SET frame = ? WHERE first_leaf = 0", b"\0")
        status, _, err = run(served.top, "index", "rebuild", "--data", str(served.data), program=SERVER)
        assert status == 1 and "not what was delivered" in err and index_of(served) == before


def test_machines_are_listed_in_pages():
    with server() as served:
        agents = [Agent(served) for _ in range(5)]
        (part,) = record(served.top, "record", 1, 1)
        status, _ = agents[0].ask("POST", "/v1/record", "Content-Encoding: zstd", f"Record-Part: {part.name}", "Record-Offset: 0",
                                  "Agent-State: version=1.2; policy=7; spool=3", body=pack(part.data))
        assert status == 200
        assert run(served.top, "agent", "revoke", "--data", str(served.data), agents[1].name, program=SERVER)[0] == 0
        person = Person(served)
        for limit in (1, 2, 5, 200):
            shown = [agent for page in pages(person, "/v1/agents", "agents", limit=limit) for agent in page]
            assert [agent["agent"] for agent in shown] == sorted(agent.name for agent in agents)
        told = {agent["agent"]: agent for agent in shown}
        first, second = told[agents[0].name], told[agents[1].name]
        assert (first["version"], first["policy"], first["spool"]) == ("1.2", 7, 3) and first["seen"] and "revoked" not in first
        assert second["revoked"] and "seen" not in second
        for query in ("limit=0", "cursor=%00", "cursr=1"):
            assert person.get(f"/v1/agents?{query}")[0] == 400


def test_an_alarm_is_acknowledged_once_and_stays():
    with server() as served:
        agent, person = Agent(served), Person(served)
        for role in ("auditor", "viewer", "author"):
            add_account(served, role, role)
        auditor = Person(served, "auditor")
        (part,) = record(served.top, "record", 6, 10)
        assert person.get("/v1/alarms") == (200, {"alarms": []}) and agent.deliver(part)[0] == 200
        assert agent.deliver(part.forged(part.cuts[1] + 30))[0] == 409
        assert agent.send(part.name, 0, pack(b"x"))[0] in (400, 409)
        fork = find(person, "/v1/alarms")["alarms"][-1]
        assert (fork["agent"], fork["kind"], fork["part"]) == (agent.name, "fork", part.name) and not fork["is_acknowledged"]
        path = f"/v1/alarms/{agent.name}/fork"
        for account in ("viewer", "author"):
            assert Person(served, account).ask("POST", f"{path}/1")[0] == 403
        for wrong in (f"{path}/{fork['times'] + 1}", f"{path}/0", f"{path}/x", f"{path}/-1", f"/v1/alarms/{agent.name}/spoon/1", "/v1/alarms/x/fork/1"):
            assert auditor.ask("POST", wrong)[0] == 404, wrong
        assert auditor.ask("POST", f"{path}/{fork['times']}") == (204, None)
        assert person.ask("POST", f"{path}/{fork['times']}") == (204, None)  # who was first stays
        seen = find(person, "/v1/alarms")["alarms"][-1]
        assert seen["is_acknowledged"] and seen["acknowledged_by"] == "auditor" and seen["acknowledged_times"] == fork["times"]
        status, out, _ = run(served.top, "check", "--data", str(served.data), program=SERVER)
        assert "fork of agent" not in out
        assert agent.deliver(part.forged(part.cuts[1] + 30))[0] == 409
        again = find(person, "/v1/alarms")["alarms"][-1]
        assert again["times"] == fork["times"] + 1 and not again["is_acknowledged"] and again["acknowledged_by"] == "auditor"
        assert "fork of agent" in run(served.top, "check", "--data", str(served.data), program=SERVER)[1]
        shown = [alarm["kind"] for page in pages(person, "/v1/alarms", "alarms", limit=1) for alarm in page]
        assert shown == sorted(set(shown)) and "fork" in shown


def test_everybody_with_an_account_may_read_and_nobody_else():
    with server() as served:
        agent = delivered(served, batches=1, statements=1)
        for role in ("viewer", "approver", "author", "auditor"):
            add_account(served, role, role)
        paths = ["/v1/events", "/v1/notes", "/v1/statistics", "/v1/agents", "/v1/alarms", f"/v1/events/{agent.name}/1-1-1"]
        for path in paths:
            assert served.ask("GET", path)[0] == 401 and agent.ask("GET", path)[0] == 401, path
            for account in ("viewer", "approver", "author", "auditor", "admin"):
                assert Person(served, account).get(path)[0] in (200, 404)


main(collect(globals()))
