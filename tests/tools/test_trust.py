# SPDX-License-Identifier: MIT
# `chaperone policy trust` takes a person's word, at a terminal, outside of what is governed.
import json
import os
import pathlib
import shutil

from support import CHAPERONE, clean_environment, collect, folder, main, run, run_at_terminal


def trusted(top):
    store = top / "home/.local/state/chaperone/trust"
    return sorted(store.iterdir()) if store.exists() else []


def make_policy(top):
    assert run(top, "init")[0] == 0


def test_yes_at_a_terminal_gives_trust():
    with folder() as top:
        make_policy(top)
        status, shown = run_at_terminal(top, "policy", "trust", answer="yes\n")
        assert status == 0, shown
        for part in ("work/chaperone/policy.yaml", "sha256 ", "4 rules", "no-destructive"):
            assert part in shown, (part, shown)
        entries = trusted(top)
        assert len(entries) == 1
        assert entries[0].read_text().endswith(f"  {top}/work/chaperone\n")
        assert entries[0].parent.stat().st_mode & 0o777 == 0o700
        assert entries[0].stat().st_mode & 0o777 == 0o600


def test_the_digest_shown_is_the_digest_kept():
    with folder() as top:
        make_policy(top)
        _, shown = run_at_terminal(top, "policy", "trust", "--yes")
        digest = shown.split("sha256 ")[1].split()[0]
        assert trusted(top)[0].read_text().startswith(digest + "  ")


def test_any_other_answer_gives_none():
    for answer in ("no\n", "\n", "y\n", "YES\n", "yes please\n", "\x04"):
        with folder() as top:
            make_policy(top)
            status, shown = run_at_terminal(top, "policy", "trust", answer=answer)
            assert status == 1 and "not trusted" in shown, (answer, status, shown)
            assert not trusted(top)


def test_without_a_terminal_there_is_no_trust_not_even_with_yes():
    with folder() as top:
        make_policy(top)
        for arguments in (["policy", "trust"], ["policy", "trust", "--yes"]):
            status, _, err = run(top, *arguments, text="yes\n")
            assert status == 2 and "terminal" in err, (status, err)
        assert not trusted(top)


def test_a_governed_tree_cannot_trust():
    for name, value in (("CHAPERONE_RUN", ""), ("CHAPERONE_RUN", "8f31"),
                        ("LD_PRELOAD", "/nowhere/libchaperone.so")):
        with folder() as top:
            make_policy(top)
            environment = clean_environment(top / "home", **{name: value})
            status, shown = run_at_terminal(top, "policy", "trust", "--yes", environment=environment)
            assert status == 2 and "governed tree" in shown and name in shown, (name, status, shown)
            assert not trusted(top)


def test_below_chaperone_run_nobody_can_trust():
    with folder() as top:
        make_policy(top)
        # A shell that is named as the supervisor is: /bin/sh under the name chaperone, first argument run.
        (top / "bin").mkdir()
        shutil.copy("/bin/sh", top / "bin/chaperone")
        (top / "work/run").write_text(f"env -i PATH=$PATH HOME=$HOME {CHAPERONE} policy trust --yes\n"
                                      "exit $?\n")
        status, shown = run_at_terminal(top, "run", program=str(top / "bin/chaperone"))
        assert status == 2 and "is an ancestor" in shown, (status, shown)
        assert not trusted(top)


def test_a_broken_policy_is_not_trusted():
    with folder() as top:
        make_policy(top)
        (top / "work/chaperone/policy.yaml").write_text("version: 1\nname: x\nrulez: []\n")
        status, shown = run_at_terminal(top, "policy", "trust", "--yes")
        assert status == 2 and "policy.yaml:3:" in shown, (status, shown)
        assert not trusted(top)


def test_names_cannot_move_the_cursor():
    with folder() as top:
        make_policy(top)
        os.rename(top / "work/chaperone/policy.yaml", top / "work/chaperone/\x1b[2Jp.yaml")
        status, shown = run_at_terminal(top, "policy", "trust", "--yes")
        assert status == 0 and "\\x1b[2Jp.yaml" in shown and "\x1b" not in shown, shown


def test_a_path_may_be_named():
    with folder() as top:
        make_policy(top)
        pathlib.Path(top / "work/chaperone").rename(top / "other")
        assert run_at_terminal(top, "policy", "trust", "--yes")[0] == 2
        status, shown = run_at_terminal(top, "policy", "trust", "--yes", "../other")
        assert status == 0, shown
        assert trusted(top)[0].read_text().endswith(f"  {top}/other\n")


def test_json_says_what_was_trusted():
    with folder() as top:
        make_policy(top)
        status, shown = run_at_terminal(top, "policy", "trust", "--yes", "--json")
        answer = json.loads(shown.strip().splitlines()[-1])
        assert status == 0 and answer["trusted"] == f"{top}/work/chaperone", shown
        assert len(answer["sha256"]) == 64


main(collect(globals()))
