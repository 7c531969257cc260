# SPDX-License-Identifier: MIT
"""How a program of the matrix says a fact: a line of its kind and values, with tabs between."""


def say(kind, *values):
    print(kind, *values, sep='\t', flush=True)


def say_rows(kind, rows):
    for row in rows:
        say(kind, *row)


def say_types(row):
    say('types', *(type(value).__name__ for value in row))


def first_line(text):
    return str(text).strip().split('\n')[0]
