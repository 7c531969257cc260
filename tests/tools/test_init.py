# SPDX-License-Identifier: MIT
# `chaperone init` writes a policy and its test, and never over anything.
import json
import os
import pathlib

from support import collect, folder, main, run

TEMPLATES = pathlib.Path(os.environ["TEMPLATES"])


def test_each_template_is_written_byte_for_byte():
    for name in ("agent", "team", "strict"):
        with folder() as top:
            status, out, _ = run(top, "init", "--template", name)
            assert status == 0, out
            assert out.rstrip().endswith("chaperone policy trust"), out
            for kind in ("", "_test"):
                written = (top / f"work/chaperone/policy{kind}.yaml").read_bytes()
                assert written == (TEMPLATES / f"{name}{kind}.yaml").read_bytes(), name


def test_each_template_is_right_and_keeps_its_promises():
    for name in ("agent", "team", "strict"):
        with folder() as top:
            assert run(top, "init", "--template", name)[0] == 0
            status, out, err = run(top, "policy", "check", "chaperone")
            assert status == 0 and "0 errors, 0 warnings" in out + err, (name, out, err)
            status, out, err = run(top, "policy", "test", "chaperone")
            assert status == 0 and " passed, 0 failed" in out + err, (name, out, err)


def test_agent_is_the_template_without_a_name():
    with folder() as top:
        assert run(top, "init")[0] == 0
        assert "name: agent" in (top / "work/chaperone/policy.yaml").read_text()


def test_json_names_files_and_the_next_command():
    with folder() as top:
        status, out, _ = run(top, "init", "--json")
        assert status == 0
        assert json.loads(out) == {"written": ["chaperone/policy.yaml", "chaperone/policy_test.yaml"],
                                   "next": "chaperone policy trust"}


def test_what_is_there_stays():
    for name in ("policy.yaml", "policy_test.yaml"):
        with folder() as top:
            place = top / "work/chaperone"
            place.mkdir()
            (place / name).write_text("mine")
            status, _, err = run(top, "init")
            assert status == 1 and name in err, err
            assert [p.name for p in place.iterdir()] == [name]
            assert (place / name).read_text() == "mine"


def test_nothing_is_written_through_links():
    with folder() as top:
        (top / "elsewhere").mkdir()
        (top / "work/chaperone").symlink_to(top / "elsewhere")
        assert run(top, "init")[0] == 1
        assert not list((top / "elsewhere").iterdir())
    with folder() as top:
        (top / "work/chaperone").mkdir()
        (top / "work/chaperone/policy.yaml").symlink_to(top / "dangling")
        assert run(top, "init")[0] == 1
        assert not (top / "dangling").exists()


def test_an_unknown_template_gets_the_nearest_spelling():
    with folder() as top:
        status, _, err = run(top, "init", "--template", "agnet")
        assert status == 2 and "did you mean 'agent'?" in err, err
        assert not (top / "work/chaperone").exists()


main(collect(globals()))
