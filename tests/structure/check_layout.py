# SPDX-License-Identifier: MIT
"""Sources are laid out as .clang-format says.  Usage: check_layout.py ROOT

The layout of Debian 12's clang-format counts; another version lays out differently, and is not asked.
"""
import os
import re
import subprocess
import sys

from sources import report, sources

VERSION = 14
SKIPPED = 77


def is_there():
    try:
        told = subprocess.run(["clang-format", "--version"], capture_output=True, text=True, check=True).stdout
    except FileNotFoundError:
        return False
    return f"version {VERSION}." in told


def check(root):
    """One problem for each file, at the first place that differs."""
    done = subprocess.run(["clang-format", "--dry-run", *sources(root)], cwd=root, capture_output=True, text=True,
                          check=True)
    places = {}
    for path, line in re.findall(r"^([^:\n]+):(\d+):\d+: warning: ", done.stderr, re.MULTILINE):
        places.setdefault(os.path.normpath(path), line)
    return [f"{path}:{line}: is laid out otherwise than .clang-format says: clang-format -i {path}"
            for path, line in places.items()]


if __name__ == "__main__":
    if not is_there():
        print(f"clang-format {VERSION} is not installed (apt install clang-format)")
        sys.exit(SKIPPED)
    sys.exit(report(check(sys.argv[1])))
