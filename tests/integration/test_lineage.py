#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Random queries over tables full of canaries: no canary comes out of a column that the facts do not name.

Every cell of table T, column C holds a text "CAN_T_C_n".  A query runs on a PostgreSQL 15 in a temporary folder, and
the canaries in each result column must be among the column's sources.

    test_lineage.py FACTS_DUMP [SEED [QUERIES]]
"""
import random
import re
import subprocess
import sys

from test_builtins import BIN, SKIP, Server

TABLES = {'t1': ['a', 'b', 'c'], 't2': ['a', 'd', 'e'], 't3': ['b', 'e', 'f']}
CANARY = re.compile(r'CAN_(t\d)_(\w)_')
SEPARATOR = '\x1f'


class Generator:
    def __init__(self, rng):
        self.rng = rng
        self.count = 0

    def name(self):
        self.count += 1
        return f'n{self.count}'

    def expression(self, columns, depth):
        """An expression over columns, a list of (how to write it)."""
        pick = self.rng.choice
        if depth <= 0 or self.rng.random() < 0.4:
            return pick(columns)
        inner = lambda: self.expression(columns, depth - 1)
        forms = [
            lambda: f'lower({inner()})', lambda: f'({inner()} || {inner()})', lambda: f'({inner()})::varchar',
            lambda: f"coalesce({inner()}, {inner()})", lambda: f"nullif({inner()}, 'x')",
            lambda: f"CASE WHEN {inner()} < {inner()} THEN {inner()} ELSE {inner()} END",
            lambda: f'greatest({inner()}, {inner()})', lambda: f'(ARRAY[{inner()}, {inner()}])[1]',
            lambda: f"to_json({inner()})::text", lambda: f"concat({inner()}, '-', {inner()})",
            lambda: f'(SELECT {inner()})', lambda: f'left({inner()}, 30)', lambda: f'ROW({inner()}, {inner()})::text',
            lambda: f'(SELECT max({self.outer_or(columns)}) FROM {pick(list(TABLES))} AS s)',
            lambda: f"array_to_string(ARRAY(SELECT x FROM unnest(ARRAY[{inner()}]) AS x), ',')",
            lambda: f"(SELECT string_agg(q.v, ',') FROM (VALUES ({inner()}), ({inner()})) AS q(v))",
            lambda: f'(count({inner()}) OVER ())::text || {inner()}',
        ]
        return pick(forms)()

    def outer_or(self, columns):
        return self.rng.choice(columns + ['s::text'])

    def source(self, depth):
        """A FROM item: its text, its alias, its columns' names."""
        alias = self.name()
        kind = self.rng.random()
        if kind < 0.35 or depth <= 0:
            table = self.rng.choice(list(TABLES))
            names = TABLES[table]
            if self.rng.random() < 0.3:
                renamed = [self.name() for _ in names[:self.rng.randint(1, 3)]]
                return f'{table} AS {alias}({", ".join(renamed)})', alias, renamed + names[len(renamed):]
            return f'{table} AS {alias}', alias, names
        if kind < 0.8:
            text, names = self.query(depth - 1)
            if self.rng.random() < 0.3:
                names = [self.name() for _ in names]
                return f'({text}) AS {alias}({", ".join(names)})', alias, names
            return f'({text}) AS {alias}', alias, names
        left, right = self.rng.sample(list(TABLES), 2)
        common = [n for n in TABLES[left] if n in TABLES[right]]
        if not common:
            return f'{left} AS {alias}', alias, TABLES[left]
        how = f'{left} NATURAL FULL JOIN {right}' if self.rng.random() < 0.5 else \
            f'{left} FULL JOIN {right} USING ({", ".join(common)})'
        names = common + [n for n in TABLES[left] + TABLES[right] if n not in common]
        return f'({how}) AS {alias}', alias, names

    def tail(self):
        return self.rng.choice(['', '', ' LIMIT 3', ' OFFSET 1'])

    def query(self, depth):
        """A query and its columns' names."""
        form = self.rng.random()
        if depth > 0 and form < 0.12:
            left, names = self.select(depth - 1, 2)
            right, _ = self.select(depth - 1, 2)
            return f'({left}) {self.rng.choice(["UNION ALL", "UNION", "EXCEPT"])} ({right})', names
        if depth > 0 and form < 0.25:
            cte, names = self.query(depth - 1)
            name, inner = self.name(), [self.name() for _ in names]
            columns = [f'{name}.{c}' for c in inner]
            out = self.name()
            return (f'WITH {name}({", ".join(inner)}) AS ({cte}) SELECT {self.expression(columns, 2)} AS {out}, '
                    f'{name}.* FROM {name}'), [out] + inner
        if depth > 0 and form < 0.32:
            name, table = self.name(), self.rng.choice(list(TABLES))
            a, b, c = TABLES[table]
            return (f'WITH RECURSIVE {name}(x, y, z, n) AS (SELECT {a}, {b}, {c}, 1 FROM {table} UNION ALL '
                    f'SELECT y, z, x, n + 1 FROM {name} WHERE n < 4) SELECT x, y FROM {name}'), ['x', 'y']
        return self.select(depth, None)

    def select(self, depth, width):
        items = [self.source(depth - 1) for _ in range(self.rng.randint(1, 2))]
        columns = [f'{alias}.{name}' for _, alias, names in items for name in names]
        if len(items) == 1 and self.rng.random() < 0.5:
            columns = list(dict.fromkeys(items[0][2]))
        if width is None and len(items) == 1 and self.rng.random() < 0.3:
            return f'SELECT * FROM {items[0][0]}{self.tail()}', items[0][2]
        if width is None and self.rng.random() < 0.15:
            alias, out = items[0][1], self.name()
            return f'SELECT {alias}::text AS {out} FROM {items[0][0]}{self.tail()}', [out]
        names = [self.name() for _ in range(width or self.rng.randint(1, 3))]
        targets = ', '.join(f'{self.expression(columns, 2)} AS {n}' for n in names)
        return f'SELECT {targets} FROM {", ".join(i[0] for i in items)}{self.tail()}', names


