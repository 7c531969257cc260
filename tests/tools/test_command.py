# SPDX-License-Identifier: MIT
# The table of commands: help, versions, misspelt words.
import os
import pathlib
import re

from support import collect, folder, main, run

MANUAL = pathlib.Path(os.environ["MANUAL"])


def expect(arguments, status, *, out="", err=""):
    with folder() as top:
        got, shown, complained = run(top, *arguments)
        assert got == status, (arguments, got, shown, complained)
        assert out in shown and err in complained, (arguments, shown, complained)


def test_help_lists_commands_on_stdout():
    for arguments in (["-h"], ["--help"], ["help"]):
        expect(arguments, 0, out="init")


def test_nothing_asked_is_a_usage_error_on_stderr():
    expect([], 2, err="usage: chaperone")


def test_a_noun_alone_lists_its_verbs():
    expect(["policy"], 2, err="policy trust")
    expect(["policy", "-h"], 0, out="policy trust")
    expect(["help", "policy"], 0, out="policy trust")


def test_help_of_a_command_is_the_commands_own():
    for arguments in (["help", "init"], ["init", "-h"], ["init", "--help"]):
        expect(arguments, 0, out="usage: chaperone init")
    for arguments in (["help", "policy", "trust"], ["policy", "trust", "--help"]):
        expect(arguments, 0, out="usage: chaperone policy trust")


def test_unknown_commands_get_the_nearest_spelling():
    expect(["intt"], 2, err="did you mean 'init'?")
    expect(["polcy"], 2, err="did you mean 'policy'?")
    expect(["policy", "truts"], 2, err="did you mean 'policy trust'?")
    expect(["help", "intt"], 2, err="did you mean 'init'?")
    expect(["x" * 5000], 2, err="is no command")
    expect(["policy", "y" * 5000], 2, err="is no command")


def shown(*arguments):
    with folder() as top:
        status, out, err = run(top, *arguments)
    assert status == 0 and not err, (arguments, status, err)
    return out


def commands():
    """Every command by its full name, with what --help says of its options: {"--limit": "N", "-n": "N", ...}"""
    names = [row.split("  ")[1].strip() for row in shown("help").splitlines() if row.startswith("  ")]
    assert len(names) > 10, names
    for name in names:
        rows = re.findall(r"^  (?:(-\w), |    )(--[\w-]+)(?: ([A-Z]+))?(?:  |$)",
                          shown(*name.split(), "--help"), re.MULTILINE)
        yield name, {word: argument for short, long, argument in rows for word in (short, long) if word}


def manual():
    """What the manual says of each command: {"audit list": text}; of "" and "audit" what stands before their commands."""
    text = MANUAL.read_text()
    text = text[text.index(".Sh COMMANDS"):text.index(".Sh WHERE")]
    parts, of = {}, ""
    for line in text.splitlines():
        command = re.match(r"\.It Cm ((?:policy |audit )?[a-z-]+)", line)
        if line.startswith(".Ss"):
            of = {"The record": "audit"}.get(line[4:], "others")
        of = command[1] if command else of
        parts[of] = parts.get(of, "") + line + "\n"
    return parts


def options_in(text):
    return {("--" if long else "-") + name for long, name in re.findall(r"\bFl (Fl )?([a-z][a-z-]*)", text)}


def test_manual_and_help_name_the_same_options():
    parts = manual()
    for name, options in commands():
        own = options_in(parts[name])
        assert own <= set(options), (name, own - set(options))
        others = re.findall(r"are those of\n\.Cm ([a-z ]+?) \.", parts[name])
        told = own.union(*(options_in(parts[part]) for part in ["", name.split()[0], *others] if part in parts))
        assert set(options) <= told, (name, set(options) - told)


def test_every_command_refuses_a_wrong_line_in_the_same_words():
    for name, options in commands():
        words, status = name.split(), 125 if name == "run" else 2
        hint = f"`chaperone {name} --help` shows what it takes.\n"
        expect([*words, "--nonsense"], status, err=f"chaperone {name}: unknown option '--nonsense'\n{hint}")
        expect([*words, "-Z"], status, err=f"chaperone {name}: unknown option '-Z'\n{hint}")
        expect([*words, "--hlep"], status, err=f"unknown option '--hlep'; did you mean '--help'?\n{hint}")
        for option, argument in options.items():
            if not option.startswith("--"):
                continue
            wrong, fault = ([option], f"needs {argument}") if argument else ([option + "=x"], "takes no argument")
            expect([*words, *wrong], status, err=f"chaperone {name}: {option} {fault}\n{hint}")


def test_arguments_are_counted():
    for arguments, wrong in ((["init", "surplus"], "unexpected argument 'surplus'"),
                             (["audit", "show", "a", "b", "c"], "unexpected argument 'c'"),
                             (["audit", "show"], "expected EVENT"), (["policy", "test"], "expected PATH..."),
                             (["agent"], "--socket PATH is needed")):
        expect(arguments, 2, err=wrong)
    expect(["run", "--trial", "--"], 125, err="expected -- CMD")


def test_version_is_one_line():
    expect(["--version"], 0, out="chaperone 0.")


main(collect(globals()))
