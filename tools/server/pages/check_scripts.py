# SPDX-License-Identifier: MIT
# Says which scripts of others a build has: check_scripts.py FOLDER PINNED prints their names, a line each; nothing where
# one is missing.  Fails on one that is not as it is pinned.
import hashlib
import pathlib
import sys


def main(folder, pinned):
    rows = [line.split() for line in pathlib.Path(pinned).read_text(encoding="ascii").splitlines()]
    paths = [pathlib.Path(folder) / name for _, name in rows]
    if not all(path.is_file() for path in paths):
        return 0
    for (digest, name), path in zip(rows, paths):
        if hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            print(f"{path} is not the {name} that is pinned", file=sys.stderr)
            return 1
    print("\n".join(name for _, name in rows))
    return 0


sys.exit(main(*sys.argv[1:]))
