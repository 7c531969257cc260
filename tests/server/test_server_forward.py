# SPDX-License-Identifier: MIT
# The record is forwarded to receivers that read it: what it is there, whose, and in which order.
import gzip
import json
import os
import pathlib
import sys
import time

try:
    import google.protobuf as _
    import jsonschema
except ImportError:
    print("python3-protobuf or python3-jsonschema is not there")
    sys.exit(77)

from forwarded import BATCHES, STATEMENTS, check_all, deliver, ended, exported, forward, forwarding, listed, own, receiver, wait_until
from receiver import MESSAGES, attributes
from recorded import Agent, record
from served import SERVER, server
from support import collect, main, run

SCHEMA = pathlib.Path(__file__).parent.parent / "audit" / "ocsf_6005.json"
CLASS = jsonschema.Draft7Validator(json.loads(SCHEMA.read_text()))


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
        received.always = (400, None, b"Bearer s3cr3t-t0ken is not ours\n")
        assert "(what repeats a header is not shown)" in forward(served, "test", "siem", expect=1)
        received.always = "taken"
        shown = forward(served, "list") + forward(served, "list", "--json") + forward(served, "test", "siem") + served.stop()[1]
        assert "s3cr3t" not in shown, shown
        assert not any(path.stat().st_mode & 0o077 for path in served.data.iterdir())


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
        shapes = {shape for (shape,) in served.rows("SELECT shape FROM record_judgement")}
        sent = {attributes(log.attributes)["db.query.text"] for _, request in received.taken for _, log in request.records}
        assert sent <= shapes and sent


main(collect(globals()))
