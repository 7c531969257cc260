#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What `policy check` and `policy schema` print and how they end: check_commands.py POLICY_TOOL"""
import json
import os
import subprocess
import sys
import tempfile

HEAD = "version: 1\nname: x\n"
GOOD = HEAD + "rules: []\n"
ODD = HEAD + "columns: { c: a.b }\nrules: []\n"
BAD = HEAD + "rulez: []\n"
TEST = 'version: 1\npolicies: [a.yaml]\nat: "2026-01-01T00:00:00Z"\nas: { b: { kind: job } }\n' \
       "tests: [{ name: t, as: b, database: d, sql: s, want: { decision: deny } }]\n"
BAD_TEST = TEST.replace("decision: deny", "decision: dney")

# files, arguments, exit status, parts of stdout, parts of stderr
CASES = {
    "a good file": ({"a.yaml": GOOD}, ["check", "a.yaml"], 0,
                    ["1 policy file, 0 test files: 0 errors, 0 warnings\n"], []),
    "an error": ({"a.yaml": BAD}, ["check", "a.yaml"], 1,
                 ["a.yaml:3:1: error: a policy has no key 'rulez'; did you mean 'rules'? [syntax]\n",
                  ": 1 error, 0 warnings\n"], []),
    "a warning is good": ({"a.yaml": ODD}, ["check", "a.yaml"], 0,
                          ["a.yaml:3:12: warning: no rule masks the columns of 'c' [columns-unused]\n"], []),
    "a warning under --strict": ({"a.yaml": ODD}, ["check", "--strict", "a.yaml"], 1, ["1 warning\n"], []),
    "a folder with its tests": ({"a.yaml": GOOD, "a_test.yaml": TEST}, ["check", "."], 0,
                                ["1 policy file, 1 test file: 0 errors"], []),
    "a bad test in a folder": ({"a.yaml": GOOD, "a_test.yaml": BAD_TEST}, ["check", "."], 1,
                               ["./a_test.yaml:5:", "did you mean 'deny'?"], []),
    "a bad test alone": ({"a_test.yaml": BAD_TEST}, ["check", "a_test.yaml"], 1, ["0 policy files, 1 test file"], []),
    "a file that nobody reads": ({"a.yaml": GOOD, "b.yml": GOOD}, ["check", "."], 0,
                                 ["./b.yml:1:1: warning: this file is not read"], []),
    "files named together are one bundle": ({"a.yaml": HEAD + "people: { p: { kind: job } }\nrules: []\n",
                                             "b.yaml": HEAD + "rules: [{ name: r, for: p, then: deny }]\n"},
                                            ["check", "a.yaml", "b.yaml"], 0, ["2 policy files"], []),
    "a name of another file": ({"b.yaml": HEAD + "rules: [{ name: r, for: p, then: deny }]\n"},
                               ["check", "b.yaml"], 1, ["no people entry is called 'p'"], []),
    "no such file": ({}, ["check", "none.yaml"], 2, [], ["none.yaml: cannot read it: No such file"]),
    "no path": ({}, ["check"], 2, [], ["expected PATH"]),
    "an unknown option": ({}, ["check", "--bogus"], 2, [], ["bogus"]),
    "help": ({}, ["check", "--help"], 0, ["usage: chaperone policy check"], []),
    "control characters": ({"a.yaml": HEAD + 'rules: [{ name: "r\\e[2J", then: deny }]\n'}, ["check", "a.yaml"], 1,
                           ["not 'r?[2J'"], []),
    "schema": ({}, ["schema"], 0, ['"$id": "policy-v1.json"'], []),
    "schema of tests": ({}, ["schema", "--test"], 0, ['"$id": "policy-test-v1.json"'], []),
    "schema help": ({}, ["schema", "-h"], 0, ["usage: chaperone policy schema"], []),
    "schema with a word": ({}, ["schema", "x"], 2, [], ["unexpected argument 'x'"]),
}


def run(tool, files, arguments):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(text)
        return subprocess.run([tool, "policy", *arguments], cwd=folder, capture_output=True, text=True)


def check_json(tool):
    done = run(tool, {"a.yaml": BAD, "a_test.yaml": BAD_TEST}, ["check", "--json", "."])
    found = json.loads(done.stdout)
    places = [(entry["file"], entry["line"], entry["severity"], entry["id"]) for entry in found["findings"]]
    wanted = [("./a.yaml", 3, "error", "syntax"), ("./a_test.yaml", 5, "error", "syntax")]
    return [] if places == wanted and found["errors"] == 2 and done.returncode == 1 else [f"--json: {found}"]


def main():
    tool = os.path.abspath(sys.argv[1])
    wrong = check_json(tool)
    for name, (files, arguments, status, out, err) in CASES.items():
        done = run(tool, files, arguments)
        missing = [part for part in out if part not in done.stdout] + [part for part in err if part not in done.stderr]
        if done.returncode != status or missing:
            wrong.append(f"{name}: ended with {done.returncode}, without {missing}:\n{done.stdout}{done.stderr}")
    print("\n".join(wrong) or f"{len(CASES) + 1} cases hold")
    return 1 if wrong else 0


sys.exit(main())
