#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Verifies what `chaperone-server export` wrote; its first lines say what it holds.

Usage: verify_export.py EXPORT [--key VERIFIER] [--checkpoint FILE]   (0 good, 1 bad, 2 could not run)
VERIFIER is the log's key, known from elsewhere; FILE is a checkpoint that was kept elsewhere."""
import base64
import hashlib
import json
import re
import struct
import sys
from functools import reduce

P = 2**255 - 19  # RFC 8032, 5.1
D = -121665 * pow(121666, P - 2, P) % P
ORDER = 2**252 + 27742317777372353535851937790883648493
HEADER, LINK, BATCH = struct.Struct("<8sIIQQQII"), struct.Struct("<QIIQQ32s32s"), struct.Struct("<4sII")


class Bad(Exception):
    """What does not fit."""


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def add(p, q):  # Ed25519 as in RFC 8032, section 6: points are (X, Y, Z, T)
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def multiply(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point, scalar = add(point, point), scalar >> 1
    return result


def point_of(data):
    y, sign = int.from_bytes(data, "little") & (1 << 255) - 1, data[31] >> 7
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        raise Bad("a point that is none")
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = point_of((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def is_signed(public, message, signature):
    s = int.from_bytes(signature[32:], "little")
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % ORDER
    left, right = multiply(s, BASE), add(point_of(signature[:32]), multiply(h, point_of(public)))
    return s < ORDER and (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


def open_checkpoint(note, verifier):
    """Size and root, which the key of the log signed."""
    name, key_id, key = verifier.split("+", 2)
    key = base64.b64decode(key)
    text, _, signatures = note.decode().rpartition("\n\n")
    text += "\n"
    if key[0] != 1 or sha256(name.encode(), b"\n", key)[:4].hex() != key_id:
        raise Bad("the log's key is none")
    for line in signatures.splitlines():
        signer, blob = re.fullmatch(r"\u2014 (\S+) (\S+)", line).groups()
        blob = base64.b64decode(blob)
        if signer == name and blob[:4].hex() == key_id:
            if not is_signed(key[1:], text.encode(), blob[4:]):
                raise Bad("the signature does not fit")
            origin, size, root = text.splitlines()[:3]
            if origin != name:
                raise Bad("it is another log's")
            return int(size), base64.b64decode(root)
    raise Bad("the log's key did not sign it")


class Parts:
    """The chains of all parts, as far as they were passed."""

    def __init__(self, is_filtered):
        self.is_filtered, self.ends, self.heads, self.links = is_filtered, {}, {}, []

    def pieces(self, told, data):
        """Each header and batch with its offset; the chain is checked."""
        name, at, head = (told["agent"], told["part"]), 0, bytes.fromhex(told["prior"])
        before = self.ends.get(name, (0, bytes(32)))
        if before != (told["start"], head) and (not self.is_filtered or before[0] >= told["start"]):
            raise Bad("it does not go on where the part had come to")
        while at < len(data):
            offset = told["start"] + at
            end, head = self.piece(name, data, at, offset, head)
            yield offset, data[at:end]
            at, self.heads[name, told["start"] + end] = end, head
        self.ends[name] = (told["start"] + at, head)

    def piece(self, name, data, at, offset, head):
        """Where the header or batch ends, and the chain's hash behind it."""
        if offset == 0:
            magic, version, part, boot, _, _, count, _ = HEADER.unpack_from(data, at)
            end, is_right = at + HEADER.size + count * LINK.size, (magic, version, f"{boot:08x}-{part}") == (b"CHAPREC1", 1, name[1])
            rows, head = [LINK.unpack_from(data, at + HEADER.size + i * LINK.size) for i in range(count)], b""
            self.links += [(name, (name[0], f"{row[0]:08x}-{row[1]}"), row[3], row[5]) for row in rows]
        else:
            magic, length, entries = BATCH.unpack_from(data, at)
            end, is_right = at + BATCH.size + length, magic == b"BTC1" and entries > 0
        if not is_right or sha256(head, data[at:end]) != data[end:end + 32]:
            raise Bad(f"the hash of the batch {at} bytes behind its beginning does not fit")
        return end + 32, data[end:end + 32]

    def missing(self):
        """What files name that is not here; another hash than the one they name is bad."""
        for name, other, offset, head in self.links:
            found = self.heads.get((other, offset))
            if found is not None and found != head:
                raise Bad(f"part {name[1]} names another hash of part {other[1]} at offset {offset} than it has")
            if found is None and not self.is_filtered:
                yield f"part {other[1]} of agent {other[0]} up to offset {offset}, which part {name[1]} names"


def blocks(file):
    """Each block's line, as it was told, and bytes; the last one holds what the export's digest should be."""
    digest = hashlib.sha256()
    if (line := file.readline()) != b"chaperone-export 1\n":
        raise Bad("expected an export of version 1")
    while line not in (b"\n", b""):
        digest.update(line)
        line = file.readline()
    digest.update(line)
    count = 0
    while line := file.readline():
        told = json.loads(line)
        if not line.endswith(b"\n"):
            break
        data = file.read(told["bytes"] + 1) if told["bytes"] else b""
        if told["kind"] == "end":
            if (told["blocks"], told["sha256"]) != (count, digest.hexdigest()) or file.read(1):
                raise Bad("the export is not whole or was changed")
            return
        digest.update(line + data)
        count += 1
        yield f"block {count} ({told['kind']})", told, data[:-1]
    raise Bad("the export ends early")


def check_roots(hashes, notes, verifier):
    """Whether the tree had each root that was signed, at the size that was signed with it."""
    wanted = sorted(((*open_checkpoint(note, verifier), place) for place, note in notes), key=lambda row: row[0])
    edge = []
    for size in range(len(hashes) + 1):
        while wanted and wanted[0][0] == size:
            _, told, place = wanted.pop(0)
            if told != (reduce(lambda right, row: sha256(b"\1", row[1], right), edge[-2::-1], edge[-1][1]) if edge else sha256()):
                raise Bad(f"{place}: the log had another root when it had {size} leaves")
            if size == len(hashes):
                return
        node = (0, hashes[size] if size < len(hashes) else b"")
        while edge and edge[-1][0] == node[0]:
            node = (node[0] + 1, sha256(b"\1", edge.pop()[1], node[1]))
        edge.append(node)
    if hashes or wanted:
        raise Bad(f"{wanted[0][2]} is of a longer log" if wanted else "the last leaves are not signed")


def take_delivery(told, data, parts, hashes):
    """The leaf behind it."""
    leaf = told["first_leaf"]
    for offset, piece in parts.pieces(told, data):
        text = f"chaperone-record-leaf/1\n{told['agent']}\n{told['part']}\n{offset}\n{len(piece)}\n{sha256(piece).hex()}\n"
        if sha256(b"\0", text.encode()) != hashes[leaf]:
            raise Bad(f"leaf {leaf} of the log is another")
        leaf += 1
    return leaf


def verify(file, key, kept):
    place, log, hashes, notes, here = "beginning", {}, [], kept, 0
    try:
        for place, told, data in blocks(file):
            if told["kind"] == "log":
                log, parts = told, Parts(told["filtered"])
            elif told["kind"] == "leaves":
                if told["first"] != len(hashes):
                    raise Bad("hashes of leaves are missing")
                hashes += [data[i:i + 32] for i in range(0, len(data), 32)]
            elif told["kind"] == "checkpoint":
                notes = [*notes, (place, data)]
            elif told["kind"] == "delivery":
                if not log["filtered"] and told["first_leaf"] != here:
                    raise Bad("deliveries are missing before it")
                here = take_delivery(told, data, parts, hashes)
        place = "the log"
        if len(hashes) != log["size"] or not log["filtered"] and here != len(hashes):
            raise Bad("it has another size than is told")
        check_roots(hashes, notes, key or log["key"])
        for text in parts.missing():
            print("not here:", text)
    except (Bad, ValueError, KeyError, TypeError, IndexError, AttributeError, struct.error) as trouble:
        print(f"bad: {place}: {trouble}")
        return 1
    print(f"good: {len(hashes)} leaves, {len(parts.ends)} parts, {len(notes)} checkpoints of {log['name']}"
          f"{'' if key else ' (by the key in the export: compare it with --key)'}")
    return 0


try:
    asked = dict(zip(sys.argv[2::2], sys.argv[3::2]))
    if len(sys.argv) % 2 or set(asked) - {"--key", "--checkpoint"}:
        sys.exit(__doc__)
    kept = [("the checkpoint kept", open(asked["--checkpoint"], "rb").read())] if "--checkpoint" in asked else []
    with open(sys.argv[1], "rb") as export:
        sys.exit(verify(export, asked.get("--key"), kept))
except OSError as failure:
    print(f"verify_export.py: {failure}", file=sys.stderr)
    sys.exit(2)
