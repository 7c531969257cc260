# SPDX-License-Identifier: MIT
"""What follows from a proof, by a reader of our own."""
import hashlib


def root_by(leaf, index, size, hashes):
    """RFC 9162, 2.1.3.2."""
    at, last = index, size - 1
    for other in hashes:
        assert last > 0
        if at & 1 or at == last:
            leaf = hashlib.sha256(b"\1" + other + leaf).digest()
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            leaf = hashlib.sha256(b"\1" + leaf + other).digest()
        at, last = at >> 1, last >> 1
    assert last == 0
    return leaf
