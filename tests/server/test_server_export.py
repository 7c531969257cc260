# SPDX-License-Identifier: MIT
# An export can be verified without the server, and shows any change.
import os
import pathlib
import random
import subprocess
import sys
import time

from recorded import Agent, record
from served import SERVER, server
from support import collect, main, run

VERIFY = os.environ["VERIFY_EXPORT"]
KINDS = ("log", "agent", "leaves", "checkpoint", "delivery", "end")


def export(served, name="export", *more):
    to = served.top / name
    status, out, err = run(served.top, "export", "--data", str(served.data), "--to", str(to), *more, program=SERVER)
    assert status == 0, err
    return to


def verify(path, *more):
    done = subprocess.run([sys.executable, "-I", VERIFY, path, *more], capture_output=True, text=True, check=False, timeout=60)
    assert not done.stderr, done.stderr
    return done.returncode, done.stdout


def checkpoint(served):
    return served.ask("GET", "/v1/log/checkpoint")[2]


def await_checkpoint(served, size):
    """The first one of at least so many leaves."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        status, _, note = served.ask("GET", "/v1/log/checkpoint")
        if status == 200 and int(note.split(b"\n")[1]) >= size:
            return note
    raise AssertionError("no checkpoint came")


def filled(served):
    agents = [Agent(served), Agent(served)]
    record(served.top, "first", 30, 20, 4096)
    for agent, name in zip(agents, ("first", "second")):
        for part in record(served.top, name, 10, 20, 4096):
            for start, end in zip([0, *part.cuts[2::3]], [*part.cuts[2::3], None]):
                if start != len(part.data):
                    assert agent.deliver(part, start, end)[0] == 200
    return agents


def test_an_export_is_good():
    with server() as served:
        assert served.ask("GET", "/v1/log/checkpoint")[0] == 404
        first, _ = filled(served)
        path = export(served)
        status, out = verify(path)
        assert status == 0 and out.startswith("good: ") and "of shop.example/log" in out, out
        assert path.stat().st_mode & 0o777 == 0o600
        key = path.read_bytes().split(b'"key":"')[1].split(b'"')[0].decode()
        assert verify(path, "--key", key)[1].endswith("shop.example/log\n")
        assert run(served.top, "export", "--data", str(served.data), "--to", str(path), program=SERVER)[0] == 1
        for name, more in (("one", ["--agent", first.name]), ("late", ["--from", "1h"]), ("none", ["--until", "2001-01-01"])):
            status, out = verify(export(served, name, *more))
            assert status == 0 and "not here" not in out, out
        assert (served.top / "one").stat().st_size < path.stat().st_size > (served.top / "none").stat().st_size


def test_an_export_of_nothing_is_good():
    with server() as served:
        assert verify(export(served))[0] == 0


def test_later_checkpoints_continue_earlier_ones():
    with server("--checkpoint-every", "1") as served:
        agent, (part,) = Agent(served), record(served.top, "record", 9, 5)
        kept = []
        for start, end in zip([0, *part.cuts], part.cuts[:4]):
            assert agent.deliver(part, start, end)[0] == 200
            kept.append(await_checkpoint(served, len(kept) + 1))
        assert len(set(kept)) == len(kept)
        path, earlier = export(served), served.top / "kept"
        for note in kept:
            earlier.write_bytes(note)
            assert verify(path, "--checkpoint", earlier)[0] == 0
        earlier.write_bytes(note.replace(b"\n4\n", b"\n5\n"))
        status, out = verify(path, "--checkpoint", earlier)
        assert status == 1 and "the signature does not fit" in out, out


def test_another_log_is_bad():
    with server() as served, server() as other:
        for each in (served, other):
            filled(each)
        path, theirs = export(served), export(other)
        earlier = served.top / "kept"
        earlier.write_bytes(checkpoint(other))
        assert verify(path, "--checkpoint", earlier)[0] == 1
        key = theirs.read_bytes().split(b'"key":"')[1].split(b'"')[0].decode()
        assert verify(path, "--key", key)[0] == 1 and verify(theirs, "--key", key)[0] == 0


def resealed(data):
    """The export with the digest that it would have now."""
    import hashlib
    import json
    lines = data[:-1].rsplit(b"\n", 1)
    told = json.loads(lines[1])
    told["sha256"] = hashlib.sha256(lines[0] + b"\n").hexdigest()
    return lines[0] + b"\n" + json.dumps(told, separators=(",", ":")).encode() + b"\n"


def test_no_change_passes():
    with server() as served:
        filled(served)
        path, forged = export(served), served.top / "forged"
        data = path.read_bytes()
        begin = data.index(b"\n\n") + 2
        chosen, cut = random.Random(7), len(data) // 2
        places = [chosen.randrange(begin, len(data)) for _ in range(60)]
        places += [data.index(b'{"kind":"' + kind.encode()) + 20 for kind in KINDS]
        for place in places:
            changed = data[:place] + bytes([data[place] ^ 1]) + data[place + 1:]
            forged.write_bytes(changed)
            assert verify(forged)[0] == 1, place
        for changed in (data[:cut], data[:-1], data + b"x", data[:begin], b"", data.replace(b"export 1", b"export 2", 1)):
            forged.write_bytes(changed)
            assert verify(forged)[0] == 1


def test_what_is_sealed_again_is_found_by_what_it_holds():
    with server() as served:
        filled(served)
        path, forged = export(served), served.top / "forged"
        data = path.read_bytes()
        statement = data.index(b"delete") if b"delete" in data else data.index(b"select email")
        leaves = data.index(b"\n", data.index(b'"kind":"leaves"')) + 40
        note = data.index(b"shop.example/log\n") + len("shop.example/log\n")
        for place, said in ((statement, "does not fit"), (leaves, ""), (note, "signature")):
            forged.write_bytes(resealed(data[:place] + bytes([data[place] ^ 1]) + data[place + 1:]))
            status, out = verify(forged)
            assert status == 1 and said in out, (place, out)


def test_the_verifier_is_short():
    assert sum(bool(line.strip()) for line in pathlib.Path(VERIFY).read_text(encoding="utf-8").splitlines()) < 200


main(collect(globals()))
