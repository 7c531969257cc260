#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Verifies what `chaperone-server export` wrote; its first lines say what it holds.  Or a folder of such, of all logs that were exported
together.  Or a proof of `chaperone audit prove`.

Usage: verify_export.py EXPORT [--key VERIFIER] [--checkpoint FILE] [--authors FILE] [--root HASH]   (0 good; 1 bad, or good but for machines that
                        contradict themselves, which are named; 2 could not run)
       verify_export.py PROOF --key VERIFIER
VERIFIER is the log's key, known from elsewhere; the FILEs are a checkpoint that was kept elsewhere, and the verifiers of those
who sign policies, a line each."""
import base64
import hashlib
import json
import os
import re
import struct
import sys
from functools import reduce

P = 2**255 - 19  # RFC 8032, 5.1
D = -121665 * pow(121666, P - 2, P) % P
ORDER = 2**252 + 27742317777372353535851937790883648493
KINDS = ("log", "pins", "root", "author", "agent", "alarm", "policy", "grants", "leaves", "checkpoint", "retention", "gone", "definition",
         "delivery", "end")
PROVEN, PROOF, GROWTH = "chaperone-proof/1\n", "c2sp.org/tlog-proof@v1\n", "chaperone-log-growth/1\n"
LINKS_MAX = 1 << 18  # of one machine
HEADER, LINK, BATCH = struct.Struct("<8sIIQQQII"), struct.Struct("<QIIQQ32s32s"), struct.Struct("<4sII")


class Bad(Exception):
    """What does not fit."""


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def unbase64(text):
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise Bad("it is not written as it would be")
    return data


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


def sealed(digest, count):
    """What the note at the end says of what is before it."""
    return f"\nblocks {count}\nbytes sha256:{digest.hexdigest()}\n"


def read_key(verifier):
    """Its name and number, and the key."""
    name, key_id, key = re.fullmatch(r"([^\s+]+)\+([0-9a-f]{8})\+(\S+)", verifier).groups()
    key = unbase64(key)
    if len(key) != 33 or key[0] != 1 or sha256(name.encode(), b"\n", key)[:4].hex() != key_id:
        raise Bad("a key that is none")
    return (name, key_id), key[1:]


def open_note(note, verifiers):
    """The text, and which of the keys signed it."""
    keys = {name: (verifier, key) for verifier in verifiers for name, key in [read_key(verifier)]}
    text, found, signatures = note.decode().rpartition("\n\n")
    text, signers = text + "\n", []
    if not found or not signatures.endswith("\n"):
        raise Bad("a note that is none")
    for line in signatures[:-1].split("\n"):
        signer, blob = re.fullmatch(r"\u2014 (\S+) (\S+)", line).groups()
        blob = unbase64(blob)
        verifier, public = keys.get((signer, blob[:4].hex()), (None, None))
        if verifier and not (len(blob) == 68 and is_signed(public, text.encode(), blob[4:])):
            raise Bad("the signature does not fit")
        signers += [verifier] if verifier else []
    if not signers:
        raise Bad("nobody signed it whose key is known")
    return text, signers


def open_checkpoint(note, verifier):
    """Size and root, which the key of the log signed."""
    origin, size, root = open_note(note, [verifier])[0].split("\n")[:3]
    if origin != verifier.split("+")[0] or not re.fullmatch("0|[1-9][0-9]*", size):
        raise Bad("it is no checkpoint of this log")
    return int(size), unbase64(root)


class Policies:
    """Versions of bundles, each of which continues the one before; every signature and source is checked."""

    def __init__(self, authors):
        self.given, self.keys, self.newest, self.threshold, self.count, self.roots = authors, [], {}, 1, 0, []

    def take_root(self, note):
        """Each follows the one before it, and is signed by enough of its authors and of its own."""
        text, number = note.decode().rpartition("\n\n")[0] + "\n", len(self.roots) + 1
        lines = text.split("\n")
        root = {"keys": [line[4:] for line in lines if line.startswith("key ")], "threshold": int(lines[4].removeprefix("threshold ")),
                "digest": sha256(text.encode()).hex(), "policies": {}}
        before = f"{number - 1} sha256:{self.roots[-1]['digest']}" if self.roots else "0 -"
        if lines[0] != "chaperone.root/v1" or lines[2:4] != [f"version {number}", f"previous {before}"]:
            raise Bad(f"root {number} does not follow")
        for name, version, digest in (line.split(" ")[1:] for line in lines if line.startswith("policy ")):
            root["policies"][name] = (int(version), digest)
        for each in [*self.roots[-1:], root]:
            if each["threshold"] < 1 or len(open_note(note, each["keys"])[1]) < each["threshold"]:
                raise Bad(f"root {number} is not signed by enough authors")
        self.roots.append(root)

    def check_roots(self, name, version, digest, note):
        said = [(root["policies"].get(name, (0, "")), root) for root in self.roots]
        ruled = [root for named, root in said if named[0] < version]
        if any(named[0] == version and named[1] != digest for named, _ in said) or ruled and len(open_note(note, ruled[-1]["keys"])[1]) < ruled[-1]["threshold"]:
            raise Bad(f"version {version} of {name} is not what the roots say, or not signed by enough of their authors")

    def take(self, told, data):
        name, version, note, source = told["bundle"], told["version"], data[:told["note"]], data[told["note"]:]
        counted = [key for key, revoked in self.keys if revoked == 0 or revoked >= told["published"]]
        text, signers = open_note(note, self.given or counted)
        before, digest = self.newest.get(name, (0, ""))
        lines = text.split("\n")
        if version != before + 1 or lines[:5] != ["chaperone.policy/v1", f"bundle {name}", f"version {version}", f"previous {before} {digest or '-'}",
                                                  f"source {len(source)} sha256:{sha256(source).hex()}"]:
            raise Bad(f"version {version} of {name}: what was signed is another history or another text")
        self.newest[name], self.count = (version, f"sha256:{sha256(text.encode()).hex()}"), self.count + 1
        if not self.given:
            self.check_roots(name, *self.newest[name], note)
        if len(set(signers)) < self.threshold:
            print(f"note: {len(set(signers))} signed version {version} of {name}; today it takes {self.threshold}")


class Parts:
    """The chains of all parts, as far as they were passed."""

    def __init__(self, is_filtered):
        self.is_filtered, self.ends, self.heads, self.links, self.gone = is_filtered, {}, {}, {}, {}

    def let_go(self, name, end, head):
        """What is behind its last leaf that is gone; the hash there is in that of the batch that follows."""
        if name in self.gone:
            raise Bad(f"part {name[1]} of agent {name[0]} is here before")
        self.ends[name], self.heads[name, end], self.gone[name] = (end, head), head, end

    def pieces(self, told, data):
        """Each header and batch with its offset; the chain is checked."""
        name, at, head = (told["agent"], told["part"]), 0, bytes.fromhex(told["prior"])
        before = self.ends.get(name, (0, bytes(32)))
        if before != (told["start"], head) and (not self.is_filtered or before[0] >= told["start"]):
            raise Bad(f"part {name[1]} of agent {name[0]}, offset {told['start']}: it does not go on where the part had come to")
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
            links = self.links.setdefault(name[0], [])
            links += [(name, (name[0], f"{row[0]:08x}-{row[1]}"), row[3], row[5]) for row in rows if row[0] < 1 << 32]
            del links[LINKS_MAX + 1:]
        else:
            magic, length, entries = BATCH.unpack_from(data, at)
            end, is_right = at + BATCH.size + length, magic == b"BTC1" and entries > 0
        if not is_right or sha256(head, data[at:end]) != data[end:end + 32]:
            raise Bad(f"part {name[1]} of agent {name[0]}, offset {offset}: the chain's hash does not fit")
        return end + 32, data[end:end + 32]

    def doubted(self):
        """Machines, with what does not fit or was not looked at: that is nothing against the log, or any other machine."""
        for agent, links in self.links.items():
            wrong = [link for link in links[:LINKS_MAX] if self.heads.get(link[1:3], link[3]) != link[3]]
            said = [f"not to be trusted: agent {agent}: part {link[0][1]} names another hash of part {link[1][1]} at offset {link[2]} than it has"
                    for link in wrong[:1]]
            if said := said + [f"not all checked: agent {agent}: its parts name more than {LINKS_MAX} others"] * (len(links) > LINKS_MAX):
                yield "\n".join(said)

    def missing(self):
        """What files name that is not here."""
        for name, other, offset, _ in (link for links in self.links.values() for link in links[:LINKS_MAX]):
            if (other, offset) not in self.heads and not self.is_filtered and offset > self.gone.get(other, 0):
                yield f"not here: part {other[1]} of agent {other[0]} up to offset {offset}, which part {name[1]} names"


def blocks(file):
    """Each block's line, as it was told, and bytes; of the last one the digest of all before it, too."""
    digest = hashlib.sha256()
    if (line := file.readline()) != b"chaperone-export 1\n":
        raise Bad("expected an export of version 1")
    while line not in (b"\n", b""):
        digest.update(line)
        line = file.readline()
    digest.update(line)
    count, place = 0, 0
    while line := file.readline():
        told = json.loads(line)
        data = file.read(told["bytes"] + 1) if told["bytes"] else b"\n"
        if not line.endswith(b"\n") or len(data) <= told["bytes"] or not data.endswith(b"\n"):
            break
        yield f"block {count} ({told['kind']})", told, data[:-1], sealed(digest, count)
        place, before = KINDS.index(told["kind"]), place
        if (told["kind"] == "log") != (count == 0) or place < before:
            raise Bad("a block of this kind does not belong here")
        if told["kind"] == "end":
            if file.read(1):
                raise Bad("there is something behind the end")
            return
        digest.update(line + (data if told["bytes"] else b""))
        count += 1
    raise Bad("the export ends early")


