# SPDX-License-Identifier: MIT
# The pages of the server, as any browser gets them: who may see them, what protects them, and that nothing in them is
# markup but what the server wrote.
import base64
import concurrent.futures
import hashlib
import re
import sys
import time
import urllib.parse

try:
    from browsed import ORIGIN, Browser, logged_in
except ImportError:
    print("python3-html5lib is not installed")
    sys.exit(77)

from authors import BUNDLE, Person, add_account, add_key, bundle, rows
from proven import root_by
from recorded import Agent, record
from served import DEADLINE_SECONDS, SERVER, code, enrol, server
from support import collect, main, run

NASTY = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)> hx-get=/logout &amp; \u202e gpj"
POLICY = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; "
          "frame-ancestors 'none'; base-uri 'none'")
HOUR_NS = 3600 * 10**9
SITE_HEADERS = {"content-security-policy": POLICY, "x-frame-options": "DENY", "x-content-type-options": "nosniff",
                "referrer-policy": "same-origin", "cache-control": "no-store", "cross-origin-opener-policy": "same-origin",
                "strict-transport-security": "max-age=31536000"}


def fill(served):
    """A server with a bit of everything; the draft's name."""
    person = Person(served)
    person.publish(bundle(), why="the first")
    person.publish(bundle(policy="# more\n"), why=NASTY)
    add_account(served, "bea", "author")
    add_key(served, "bea")
    machine = enrol(served, code(served, "--bundle", BUNDLE)[0], "db.example")[2]
    served.ask("GET", "/v1/agent", f"Authorization: Bearer {machine['token']}", "Agent-State: version=1.2; policy=1; spool=7")
    return person.push(bundle(policy="# & <b>even</b> more\n"), why="a <draft>")[1]["draft"]


def paths(draft):
    return ["/policies", f"/policies/{BUNDLE}", f"/policies/{BUNDLE}/2", f"/policies/{BUNDLE}/diff?from=1&to=2",
            f"/policies/{BUNDLE}/drafts/{draft}", "/agents", "/people", "/people/bea", "/account", "/settings", "/log", "/check"]


def check_site(page):
    for name, value in SITE_HEADERS.items():
        assert page.headers.get(name) == value, (page.path, name, page.headers.get(name))
    for node in page.tree.iter():
        assert not [key for key in node.attrib if key.startswith("on") or key == "style"], (page.path, node.attrib)
    assert page.find("meta", name="htmx-config")[0].get("content").count("false") == 4
    assert not page.find("style") and all(node.get("src") for node in page.find("script")), page.path
    assert len(page.find("h1")) == 1 and page.find("html")[0].get("lang") == "en" and page.find("a", href="#content"), page.path


def fill_record(served, batches=4, statements=20):
    """A machine that delivered its record; the machine, and its part."""
    agent, (part,) = Agent(served), record(served.top, "record", batches, statements)
    for start, end in zip([0, *part.cuts], part.cuts):
        assert agent.deliver(part, start, end)[0] == 200
    return agent, part


def events(page):
    """Addresses of the statements that a page lists."""
    return [link for link in page.links() if re.fullmatch(r"/record/[0-9a-f]{32}/[0-9a-f-]+", link)]


def test_every_page_is_whole_and_protected():
    with server() as served:
        draft = fill(served)
        browser = logged_in(served)
        assert "There is no such statement" in browser.get("/record").words()
        fill_record(served)
        assert "To look at" not in browser.get("/").words()
        for path in [*paths(draft), "/", "/?period=hour&by=rule", "/record", events(browser.get("/record"))[0]]:
            page = browser.get(path)
            assert page.status == 200, (path, page.status, page.text)
            check_site(page)
            assert page.find("form", action="/logout"), path
            assert [node.get("href") for node in page.find("a") if node.get("aria-current") == "page"] == \
                ["/policies" if path == "/check" else "/" + path.split("/")[1].split("?")[0]], path
            assert browser.get(path, method="HEAD").status == 200
        for path in ("/policies/none", f"/policies/{BUNDLE}/9", f"/policies/{BUNDLE}/x", f"/policies/{BUNDLE}/diff?from=1&to=9",
                     f"/policies/{BUNDLE}/diff", f"/policies/{BUNDLE}/drafts/none", f"/policies/{BUNDLE}?before=x", "/record/x/y",
                     "/record/x/00000001-1-1"):
            page = browser.get(path)
            assert page.status == 404 and page.find("p", role="alert"), (path, page.status)
            check_site(page)
        check_site(Browser(served).get("/login"))


