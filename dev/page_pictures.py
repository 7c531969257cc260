#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# Logs in to a server's pages with Chromium and keeps a picture of each, light and dark, wide and narrow.
import pathlib
import shutil
import sys

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

USAGE = "usage: dev/page_pictures.py ADDRESS ACCOUNT PASSWORD-FILE FOLDER [PATH...]"
PATHS = ("/", "/record", "/policies", "/agents", "/people", "/account", "/settings", "/log", "/check")
WIDTHS = {"wide": 1280, "narrow": 390}
HEIGHT_MAX = 3000


def options(scheme):
    chosen = Options()
    # The demonstration's certificate is its own.
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--ignore-certificate-errors", "--hide-scrollbars",
                     "--no-first-run", "--disable-background-networking", f"--blink-settings=preferredColorScheme={0 if scheme == 'dark' else 1}"):
        chosen.add_argument(argument)
    chosen.binary_location = shutil.which("chromium")
    return chosen


def log_in(driver, address, account, password):
    driver.get(address + "/login")
    for name, value in (("account", account), ("password", password)):
        driver.find_element(By.NAME, name).send_keys(value)
    driver.find_element(By.CSS_SELECTOR, ".login button").click()


def picture(driver, width, path):
    shape = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", shape)
    height = driver.execute_script("return document.documentElement.scrollHeight")
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {**shape, "height": min(height, HEIGHT_MAX)})
    driver.save_screenshot(str(path))


def name_of(path):
    return "-".join(part for part in path.split("?")[0].split("/") if part) or "overview"


def main():
    if len(sys.argv) < 5:
        sys.exit(USAGE)
    address, account, password, folder, *paths = sys.argv[1:]
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for scheme in ("light", "dark"):
        driver = webdriver.Chrome(service=Service(shutil.which("chromedriver")), options=options(scheme))
        try:
            log_in(driver, address, account, pathlib.Path(password).read_text().strip())
            for path in paths or PATHS:
                for width, pixels in WIDTHS.items():
                    driver.get(address + path)
                    picture(driver, pixels, folder / f"{name_of(path)}-{scheme}-{width}.png")
        finally:
            driver.quit()


if __name__ == "__main__":
    main()
