# SPDX-License-Identifier: MIT
# The description of the API says what the server does, and all of it.
import base64
import json
import os
import pathlib
import re
import subprocess
import sys
import time

from authors import Person, add_account, archive, bundle, sign
from recorded import Agent, Part, pack, record
from served import DEADLINE_SECONDS, code, server
from support import collect, main

try:
    import jsonschema
except ImportError:
    print("python3-jsonschema is not installed")
    sys.exit(77)

DESCRIPTION = pathlib.Path(__file__).parents[2] / "tools/server/api/openapi.json"
API = json.loads(DESCRIPTION.read_text(encoding="utf-8"))
ROLES = {"viewer": 1, "approver": 2, "author": 4, "administrator": 8, "auditor": 16}
MACHINE = 0x100
OPENABLE = 0x200
SCOPES = {0: None, 1: "read", 2: "policy", 0x100: "login"}
TRIES = 20
METHODS = {"get", "post", "put", "delete", "patch"}
PARAMETER_KEYS = {"name", "in", "description", "required", "schema"}
OPERATION_KEYS = {"operationId", "summary", "description", "tags", "security", "parameters", "requestBody", "responses", "x-scope"}
WORDS_OF_SCHEMAS = {"$ref", "type", "properties", "required", "items", "oneOf", "enum", "const", "pattern", "format", "minimum", "maximum",
                    "minLength", "maxLength", "maxItems", "default", "contentEncoding", "description"}


def resolved(node):
    while "$ref" in node:
        at = API
        for part in node["$ref"].removeprefix("#/").split("/"):
            at = at[part]
        node = at
    return node


def operations():
    for path, item in API["paths"].items():
        for method in METHODS & item.keys():
            yield method.upper(), path, item[method], item.get("parameters", [])


def callers(operation):
    bits = 0
    for wanted in operation["security"]:
        for name, roles in wanted.items():
            assert name in API["components"]["securitySchemes"], name
            bits |= MACHINE if name == "machine" else sum(ROLES[role] for role in roles)
    return bits | (OPENABLE if {} in operation["security"] else 0)


def routes():
    lines = subprocess.run([os.environ["ROUTE_LIST"]], capture_output=True, text=True, check=True).stdout.splitlines()
    for line in lines:
        method, path, bits, body_max, is_in_lane, _ = line.split()
        yield (method, path), (int(bits, 16), int(body_max), is_in_lane == "1")


def test_description_and_routes_are_the_same():
    described = {(method, path): (callers(operation), operation.get("requestBody", {}).get("x-body-max", 0))
                 for method, path, operation, _ in operations()}
    there = {route: (bits, body_max) for route, (bits, body_max, _) in routes()}
    assert described == there, set(described.items()) ^ set(there.items())


def test_operations_name_the_scopes_of_their_routes():
    lines = subprocess.run([os.environ["ROUTE_LIST"]], capture_output=True, text=True, check=True).stdout.splitlines()
    there = {tuple(line.split()[:2]): SCOPES[int(line.split()[5], 16)] for line in lines}
    assert {(method, path): operation.get("x-scope") for method, path, operation, _ in operations()} == there


def test_every_operation_lists_the_answers_that_its_row_brings_about():
    rows = dict(routes())
    for method, path, operation, _ in operations():
        bits, _, is_in_lane = rows[method, path]
        expected = {"400", "413", "500"} | ({"401"} if bits else set()) | ({"503"} if is_in_lane else set())
        every_role = sum(ROLES.values())
        expected |= {"403"} if bits & every_role else set()
        assert expected <= operation["responses"].keys(), (method, path, expected - operation["responses"].keys())


def refs(node):
    if isinstance(node, dict):
        yield from [node["$ref"]] if "$ref" in node else []
        for child in node.values():
            yield from refs(child)
    elif isinstance(node, list):
        for child in node:
            yield from refs(child)


