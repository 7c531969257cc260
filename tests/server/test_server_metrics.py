# SPDX-License-Identifier: MIT
# GET /metrics tells Prometheus what the server did and how it is, exactly, and only on its own machine.
import contextlib
import os
import sqlite3
import subprocess
import time

from authors import Person, bundle, login, rows
from metered import metered
from recorded import Agent, record
from served import IS_POSTGRESQL, SERVER, Server, enrol, of_the_file
from support import collect, folder, main, run

ROUTE = "chaperone_server_http_requests_total"
DURATION = "chaperone_server_http_request_duration_seconds"


def told(name):
    return "chaperone_server_" + name


def test_requests_are_counted_by_route_and_not_by_path():
    with metered() as served:
        person = Person(served)
        for i in range(7):
            assert person.get(f"/v1/policies/b{i}/versions")[0] in (200, 404)
        for i in range(3):
            assert served.ask("GET", f"/v1/policies/b{i}/versions")[0] == 401
        for i in range(5):
            assert served.ask("GET", f"/nothing/{i}")[0] == 404
        served.ask("BREW", "/healthz")
        served.send(b"GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
        metrics = served.scrape()
        versions = {"method": "GET", "route": "/v1/policies/{bundle}/versions"}
        assert metrics(ROUTE, **versions, code="4xx") + metrics(ROUTE, **versions, code="2xx") == 10
        assert metrics(ROUTE, **versions, code="4xx") >= 3 and metrics(ROUTE, **versions, code="5xx") == 0
        assert metrics(ROUTE, method="other", route="other", code="4xx") == 7  # five, BREW, and two hosts
        assert metrics.total(ROUTE) == 1 + 10 + 7
        assert metrics(f"{DURATION}_count", **versions) == 10 and 0 < metrics(f"{DURATION}_sum", **versions) < 60
        assert metrics(told("requests_ambiguous_total")) == 1
        before = len(metrics.samples[ROUTE])
        for i in range(20):
            served.ask("GET", f"/v1/policies/{i}%22/{os.urandom(4).hex()}")
        assert len(served.scrape().samples[ROUTE]) == before


def test_a_password_takes_longer_than_a_question():
    with metered() as served:
        login(served)
        served.ask("GET", "/healthz")
        metrics = served.scrape()
        assert metrics(f"{DURATION}_sum", method="POST", route="/v1/login") > metrics(f"{DURATION}_sum", method="GET", route="/healthz") > 0
        assert metrics(f"{DURATION}_bucket", method="POST", route="/v1/login", le="0.005") == 0


def test_log_ins_and_enrolments_are_counted():
    with metered() as served:
        login(served)
        statuses = [login(served, password="wrong")[0] for _ in range(12)]
        Agent(served)
        assert enrol(served, "A" * 22)[0] == 403
        metrics = served.scrape()
        assert {kind: metrics(told("logins_total"), result=kind) for kind in ("accepted", "refused", "throttled")} == {
            "accepted": 1, "refused": statuses.count(403), "throttled": statuses.count(429)}
        assert statuses.count(429) > 0 and len(statuses) == statuses.count(403) + statuses.count(429)
        assert metrics(told("enrolments_total"), result="accepted") == 1
        assert metrics(told("enrolments_total"), result="refused") == 1


def test_deliveries_are_counted_as_they_ended():
    with metered() as served:
        agent, (part,) = Agent(served), record(served.top, "record", 20, 50)
        assert served.scrape()(told("log_size")) == 0
        assert agent.deliver(part, part.cuts[3])[0] == 409
        assert agent.deliver(part, 0, part.cuts[5])[0] == 200
        assert agent.deliver(part, part.cuts[5])[0] == 200
        assert agent.deliver(part, 0, part.cuts[5])[0] == 200
        assert agent.deliver(part.forged(part.cuts[2] + 40), 0, part.cuts[5])[0] == 409
        assert agent.send(part.name, len(part.data), b"no frame")[0] == 400
        metrics = served.scrape()
        ends = {kind: metrics(told("deliveries_total"), result=kind) for kind in ("taken", "known", "gap", "fork", "damage", "large")}
        assert ends == {"taken": 2, "known": 1, "gap": 1, "fork": 1, "damage": 1, "large": 0}, ends
        assert metrics(told("delivered_bytes_total")) == len(part.data)
        assert metrics(told("delivered_statements_total")) == rows(served, "SELECT count(*) FROM record_event")[0][0] == 1000
        assert metrics(told("delivered_entries_total")) > 2000  # intents and outcomes, and who acts
        assert metrics(told("log_size")) == len(part.cuts)


def test_the_log_and_its_checkpoint():
    with metered() as served:
        agent, (part,) = Agent(served), record(served.top, "record", 3, 3)
        assert told("checkpoint_age_seconds") not in served.scrape().samples
        assert agent.deliver(part)[0] == 200
        metrics = served.scrape()
        assert (metrics(told("log_size")), metrics(told("checkpoint_size"))) == (len(part.cuts), 0)
        served.stop()
        served.start()
        metrics = served.scrape()
        assert metrics(told("checkpoint_size")) == metrics(told("log_size")) == len(part.cuts)
        assert 0 <= metrics(told("checkpoint_age_seconds")) < 30


def test_machines_are_counted_by_state_and_version():
    with metered() as served:
        person = Person(served)
        for _ in range(10):
            person.publish(bundle())
        agents = [Agent(served) for _ in range(6)]
        for agent, state in zip(agents, ("policy=10; spool=7", "policy=10; spool=5", "policy=9", "policy=1", "policy=9000000000000000000")):
            assert agent.ask("GET", "/v1/agent", f"Agent-State: {state}")[0] == 200
        assert run(served.top, "agent", "revoke", "--data", str(served.data), agents[2].name, program=SERVER)[0] == 0
        rows(served, "UPDATE agent SET seen = ? WHERE id = ?", time.time_ns() - 121 * 10**9, agents[3].name)
        metrics = served.scrape()
        assert {state: metrics(told("agents"), state=state) for state in ("seen", "unseen", "revoked")} == {"seen": 3, "unseen": 2, "revoked": 1}
        assert (metrics(told("agents_spool_entries")), metrics(told("agents_spool_entries_max"))) == (12, 7)
        assert metrics(told("policy_version"), bundle="shop") == 10
        spread = {dict(labels)["version"]: number for labels, number in metrics.samples[told("policy_agents")].items()}
        assert spread == {**{str(version): 0 for version in range(3, 11)}, "10": 2, "older": 1, "none": 1, "unknown": 1}, spread


def test_labels_have_an_end_however_many_bundles_there_are():
    with metered() as served:
        agent = Agent(served).name
        rows(served, """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)
            INSERT INTO agent (id, host, bundle, token_digest, chain_key, enrolled)
            SELECT 'x' || i, 'h', 'bundle' || i, CAST('t' || i AS {0}), CAST('k' AS {0}), 1 FROM n""".format("BYTEA" if IS_POSTGRESQL else "BLOB"))
        metrics = served.scrape()
        assert metrics.total(told("policy_agents")) == 301 and agent
        assert len(metrics.samples[told("policy_version")]) == 100
        assert metrics(told("policy_agents"), bundle="", version="") == 201


def test_those_who_wait_are_counted_while_they_wait():
    with metered() as served:
        agents = [Agent(served) for _ in range(3)]
        connections = [served.connect() for _ in agents]
        for connection, agent in zip(connections, agents):
            connection.sendall(f"GET /v1/policy HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {agent.token}\r\nPrefer: wait=20\r\n\r\n".encode())
        end = time.monotonic() + 10
        while (held := served.scrape()(told("polls_held"))) != 3:
            assert time.monotonic() < end, held
        metrics = served.scrape()
        assert 3 <= metrics(told("connections")) <= 10 and metrics(told("connections_max")) >= 128
        Person(served).publish(bundle())
        for connection in connections:
            assert connection.recv(100).startswith(b"HTTP/1.1 200 ")
            connection.close()
        metrics = served.scrape()
        assert metrics(told("polls_held")) == 0
        assert metrics(ROUTE, method="GET", route="/v1/policy", code="2xx") == 3
        assert metrics(f"{DURATION}_sum", method="GET", route="/v1/policy") < 3  # without their waiting


@of_the_file
def test_what_waits_in_a_lane_and_what_it_refuses_is_counted():
    with metered() as served:
        agent = Agent(served)
        request = (f"POST /v1/record HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {agent.token}\r\nContent-Encoding: zstd\r\n"
                   "Record-Part: 00000001-1\r\nRecord-Offset: 0\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx").encode()
        connections = [served.connect() for _ in range(527)]
        with contextlib.closing(sqlite3.connect(served.data / "server.db", isolation_level=None)) as holder:
            holder.execute("BEGIN IMMEDIATE")  # one delivery waits for it, 512 for that one, and the others are refused
            for connection in connections:
                connection.sendall(request)
                time.sleep(0.5 if connection is connections[0] else 0)
            end = time.monotonic() + 8
            while (now := [(metrics := served.scrape())(told(name), lane="records") for name in ("lane_waiting", "lane_rejected_total")]) != [512, 14]:
                assert time.monotonic() < end, now
            assert metrics(told("lane_waiting"), lane="passwords") == 0
        answers = [connection.recv(12) for connection in connections]
        for connection in connections:
            connection.close()
        assert answers.count(b"HTTP/1.1 503") == 14 and answers.count(b"HTTP/1.1 400") == 513, answers
        metrics = served.scrape()
        assert metrics(told("lane_waiting"), lane="records") == 0 and metrics(told("deliveries_total"), result="damage") == 513
        assert metrics(ROUTE, method="POST", route="/v1/record", code="5xx") == 14


def test_the_process_tells_of_itself():
    with metered() as served:
        metrics = served.scrape()
        version = subprocess.run([SERVER, "--version"], capture_output=True, text=True, check=True).stdout.split()[-1]
        assert metrics(told("build_info"), version=version) == 1
        assert abs(metrics("process_start_time_seconds") - time.time()) < 60
        assert 2**20 < metrics("process_resident_memory_bytes") < 2**31
        descriptors = len(os.listdir(f"/proc/{served.process.pid}/fd"))
        assert abs(metrics("process_open_fds") - descriptors) <= 2 and metrics("process_max_fds") >= descriptors
        assert 0 < metrics("process_cpu_seconds_total") < 60
        assert metrics(told("ready")) == 1


def test_numbers_of_the_database_are_left_out_while_it_does_not_answer():
    with metered() as served:
        rows(served, "ALTER TABLE agent RENAME TO elsewhere")
        metrics = served.scrape()
        assert told("agents") in metrics.types and told("agents") not in metrics.samples
        assert told("log_size") in metrics.samples and ROUTE in metrics.samples


def test_nothing_else_is_told_there_and_metrics_nowhere_else():
    with metered() as served:
        assert served.ask("GET", "/metrics")[0] == 404
        for request, status in ((b"GET / HTTP/1.1", 404), (b"GET /v1/log/checkpoint HTTP/1.1", 404), (b"POST /metrics HTTP/1.1", 405),
                                (b"GET /metrics/ HTTP/1.1", 404)):
            answer = served.send_plainly(request + b"\r\nHost: a\r\nContent-Length: 0\r\n\r\n")
            assert answer.startswith(f"HTTP/1.1 {status} ".encode()), answer
        head = served.send_plainly(b"HEAD /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 ") and head.endswith(b"\r\n\r\n"), head


def test_an_address_that_others_reach_is_refused():
    with folder() as top:
        served = Server(top)
        for address in ("0.0.0.0:0", "[::]:0", ":0", "192.0.2.1:9464", "[::ffff:192.0.2.1]:9464"):
            status, out, err = run(top, "run", "--data", str(served.data), "--listen", "127.0.0.1:0", "--metrics", address, program=SERVER)
            assert status == 1 and not out and "on this machine alone" in err, (address, err)


main(collect(globals()))
