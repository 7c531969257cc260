# SPDX-License-Identifier: MIT
"""Functions and files keep below their ceilings.  Usage: check_sizes.py ROOT

Where functions begin and end comes from universal-ctags.  Branches are counted here in the way of `pmccabe` (its
traditional number), which itself loses its way in files that end in a table expansion.
"""
import json
import re
import statistics
import subprocess
import sys

from sources import read, report, sources, without_texts

FUNCTION_LINES_MAX = 60
FUNCTION_LINES_MEDIAN_BELOW = 15
FILE_LINES_BELOW = 500
COMPLEXITY_MAX = 12

BRANCH = re.compile(r"\b(?:if|for|while|case)\b|&&|\|\||\?")


def functions(root, paths):
    """(path, name, first line, last line) of every function."""
    command = ["ctags", "--options=NONE", "--languages=C", "--langmap=C:.c.h", "--kinds-C=f",
               "--fields=+ne", "--output-format=json", "-L", "-", "-f", "-"]
    done = subprocess.run(command, cwd=root, input="\n".join(paths), capture_output=True,
                          text=True, check=True)
    for line in done.stdout.splitlines():
        tag = json.loads(line)
        if "end" in tag:
            yield tag["path"], tag["name"], tag["line"], tag["end"]


def without_directives(code):
    """Preprocessor lines are no branches of a function."""
    return re.sub(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", "", code, flags=re.MULTILINE)


def complexity(lines):
    return 1 + len(BRANCH.findall(without_directives("\n".join(lines))))


def check_function(path, name, length, branches):
    if length > FUNCTION_LINES_MAX:
        yield f"{path}: {name}: {length} lines, at most {FUNCTION_LINES_MAX}"
    if branches > COMPLEXITY_MAX:
        yield f"{path}: {name}: complexity {branches}, at most {COMPLEXITY_MAX}"


def check(root):
    paths = sources(root)
    texts = {path: read(root, path) for path in paths}
    code = {path: without_texts(text).split("\n") for path, text in texts.items()}
    problems, lengths = [], []
    for path, text in texts.items():
        count = text.count("\n")
        if count >= FILE_LINES_BELOW:
            problems.append(f"{path}: {count} lines, below {FILE_LINES_BELOW}")
    for path, name, first, last in functions(root, paths):
        length = last - first + 1
        problems += check_function(path, name, length, complexity(code[path][first - 1:last]))
        if not path.startswith("tests/"):
            lengths.append(length)
    if lengths and statistics.median(lengths) >= FUNCTION_LINES_MEDIAN_BELOW:
        problems.append(f"functions: median {statistics.median(lengths)} lines, "
                        f"below {FUNCTION_LINES_MEDIAN_BELOW}")
    return problems


if __name__ == "__main__":
    sys.exit(report(check(sys.argv[1])))