def test_links_lead_somewhere():
    with server() as served:
        fill(served)
        browser = logged_in(served)
        seen, left = set(), ["/"]
        while left:
            path = urllib.parse.urldefrag(left.pop())[0]
            if path in seen or not path:
                continue
            seen.add(path)
            page = browser.get(path)
            while page.status == 303:
                page = browser.get(page.headers["location"])
            assert page.status == 200, (path, page.status)
            left += [urllib.parse.urljoin(path, link) for link in page.links()]
            named = {node.get("id") for node in page.tree.iter()}
            assert all(link[1:] in named for link in page.links() if link.startswith("#")), path
        assert {f"/policies/{BUNDLE}/2", f"/policies/{BUNDLE}/diff?from=1&to=2", "/agents", "/people"} <= seen, seen


def test_what_others_wrote_is_text():
    with server() as served:
        draft = fill(served)
        rows(served, "UPDATE agent SET host = ?, version = ?", NASTY, NASTY)
        rows(served, "INSERT INTO account (name, password, role, created) VALUES (?, '', 'viewer', 1)", NASTY)
        rows(served, "INSERT INTO author_key (verifier, account, created) VALUES (?, 'bea', 1)", NASTY)
        fill_record(served, 1, 1)
        rows(served, "UPDATE record_subject SET person = ?, program = ?, host = ?, database = ?, server = ?, db_user = ?, run = ?, os_user = ?",
             *[NASTY] * 8)
        rows(served, "UPDATE record_judgement SET shape = ?, verdict = ?, reason = ?, rules = ?, effects = ?, masked = ?", *[NASTY] * 6)
        rows(served, "UPDATE policy SET signers = ? WHERE version = 2", NASTY)
        browser = logged_in(served)
        shown = 0
        fields = urllib.parse.urlencode({name: NASTY for name in ("person", "agent", "database", "table", "shape", "rule", "verdict")})
        found = events(browser.get("/record"))
        assert found
        rows(served, "UPDATE record_count SET person = ?, verdict = ?, rules = ?", *[NASTY] * 3)
        rows(served, "INSERT INTO record_alarm VALUES ((SELECT id FROM agent LIMIT 1), 'fork', 'x', 0, ?, 1, 1, 1)", NASTY)
        tops = [f"/?by={by}" for by in ("all", "rule", "agent", "person", "verdict", NASTY)]
        for path in [*paths(draft), *tops, "/record", f"/record?{fields}", f"/record?from={urllib.parse.quote(NASTY)}", found[0]]:
            page = browser.get(path)
            assert page.status == (400 if path.startswith("/record?from=") else 200), (path, page.text)
            check_site(page)
            assert not page.find("img") and "<script>alert" not in page.text and "\u202e" not in page.text, path
            shown += page.words().count("<script>alert(1)</script>\"'><img src=x onerror=alert(2)> hx-get=/logout &amp; \\u{202e} gpj")
        assert shown >= 50, shown
        page = browser.log_in("admin", "wrong", next='/"><script>alert(1)</script>')
        page = Browser(served).get("/login?" + urllib.parse.urlencode({"next": '/"><b>', "account": NASTY}))
        assert page.status == 200 and not page.find("img") and page.form("/login")["account"].startswith("<script>")


