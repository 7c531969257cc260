# SPDX-License-Identifier: MIT
# The table of commands: help, versions, misspelt words.
from support import collect, folder, main, run


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


def test_unknown_options_are_usage_errors():
    expect(["init", "--tempalte", "agent"], 2, err="usage: chaperone init")
    expect(["init", "surplus"], 2, err="usage: chaperone init")


def test_version_is_one_line():
    expect(["--version"], 0, out="chaperone 0.")


main(collect(globals()))
