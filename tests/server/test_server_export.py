# SPDX-License-Identifier: MIT
# An export can be verified without the server, and shows any change.
import base64
import concurrent.futures
import hashlib
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

from authors import Person, new_key, rows, sign
from exported import VERIFY, Taken, export, key_of, verify
from recorded import Agent, linked, record
from served import CHAPERONE, SERVER, server
from support import collect, folder, main, run

KINDS = ("log", "pins", "author", "agent", "policy", "grants", "leaves", "checkpoint", "delivery", "end")


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
    """Two machines with what they delivered, and two versions of their policies."""
    agents, admin = [Agent(served), Agent(served)], Person(served)
    assert [admin.publish() for _ in range(2)] == [1, 2]
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
        assert status == 0 and "good" in out and "2 checkpoints" not in out and "shop.example/log" in out, out
        assert path.stat().st_mode & 0o777 == 0o600
        key = key_of(path.read_bytes())
        script, command = out
        assert "by the key in the export" in script and "UNANCHORED" in command and key in command
        script, command = verify(path, "--key", key)[1]
        assert "by the key in the export" not in script and "anchored" in command and "UNANCHORED" not in command
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
        key = key_of(theirs.read_bytes())
        assert verify(path, "--key", key)[0] == 1 and verify(theirs, "--key", key)[0] == 0


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


def flipped(at):
    def flip(block):
        block[1] = block[1][:at] + bytes([block[1][at] ^ 1]) + block[1][at + 1:]
    return flip


def told(**more):
    def tell(block):
        block[0] |= more
    return tell


def test_what_is_sealed_again_is_found_by_what_it_holds():
    with server() as served:
        filled(served)
        path, forged = export(served), served.top / "forged"
        for kind, number, change, *said in (
                ("delivery", 1, flipped(200), "(delivery)", "part ", "offset ", "of agent "),
                ("delivery", 1, told(agent="nobody"), "(delivery)", "a machine that is not listed"),
                ("delivery", 2, told(start=9), "(delivery)", "does not go on where the part had come to"),
                ("delivery", 3, told(prior="ab" * 32), "(delivery)", "does not go on where the part had come to"),
                ("delivery", 3, told(leaves=99), "(delivery)"),
                ("leaves", 0, flipped(40)),
                ("leaves", 0, told(first=1), "(leaves)", "hashes of leaves are missing from leaf 0 on"),
                ("checkpoint", 0, flipped(20), "(checkpoint)", "signature does not fit"),
                ("checkpoint", 0, told(size=1), "(checkpoint)"),
                ("policy", 1, flipped(5), "(policy)", "signature does not fit"),
                ("policy", 1, flipped(-1), "(policy)", "version 2 of shop"),
                ("policy", 1, told(version=3), "(policy)", "version 3 of shop"),
                ("policy", 1, told(bundle="other"), "(policy)"),
                ("author", 0, told(revoked=1), "(policy)", "nobody signed it"),
                ("author", 0, told(key="none"), "(author)"),
                ("agent", 0, told(agent="nobody"), "(delivery)", "a machine that is not listed"),
                ("grants", 0, told(version=1), "(grants)", "a newer one verifies them"),
                ("log", 0, told(size=10**6))):
            taken = Taken(path.read_bytes())
            change(taken.blocks[taken.of(kind)[number]])
            forged.write_bytes(taken.data(served))
            status, out = verify(forged)
            assert status == 1 and all(words in out for words in said), (kind, number, said, out)
        forged.write_bytes(Taken(path.read_bytes()).data(served))
        assert verify(forged)[0] == 0


