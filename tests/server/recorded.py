# SPDX-License-Identifier: MIT
"""Records as agents write them, and their delivery."""
import base64
import ctypes
import ctypes.util
import hashlib
import json
import os
import struct
import subprocess

from served import code, enrol

MAKE_RECORD = os.environ["MAKE_RECORD"]
HASH_SIZE = 32
ZSTD = ctypes.CDLL(ctypes.util.find_library("zstd"))
ZSTD.ZSTD_compressBound.restype = ZSTD.ZSTD_compress.restype = ctypes.c_size_t
ZSTD.ZSTD_compressBound.argtypes = [ctypes.c_size_t]
ZSTD.ZSTD_compress.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int]


def pack(data, level=1):
    room = ctypes.create_string_buffer(bound := ZSTD.ZSTD_compressBound(len(data)))
    length = ZSTD.ZSTD_compress(room, bound, data, len(data), level)
    return room.raw[:length]


class Part:
    """A file of a record; `cuts` are where a header or a batch ends."""

    def __init__(self, data):
        self.data = data
        part, boot, self.number, _, links, _ = struct.unpack_from("<IQQQII", data, 12)
        self.name = f"{boot:08x}-{part}"
        self.cuts = [48 + 96 * links + HASH_SIZE]
        while self.cuts[-1] < len(data):
            magic, length, _ = struct.unpack_from("<4sII", data, self.cuts[-1])
            assert magic == b"BTC1"
            self.cuts.append(self.cuts[-1] + 12 + length + HASH_SIZE)
        assert self.cuts[-1] == len(data)

    def forged(self, place):
        """The part as somebody would have it who can write all of the folder: one bit is another, and every hash fits."""
        data, head = bytearray(self.data), b""
        data[place] ^= 1
        for start, end in zip([0, *self.cuts], self.cuts):
            head = hashlib.sha256(head + data[start:end - HASH_SIZE]).digest()
            data[end - HASH_SIZE:end] = head
        return Part(bytes(data))

    def head(self, end):
        return self.data[end - HASH_SIZE:end].hex()


def linked(boot, links):
    """A part that is nothing but a header, with links (boot, part, end, hash there)."""
    data = b"CHAPREC1" + struct.pack("<IIQQQII", 1, 1, boot, boot, 1, len(links), 0)
    data += b"".join(struct.pack("<QIIQQ32s32s", number, part, 0, end, end, head, bytes(32)) for number, part, end, head in links)
    return Part(data + hashlib.sha256(data).digest())


def record(top, name, batches, statements, file_max=1 << 28, seal=()):
    """The parts of a new record, or of one more boot's, in their order.  `seal`: key and epoch."""
    folder = top / name
    subprocess.run([MAKE_RECORD, folder, str(batches), str(statements), str(file_max), *map(str, seal)], check=True)
    return sorted((Part(path.read_bytes()) for path in folder.glob("*.rec")), key=lambda part: part.number)


class Agent:
    """A machine that is enrolled."""

    def __init__(self, served):
        self.served = served
        status, _, told = enrol(served, code(served, "--bundle", "shop")[0])
        assert status == 201, told
        self.name, self.token = told["agent"], told["token"]
        self.key = base64.urlsafe_b64decode(told["chain_key"] + "=")

    def ask(self, method, path, *headers, **options):
        status, _, body = self.served.ask(method, path, f"Authorization: Bearer {self.token}", *headers, **options)
        return status, json.loads(body) if body else {}

    def send(self, name, offset, frame, encoding="zstd"):
        return self.ask("POST", "/v1/record", f"Content-Encoding: {encoding}", f"Record-Part: {name}",
                        f"Record-Offset: {offset}", body=frame)

    def deliver(self, part, start=0, end=None):
        return self.send(part.name, start, pack(part.data[start:end]))

    def position(self, part):
        status, told = self.ask("GET", f"/v1/record/{part.name}")
        assert status == 200, told
        return told["acked"]
