# SPDX-License-Identifier: MIT
# Turns NAME.yaml and NAME_test.yaml of each template into a C table: embed.py OUTPUT FOLDER NAME...
import pathlib
import sys


def literal(path):
    lines = path.read_bytes().splitlines(keepends=True)
    quoted = []
    for line in lines:
        text = "".join(chr(b) if 32 <= b < 127 and b not in b'"\\?' else f"\\{b:03o}" for b in line)
        quoted.append(f'\t"{text}"\n')
    return "".join(quoted)


def main(output, folder, *names):
    folder = pathlib.Path(folder)
    parts = ["/* Generated from templates/ by embed.py. */\n",
             '#include "tools/chaperone/templates.h"\n\n']
    rows = []
    for name in names:
        for kind in ("", "_test"):
            parts.append(f"static const char {name.upper()}{kind.upper()}[] =\n"
                         f"{literal(folder / (name + kind + '.yaml'))};\n\n")
        big = name.upper()
        rows.append(f'\t{{ "{name}", {{ {big}, sizeof({big}) - 1 }}, '
                    f"{{ {big}_TEST, sizeof({big}_TEST) - 1 }} }},\n")
    parts.append("const struct template TEMPLATES[TEMPLATE_COUNT] = {\n" + "".join(rows) + "};\n")
    pathlib.Path(output).write_text("".join(parts), encoding="ascii")


main(*sys.argv[1:])
