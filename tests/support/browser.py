"""A real browser without a window, for which no host exists."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

_ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    # Whatever a page asks for from elsewhere must not be had, or a test would pass by the network.
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--force-prefers-reduced-motion",
)


class Browser:
    """A window on the pages of a site.

    Args:
        driver: what drives it.
        site: folder of the site.
    """

    def __init__(self, driver: webdriver.Chrome, site: Path) -> None:
        self.driver = driver
        self.site = site

    def open(self, path: str) -> None:
        """Opens a page by its address in the site, anchor included."""
        page, hash_, anchor = path.partition("#")
        self.driver.get("about:blank")
        self.driver.get((self.site / page).as_uri() + hash_ + anchor)

    @property
    def page(self) -> str:
        """Address of the page that is open, from the root of the site, anchor included."""
        url: str = self.driver.current_url
        return url.removeprefix(self.site.as_uri()).lstrip("/")

    def run(self, script: str, *arguments: Any) -> Any:
        """Returns what a script returns."""
        return self.driver.execute_script(script, *arguments)

    def press(self, *keys: str, control: bool = False) -> None:
        """Presses keys, or types a text, wherever the focus is."""
        chain = ActionChains(self.driver)
        if control:
            chain.key_down(Keys.CONTROL)
        chain.send_keys(*keys)
        if control:
            chain.key_up(Keys.CONTROL)
        chain.perform()

    def size(self, width: int, height: int) -> None:
        """Sets the size of the screen, below 600 pixels that of a phone."""
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600},
        )

    def colours(self, scheme: str) -> None:
        """Sets whether the system is light or dark."""
        self.driver.execute_cdp_cmd(
            "Emulation.setEmulatedMedia",
            {"features": [{"name": "prefers-color-scheme", "value": scheme}]},
        )

    def complaints(self) -> list[str]:
        """Returns what the console said since it was last asked."""
        return [one["message"] for one in self.driver.get_log("browser")]  # type: ignore[no-untyped-call]

    def requests(self) -> list[str]:
        """Returns the addresses that were asked for since this was last asked."""
        found = []
        for line in self.driver.get_log("performance"):  # type: ignore[no-untyped-call]
            message = json.loads(line["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                found.append(message["params"]["request"]["url"])
        return found


@contextmanager
def browsing(site: Path) -> Iterator[Browser]:
    """Yields a browser, or skips where there is none and the run is not one that must have it.

    Args:
        site: folder of the site.
    """
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        if os.environ.get("CI") == "true":
            pytest.fail("Chromium and its driver are missing, and CI must have them.")
        pytest.skip("needs Debian's chromium and chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for argument in _ARGUMENTS:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    started = webdriver.Chrome(options=options, service=Service(driver))
    started.set_script_timeout(60)
    try:
        yield Browser(started, site)
    finally:
        started.quit()
