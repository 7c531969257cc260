#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The audit commands say what the record holds, name the place that does not fit, and control nobody's terminal."""
import csv
import hashlib
import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

STAND_IN = os.environ["AUDIT_STAND_IN"]
ROOT = pathlib.Path(__file__).resolve().parents[2]
VERIFIER = ROOT / "dev" / "verify_record.py"
FORBIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")


class WithRecord(unittest.TestCase):
    def setUp(self):
        self.top = tempfile.mkdtemp(prefix="chaperone-audit-")
        self.addCleanup(shutil.rmtree, self.top)
        self.folder = os.path.join(self.top, "record")
        self.write()

    def write(self):
        self.assertEqual(subprocess.run([STAND_IN, "write", self.folder]).returncode, 0)

    def run_audit(self, *arguments, columns="140", zone="UTC"):
        environment = dict(os.environ, COLUMNS=columns, TZ=zone, CHAPERONE_RECORD=self.folder)
        return subprocess.run([STAND_IN, *arguments], env=environment, capture_output=True)

    def text(self, *arguments, **options):
        done = self.run_audit(*arguments, **options)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.decode()

    def objects(self, *arguments):
        return [json.loads(line) for line in self.text(*arguments).splitlines()]

    def files(self):
        return sorted(pathlib.Path(self.folder).glob("*.rec"))


class Listing(WithRecord):
    def test_every_width_is_kept_and_newest_is_last(self):
        for columns in (100, 120, 160, 200):
            lines = self.text("list", columns=str(columns)).splitlines()
            self.assertEqual(len(lines), 6)
            self.assertLessEqual(max(map(len, lines)), columns)
            self.assertIn("drop table", lines[3][:columns])

    def test_nothing_hostile_reaches_the_terminal(self):
        ids = [o["event"] for o in self.objects("list", "--json")]
        outputs = [self.text("list"), self.text("tail"), self.text("list", "--json"), self.text("export")]
        outputs += [self.text("show", one) for one in ids] + [self.text("show", one, "--json") for one in ids]
        for output in outputs:
            self.assertIsNone(FORBIDDEN.search(output), output)
        self.assertIn("\\x1b]0;owned\\x07", outputs[0] + outputs[4])

    def test_times_are_local_for_people_and_utc_in_json(self):
        self.assertIn("11-22 18:45:01", self.text("list", zone="Europe/Berlin"))
        self.assertEqual(self.objects("list", "--json")[1]["time"], "2026-11-22T17:45:01.001000000Z")

    def test_filters_select(self):
        cases = [
            (["--verdict", "deny"], 1), (["--verdict", "would-*"], 1), (["--verdict", "masked"], 1),
            (["--table", "orders"], 2), (["--table", "public.*"], 3), (["--table", "order"], 0),
            (["--rule", "no-destructive"], 1), (["--rule", "shop/*"], 4), (["--person", "anna"], 4),
            (["--person", "refund-*"], 4), (["--person", "bob"], 0), (["--run", "8f31"], 4),
            (["--run", "1"], 4), (["--run", "9"], 0), (["--limit", "2"], 2), (["-n", "1"], 1),
            (["--since", "2026-11-22T17:45:01.5Z"], None), (["--since", "2026-11-22 17:45:02"], 0),
            (["--until", "2026-11-22 17:45:01"], 0), (["--since", "2026-11-22T18:45:01+0100"], 5),
        ]
        for arguments, count in cases:
            done = self.run_audit("list", "--json", *arguments)
            if count is None:
                self.assertEqual(done.returncode, 2)
                continue
            self.assertEqual(len(done.stdout.splitlines()), count, arguments)

    def test_an_event_has_all_its_parts(self):
        masked = self.objects("list", "--json", "--verdict", "masked")[0]
        for name, value in {"who": "refund-bot for anna", "database": "shop", "rows": 3, "masked_cells": 3,
                            "duration_ns": 47000, "rules": ["shop/mask-contact"], "reported_by": "process",
                            "assurance": "same-user", "outcome": "known"}.items():
            self.assertEqual(masked[name], value)
        denied = self.objects("list", "--json", "--verdict", "refused")
        self.assertEqual([o["decision"] for o in denied], ["approve", "deny"])
        self.assertEqual(denied[1]["sqlstate"], "42501")

    def test_wrong_arguments_are_exit_2(self):
        for arguments in (["list", "--nonsense"], ["list", "--limit", "0"], ["show"], ["list", "x"],
                          ["list", "--since", "yesterday"], ["verify", "--head", "zz"], ["list", "--limit"],
                          ["export", "--format", "xml"], ["list", "--record", "/nonexistent"]):
            done = self.run_audit(*arguments)
            self.assertEqual((done.returncode, done.stdout), (2, b""), arguments)
        for command in ("list", "show", "tail", "verify", "head", "export"):
            self.assertIn("usage: chaperone " + command, self.text(command, "--help"))
            self.assertIn("usage: chaperone " + command, self.text(command, "-h"))


