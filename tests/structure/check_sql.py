# SPDX-License-Identifier: MIT
"""The server's SQL is what every one of its databases understands: SQLite, PostgreSQL, and what speaks its protocol and scales out
(YugabyteDB, CockroachDB), which is not there to be tried.  Usage: check_sql.py ROOT

Words in upper case are SQL's, all others are names of ours.  A word or a function that is not listed is not known to be understood by all of
them: look it up before it is added here.  Not in the list, because somebody lacks it or makes it slow: locks by name, LOCK and FOR UPDATE,
LISTEN and NOTIFY, triggers, sequences and columns that count by themselves, deferred constraints, temporary tables, and what is one database's own
(rowid, INSERT OR, GLOB, IFNULL; ILIKE, `::`, DISTINCT ON, ANY, now(), generate_series).
"""
import re
import sys

from sources import read, report, sources

SERVER = "tools/server/"
ENGINES = ("tools/server/store/store_sqlite.c", "tools/server/store/store_postgresql.c")  # which say to one of them what it needs
WORDS = set("""
    ADD ALTER AND AS ASC BEGIN BETWEEN BIGINT BY BYTEA CASE CAST CHECK COLUMN COMMIT CONFLICT CREATE CROSS DEFAULT DELETE DESC DISTINCT DO ELSE
    END ESCAPE EXISTS FOREIGN FROM GROUP HAVING IF IN INDEX INNER INSERT INTO IS JOIN KEY LEFT LIKE LIMIT MATERIALIZED NOT NOTHING NULL ON OR ORDER
    PRIMARY
    REFERENCES ROLLBACK SELECT SET TABLE TEXT THEN UNION ALL UNIQUE UPDATE VALUES VIEW WHEN WHERE WITH""".split())
FUNCTIONS = set("abs avg coalesce count length lower max min nullif replace substr sum upper".split())
PIECE = re.compile(r'"(?:\\.|[^"\\\n])*"')
OPAQUE = re.compile(PIECE.pattern + r"|/\*.*?\*/|//[^\n]*|'(?:\\.|[^'\\\n])'", re.DOTALL)
# Texts that stand next to each other, also with a macro between them, are one.
GROUP = re.compile(r'"(?:\\.|[^"\\\n])*"(?:(?:\s|\\\n|\b[A-Z][A-Z0-9_]*\b(?:\(\w*\))?)*"(?:\\.|[^"\\\n])*")*')
IS_SQL = re.compile(r"^\s*(SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|WITH|LOCK|LISTEN|NOTIFY|BEGIN|COMMIT|ROLLBACK|SET|TRUNCATE|COPY|MERGE)\b"
                    r"|\b(FROM|JOIN|WHERE|VALUES|ORDER BY|GROUP BY|LIMIT|SET) [a-z_$(]")
ODD = re.compile(r"::|\bx'|[~^@#]|->|\?|`|\[")


def blank(match):
    return re.sub(r"[^\n]", " ", match.group())


def statements(text):
    """Line and text of what is SQL in a C file."""
    text = OPAQUE.sub(lambda match: match.group() if match.group().startswith('"') else blank(match), text)
    for group in GROUP.finditer(text):
        sql = "".join(piece[1:-1] for piece in PIECE.findall(group.group()))
        if IS_SQL.search(sql):
            yield text.count("\n", 0, group.start()) + 1, sql


def scripts(text):
    """The same of a schema file."""
    text = re.sub(r"--[^\n]*", blank, text)
    at = 0
    for sql in text.split(";"):
        yield text.count("\n", 0, at + len(sql) - len(sql.lstrip())) + 1, sql
        at += len(sql) + 1


def objections(sql):
    """What is not listed."""
    bare = re.sub(r"'[^']*'", "''", sql)
    for word, call in re.findall(r"\b([A-Z][A-Z_]*)\b(\()?", bare):
        if word not in WORDS and not (call and word.lower() in FUNCTIONS):
            yield f"'{word}' is not among the words that all databases understand alike"
    for name in re.findall(r"\b([a-z_]+)\(", bare):
        if name not in FUNCTIONS:
            yield f"{name}() is not among the functions that all databases have alike"
    for odd in ODD.findall(bare):
        yield f"'{odd}' is not understood by all databases alike"


def check(root, schemas):
    problems = []
    for path in [*sources(root), *schemas]:
        if not path.startswith(SERVER) or path in ENGINES:
            continue
        found = (scripts if path.endswith(".sql") else statements)(read(root, path))
        problems += [f"{path}:{line}: {objection}" for line, sql in found for objection in sorted(set(objections(sql)))]
    return problems


if __name__ == "__main__":
    sys.exit(report(check(sys.argv[1], sources(sys.argv[1], (".sql",)))))