def schemas(node):
    if isinstance(node, dict):
        for name, child in node.items():
            if name == "schema":
                yield child
            yield from schemas(child)
    elif isinstance(node, list):
        for child in node:
            yield from schemas(child)


def check_words(schema):
    assert schema.keys() <= WORDS_OF_SCHEMAS, schema.keys() - WORDS_OF_SCHEMAS
    assert set(schema.get("required", [])) <= schema.get("properties", {}).keys() or "properties" not in schema, schema
    for child in [*schema.get("properties", {}).values(), *schema.get("oneOf", []), *([schema["items"]] if "items" in schema else [])]:
        check_words(child)


def test_every_name_is_there_and_every_part_is_used():
    used = set(refs(API))
    named = {f"#/components/{kind}/{name}" for kind in ("parameters", "responses", "schemas") for name in API["components"][kind]}
    assert used == named, used ^ named


def test_schemas_are_schemas():
    for schema in [*schemas(API["paths"]), *schemas(API["components"]), *API["components"]["schemas"].values()]:
        jsonschema.Draft202012Validator.check_schema(schema)
        check_words(schema)


def test_operations_are_whole():
    names = [operation["operationId"] for _, _, operation, _ in operations()]
    assert API["openapi"].startswith("3.1.") and len(names) == len(set(names))
    tags = {tag["name"] for tag in API["tags"]}
    for method, path, operation, common in operations():
        assert operation.keys() <= OPERATION_KEYS and set(operation["tags"]) <= tags, (method, path)
        parameters = [resolved(parameter) for parameter in common + operation.get("parameters", [])]
        assert all(parameter.keys() <= PARAMETER_KEYS for parameter in parameters), (method, path)
        in_path = {parameter["name"] for parameter in parameters if parameter["in"] == "path" and parameter["required"]}
        assert in_path == set(re.findall(r"\{([^}]*)\}", path)), (method, path)
        for status, answer in operation["responses"].items():
            answer = resolved(answer)
            assert answer["description"], (path, status)
            if int(status) >= 400:
                assert answer["content"].keys() == {"application/problem+json"}, (path, status)


def closed(node):
    """Answers with members that are not described are not as described."""
    if isinstance(node, dict):
        more = {"additionalProperties": False} if "properties" in node and node.get("type") == "object" else {}
        return {name: closed(child) for name, child in node.items()} | more
    return [closed(child) for child in node] if isinstance(node, list) else node


COMPONENTS = {"components": closed(API["components"])}


def check_answer(operation, status, headers, body):
    assert str(status) in operation["responses"], f"{operation['operationId']} answers {status}: {body[:200]}"
    answer = resolved(operation["responses"][str(status)])
    assert {name.lower() for name in answer.get("headers", {})} <= headers.keys() | {"preference-applied"}, headers
    if "content" not in answer:
        assert not body
        return
    kind = headers["content-type"].partition(";")[0]
    assert kind in answer["content"], (operation["operationId"], status, kind)
    if kind.endswith("json"):
        jsonschema.Draft202012Validator({**closed(answer["content"][kind]["schema"]), **COMPONENTS},
                                        format_checker=jsonschema.FormatChecker()).validate(json.loads(body))


class Caller:
    """Asks as it is described, and notes which answers came."""

    def __init__(self, served):
        self.served, self.seen = served, set()
        self.operations = {(method, path): operation for method, path, operation, _ in operations()}

    def ask(self, expected, method, template, *headers, token=None, body=b"", **parts):
        path = template
        for name, value in parts.items():
            more = f"{path}{'&' if '?' in path else '?'}{name}={value}"
            path = path.replace("{" + name + "}", str(value)) if "{" + name + "}" in path else more
        shown = [f"Authorization: Bearer {token}"] if token else []
        length = ["Content-Length: 0"] if method == "POST" and not body else []
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        status, told, answer = self.served.ask(method, path, *shown, *length, *headers, body=body)
        assert status == expected, (method, path, status, answer[:300])
        check_answer(self.operations[method, template], status, told, answer)
        self.seen.add((method, template, status))
        return json.loads(answer) if "json" in told.get("content-type", "") else answer