class Showing(WithRecord):
    def test_facts_have_marks_and_the_chain_a_place(self):
        one = self.objects("list", "--json", "--verdict", "masked")[0]["event"]
        shown = self.text("show", one)
        self.assertRegex(shown, r"exe +observed +/usr/bin/psql")
        self.assertRegex(shown, r"chain +\S+\.rec, batch at offset [0-9]+, hash [0-9a-f]{64}")
        full = self.objects("show", one, "--json")[0]
        self.assertEqual(full["facts"]["process"][0], {"name": "user", "value": "anna", "mark": "observed"})

    def test_the_id_in_a_refusal_finds_its_events(self):
        boot = self.objects("list", "--json")[0]["event"].split("-")[0]
        self.assertIn("drop table orders", self.text("show", boot + "-2"))
        self.assertEqual(self.run_audit("show", boot + "-77").returncode, 1)


class Verifying(WithRecord):
    def independent(self, *arguments):
        return subprocess.run([sys.executable, str(VERIFIER), self.folder, *arguments], capture_output=True)

    def test_without_a_head_it_is_unanchored(self):
        said = self.text("verify")
        self.assertRegex(said, r"^good, unanchored: 20 entries in 2 batches of 1 files; head [0-9a-f]{64}\n")
        self.assertIn("assurance: same-user", said)
        self.assertNotIn("ok", said)
        self.assertEqual(self.independent().stdout.decode().splitlines()[0], said.splitlines()[0])

    def test_a_head_anchors_and_a_foreign_one_does_not(self):
        head = self.text("head").strip()
        self.assertTrue(self.text("verify", "--head", head).startswith("good, anchored"))
        self.assertEqual(self.independent("--head", head).returncode, 0)
        foreign = head[:-1] + ("0" if head[-1] != "0" else "1")
        self.assertEqual(self.run_audit("verify", "--head", foreign).returncode, 1)
        self.assertEqual(self.independent("--head", foreign).returncode, 1)

    def test_the_first_place_that_does_not_fit_is_named(self):
        file = self.files()[0]
        data = bytearray(file.read_bytes())
        second = json.loads(self.text("show", self.objects("list", "--json")[1]["event"], "--json"))["chain"]["offset"]
        data[second + 100] ^= 4
        file.write_bytes(data)
        done = self.run_audit("verify")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout.decode().splitlines()[0],
                         "bad: %s, offset %d: the batch's hash does not fit" % (file.name, second))
        said = json.loads(self.run_audit("verify", "--json").stdout)
        self.assertEqual((said["good"], said["file"], said["offset"]), (False, file.name, second))
        self.assertEqual(self.run_audit("head").returncode, 1)
        self.assertEqual(self.run_audit("export").returncode, 1)
        self.assertIn(b"does not verify", self.run_audit("list").stderr)

    def test_both_verifiers_agree_on_damage(self):
        self.write()
        for file in self.files():
            whole = file.read_bytes()
            for at in range(0, len(whole), 37):
                file.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1:])
                self.agree("byte %d" % at)
                file.write_bytes(whole[:at])
                self.agree("cut at %d" % at)
            file.write_bytes(whole)
        self.agree("whole")

    def test_both_verifiers_agree_on_torn_tails_and_missing_files(self):
        first = self.files()[0]
        first.write_bytes(first.read_bytes()[:-7])
        self.agree("torn")
        self.write()
        self.assertEqual(self.agree("torn and followed"), 0)
        first.rename(first.with_suffix(".away"))
        self.assertEqual(self.agree("missing"), 1)

    def agree(self, what):
        ours, theirs = self.run_audit("verify"), self.independent()
        self.assertIn(ours.returncode, (0, 1), ours.stderr)
        self.assertEqual(ours.returncode, theirs.returncode, (what, ours.stdout, theirs.stdout, theirs.stderr))
        return ours.returncode


