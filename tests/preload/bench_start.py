# SPDX-License-Identifier: MIT
"""What a preloaded shim costs a process at its start.  Usage: bench_start.py LIBRARY [BUDGET_US]

Starts /bin/true with and without it in turn, so that both meet the same machine; compares the tenth percentiles.
"""
import os
import statistics
import sys
import time

ROUNDS = 1500


def start_us(environment):
    begin = time.perf_counter_ns()
    os.waitpid(os.posix_spawn("/bin/true", ["true"], environment), 0)
    return (time.perf_counter_ns() - begin) / 1000


def low(times):
    return statistics.quantiles(times, n=10)[0]


def main(library, budget_us):
    plain, preloaded = [], []
    for _ in range(ROUNDS):
        plain.append(start_us({}))
        preloaded.append(start_us({"LD_PRELOAD": library}))
    delta = low(preloaded) - low(plain)
    print(f"without {low(plain):.0f} us, with {low(preloaded):.0f} us, difference {delta:.0f} us "
          f"(medians {statistics.median(plain):.0f}, {statistics.median(preloaded):.0f})")
    return 0 if delta <= budget_us else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 80))
