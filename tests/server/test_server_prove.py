# SPDX-License-Identifier: MIT
# What is proven from an export stands alone, and nothing else passes for it.
import json
import os
import random
import subprocess
import sys

from exported import VERIFY, export, key_of
from recorded import Agent, record
from served import CHAPERONE, server
from support import clean_environment, collect, main, run


def ask(top, *words):
    return run(top, "audit", *words)


class Log:
    """A record that was delivered under several checkpoints, its export, and the log's key."""

    def __init__(self, served, sizes=(1, 2, 5, 8)):
        self.top = served.top
        other, agent = Agent(served), Agent(served)
        self.part, = record(self.top, "record", 9, 16)
        second, = record(self.top, "second", 3, 4)
        assert other.deliver(second)[0] == 200
        before, cuts = 0, self.part.cuts
        for end in [cuts[size - 1] for size in sizes] + [None]:
            assert agent.deliver(self.part, before, end)[0] == 200
            self.path = export(served, f"export{end}")  # signs a checkpoint
            before = end
        self.key = key_of(self.path.read_bytes())
        self.first = len(second.cuts)
        self.sizes = [self.first + size for size in (*sizes, len(cuts))]
        self.events = self.listed("--record", self.top / "record")

    def listed(self, *words):
        status, out, err = ask(self.top, "list", "--json", *words)
        assert status == 0 and not err, err
        return [json.loads(line) for line in out.splitlines()]

    def prove(self, *words):
        status, out, err = ask(self.top, "prove", self.path, "--key", self.key, *words)
        assert status == 0 and not err, err
        return out

    def check(self, text, *more):
        """What the command says; the script agrees with it."""
        path = self.top / "proof"
        path.write_text(text, encoding="utf-8", errors="surrogateescape")
        status, out, err = ask(self.top, "prove", "--check", path, "--key", self.key, *more)
        done = subprocess.run([sys.executable, "-I", VERIFY, path, "--key", self.key], capture_output=True, text=True, check=False,
                              timeout=60, env=clean_environment(self.top / "home"))
        assert not done.stderr or not text.startswith("chaperone-"), done.stderr
        return status, out, err, done.returncode


def test_an_event_is_shown_as_the_record_shows_it():
    with server() as served:
        log = Log(served)
        for event, leaves in ((log.events[0], 1), (log.events[5], 1), (log.events[62], 2), (log.events[63], 3), (log.events[-1], 2)):
            proof = log.prove("--event", event["event"])
            status, out, err, by_script = log.check(proof)
            assert (status, by_script) == (0, 0) and out.startswith("good: this is in the log shop.example/log of 14 leaves\n"), (out, err)
            assert event["statement"] in out and "anna" in out and event["event"] in out, out
            told = json.loads(log.check(proof, "--json")[1])
            here = json.loads(ask(log.top, "show", "--json", "--record", log.top / "record", event["event"])[1])
            (shown,) = told["events"]
            for each in (here, shown):
                del each["chain"]["file"]
            assert shown == here, (shown, here)
            assert len(told["leaves"]) == leaves, (event, told["leaves"])


def test_an_export_is_read_as_the_records_that_it_is_of():
    with server() as served:
        log = Log(served)
        here = [json.dumps(event) for name in ("record", "second") for event in log.listed("--record", log.top / name)]
        there = log.listed(log.path)
        assert sorted(here) == sorted(map(json.dumps, there)) and [each["time"] for each in there] == sorted(each["time"] for each in there)
        assert len(log.listed(log.path, "--verdict", "deny")) == sum('"verdict": "deny"' in line for line in here) > 0
        assert len(log.listed(log.path, "-n", "3")) == 3
        event = log.events[63]["event"]
        shown = [json.loads(ask(log.top, "show", "--json", event, *where)[1]) for where in ([log.path], ["--record", log.top / "record"])]
        assert shown[0]["chain"].pop("file").endswith("/" + log.part.name) and shown[1]["chain"].pop("file")
        assert shown[0] == shown[1], shown
        table = [ask(log.top, "export", "--format", "csv", *where)[1] for where in
                 ([log.path], ["--record", log.top / "record"], ["--record", log.top / "second"])]
        assert sorted(table[0].splitlines()[1:]) == sorted(table[1].splitlines()[1:] + table[2].splitlines()[1:])
        damaged = log.top / "damaged"
        damaged.write_bytes(log.path.read_bytes()[:-2000])
        for words in (["list", damaged], ["show", event, damaged], ["list", log.top / "none"], ["list", log.top / "proof"]):
            status, _, err = ask(log.top, *words)
            assert status == 2 and str(words[-1]) in err, (words, err)


def test_an_id_in_a_refusal_is_proven_too():
    with server() as served:
        log = Log(served)
        denied = next(event for event in log.events if event["verdict"] == "deny")
        short = f"{denied['event'].split('-')[0]}-{denied['judgement'] & 0xffffffff:x}"
        status, out, err, by_script = log.check(log.prove("--event", short))
        assert (status, by_script) == (0, 0) and denied["statement"] in out, err


