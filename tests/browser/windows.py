"""Browser windows that note every complaint of our own pages: errors, refused content, answers of 500 and above."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, WebError

SECONDS = 30


@dataclass
class Windows:
    browser: Browser
    url: str
    complaints: list[str] = field(default_factory=list)

    def open(self, **options: Any) -> Page:
        """A window of its own person, with cookies of its own."""
        context = self.browser.new_context(base_url=self.url, **options)
        context.set_default_timeout(SECONDS * 1000)
        self._watch(context)
        return context.new_page()

    def sign_in(self, email: str, password: str, path: str = "/", **options: Any) -> Page:
        page = self.open(**options)
        page.goto(path)
        page.get_by_label("Email").fill(email)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url(re.compile(re.escape(self.url) + r"(?!/accounts/login)"))
        return page

    def give_password_again(self, page: Page, password: str) -> None:
        page.goto("/accounts/reauthenticate/")
        page.get_by_label("Password").fill(password)
        page.locator("form:has(input[type=password]) button[type=submit]").click()
        page.wait_for_url(re.compile(r"^(?!.*reauthenticate)"))

    def _watch(self, context: BrowserContext) -> None:
        context.on("console", self._heard)
        context.on("weberror", self._broke)
        context.on("response", self._answered)

    def _heard(self, message: ConsoleMessage) -> None:
        where = message.location["url"]
        if message.type in ("error", "warning") and (not where or where.startswith(self.url)):
            self.complaints.append(f"{where}: {message.text}")

    def _broke(self, error: WebError) -> None:
        if error.page and error.page.url.startswith(self.url):
            self.complaints.append(f"{error.page.url}: {error.error}")

    def _answered(self, response: Response) -> None:
        if response.status >= 500 and response.url.startswith(self.url):
            self.complaints.append(f"{response.url}: {response.status}")


def run_script(page: Page, script: str, expression: str) -> Any:
    """Run a script and await an expression by the debugger's door: the pages' own policy refuses a tag."""
    session = page.context.new_cdp_session(page)
    session.send("Runtime.evaluate", {"expression": script})
    sent = {"expression": f"{expression}.then(JSON.stringify)", "awaitPromise": True, "returnByValue": True}
    answer = session.send("Runtime.evaluate", sent)
    session.detach()
    return json.loads(answer["result"]["value"])
