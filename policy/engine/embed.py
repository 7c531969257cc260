#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes a C file with one function for each file: embed.py OUTPUT HEADER FUNCTION FILE [FUNCTION FILE]..."""
import sys

output, header = sys.argv[1:3]
pairs = list(zip(sys.argv[3::2], sys.argv[4::2]))
with open(output, "w", encoding="ascii") as out:
    out.write(f'#include "{header}"\n')
    for function, path in pairs:
        with open(path, "rb") as file:
            data = file.read()
        lines = [", ".join(str(b) for b in data[i:i + 20]) for i in range(0, len(data), 20)]
        out.write(f"\nstatic const char {function}_bytes[] = {{\n\t" + ",\n\t".join(lines) + "\n};\n\n")
        out.write(f"struct slice {function}(void)\n{{\n")
        out.write(f"\treturn (struct slice){{ {function}_bytes, sizeof({function}_bytes) }};\n}}\n")