class Exporting(WithRecord):
    def test_ocsf_has_what_the_class_requires(self):
        events = self.objects("export")
        self.assertEqual(len(events), 4)
        try:
            import jsonschema
        except ImportError:
            self.skipTest("python3-jsonschema is not installed")
        schema = json.loads((pathlib.Path(__file__).parent / "ocsf_6005.json").read_text())
        for event in events:
            jsonschema.Draft7Validator(schema).validate(event)
        for name in ("actor", "src_endpoint", "metadata", "database"):
            with self.assertRaises(jsonschema.ValidationError):
                jsonschema.validate({k: v for k, v in events[0].items() if k != name}, schema)

    def test_ocsf_maps_decisions(self):
        by_query = {e["query_info"]["query_string"][:6]: e for e in self.objects("export")}
        wanted = {"select": (4, 4, 1, 1), "drop t": (7, 2, 2, 2), "delete": (7, 2, 14, 2), "=cmd|'": (99, 3, 1, 0)}
        for query, values in wanted.items():
            event = by_query[query]
            self.assertEqual((event["activity_id"], event["action_id"], event["disposition_id"],
                              event["status_id"]), values, query)
            self.assertEqual(event["type_uid"], 600500 + event["activity_id"])
        self.assertEqual(by_query["select"]["metadata"]["correlation_uid"], "8f31aa02")
        self.assertEqual(by_query["select"]["unmapped"]["ai_agent"], {"name": "refund-bot"})
        self.assertNotIn("user", by_query["select"]["actor"])

    def test_ocsf_names_a_shape_by_its_digest(self):
        queries = [event["query_info"] for event in self.objects("export")]
        self.assertEqual(len({query["uid"] for query in queries}), len({query["query_string"] for query in queries}))
        for query in queries:
            if "\ufffd" in query["query_string"]:
                continue  # not the bytes that were on record
            digest = hashlib.sha256(query["query_string"].encode()).hexdigest()
            self.assertEqual(query["uid"], digest[:16])

    def test_csv_has_no_formulas(self):
        rows = list(csv.reader(io.StringIO(self.text("export", "--format", "csv"), newline="")))
        self.assertEqual(len(rows), 6)
        for row in rows:
            self.assertEqual(len(row), 15)
            for field in row:
                self.assertFalse(field.lstrip().startswith(("=", "+", "-", "@", "\t", "\r")), field)
        self.assertIn("'=cmd|' /C calc'!A0", rows[5][14])


class Tailing(WithRecord):
    def test_last_ones_and_those_that_come(self):
        self.assertEqual(len(self.text("tail", "-n", "2").splitlines()), 2)
        out = open(os.path.join(self.top, "out"), "w+b")
        self.addCleanup(out.close)
        tail = subprocess.Popen([STAND_IN, "tail", "-f", "--json", "-n", "1", "--record", self.folder], stdout=out)
        try:
            self.wait_for(out, 1)
            self.write()
            self.assertEqual(len(self.wait_for(out, 4)), 4)
        finally:
            tail.kill()
            tail.wait()

    def wait_for(self, out, count):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            out.seek(0)
            lines = out.read().splitlines()
            if len(lines) >= count:
                return lines
            time.sleep(0.05)
        self.fail("only %d lines came" % len(lines))


if __name__ == "__main__":
    unittest.main(verbosity=1)
