# SPDX-License-Identifier: MIT
# The pages in a real browser: by keyboard alone, light and dark, with scripts and without.  Pictures of them are left in
# ARTEFACTS.
import contextlib
import os
import pathlib
import re
import shutil
import sys
import time

try:
    from selenium import webdriver
    from selenium.common.exceptions import WebDriverException
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
except ImportError:
    print("python3-selenium is not installed")
    sys.exit(77)

from authors import BUNDLE, Person, add_account, add_key, bundle, rows
from recorded import Agent, record
from served import code, enrol, manage, server
from support import Skipped, collect, main

DRIVER, CHROMIUM = shutil.which("chromedriver"), shutil.which("chromium")
if not DRIVER or not CHROMIUM:
    print("chromium and chromium-driver are not installed")
    sys.exit(77)

ARTEFACTS = pathlib.Path(os.environ["ARTEFACTS"])
DEADLINE_SECONDS = 20
TABS_MAX = 60
NASTY = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"


def options(scheme, scripts):
    chosen = Options()
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--window-size=1280,900",
                     "--ignore-certificate-errors", "--no-first-run", "--disable-background-networking",
                     f"--blink-settings=preferredColorScheme={0 if scheme == 'dark' else 1}"):
        chosen.add_argument(argument)
    chosen.binary_location = CHROMIUM
    chosen.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    if not scripts:
        chosen.add_experimental_option("prefs", {"profile.managed_default_content_settings.javascript": 2})
    return chosen


class Window:
    """A browser's window at a server, used as a person without a mouse does."""

    def __init__(self, driver, served):
        self.driver, self.served = driver, served
        self.top = f"https://127.0.0.1:{served.port}"

    def go(self, path):
        self.driver.get(self.top + path)

    @property
    def path(self):
        return self.driver.current_url.removeprefix(self.top)

    def text(self):
        return self.driver.find_element(By.TAG_NAME, "body").text

    def focused(self):
        return self.driver.switch_to.active_element

    def type(self, *keys):
        self.focused().send_keys(*keys)

    def tab_to(self, wanted):
        """Goes there by the tab key; what has the focus is seen to have it."""
        for _ in range(TABS_MAX):
            webdriver.ActionChains(self.driver).send_keys(Keys.TAB).perform()
            element = self.focused()
            if wanted(element):
                outline = element.value_of_css_property("outline-style"), element.value_of_css_property("outline-width")
                assert outline == ("solid", "3px"), (element.tag_name, outline)
                return element
        raise AssertionError(f"the tab key does not lead there on {self.path}")

    def follow(self, words):
        """By the link or button that is called so."""
        old = self.driver.current_url
        self.tab_to(lambda element: element.tag_name in ("a", "button") and element.text.split("\n")[0] == words).send_keys(Keys.ENTER)
        self.wait(lambda: self.driver.current_url != old)

    @staticmethod
    def wait(is_so):
        end = time.monotonic() + DEADLINE_SECONDS
        while not is_so():
            assert time.monotonic() < end
            time.sleep(0.05)

    def log_in(self):
        self.type("admin", Keys.TAB, self.served.made["password"], Keys.ENTER)
        self.wait(lambda: "/login" not in self.path)

    def shape(self, width, height=900):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                    {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})

    def picture(self, name, width):
        """Of the whole page, not of the window alone."""
        ARTEFACTS.mkdir(parents=True, exist_ok=True)
        self.shape(width, min(max(self.driver.execute_script("return document.documentElement.scrollHeight"), 900), 3000))
        assert self.driver.save_screenshot(str(ARTEFACTS / f"{name}.png"))
        self.shape(width)

    def complaints(self):
        """What the browser found wrong: violations of the policy, errors of scripts, what did not load."""
        return [entry["message"] for entry in self.driver.get_log("browser") if "favicon" not in entry["message"]]


@contextlib.contextmanager
def window(served, scheme="light", scripts=True):
    driver = webdriver.Chrome(service=Service(DRIVER), options=options(scheme, scripts))
    try:
        yield Window(driver, served)
    finally:
        driver.quit()


