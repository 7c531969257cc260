# SPDX-License-Identifier: MIT
# The record is forwarded to receivers that read it: all of it, in its order, whatever happens to them or to the server.
import contextlib
import gzip
import json
import os
import pathlib
import random
import sqlite3
import sys
import time

try:
    import google.protobuf as _
    import jsonschema
except ImportError:
    print("python3-protobuf or python3-jsonschema is not there")
    sys.exit(77)

from receiver import MESSAGES, Receiver, attributes
from recorded import Agent, record
from served import CHAPERONE, SERVER, server
from support import collect, main, run

SCHEMA = pathlib.Path(__file__).parent.parent / "audit" / "ocsf_6005.json"
CLASS = jsonschema.Draft7Validator(json.loads(SCHEMA.read_text()))
BATCHES, STATEMENTS = 10, 128  # a record of 64 times that has a last statement without an outcome


def forward(served, *words, expect=0):
    status, out, err = run(served.top, "forward", words[0], "--data", str(served.data), *words[1:], program=SERVER)
    assert status == expect, (status, out, err)
    return out + err


def listed(served, name="siem"):
    status, out, err = run(served.top, "forward", "list", "--data", str(served.data), "--json", program=SERVER)
    assert status in (0, 1), err
    (found,) = (one for one in json.loads(out) if one["name"] == name)
    return found


def wait_until(served, condition):
    end = time.monotonic() + 30
    while not condition(told := listed(served)):
        assert time.monotonic() < end, told
        time.sleep(0.05)
    return told


def deliver(agent, parts, batches=3):
    """Each in several deliveries."""
    for part in parts:
        ends = part.cuts[batches::batches]
        for start, end in zip([0, *ends], [*ends, len(part.data)]):
            if start < end:
                status, told = agent.deliver(part, start, end)
                assert status == 200, told


@contextlib.contextmanager
def receiver(*answers, **options):
    received = Receiver(*answers, **options)
    try:
        yield received
    finally:
        received.stop()


@contextlib.contextmanager
def forwarding(kind, *answers, batches=BATCHES, more=(), **options):
    """A server with a record, and a receiver to which all of it is on its way."""
    with server() as served, receiver(*answers, **options) as received:
        agent = Agent(served)
        parts = record(served.top, "record", batches, STATEMENTS)
        deliver(agent, parts)
        forward(served, "add", "siem", received.url(), "--to", kind, "--from", "start", *more)
        yield served, agent, received


def exported(served):
    status, out, err = run(served.top, "audit", "export", "--record", str(served.top / "record"), program=CHAPERONE)
    assert status == 0, err
    return [json.loads(line) for line in out.splitlines()]


def ended(served, agent):
    """Ids of what has an outcome, in the order of these, as they are among those of all machines."""
    return [f"{agent.name}/{event['metadata']['uid']}" for event in exported(served) if event["status_id"] != 0]


def check_all(served, agent, received):
    """Nothing is lost, the order is that of the record, and what came twice came as what it was."""
    wanted = ended(served, agent)
    received.wait_for(len(wanted))
    assert list(dict.fromkeys(received.ids())) == wanted, "lost or out of order"
    known = {}
    for event in received.events():
        assert known.setdefault(event["metadata"]["uid"], event) == event, event


def own(event, agent, served_name="shop.example"):
    """The event without what the server says of it."""
    metadata = dict(event["metadata"])
    uid = metadata.pop("original_event_uid")
    assert metadata["uid"].split("/")[:2] == [agent.name, uid]
    assert metadata.pop("log_provider") == served_name
    assert abs(metadata.pop("logged_time") / 1000 - time.time()) < 300 and metadata.pop("logged_time_dt").endswith("Z")
    return event | {"metadata": metadata | {"uid": uid}}


def test_lines_are_what_audit_export_writes():
    with forwarding("ndjson", more=["--open-after", "1"]) as (served, agent, received):
        wanted = exported(served)
        received.wait_for(len(wanted))
        events = received.events()
        assert [own(event, agent) for event in events] == wanted
        for event in events:
            CLASS.validate(event)
        assert len({event["metadata"]["uid"] for event in events}) == len(events) == BATCHES * STATEMENTS
        open_ones = [event for event in events if event["metadata"]["uid"].endswith("/open")]
        assert [event["status_id"] for event in open_ones] == [0] and open_ones == events[-1:]
        assert all(request.path == "/" and len(request.events) <= 500 for _, request in received.taken)
        told = wait_until(served, lambda told: told["sent"] == len(wanted))
        assert told["behind"] == told["rejected"] == told["skipped"] == 0 and told["state"] == "running" and "error" not in told, told