def check_roots(hashes, signed):
    """Whether the tree had each root that was signed, at the size that was signed with it."""
    wanted = sorted(signed, key=lambda row: row[0])
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


def leaf_hash(told, offset, length, digest):
    return sha256(f"\0chaperone-record-leaf/1\n{told['agent']}\n{told['part']}\n{offset}\n{length}\n{digest}\n".encode())


def take_delivery(told, data, parts, hashes):
    """The leaf behind it."""
    leaf = told["first_leaf"]
    for offset, piece in parts.pieces(told, data):
        if leaf_hash(told, offset, len(piece), sha256(piece).hex()) != hashes[leaf]:
            raise Bad(f"leaf {leaf} of the log is another than part {told['part']} of agent {told['agent']}, offset {offset}")
        leaf += 1
    if leaf != told["first_leaf"] + told["leaves"]:
        raise Bad(f"it has other leaves than {told['leaves']} from {told['first_leaf']} on")
    return leaf


class Export:
    """What was read of one so far."""

    def __init__(self, key, authors, kept, is_alone):
        self.given, self.is_alone, self.policies, self.kept, self.signed = key, is_alone, Policies(authors), kept, []
        self.log, self.hashes, self.agents, self.alarms, self.here, self.parts, self.doubted = {}, [], set(), 0, 0, None, []
        self.gone, self.retention, self.last_gone = 0, "", -1

    def log_block(self, told, _):
        self.log, self.parts, self.sealer = told, Parts(told["filtered"] or told["shared"]), told.get("sealed_by", told["key"])
        given = (self.given or "").split("+")[0]
        is_sealers = "sealed_by" in told and given == self.sealer.split("+")[0]  # who believes that server believes which key the log has
        self.key = told["key"] if is_sealers else self.given or told["key"]
        self.sealer = self.given if is_sealers else self.sealer if "sealed_by" in told else self.key

    def pins_block(self, told, _):
        self.policies.threshold = told["author_threshold"]

    def root_block(self, _, data):
        self.policies.take_root(data)

    def author_block(self, told, _):
        read_key(told["key"])
        self.policies.keys.append((told["key"], told["revoked"]))

    def agent_block(self, told, _):
        self.agents.add(told["agent"])

    def alarm_block(self, told, _):
        self.alarms += 1
        print(f"alarm: {told['alarm']} of agent {told['agent']}, part {told['part']}, offset {told['offset']}: {told['detail']!r}")

    def policy_block(self, told, data):
        self.policies.take(told, data)

    def grants_block(self, told, _):
        if told["version"] != 0:
            raise Bad("grants are not known to this program: a newer one verifies them")

    def leaves_block(self, told, data):
        if told["first"] != len(self.hashes) or told["first"] % 256 or not data or len(data) % 32:
            raise Bad(f"hashes of leaves are missing from leaf {len(self.hashes)} on")
        self.hashes += [data[i:i + 32] for i in range(0, len(data), 32)]

    def checkpoint_block(self, told, data):
        size, root = open_checkpoint(data, self.key)
        self.signed.append((size, root, f"the checkpoint of {size} leaves"))
        if size != told["size"]:
            raise Bad(f"it is of {size} leaves and not of {told['size']}")

    def retention_block(self, told, data):
        title, log, leaves, *words = open_note(data, [self.key])[0].split("\n")
        if (title, log, leaves) != ("chaperone-retention/1", f"log {self.log['name']}", f"leaves {told['leaves']}") or len(words) != 4:
            raise Bad("it is of other leaves than its line says")
        if not self.here < told["leaves"] <= len(self.hashes):
            raise Bad("it is of no more leaves than the one before it, or of a longer log")
        self.here = self.gone = told["leaves"]
        self.retention = f"leaves before {self.gone}, by the note that the log's key signed: {', '.join(words[:-1])}"

    def gone_block(self, told, _):
        digest, head = (told[name].removeprefix("sha256:") for name in ("digest", "head"))
        if told["agent"] not in self.agents or not self.last_gone < told["leaf"] < self.gone:
            raise Bad("no retention says that it is gone")
        if leaf_hash(told, told["offset"], told["length"], digest) != self.hashes[told["leaf"]]:
            raise Bad(f"leaf {told['leaf']} of the log is another")
        self.last_gone = told["leaf"]
        self.parts.let_go((told["agent"], told["part"]), told["offset"] + told["length"], bytes.fromhex(head))

    def definition_block(self, told, data):
        if told["agent"] not in self.agents or not self.gone or not 0 <= told["boot"] < 1 << 32 or not data:
            raise Bad("it is of a machine that is not listed, or no retention says that anything is gone")

    def delivery_block(self, told, data):
        if told["agent"] not in self.agents:
            raise Bad("it is of a machine that is not listed")
        if told["first_leaf"] != self.here and (not self.log["filtered"] or told["first_leaf"] < self.here):
            raise Bad(f"deliveries are missing before it, from leaf {self.here} on")
        self.here = take_delivery(told, data, self.parts, self.hashes)

    def end(self, note, seal):
        if len(self.hashes) != self.log["size"] or not self.log["filtered"] and self.here != len(self.hashes):
            raise Bad(f"something is missing: leaves end at {len(self.hashes)}, deliveries at {self.here}, the log at {self.log['size']}")
        if self.policies.pinned not in (None, *(root["digest"] for root in self.policies.roots)):
            raise Bad("the root that was given is not among its roots")
        check_roots(self.hashes, self.signed + [(*open_checkpoint(note, self.key), "the checkpoint kept") for note in self.kept
                                                if self.is_alone or note.startswith(self.log["name"].encode() + b"\n")])
        if open_note(note, [self.sealer])[0] != f"chaperone-export/1\nlog {self.sealer.split('+')[0]}{seal}":
            raise Bad("what is before it was changed after it was written")
        yield from self.parts.missing()
        self.doubted = list(self.parts.doubted())

    def take(self, file):
        """Says what each block is before it is looked at, and at last what is not here."""
        for place, told, data, seal in blocks(file):
            yield place, None
            if told["kind"] == "end":
                yield from ((place, text) for text in self.end(data, seal))
            else:
                getattr(self, told["kind"] + "_block")(told, data)


