# SPDX-License-Identifier: MIT
# What a machine recorded is sealed with keys that it does not have any more.
import base64
import hashlib
import hmac
import json
import struct

from recorded import Agent, Part, record
from served import CHAPERONE, SERVER, server
from support import collect, main, run


def key_of(first, epoch):
    for _ in range(epoch):
        first = hashlib.sha256(b"next" + first).digest()
    return first


def sealed(served, agent, epoch, name="record", batches=6, statements=4, **more):
    return record(served.top, f"{name}-{epoch}", batches, statements, seal=(key_of(agent.key, epoch).hex(), epoch), **more)


def alarms(served):
    return served.rows("SELECT kind, part, place FROM record_alarm ORDER BY kind")


def text(label, *numbers):
    return label + b"".join(struct.pack("<Q", number) for number in numbers)


def tags(part, key, epoch):
    """By doc/record.md alone: the tag of each batch as it has to be, and as it is."""
    number, boot = struct.unpack_from("<IQ", part.data, 12)
    of_part = hmac.digest(key, text(b"chaperone-boot/1\n", boot), "sha256")
    for _ in range(1, number):
        of_part = hashlib.sha256(b"next" + of_part).digest()
    own = hmac.digest(of_part, b"chaperone-part/1\n", "sha256")
    for index, (start, end) in enumerate(zip(part.cuts, part.cuts[1:])):
        body = part.data[start + 12:end - 64]
        prior = part.data[start - 32:start]
        yield (hmac.digest(own, text(b"chaperone-seal/1\n", boot, number, epoch, index) + prior + hashlib.sha256(body).digest(), "sha256"),
               part.data[end - 64:end - 32])
        own = hashlib.sha256(b"next" + own).digest()


def test_what_is_sealed_is_taken_piece_by_piece():
    with server() as served:
        agent = Agent(served)
        parts = sealed(served, agent, 3, batches=30, file_max=2048)
        assert len(parts) > 3
        for part in parts:
            cuts = [0, *part.cuts]
            for start, end in zip(cuts, cuts[1:]):
                assert agent.deliver(part, start, end)[0] == 200
            assert all(due == there for due, there in tags(part, key_of(agent.key, 3), 3))
        assert alarms(served) == []
        assert served.rows("SELECT min(sealed), min(seal_epoch), count(*) FROM record_part") == [(1, 3, len(parts))]


def test_boots_come_in_any_order():
    with server() as served:
        agent, second = Agent(served), Agent(served)
        for epoch in (5, 0, 4000, 3999, 10, 9000, 4):
            (part,) = sealed(served, agent, epoch, batches=2)
            assert agent.deliver(part)[0] == 200, epoch
        (part,) = sealed(served, agent, 7)
        assert second.deliver(part)[0] == 400 and agent.deliver(part)[0] == 200  # another machine's
        assert [kind for kind, *_ in alarms(served)] == ["seal"]


def test_what_was_recorded_before_cannot_be_written_anew():
    with server() as served:
        agent = Agent(served)
        (part,) = sealed(served, agent, 3)
        places = [*range(part.cuts[2] + 30, part.cuts[3] - 64, 9), part.cuts[3] - 40]
        assert agent.deliver(part, 0, part.cuts[2])[0] == 200
        for place in places:  # what is not delivered yet, with hashes that fit
            forged = part.forged(place)
            assert agent.deliver(forged, part.cuts[2])[0] == 400, place
        cut = part.data[part.cuts[3]:part.cuts[4]]
        assert agent.deliver(Part(part.data[:part.cuts[2]] + rehash(part, cut)), part.cuts[2])[0] == 400  # one batch is left out
        assert ("seal", part.name, part.cuts[2]) in alarms(served), alarms(served)
        assert agent.position(part) == part.cuts[2]
        assert agent.deliver(part, part.cuts[2])[0] == 200


def rehash(part, batch):
    """A batch that follows what is there after the second one."""
    head = hashlib.sha256(part.data[part.cuts[2] - 32:part.cuts[2]] + batch[:-32]).digest()
    return batch[:-32] + head


def test_who_has_a_later_key_makes_no_earlier_boot():
    with server() as served:
        agent = Agent(served)
        later = key_of(agent.key, 4)
        for epoch, status in ((3, 400), (4, 200), (5, 400)):
            (part,) = record(served.top, f"record-{epoch}", 3, 3, seal=(later.hex(), epoch))
            assert agent.deliver(part)[0] == status, epoch
        (part,) = record(served.top, "far", 3, 3, seal=(later.hex(), 1 << 40))
        assert agent.deliver(part)[0] == 400
        (part,) = record(served.top, "none", 3, 3, seal=("none", 0))  # as if it had never had a key
        assert agent.deliver(part)[0] == 400
        (part,) = record(served.top, "before", 3, 3)  # from before it enrolled
        assert agent.deliver(part)[0] == 200
        assert served.rows("SELECT sealed, count(*) FROM record_part GROUP BY sealed ORDER BY sealed") == [(0, 1), (1, 1)]
        out = run(served.top, "check", "--data", str(served.data), program=SERVER)[1]
        assert "seal" in out, out


def test_a_machine_keeps_no_key_that_it_used():
    with server() as served:
        status, out, err = run(served.top, "code", "--data", str(served.data), "--json", program=SERVER)
        kept = served.top / "kept"
        told = run(served.top, "enroll", f"https://127.0.0.1:{served.port}", "--code", json.loads(out)["code"], "--json", "--folder",
                   str(kept), program=CHAPERONE)
        assert told[0] == 0, told
        agent = json.loads(told[1])["agent"]
        first = served.rows("SELECT chain_key FROM agent WHERE id = ?", agent)[0][0]
        assert "chain_key" not in json.loads((kept / "enrolment.json").read_text())
        path = kept / f"chain-{agent}"
        assert path.stat().st_mode & 0o777 == 0o600
        assert json.loads(path.read_text()) == {"epoch": 0, "key": base64.urlsafe_b64encode(first).decode().rstrip("=")}
        status, out, err = run(served.top, "code", "--data", str(served.data), "--json", program=SERVER)
        again = run(served.top, "enroll", f"https://127.0.0.1:{served.port}", "--code", json.loads(out)["code"], "--json", "--folder",
                    str(kept), "--again", program=CHAPERONE)
        assert again[0] == 0 and not path.exists() and len(list(kept.glob("chain-*"))) == 1, again


main(collect(globals()))