def check_record(resource, log, wanted, agent):
    """Every field of it."""
    said, event = attributes(log.attributes), json.loads(log.body.string_value)
    refused = wanted["action_id"] == 2
    assert own(event, agent) == wanted
    assert log.time_unix_nano // 1000000 == wanted["time"] and log.observed_time_unix_nano // 1000000 == event["metadata"]["logged_time"]
    assert (log.severity_number, log.severity_text) == ((13, "WARN") if refused else (9, "INFO"))
    assert log.event_name == "chaperone.statement" and not log.trace_id and not log.span_id
    assert log.dropped_attributes_count == log.flags == 0
    assert attributes(resource.attributes) == {
        "service.name": "chaperone", "service.instance.id": agent.name, "host.name": "db-client"}
    table = wanted["table"]["name"]
    expected = {
        "log.record.uid": event["metadata"]["uid"], "db.system.name": "postgresql", "db.namespace": wanted["database"]["name"],
        "db.operation.name": "SELECT", "db.collection.name": table, "db.query.text": wanted["query_info"]["query_string"],
        "db.query.summary": f"SELECT {table}", "user.name": "deploy", "process.executable.path": "/usr/bin/psql",
        "chaperone.run": "r-1", "chaperone.reason": "rule", "chaperone.rules": ["shop/agents-read"],
        "chaperone.verdict": wanted["unmapped"]["verdict"], "chaperone.refused": refused,
        "chaperone.outcome": "known" if wanted["status_id"] else "open"}
    if wanted["status_id"]:
        expected |= {"chaperone.rows": wanted["unmapped"]["rows"], "chaperone.masked_cells": 0,
                     "chaperone.duration_ns": wanted["unmapped"]["duration_ns"]}
    assert said == expected, (said, expected)


def test_otlp_is_what_its_schema_says_byte_for_byte():
    with forwarding("otlp", more=["--open-after", "1"]) as (served, agent, received):
        wanted = exported(served)
        received.wait_for(len(wanted))
        records = []
        for _, request in received.taken:
            data = gzip.decompress(request.body)
            assert request.path == "/v1/logs" and data
            assert not request.message.UnknownFields() and request.message.SerializeToString(deterministic=True) == data
            assert len(request.message.resource_logs) == 1  # all of them are of one machine
            assert [scope.scope.name for logs in request.message.resource_logs for scope in logs.scope_logs] == ["chaperone-server"]
            records += request.records
        assert len(records) == len(wanted)
        for (resource, log), event in zip(records, wanted):
            check_record(resource, log, event, agent)


def test_machines_keep_their_order_and_their_names():
    """Deliveries of three machines by turns."""
    with server() as served, receiver() as received:
        agents = [Agent(served) for _ in range(3)]
        forward(served, "add", "siem", received.url("/base/v1/logs"), "--to", "otlp")
        parts = [record(served.top, f"record{i}", 4, 20)[0] for i in range(3)]
        for turn in range(5):
            for agent, part in zip(agents, parts):
                assert agent.deliver(part, [0, *part.cuts][turn], part.cuts[turn])[0] == 200
        received.wait_for(3 * 80)
        names, order = [agent.name for agent in agents], [one.split("/")[0] for one in received.ids()]
        assert order == [name for _ in range(4) for name in names for _ in range(20)]
        for _, request in received.taken:
            assert request.path == "/base/v1/logs"
            for resource, log in request.records:
                said = attributes(log.attributes)["log.record.uid"]
                assert said.split("/")[0] == attributes(resource.attributes)["service.instance.id"]


