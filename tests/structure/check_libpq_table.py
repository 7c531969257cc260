# SPDX-License-Identifier: MIT
"""Every export of libpq 15 is a row of the shim's table, every row an export, and no row of the newer ones is.

Usage: check_libpq_table.py TABLE NEWER LIBPQ
       check_libpq_table.py TABLE NEWER --stand-ins

With --stand-ins it prints what libchaperone.so must export: the rows that have a stand-in, and shim_exports.txt.
"""
import os
import re
import sys

from check_shim import read_names, symbols
from sources import read, report

ROW = re.compile(r"^\t([A-Z]+)\((\w+)\) ?\\?$", re.MULTILINE)
ROLES = {"GOVERNED", "REFUSED", "FORWARDED"}
STAND_INS = {"GOVERNED", "REFUSED"}
EXPORTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "shim_exports.txt")
VERSION = "libpq.so.5.15"
SKIPPED = 77


def read_rows(path):
    """(role, name) of every row."""
    text = read(os.path.dirname(path), os.path.basename(path))
    return [row for row in ROW.findall(text) if row[0] in ROLES]


def compare(rows, newer, exported):
    names = [name for _, name in rows]
    later = [name for _, name in newer]
    every = names + later
    for name in sorted({name for name in every if every.count(name) > 1}):
        yield f"{name} has more than one row"
    for name in sorted(exported.intersection(later)):
        yield f"{name} is a row of newer libpqs, but this one exports it"
    for name in sorted(exported - set(names)):
        yield f"libpq exports {name}, which has no row"
    for name in sorted(set(names) - exported):
        yield f"{name} has a row, but libpq does not export it"


def stand_ins(rows):
    return sorted({name for role, name in rows if role in STAND_INS} | read_names(EXPORTS))


def main(table, later, library):
    rows, newer = read_rows(table), read_rows(later)
    if library == "--stand-ins":
        print("\n".join(stand_ins(rows + newer)))
        return 0
    if not os.path.basename(os.path.realpath(library)).startswith(VERSION):
        print(f"{library} is not {VERSION}")
        return SKIPPED
    return report(list(compare(rows, newer, set(symbols(library, "--defined-only")))))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
