# SPDX-License-Identifier: MIT
"""The table that dev/bench prints."""


def print_table(rows, is_markdown):
    heads = ("what", "measured", "aim", "spread")
    rows = [heads, *rows]
    widths = [max(len(row[i]) for row in rows) for i in range(4)]
    for number, row in enumerate(rows):
        cells = [cell.ljust(width) for cell, width in zip(row, widths)]
        print("| " + " | ".join(cells) + " |" if is_markdown else "  ".join(cells).rstrip())
        if number == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|" if is_markdown
                  else "-" * (sum(widths) + 6))