def test_what_is_left_out_is_named():
    with server() as served, server() as other:
        filled(served)
        forged, foreign = served.top / "forged", Agent(other)
        part, = record(other.top, "record", 9, 5)
        assert foreign.deliver(part)[0] == 200
        theirs = Taken(export(other).read_bytes())
        data = export(served).read_bytes()

        def without(kind, number):
            def change(blocks, places):
                del blocks[places(kind)[number]]
            return change

        def exchange(kind, first, second):
            def change(blocks, places):
                left, right = places(kind)[first], places(kind)[second]
                blocks[left], blocks[right] = blocks[right], blocks[left]
            return change

        def foreign_checkpoint(blocks, places):
            blocks[places("checkpoint")[0]] = theirs.blocks[theirs.of("checkpoint")[0]]

        def without_last_hash(blocks, places):
            last = blocks[places("leaves")[-1]]
            last[1] = last[1][:-32]

        for change, *said in (
                (without("delivery", 2), "(delivery)", "missing"),
                (without("delivery", 0), "(delivery)", "missing"),
                (without("delivery", -1), "(end)", "missing"),
                (exchange("delivery", 1, 2), "(delivery)", "missing"),
                (without("leaves", 0), ""),
                (without_last_hash, ""),
                (without("checkpoint", -1), "(end)"),
                (foreign_checkpoint, "(checkpoint)", "nobody signed it whose key is known"),
                (without("policy", 0), "(policy)", "version 2 of shop"),
                (exchange("policy", 0, 1), "(policy)", "version 2 of shop"),
                (without("agent", 1), "(delivery)", "a machine that is not listed"),
                (without("log", 0), "block 0")):
            taken = Taken(data)
            change(taken.blocks, taken.of)
            forged.write_bytes(taken.data(served))
            status, out = verify(forged)
            assert status == 1 and all(words in out for words in said), (said, out)


def test_what_is_not_a_leaf_is_sealed_by_the_logs_key():
    with server() as served, server() as other:
        filled(served)
        forged = served.top / "forged"
        taken = Taken(export(served).read_bytes())
        taken.blocks[taken.of("agent")[0]][0]["host"] = "another.example"
        for sealed_by, said in ((None, "(end)"), (other, "nobody signed it whose key is known")):
            forged.write_bytes(taken.data(sealed_by))
            status, out = verify(forged)
            assert status == 1 and said in out, out


def head(served, path, *more):
    return run(served.top, "audit", "head", path, *more)


def test_a_head_that_is_kept_elsewhere_shows_a_log_that_was_written_anew():
    with server() as served, server() as other:
        agent, (part,) = Agent(served), record(served.top, "record", 9, 5)
        kept, key = served.top / "kept", (served.data / "log.key").read_text(encoding="ascii").strip()
        assert agent.deliver(part, 0, part.cuts[3])[0] == 200
        first = export(served)
        status, note, err = head(served, first)
        assert status == 0 and note.startswith("shop.example/log\n4\n") and "unanchored" in err, err
        assert note.encode() == checkpoint(served)
        kept.write_text(note, encoding="utf-8")
        assert agent.deliver(part, part.cuts[3])[0] == 200
        last = export(served, "last")
        verifier = key_of(last.read_bytes())
        status, out, err = head(served, last, "--against", kept, "--key", verifier)
        assert status == 0 and out == "good: the log of 10 leaves begins with that of 4\n" and not err, (out, err)
        told = json.loads(head(served, last, "--against", kept, "--key", verifier, "--json")[1])
        assert (told["size"], told["begins_with"], told["key"], told["key_from"]) == (10, 4, verifier, "given"), told
        root = note.split("\n")[2]
        forged = note.split("\n\n")[0].replace(root, base64.b64encode(bytes(32)).decode()) + "\n"
        for text, path, said in ((sign(forged, key).decode(), last, "had another root when it had 4 leaves"),
                                 (note.replace("\n4\n", "\n5\n"), last, "the signature does not fit"),
                                 (checkpoint(served).decode(), first, "the log has 4 leaves, and had 10"),
                                 (note, export(other), "no checkpoint"),
                                 ("x\n", last, "no such note")):
            kept.write_text(text, encoding="utf-8")
            status, out, err = head(served, path, "--against", kept)
            assert status in (1, 2) and not out and said in err, (said, status, err)