def test_who_is_not_logged_in_is_sent_to_log_in_and_back():
    with server() as served:
        fill(served)
        browser = Browser(served)
        page = browser.get(f"/policies/{BUNDLE}/diff?from=1&to=2")
        assert page.status == 303 and not page.text, page.status
        assert page.headers["location"] == "/login?next=" + urllib.parse.quote(f"/policies/{BUNDLE}/diff?from=1&to=2", safe="")
        page = browser.get(page.headers["location"])
        fields = page.form("/login")
        assert page.status == 200 and fields["next"] == f"/policies/{BUNDLE}/diff?from=1&to=2"
        page = browser.post("/login", {**fields, "account": "admin", "password": served.made["password"]})
        assert page.status == 303 and page.headers["location"] == fields["next"]
        assert browser.get(fields["next"]).status == 200
        assert Browser(served).get("/").headers["location"] == "/login"
        for path in ("/agents", "/people", "/policies"):
            assert Browser(served).get(path).headers["location"] == "/login?next=" + urllib.parse.quote(path, safe="")


def test_nobody_is_sent_to_another_site():
    with server() as served:
        for target in ("//evil.example", "https://evil.example/", "/\\evil.example", "\\\\evil.example", "/\t/evil.example", "evil", "",
                       "/%0d%0aSet-Cookie: a=b\r\nX: y", "///evil.example", "javascript:alert(1)", "/" + "a" * 3000):
            browser = Browser(served)
            page = browser.get("/login?" + urllib.parse.urlencode({"next": target}))
            assert "next" not in page.form("/login"), target
            page = browser.log_in(next=target)
            assert page.status == 303 and page.headers["location"] == "/" and page.headers.get("x") is None, target


def test_the_cookie_is_the_hosts_alone_and_only_its_digest_is_kept():
    with server() as served:
        browser = Browser(served)
        page = browser.log_in()
        assert re.fullmatch(r"__Host-session=[A-Za-z0-9_-]{43}; Path=/; Secure; HttpOnly; SameSite=Lax", page.headers["set-cookie"])
        other = logged_in(served)
        assert other.cookie != browser.cookie
        secret = base64.urlsafe_b64decode(browser.cookie + "=")
        assert len(secret) == 32
        kept = served.kept()
        assert browser.cookie.encode() not in kept and secret not in kept


def test_cookies_that_are_none_are_nobodys():
    with server() as served:
        browser = logged_in(served)
        good = browser.cookie
        token = Person(served).token
        for cookie in ("", "x", good[:-1], good + "A", "A" * 43, token, good[::-1], good.replace(good[0], "-" if good[0] != "-" else "_", 1)):
            browser.cookie = cookie
            assert browser.get("/agents").status == 303, cookie
        browser.cookie = good
        assert browser.get("/agents").status == 200


def test_a_session_ends():
    with server() as served:
        add_account(served, "bea", "viewer")
        for how in ("UPDATE token SET expires = 1", "DELETE FROM token", "UPDATE account SET disabled = 1 WHERE name = 'bea'"):
            browser = logged_in(served, "bea")
            assert browser.get("/agents").status == 200
            rows(served, how)
            assert browser.get("/agents").status == 303, how
        browser = logged_in(served)
        word = browser.get("/agents").form("/logout")["form"]
        cookie = browser.cookie
        page = browser.post("/logout", {"form": word})
        assert page.status == 303 and "Max-Age=0" in page.headers["set-cookie"] and browser.cookie is None
        browser.cookie = cookie
        assert browser.get("/agents").status == 303


