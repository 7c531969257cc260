# SPDX-License-Identifier: MIT
"""Runs PROGRAM again and again, with the n-th call of a kind failing, until nothing more fails: `each.py TALLY FIRST STEP IN CALL DO
PROGRAM...`.  Prints one line of JSON for each n.  It is governed itself, so that all that it starts has one agent."""
import json
import os
import subprocess
import sys
import time

SECONDS = 5

tally, first, step, where, call, do, *program = sys.argv[1:]
script = sys.stdin.buffer.read()


def tell(n):
    with open(tally, 'wb') as file:
        file.write(bytes(32))
    environment = {**os.environ, 'FAULT_IN': where, 'FAULT_CALL': call, 'FAULT_DO': do, 'FAULT_AT': str(n), 'FAULT_FILE': tally}
    begun = time.monotonic()
    process = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
    try:
        stdout, stderr = process.communicate(script, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        stdout, stderr = process.communicate()
    with open(tally, 'rb') as file:
        calls, faults, _ = (int.from_bytes(file.read(8), 'little') for _ in range(3))
    print(json.dumps({'n': n, 'status': process.returncode, 'seconds': time.monotonic() - begun, 'calls': calls, 'faults': faults,
                      'stdout': stdout.decode('latin-1'), 'stderr': stderr.decode('latin-1')}), flush=True)
    return faults > 0


number = int(first)
while tell(number):
    number += int(step)
