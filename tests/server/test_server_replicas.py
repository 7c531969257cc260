# SPDX-License-Identifier: MIT
# Several servers on one database are as one: nothing is lost or there twice, whoever dies, and what one knows all know.
import base64
import concurrent.futures
import copy
import json
import os
import subprocess
import sys
import threading
import time

import postgresql
from authors import Person
from fleet import ask, deliver, replicas
from proven import root_by
from recorded import Agent, record
from served import CHAPERONE, SERVER, server
from support import Skipped, collect, main, run

try:
    from browsed import logged_in
except ImportError:  # python3-html5lib is not there
    logged_in = None

BATCHES, STATEMENTS = 120, 100
TRIES = 10  # of a password, for an account
DEATHS = 6 if os.environ.get("CHAPERONE_TEST_LONG") == "1" else 2  # of each


def test_room_is_asked_for_where_the_database_is():
    apart = ["unshare", "-m" if os.getuid() == 0 else "-rm"]  # root stays who may enter PostgreSQL's folder
    if subprocess.run([*apart, "true"], capture_output=True, check=False).returncode != 0:
        raise Skipped("there are no namespaces here")
    with server() as served:
        served.stop()
        small = served.top / "small"
        small.mkdir()
        kept, served.data = served.data, small / "data"
        served.start(wrapper=[*apart, "sh", "-c", 'mount -t tmpfs -o size=8m,mode=700 none "$0" && cp -a "$1" "$0" && shift && exec "$@"',
                              str(small), str(kept)])
        assert served.ask("GET", "/readyz")[0] == 200


def export(pair, which=0):
    path = pair.servers[0].top / f"export-{which}"
    path.unlink(missing_ok=True)
    status, _, err = run(path.parent, "export", "--data", str(pair.servers[which].data), "--to", str(path), program=SERVER)
    assert status == 0, err
    return path


