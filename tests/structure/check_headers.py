# SPDX-License-Identifier: MIT
"""Every header compiles alone.  Usage: check_headers.py ROOT [FOLDER=FLAGS ...]

FLAGS are extra compiler flags for the headers of one folder, separated by spaces.
"""
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from sources import report, sources

FLAGS = ["-std=c11", "-D_GNU_SOURCE", "-I.", "-Wall", "-Wextra", "-Werror"]


def compile_alone(root, path, flags):
    """What the compiler says about a file that includes only `path`; "" when it is content."""
    command = [*os.environ.get("CC", "gcc").split(), *FLAGS, *flags, "-fsyntax-only", "-x", "c", "-"]
    done = subprocess.run(command, cwd=root, input=f'#include "{path}"\nstruct not_empty;\n',
                          capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"{path} does not compile alone:\n{done.stderr}"


def flags_of(path, extra):
    return [flag for folder, flags in extra.items() if path.startswith(folder + "/")
            for flag in flags]


def check(root, extra):
    headers = sources(root, (".h",))
    with ThreadPoolExecutor(2) as pool:
        said = pool.map(lambda path: compile_alone(root, path, flags_of(path, extra)), headers)
        return [text for text in said if text]


if __name__ == "__main__":
    EXTRA = dict(argument.split("=", 1) for argument in sys.argv[2:])
    sys.exit(report(check(sys.argv[1], {name: text.split() for name, text in EXTRA.items()})))