def test_faults_that_pass_lose_nothing():
    answers = ["killed", (429, 1, b""), "half", (502, None, b""), (504, 0, b"")]
    for kind, more in [("otlp", []), ("ndjson", [500, 408])]:
        faults = [one for fault in [*answers, *more] for one in ("taken", fault)]
        with forwarding(kind, *faults, (503, None, b"later"), batches=40) as (served, agent, received):
            check_all(served, agent, received)
            told = wait_until(served, lambda told: told["behind"] == 0)
            assert told["state"] == "running" and told["failed"] and "succeeded" in told, told
            assert not received.answers  # each was met
            repeated = [request.ids for answer, request in received.requests if answer == (503, None, b"later")]
            assert repeated[0] in [request.ids for _, request in received.taken]  # the same request again


def test_retry_after_is_waited_for():
    with forwarding("otlp", (429, 2, b""), batches=1) as (served, agent, received):
        received.wait(lambda received: received.requests)
        began = time.monotonic()
        check_all(served, agent, received)
        assert received.taken[0][0] - began > 1.8


def test_a_receiver_that_is_away_gets_all_of_it_later():
    with server() as served, receiver() as received:
        agent = Agent(served)
        forward(served, "add", "siem", received.url(), "--to", "ndjson", "--from", "now")
        received.stop()
        deliver(agent, record(served.top, "record", BATCHES, STATEMENTS))
        told = wait_until(served, lambda told: "failed" in told)
        assert told["behind"] > 0 and "succeeded" not in told and "127.0.0.1" in told["error"], told
        assert "onnect" in forward(served, "test", "siem", expect=1)
        received.start()
        check_all(served, agent, received)
        wait_until(served, lambda told: told["behind"] == 0 and told["behind_s"] == 0)
        assert forward(served, "test", "siem") == "siem: the receiver answers 200\n"


def test_what_is_refused_stops_and_is_not_lost():
    for kind, answer in [("otlp", (400, None, b"no\x1b[31m such\n")), ("otlp", (500, None, b"")), ("ndjson", (401, None, b"who?")),
                         ("ndjson", (302, None, b""))]:
        with forwarding(kind, "taken", answer) as (served, agent, received):
            told = wait_until(served, lambda told: told["state"] == "stopped")
            assert str(answer[0]) in told["error"] and "\x1b" not in told["error"] and told["behind"] > 0, told
            count = len(received.requests)
            forward(served, "list", expect=1)
            time.sleep(1.5)
            assert len(received.requests) == count == 2  # it is not asked again and again
            forward(served, "resume", "siem")
            check_all(served, agent, received)
            assert len(received.ids()) == len(set(received.ids()))
            status, err = served.stop()
            assert status == 0 and f'error unforwarded forward=siem state=stopped why="the receiver answers {answer[0]}' in err, err


def test_a_receiver_that_is_slow_or_silent_holds_up_no_other():
    with server() as served, receiver("slow") as slow, receiver() as quick, receiver("silent") as silent:
        agent = Agent(served)
        for name, received in [("slow", slow), ("quick", quick), ("silent", silent)]:
            forward(served, "add", name, received.url(), "--to", "otlp", "--timeout", "4")
        time.sleep(1.2)  # a server reads every second which receivers there are
        deliver(agent, record(served.top, "record", BATCHES, STATEMENTS))
        check_all(served, agent, quick)
        assert not slow.taken and not silent.taken
        check_all(served, agent, slow)
        assert slow.requests[0][0] == "slow" and len(slow.ids()) == len(set(slow.ids()))
        check_all(served, agent, silent)
        assert "imed out" in listed(served, "silent")["error"]


def test_receivers_are_who_their_certificates_say():
    with server() as served:
        agent = Agent(served)
        deliver(agent, record(served.top, "record", 2, STATEMENTS))
        for name in ["localhost", "other.example"]:
            status, _, err = run(served.top, "init", "--data", str(served.top / name), "--name", name, program=SERVER)
            assert status == 0, err
        pairs = {name: (served.top / name / "tls.crt", served.top / name / "tls.key") for name in ["localhost", "other.example"]}
        with receiver(certificate=pairs["localhost"]) as right, receiver(host="127.0.0.2", certificate=pairs["other.example"]) as wrong:
            forward(served, "add", "right", right.url(), "--to", "ndjson", "--ca", str(pairs["localhost"][0]), "--from", "start")
            forward(served, "add", "unknown", right.url(), "--to", "ndjson", "--from", "start")
            forward(served, "add", "siem", wrong.url(), "--to", "ndjson", "--ca", str(pairs["other.example"][0]), "--from", "start")
            check_all(served, agent, right)
            wait_until(served, lambda told: "certificate" in told.get("error", "") and told["state"] == "running")
            assert "certificate" in listed(served, "unknown")["error"]
            assert not wrong.requests and "certificate" in forward(served, "test", "unknown", expect=1)
            assert all(request.ids for _, request in right.taken)


