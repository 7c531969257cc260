# SPDX-License-Identifier: MIT
# Whatever happens to receivers or to the server, nothing of the record is lost on its way to them.
import random
import sys
import threading
import time

try:
    import google.protobuf as _
except ImportError:
    print("python3-protobuf is not there")
    sys.exit(77)

from forwarded import BATCHES, STATEMENTS, check_all, deliver, ended, forward, forwarding, listed, receiver, wait_until
from recorded import Agent, record
from served import server
from support import collect, main


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
            assert status == 0 and f'error unforwarded forward=siem log=shop.example/log state=stopped why="the receiver answers {answer[0]}' in err, err


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


def test_a_server_that_is_killed_goes_on_where_it_was():
    chosen, ready = random.Random(7), threading.Event()
    with forwarding("ndjson", "taken", "mortal", batches=40, always="silent") as (served, agent, received):
        def die():
            ready.wait(30)
            served.process.kill()

        received.die = die
        for _ in range(4):
            ready.set()
            received.wait(lambda _: served.process.poll() is not None)
            ready.clear()
            served.start()  # to die again, some time after it was asked to send or while nobody answers
            time.sleep(chosen.uniform(0, 0.3))
            served.process.kill()
            served.process.wait()
            received.answers = ["taken", "mortal"]
            served.start()
        received.answers, received.always = [], "taken"
        ready.set()
        served.process.kill()
        served.process.wait()
        served.start()
        check_all(served, agent, received)
        assert len(received.ids()) > len(set(received.ids()))


def test_a_request_that_is_too_large_is_sent_in_parts():
    with forwarding("otlp", 413, 413, batches=4) as (served, agent, received):
        check_all(served, agent, received)
        first, second, third, *_ = [len(request.ids) for _, request in received.requests]
        assert second == first // 2 and third == second // 2 and len(received.ids()) == len(set(received.ids()))
    with forwarding("otlp", *[413] * 10, batches=4) as (served, agent, received):
        told = wait_until(served, lambda told: told["state"] == "stopped")
        assert len(received.requests[-1][1].ids) == 1 and "413" in told["error"], told


main(collect(globals()))