def test_the_server_proves_what_an_export_has():
    """By the tree of the export, which this makes of its leaves as RFC 6962 says."""
    def root(hashes):
        if len(hashes) < 2:
            return hashes[0]
        half = 1 << (len(hashes) - 1).bit_length() - 1
        return hashlib.sha256(b"\1" + root(hashes[:half]) + root(hashes[half:])).digest()

    def path(hashes, at):
        if len(hashes) < 2:
            return []
        half = 1 << (len(hashes) - 1).bit_length() - 1
        return [*path(hashes[:half], at), root(hashes[half:])] if at < half else [*path(hashes[half:], at - half), root(hashes[:half])]

    with server() as served:
        filled(served)
        taken = Taken(export(served).read_bytes())
        data = b"".join(taken.blocks[i][1] for i in taken.of("leaves"))
        hashes, admin = [data[i:i + 32] for i in range(0, len(data), 32)], Person(served)
        for leaf, size in ((0, 1), (0, len(hashes)), (len(hashes) - 1, len(hashes)), (5, 11), (6, 7)):
            status, told = admin.get(f"/v1/log/proof?leaf={leaf}&size={size}")
            assert status == 200 and base64.b64decode(told["hash"]) == hashes[leaf]
            assert [base64.b64decode(each) for each in told["hashes"]] == path(hashes[:size], leaf), (leaf, size)
        for asked in ("leaf=1&size=0", f"leaf=0&size={len(hashes) + 1}", f"leaf={len(hashes)}", "leaf=x", "size=1", "leaf=-1", "leaf=00"):
            assert admin.get(f"/v1/log/proof?{asked}")[0] == 400, asked
        status, _, told = served.ask("GET", f"/v1/log/consistency?from=4&to={len(hashes)}")
        grown = [base64.b64decode(each) for each in json.loads(told)["hashes"]]
        assert status == 200 and grown == [each for each in path(hashes, 3)[2:]], told
        for asked in ("from=3&to=2", f"from=1&to={len(hashes) + 1}", "to=1", "from=x"):
            assert served.ask("GET", f"/v1/log/consistency?{asked}")[0] == 400, asked
        assert served.ask("GET", "/v1/log/proof?leaf=0")[0] == 401


def test_anybody_verifies_in_a_folder_of_his_own():
    """Another account, without a server, a home or anything else of the machine's that made it."""
    with server() as served, tempfile.TemporaryDirectory() as name:
        filled(served)
        clean = pathlib.Path(name)
        clean.chmod(0o755)
        for source in (export(served), pathlib.Path(VERIFY), pathlib.Path(CHAPERONE)):
            shutil.copy(source, clean)
            (clean / source.name).chmod(0o755)
        served.stop()
        shutil.rmtree(served.data)
        python = shutil.which("python3", path="/usr/bin:/bin") or sys.executable
        nobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.getuid() == 0 else []
        for words in ([python, "-I", "verify_export.py", "export"], ["./chaperone", "audit", "verify", "export"]):
            done = subprocess.run(nobody + words, cwd=clean, env={}, capture_output=True, text=True, check=False, timeout=60)
            assert done.returncode == 0 and done.stdout.startswith("good") and not done.stderr, done


def test_keys_are_named_for_an_export_alone():
    with folder() as top:
        for words, said in ((["--key", "x"], "belong to an export"), (["--head", "ab" * 32, "export"], "belongs to a local record"),
                            (["--key", "x", "export"], "expected the log's key"), (["--authors", "none", "export"], "No such file"),
                            (["export"], "No such file"), (["."], "there is no export in it")):
            status, out, err = run(top, "audit", "verify", *words)
            assert status == 2 and not out and said in err, (words, err)