def test_what_ends_log_ins_ends_sessions():
    with server() as served:
        for role, command in (("viewer", ["user", "disable"]), ("auditor", ["user", "password"])):
            add_account(served, role, role)
            browser = logged_in(served, role)
            assert browser.get("/agents").status == 200
            status, _, err = run(served.top, *command, "--data", str(served.data), role, program=SERVER, text="another password\n")
            assert status == 0, err
            assert browser.get("/agents").status == 303, command
        add_account(served, "bea", "viewer")
        browser = logged_in(served, "bea")
        assert browser.get("/people").status == 403
        assert run(served.top, "user", "role", "--data", str(served.data), "bea", "auditor", program=SERVER)[0] == 0
        assert browser.get("/people").status == 200


def test_log_ins_by_browser_are_on_the_servers_log():
    with server() as served:
        Browser(served).log_in("admin", "wrong")
        logged_in(served)
        assert rows(served, "SELECT action, subject FROM audit WHERE action LIKE 'login%' ORDER BY number") == \
            [("login refused", "admin"), ("login", "admin")]


def test_a_session_lasts_as_long_as_it_is_used_and_no_day():
    with server() as served:
        browser = logged_in(served)

        def lasts(made_ago_ns, expires_in_ns):
            now = time.time_ns()
            rows(served, "UPDATE token SET made = ?, expires = ?", now - made_ago_ns, now + expires_in_ns)
            status = browser.get("/agents").status
            return status, (rows(served, "SELECT expires FROM token")[0][0] - now) / HOUR_NS
        status, left = lasts(HOUR_NS, HOUR_NS)
        assert status == 200 and 1.99 < left < 2.01, left
        status, left = lasts(11 * HOUR_NS, HOUR_NS // 2)
        assert status == 200 and 0.99 < left <= 1, left
        assert lasts(13 * HOUR_NS, -1)[0] == 303


def test_cookies_and_tokens_are_not_taken_for_each_other():
    with server() as served:
        fill(served)
        browser, token = logged_in(served), Person(served).token
        path = f"/v1/policies/{BUNDLE}/versions"
        assert served.ask("GET", path, f"Authorization: Bearer {token}")[0] == 200
        assert served.ask("GET", path, f"Authorization: Bearer {browser.cookie}")[0] == 401
        assert served.ask("GET", path, f"Cookie: __Host-session={browser.cookie}")[0] == 401
        assert served.ask("GET", path, f"Cookie: __Host-session={token}")[0] == 401
        assert served.ask("GET", "/agents", f"Authorization: Bearer {token}")[0] == 303
        assert served.ask("GET", "/agents", f"Cookie: __Host-session={token}")[0] == 303


FOREIGN = (["Origin: https://evil.example"], ["Origin: null"], ["Origin: http://shop.example"], ["Origin: https://shop.example.evil"],
           ["Sec-Fetch-Site: cross-site"], ["Sec-Fetch-Site: same-site"], ["Sec-Fetch-Site: cross-site", ORIGIN],
           ["Sec-Fetch-Site: same-origin", "Origin: https://evil.example"], ["X-Nothing: 1"])


def test_posts_of_other_sites_are_refused():
    with server() as served:
        browser = logged_in(served)
        word = browser.get("/agents").form("/logout")["form"]
        for headers in FOREIGN:
            assert browser.post("/logout", {"form": word}, *headers).status == 403, headers
            stranger = Browser(served)
            page = stranger.post("/login", {"account": "admin", "password": served.made["password"]}, *headers)
            assert page.status == 403 and stranger.cookie is None, headers
        assert browser.get("/agents").status == 200
        for headers in ([ORIGIN], ["Sec-Fetch-Site: same-origin"], ["Sec-Fetch-Site: same-origin", ORIGIN]):
            assert Browser(served).post("/login", {"account": "admin", "password": served.made["password"]}, *headers).status == 303


def test_posts_without_the_sessions_word_are_refused():
    with server() as served:
        browser, other = logged_in(served), logged_in(served)
        word = browser.get("/agents").form("/logout")["form"]
        theirs = other.get("/agents").form("/logout")["form"]
        assert word != theirs and word not in (browser.cookie, other.cookie)
        for fields in ({}, {"form": ""}, {"form": theirs}, {"form": word[:-1]}, {"form": word + "A"}, {"form": browser.cookie}, {"x": word}):
            for path in ("/logout", "/login"):
                page = browser.post(path, {"account": "admin", "password": served.made["password"], **fields})
                assert page.status == 403, (path, fields)
        assert browser.get("/agents").status == 200
        assert browser.post("/logout", {"form": word}).status == 303


def test_what_is_no_form_is_refused():
    with server() as served:
        browser = logged_in(served)
        for body in (b"form=%", b"form=%0", b"form=%zz", b"form=%00", b"form=\xff", b"form=%ff", b"&".join([b"a=b"] * 41)):
            status = served.ask("POST", "/logout", f"Cookie: __Host-session={browser.cookie}", ORIGIN, body=body)[0]
            assert status == 400, body
        assert browser.get("/policies?a=%zz").status == 400
        assert served.ask("POST", "/login", ORIGIN, body=b"a" * 5000)[0] == 413


def test_who_guesses_on_the_page_has_to_wait_there_and_elsewhere():
    with server() as served:
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda _: Browser(served).log_in("admin", "wrong").status, range(14)))
        assert set(answers) == {403, 429}, answers
        page = Browser(served).log_in()
        assert page.status == 429 and page.find("p", role="alert") and int(page.headers["retry-after"]) > 0
        check_site(page)
        assert served.ask("POST", "/v1/login", body=b'{"account":"admin","password":"x"}')[0] == 429


