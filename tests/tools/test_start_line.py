# SPDX-License-Identifier: MIT
# The line at the start of `chaperone run` names the command's clients, and says "governed" of those alone that are.
import os
import re
import shutil
import subprocess

import support

POLICY = "version: 1\nname: shop-dev\ndefault: allow\nunknown: allow\nrules: []\n"
NONE_FOUND = "(no client found; libpq is governed when it loads)"


def start_line(top, *command, options=(), **variables):
    """What stands in the first line between the policy's name and the record, and what is behind."""
    policy = top / "policy.yaml"
    policy.write_text(POLICY)
    environment = {"PATH": f"{top}/bin:/usr/bin:/bin", "HOME": str(top / "home"), **variables}
    if "ASAN_OPTIONS" in os.environ:
        environment["ASAN_OPTIONS"] = os.environ["ASAN_OPTIONS"]
    _, shown = support.run_at_terminal(top, "run", "--policy", str(policy), *options, "--", *map(str, command),
                                       environment=environment)
    if not shown:
        return None
    begin, phrase, end = shown.splitlines()[0].split(" · ", 2)
    assert begin == "chaperone: shop-dev" and end.startswith("record "), shown
    return phrase, end


def phrase(top, *command, **variables):
    return start_line(top, *command, **variables)[0]


def program(top, *names, mode=0o755):
    path = top.joinpath(*names)
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy("/bin/true", path)
    path.chmod(mode)
    return path


def script(top, name, text):
    path = top / name
    path.write_text(text)
    path.chmod(0o755)
    return path


def compiled(top, name, *arguments):
    """An empty program or, with -shared, an empty library."""
    source = top / "empty.c"
    source.write_text("int main(void) { return 0; }\n")
    return subprocess.run(["cc", "-o", top / name, source, "-Wl,--no-as-needed", *arguments], capture_output=True,
                          check=False).returncode == 0


def library(top, soname, *arguments, file=None):
    assert compiled(top, file or soname, "-shared", "-fPIC", f"-Wl,-soname,{soname}", *arguments)
    if file:
        (top / soname).symlink_to(file)
    return str(top / soname)


def test_psql_is_governed():
    if not os.path.exists("/usr/lib/postgresql/15/bin/psql"):
        return
    with support.folder() as top:
        for command in ("psql", "/usr/lib/postgresql/15/bin/psql"):
            said = phrase(top, command, "--version", PATH="/usr/bin:/bin:/usr/lib/postgresql/15/bin")
            assert said == "psql (libpq 15) governed", said


def test_trial_is_said_and_quiet_says_nothing():
    with support.folder() as top:
        assert start_line(top, "true")[1].endswith("…"), start_line(top, "true")
        assert start_line(top, "true", options=["--trial"])[1].endswith("… · TRIAL, nothing is enforced")
        assert start_line(top, "true", options=["--ungoverned", "warn"])[1].endswith("… · what is not governed may pass")
        assert start_line(top, "true", options=["--audit"])[1].endswith("… · audited bindings")
        assert start_line(top, "true", options=["--ungoverned", "refuse"])[1].endswith("…")
        assert start_line(top, "true", options=["--quiet"]) is None


def test_clients_that_are_linked_are_named_with_their_version():
    with support.folder() as top:
        run_path = f"-Wl,-rpath,{top}"
        libpq = library(top, "libpq.so.5", file="libpq.so.5.15")
        other = library(top, "libmariadb.so.3")
        compiled(top, "one", libpq, run_path)
        compiled(top, "both", libpq, other, run_path)
        compiled(top, "neither", other, run_path)
        for name, expected in {"one": "one (libpq 15) governed", "neither": "neither (libmariadb) NOT GOVERNED",
                               "both": "both (libpq 15) governed, (libmariadb) NOT GOVERNED"}.items():
            said = phrase(top, top / name)
            assert said == expected, said


def test_a_library_between_program_and_client_hides_nothing():
    with support.folder() as top:
        run_path = f"-Wl,-rpath,{top}"
        between = library(top, "libbetween.so", library(top, "libpq.so.5"), run_path)
        compiled(top, "indirect", between, run_path)
        said = phrase(top, top / "indirect")
        assert said == "indirect (libpq) governed", said


def test_a_client_that_is_not_found_is_not_called_governed():
    with support.folder() as top:
        compiled(top, "broken", library(top, "libpq.so.99"))
        os.unlink(top / "libpq.so.99")
        said = phrase(top, top / "broken")
        assert said == f"broken {NONE_FOUND}", said


def test_without_a_client_nothing_is_claimed():
    with support.folder() as top:
        run = script(top, "run.sh", "#!/bin/bash\n:\n")
        for command, name in (["true"], "true"), (["bash", "-c", ":"], "bash"), ([run], "run.sh → bash"):
            said = phrase(top, *command)
            assert said == f"{name} {NONE_FOUND}", said


def test_drivers_that_can_be_imported_are_told_apart():
    with support.folder() as top:
        program(top, "venv", "bin", "python3")
        packages = top / "venv/lib/python3.11/site-packages"
        run = script(top, "ask.py", "#!/usr/bin/env python3\n")
        path = f"{top}/venv/bin:/usr/bin:/bin"

        def install(name):
            (packages / name).parent.mkdir(parents=True, exist_ok=True)
            (packages / name).write_text("")

        # What the machine has installed besides is told too.
        install("psycopg2/_psycopg.cpython-311-x86_64-linux-gnu.so")
        install("psycopg/__init__.py")
        said = phrase(top, run, PATH=path)
        assert re.match(r"ask\.py → python3 \(psycopg2, psycopg 3[^;]* governed when loaded", said), said
        install("asyncpg/__init__.py")
        install("pymysql/__init__.py")
        said = phrase(top, "python3", PATH=path)
        assert re.match(r"python3 \(psycopg2, psycopg 3[^;]* governed when loaded; asyncpg, PyMySQL", said), said
        assert said.endswith(" NOT GOVERNED)"), said


def test_many_drivers_do_not_make_it_long():
    with support.folder() as top:
        node = program(top, "bin", "node")
        for name in ("pg", "postgres", "mysql", "mysql2", "mongodb"):
            (top / "modules" / name).mkdir(parents=True)
            (top / "modules" / name / "package.json").write_text("{}")
        said = phrase(top, node, NODE_PATH=str(top / "modules"))
        assert said.startswith("node (") and ", … NOT GOVERNED" in said and said.count(",") == 3, said


def test_what_no_preload_reaches_is_not_governed():
    with support.folder() as top:
        own = program(top, "own", mode=0o4755)  # who runs it stays who he is
        assert "NOT GOVERNED" not in phrase(top, own), phrase(top, own)
        other = program(top, "other") if os.geteuid() == 0 else "/usr/bin/su"
        if os.geteuid() == 0:
            os.chown(other, 65534, 65534)
            os.chmod(other, 0o4755)
        said = phrase(top, other)
        assert said == f"{os.path.basename(other)} NOT GOVERNED (set-user-ID: the loader ignores what is preloaded)", said
        if compiled(top, "static", "-static"):
            said = phrase(top, top / "static")
            assert said == "static NOT GOVERNED (statically linked: nothing can be preloaded)", said


def test_what_cannot_be_executed_is_named():
    with support.folder() as top:
        said = phrase(top, "no\x1b[2Jsuch")
        assert said == "no\\x1b[2Jsuch (not found, or not executable)", said
        said = phrase(top, script(top, "plain", "true\n"))
        assert said == "plain (neither a script nor an ELF file)", said


support.main(support.collect(globals()))
