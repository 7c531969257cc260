# SPDX-License-Identifier: MIT
"""Includes point down only, as layers.txt draws it.  Usage: check_layers.py ROOT"""
import os
import re
import sys

from sources import read, report, sources

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+"([^"]+)"', re.MULTILINE)


def read_layers(path):
    layers = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            line = line.split("#")[0].strip()
            if line:
                folder, allowed = line.split(":")
                layers[folder.strip()] = allowed.split()
    return layers


def layer_of(path, layers):
    """The listed folder that holds `path`, or None."""
    folder = os.path.dirname(path)
    while folder and folder not in layers:
        folder = os.path.dirname(folder)
    return folder or None


def check_layers_file(layers):
    """Every folder may include only folders that stand before it."""
    seen = []
    for folder, allowed in layers.items():
        for name in allowed:
            if name not in seen:
                yield f"layers.txt: {folder} includes {name}, which does not stand before it"
        seen.append(folder)


def check_include(root, path, target, layers):
    """What is wrong with including `target` in `path`, or None."""
    if not os.path.exists(os.path.join(root, target)):
        beside = os.path.join(root, os.path.dirname(path), target)
        return "include it by its full path" if os.path.exists(beside) else None
    here, there = layer_of(path, layers), layer_of(target, layers)
    if here is None:
        return "its folder is not in layers.txt"
    if there != here and there not in layers[here]:
        return f"{here} may not include {there or 'a folder outside the layers'}"
    return None


def check(root, layers):
    problems = list(check_layers_file(layers))
    for path in sources(root):
        if path.startswith("tests/"):
            continue
        for match in INCLUDE.finditer(read(root, path)):
            problem = check_include(root, path, match.group(1), layers)
            if problem:
                problems.append(f"{path}: {match.group(1)}: {problem}")
    return problems


if __name__ == "__main__":
    LAYERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "layers.txt")
    sys.exit(report(check(sys.argv[1], read_layers(LAYERS))))