def test_a_wrong_password_is_told_without_saying_whose():
    with server() as served:
        texts = set()
        for account in ("admin", "nobody"):
            page = Browser(served).log_in(account, "wrong")
            assert page.status == 403 and "set-cookie" not in page.headers
            texts.add(page.words().replace(account, ""))
        assert len(texts) == 1 and "not right" in texts.pop()


def test_pages_are_for_roles():
    with server() as served:
        for role, expected in (("viewer", 403), ("approver", 403), ("author", 403), ("administrator", 200), ("auditor", 200)):
            add_account(served, role, role)
            browser = logged_in(served, role)
            page = browser.get("/people")
            assert page.status == expected, role
            check_site(page)
            assert ("/people" in browser.get("/policies").links()) == (expected == 200), role


def test_assets_are_kept_for_ever_under_a_name_that_changes():
    with server() as served:
        page = Browser(served).get("/login")
        found = [node.get("href") for node in page.find("link", rel="stylesheet")] + [node.get("src") for node in page.find("script")]
        assert found
        for path in found:
            status, headers, body = served.ask("GET", path)
            assert status == 200 and re.fullmatch(r"/static/[0-9a-f]{16}-[A-Za-z0-9.]+", path), path
            assert headers["cache-control"] == "public, max-age=31536000, immutable" and headers["x-content-type-options"] == "nosniff"
            assert headers["content-type"].startswith("text/css" if path.endswith("css") else "text/javascript") and body
        assert served.ask("GET", "/static/0000000000000000-chaperone.css")[0] == 404


def test_policies_tell_their_story():
    with server() as served:
        draft = fill(served)
        browser = logged_in(served)
        page = browser.get(f"/policies/{BUNDLE}")
        assert "in force" in page.words() and "the first" in page.words() and "admin" in page.words()
        page = browser.get(f"/policies/{BUNDLE}/diff?from=1&to=2")
        assert ["+# more"] == ["".join(node.find("{*}code").itertext()) for node in page.find("li", class_="added")]
        page = browser.get(f"/policies/{BUNDLE}/2")
        assert page.find("li", id="policy.yaml-1") and "chaperone.policy/v1" in page.words("pre")
        page = browser.get(f"/policies/{BUNDLE}/drafts/{draft}")
        assert "1 of 1 signatures missing" in page.words() and "<b>even</b>" in page.words(), page.words()[:900]
        assert "passes its checks" in page.words() or page.find("ul", class_="findings"), page.words()[:900]


