# SPDX-License-Identifier: MIT
# What kind of caller a process is taken for.
import os
import signal
import subprocess

from support import SHOW, clean_environment, collect, folder, main, run, run_at_terminal


def facts(shown):
    lines = [line.split(" ", 1) for line in shown.splitlines() if " " in line]
    return {fact.split("=", 1)[0]: (mark, fact.split("=", 1)[1]) for mark, fact in lines}


def with_terminal(**environment):
    with folder() as top:
        return facts(run_at_terminal(top, program=SHOW,
                                     environment=clean_environment(top / "home", **environment))[1])


def without_terminal(**environment):
    with folder() as top:
        return facts(run(top, program=SHOW,
                         environment=clean_environment(top / "home", **environment))[1])


# The tests' own ancestors may be anything, an agent's shell too: then nobody below is a person or a job.
ANCESTORS_CLAIM = without_terminal().get("caller-kind") == ("claimed", "agent")


def expected(kind):
    return ("claimed", "agent") if ANCESTORS_CLAIM else kind


def test_somebody_at_a_terminal_is_a_person():
    known = with_terminal()
    assert known["tty"][1].startswith("/dev/pts/"), known
    assert known.get("caller-kind") == expected(("observed", "person")), known


def test_nobody_without_a_terminal_is_anything():
    known = without_terminal()
    assert "tty" not in known
    assert known.get("caller-kind") == expected(None), known


def test_work_under_ci_is_a_job():
    known = with_terminal(CI="true", GITHUB_ACTIONS="true", GITHUB_REPOSITORY="acme/shop")
    assert known.get("caller-kind") == expected(("observed", "job")), known
    assert known["ci"] == ("claimed", "github-actions")
    assert known["GITHUB_REPOSITORY"] == ("claimed", "acme/shop")


def test_a_claimed_agent_is_no_person_and_no_job():
    for more in ({}, {"CI": "true"}):
        known = with_terminal(CLAUDECODE="1", **more)
        assert known.get("caller-kind") == ("claimed", "agent"), known


def test_an_agent_that_clears_the_environment_is_still_seen():
    with folder() as top:
        environment = clean_environment(top / "home", CLAUDECODE="1")
        _, shown = run_at_terminal(top, "-c", f"env -i {SHOW}; true", program="/bin/sh",
                                   environment=environment)
        known = facts(shown)
        assert known.get("caller-kind") == ("claimed", "agent"), shown
        assert known["parents-agent"] == ("claimed", "claude-code"), shown
        assert known["parents"][1].startswith("sh("), shown


def test_secrets_of_the_command_line_stay_out():
    child = subprocess.Popen(["python3", "-c", "import time; time.sleep(60)", "--password=hunter2",
                              "postgres://u:hunter2@db/x"], env={"PATH": os.environ["PATH"],
                              "PGPASSWORD": "hunter2", "AI_AGENT": "http://u:hunter2@h"})
    try:
        with folder() as top:
            _, shown, _ = run(top, str(child.pid), program=SHOW)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    assert "hunter2" not in shown, shown
    assert facts(shown)["pid"][1] == str(child.pid)


def test_a_program_deleted_while_it_runs_is_still_named():
    with folder() as top:
        copy = top / "work/napping"
        copy.write_bytes(open("/bin/sleep", "rb").read())
        copy.chmod(0o755)
        child = subprocess.Popen([str(copy), "60"], env={})
        try:
            copy.unlink()
            _, shown, _ = run(top, str(child.pid), program=SHOW)
        finally:
            child.send_signal(signal.SIGKILL)
            child.wait()
        assert facts(shown)["caller-exe"] == ("observed", str(copy)), shown
        assert facts(shown)["exe"][1].endswith("(deleted)"), shown


main(collect(globals()))
