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
from playwright.sync_api import Browser, Page, sync_playwright

#: Kept after a run, for whoever looks at what a change did to the pages.
PICTURES = Path(__file__).parent.parent / "build" / "screenshots"
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_GRAVE = frozenset({"serious", "critical"})


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

    def listen(self) -> None:
        """Hear of errors of scripts, and of requests to elsewhere."""
        self.page.on("console", lambda told: self._said(told.type, told.text))
        self.page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        self.page.on("request", lambda request: self._asked(request.url))

    def _said(self, kind: str, text: str) -> None:
        # what the console answers on purpose, such as a wrong form, is told there too
        if kind in {"error", "warning"} and "the server responded with a status" not in text:
            self.wrong.append(f"{kind}: {text}")

    def _asked(self, url: str) -> None:
        if not url.startswith((self.base, "data:")):
            self.wrong.append(f"asked elsewhere: {url}")

    def at(self, name: str, *, axe: Axe | None = None) -> None:
        """Look at the page as it is: nothing too wide, nothing that axe finds grave; a picture."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=PICTURES / f"{name}.png", full_page=True)
        too_wide = "document.documentElement.scrollWidth > window.innerWidth"
        if self.page.evaluate(too_wide):
            self.wrong.append(f"{name}: wider than the window")
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