def test_a_draft_shows_what_its_push_found_and_starts_nothing():
    with server() as served:
        person, browser = Person(served), logged_in(served)
        unused = b"version: 1\nname: a\ncolumns:\n  nobody: [t.c]\nrules: []\n"
        status, told = person.push(bundle() | {"unused.yaml": unused})
        assert status == 201 and told["findings"], told
        status, clean = person.push(bundle())
        assert status == 201 and clean["findings"] == [], clean
        page = browser.get(f"/policies/{BUNDLE}/drafts/{told['draft']}")
        found, = page.find("li", class_="warning")
        assert "unused.yaml:" in "".join(found.itertext()), page.words()[:900]
        # what would be found now is not looked for
        rows(served, "UPDATE draft SET source = ?", b"chaperone.source/v1\npolicy.yaml 10\nnonsense: 1"[:45])
        page = browser.get(f"/policies/{BUNDLE}/drafts/{clean['draft']}")
        assert page.status == 200 and "passes its checks" in page.words() and not page.find("li", class_="error"), page.words()[:900]


def test_agents_tell_how_they_are():
    with server() as served:
        fill(served)
        browser = logged_in(served)
        words = browser.get("/agents").words()
        assert "db.example" in words and " here " in words and "newest is 2" in words and " 1.2 " in words, words
        rows(served, "UPDATE agent SET seen = ?", time.time_ns() - HOUR_NS)
        assert " silent " in browser.get("/agents").words()
        rows(served, "UPDATE agent SET revoked = 1")
        assert " revoked " in browser.get("/agents").words()


def test_the_record_can_be_searched():
    with server() as served:
        agent, _ = fill_record(served)
        browser = logged_in(served)
        page = browser.get("/record")
        assert len(events(page)) == 50 and "anna" in page.words() and "shop" in page.words()
        older = browser.get([link for link in page.links() if "cursor=" in link][0])
        assert len(events(older)) == 30 and not set(events(page)) & set(events(older))
        assert [link for link in older.links() if "cursor=" in link] == []
        for query, expected in (("verdict=deny", 10), ("shape=t3+where", 10), ("table=public.t7", 10), ("person=anna&verdict=allow", 50),
                                ("person=nobody", 0), ("rule=agents-read", 50), (f"agent={agent.name}", 50), ("from=1h", 50),
                                ("until=1h", 0), ("from=2020-01-01&until=2020-01-02+03:04", 0), ("database=sh*", 50)):
            page = browser.get(f"/record?{query}")
            assert page.status == 200 and len(events(page)) == expected, (query, len(events(page)))
            for name, value in urllib.parse.parse_qsl(query):
                form = page.form("/record")
                assert name == "verdict" or form[name] == value, (query, form)
            assert len(page.find("a", class_="chip plain")) == len(urllib.parse.parse_qsl(query)), query
        assert page.find("option", value="deny") and not page.find("option", selected="")[0].get("value")
        assert browser.get("/record?verdict=deny").find("option", selected="")[0].get("value") == "deny"
        for query in ("from=yesterday", "until=2026-13-01", "cursor=x", "from=" + "1" * 90):
            assert browser.get(f"/record?{query}").status == 400, query


def test_a_chip_takes_its_field_away():
    with server() as served:
        fill_record(served)
        browser = logged_in(served)
        page = browser.get("/record?person=anna&verdict=deny")
        assert {node.get("href") for node in page.find("a", class_="chip plain")} == {"/record?verdict=deny", "/record?person=anna"}


def tiles(page):
    """Numbers of the overview."""
    (box,) = page.find("dl", class_="tiles")
    return {"".join(node.find("{*}dt").itertext()): int("".join(node.find("{*}dd").itertext()).replace("\u202f", "")) for node in box}