TROUBLE = (Bad, ValueError, KeyError, TypeError, IndexError, AttributeError, struct.error)


def verify(file, key, authors, kept, is_alone=True, root=None):
    """Exit status, and the line of the log."""
    export, place = Export(key, authors, kept, is_alone), "beginning"
    export.policies.pinned = root
    try:
        for place, missing in export.take(file):
            if missing:
                print(missing)
    except TROUBLE as trouble:
        print(f"bad: {place}: {trouble}")
        return 1, export.log
    if export.gone:
        print("gone:", export.retention)
    if export.policies.roots and not authors and not root:
        print(f"who may sign policies is what the authors' first root says: compare it (--root)\n  {export.policies.roots[0]['digest']}")
    print(*export.doubted, sep="\n", end="\n" * bool(export.doubted))
    count = len(export.doubted)
    print(f"good{f' but for {count} machine' + 's' * (count > 1) if count else ''}: {len(export.hashes)} leaves ({export.gone} gone), {len(export.parts.ends)} parts, {len(export.signed)} checkpoints,"
          f" {export.policies.count} policies, {export.alarms} alarms of {export.log['name']}"
          f"{'' if key else ' (by the key in the export: compare it with --key)'}")
    return (1 if count else 0), export.log


def verify_all(folder, key, authors, kept, root):
    """Each log that was exported, that none is left out, and that a checkpoint that was kept is of one of them."""
    results, names = [], sorted(name for name in os.listdir(folder) if not name.startswith("."))
    if not names:
        raise OSError(f"{folder}: there is no export in it")
    for name in names:
        with open(os.path.join(folder, name), "rb") as file:
            results.append(verify(file, key, authors, kept, False, root))
    logs = {log.get("name"): log.get("logs") for _, log in results}
    is_whole = set(logs.values()) == {len(logs)} == {len(names)} and all(note.split(b"\n")[0].decode() in logs for note in kept)
    print(f"all {len(names)} logs are here" if is_whole else f"bad: {len(names)} logs are here, which are not all that were exported together,"
          " or none is that of the checkpoint")
    return max(not is_whole, *(status for status, _ in results))


