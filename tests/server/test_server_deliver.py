# SPDX-License-Identifier: MIT
# A machine's record comes to its server.
import json
import os

from recorded import record
from served import CHAPERONE, SERVER, server
from support import collect, main, run


def enroll(served):
    status, out, err = run(served.top, "code", "--data", str(served.data), "--json", program=SERVER)
    assert status == 0, err
    status, out, err = run(served.top, "enroll", f"https://127.0.0.1:{served.port}", "--code", json.loads(out)["code"], "--json",
                           "--folder", str(served.top / "kept"), "--host", "db-client.example", program=CHAPERONE)
    assert status == 0, err
    return json.loads(out)["agent"]


def deliver(served, *more):
    return run(served.top, "audit", "deliver", "--record", str(served.top / "record"), "--folder", str(served.top / "kept"), *more,
               program=CHAPERONE)


def delivered(served):
    return dict(served.rows("SELECT part, next FROM record_part"))


def test_a_record_comes_to_its_server():
    with server() as served:
        enroll(served)
        record(served.top, "record", 60, 40, 8192)
        status, out, err = deliver(served, "--json")
        assert status == 0 and json.loads(out)["entries_left"] == 0 and json.loads(out)["deliveries"] > 5, (out, err)
        assert json.loads(deliver(served, "--json")[1])["deliveries"] == 0
        parts = record(served.top, "record", 3, 3)  # another boot
        assert json.loads(deliver(served, "--json")[1])["deliveries"] == 1
        assert delivered(served) == {part.name: len(part.data) for part in parts}
        (served.top / "record" / "delivered").unlink()
        status, out, _ = deliver(served)
        assert status == 0 and "it lacks 0 entries" in out, out
        assert delivered(served) == {part.name: len(part.data) for part in parts}


def test_what_went_wrong_is_said():
    with server() as served:
        record(served.top, "record", 3, 3)
        status, out, err = deliver(served)
        assert status == 1 and not out and err, err
        agent = enroll(served)
        served.stop()
        status, out, err = deliver(served)
        assert status == 1 and not out and "127.0.0.1" in err, err
        served.start()
        (served.top / "kept").rename(served.top / "before")
        enroll(served)
        assert deliver(served)[0] == 0
        (served.top / "kept").rename(served.top / "second")
        (served.top / "before").rename(served.top / "kept")
        assert run(served.top, "agent", "revoke", "--data", str(served.data), agent, program=SERVER)[0] == 0
        record(served.top, "record", 3, 3)
        status, out, err = deliver(served)
        assert status == 1 and not out and err, err


def test_another_record_of_the_same_name_is_refused():
    with server() as served:
        enroll(served)
        (part,) = record(served.top, "record", 6, 10)
        assert deliver(served)[0] == 0
        (path,) = (served.top / "record").glob("*.rec")
        path.write_bytes(part.forged(part.cuts[1] + 30).data)
        os.unlink(served.top / "record" / "delivered")
        record(served.top, "record", 2, 2)
        status, out, _ = deliver(served, "--json")
        assert status == 1 and json.loads(out)["files_refused"] == 1, out
        assert len(delivered(served)) == 2 and part.name in delivered(served)


main(collect(globals()))