def verify(path, *more):
    done = subprocess.run([sys.executable, "-I", os.environ["VERIFY_EXPORT"], path, *more], capture_output=True, text=True, check=False,
                          timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def delivered(path, part):
    """The part's bytes, by where they begin, out of an export."""
    data, found, at = path.read_bytes(), {}, 0
    while (at := data.find(b'{"kind":"delivery"', at)) >= 0:
        line, at = data[at:data.index(b"\n", at)], data.index(b"\n", at) + 1
        told = json.loads(line)
        if told["part"] == part.name:
            found[told["start"]] = data[at:at + told["bytes"]]
        at += told["bytes"]
    return found


def exported(pair):
    """What each server's log has; every export is good."""
    for which, name in ((0, "shop.example/log"), (1, "shop.example/log/b")):
        path = export(pair, which)
        key = pair.servers[0].rows("SELECT verifier FROM log_tree WHERE name = ?", name)[0][0]
        assert f"of {name}\n" in verify(path, "--key", key), path
        yield path


def check_all(pair, parts):
    """Every leaf is in one tree, every byte and every statement is there once, and both logs can be verified."""
    first = pair.servers[0]
    leaves = sum(len(part.cuts) for part in parts)
    assert first.rows("SELECT CAST(sum(size) AS BIGINT) FROM log_tree") == [(leaves,)]
    assert first.rows("SELECT CAST(sum(leaves) AS BIGINT) FROM record_delivery") == [(leaves,)]
    assert first.rows("SELECT count(*) FROM record_event") == [(BATCHES * STATEMENTS * len(parts),)]
    assert first.rows("SELECT count(*) FROM record_alarm") == [(0,)]
    assert len(first.rows("SELECT log FROM log_tree WHERE size > 0")) == 2
    paths = list(exported(pair))
    for part in parts:
        pieces = [piece for path in paths for piece in delivered(path, part).items()]
        assert b"".join(piece for _, piece in sorted(pieces)) == part.data


def cuts_of(part, step):
    cuts = [0, *part.cuts[step - 1::step]]
    return cuts + [len(part.data)] if cuts[-1] != len(part.data) else cuts


def test_deliveries_to_one_and_the_other_are_one_record():
    with replicas() as pair:
        first = pair.servers[0]
        agent, (part,) = Agent(first), record(first.top, "record", BATCHES, STATEMENTS)
        cuts = cuts_of(part, 7)
        for i, (start, end) in enumerate(zip(cuts, cuts[1:])):
            for served in (pair.servers[i % 2], pair.servers[1 - i % 2]):  # the second time it is known
                assert deliver(served, agent, part, start, end) == end
        check_all(pair, [part])
        for served, origin in zip(pair.servers, ("shop.example/log", "shop.example/log/b")):
            served.stop()  # signs
            assert served.rows("SELECT note FROM log_checkpoint WHERE log = (SELECT log FROM log_tree WHERE name = ?)"
                               " ORDER BY size DESC", origin)[0][0].startswith(origin + "\n")


def test_the_same_delivery_to_both_at_once_is_stored_once():
    with replicas() as pair:
        first = pair.servers[0]
        agents = [Agent(first) for _ in range(2)]
        senders = [*agents, *(copy.copy(agent) for agent in agents)]
        for sender in senders[2:]:
            sender.served = pair.servers[1]
        (part,) = record(first.top, "record", BATCHES, STATEMENTS)
        cuts = cuts_of(part, 10)
        for start, end in zip(cuts, cuts[1:]):
            with concurrent.futures.ThreadPoolExecutor(4) as pool:
                told = list(pool.map(lambda sender, here=start, there=end: sender.deliver(part, here, there), senders))
            assert [(status, answer.get("acked")) for status, answer in told] == [(200, end)] * 4, told
        assert first.rows("SELECT CAST(sum(size) AS BIGINT) FROM log_tree") == [(2 * len(part.cuts),)]
        assert first.rows("SELECT count(*) FROM record_alarm") == [(0,)]
        assert first.rows("SELECT count(*) FROM record_event") == [(2 * BATCHES * STATEMENTS,)]
        assert len(list(exported(pair))) == 2


def deliver_through(pair, agent, part, revive):
    """Delivers to one and the other by turns; what died meanwhile is begun anew when one does not answer."""
    end, turn, deadline = 0, 0, time.monotonic() + 60
    while end < len(part.data):
        assert time.monotonic() < deadline
        turn += 1
        told = deliver(pair.servers[turn % 2], agent, part, end, next(cut for cut in cuts_of(part, 8) if cut > end))
        if told is None:
            revive()
        else:
            assert told >= end, (told, end)
            end = told


def test_whoever_dies_nothing_is_lost_or_there_twice():
    database = postgresql.cluster()
    with replicas("--checkpoint-every", "1") as pair:
        agent, parts = Agent(pair.servers[0]), []
        deaths = [(lambda: pair.kill(0), lambda: pair.restart(0)), (lambda: pair.kill(1), lambda: pair.restart(1)),
                  (database.kill, database.start)]
        for death in range(DEATHS):
            for kill, restart in deaths:
                parts = record(pair.servers[0].top, "record", BATCHES, STATEMENTS)
                timer = threading.Timer(0.02 + 0.08 * death, kill)
                revived = []

                def revive(timer=timer, restart=restart, revived=revived):
                    timer.join()
                    if not revived:
                        revived.append(restart())
                timer.start()
                deliver_through(pair, agent, parts[-1], revive)
                revive()
        check_all(pair, parts)


def seen_live(served, token, after, limit):
    """Ids of what came since, and where to go on."""
    ids, wait = [], "Prefer: wait=20"
    while True:
        status, _, body = served.ask("GET", f"/v1/events?after={after}&limit={limit}", f"Authorization: Bearer {token}",
                                     *([wait] if not ids else []))
        told = json.loads(body)
        assert status == 200 and told["after"] and len(told["events"]) <= limit, told
        ids += [(event["agent"], event["event"]) for event in told["events"]]
        after = told["after"]
        if not told["events"]:
            return ids, after


def test_what_comes_to_one_is_seen_live_at_each():
    with replicas() as pair:
        first, second = pair.servers
        agent, token = Agent(first), Person(first).token
        (part,) = record(first.top, "record", 12, 30)
        after = json.loads(second.ask("GET", "/v1/events", f"Authorization: Bearer {token}")[2])["after"]
        afters = {which: after for which in range(2)}
        seen, cuts = {0: [], 1: []}, cuts_of(part, 2)
        for i, (start, end) in enumerate(zip(cuts, cuts[1:])):
            assert deliver(pair.servers[i // 2 % 2], agent, part, start, end) == end  # two to each by turns
            for which, served in enumerate(pair.servers):
                if i % (which + 1) == which:  # the second one looks half as often
                    ids, afters[which] = seen_live(served, token, afters[which], 7)
                    assert ids, (i, which)
                    seen[which] += ids
        status, _, body = second.ask("GET", "/v1/events?limit=200", f"Authorization: Bearer {token}")
        assert status == 200
        for which in range(2):
            ids, _ = seen_live(pair.servers[1 - which], token, afters[which], 50) if which else ([], None)
            seen[which] += ids
            assert len(seen[which]) == len(set(seen[which])) == 12 * 30, (which, len(seen[which]))


def test_who_waits_hears_of_what_comes_to_another():
    with replicas() as pair:
        first, second = pair.servers
        agent, token = Agent(first), Person(first).token
        (part,) = record(first.top, "record", 1, 5)
        after = json.loads(first.ask("GET", "/v1/events", f"Authorization: Bearer {token}")[2])["after"]
        begun = time.monotonic()
        status, _, body = first.ask("GET", f"/v1/events?after={after}", f"Authorization: Bearer {token}", "Prefer: wait=2")
        assert status == 200 and not json.loads(body)["events"] and time.monotonic() - begun > 1.5  # it was held
        threading.Timer(1, lambda: deliver(second, agent, part, 0, len(part.data))).start()
        begun = time.monotonic()
        assert len(seen_live(first, token, after, 200)[0]) == 5 and time.monotonic() - begun < 10


def wait_for_proof(served, person, path):
    deadline = time.monotonic() + 30
    while True:
        person.served = served
        status, event = person.get(path)
        assert status == 200, event
        if "proof" in event["log"]:
            return event["log"]
        assert time.monotonic() < deadline
        time.sleep(0.1)


def root_of(note):
    return base64.b64decode(note.split("\n")[2])


def test_each_server_proves_what_is_in_anothers_log():
    with replicas("--checkpoint-every", "1") as pair:
        first = pair.servers[0]
        agent, person = Agent(first), Person(first)
        for i, name in enumerate(("shop.example/log", "shop.example/log/b")):
            part = record(first.top, "record", 6, 10)[-1]
            assert deliver(pair.servers[i], agent, part, 0, len(part.data)) == len(part.data)
            key = first.rows("SELECT verifier FROM log_tree WHERE name = ?", name)[0][0]
            event = person.get("/v1/events?limit=1")[1]["events"][0]
            for which, served in enumerate(pair.servers):
                place = wait_for_proof(served, person, f"/v1/events/{event['agent']}/{event['event']}")
                assert (place["name"], place["key"]) == (name, key) and place["checkpoint"].startswith(f"{name}\n{place['size']}\n")
                status, told = person.get(f"/v1/log/proof?log={name}&leaf={place['leaf']}&size={place['size']}")
                assert status == 200 and (told["log"], told["key"]) == (name, key)
                hashes = [base64.b64decode(each) for each in told["hashes"]]
                assert [each.hex() for each in hashes] == place["proof"]
                assert root_by(base64.b64decode(told["hash"]), told["leaf"], told["size"], hashes) == root_of(place["checkpoint"])
                logs = {log["log"]: log for log in json.loads(served.ask("GET", "/v1/logs")[2])["logs"]}
                assert len(logs) == 2 and logs[name]["key"] == key and logs[name]["own"] == (which == i)
                assert served.ask("GET", f"/v1/log/checkpoint?log={name}")[2].decode().startswith(f"{name}\n")
                assert served.ask("GET", f"/v1/log/consistency?log={name}&from=1&to={place['size']}")[0] == 200
                if logged_in:
                    page = logged_in(served).get(f"/record/{event['agent']}/{event['event']}").words()
                    assert key in page and f"c2sp.org/tlog-proof@v1 index {place['leaf']} " in page, page
        for path in ("checkpoint?log=x", "proof?log=shop.example/log/c&leaf=0", "consistency?log=&from=1"):
            assert person.get(f"/v1/log/{path}")[0] == 404, path


def test_what_one_publishes_wakes_who_waits_at_the_other():
    with replicas() as pair:
        first = pair.servers[0]
        agent, person = Agent(first), Person(first)
        assert person.publish() == 1
        for version, poller in ((2, pair.servers[1]), (3, pair.servers[1]), (4, pair.servers[0])):
            answers = []
            thread = threading.Thread(target=lambda to=poller, known=version - 1: answers.append((*ask(
                to, agent, "GET", "/v1/policy", "Prefer: wait=20", f'If-None-Match: "{known}"'), time.monotonic())))
            thread.start()
            time.sleep(0.7)
            person.served = first if poller is not first else pair.servers[1]
            assert person.publish() == version
            published = time.monotonic()
            thread.join()
            status, headers, _, answered = answers[0]
            assert status == 200 and headers["etag"] == f'"{version}"', answers
            assert answered - published < 3, answered - published


def test_who_looks_learns_it_without_being_told():
    with replicas() as pair:
        first = pair.servers[0]
        agent, person = Agent(first), Person(first)
        assert person.publish() == 1
        threading.Timer(0.5, lambda: first.rows(
            "INSERT INTO policy SELECT bundle, 2, release, digest, note, signers, source, published FROM policy")).start()
        begun = time.monotonic()
        status, headers, _ = ask(pair.servers[1], agent, "GET", "/v1/policy", "Prefer: wait=20", 'If-None-Match: "1"')
        assert status == 200 and headers["etag"] == '"2"' and time.monotonic() - begun < 5


def test_who_is_known_to_one_is_known_to_the_other():
    with replicas() as pair:
        first = pair.servers[0]
        second = pair.servers[1]
        agent = Agent(second)
        assert ask(first, agent, "GET", "/v1/agent")[0] == 200
        assert run(first.top, "agent", "revoke", "--data", str(second.data), agent.name, program=SERVER)[0] == 0
        assert [ask(served, agent, "GET", "/v1/agent")[0] for served in pair.servers] == [401, 401]
        assert [run(first.top, "check", "--data", str(served.data), program=SERVER)[0] for served in pair.servers] == [0, 0]


def test_more_servers_are_not_more_passwords():
    with replicas() as pair:
        statuses = []
        pair.servers[0].stop()
        pair.servers[0].start()  # it knows of the other one now
        for i in range(2 * TRIES):
            body = json.dumps({"account": "admin", "password": f"wrong-{i}"}).encode()
            statuses.append(pair.servers[i % 2].ask("POST", "/v1/login", body=body)[0])
        assert statuses.count(403) < TRIES + 4 and statuses[-2:] == [429, 429], statuses


def test_each_server_lets_go_of_its_own_log():
    with replicas() as pair:
        first = pair.servers[0]
        agent, (part,) = Agent(first), record(first.top, "record", BATCHES, STATEMENTS)
        cuts = cuts_of(part, 5)
        rows = list(enumerate(zip(cuts, cuts[1:])))
        late = rows[-6:]
        for i, (start, end) in rows[:-6]:
            assert deliver(pair.servers[i % 2], agent, part, start, end) == end
        first.rows(f"UPDATE record_delivery SET received = received - ? WHERE start < {cuts[len(cuts) // 2]}", 100 * 86400 * 10**9)
        whole = dict(first.rows("SELECT log, count(*) FROM record_delivery GROUP BY log"))
        for which, log in ((1, 2), (0, 1)):
            status, out, err = run(first.top, "retain", "--data", str(pair.servers[which].data), "--before", "30d", "--json", program=SERVER)
            assert status == 0 and json.loads(out)["leaves"] > 0, err
            left = dict(first.rows("SELECT log, count(*) FROM record_delivery GROUP BY log"))
            assert left[log] < whole[log] and left[3 - log] == whole[3 - log], (whole, left)
            whole = left
            assert sum("(0 gone)" not in verify(path) for path in exported(pair)) == (1 if which else 2)
        for i, (start, end) in late:
            assert deliver(pair.servers[i % 2], agent, part, start, end) == end
        for path in exported(pair):
            assert "(0 gone)" not in verify(path)
            done = subprocess.run([CHAPERONE, "audit", "verify", path], capture_output=True, text=True, check=False, timeout=60)
            assert done.returncode == 0, done.stdout


def test_a_folder_is_of_one_replica():
    with replicas() as pair:
        first = pair.servers[0]
        theirs = {path.name: path.read_bytes() for path in pair.servers[1].data.iterdir()}
        assert all(path.stat().st_mode & 0o777 == 0o600 for path in pair.servers[1].data.iterdir())
        ours = {path.name: path.read_bytes() for path in first.data.iterdir()}
        assert set(ours) == set(theirs) and {name for name in ours if ours[name] != theirs[name]} == {"log.key"}
        to = str(first.top / "more")
        status, _, err = run(first.top, "replica", "--data", str(first.data), "--to", to, "--name", "b", program=SERVER)
        assert status == 1 and "shop.example/log/b" in err and not os.path.exists(to), err
        status, _, err = run(first.top, "init", "--data", to, "--database", postgresql.cluster().url(first.database), program=SERVER)
        assert status == 1 and "chaperone-server replica" in err, err
        status, _, err = run(first.top, "backup", "--data", str(first.data), "--to", f"{to}-copy", program=SERVER)
        assert status == 1 and "pg_dump" in err and not os.path.exists(f"{to}-copy"), err


main(collect(globals()))