def test_a_leaf_is_proven_by_every_checkpoint_that_has_it():
    with server() as served:
        log = Log(served)
        for leaf in (log.first, log.first + 1, log.first + 4):
            for size in log.sizes:
                if leaf < size:
                    status, out, err, by_script = log.check(log.prove("--leaf", str(leaf), "--checkpoint", str(size)))
                    assert (status, by_script) == (0, 0) and f"leaf {leaf} of {size}: part {log.part.name} " in out, err
        for words, said in ((["--leaf", "99"], "has 14 leaves"), (["--leaf", "7", "--checkpoint", str(log.sizes[0])], "has 5 leaves"),
                            (["--leaf", "1", "--checkpoint", "3"], "no checkpoint of 3 leaves"), (["--event", "1-2-3"], "no such event"),
                            (["--event", log.events[-1]["event"], "--checkpoint", str(log.sizes[0])], "tells of it")):
            status, out, err = ask(log.top, "prove", log.path, *words)
            assert status == 1 and not out and said in err, (words, err)


def test_a_leaf_that_was_left_out_is_not_proven():
    with server() as served:
        log = Log(served)
        log.path = export(served, "none", "--until", "2001-01-01")
        status, out, err = ask(log.top, "prove", log.path, "--leaf", "3")
        assert status == 1 and not out and "is not in this export" in err, err


def test_a_log_begins_with_its_earlier_ones():
    with server() as served:
        log = Log(served)
        for start in log.sizes:
            for end in log.sizes:
                if start <= end:
                    status, out, err, by_script = log.check(log.prove("--from", str(start), "--to", str(end)))
                    assert (status, by_script) == (0, 0) and f"of {end} leaves begins with that of {start}\n" in out, (start, end, status, by_script, out, err)
        status, out, err = ask(log.top, "prove", log.path, "--from", str(log.sizes[2]), "--to", str(log.sizes[1]))
        assert status == 1 and "--from is larger" in err


def test_no_changed_proof_passes():
    with server() as served:
        log, chosen = Log(served), random.Random(11)
        event = log.prove("--event", log.events[5]["event"]).encode()
        growth = log.prove("--from", str(log.sizes[1]), "--to", str(log.sizes[3])).encode()
        for proof, flips in ((event, 40), (growth, 60)):
            assert log.check(proof.decode())[::3] == (0, 0)
            said = proof.index(b"\nevent ") if proof is event else 0
            behind = proof.index(b"\n", said + 1) if said else 0
            places = [chosen.randrange(len(proof)) for _ in range(flips)] + [len(proof) - 1 - i for i in range(20)]
            places += [proof.index(word) for word in (b"c2sp.org", b"extra ", b"index ") if proof is event]
            places += [proof.rindex(b"\n\n") - 2, proof.index(b"\n\n") - 2, said + 20]
            for place in places:
                changed = proof[:place] + bytes([proof[place] ^ 1]) + proof[place + 1:]
                status, _, _, by_script = log.check(changed.decode("utf-8", "surrogateescape"))
                assert status == 1 and (by_script == 1 or said <= place <= behind), (place, status, by_script, proof[place - 20:place + 20])
            for changed in (proof[:-1], proof + b"\n", proof[:len(proof) // 2], b"", proof.replace(b"/1\n", b"/2\n", 1)):
                status, _, _, by_script = log.check(changed.decode("utf-8", "surrogateescape"))
                assert status == 1 and by_script != 0, (status, by_script, changed[-30:])


def test_another_key_proves_nothing():
    with server() as served, server() as other:
        log, theirs = Log(served), Log(other)
        for proof in (log.prove("--leaf", "1"), log.prove("--from", str(log.sizes[0]), "--to", str(log.sizes[1]))):
            status, out, err, by_script = theirs.check(proof)
            assert (status, by_script) == (1, 1) and not out and "nobody signed it whose key is known" in err, err


def test_what_is_asked_is_one_thing():
    with server() as served:
        log = Log(served)
        proof = log.top / "proof"
        proof.write_text(log.prove("--leaf", "1"), encoding="utf-8")
        for words, said in (([log.path], "expected one of"), ([log.path, "--leaf", "1", "--event", "x"], "expected one of"),
                            ([log.path, "--from", "1"], "expected one of"), (["--leaf", "1"], "expected an export"),
                            ([log.path, "--check", proof], "--check takes no export"), (["--check", proof], "name its key with --key"),
                            ([log.path, "--from", "1", "--to", "2", "--checkpoint", "3"], "--checkpoint belongs")):
            status, out, err = ask(log.top, "prove", *words)
            assert status == 2 and not out and said in err, (words, err)


assert os.path.exists(CHAPERONE)
main(collect(globals()))
