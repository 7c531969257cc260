# SPDX-License-Identifier: MIT
# One export has the logs of all servers, and both verifiers say whether all of them are there and good.
import contextlib
import os
import shutil
import subprocess
import sys

from exported import Taken, key_of
from fleet import replicas
from recorded import Agent, record
from served import CHAPERONE, SERVER, manage
from support import clean_environment, collect, main, run

OWN, OTHER = "shop.example_log.export", "shop.example_log_b.export"


def verify(path, *more):
    """By both, which agree: the status, and what each said."""
    ways = [[sys.executable, "-I", os.environ["VERIFY_EXPORT"], path, *more], [CHAPERONE, "audit", "verify", path, *more]]
    if "--checkpoint" in more:
        ways.pop()
    done = [subprocess.run(way, capture_output=True, text=True, check=False, timeout=60, env=clean_environment(path.parent / "home")) for way in ways]
    assert {each.returncode for each in done} in ({0}, {1}) and not any(each.stderr for each in done), [(each.args, each.returncode, each.stdout, each.stderr) for each in done]
    return done[0].returncode, [each.stdout for each in done]


@contextlib.contextmanager
def exported(*more):
    """Two servers and what came to each, one that got nothing, and the folder to which all logs were exported."""
    with replicas() as pair:
        first, second = pair.servers
        agent, (part,) = Agent(first), record(first.top, "record", 12, 20)
        for i, (start, end) in enumerate(zip([0, *part.cuts], part.cuts)):
            agent.served = pair.servers[i % 2]
            assert agent.deliver(part, start, end)[0] == 200
        manage(first, "replica", "--to", str(first.top / "data-c"), "--name", "c")
        second.stop()  # signs
        folder = first.top / "all"
        out, _ = manage(first, "export", "--all", "--to", str(folder), *more)
        assert f"2 logs of {len(part.cuts)} leaves" in out, out
        yield first, second, part, folder


def test_all_logs_are_exported_and_verified_with_one_key():
    with exported() as (_, second, part, folder):
        assert sorted(path.name for path in folder.iterdir()) == [OWN, OTHER] and folder.stat().st_mode & 0o77 == 0
        own, other = (Taken((folder / name).read_bytes()) for name in (OWN, OTHER))
        logs = [taken.blocks[0][0] for taken in (own, other)]
        assert [log["name"] for log in logs] == ["shop.example/log", "shop.example/log/b"] and [log["logs"] for log in logs] == [2, 2]
        assert logs[1]["sealed_by"] == logs[0]["key"] and "sealed_by" not in logs[0]
        assert logs[1]["key"] == second.rows("SELECT verifier FROM log_tree WHERE name = ?", "shop.example/log/b")[0][0]
        pieces = {told["start"]: data for taken in (own, other) for told, data in (taken.blocks[i] for i in taken.of("delivery"))}
        assert b"".join(data for _, data in sorted(pieces.items())) == part.data
        status, said = verify(folder, "--key", logs[0]["key"])
        assert status == 0 and all(text.endswith("all 2 logs are here\n") and text.count("good") == 2 for text in said), said
        assert "the log's key is the word of shop.example/log, which made the export and whose own is known" in said[1]
        assert verify(folder)[0] == 0
        for name, key in ((OWN, 0), (OTHER, 0), (OTHER, 1)):  # each stands for itself as well
            assert verify(folder / name, "--key", logs[key]["key"])[0] == 0, (name, key)
        assert verify(folder / OWN, "--key", logs[1]["key"])[0] == 1
        for i, taken in enumerate((own, other)):
            note = folder.parent / "note"
            note.write_bytes(taken.blocks[taken.of("checkpoint")[-1]][1])
            assert verify(folder, "--key", logs[0]["key"], "--checkpoint", note)[0] == 0, i


def test_what_is_missing_or_changed_is_found():
    with exported() as (_, second, _, folder):
        key = key_of((folder / OWN).read_bytes())
        other = (folder / OTHER).read_bytes()
        (folder / OTHER).unlink()
        status, said = verify(folder, "--key", key)
        assert status == 1 and all("not all that were exported together" in text for text in said), said
        shutil.copy(folder / OWN, folder / "twice")
        assert verify(folder, "--key", key)[0] == 1
        (folder / "twice").unlink()
        for place in (other.index(b'"kind":"delivery"') + 200, other.index(b'"sealed_by"') - 20, other.index(b'"logs":2') + 7, len(other) - 10):
            (folder / OTHER).write_bytes(other[:place] + bytes([other[place] ^ 1]) + other[place + 1:])
            assert verify(folder, "--key", key)[0] == 1, place
        alone = folder.parent / "alone"
        manage(second, "export", "--to", str(alone))  # of the same log, but not with the other
        shutil.copy(alone, folder / OTHER)
        assert verify(folder)[0] == 1


def test_a_seal_of_somebody_elses_is_not_the_servers():
    with exported() as (_, second, _, folder):
        key = key_of((folder / OWN).read_bytes())
        there = folder.parent / "theirs"
        manage(second, "export", "--all", "--to", str(there))  # by the other one's key
        assert verify(there, "--key", key_of((there / OTHER).read_bytes()))[0] == 0
        other = (folder / OTHER).read_bytes()
        forged = other.replace(f'"sealed_by":"{key}"'.encode(), f'"sealed_by":"{key_of(other)}"'.encode(), 1)
        assert forged != other
        (folder / OTHER).write_bytes(forged)
        assert verify(folder, "--key", key)[0] == 1 and verify(folder)[0] == 1


def test_a_folder_that_is_there_stays_as_it_is():
    with exported() as (first, _, _, folder):
        before = {path.name: path.read_bytes() for path in folder.iterdir()}
        status, _, err = run(first.top, "export", "--data", str(first.data), "--all", "--to", str(folder), program=SERVER)
        assert status == 1 and "exists" in err, err
        assert before == {path.name: path.read_bytes() for path in folder.iterdir()}


def test_filters_are_those_of_each():
    with exported("--until", "2001-01-01") as (_, _, _, folder):
        taken = [Taken((folder / name).read_bytes()) for name in (OWN, OTHER)]
        assert all(each.blocks[0][0]["filtered"] and each.blocks[0][0]["until"] > 0 for each in taken)
        assert sum(len(each.of("delivery")) for each in taken) <= 1  # what tells of no time
        assert verify(folder, "--key", taken[0].blocks[0][0]["key"])[0] == 0


main(collect(globals()))
