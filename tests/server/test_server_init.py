# SPDX-License-Identifier: MIT
# `chaperone-server init` makes a server once, and shows its secrets once.
import base64
import contextlib
import hashlib
import json
import os
import sqlite3
import ssl

from support import collect, folder, main, run

SERVER = os.environ["CHAPERONE_SERVER"]
FILES = {"server.db", "tls.crt", "tls.key", "log.key", "freshness.key"}
# A P-256 key in DER (RFC 5480): what stands before its 64 bytes of coordinates.
KEY_BEFORE = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")


def init(top, *more, data="data"):
    return run(top, "init", "--data", str(top / data), *more, program=SERVER)


def made(top, *more):
    status, out, err = init(top, "--name", "shop.example", "--json", *more)
    assert status == 0, err
    return json.loads(out)


def contents(top):
    return {path.name: path.read_bytes() for path in (top / "data").iterdir()}


def rows(top, sql):
    with contextlib.closing(sqlite3.connect(top / "data/server.db")) as database:
        return database.execute(sql).fetchall()


def test_a_folder_is_made_that_nobody_else_may_enter():
    with folder() as top:
        made(top)
        assert {path.name for path in (top / "data").iterdir()} == FILES
        assert (top / "data").stat().st_mode & 0o777 == 0o700
        assert all(path.stat().st_mode & 0o777 == 0o600 for path in (top / "data").iterdir())


def test_secrets_are_shown_and_kept_nowhere():
    with folder() as top:
        shown = made(top, "--admin", "anna")
        seed = base64.b64decode(shown["author_key"].split("+", 4)[4])[1:]
        assert len(seed) == 32 and len(shown["password"]) == 27
        for name, content in contents(top).items():
            for secret in (shown["password"].encode(), shown["author_key"].encode(), seed):
                assert secret not in content, name
        (name, password, role), = rows(top, "SELECT name, password, role FROM account")
        assert (name, role) == ("anna", "administrator") and password.startswith("$argon2id$"), password
        (verifier, account), = rows(top, "SELECT verifier, account FROM author_key")
        assert account == "anna" and verifier.startswith("shop.example/anna+"), verifier


def test_two_servers_share_nothing():
    with folder() as one, folder() as other:
        first, second = made(one), made(other)
        for key in ("password", "author_key", "certificate_key_sha256"):
            assert first[key] != second[key], key
        assert all(contents(one)[name] != contents(other)[name] for name in FILES)


def test_the_certificate_is_for_the_name_and_its_key_is_told():
    with folder() as top:
        shown = made(top)
        der = ssl.PEM_cert_to_DER_cert((top / "data/tls.crt").read_text())
        at = der.index(KEY_BEFORE)
        key = der[at:at + len(KEY_BEFORE) + 64]
        assert hashlib.sha256(key).hexdigest() == shown["certificate_key_sha256"]
        assert b"shop.example" in der and b"localhost" in der
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(top / "data/tls.crt", top / "data/tls.key")


def test_people_are_told_what_to_keep():
    with folder() as top:
        status, out, _ = init(top, "--name", "shop.example")
        assert status == 0
        for word in (str(top / "data"), "shop.example", "admin", "PRIVATE+KEY+shop.example/admin+", "shown this once"):
            assert word in out, word


def test_a_server_that_is_there_stays_as_it_is():
    with folder() as top:
        made(top)
        before = contents(top)
        status, out, err = init(top, "--name", "other.example")
        assert status == 1 and not out and "stays as it is" in err, err
        assert contents(top) == before


def test_what_stopped_half_way_may_be_begun_again():
    with folder() as top:
        (top / "data").mkdir(mode=0o700)
        (top / "data/freshness.key").mkdir()
        status, _, err = init(top)
        assert status == 1 and "freshness.key" in err, err
        (top / "data/freshness.key").rmdir()
        made(top)


def test_a_folder_that_others_may_enter_is_refused():
    with folder() as top:
        (top / "data").mkdir()
        (top / "data").chmod(0o755)
        status, _, err = init(top)
        assert status == 1 and "data" in err, err
        assert not list((top / "data").iterdir())


def test_names_that_are_none_are_refused():
    for more in (("--name", "shop.example,URI:http://x"), ("--name", ""), ("--name", "a" * 65), ("--name", "a b"),
                 ("--admin", "Anna"), ("--admin", ""), ("--admin", "-x"), ("--admin", "a" * 65)):
        with folder() as top:
            status, out, err = init(top, *more)
            assert status == 2 and not out and err.startswith("chaperone-server init: "), (more, err)
            assert not (top / "data").exists(), more


main(collect(globals()))
