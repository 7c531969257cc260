# SPDX-License-Identifier: MIT
# Machines show who they are, until they are revoked.
import json
import time

from served import SERVER, code, enrol, server
from support import collect, main, run

NOBODY = ("", "Bearer", "Bearer ", "Bearer AAAA", "Bearer " + "A" * 43, "bearer {}", "Bearer  {}", "Bearer {}=", "Basic {}",
          "Bearer {}, Bearer {}", "{}")


def enrolled(served):
    status, _, told = enrol(served, code(served, "--bundle", "shop")[0])
    assert status == 201, told
    return told


def ask(served, token, *more):
    status, headers, body = served.ask("GET", "/v1/agent", f"Authorization: Bearer {token}", *more)
    return status, headers, json.loads(body)


def listed(served):
    status, out, err = run(served.top, "agent", "list", "--data", str(served.data), "--json", program=SERVER)
    assert status == 0, err
    return json.loads(out)


def revoke(served, agent):
    return run(served.top, "agent", "revoke", "--data", str(served.data), agent, program=SERVER)


def test_a_machine_shows_who_it_is():
    with server() as served:
        told = enrolled(served)
        status, _, self = ask(served, told["token"])
        assert status == 200 and self == {"agent": told["agent"], "bundle": "shop"}, self


def test_nobody_else_is_answered():
    with server() as served:
        token = enrolled(served)["token"]
        assert served.ask("GET", "/v1/agent")[0] == 401
        for shown in NOBODY:
            status, headers, body = served.ask("GET", "/v1/agent", "Authorization: " + shown.replace("{}", token))
            assert status == 401 and headers["www-authenticate"] == "Bearer", (shown, status)
            assert json.loads(body)["status"] == 401
        assert served.is_alive()


def test_a_machine_says_how_it_is():
    with server() as served:
        told = enrolled(served)
        (machine,) = listed(served)
        assert machine["agent"] == told["agent"] and machine["host"] == "db-client.example" and "seen" not in machine
        assert ask(served, told["token"], "Agent-State: version=0.4.1; policy=214; spool=7")[0] == 200
        (machine,) = listed(served)
        assert (machine["version"], machine["policy"], machine["spool"]) == ("0.4.1", 214, 7), machine
        assert machine["seen"][:10] == time.strftime("%Y-%m-%d", time.gmtime()), machine
        assert ask(served, token := told["token"], "Agent-State: version=<b>; policy=-1; spool; =; x=y;;")[0] == 200
        (machine,) = listed(served)  # what it does not say now, it said last
        assert (machine["version"], machine["policy"], machine["spool"]) == ("0.4.1", 214, 7), machine
        assert ask(served, token, "Agent-State: " + ";" * 5000)[0] == 200


def test_who_is_revoked_is_answered_no_more():
    with server() as served:
        told, other = enrolled(served), enrolled(served)
        status, _, err = revoke(served, told["agent"])
        assert status == 0, err
        assert ask(served, told["token"])[0] == 401 and ask(served, other["token"])[0] == 200
        assert ["revoked" in machine for machine in listed(served)] == [False, True]
        out = run(served.top, "agent", "list", "--data", str(served.data), program=SERVER)[1]
        assert [line.split()[:2] for line in out.splitlines()] == [[other["agent"], "enrolled"], [told["agent"], "revoked"]]
        for agent in (told["agent"], "nobody"):
            status, out, err = revoke(served, agent)
            assert status == 1 and not out and "agent list" in err, (agent, err)


main(collect(globals()))
