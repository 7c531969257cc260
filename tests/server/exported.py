# SPDX-License-Identifier: MIT
"""Exports of a server's record: making them, taking them apart, and putting them together again as somebody who has the log's key."""
import hashlib
import json
import os
import subprocess
import sys

from authors import sign
from served import SERVER
from support import run

VERIFY = os.environ["VERIFY_EXPORT"]
END = b'{"kind":"end"'


def export(served, name="export", *more):
    to = served.top / name
    status, out, err = run(served.top, "export", "--data", str(served.data), "--to", str(to), *more, program=SERVER)
    assert status == 0, err
    return to


def verify(path, *more):
    done = subprocess.run([sys.executable, "-I", VERIFY, path, *more], capture_output=True, text=True, check=False, timeout=60)
    assert not done.stderr, done.stderr
    return done.returncode, done.stdout


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
                name = self.blocks[0][0]["name"]
                digest = hashlib.sha256(out).hexdigest()
                data = sign(f"chaperone-export/1\nlog {name}\nblocks {count}\nbytes sha256:{digest}\n",
                            (served.data / "log.key").read_text(encoding="ascii").strip())
            line = json.dumps({**told, "bytes": len(data)}, separators=(",", ":")).encode()
            out += line + b"\n" + (data + b"\n" if data else b"")
            count += 1
        return out
