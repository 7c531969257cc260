# SPDX-License-Identifier: MIT
"""`chaperone-server move` knows every table of the schema, by the key that its first columns are.  Usage: check_tables.py ROOT"""
import re
import sys

from sources import read, report, sources

LIST = "tools/server/store/tables.c"
KEPT = "schema_version"  # each database's own


def tables(schema):
    """Names, columns and primary keys, as a schema file makes them."""
    schema = re.sub(r"--[^\n]*", "", schema)
    for name, body in re.findall(r"CREATE TABLE (\w+) \((.*?)\n\);", schema, re.DOTALL):
        columns = re.findall(r"^\t(\w+) (?:TEXT|BIGINT|BYTEA)\b", body, re.MULTILINE)
        own, listed = re.search(r"^\t(\w+) [^\n,]*PRIMARY KEY", body, re.MULTILINE), re.search(r"^\tPRIMARY KEY \(([^)]*)\)", body, re.MULTILINE)
        key = [own.group(1)] if own else listed.group(1).split(", ") if listed else []
        yield name, columns, key


def check(root, schemas):
    listed = {name: (key.split(", "), int(count)) for name, key, count in re.findall(r'ROW\("(\w+)", "([^"]*)", (\d)\)', read(root, LIST))}
    problems, seen = [], set()
    for path in schemas:
        for name, columns, key in tables(read(root, path)):
            seen.add(name)
            if name != KEPT and listed.get(name) != (key, len(key)):
                problems.append(f"{LIST}: {name}, whose key is ({', '.join(key)}), is not listed so: it would not be moved")
            elif columns[:len(key)] != key:
                problems.append(f"{path}: the key of {name} is not its first columns, by which it is moved")
    return problems + [f"{LIST}: there is no table {name}" for name in sorted(set(listed) - seen)]


if __name__ == "__main__":
    sys.exit(report(check(sys.argv[1], [path for path in sources(sys.argv[1], (".sql",)) if "/store/schema/" in path])))