def climb(hashes, index, last):
    """RFC 9162, 2.1.3.2: each hash of a proof, and whether it stands left; whether it then is at the root."""
    for sibling in hashes:
        if last == 0:
            raise Bad("the proof is too long")
        is_left = index & 1 or index == last
        while is_left and not index & 1 and index:
            index, last = index >> 1, last >> 1
        index, last = index >> 1, last >> 1
        yield is_left, sibling
    if last:
        raise Bad("the proof is too short")


def check_inclusion(text, key):
    """One proof of c2sp.org/tlog-proof, whose extra data are a leaf's text and the bytes that it stands for."""
    head, _, note = text.partition("\n\n")
    _, extra, index, *hashes = head.split("\n")
    extra, index = unbase64(extra.removeprefix("extra ")), int(index.removeprefix("index "))
    *leaf, piece = extra.split(b"\n", 6)
    size, root = open_checkpoint(note.encode(), key)
    if leaf[0] != b"chaperone-record-leaf/1" or leaf[4:] != [str(len(piece)).encode(), sha256(piece).hex().encode()] or index >= size:
        raise Bad(f"leaf {index} is of other bytes")
    node = sha256(b"\0", extra[:len(extra) - len(piece)])
    for is_left, sibling in climb(map(unbase64, hashes), index, size - 1):
        node = sha256(b"\1", sibling, node) if is_left else sha256(b"\1", node, sibling)
    if node != root:
        raise Bad(f"leaf {index} is not in the log of {size} leaves")
    agent, part, offset = (line.decode() for line in leaf[1:4])
    print(f"leaf {index} of {size}: part {part} of agent {agent}, {len(piece)} bytes from offset {offset} on")


