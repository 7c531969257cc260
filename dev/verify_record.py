#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Verifies a record from doc/record.md alone: no code of Chaperone is used.

Usage: verify_record.py FOLDER [--head HEX]      exit status: 0 good, 1 bad, 2 could not run
"""
import hashlib
import os
import re
import stat
import struct
import sys

HEADER = struct.Struct("<8sIIQQQII")
LINK = struct.Struct("<QIIQQ32s32s")
BATCH = struct.Struct("<4sII")
LINKS_MAX = 256
BODY_MAX = 1 << 20
KIND_MAX = 14
FACTS_MAX = 64
TEXTS_MAX = 64
LET_GO = re.compile(rb"let go: ([0-9a-f]{8})-([1-9][0-9]*) from [0-9]+ to ([0-9]+), ([0-9]+) entries that no server took")


class Bad(Exception):
    """Something does not fit: file, offset, what."""


def sha256(*parts):
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.digest()


class Body:
    """The entries of one batch."""

    def __init__(self, data):
        self.data, self.at, self.let_go = data, 0, []

    def byte(self):
        if self.at >= len(self.data):
            raise ValueError("ends inside an entry")
        self.at += 1
        return self.data[self.at - 1]

    def varint(self, bits=64):
        number, shift = 0, 0
        while True:
            byte = self.byte()
            if shift > 0 and byte == 0:
                raise ValueError("a varint with a superfluous zero")
            number |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        if number >> bits:
            raise ValueError("a number that does not fit")
        return number

    def skip(self, length):
        if length > len(self.data) - self.at:
            raise ValueError("a text that does not fit")
        self.at += length

    def text(self):
        self.skip(self.varint())

    def many(self, limit, read):
        count = self.varint()
        if count > limit:
            raise ValueError("too many of a kind")
        for _ in range(count):
            read()

    def fact(self):
        self.byte()
        self.text()
        self.text()

    def judged(self):
        for _ in range(4):
            self.text()
        self.many(TEXTS_MAX, self.text)
        self.many(TEXTS_MAX, self.text)
        self.text()

    def slot(self):
        self.byte()
        for _ in range(3):
            self.varint()

    def intent(self):
        self.slot()
        self.varint()
        self.varint(32)
        self.varint()
        self.varint(16)
        self.skip(2)

    def outcome(self):
        self.slot()
        for bits in (64, 64, 64, 32, 32):
            self.varint(bits)
        self.byte()

    def entry(self):
        kind = self.byte()
        if not 1 <= kind <= KIND_MAX:
            raise ValueError("an entry of kind %d" % kind)
        for _ in range(3):
            self.varint()
        if kind <= 5:
            self.many(FACTS_MAX, self.fact)
        elif kind == 6:
            self.judged()
        elif kind == 7:
            self.varint()
        elif kind == 8:
            self.varint()
            self.intent()
        elif kind in (9, 10):
            self.outcome()
        elif kind == 14:
            self.skip(32)
        else:
            start = self.at
            self.text()
            self.note(kind, self.data[start:self.at])

    def note(self, kind, text):
        found = LET_GO.search(text)
        if kind == 11 and found and found.end() == len(text):
            self.let_go.append((int(found[1], 16), int(found[2]), int(found[3]), int(found[4])))

    def check(self, count):
        if count == 0:
            raise ValueError("a batch without entries")
        for _ in range(count):
            self.entry()
        if self.at != len(self.data):
            raise ValueError("bytes behind the last entry")


class File:
    def __init__(self, folder, name):
        self.name = name
        path = os.path.join(folder, name)
        if not stat.S_ISREG(os.lstat(path).st_mode):
            raise Bad(name, 0, "no regular file")
        with open(path, "rb") as file:
            self.data = file.read()
        if len(self.data) < HEADER.size:
            raise Bad(name, 0, "torn header")
        magic, version, self.part, self.boot, self.number, _, links, _ = HEADER.unpack_from(self.data)
        if magic != b"CHAPREC1" or version != 1 or links > LINKS_MAX:
            raise Bad(name, 0, "no header of a record")
        end = HEADER.size + links * LINK.size
        self.start = end + 32
        if len(self.data) < self.start or sha256(self.data[:end]) != self.data[end:self.start]:
            raise Bad(name, 0, "the header's hash does not fit")
        self.links = [LINK.unpack_from(self.data, HEADER.size + i * LINK.size) for i in range(links)]
        self.key = (self.boot, self.part)
        self.heads = {self.start: self.data[end:self.start]}

    def is_known_tail(self, offset, links):
        for _, _, _, end, size, _, torn in links:
            if end == offset and size == len(self.data) and sha256(self.data[offset:]) == torn:
                return True
        return False

    def walk(self, links):
        """Follows the chain; returns (batches, entries)."""
        at, batches, entries, self.let_go = self.start, 0, 0, []
        while at < len(self.data):
            try:
                end, count = self.batch(at)
            except ValueError as error:
                if self.is_known_tail(at, links):
                    break
                raise Bad(self.name, at, str(error)) from error
            try:
                body = Body(self.data[at + BATCH.size:end - 32])
                body.check(count)
                self.let_go += body.let_go
            except ValueError as error:
                raise Bad(self.name, at, str(error)) from error
            self.heads[end] = self.data[end - 32:end]
            at, batches, entries = end, batches + 1, entries + count
        self.head = self.heads[max(self.heads)]
        return batches, entries

    def batch(self, at):
        if len(self.data) - at < BATCH.size:
            raise ValueError("ends early: torn tail")
        magic, length, count = BATCH.unpack_from(self.data, at)
        if magic != b"BTC1" or length > BODY_MAX:
            raise ValueError("no batch")
        end = at + BATCH.size + length + 32
        if end > len(self.data):
            raise ValueError("ends early: torn tail")
        if sha256(self.heads[at], self.data[at:end - 32]) != self.data[end - 32:end]:
            raise ValueError("the batch's hash does not fit")
        return end, count


def verify(folder, head):
    names = sorted(n for n in os.listdir(folder) if n.endswith(".rec") and not n.startswith("."))
    files = sorted((File(folder, name) for name in names), key=lambda file: (file.number, file.name))
    by_key = {}
    for file in files:
        if file.key in by_key:
            raise Bad(file.name, 0, "this part is there twice")
        by_key[file.key] = file
    to = {}
    for file in files:
        for link in file.links:
            to.setdefault((link[0], link[1]), []).append(link)
    batches = entries = 0
    for file in files:
        more = file.walk(to.get(file.key, []))
        batches, entries = batches + more[0], entries + more[1]
    let_go = [gone for file in files for gone in file.let_go]
    for file in files:
        for i, (boot, part, _, end, _, named, _) in enumerate(file.links):
            target = by_key.get((boot, part))
            if not target and any(gone[:2] == (boot, part) and end <= gone[2] for gone in let_go):
                continue
            if not target or target.heads.get(end) != named:
                raise Bad(file.name, HEADER.size + i * LINK.size, "names what is not there")
    if head and not any(head in file.heads.values() for file in files):
        raise Bad(folder, 0, "the head given does not occur")
    last = files[-1].head.hex() if files else ""
    print("good, %s: %d entries in %d batches of %d files; head %s"
          % ("anchored" if head else "unanchored", entries, batches, len(files), last))
    if let_go:
        print("let go, as it says itself: %d files, with %d entries that no server has" % (len(let_go), sum(gone[3] for gone in let_go)))


def main():
    arguments = sys.argv[1:]
    head = None
    if len(arguments) == 3 and arguments[1] == "--head":
        head = bytes.fromhex(arguments[2])
    elif len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        verify(arguments[0], head)
    except Bad as bad:
        print("bad: %s, offset %d: %s" % bad.args)
        return 1
    except OSError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