def test_authors_are_those_who_are_named():
    with server() as served:
        filled(served)
        path, authors = export(served), served.top / "authors"
        listed, other = [block[0]["key"] for block in Taken(path.read_bytes()).blocks if block[0]["kind"] == "author"], new_key("other")[1]
        for keys, expected in ((listed, 0), ([other, *listed], 0), ([other], 1)):
            authors.write_text("\n".join(keys) + "\n", encoding="ascii")
            status, out = verify(path, "--authors", authors)
            assert status == expected and ("nobody signed it whose key is known" in out) == bool(status), out


def test_alarms_are_told():
    with server() as served:
        agent, part = Agent(served), record(served.top, "record", 9, 5)[0]
        assert agent.deliver(part)[0] == 200 and agent.deliver(part.forged(part.cuts[3] + 20))[0] == 409
        status, out = verify(export(served))
        assert status == 0 and f"alarm: fork of agent {agent.name}, part {part.name}, offset " in out, out


def doubted(path, agent):
    """What both verifiers say of a log that is good, with one machine that they name; what else is changed in it is bad still."""
    status, out = verify(path)
    assert status == 1 and "good but for 1 machine" in out and f"not to be trusted: agent {agent.name}: " in out, out
    told = json.loads(run(path.parent, "audit", "verify", path, "--json")[1])
    assert (told["good"], told["doubted"]) == (True, 1) and told["verdict"].startswith("good but for 1 machine"), told
    forged, taken = path.parent / "forged", path.read_bytes()
    forged.write_bytes(taken[:-200] + bytes([taken[-200] ^ 1]) + taken[-199:])
    status, out = verify(forged)
    assert status == 1 and "bad: " in out, out


def test_a_machine_that_contradicts_itself_is_named_and_the_log_is_good():
    for is_late in (False, True):
        with server() as served:
            hostile, honest = Agent(served), Agent(served)
            record(served.top, "record", 3, 5)
            first, second = record(served.top, "record", 3, 5)
            forged = second.forged(48 + 32)  # the hash that its header names of the first part
            for part in (forged, first) if is_late else (first, forged):
                assert hostile.deliver(part)[0] == 200
            for part in (first, second):
                assert honest.deliver(part)[0] == 200
            path = export(served)
            doubted(path, hostile)
            status, out = verify(path)
            assert f"part {first.name} at offset {len(first.data)}" in out and f"agent {honest.name}" not in out, out
            found = rows(served, "SELECT agent, kind, part, detail FROM record_alarm")
            assert is_late or found == [(hostile.name, "fork", second.name,
                                         f"its header names another hash of part {first.name} at offset {len(first.data)} than is here")]
            assert not is_late or not found


def test_links_without_number_are_a_remark_about_their_machine():
    with server() as served:
        hostile, honest = Agent(served), Agent(served)
        nowhere = [(9, i, 100, bytes(32)) for i in range(1, 257)]
        with concurrent.futures.ThreadPoolExecutor(8) as several:
            answers = several.map(lambda boot: hostile.deliver(linked(boot, nowhere))[0], range(10, 10 + 1025))
        assert set(answers) == {200}
        assert honest.deliver(record(served.top, "record", 3, 5)[0])[0] == 200
        status, out = verify(export(served))
        assert status == 1 and "good but for 1 machine" in out and f"agent {honest.name}" not in out, out
        assert f"not all checked: agent {hostile.name}: " in out and "not here: part 00000009-1 of agent" in out, out


def test_a_part_that_cannot_be_is_no_link():
    with server() as served:
        agent = Agent(served)
        first = linked(7, [])
        head = first.data[-32:]
        for part in (first, linked(8, [(7, 1, len(first.data), head), (7 + (1 << 32), 1, len(first.data), bytes(32))])):
            assert agent.deliver(part)[0] == 200
        status, out = verify(export(served))
        assert status == 0 and not any("not here" in said for said in out), out


def test_the_verifier_is_short():
    assert sum(bool(line.strip()) for line in pathlib.Path(VERIFY).read_text(encoding="utf-8").splitlines()) < 480


main(collect(globals()))
