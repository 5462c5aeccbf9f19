"""The console in Debian's Chromium, driven by Playwright: a page that must say nothing in its browser's console and ask
nobody but the service."""

import os
import pathlib

from playwright.sync_api import expect, sync_playwright

SHOTS = pathlib.Path("target/console")
DESK = {"viewport": {"width": 1366, "height": 768}}
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "has_touch": True, "is_mobile": True}


class Browser:
    """`secrets`: numbers that must stand in no address."""

    def __init__(self, chromium, service, secrets=(), **options):
        self.base, self.said, self.asked = f"http://127.0.0.1:{service.http}", [], []
        self.context = chromium.new_context(locale="zh-CN", **options)
        self.page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        expect.set_options(timeout=20_000)
        self.page.on("console", lambda message: message.type in ("error", "warning") and self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", lambda request: self.request(request.url, secrets))

    def request(self, url, secrets):
        self.asked.append(url)
        if not url.startswith(self.base):
            self.said.append(f"asked for {url}")
        if any(secret in url for secret in secrets):
            self.said.append("a number in an address")

    def go(self, view):
        self.page.goto(f"{self.base}/#/{view}")
        expect(self.page.locator("main > .loading")).to_have_count(0)
        return self.page

    def shot(self, name, whole=False):
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}.png", full_page=whole)
        wide = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{name}: {wide} pixels wider than the screen"

    def expected(self, text):
        """What the browser itself says of a refusal that was wanted is no fault of the page."""
        self.said = [said for said in self.said if text not in said]

    def end(self):
        self.context.close()
        assert not self.said, self.said


def in_chromium(*steps):
    def step(service):
        with sync_playwright() as playwright:
            path = os.environ.get("CHROMIUM", "/usr/bin/chromium")
            # Chromium's own sandbox needs a user that is not root.
            flags = ["--no-sandbox"] if os.geteuid() == 0 else []
            chromium = playwright.chromium.launch(executable_path=path, args=flags)
            for one in steps:
                one(chromium, service)
            chromium.close()

    return step
