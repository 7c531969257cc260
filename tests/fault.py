# SPDX-License-Identifier: MIT
"""A fault at a named place of a program, which a preloaded library makes (tests/faults/place.h)."""
import struct

from harness import program

COMPANION = program('companion-faults.so')
CALLS, FAULTS, DIED, PROCESS = range(0, 32, 8)  # struct tally
NOBODY = 1


class Fault:
    """`do` at the n-th call of a kind.  The file `path` has what came of it.  `is_aimed`: nothing counts before `aim`."""

    def __init__(self, path, where, call, do, at, on='', after='', is_aimed=False):
        self.path = path
        self.environment = {'LD_PRELOAD': COMPANION, 'FAULT_IN': where, 'FAULT_CALL': call, 'FAULT_DO': do, 'FAULT_AT': str(at),
                            'FAULT_ON': on, 'FAULT_AFTER': after, 'FAULT_FILE': str(path)}
        with open(path, 'wb') as file:
            file.write(bytes(32))
        if is_aimed:
            self.aim(NOBODY)

    def told(self, what):
        with open(self.path, 'rb') as file:
            file.seek(what)
            return struct.unpack('<Q', file.read(8))[0]

    def aim(self, pid):
        """From here on this process' calls count."""
        with open(self.path, 'r+b') as file:
            file.seek(PROCESS)
            file.write(struct.pack('<Q', pid))

    def faults(self):
        return self.told(FAULTS)