def ask_everything_without_a_token(caller):
    for (method, path), (bits, body_max, _) in routes():
        parts = dict.fromkeys(re.findall(r"\{([^}]*)\}", path), "x")
        if bits:
            caller.ask(401, method, path, **parts)
            caller.ask(401, method, path, token="x", **parts)
        caller.ask(400, method, path, "Host: other.example", **parts)
        caller.ask(413, method, path, f"Content-Length: {body_max + 1}" if method == "GET" else "X: y",
                   body=bytes(body_max + 1) if method == "POST" else b"", **parts)


def ask_about_authors(caller, token, viewer):
    key = caller.served.made["author_key"]
    shown = caller.ask(200, "GET", "/v1/authors", token=viewer)
    text = (f"chaperone.root/v1\nserver {shown['server']}\nversion 1\nprevious 0 -\nthreshold 1\nkey {shown['keys'][0]}\n"
            f"{shown['policies']}by admin\nwhy\n")
    caller.ask(403, "POST", "/v1/authors", token=viewer)
    caller.ask(400, "POST", "/v1/authors", token=token, body=b"none")
    caller.ask(422, "POST", "/v1/authors", token=token, body=sign(text.replace("server ", "server other."), key))
    caller.ask(200, "POST", "/v1/authors", token=token, body=sign(text, key))
    caller.ask(409, "POST", "/v1/authors", token=token, body=sign(text, key))
    caller.ask(200, "GET", "/v1/authors/roots/{version}", token=viewer, version=1)
    caller.ask(404, "GET", "/v1/authors/roots/{version}", token=viewer, version=2)
    machine = caller.ask(201, "POST", "/v1/enroll", body={"code": code(caller.served, "--bundle", "shop")[0], "host": "b.example"})["token"]
    caller.ask(200, "GET", "/v1/roots/{version}", token=machine, version=1)
    caller.ask(404, "GET", "/v1/roots/{version}", token=machine, version=2)


def test_people_are_answered_as_described():
    with server() as served:
        caller = Caller(served)
        ask_everything_without_a_token(caller)
        for path in ("/healthz", "/readyz"):
            caller.ask(200, "GET", path)
        assert caller.ask(200, "GET", "/v1/openapi.json") == API
        password = served.made["password"]
        caller.ask(400, "POST", "/v1/login", body={"account": "admin"})
        caller.ask(403, "POST", "/v1/login", body={"account": "admin", "password": "none"})
        token = caller.ask(200, "POST", "/v1/login", body={"account": "admin", "password": password})["token"]
        add_account(served, "eve", "viewer")
        viewer = Person(served, "eve").token
        drafts, one = "/v1/policies/{bundle}/drafts", "/v1/policies/{bundle}/drafts/{draft}"
        signatures, versions = one + "/signatures", "/v1/policies/{bundle}/versions"
        caller.ask(403, "POST", drafts, token=viewer, bundle="shop")
        caller.ask(403, "POST", signatures, token=viewer, bundle="shop", draft="x")
        caller.ask(400, "POST", drafts, token=token, bundle="shop", body={"why": "x"})
        caller.ask(404, "POST", drafts, token=token, bundle="shop", body={"why": "x", "rollback_of": 7})
        caller.ask(422, "POST", drafts, token=token, bundle="shop", body={"why": "x", "source": "AAAA"})
        push = {"why": "x", "source": base64.b64encode(archive(bundle())).decode()}
        bad = {"why": "x", "source": base64.b64encode(archive(bundle(policy="nonsense: 1\n"))).decode()}
        assert caller.ask(422, "POST", drafts, token=token, bundle="shop", body=bad)["findings"]
        for turn in range(2):
            made = caller.ask(201, "POST", drafts, token=token, bundle="shop", body=push)
            other = caller.ask(201, "POST", drafts, token=token, bundle="shop", body=push)
            names = {"token": token, "bundle": "shop", "draft": made["draft"]}
            assert len(caller.ask(200, "GET", drafts, token=viewer, bundle="shop")["drafts"]) == 2 + turn
            caller.ask(200, "GET", one, **names)
            note = sign(made["release"], served.made["author_key"])
            caller.ask(400, "POST", signatures, body=b"none", **names)
            caller.ask(422, "POST", signatures, body=sign("x\n", served.made["author_key"]), **names)
            caller.ask(200, "POST", signatures, body=note, **names)
            caller.ask(409, "POST", signatures, body=note, **{**names, "draft": other["draft"]})
            caller.ask(404, "POST", signatures, body=note, **names)
            caller.ask(404, "GET", one, **names)
        ask_about_authors(caller, token, viewer)
        assert caller.ask(200, "GET", versions, token=viewer, bundle="shop", limit=1)["next"] == 2
        caller.ask(400, "GET", versions, token=viewer, bundle="shop", limit=0)
        caller.ask(200, "GET", versions + "/{version}", token=viewer, bundle="shop", version=1)
        caller.ask(404, "GET", versions + "/{version}", token=viewer, bundle="shop", version=3)
        caller.ask(204, "POST", "/v1/logout", token=token)
        for _ in range(TRIES):
            served.ask("POST", "/v1/enroll", body=json.dumps({"code": "A" * 22, "host": "a.example"}).encode())
        caller.ask(429, "POST", "/v1/enroll", body={"code": "A" * 22, "host": "a.example"})


