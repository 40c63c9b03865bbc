"""A real browser, headless: it reports what goes wrong on a page, and keeps pictures."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Response, sync_playwright

#: Kept after a run, for whoever looks at what a change did to the pages.
PICTURES = Path(__file__).parent.parent / "build" / "screenshots"
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_GRAVE = frozenset({"serious", "critical"})
_LAYOUT = Path(__file__).with_name("layout.js").read_text(encoding="utf-8")
#: From here on a status tells of a failure.
_FAILED = 400


@contextmanager
def chromium() -> Iterator[Browser]:
    """Chromium of this machine; without one a CI run fails, and a desk's run says so."""
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if found is None:
        missing = "no Chromium to try pages in: apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-gpu"]
        )
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Looks:
    """What a look at pages found wrong."""

    page: Page
    base: str
    wrong: list[str] = field(default_factory=list)
    #: With which status the next page is to be refused.
    _refusal: int | None = None

    def listen(self) -> None:
        """Hear of errors of scripts, of requests to elsewhere, and of answers that refuse."""
        self.page.on("console", lambda told: self._said(told.type, told.text))
        self.page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        self.page.on("request", lambda request: self._asked(request.url))
        self.page.on("response", self._answered)

    @contextmanager
    def refused(self, status: int) -> Iterator[None]:
        """Within it one page must be refused with this status, on purpose; nothing else may be."""
        self._refusal = status
        yield
        if self._refusal is not None:
            self.wrong.append(f"no page was refused with {status} before {self.page.url}")
        self._refusal = None

    def _answered(self, answer: Response) -> None:
        if answer.status < _FAILED:
            return
        if answer.request.is_navigation_request() and answer.status == self._refusal:
            self._refusal = None
            return
        self.wrong.append(f"answered {answer.status}: {answer.url}")

    def _said(self, kind: str, text: str) -> None:
        # an answer that refuses is told there too, without its address
        if kind in {"error", "warning"} and "the server responded with a status" not in text:
            self.wrong.append(f"{kind}: {text}")

    def _asked(self, url: str) -> None:
        if not url.startswith((self.base, "data:")):
            self.wrong.append(f"asked elsewhere: {url}")

    def at(self, name: str, *, axe: Axe | None = None) -> None:
        """Look at the page as it is, and keep a picture.

        Nothing may be too wide or lie on something else, no number of a table be broken over lines,
        and nothing be what axe finds grave.
        """
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=PICTURES / f"{name}.png", full_page=True)
        too_wide = "document.documentElement.scrollWidth > window.innerWidth"
        if self.page.evaluate(too_wide):
            self.wrong.append(f"{name}: wider than the window")
        self.wrong += [f"{name}: {told}" for told in self.page.evaluate(_LAYOUT)]
        if axe is not None:
            found = axe.run(self.page).response["violations"]
            self.wrong += [f"{name}: {_told(one)}" for one in found if one["impact"] in _GRAVE]


@contextmanager
def looking(
    browser: Browser,
    base: str,
    *,
    scheme: Literal["light", "dark"] = "light",
    width: int = 1280,
    scripts: bool = True,
) -> Iterator[Looks]:
    """A new window; whatever goes wrong in it fails the test at the end."""
    context = browser.new_context(
        color_scheme=scheme,
        viewport={"width": width, "height": 900},
        java_script_enabled=scripts,
    )
    context.set_default_timeout(30_000)
    looks = Looks(page=context.new_page(), base=base)
    looks.listen()
    try:
        yield looks
    finally:
        context.close()
    assert not looks.wrong, "\n".join(looks.wrong)


def _told(violation: dict[str, Any]) -> str:
    places = [str(node["target"]) for node in violation["nodes"]][:3]
    return f"{violation['id']} ({violation['help']}) at {', '.join(places)}"
