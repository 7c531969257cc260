# SPDX-License-Identifier: MIT
# A machine enrols with `chaperone enroll`, and knows its server again.
import json
import os
import socket
import ssl
import stat
import subprocess
import threading

from authors import Person
from served import CHAPERONE, SERVER, Server, server
from support import collect, folder, main, run


def new_code(served, *more):
    status, out, err = run(served.top, "code", "--data", str(served.data), "--json", *more, program=SERVER)
    assert status == 0, err
    return json.loads(out)["code"]


def enroll(served, code, *more, url=None, kept="kept"):
    return run(served.top, "enroll", f"https://127.0.0.1:{served.port}" if url is None else url, "--code", code,
               "--folder", str(served.top / kept), "--host", "db-client.example", *more, program=CHAPERONE)


def status(served, kept="kept"):
    code, out, err = run(served.top, "status", "--folder", str(served.top / kept), "--json", program=CHAPERONE)
    assert not err, err
    return code, {finding["subject"]: finding for finding in json.loads(out)["findings"]}


def test_a_machine_enrols():
    with server() as served:
        code, out, err = enroll(served, new_code(served, "--bundle", "shop"), "--json")
        assert code == 0 and not err, err
        told = json.loads(out)
        assert told["server"] == "shop.example" and told["bundle"] == "shop", told
        path = served.top / "kept" / "enrolment.json"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600 and stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        code, found = status(served)
        assert code == 0 and "answers" in found["server"]["text"] and told["agent"] in found["machine"]["text"], found
        listed = json.loads(run(served.top, "agent", "list", "--data", str(served.data), "--json", program=SERVER)[1])
        assert listed[0]["host"] == "db-client.example" and listed[0]["version"] and listed[0]["seen"], listed


def test_what_is_wrong_is_said():
    with server() as served:
        used = new_code(served)
        assert enroll(served, used, kept="first")[0] == 0
        closed = socket.create_server(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        closed.close()
        for code, url, expected, said in (
                (used, None, 1, "15 minutes"), ("nothing", None, 2, "chaperone-server code"), ("", None, 2, "chaperone-server code"),
                (new_code(served), "http://127.0.0.1:1", 2, "https://"), (new_code(served), "https://a@127.0.0.1", 2, "https://"),
                (new_code(served), "", 2, "https://"), (new_code(served), "https://h?x=y", 2, "https://"),
                (new_code(served), "file:///etc/passwd", 2, "https://"), (new_code(served), f"https://127.0.0.1:{port}", 2, "127.0.0.1")):
            got, out, err = enroll(served, code, url=url)
            assert got == expected and not out and said in err, (code, url, got, err)
        assert not (served.top / "kept").exists()


def test_another_server_is_not_believed():
    with server() as served, server() as other:
        code = new_code(served)
        got, out, err = enroll(served, code, url=f"https://127.0.0.1:{other.port}")
        assert got == 2 and not out and "is not the server that the code is for" in err, err
        assert enroll(served, code)[0] == 0  # it was not used up, nor shown to the other
        kept = served.top / "kept" / "enrolment.json"
        document = json.loads(kept.read_text())
        document["url"] = f"https://127.0.0.1:{other.port}"
        kept.write_text(json.dumps(document))
        code, found = status(served)
        assert code == 1 and "another server" in found["server"]["text"], found


def test_nothing_is_sent_to_another_server():
    with server() as served, folder() as top:
        other = Server(top)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(other.data / "tls.crt", other.data / "tls.key")
        seen = []

        def listen(plain):
            connection, _ = plain.accept()
            try:
                with context.wrap_socket(connection, server_side=True) as secured:
                    seen.append(secured.recv(65536))
            except (ssl.SSLError, OSError):
                seen.append(b"")

        with socket.create_server(("127.0.0.1", 0)) as plain:
            listener = threading.Thread(target=listen, args=(plain,))
            listener.start()
            got, _, err = enroll(served, new_code(served), url=f"https://127.0.0.1:{plain.getsockname()[1]}")
            listener.join(10)
        assert got == 2 and seen == [b""], (err, seen)


def test_an_enrolment_is_not_overwritten_by_mistake():
    with server() as served:
        assert enroll(served, new_code(served))[0] == 0
        before = (served.top / "kept" / "enrolment.json").read_text()
        got, _, err = enroll(served, new_code(served))
        assert got == 2 and "--again" in err, err
        assert (served.top / "kept" / "enrolment.json").read_text() == before
        assert enroll(served, new_code(served), "--again")[0] == 0
        assert (served.top / "kept" / "enrolment.json").read_text() != before


def test_who_enrols_with_another_server_gets_its_policy():
    with server() as first, server() as second:
        for version, served in enumerate((first, second), 1):
            person = Person(served)
            assert [person.publish() for _ in range(version)][-1] == version
            assert enroll(first, new_code(served, "--bundle", "shop"), "--again", url=f"https://127.0.0.1:{served.port}")[0] == 0
            got, out, err = run(first.top, "policy", "pull", "--folder", str(first.top / "kept"), "--json", program=CHAPERONE)
            assert got == 0 and json.loads(out)["version"] == version, err


def test_a_damaged_enrolment_is_no_enrolment():
    with server() as served:
        assert enroll(served, new_code(served))[0] == 0
        path = served.top / "kept" / "enrolment.json"
        whole = json.loads(path.read_text())
        for name in whole:
            for value in (None, "", 7, "x" * 100000, "a b", [], [""] * 3):
                path.write_text(json.dumps(dict(whole, **{name: value}) if value is not None else
                                           {key: kept for key, kept in whole.items() if key != name}))
                code, found = status(served)
                assert code == 1 or (name == "author_threshold" and value == 7), (name, value, found)
        for text in ("", "{", "[]", "{}", "\0", "\ud800"):
            path.write_bytes(text.encode("utf-8", "surrogatepass"))
            assert status(served)[0] == 1, text


def test_an_enrolment_is_its_owners_alone():
    with server() as served:
        assert enroll(served, new_code(served))[0] == 0
        path = served.top / "kept" / "enrolment.json"
        for mode in (0o640, 0o604, 0o620, 0o602):
            os.chmod(path, mode)
            code, found = status(served)
            assert code == 1 and "0600" in found["server"]["text"], found
        path.rename(served.top / "elsewhere")
        os.chmod(served.top / "elsewhere", 0o600)
        path.symlink_to(served.top / "elsewhere")
        assert status(served)[0] == 1


def test_who_is_not_enrolled_is_told_so():
    with folder() as top:
        code, out, err = run(top, "status", "--folder", str(top / "none"), program=CHAPERONE)
        assert code == 0 and "not enrolled" in out and not err, (code, out, err)


def test_who_was_revoked_is_told_so():
    with server() as served:
        code, out, _ = enroll(served, new_code(served), "--json")
        assert code == 0
        subprocess.run([SERVER, "agent", "revoke", "--data", served.data, json.loads(out)["agent"]], check=True)
        code, found = status(served)
        assert code == 1 and "revoked" in found["server"]["text"], found


main(collect(globals()))
