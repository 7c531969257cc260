# SPDX-License-Identifier: MIT
"""What a browser without scripts does: it keeps a cookie, reads pages strictly and sends their forms."""
import urllib.parse

import html5lib

HTML = "{http://www.w3.org/1999/xhtml}"
ORIGIN = "Origin: https://shop.example"


class Page:
    """A page that came, whose HTML has no error."""

    def __init__(self, path, status, headers, body):
        self.path, self.status, self.headers, self.text = path, status, headers, body.decode()
        self.tree = None
        if self.text.startswith("<!DOCTYPE html>"):
            self.tree = html5lib.HTMLParser(strict=True).parse(self.text)
            ids = [node.get("id") for node in self.tree.iter() if node.get("id")]
            assert len(ids) == len(set(ids)), (path, ids)

    def find(self, name, /, **attributes):
        return [node for node in self.tree.iter(HTML + name)
                if all(node.get(key.rstrip("_").replace("_", "-")) == value for key, value in attributes.items())]

    def words(self, name="main"):
        """What stands there, with one space between whatever is apart."""
        return " ".join(" ".join(" ".join(node.itertext()) for node in self.find(name)).split())

    def links(self):
        return [node.get("href") for node in self.find("a")]

    def form(self, action):
        (form,) = [node for node in self.find("form") if node.get("action") == action]
        return {node.get("name"): node.get("value", "") for name in ("input", "textarea") for node in form.iter(HTML + name)
                if node.get("name")}


class Browser:
    """One browser of one person."""

    def __init__(self, served):
        self.served, self.cookie = served, None

    def headers(self, more):
        return [*([f"Cookie: __Host-session={self.cookie}"] if self.cookie else []), *more]

    def take(self, path, answer):
        page = Page(path, *answer)
        set_cookie = page.headers.get("set-cookie")
        if set_cookie:
            self.cookie = set_cookie.split(";")[0].partition("=")[2] or None
        return page

    def get(self, path, *headers, method="GET"):
        return self.take(path, self.served.ask(method, path, *self.headers(headers)))

    def post(self, path, fields, *headers):
        body = urllib.parse.urlencode(fields).encode()
        return self.take(path, self.served.ask("POST", path, *self.headers(headers or [ORIGIN]),
                                               "Content-Type: application/x-www-form-urlencoded", body=body))

    def log_in(self, account="admin", password=None, **more):
        return self.post("/login", {"account": account, "password": password or self.served.made["password"], **more})


def logged_in(served, account="admin"):
    browser = Browser(served)
    page = browser.log_in(account)
    assert page.status == 303 and browser.cookie, (page.status, page.text)
    return browser