def test_the_overview_counts_what_the_record_has():
    with server() as served:
        agent, _ = fill_record(served)
        browser = logged_in(served)
        rows(served, "UPDATE record_count SET masked_cells = 1234, refused = 7 WHERE verdict = 'deny'")
        for period in ("hour", "day", "week", "month", "x"):
            page = browser.get(f"/?period={period}")
            count = len(rows(served, "SELECT DISTINCT start FROM record_count WHERE step = 60 AND verdict = 'deny'"))
            assert period == "hour" or tiles(page) == {"Statements": 80, "Refused": 7, "Failed": 0, "Masked cells": 1234}, tiles(page)
            assert tiles(page)["Statements"] == 80 and tiles(page)["Refused"] == 7 * (count if period == "hour" else 1)
            pictures = page.find("figure", class_="plot")
            assert len(pictures) == 3 and all(picture.find("{*}svg").get("aria-label") for picture in pictures)
            assert sum(map(int, pictures[0].get("data-series-0").split())) == 80
        page = browser.get("/?by=verdict")
        pictures = page.find("figure", class_="plot")
        assert {pictures[0].get("data-name-0"), pictures[0].get("data-name-1")} == {"allow", "deny"}
        assert "/record?rule=shop%2Fagents-read" in page.links() and f"/record?agent={agent.name}" in page.links(), page.links()
        assert len(events(browser.get("/record?rule=shop%2Fagents-read"))) == 50


def test_many_series_are_few_and_the_others():
    with server() as served:
        fill_record(served, 1, 8)
        browser = logged_in(served)
        for i in range(40):
            rows(served, "INSERT INTO record_count SELECT step, start, source, ?, verdict, rules, ?, 0, 0, 0 FROM record_count"
                 " WHERE person = 'anna' AND step = 3600 AND verdict = 'allow'", f"person-{i}", 100 + i)
        picture = browser.get("/?by=person").find("figure", class_="plot")[0]
        assert [picture.get(f"data-name-{i}") for i in range(7)] == ["person-39", "person-38", "person-37", "person-36", "person-35", "others", None]
        assert sum(sum(map(int, picture.get(f"data-series-{i}").split())) for i in range(6)) == 8 + sum(range(100, 140))


def test_what_needs_a_look_is_on_the_first_page():
    with server() as served:
        fill(served)
        browser = logged_in(served)
        rows(served, "UPDATE agent SET seen = ?", time.time_ns() - 3 * HOUR_NS)
        words = browser.get("/").words()
        assert "To look at" in words and "silent" in words and "db.example" in words and "3 hours ago" in words
        rows(served, "INSERT INTO record_alarm SELECT id, 'fork', 'x', 0, 'another record', 1, 2, 3 FROM agent")
        words = browser.get("/").words()
        assert "fork" in words and "another record" in words and "3 times" in words
        rows(served, "INSERT INTO record_acknowledgement SELECT id, 'fork', 3, 'admin', 1 FROM agent")
        assert "fork" not in browser.get("/").words()
        rows(served, "UPDATE record_alarm SET times = 4")
        assert "another record" in browser.get("/").words()
        rows(served, "UPDATE agent SET revoked = 1")
        assert "silent" not in browser.get("/").words()


