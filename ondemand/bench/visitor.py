"""A browser without a screen: keeps cookies, sends forms."""

from __future__ import annotations

import re

import requests

from ondemand.supervisor.announcement import PASSWORD

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
SECONDS = 30


class Visitor:
    """`get` and `post` return the page and raise for an answer of 400 and above; `at` is its address."""

    def __init__(self, url: str) -> None:
        self.url, self.at, self.session = url, url, requests.Session()

    def sign_in(self, email: str) -> None:
        page = self.get("/accounts/login/")
        self.post("/accounts/login/", page, login=email, password=PASSWORD)

    def get(self, address: str) -> str:
        return self._took(self.session.get(self._whole(address), timeout=SECONDS))

    def post(self, address: str, page: str = "", **form: str) -> str:
        """`page` is where the form stood; its token goes with it."""
        if found := TOKEN.search(page):
            form["csrfmiddlewaretoken"] = found[1]
        whole = self._whole(address)
        return self._took(self.session.post(whole, form, headers={"Referer": whole}, timeout=SECONDS))

    def _whole(self, address: str) -> str:
        return address if address.startswith("http") else f"{self.url}{address}"

    def _took(self, answer: requests.Response) -> str:
        answer.raise_for_status()
        self.at = answer.url
        return answer.text