def test_machines_are_answered_as_described():
    with server() as served:
        caller = Caller(served)
        caller.ask(404, "GET", "/v1/log/checkpoint")
        caller.ask(400, "POST", "/v1/enroll", body={"code": "x"})
        caller.ask(403, "POST", "/v1/enroll", body={"code": "A" * 22, "host": "a.example"})
        machine = caller.ask(201, "POST", "/v1/enroll", body={"code": code(served, "--bundle", "shop")[0], "host": "a.example"})
        token = machine["token"]
        caller.ask(200, "GET", "/v1/agent", "Agent-State: version=1; policy=2; spool=3", token=token)
        caller.ask(404, "GET", "/v1/policy", token=token)
        Person(served).publish()
        caller.ask(200, "GET", "/v1/policy", "Prefer: wait=1", token=token)
        caller.ask(304, "GET", "/v1/policy", 'If-None-Match: "1"', token=token)
        (part,) = record(served.top, "one", 2, 3)
        deliver_everything(caller, token, part)
    with server("--checkpoint-every", "1") as served:
        agent = Agent(served)
        (part,) = record(served.top, "one", 2, 3)
        assert agent.deliver(part)[0] == 200
        end = time.monotonic() + DEADLINE_SECONDS
        while served.ask("GET", "/v1/log/checkpoint")[0] == 404 and time.monotonic() < end:
            time.sleep(0.1)
        caller, token = Caller(served), Person(served).token
        caller.ask(200, "GET", "/v1/log/checkpoint")
        proof = caller.ask(200, "GET", "/v1/log/proof", token=token, leaf=1, size=2)
        assert (proof["leaf"], proof["size"], len(proof["hashes"])) == (1, 2, 1), proof
        (own,) = caller.ask(200, "GET", "/v1/logs")["logs"]
        assert own["own"] and (own["log"], own["key"]) == (proof["log"], proof["key"]), own
        caller.ask(404, "GET", "/v1/log/proof", token=token, leaf=1, log="other.example/log")
        caller.ask(404, "GET", "/v1/log/consistency", log="other.example/log", **{"from": 2, "to": 3})
        growth = caller.ask(200, "GET", "/v1/log/consistency", **{"from": 2, "to": 3})
        assert (growth["from"], growth["to"], len(growth["hashes"])) == (2, 3, 1), growth
        caller.ask(400, "GET", "/v1/log/proof", token=token, leaf=2, size=2)
        caller.ask(400, "GET", "/v1/log/consistency", **{"from": 3, "to": 2})