def fill_record(served):
    """A record, and counts of a day before it, so that there is something to be seen."""
    (part,) = record(served.top, "record", 3, 40)
    assert Agent(served).deliver(part)[0] == 200
    step, count = 3600, "INSERT INTO record_count VALUES (?, ?, (SELECT min(source) FROM record_source), ?, ?, ?, ?, ?, 0, ?)"
    now = time.time_ns() // (step * 10**9) * step * 10**9
    (unit,) = {start % 10**9 for start, in rows(served, "SELECT start FROM record_count")}
    assert unit == 0
    for hour in range(1, 24):
        height = 40 + (hour * 37) % 90
        for row in (("anna", "allow", "shop/agents-read", height, 0, height * 3), ("migrations-bot", "deny", "shop/no-destructive", hour % 5, hour % 5, 0),
                    ("support", "allow", "shop/read", height // 2, 0, 0)):
            rows(served, count, step, now - hour * step * 10**9, *row)


def fill(served):
    person = Person(served)
    person.publish(bundle(), why="what agents may read")
    person.publish(bundle(policy="# support may read tickets, too\n"), why=NASTY)
    add_account(served, "bea", "author")
    add_key(served, "bea")
    for host, state in (("db-1.example", "version=0.1.0; policy=2; spool=0"), ("db-2.example", "version=0.1.0; policy=1; spool=1234")):
        machine = enrol(served, code(served, "--bundle", BUNDLE)[0], host)[2]
        served.ask("GET", "/v1/agent", f"Authorization: Bearer {machine['token']}", f"Agent-State: {state}")
    fill_record(served)
    return person.push(bundle(policy="# a remark that the draft brings\n"), why="remarks")[1]["draft"]


def walk(shown):
    """Every page, by the keys alone."""
    shown.go("/agents")
    assert shown.path == "/login?next=%2Fagents", shown.path
    shown.log_in()
    assert shown.path == "/agents" and "db-2.example" in shown.text()
    shown.follow("Overview")
    assert "Masked cells" in shown.text()
    shown.follow("by rule")
    assert "shop/no-destructive" in shown.text()
    shown.follow("Record")
    shown.tab_to(lambda element: element.get_attribute("name") == "shape").send_keys("t7", Keys.ENTER)
    shown.wait(lambda: "shape=t7" in shown.path)
    assert "select email from t7" in shown.text() and "from t3" not in shown.text()
    shown.tab_to(lambda element: "ago" in element.text or element.text == "now").send_keys(Keys.ENTER)
    shown.wait(lambda: shown.path.count("/") == 3)
    assert "leaf" in shown.text() and "c2sp.org/tlog-proof" in shown.text()
    shown.follow("Policies")
    assert shown.path == "/policies"
    shown.follow(BUNDLE)
    assert "in force" in shown.text() and NASTY in shown.text()
    shown.follow("changes")
    assert "support may read tickets" in shown.text()
    shown.follow("All versions")
    shown.follow("2")
    assert "The signed note" in shown.text()
    shown.follow("People")
    assert "bea" in shown.text()
    shown.follow("Log out")
    assert shown.path == "/login"
    shown.go("/people")
    assert shown.path == "/login?next=%2Fpeople"


def test_every_page_is_reached_by_keyboard_with_and_without_scripts():
    with server("--checkpoint-every", "1") as served:
        fill(served)
        for scripts in (True, False):
            with window(served, scripts=scripts) as shown:
                walk(shown)
                assert shown.complaints() == [], shown.complaints()


def test_the_skip_link_skips():
    with server() as served, window(served) as shown:
        shown.go("/login")
        shown.log_in()
        shown.go("/agents")
        shown.tab_to(lambda element: "Skip" in element.text).send_keys(Keys.ENTER)
        Window.wait(lambda: shown.focused().get_attribute("id") == "content")


def test_news_come_by_themselves_and_do_not_take_the_place_of_a_reader():
    with server() as served:
        part, agent = record(served.top, "record", 2, 8)[0], Agent(served)
        assert agent.deliver(part, 0, part.cuts[1])[0] == 200
        with window(served) as shown:
            shown.go("/record")
            shown.log_in()
            if "htmx" not in shown.driver.page_source.replace("htmx-config", ""):
                raise Skipped("this build has no htmx")
            count = len(shown.driver.find_elements(By.CSS_SELECTOR, "#events tbody tr"))
            assert agent.deliver(part, part.cuts[1])[0] == 200
            shown.wait(lambda: len(shown.driver.find_elements(By.CSS_SELECTOR, "#events tbody tr")) > count)
            link = shown.tab_to(lambda element: element.find_elements(By.CSS_SELECTOR, "time"))
            rows(served, "UPDATE log_tree SET size = size + 1")  # as if something new had come
            asked = "return performance.getEntriesByType('resource').filter(entry => entry.name.includes('/record/events')).length"
            before = shown.driver.execute_script(asked)
            shown.wait(lambda: shown.driver.execute_script(asked) >= before + 2)
            assert shown.focused() == link
            assert shown.complaints() == [], shown.complaints()


def test_pictures_tell_their_numbers():
    with server() as served:
        fill_record(served)
        with window(served) as shown:
            shown.go("/")
            shown.log_in()
            if "uPlot.iife" not in shown.driver.page_source:
                raise Skipped("this build has no uPlot")
            shown.wait(lambda: len(shown.driver.find_elements(By.CSS_SELECTOR, "figure .uplot canvas")) == 3)
            canvas = shown.driver.find_element(By.CSS_SELECTOR, "figure .u-over")
            webdriver.ActionChains(shown.driver).move_to_element(canvas).perform()
            shown.wait(lambda: shown.driver.find_element(By.CSS_SELECTOR, ".u-legend .u-series:nth-child(2) .u-value").text.isdigit())
            assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", shown.driver.find_element(By.CSS_SELECTOR, ".u-legend .u-value").text)
            assert shown.complaints() == [], shown.complaints()


def test_a_proof_is_copied():
    with server("--checkpoint-every", "1") as served:
        fill_record(served)
        with window(served) as shown:
            shown.go("/record")
            shown.log_in()
            path = shown.driver.find_element(By.CSS_SELECTOR, "td a").get_attribute("href").removeprefix(shown.top)
            shown.wait(lambda: shown.go(path) or "c2sp.org/tlog-proof" in shown.text())
            shown.driver.execute_cdp_cmd("Browser.grantPermissions", {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]})
            button = shown.driver.find_elements(By.CSS_SELECTOR, "button.copy")[-1]
            button.send_keys(Keys.ENTER)
            shown.wait(lambda: button.text == "Copied")
            copied = shown.driver.execute_async_script("navigator.clipboard.readText().then(arguments[0])")
            assert copied == shown.driver.find_element(By.CSS_SELECTOR, "pre[aria-label=Proof]").text + "\n", copied


def luminance(color):
    parts = [int(part) / 255 for part in color[color.index("(") + 1:-1].split(",")[:3]]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


CONTRASTS = """
const found = new Map();
for (const node of document.querySelectorAll('body *')) {
  if (![...node.childNodes].some(child => child.nodeType === 3 && child.data.trim()) || !node.checkVisibility()) continue;
  if (node.closest('svg')) continue;
  let ground = node;
  while (ground && getComputedStyle(ground).backgroundColor === 'rgba(0, 0, 0, 0)') ground = ground.parentElement;
  const pair = [getComputedStyle(node).color, ground ? getComputedStyle(ground).backgroundColor : 'rgb(255, 255, 255)'];
  found.set(pair.join(' on '), [...pair, node.outerHTML.slice(0, 80)]);
}
return [...found.values()];
"""


def check_contrast(shown):
    pairs = shown.driver.execute_script(CONTRASTS)
    assert pairs
    for ink, ground, where in pairs:
        light, dark = sorted((luminance(ink), luminance(ground)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (shown.path, ink, ground, where)


UNUSABLE = """
const found = [], name = node => node.outerHTML.slice(0, 120);
for (const node of document.querySelectorAll('input:not([type=hidden], [hidden]), select, textarea'))
  if (!node.labels.length || !node.labels[0].textContent.trim()) found.push('no label: ' + name(node));
for (const node of document.querySelectorAll('a[href], button'))
  if (!node.textContent.trim() && !node.getAttribute('aria-label')) found.push('no name: ' + name(node));
const names = [...document.querySelectorAll('main button')].map(node => node.textContent.trim());
names.filter((one, at) => names.indexOf(one) !== at).forEach(one => one === 'Set it' || one === 'Copy' || found.push('twice: ' + one));
for (const node of document.querySelectorAll('body *')) {
  const style = getComputedStyle(node);
  if (node.scrollWidth > node.clientWidth + 1 && ['auto', 'scroll'].includes(style.overflowX) && node.tabIndex < 0)
    found.push('scrolls, and not by keyboard: ' + name(node));
}
for (const node of document.querySelectorAll('[aria-describedby], [aria-labelledby]'))
  for (const id of (node.getAttribute('aria-describedby') ?? node.getAttribute('aria-labelledby')).split(' '))
    if (!document.getElementById(id)) found.push('refers to nothing: ' + name(node));
for (const node of document.querySelectorAll('main a, main button, main input, main select, main td, main th, main p')) {
  const box = node.getBoundingClientRect();
  if (box.width > 1 && box.right > window.innerWidth + 1 && !node.closest('ol, pre, [tabindex]:not(main)')) found.push('out of sight: ' + name(node));
}
return found;
"""


def check_sight(shown, name):
    """It can be read and used, as wide as on a desk and as narrow as on a telephone, and leaves a picture of each."""
    for width, word in ((1280, ""), (390, "-narrow")):
        shown.shape(width)
        check_contrast(shown)
        over = shown.driver.execute_script("return document.documentElement.scrollWidth - window.innerWidth")
        assert over <= 0, (shown.path, width, over)
        assert shown.driver.execute_script(UNUSABLE) == [], (shown.path, width)
        shown.picture(name + word, width)
    shown.shape(1280)


def pages(draft):
    return {"overview": "/", "overview-by-rule": "/?by=rule", "record": "/record", "search": "/record?verdict=deny&person=anna",
            "policies": "/policies", "bundle": f"/policies/{BUNDLE}", "version": f"/policies/{BUNDLE}/2",
            "diff": f"/policies/{BUNDLE}/diff?from=1&to=2", "draft": f"/policies/{BUNDLE}/drafts/{draft}", "agents": "/agents",
            "people": "/people", "account": "/people/bea?done=role", "own": "/account", "settings": "/settings", "log": "/log", "check": "/check",
            "missing": "/policies/none", "not-found": "/nothing"}


def send(shown, path, selector, **fields):
    """A form, with what its page would not let through."""
    shown.go(path)
    shown.driver.execute_script(
        "const form = document.querySelector(arguments[0]); for (const [name, value] of Object.entries(arguments[1])) "
        "{ const field = form.elements[name]; if (field.type === 'checkbox') field.checked = true; else field.value = value; }"
        "window.left = true; form.submit()", selector, fields)
    shown.wait(lambda: shown.driver.execute_script("return !window.left && document.readyState === 'complete'"))


SENT = {"people-wrong": ("/people", "form[action='/people']", {"account": "Bea B", "role": "author"}),
        "question": ("/people/bea", "form[action$='/disable']", {}),
        "question-key": ("/people/bea", "form[action$='/key-revoke']", {}),
        "password": ("/people/bea", "form[action$='/password']", {"sure": "yes"}),
        "token": ("/account", "form[action='/account']", {"name": "nightly report"}),
        "code": ("/agents", "form[action='/agents']", {"bundle": BUNDLE}),
        "settings-wrong": ("/settings", "form[action$='/author_threshold']", {"author_threshold": "9"}),
        "check-wrong": ("/check", "form[action='/check']", {"policy": "version: 1\nnonsense: yes\n" + "# long " * 60}),
        "check-empty": ("/check", "form[action='/check']", {"policy": ""})}


def fill_people(served):
    manage(served, "group add", "ops")
    manage(served, "group add", "data-team")
    manage(served, "group member-add", "ops", "bea")
    for account in ("admin", "bea"):
        for name in ("nightly report", "dashboards"):
            manage(served, "token make", "--account", account, "--scope", "read", "--expires", "30d", "--name", name)
    add_account(served, "a-name-that-is-as-long-as-names-of-accounts-can-be-without-gaps", "viewer")
    manage(served, "user disable", "a-name-that-is-as-long-as-names-of-accounts-can-be-without-gaps")


def test_pages_can_be_read_light_and_dark_wide_and_narrow():
    with server("--checkpoint-every", "1") as served:
        draft = fill(served)
        fill_people(served)
        for scheme in ("light", "dark"):
            with window(served, scheme) as shown:
                shown.go("/login")
                check_sight(shown, f"login-{scheme}")
                shown.log_in()
                for name, path in pages(draft).items():
                    shown.go(path)
                    assert (luminance(shown.driver.find_element(By.TAG_NAME, "body").value_of_css_property("background-color")) < 0.2) \
                        == (scheme == "dark")
                    check_sight(shown, f"{name}-{scheme}")
                for name, (path, form, fields) in SENT.items():
                    send(shown, path, form, **fields)
                    check_sight(shown, f"{name}-{scheme}")
                shown.go("/record")
                shown.driver.find_element(By.CSS_SELECTOR, "td a").click()
                check_sight(shown, f"event-{scheme}")
                assert shown.driver.title != "owned"
                told = [told for told in shown.complaints() if "404" not in told and "422" not in told]
                assert told == [], told


def test_an_administrator_needs_keys_alone():
    with server() as served:
        for scripts in (True, False):
            with window(served, scripts=scripts) as shown:
                shown.go("/people")
                shown.log_in()
                name = f"bea-{scripts}".lower()
                shown.tab_to(lambda element: element.get_attribute("name") == "account").send_keys(name, Keys.TAB, "aut")
                shown.tab_to(lambda element: element.text == "Add the account").send_keys(Keys.ENTER)
                shown.wait(lambda: "shown this once" in shown.text())
                shown.follow("Go to the account")
                assert shown.path == f"/people/{name}"
                shown.tab_to(lambda element: element.text.startswith("Disable")).send_keys(Keys.ENTER)
                shown.wait(lambda: "Cancel" in shown.text())
                shown.follow("Cancel")
                assert rows(served, "SELECT count(*) FROM account WHERE disabled IS NOT NULL AND name = ?", name) == [(0,)]
                shown.tab_to(lambda element: element.text.startswith("Disable")).send_keys(Keys.ENTER)
                shown.wait(lambda: "Cancel" in shown.text())
                shown.tab_to(lambda element: element.text == "Disable").send_keys(Keys.ENTER)
                shown.wait(lambda: "The account is disabled" in shown.text())
                assert rows(served, "SELECT count(*) FROM account WHERE disabled IS NOT NULL AND name = ?", name) == [(1,)]
                assert shown.complaints() == [], shown.complaints()


def test_the_policy_of_the_pages_stops_what_gets_in():
    with server() as served, window(served) as shown:
        shown.go("/login")
        shown.driver.execute_script("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"document.title=1\">');"
                                    "const script = document.createElement('script'); script.textContent = 'document.title = 2';"
                                    "document.body.append(script);")
        assert any("Content Security Policy" in told or "Content-Security-Policy" in told for told in shown.complaints())
        assert shown.driver.title.startswith("Log in")


try:
    main(collect(globals()))
except WebDriverException as error:
    print(error)
    sys.exit(1)
