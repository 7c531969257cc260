# SPDX-License-Identifier: MIT
# Makes files part of a program: embed.py OUTPUT ARRAY FILE... writes the table that tools/command/embedded.h tells of.
import pathlib
import sys

ROW_BYTES = 24


def array(name, content):
    rows = [content[i:i + ROW_BYTES] for i in range(0, len(content), ROW_BYTES)] + [b"\0"]
    numbers = "".join("\t" + " ".join(f"{byte}," for byte in row) + "\n" for row in rows)
    return f"static const unsigned char {name}[] = {{\n{numbers}}};\n\n"


def main(output, table, *paths):
    parts = ['#include "tools/command/embedded.h"\n\n', f"extern const struct embedded {table}[];\n\n"]
    rows = []
    for number, path in enumerate(map(pathlib.Path, paths)):
        parts.append(array(f"FILE_{number}", path.read_bytes()))
        rows.append(f'\t{{ "{path.name}", {{ (const char *)FILE_{number}, sizeof(FILE_{number}) - 1 }} }},\n')
    parts.append(f"const struct embedded {table}[] = {{\n{''.join(rows)}\t{{ NULL, {{ NULL, 0 }} }},\n}};\n")
    pathlib.Path(output).write_text("".join(parts), encoding="ascii")


main(*sys.argv[1:])