def test_a_server_that_is_killed_goes_on_where_it_was():
    chosen = random.Random(7)
    with forwarding("ndjson", batches=100) as (served, agent, received):
        wanted, deaths = len(ended(served, agent)), 0
        while len(set(received.ids())) < wanted and deaths < 8:
            received.always = chosen.choice(["paced", "paced", "half"])
            time.sleep(chosen.uniform(0, 0.3))
            served.process.kill()
            served.process.wait()
            served.start()
            deaths += 1
        received.always = "taken"
        check_all(served, agent, received)
        assert deaths > 3 and len(received.ids()) > wanted  # some died between an answer and writing it down


def test_a_partial_success_is_told_and_not_repeated():
    reply = MESSAGES["ExportLogsServiceResponse"]()
    reply.partial_success.rejected_log_records, reply.partial_success.error_message = 3, "too old"
    warning = MESSAGES["ExportLogsServiceResponse"]()
    warning.partial_success.error_message = "nearly full"
    answers = [(200, None, reply.SerializeToString()), (200, None, warning.SerializeToString())]
    with forwarding("otlp", *answers, batches=1) as (served, agent, received):
        told = wait_until(served, lambda told: told["rejected"])
        assert told["rejected"] == 3 and told["state"] == "running" and told["error"].endswith("too old"), told
        assert told["sent"] == len(ended(served, agent)) and told["behind"] == 0
        assert "nearly full" in forward(served, "test", "siem")
        assert len(received.requests) == 2


def test_a_request_that_is_too_large_is_sent_in_parts():
    with forwarding("otlp", 413, 413, batches=4) as (served, agent, received):
        check_all(served, agent, received)
        first, second, third, *_ = [len(request.ids) for _, request in received.requests]
        assert second == first // 2 and third == second // 2 and len(received.ids()) == len(set(received.ids()))
    with forwarding("otlp", *[413] * 10, batches=4) as (served, agent, received):
        told = wait_until(served, lambda told: told["state"] == "stopped")
        assert len(received.requests[-1][1].ids) == 1 and "413" in told["error"], told


def test_an_outcome_that_comes_late_is_sent_as_well():
    with server() as served, receiver() as received:
        agent = Agent(served)
        forward(served, "add", "siem", received.url(), "--to", "ndjson", "--open-after", "1")
        (part,) = record(served.top, "record", 2, 64)  # the outcome of the 64th is in the second batch
        assert agent.deliver(part, 0, part.cuts[1])[0] == 200
        received.wait_for(64)
        late = received.ids()[-1]
        assert late.endswith("/open") and received.events()[-1]["status_id"] == 0
        assert agent.deliver(part, part.cuts[1])[0] == 200
        received.wait_for(129)
        assert late.removesuffix("/open") == received.ids()[64]
        assert [one["status_id"] for one in received.events()[64:]] == [1] * 64 + [0]
        assert own(received.events()[64], agent) == exported(served)[63]


def test_it_begins_where_it_is_told_to():
    with server() as served, receiver() as all_of_it, receiver() as later, receiver() as rest:
        agent = Agent(served)
        (before,) = record(served.top, "record", 2, 40)
        deliver(agent, [before])
        time.sleep(1.1)
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        forward(served, "add", "now", rest.url(), "--to", "ndjson")
        forward(served, "add", "start", all_of_it.url(), "--to", "ndjson", "--from", "start")
        forward(served, "add", "moment", later.url(), "--to", "ndjson", "--from", moment)
        after = record(served.top, "record", 2, 40)[-1]
        deliver(agent, [after])
        for received, count in [(all_of_it, 160), (rest, 80), (later, 80)]:
            received.wait_for(count)
        names = {name for one in rest.ids() + later.ids() for name in [one.split("/")[1].split("-")[0]]}
        assert names == {after.name.split("-")[0]} and len(set(all_of_it.ids())) == 160


