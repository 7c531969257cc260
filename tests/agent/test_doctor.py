# SPDX-License-Identifier: MIT
"""`chaperone doctor` says what would be governed, from files alone."""
import glob
import json
import os
import shutil
import subprocess
import unittest

from support import CHAPERONE, CLIENT, POLICY, SELECT, Case

PSQL = "/usr/bin/psql"


class Doctor(Case):
    def setUp(self):
        super().setUp()
        self.policy = self.write(POLICY, "policy.yaml")

    def doctor(self, *command, policy=None, **variables):
        result = self.run_plain(CHAPERONE, "doctor", "--json", "--policy", policy or self.policy, "--", *command,
                                **variables)
        report = json.loads(result.stdout)
        self.assertEqual(result.returncode, 1 if report["problems"] else 0, result.stderr)
        self.assertEqual(report["problems"], sum(f["level"] == "problem" for f in report["findings"]))
        return report["findings"]

    def found(self, findings, level, words):
        self.assertTrue(any(f["level"] == level and words in f"{f['subject']} {f['text']}" for f in findings),
                        f"no {level} with '{words}' in {json.dumps(findings, indent=1)}")

    def no_problem(self, findings):
        self.assertEqual([f for f in findings if f["level"] == "problem"], [])

    def program(self, *names, mode=0o755):
        path = self.path(*names)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        shutil.copy("/bin/true", path)
        os.chmod(path, mode)
        return path

    def test_a_good_machine_has_no_problem(self):
        findings = self.doctor()
        self.no_problem(findings)
        for subject in ("kernel", "libc", "shim", "auditor", "run folder", "policy", "record"):
            self.found(findings, "good", subject)
        self.assertFalse(os.path.exists(self.path(".local")))

    @unittest.skipUnless(os.path.exists(PSQL), "needs psql")
    def test_psql_is_governed(self):
        findings = self.doctor("psql")
        self.no_problem(findings)
        self.found(findings, "good", "PostgreSQL libpq   governed")
        self.assertFalse(any(f["subject"] in ("connections", "start") for f in findings))

    def test_a_library_is_found_by_the_run_path_of_who_asks(self):
        self.found(self.doctor(CLIENT), "good", "/tests/bench/libpq.so.5")

    def test_nothing_is_run(self):
        script = self.write(f"#!/bin/sh\ntouch {self.path('ran')}\n", "script", mode=0o755)
        self.found(self.doctor(script), "good", f"{script} → /bin/sh")
        self.assertFalse(os.path.exists(self.path("ran")))

    def test_a_missing_command_is_a_problem(self):
        self.found(self.doctor("no-such-command"), "problem", "no-such-command is not found")

    def test_a_file_that_is_no_program_is_a_problem(self):
        path = self.write("hello", "text", mode=0o755)
        self.found(self.doctor(path), "problem", "neither a script nor an ELF file")

    def test_a_cut_program_is_a_problem(self):
        path = self.program("cut")
        os.truncate(path, 200)
        self.found(self.doctor(path), "problem", "damaged")

    def test_a_static_program_is_not_governed(self):
        source = self.write("int main(void) { return 0; }", "static.c")
        if subprocess.run(["cc", "-static", "-o", self.path("static"), source], capture_output=True,
                          check=False).returncode:
            self.skipTest("nothing static can be linked here")
        findings = self.doctor(self.path("static"))
        self.found(findings, "problem", "statically linked")
        self.found(findings, "note", "start will be refused")
        self.assertFalse(any(f["subject"] == "connections" for f in findings))

    def test_a_set_user_id_program_is_not_governed(self):
        path = self.program("suid", mode=0o4755)
        self.no_problem(self.doctor(path))  # its owner stays who he is
        if os.geteuid() == 0:
            os.chown(path, 65534, 65534)
            os.chmod(path, 0o4755)
        self.found(self.doctor(path if os.geteuid() == 0 else "/usr/bin/su"), "problem", "set-user-ID")

    def test_drivers_of_python_are_told_apart(self):
        python = self.program("venv", "bin", "python3")
        packages = self.path("venv", "lib", "python3.11", "site-packages")
        for name in ("psycopg2/_psycopg.cpython-311-x86_64-linux-gnu.so", "asyncpg/__init__.py"):
            self.write("", packages, name)
        findings = self.doctor(python)
        self.found(findings, "good", "psycopg2 (libpq)")
        self.found(findings, "problem", "NOT GOVERNED   asyncpg")
        self.assertFalse(any("oracledb" in f["text"] for f in findings))

    def test_clients_that_look_libpq_up_are_governed(self):
        python = self.program("venv", "bin", "python3")
        packages = self.path("venv", "lib", "python3.11", "site-packages")
        self.write("", packages, "psycopg/__init__.py")
        self.found(self.doctor(python), "good", "psycopg 3 (libpq)")
        tcl = self.program("usr", "bin", "tclsh8.6")
        for name in ("tdbcpostgres1.1.5", "tdbcmysql1.1.5"):
            self.write("", self.path("usr", "lib", name), "pkgIndex.tcl")
        findings = self.doctor(tcl)
        self.found(findings, "good", "tdbc::postgres (libpq)")
        self.found(findings, "problem", "NOT GOVERNED   tdbc::mysql")

    @unittest.skipUnless(glob.glob("/usr/lib/php/2*/pgsql.so"), "Debian package php-pgsql is not installed")
    def test_the_extensions_of_php_are_governed(self):
        findings = self.doctor("/usr/bin/php")
        self.found(findings, "good", " pgsql (libpq)")
        self.found(findings, "good", "pdo_pgsql (libpq)")

    def test_a_script_leads_to_its_interpreter_through_env(self):
        self.program("bin", "python3")
        self.write("", "modules", "pymysql", "__init__.py")
        script = self.write("#!/usr/bin/env -S python3 -u\n", "script.py", mode=0o755)
        findings = self.doctor(script, PATH=f"{self.path('bin')}:/usr/bin:/bin", PYTHONPATH=self.path("modules"))
        self.found(findings, "problem", "NOT GOVERNED   PyMySQL")
        self.found(findings, "note", "connections to databases")

    def test_modules_of_node_are_found_in_folders_above(self):
        node = self.program("bin", "node")
        self.write("{}", "node_modules", "pg", "package.json")
        os.mkdir(self.path("below"))
        result = subprocess.run([CHAPERONE, "doctor", "--policy", self.policy, "--", node], cwd=self.path("below"),
                                env=self.environment, capture_output=True, text=True, check=False)
        self.assertIn("! PostgreSQL  NOT GOVERNED   pg speaks the protocol itself", result.stdout)
        self.assertIn("1 problem\n", result.stdout)

    def test_a_policy_that_run_would_refuse_is_a_problem(self):
        wrong = self.write("version: 1\nname: x\nrules: 7\n", "wrong.yaml")
        self.found(self.doctor(policy=wrong), "problem", "wrong.yaml:3:")
        self.found(self.doctor(policy=self.path("none.yaml")), "problem", "none.yaml")

    def test_a_policy_in_a_folder_needs_trust(self):
        self.write(POLICY, "chaperone", "policy.yaml")
        result = self.run_plain(CHAPERONE, "doctor")
        self.assertEqual(result.returncode, 1)
        self.assertIn("is not trusted yet", result.stdout)

    def test_a_record_that_was_changed_is_a_problem(self):
        record = self.path("record")
        self.assertEqual(self.run_plain(CHAPERONE, "run", "--policy", self.policy, "--record", record, "--", CLIENT,
                                        SELECT).returncode, 0)
        self.found(self.doctor(CHAPERONE_RECORD=record), "good", "verifies")
        path, = [os.path.join(record, name) for name in os.listdir(record) if name.endswith(".rec")]
        with open(path, "r+b") as file:
            file.seek(os.path.getsize(path) // 2)
            byte = file.read(1)
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte[0] ^ 1]))
        self.found(self.doctor(CHAPERONE_RECORD=record), "problem", "does not verify")

    def test_a_record_that_others_can_enter_is_a_problem(self):
        os.mkdir(self.path("open"))
        os.chmod(self.path("open"), 0o755)
        self.found(self.doctor(CHAPERONE_RECORD=self.path("open")), "problem", "nobody else can enter")

    def test_what_files_are_called_moves_no_cursor(self):
        findings = self.run_plain(CHAPERONE, "doctor", "--policy", self.policy, "--", "no\x1b[2Jsuch").stdout
        self.assertIn("no\\x1b[2Jsuch", findings)

    def test_a_wrong_option_is_asked_wrongly(self):
        self.assertEqual(self.run_plain(CHAPERONE, "doctor", "--nonsense").returncode, 2)


if __name__ == "__main__":
    unittest.main()
