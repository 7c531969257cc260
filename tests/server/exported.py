# SPDX-License-Identifier: MIT
"""Exports of a server's record: making them, taking them apart, and putting them together again as somebody who has the log's key."""
import hashlib
import json
import os
import subprocess
import sys

from authors import sign
from served import CHAPERONE, SERVER
from support import clean_environment, run

VERIFY = os.environ["VERIFY_EXPORT"]
END = b'{"kind":"end"'


def export(served, name="export", *more):
    to = served.top / name
    status, out, err = run(served.top, "export", "--data", str(served.data), "--to", str(to), *more, program=SERVER)
    assert status == 0, err
    return to


class Said(list):
    """What each verifier said; a text is in it that all of them said."""

    def __contains__(self, text):
        return all(text in said for said in self)


def verify(path, *more):
    """By the script and by `chaperone audit verify`, which share nothing and agree: the status, and what each said."""
    ways = [[sys.executable, "-I", VERIFY, path, *more]]
    if "--checkpoint" not in more:
        ways.append([CHAPERONE, "audit", "verify", path, *more])
    done = [subprocess.run(way, capture_output=True, text=True, check=False, timeout=60, env=clean_environment(path.parent / "home"))
            for way in ways]
    statuses = [each.returncode for each in done]
    if path.read_bytes().startswith(b"chaperone-export 1\n"):
        assert statuses in ([0] * len(ways), [1] * len(ways)) and not any(each.stderr for each in done), done
    else:
        assert statuses == [1, 2][:len(ways)], done
    return statuses[0], Said(each.stdout for each in done)


def stored(taken, agents):
    """What is there of a machine by all of its names: each part's bytes, in the order in which they came."""
    parts = {}
    deliveries = [taken.blocks[i] for i in taken.of("delivery")]
    for told, data in sorted(deliveries, key=lambda block: block[0]["first_leaf"]):
        if told["agent"] in agents:
            part = parts.setdefault(told["part"], bytearray())
            assert told["start"] == len(part), f"{told} behind {len(part)} bytes"
            part += data
    return parts


def key_of(data):
    return data.split(b'"key":"')[1].split(b'"')[0].decode()


class Taken:
    """An export as a list of blocks, each [what is told, bytes]."""

    def __init__(self, data):
        self.head, rest = data[:data.index(b"\n\n") + 2], data[data.index(b"\n\n") + 2:]
        self.blocks = []
        while rest:
            line, _, rest = rest.partition(b"\n")
            told = json.loads(line)
            length = told.pop("bytes")
            self.blocks.append([told, rest[:length]])
            rest = rest[length + 1:] if length else rest

    def of(self, kind):
        """Where blocks of the kind are."""
        return [i for i, (told, _) in enumerate(self.blocks) if told["kind"] == kind]

    def data(self, served=None):
        """The file again; with a server, sealed by its key."""
        out, count = self.head, 0
        for told, data in self.blocks:
            if told["kind"] == "end" and served:
                digest = hashlib.sha256(out).hexdigest()
                data = sign(f"chaperone-export/1\nlog shop.example/log\nblocks {count}\nbytes sha256:{digest}\n",
                            (served.data / "log.key").read_text(encoding="ascii").strip())
            line = json.dumps({**told, "bytes": len(data)}, separators=(",", ":")).encode()
            out += line + b"\n" + (data + b"\n" if data else b"")
            count += 1
        return out