def test_pausing_and_removing_hold_it_up():
    with forwarding("ndjson", batches=2) as (served, agent, received):
        check_all(served, agent, received)
        forward(served, "pause", "siem")
        time.sleep(1.2)
        known = received.ids()
        (more,) = record(served.top, "more", 2, 40)
        deliver(agent, [more])
        time.sleep(1.5)
        assert received.ids() == known and listed(served)["state"] == "paused" and listed(served)["behind"] > 0
        forward(served, "resume", "siem")
        received.wait_for(len(known) + 80)
        forward(served, "remove", "siem")
        time.sleep(1.2)
        (last,) = record(served.top, "last", 2, 40)
        deliver(agent, [last])
        time.sleep(1)
        assert len(received.ids()) == len(known) + 80
        log = json.loads(run(served.top, "log", "--data", str(served.data), "--json", program=SERVER)[1])
        done = [(one["action"], one["subject"]) for one in log if one["action"].startswith("forward")]
        assert sorted(done) == [(f"forward {verb}", "siem") for verb in ["add", "pause", "remove", "resume"]], done
        for verb in ["remove", "pause", "resume", "test"]:
            assert "siem: there is no such forward" in forward(served, verb, "siem", expect=1)


def test_secrets_are_sent_and_not_shown():
    secret = "Bearer s3cr3t-t0ken"
    with server() as served, receiver() as received:
        agent = Agent(served)
        file = served.top / "headers"
        file.write_text(f"Authorization: {secret}\n\nX-Scope-OrgID: shop\n")
        file.chmod(0o640)
        add = ["add", "siem", received.url("/in?key=s3cr3t"), "--to", "ndjson", "--header-file", str(file)]
        assert "chmod 600" in forward(served, *add, expect=2)
        file.chmod(0o600)
        forward(served, *add)
        deliver(agent, record(served.top, "record", 1, 40))
        received.wait_for(40)
        request = received.taken[0][1]
        assert request.path == "/in?key=s3cr3t" and request.headers["authorization"] == secret
        assert request.headers["x-scope-orgid"] == "shop"
        assert listed(served)["headers"] == ["Authorization", "X-Scope-OrgID"]
        shown = forward(served, "list") + forward(served, "list", "--json") + forward(served, "test", "siem") + served.stop()[1]
        assert "s3cr3t" not in shown, shown
        assert os.stat(served.data / "server.db").st_mode & 0o077 == 0


def test_wrong_receivers_are_not_added():
    with server() as served:
        bad = served.top / "bad"
        bad.write_text("Content-Type: text/plain\n")
        bad.chmod(0o600)
        for url, more, why in [("http://siem.example/", [], "in the clear"), ("http://127.0.0.1.example/", [], "in the clear"),
                               ("ftp://siem.example/", [], "neither"), ("https://me:you@siem.example/", [], "password"),
                               ("https://siem.example/", ["--header-file", str(bad)], "line 1"),
                               ("https://siem.example/", ["--header-file", str(served.top / "none")], "none"),
                               ("https://siem.example/", ["--ca", str(bad)], "PEM")]:
            assert why in forward(served, "add", "siem", url, "--to", "otlp", *more, expect=2), url
        assert "no name" in forward(served, "add", "No Name", "https://siem.example/", "--to", "otlp", expect=2)
        forward(served, "add", "siem", "https://siem.example/", "--to", "syslog", expect=2)
        forward(served, "add", "siem", "https://siem.example", "--to", "otlp")
        assert listed(served)["url"] == "https://siem.example/v1/logs"
        assert "already" in forward(served, "add", "siem", "https://siem.example", "--to", "otlp", expect=1)
        for i in range(15):
            forward(served, "add", f"siem{i}", "https://siem.example", "--to", "otlp")
        assert "16" in forward(served, "add", "siem16", "https://siem.example", "--to", "otlp", expect=1)


def test_literals_stay_at_home():
    """What is sent is the shape; the record has nothing else."""
    with forwarding("otlp", batches=1) as (served, agent, received):
        check_all(served, agent, received)
        with sqlite3.connect(f"file:{served.data}/server.db?mode=ro", uri=True) as database:
            shapes = {shape for (shape,) in database.execute("SELECT shape FROM record_judgement")}
        sent = {attributes(log.attributes)["db.query.text"] for _, request in received.taken for _, log in request.records}
        assert sent <= shapes and sent


main(collect(globals()))
