# SPDX-License-Identifier: MIT
"""People of a server that was made, and what authors do: archives, pushes, signatures."""
import base64
import json
import os
import pathlib
import subprocess
import time

NOTE_SIGN = os.environ["NOTE_SIGN"]
TEMPLATES = pathlib.Path(__file__).parents[2] / "tools/chaperone/templates"
BUNDLE = "shop"


def rows(served, sql, *values):
    return served.rows(sql, *values)


def archive(files):
    out = b"chaperone.source/v1\n"
    for name in sorted(files):
        out += f"{name} {len(files[name])}\n".encode() + files[name]
    return out


def bundle(**more):
    """A bundle that passes its checks and tests; texts of `more` stand at the end of its policy."""
    policy = (TEMPLATES / "agent.yaml").read_bytes()
    return {"policy.yaml": policy + more.get("policy", "").encode(),
            "policy_test.yaml": (TEMPLATES / "agent_test.yaml").read_bytes() + more.get("test", "").encode()}


def sign(text, *keys):
    return subprocess.run([NOTE_SIGN, *keys], input=text.encode(), capture_output=True, check=True).stdout


def new_key(name):
    """The secret key, and the public one."""
    return subprocess.run([NOTE_SIGN, "--new", name], capture_output=True, text=True, check=True).stdout.split()


def add_key(served, account):
    secret, public = new_key(f"shop.example/{account}")
    rows(served, "INSERT INTO author_key (verifier, account, created) VALUES (?, ?, ?)", public, account, time.time_ns())
    return secret, public


def root_text(shown, keys, threshold, **other):
    """The root that follows what the server shows, with these public keys."""
    previous = f"{shown['root']} {shown['digest']}" if shown["root"] else "0 -"
    lines = {"server": shown["server"], "version": shown["root"] + 1, "previous": previous, "threshold": threshold, **other}
    return ("chaperone.root/v1\n" + "".join(f"{name} {lines[name]}\n" for name in ("server", "version", "previous", "threshold"))
            + "".join(f"key {key}\n" for key in sorted(keys)) + lines.get("policies", shown["policies"])
            + f"by admin\nwhy {lines.get('why', 'a change')}\n")


def add_account(served, account, role):
    """With the administrator's password."""
    rows(served, "INSERT INTO account (name, password, role, created) SELECT ?, password, ?, created FROM account"
         " WHERE name = 'admin'", account, role)


def login(served, account="admin", password=None, **options):
    body = json.dumps({"account": account, "password": served.made["password"] if password is None else password})
    status, headers, answer = served.ask("POST", "/v1/login", body=body.encode(), **options)
    return status, headers, json.loads(answer)


class Person:
    """Who logged in."""

    def __init__(self, served, account="admin"):
        status, _, told = login(served, account)
        assert status == 200, told
        self.served = served
        self.token = told["token"]

    def ask(self, method, path, body=b""):
        more = [] if body or method == "GET" else ["Content-Length: 0"]
        status, _, answer = self.served.ask(method, path, f"Authorization: Bearer {self.token}", *more, body=body)
        return status, json.loads(answer) if answer else None

    def get(self, path):
        return self.ask("GET", path)

    def push(self, files=None, why="because", name=BUNDLE, **more):
        document = {"why": why, **more}
        if files is not None:
            document["source"] = base64.b64encode(files if isinstance(files, bytes) else archive(files)).decode()
        return self.ask("POST", f"/v1/policies/{name}/drafts", json.dumps(document).encode())

    def sign(self, draft, note, name=BUNDLE):
        return self.ask("POST", f"/v1/policies/{name}/drafts/{draft}/signatures", note)

    def publish(self, files=None, key=None, **more):
        """Pushes and signs; the version."""
        status, told = self.push(bundle() if files is None and "rollback_of" not in more else files, **more)
        assert status == 201, told
        status, done = self.sign(told["draft"], sign(told["release"], key or self.served.made["author_key"]),
                                 more.get("name", BUNDLE))
        assert status == 200 and done["is_published"], done
        return done["version"]
