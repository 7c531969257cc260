# SPDX-License-Identifier: MIT
# A code lets one machine enrol, once and for a quarter of an hour.
import base64
import concurrent.futures
import hashlib
import json
import time

from served import SERVER, Server, code, enrol, server
from support import collect, folder, main, run

WRONG = base64.urlsafe_b64encode(bytes(16)).decode().rstrip("=")
NO_REQUESTS = (
    b"", b"{}", b"[]", b"null", b"code", b'{"code":1,"host":"a"}', b'{"code":"' + WRONG.encode() + b'"}',
    b'{"code":"' + WRONG.encode() + b'","host":""}', b'{"code":"' + WRONG.encode() + b'","host":"a b"}',
    b'{"code":"' + WRONG.encode() + b'","host":"' + b"a" * 254 + b'"}',
    b'{"code":"' + WRONG.encode() + b'=","host":"a"}', b'{"code":"' + WRONG.encode() + b'A","host":"a"}',
    b'{"code":"' + WRONG.encode() + b'","code":"' + WRONG.encode() + b'","host":"a"}',
    b'{"code":"' + WRONG.encode() + b'","host":"\xff"}', b'{"code":"' + WRONG.encode() + b'","host":"a"} {}',
    b'{"code":"' + WRONG.encode() + b'","host":"\\u0000"}', b"[" * 4000, b'{"a":' * 800,
)


def rows(served, sql, *values):
    return served.rows(sql, *values)


def test_a_code_enrols_one_machine():
    with server() as served:
        secret, key_hash = code(served, "--bundle", "shop")
        assert key_hash == served.made["certificate_key_sha256"]
        status, headers, told = enrol(served, secret)
        assert status == 201 and headers["content-type"] == "application/json", told
        assert (told["server"], told["bundle"], told["author_threshold"]) == ("shop.example", "shop", 1)
        assert [key.split("+")[0] for key in told["author_keys"]] == ["shop.example/admin"]
        assert told["freshness_key"].startswith("shop.example/freshness+")
        assert told["log_key"].startswith("shop.example/log+")
        (agent, host, bundle, digest, revoked), = rows(served, "SELECT id, host, bundle, token_digest, revoked FROM agent")
        assert (agent, host, bundle, revoked) == (told["agent"], "db-client.example", "shop", None)
        assert digest == hashlib.sha256(base64.urlsafe_b64decode(told["token"] + "=")).digest()
        status, headers, told = enrol(served, secret)
        assert status == 403 and headers["content-type"] == "application/problem+json" and "code" in told["detail"]


def test_secrets_are_kept_as_digests():
    with server() as served:
        secret, _ = code(served)
        _, _, told = enrol(served, secret)
        for text in (secret, told["token"]):
            known = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            kept = served.kept()
            assert text.encode() not in kept and known not in kept
        assert hashlib.sha256(known).digest() in kept


def test_of_many_at_once_one_enrols():
    with server() as served:
        secret, _ = code(served)
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            answers = sorted(answer[0] for answer in pool.map(lambda _: enrol(served, secret), range(16)))
        assert answers[0] == 201 and set(answers[1:]) <= {403, 429}, answers
        assert len(rows(served, "SELECT id FROM agent")) == 1


def test_a_code_ends():
    with server() as served:
        secret, _ = code(served)
        (made, expires), = rows(served, "SELECT made, expires FROM enrolment_code")
        assert expires - made == 15 * 60 * 10**9 and abs(made / 1e9 - time.time()) < 60
        rows(served, "UPDATE enrolment_code SET expires = ?", time.time_ns())
        assert enrol(served, secret)[0] == 403
        assert not rows(served, "SELECT id FROM agent")


def test_who_guesses_has_to_wait():
    with server() as served:
        secret, _ = code(served)
        answers = [enrol(served, WRONG)[0] for _ in range(25)]
        assert answers[:20] == [403] * 20 and answers[-1] == 429, answers
        others = [enrol(served, WRONG, source=f"127.0.0.{i}")[0] for i in range(2, 6)]
        assert 403 in others, others  # whom that does not concern
        status, _, told = enrol(served, secret)
        assert status == 429 and "seconds" in told["detail"], told
        deadline = time.monotonic() + 20
        while (status := enrol(served, secret)[0]) == 429 and time.monotonic() < deadline:
            time.sleep(0.2)
        assert status == 201


def test_what_is_no_request_is_told_so():
    with server() as served:
        for body in NO_REQUESTS:
            status, _, told = served.ask("POST", "/v1/enroll", body=body)
            assert status == 400 and json.loads(told)["status"] == 400, (body[:80], status)
        assert served.ask("GET", "/v1/enroll")[0] == 405
        assert served.is_alive() and not rows(served, "SELECT id FROM agent")


def test_a_code_is_for_the_certificate_that_is_served():
    with server() as served, folder() as top:
        other = Server(top)
        _, key_hash = code(served, "--certificate", str(other.data / "tls.crt"))
        assert key_hash == other.made["certificate_key_sha256"]


def test_codes_that_cannot_be_made_are_not():
    with folder() as top:
        served = Server(top)
        for words, expected, said in ((["--bundle", "Shop"], 2, "bundle"), (["--bundle", ""], 2, "bundle"),
                                      (["--certificate", "/dev/null"], 1, "/dev/null"),
                                      (["--certificate", str(served.data / "log.key")], 1, "no certificate")):
            status, out, err = run(top, "code", "--data", str(served.data), *words, program=SERVER)
            assert status == expected and not out and said in err, (words, err)
        assert not rows(served, "SELECT digest FROM enrolment_code")


main(collect(globals()))