def check_growth(text, key):
    """That one checkpoint's log begins with the other's (RFC 9162, 2.1.4.2)."""
    head, begin, notes = text.partition("from ")
    lines, notes = head.split("\n"), (begin + notes).encode()
    old = re.match(rb"from (\d+)\n", notes)
    note = notes[old.end():old.end() + int(old[1])]
    new = re.match(rb"to (\d+)\n", notes[old.end() + len(note):])
    later = notes[old.end() + len(note) + new.end():]
    hashes = [unbase64(line.removeprefix("hash ")) for line in lines[1:-1]]
    if lines[-1] or len(later) != int(new[1]) or not all(line.startswith("hash ") for line in lines[1:-1]):
        raise Bad("it is no proof")
    (old_size, old_root), (size, root) = open_checkpoint(note, key), open_checkpoint(later, key)
    if 0 < old_size < size:
        index, last = old_size - 1, size - 1
        while index & 1:
            index, last = index >> 1, last >> 1
        first = hashes.pop(0) if old_size & (old_size - 1) else old_root
        left = right = first
        for is_left, sibling in climb(hashes, index, last):
            left = sha256(b"\1", sibling, left) if is_left else left
            right = sha256(b"\1", sibling, right) if is_left else sha256(b"\1", right, sibling)
        is_right = (left, right) == (old_root, root)
    else:
        is_right = not hashes and (old_size == 0 or old_size == size and old_root == root)
    if not is_right:
        raise Bad(f"the log of {size} leaves does not begin with that of {old_size}")
    print(f"the log of {size} leaves begins with that of {old_size}")