def test_the_record_is_answered_as_described():
    with server("--checkpoint-every", "1") as served:
        caller, agent = Caller(served), Agent(served)
        for role in ("viewer", "auditor"):
            add_account(served, role, role)
        token, auditor = Person(served, "viewer").token, Person(served, "auditor").token
        (part,) = record(served.top, "one", 2, 130)
        after = caller.ask(200, "GET", "/v1/events", token=token)["after"]
        assert agent.deliver(part)[0] == 200 and agent.send(part.name, 0, pack(part.forged(part.cuts[0] + 20).data))[0] == 409
        page = caller.ask(200, "GET", "/v1/events", token=token, limit=1)
        assert caller.ask(200, "GET", "/v1/events", token=token, cursor=page["next"])["events"]
        assert caller.ask(200, "GET", "/v1/events", "Prefer: wait=1", token=token, after=after)["events"]
        caller.ask(400, "GET", "/v1/events", token=token, limit=0)
        one = "/v1/events/{agent}/{event}"
        caller.ask(200, "GET", one, token=token, agent=agent.name, event=page["events"][0]["event"])
        caller.ask(404, "GET", one, token=token, agent=agent.name, event="x")
        end = time.monotonic() + DEADLINE_SECONDS
        while "proof" not in caller.ask(200, "GET", one, token=token, agent=agent.name, event=page["events"][0]["event"])["log"]:
            assert time.monotonic() < end
            time.sleep(0.1)
        for path in ("/v1/notes", "/v1/agents", "/v1/alarms", "/v1/statistics"):
            caller.ask(200, "GET", path, token=token)
            caller.ask(400, "GET", path, token=token, nonsense=1)
        for by in ("nothing", "person", "agent", "rule", "verdict"):
            assert caller.ask(200, "GET", "/v1/statistics", token=token, by=by)["series"]
        acknowledge = {"method": "POST", "template": "/v1/alarms/{agent}/{kind}/{times}", "agent": agent.name, "kind": "fork"}
        caller.ask(403, token=token, times=1, **acknowledge)
        caller.ask(404, token=auditor, times=2, **acknowledge)
        caller.ask(204, token=auditor, times=1, **acknowledge)
        assert caller.ask(200, "GET", "/v1/alarms", token=token)["alarms"][0]["acknowledged_by"] == "auditor"


def deliver_everything(caller, token, part):
    def deliver(expected, data, *more, start=0, encoding="zstd"):
        return caller.ask(expected, "POST", "/v1/record", f"Content-Encoding: {encoding}", f"Record-Part: {part.name}",
                          f"Record-Offset: {start}", *more, token=token, body=data)

    position = "/v1/record/{part}"
    assert caller.ask(200, "GET", position, token=token, part=part.name) == {"acked": 0, "head": ""}
    caller.ask(400, "GET", position, token=token, part="x")
    deliver(415, b"x", encoding="gzip")
    caller.ask(400, "POST", "/v1/record", "Content-Encoding: zstd", token=token, body=b"x")
    deliver(400, b"no frame")
    deliver(413, bytes((8 << 20) + 1))
    assert deliver(409, pack(part.data[part.cuts[1]:]), start=part.cuts[1])["reason"] == "gap"
    assert deliver(200, pack(part.data))["acked"] == len(part.data)
    other = Part(part.data).forged(part.cuts[0] + 20)
    assert deliver(409, pack(other.data))["reason"] == "fork"
    assert caller.ask(200, "GET", position, token=token, part=part.name)["acked"] == len(part.data)


main(collect(globals()))
