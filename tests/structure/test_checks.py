# SPDX-License-Identifier: MIT
"""Each structural check is content with a good tree or library, and finds a planted violation."""
import os
import subprocess
import tempfile
import unittest

import check_headers
import check_layers
import check_layout
import check_libpq_table
import check_shim
import check_sizes
import check_sql
import check_tables

LAYERS = {"common": [], "policy/core": ["common"], "shim/gate": ["common", "policy/core"]}


class Tree(unittest.TestCase):
    """A source tree in a temporary folder."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = folder.name
        self.write("common/text.h", "#include <stddef.h>\nsize_t text_length(const char *text);\n")

    def write(self, path, text):
        full = os.path.join(self.root, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text)
        return full

    def assert_found(self, problems, *words):
        self.assertEqual(len(problems), 1, problems)
        for word in words:
            self.assertIn(word, problems[0])


class Layout(Tree):
    def check(self):
        if not check_layout.is_there():
            self.skipTest("clang-format is not installed")
        self.write(".clang-format", "BasedOnStyle: LLVM\n")
        return check_layout.check(self.root)

    def test_laid_out_sources_pass(self):
        self.assertEqual(self.check(), [])

    def test_other_layout_is_found(self):
        self.write("common/text.c", "int one;\nint  two;\n")
        self.assert_found(self.check(), "common/text.c:2:")


class Sql(Tree):
    PLANTED = (("SELECT pg_advisory_lock(1)", "pg_advisory_lock()"), ("LISTEN chaperone", "'LISTEN'"), ("SELECT 1 FROM t FOR UPDATE", "'FOR'"),
               ("INSERT INTO t VALUES (nextval('s'))", "nextval()"), ("SELECT a::text FROM t", "'::'"), ("UPDATE t SET a = ?", "'?'"),
               ("SELECT ifnull(a, 0) FROM t", "ifnull()"), ("SELECT 1 FROM t WHERE a ILIKE 'x'", "'ILIKE'"),
               ("SELECT a FROM t WHERE a = x'00'", "\"x'\""))

    def check(self, *schemas):
        return check_sql.check(self.root, schemas)

    def test_what_all_understand_passes(self):
        self.write("tools/server/people/a.c", 'f("SELECT " COLUMNS " FROM t WHERE a = $1 AND b = \'FOR SHARE\'"); g("the LOCK of a door ::");\n// LISTEN\n')
        self.write("tools/server/store/store_postgresql.c", 'f("LISTEN chaperone");\n')
        self.write("tools/server/store/schema/1.sql", "-- a SERIAL\nCREATE TABLE t (a BIGINT PRIMARY KEY);\n")
        self.assertEqual(self.check("tools/server/store/schema/1.sql"), [])

    def test_what_one_lacks_is_found(self):
        for sql, word in self.PLANTED:
            self.write("tools/server/people/a.c", f'int a;\nf("{sql}");\n')
            self.assert_found(self.check(), "tools/server/people/a.c:2:", word.strip('"'))

    def test_it_is_found_behind_a_macro_and_in_a_schema(self):
        self.write("tools/server/people/a.c", 'f("SELECT " COLUMNS\n  " FROM t" JOINED\n " LIMIT 1 FOR UPDATE SKIP LOCKED");\n')
        self.assertEqual(len(self.check()), 3)
        self.write("tools/server/people/a.c", "")
        self.write("tools/server/store/schema/1.sql", "CREATE TABLE t (a BIGINT);\n\nCREATE TABLE u (a SERIAL);\n")
        self.assert_found(self.check("tools/server/store/schema/1.sql"), "1.sql:3:", "'SERIAL'")


class Tables(Tree):
    SCHEMA = "CREATE TABLE a (\n\tname TEXT PRIMARY KEY, -- b TEXT\n\tvalue TEXT\n);\nCREATE TABLE b (\n\tx BIGINT NOT NULL,\n\ty BYTEA,\n\tPRIMARY KEY (x, y)\n);\n"
    ROWS = 'ROW("a", "name", 1),\nROW("b", "x, y", 2),\n'

    def check(self, rows=ROWS, schema=SCHEMA):
        self.write("tools/server/store/tables.c", rows)
        self.write("tools/server/store/schema/1.sql", schema)
        return check_tables.check(self.root, ["tools/server/store/schema/1.sql"])

    def test_tables_that_are_listed_pass(self):
        self.assertEqual(self.check(), [])

    def test_a_table_that_is_not_moved_is_found(self):
        self.assert_found(self.check(rows='ROW("a", "name", 1),\n'), "b, whose key is (x, y)")
        self.assert_found(self.check(rows=self.ROWS.replace("x, y", "y, x")), "b, whose key is (x, y)")
        self.assert_found(self.check(rows=self.ROWS + 'ROW("c", "x", 1),\n'), "there is no table c")

    def test_a_key_that_is_not_in_front_is_found(self):
        moved = self.SCHEMA.replace("\tx BIGINT NOT NULL,\n\ty BYTEA,", "\ty BYTEA,\n\tx BIGINT NOT NULL,")
        self.assert_found(self.check(schema=moved), "the key of b is not its first columns")


class Layers(Tree):
    def check(self):
        return check_layers.check(self.root, LAYERS)

    def test_arrows_down_are_fine(self):
        self.write("policy/core/verb.c", '#include "common/text.h"\n#include "postgres.h"\n')
        self.write("tests/unit/test_verb.c", '#include "shim/gate/gate.h"\n')
        self.assertEqual(self.check(), [])

    def test_finds_an_arrow_up(self):
        self.write("policy/core/verb.h", "")
        self.write("common/text.c", '#include "common/text.h"\n  # include "policy/core/verb.h"\n')
        self.assert_found(self.check(), "common/text.c", "common may not include policy/core")

    def test_finds_an_arrow_into_tests(self):
        self.write("tests/unit/help.h", "")
        self.write("common/text.c", '#include "tests/unit/help.h"\n')
        self.assert_found(self.check(), "common/text.c", "outside the layers")

    def test_finds_an_include_without_its_folder(self):
        self.write("common/text.c", '#include "text.h"\n')
        self.assert_found(self.check(), "common/text.c", "full path")

    def test_finds_a_folder_that_nobody_listed(self):
        self.write("shim/other/other.c", '#include "common/text.h"\n')
        self.assert_found(self.check(), "shim/other/other.c", "not in layers.txt")

    def test_finds_layers_in_a_circle(self):
        problems = list(check_layers.check_layers_file({"a": ["b"], "b": ["a"]}))
        self.assert_found(problems, "a includes b")


class Headers(Tree):
    def test_a_whole_header_is_fine(self):
        self.assertEqual(check_headers.check(self.root, {}), [])

    def test_finds_a_header_that_leans_on_others(self):
        self.write("common/lean.h", "size_t lean(void);\n")
        self.assert_found(check_headers.check(self.root, {}), "common/lean.h", "size_t")

    def test_flags_go_to_their_folder_only(self):
        self.write("policy/core/flagged.h", "#ifndef FLAGGED\n#error no flag\n#endif\n")
        self.assertEqual(check_headers.check(self.root, {"policy/core": ["-DFLAGGED"]}), [])
        self.assert_found(check_headers.check(self.root, {"policy": ["-DOTHER"]}), "no flag")


def function(name, lines, line="\tcall();\n"):
    """A C function of that many lines."""
    return f"void {name}(void)\n{{\n{line * (lines - 3)}}}\n"


class Sizes(Tree):
    def check(self):
        return check_sizes.check(self.root)

    def test_small_is_fine(self):
        branches = function("branchy", 14, "\tif (a)\n").replace("{", "{ /* if if && ? */", 1)
        self.write("common/text.c", branches + function("other", 4) + function("long_one", 60))
        self.assertEqual(self.check(), [])

    def test_finds_a_long_function(self):
        self.write("common/text.c", function("a", 4) + function("b", 4) + function("long_one", 61))
        self.assert_found(self.check(), "long_one", "61 lines")

    def test_finds_a_long_function_in_tests(self):
        self.write("tests/unit/test_text.c", function("long_one", 61))
        self.assert_found(self.check(), "long_one")

    def test_finds_a_long_file(self):
        self.write("common/text.c", "\n" * 500)
        self.assert_found(self.check(), "common/text.c", "500 lines")

    def test_finds_too_many_branches(self):
        self.write("common/text.c", function("branchy", 4, "\tif (a && b || c ? d : e)\n" * 3))
        self.assert_found(self.check(), "branchy", "complexity 13")

    def test_finds_branches_behind_a_table_expansion(self):
        table = "#define ROW(a) int a(void) { return 0; }\nROW(x)\nROW(y)\n"
        self.write("common/text.c", function("a", 4) + function("b", 4) + table +
                   function("branchy", 4, "\tif (a)\n" * 12))
        self.assert_found(self.check(), "common/text.c", "complexity 13")

    def test_finds_a_high_median(self):
        self.write("common/text.c", function("a", 15) + function("b", 15))
        self.assert_found(self.check(), "median 15")


GOOD = '__attribute__((visibility("default"))) unsigned long stand_in(const char *text)\n' \
       "{ return __builtin_strlen(text) + 1; }\n"
LINK = ["-shared", "-fPIC", "-O1", "-fno-builtin", "-fno-stack-protector", "-U_FORTIFY_SOURCE",
        "-fvisibility=hidden", "-Wl,-z,now", "-Wl,-z,relro"]


class Shim(Tree):
    def check(self, text, *flags):
        source = self.write("shim/stand_in.c", text)
        library = os.path.join(self.root, "stand_in.so")
        subprocess.run([*os.environ.get("CC", "gcc").split(), *LINK, source, "-o", library, *flags],
                       check=True)
        return check_shim.check(library, {"stand_in"},
                                check_shim.read_names(check_shim.UNDEFINED) | {"arc4random"})

    def test_a_small_library_is_fine(self):
        self.assertEqual(self.check(GOOD), [])

    def test_finds_a_leaked_name(self):
        leak = '__attribute__((visibility("default"))) int ini_parse;\n'
        self.assert_found(self.check(GOOD + leak), "exports ini_parse")

    def test_finds_a_name_that_is_gone(self):
        self.assert_found(self.check(GOOD.replace("stand_in(", "stood_in(").replace(
            '"default"', '"hidden"')), "does not export stand_in")

    def test_finds_an_import(self):
        text = "int puts(const char *);\n" + GOOD.replace("{", "{ puts(text);")
        self.assert_found(self.check(text), "imports puts")

    def test_finds_a_new_libc_version(self):
        text = "unsigned arc4random(void);\n" + GOOD.replace("{", "{ arc4random();")
        self.assert_found(self.check(text), "arc4random", "GLIBC_2.36", "newer than 2.17")

    def test_finds_a_second_library(self):
        self.assert_found(self.check(GOOD, "-Wl,--no-as-needed", "-lm"), "libm.so.6")

    def test_finds_large_thread_locals(self):
        tls = "static __thread volatile char big[65];\n" + GOOD.replace("{", "{ big[text[0]] = 1;")
        self.assert_found(self.check(tls, "-ftls-model=initial-exec"), "static TLS")

    def test_finds_an_executable_stack(self):
        self.assert_found(self.check(GOOD, "-Wl,-z,execstack"), "executable stack")

    def test_finds_lazy_binding(self):
        self.assert_found(self.check(GOOD, "-Wl,-z,lazy"), "-z now")

    def test_finds_writable_relocations(self):
        self.assert_found(self.check(GOOD, "-Wl,-z,norelro"), "relro")


class LibpqTable(Tree):
    def setUp(self):
        super().setUp()
        self.table = self.write("table.h", "#define ROWS(GOVERNED, FORWARDED) \\\n"
                                "\tGOVERNED(PQexec) \\\n\tREFUSED(PQfn) \\\n\tFORWARDED(PQdb)\n")

    def check(self, *exported):
        rows = check_libpq_table.read_rows(self.table)
        return list(check_libpq_table.compare(rows, [], set(exported)))

    def test_a_row_for_each_export_is_fine(self):
        self.assertEqual(self.check("PQexec", "PQfn", "PQdb"), [])

    def test_finds_an_export_without_a_row(self):
        self.assert_found(self.check("PQexec", "PQfn", "PQdb", "PQclose"), "PQclose, which has no row")

    def test_finds_a_row_without_an_export(self):
        self.assert_found(self.check("PQexec", "PQfn"), "PQdb has a row")

    def test_finds_a_second_row(self):
        self.write("table.h", "\tGOVERNED(PQexec) \\\n\tREFUSED(PQexec)\n")
        self.assert_found(self.check("PQexec"), "PQexec has more than one row")

    def test_finds_a_newer_export_that_is_there_already(self):
        rows = check_libpq_table.read_rows(self.table)
        found = list(check_libpq_table.compare(rows, [("FORWARDED", "PQclose")], {"PQexec", "PQfn", "PQdb", "PQclose"}))
        self.assertIn("PQclose is a row of newer libpqs, but this one exports it", found)

    def test_stand_ins_are_the_rows_that_have_one(self):
        rows = check_libpq_table.read_rows(self.table)
        self.assertEqual(check_libpq_table.stand_ins(rows),
                         ["PQexec", "PQfn", *sorted(check_shim.read_names(check_libpq_table.EXPORTS))])


if __name__ == "__main__":
    unittest.main()
