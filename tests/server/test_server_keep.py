# SPDX-License-Identifier: MIT
# `chaperone-server check` finds what is wrong with a server's folder; `backup` makes another that is as good.
import contextlib
import json
import shutil
import sqlite3
import ssl

from served import SERVER, Server, server
from support import collect, folder, main, run

PAGE_SIZE = 4096
ACCOUNTS_AT = 4 * PAGE_SIZE  # the page that begins the table, as schemas make them one by one


def check(top, data):
    status, out, err = run(top, "check", "--data", str(data), "--json", program=SERVER)
    if status == 2:
        return status, err
    told = json.loads(out)
    problems = [finding["text"] for finding in told["findings"] if finding["level"] == "problem"]
    assert told["problems"] == len(problems) and status == (1 if problems else 0), (status, told)
    return status, "\n".join(problems)


def backup(top, data, to):
    return run(top, "backup", "--data", str(data), "--to", str(to), program=SERVER)


def change(served, sql):
    with contextlib.closing(sqlite3.connect(served.data / "server.db")) as database, database:
        database.execute(sql)


def without(name):
    return lambda served, other: (served.data / name).unlink()


def another(name):
    return lambda served, other: shutil.copy(other.data / name, served.data / name)


def written(name, text):
    return lambda served, other: (served.data / name).write_text(text)


def torn(served, _):
    content = (served.data / "server.db").read_bytes()
    (served.data / "server.db").write_bytes(content[:ACCOUNTS_AT] + bytes(PAGE_SIZE) + content[ACCOUNTS_AT + PAGE_SIZE:])


def sql(text):
    return lambda served, other: change(served, text)


DAMAGE = (
    (without("log.key"), 1, "log.key"),
    (without("freshness.key"), 1, "freshness.key"),
    (without("tls.key"), 1, "tls.key"),
    (without("tls.crt"), 1, "tls.crt"),
    (another("tls.key"), 1, "not its key"),
    (written("log.key", "nothing"), 1, "log.key is not a key"),
    (written("tls.crt", "nothing"), 1, "tls.crt"),
    (sql("UPDATE setting SET value = 'other.example' WHERE name = 'name'"), 1, "is not for other.example"),
    (sql("UPDATE account SET disabled = 1"), 1, "nobody can administrate"),
    (torn, 1, "damaged"),
    (without("server.db"), 2, "chaperone-server init"),
    (written("server.db", "nothing" * 1000), 2, "server.db"),
)


def test_a_new_server_is_whole():
    with folder() as top:
        assert check(top, Server(top).data) == (0, "")


def test_what_is_wrong_is_found():
    for number, (damage, expected, said) in enumerate(DAMAGE):
        with folder() as top, folder() as elsewhere:
            served = Server(top)
            damage(served, Server(elsewhere))
            status, text = check(top, served.data)
            assert status == expected and said in text, (number, status, text)


def test_a_copy_is_as_good():
    with server() as served, folder() as top:
        served.is_alive()
        status, out, err = backup(top, served.data, top / "copy")
        assert status == 0 and str(top / "copy") in out, err
        assert served.is_alive()
        assert check(top, top / "copy") == (0, "")
        assert {path.name for path in (top / "copy").iterdir() if not path.name.startswith("server.db-")} == {
            "server.db", "tls.crt", "tls.key", "log.key", "freshness.key"}
        assert all(path.stat().st_mode & 0o777 == 0o600 for path in (top / "copy").iterdir())
        assert (top / "copy").stat().st_mode & 0o777 == 0o700
        served.stop()
        served.data = top / "copy"
        served.start()
        served.trust = ssl.create_default_context(cafile=top / "copy/tls.crt")
        assert served.is_alive()


def test_nothing_is_written_over():
    with folder() as top:
        served = Server(top)
        (top / "copy").mkdir(mode=0o700)
        status, out, err = backup(top, served.data, top / "copy")
        assert status == 1 and not out and "copy" in err, err
        assert not list((top / "copy").iterdir())


def test_half_a_copy_is_none():
    for damage in (without("freshness.key"), torn):
        with folder() as top:
            served = Server(top)
            damage(served, None)
            status, out, err = backup(top, served.data, top / "copy")
            assert status == 1 and not out and err, err
            assert not (top / "copy").exists(), err


def test_where_to_must_be_said():
    with folder() as top:
        status, _, err = run(top, "backup", program=SERVER)
        assert status == 2 and "--to" in err, err


main(collect(globals()))