def predictions(dump, sql):
    """For each output: ('column' | 'star' | 'any', set of (table, column) or '*' for anything)."""
    text = subprocess.run([dump], input=sql, check=True, capture_output=True, text=True).stdout
    outputs = []
    for line in text.splitlines():
        if 'unknown' in line.split(' <- ')[0] and not line.startswith('  output'):
            return None
        if not line.startswith('  output'):
            continue
        head, _, tail = line.partition(' <- ')
        words = head.split()
        kind = 'any' if words[1:2] == ['any'] else 'star' if re.search(r'#\d+\.\*$', head) else 'column'
        sources = re.findall(r'(TOP|(t\d)#\d+\.(\*|\[\d+\]|\w+))', tail or head)
        outputs.append((kind, {s for group in sources for s in closure(group)}))
    return outputs


def closure(group):
    whole, table, column = group
    if whole == 'TOP':
        return ['*']
    if column == '*':
        return [(table, c) for c in TABLES[table]]
    if column.startswith('['):
        position = int(column[1:-1])
        return [(table, TABLES[table][position - 1])] if position <= 3 else []
    return [(table, column)]


def allowed_by_column(outputs, width):
    """What may stand in each of `width` result columns."""
    if outputs is None:
        return None
    flat = []
    for i, (kind, sources) in enumerate(outputs):
        if kind == 'star':
            table = next(iter(sources))[0]
            flat += [{(table, c)} for c in TABLES[table]]
        elif kind == 'any':
            rest = set().union(*(s for _, s in outputs[i:]))
            return flat + [rest] * (width - len(flat))
        else:
            flat.append(sources)
    return flat


def check(server, dump, sql):
    """'bad', 'good' or 'error', and why."""
    run = subprocess.run(['psql', '-XAt', '-F', SEPARATOR, *server.arguments(), '-c', sql],
                         capture_output=True, text=True)
    if run.returncode != 0:
        return 'error', run.stderr
    outputs = predictions(dump, sql)
    for row in run.stdout.splitlines():
        cells = row.split(SEPARATOR)
        allowed = allowed_by_column(outputs, len(cells))
        if allowed is None or len(allowed) != len(cells):
            return 'bad', f'{len(cells)} columns, predicted {outputs}'
        for cell, sources in zip(cells, allowed):
            extra = {m for m in CANARY.findall(cell) if m not in sources and '*' not in sources}
            if extra:
                return 'bad', f'{extra} is not among {sources}'
    return 'good', ''


def main():
    if not (BIN / 'postgres').exists():
        return SKIP
    dump = sys.argv[1]
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    queries = int(sys.argv[3]) if len(sys.argv) > 3 else 400
    counts = {'good': 0, 'bad': 0, 'error': 0}
    with Server() as server:
        for table, columns in TABLES.items():
            server.ask(f'CREATE TABLE {table} ({", ".join(c + " text" for c in columns)})')
            for n in range(3):
                values = ', '.join(f"'CAN_{table}_{c}_{n}'" for c in columns)
                server.ask(f'INSERT INTO {table} VALUES ({values})')
        generator = Generator(random.Random(seed))
        for _ in range(queries):
            sql, _ = generator.query(3)
            verdict, why = check(server, dump, sql)
            counts[verdict] += 1
            if verdict == 'bad':
                print(f'{sql}\n  {why}')
            elif verdict == 'error' and '-v' in sys.argv:
                print(f'{sql}\n  {why}')
    print(counts)
    return 1 if counts['bad'] or counts['good'] < queries // 2 else 0


if __name__ == '__main__':
    sys.exit(main())
