# SPDX-License-Identifier: MIT
"""The shim exports, needs and carries only what it may.

Usage: check_shim.py LIBRARY EXPORTS [UNDEFINED [GLIBC]]
       check_shim.py --alone LIBRARY EXPORTS

EXPORTS and UNDEFINED are lists of names, one a line, `#` begins a comment: exactly what LIBRARY exports, and all that
it may import.  GLIBC is the newest symbol version that it may need; without it, 2.17.  With --alone it may
import and need nothing at all.
"""
import os
import re
import subprocess
import sys

from sources import report

TLS_SIZE_MAX = 64
UNDEFINED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "shim_undefined.txt")


def read_names(path):
    with open(path, encoding="utf-8") as file:
        lines = (line.split("#")[0].strip() for line in file)
        return {line for line in lines if line}


def output(*command):
    environment = dict(os.environ, LC_ALL="C")
    return subprocess.run(command, env=environment, capture_output=True, text=True,
                          check=True).stdout


def symbols(library, which):
    """name -> version ("" when there is none)."""
    lines = output("nm", "-D", which, library).splitlines()
    pairs = (re.split("@+", line.split()[-1]) for line in lines if line.strip())
    return {pair[0]: pair[1] if len(pair) > 1 else "" for pair in pairs}


def check_exports(library, expected):
    exported = set(symbols(library, "--defined-only"))
    for name in sorted(exported - expected):
        yield f"exports {name}, which is not in the list"
    for name in sorted(expected - exported):
        yield f"does not export {name}"


def number(version):
    return tuple(int(part) for part in re.findall(r"\d+", version))


def check_imports(library, allowed, newest):
    for name, version in sorted(symbols(library, "--undefined-only").items()):
        if name not in allowed:
            yield f"imports {name}, which is not in the list"
        if version and not version.startswith("GLIBC_"):
            yield f"imports {name} of version {version}, which is not libc's"
        elif number(version) > number(newest):
            yield f"imports {name} of version {version}, newer than {newest}"


def check_dynamic(library, libraries):
    text = output("readelf", "-dW", library)
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", text)
    if needed != libraries:
        yield f"needs {' '.join(needed) or 'nothing'}, not exactly {' '.join(libraries) or 'nothing'}"
    if not re.search(r"BIND_NOW|\(FLAGS_1\).*\bNOW\b", text):
        yield "is not bound at once (-z now)"
    if "TEXTREL" in text:
        yield "has relocations in its text"


def check_segments(library):
    rows = re.findall(r"^  ([A-Z_]+) +(?:0x\w+ ){4}(0x\w+) ([RWE ]{3})",
                      output("readelf", "-lW", library), re.MULTILINE)
    segments = {name: (int(size, 16), flags) for name, size, flags in rows}
    if segments.get("TLS", (0,))[0] > TLS_SIZE_MAX:
        yield f"has {segments['TLS'][0]} bytes of static TLS, at most {TLS_SIZE_MAX}"
    if "E" in segments.get("GNU_STACK", (0, "E"))[1]:
        yield "asks for an executable stack"
    if "GNU_RELRO" not in segments:
        yield "is not read-only after relocation (-z relro)"


def check(library, expected, allowed, newest="2.17", libraries=("libc.so.6",)):
    problems = [*check_exports(library, expected), *check_imports(library, allowed, newest),
                *check_dynamic(library, list(libraries)), *check_segments(library)]
    return [f"{os.path.basename(library)} {problem}" for problem in problems]


if __name__ == "__main__":
    if sys.argv[1] == "--alone":
        sys.exit(report(check(sys.argv[2], read_names(sys.argv[3]), set(), libraries=())))
    ARGUMENTS = sys.argv[1:] + [UNDEFINED, "2.17"][len(sys.argv) - 3:]
    sys.exit(report(check(ARGUMENTS[0], read_names(ARGUMENTS[1]), read_names(ARGUMENTS[2]),
                          ARGUMENTS[3])))
