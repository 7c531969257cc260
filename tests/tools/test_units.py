# SPDX-License-Identifier: MIT
# The units for systemd are right, and what they start is a command that there is.
import os
import pathlib
import re
import shutil
import subprocess

from support import collect, folder, main, run

UNITS = sorted(pathlib.Path(os.environ["UNITS"]).glob("*.service"))
PROGRAMS = {"chaperone": os.environ["CHAPERONE"], "chaperone-server": os.environ["CHAPERONE_SERVER"]}


def command(unit):
    return re.search(r"^ExecStart=(.+)$", unit.read_text(), re.M).group(1).split()


def test_each_unit_starts_a_command_that_there_is():
    assert {unit.name for unit in UNITS} == {"chaperone-agent.service", "chaperone-server.service"}
    with folder() as top:
        for unit in UNITS:
            path, *words = command(unit)
            assert path.startswith("/") and "@" not in path, path
            status, _, err = run(top, *words, "--nonsense", program=PROGRAMS[os.path.basename(path)])
            assert status == 2 and "unknown option '--nonsense'" in err and err.count("\n") == 2, (words, err)


def test_systemd_has_nothing_against_them():
    if not shutil.which("systemd-analyze"):
        print("skipped: Debian package systemd is not installed")
        return
    with folder() as top:
        for unit in UNITS:
            text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", unit.read_text(), flags=re.M)
            text = re.sub(r"^Documentation=.*\n", "", text, flags=re.M)  # the manual is not installed here
            (top / unit.name).write_text(text)
            done = subprocess.run(["systemd-analyze", "verify", top / unit.name], capture_output=True, text=True, check=False)
            about = [line for line in done.stderr.splitlines() if unit.name in line]
            assert not about, about


def test_their_services_are_nobodys_root():
    for unit in UNITS:
        text = unit.read_text()
        assert re.search(r"^User=chaperone", text, re.M) and "NoNewPrivileges=yes" in text, unit.name
        assert "LimitCORE=0" in text and "ProtectSystem=strict" in text, unit.name


main(collect(globals()))
