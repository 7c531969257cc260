# SPDX-License-Identifier: MIT
"""Which C files the structural checks look at, and how they read them."""
import os
import re

FOLDERS = ("common", "policy", "shim", "tools", "tests")


def sources(root, suffixes=(".c", ".h")):
    """Paths of our C files below `root`, relative to it, in order."""
    found = []
    for top in FOLDERS:
        for folder, folders, files in os.walk(os.path.join(root, top)):
            folders[:] = [name for name in folders if not name.startswith(".")]
            found += [os.path.relpath(os.path.join(folder, name), root)
                      for name in files if name.endswith(suffixes)]
    return sorted(found)


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8", errors="replace") as file:
        return file.read()


# Comments, strings and characters, whichever begins first.
OPAQUE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def without_texts(text):
    """The code with comments, strings and characters blanked out; lines stay where they are."""
    return OPAQUE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


def report(problems):
    """Prints what is wrong; the exit status."""
    for problem in problems:
        print(problem)
    return 1 if problems else 0