def test_a_statement_is_shown_with_a_proof_that_holds():
    with server("--checkpoint-every", "1") as served:
        agent, part = fill_record(served)
        browser = logged_in(served)
        path = events(browser.get("/record?verdict=deny"))[-1]
        end = time.monotonic() + DEADLINE_SECONDS
        while not (shown := browser.get(path).find("pre", aria_label="Proof")):
            assert time.monotonic() < end
            time.sleep(0.1)
        page = browser.get(path)
        words = page.words()
        assert "select email from t7 where id = $1" in words and "shop/agents-read" in words and "select public.t7" in words, words
        proof, _, checkpoint = "".join(shown[0].itertext()).partition("\n\n")
        first, index, *hashes = proof.split("\n")
        assert first == "c2sp.org/tlog-proof@v1"
        index = int(index.removeprefix("index "))
        _, size, root = checkpoint.split("\n")[:3]
        start, end = [0, *part.cuts][index], part.cuts[index]
        text = f"chaperone-record-leaf/1\n{agent.name}\n{part.name}\n{start}\n{end - start}\n" \
               f"{hashlib.sha256(part.data[start:end]).hexdigest()}\n"
        leaf = hashlib.sha256(b"\0" + text.encode()).digest()
        assert leaf.hex() in words
        found = root_by(leaf, index, int(size), [base64.b64decode(each) for each in hashes])
        assert base64.b64encode(found).decode() == root
        assert "".join(checkpoint) == served.ask("GET", "/v1/log/checkpoint")[2].decode()


def test_live_parts_are_sent_only_when_there_is_news():
    with server() as served:
        agent, part = Agent(served), record(served.top, "record", 4, 20)[0]
        assert agent.deliver(part, 0, part.cuts[2])[0] == 200
        browser = logged_in(served)
        (section,) = browser.get("/record?verdict=deny").find("section", id="events")
        path = section.get("hx-get")
        assert path == "/record/events?verdict=deny" and not browser.get("/record?cursor=" + "x").status == 200
        page = browser.get(path)
        tag, before = page.headers["etag"], len(re.findall('<tr><td><a href="/record/', page.text))
        assert page.status == 200 and page.headers["cache-control"] == "private, no-cache" and page.text.startswith("<section id")
        again = browser.get(path, f"If-None-Match: {tag}")
        assert again.status == 304 and not again.text or again.headers["etag"] != tag
        assert agent.deliver(part, part.cuts[2])[0] == 200
        news = browser.get(path, f"If-None-Match: {tag}")
        assert news.status == 200 and len(re.findall('<tr><td><a href="/record/', news.text)) > before
        assert Browser(served).get(path).status == 303


HTML_WANTED = "Accept: text/html,application/xhtml+xml,*/*;q=0.8"


def test_browsers_get_a_page_and_programs_a_problem():
    with server() as served:
        browser = logged_in(served)
        cookie = f"Cookie: __Host-session={browser.cookie}"
        asked = (("GET", "/nothing", b"", 404, "no such page"), ("GET", "/v1/nothing", b"", 404, "no such page"),
                 ("PUT", "/record", b"", 405, "forms of other pages"), ("GET", "/logout", b"", 405, "forms of other pages"),
                 ("POST", "/login", b"a" * 5000, 413, "longer"), ("GET", "/v1/agents", b"", 401, "people who logged in"))
        for method, path, body, status, words in asked:
            page = browser.take(path, served.ask(method, path, cookie, ORIGIN, HTML_WANTED, body=body))
            assert page.status == status and words in page.words(), (path, page.status, page.text[-500:])
            check_site(page)
            assert bool(page.find("form", action="/logout")) == (status in (404, 405)), path
            assert status != 405 or page.headers["allow"], path
            for accept in ([], ["Accept: */*"], ["Accept: application/json"]):
                told = served.ask(method, path, cookie, ORIGIN, *accept, body=body)
                assert told[0] == status and told[1]["content-type"] == "application/problem+json", (path, told)
        page = Browser(served).get("/nothing", HTML_WANTED)
        assert page.status == 404 and not page.find("form") and served.ask("HEAD", "/nothing", HTML_WANTED)[2] == b""


def test_a_trouble_of_the_server_is_a_page():
    with server() as served:
        browser = logged_in(served)
        rows(served, "ALTER TABLE audit RENAME TO gone")
        page = browser.get("/log")
        assert page.status == 500 and "trouble of its own" in page.words() and page.find("form", action="/logout"), page.text
        check_site(page)
        assert "audit" not in page.words() and browser.get("/agents").status == 200


main(collect(globals()))