def verify_proof(data, key):
    try:
        text = data.decode()
        if text.startswith(GROWTH):
            check_growth(text, key)
        else:
            head, *proofs = text.split(PROOF)
            if not proofs or not re.fullmatch(PROVEN + "(event \\S+\n)?", head):
                raise Bad("it is no proof")
            print(head.removeprefix(PROVEN), end="")
            for proof in proofs:
                check_inclusion(PROOF + proof, key)
    except TROUBLE as trouble:
        print(f"bad: {trouble}")
        return 1
    print(f"good: signed by {key.split('+')[0]}")
    return 0


def main(words):
    asked = dict(zip(words[2::2], words[3::2]))
    if len(words) % 2 or set(asked) - {"--key", "--checkpoint", "--authors", "--root"}:
        sys.exit(__doc__)
    key, authors, kept = asked.get("--key"), [], []
    if "--checkpoint" in asked:
        with open(asked["--checkpoint"], "rb") as file:
            kept = [file.read()]
    if "--authors" in asked:
        with open(asked["--authors"], encoding="ascii") as file:
            authors = file.read().split()
    if os.path.isdir(words[1]):
        return verify_all(words[1], key, authors, kept, asked.get("--root"))
    with open(words[1], "rb") as export:
        is_proof = export.readline(64) in (PROVEN.encode(), GROWTH.encode())
        export.seek(0)
        if is_proof and not key:
            sys.exit(__doc__)
        return verify_proof(export.read(), key) if is_proof else verify(export, key, authors, kept, True, asked.get("--root"))[0]


try:
    sys.exit(main(sys.argv))
except OSError as failure:
    print(f"verify_export.py: {failure}", file=sys.stderr)
    sys.exit(2)
