"""Pages with everything on them, in a real browser: in both schemes, narrow, and without scripts.

The console over a real site is tried in ``tests/cli/test_cli_console.py``.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import pytest
from aiohttp import web
from axe_playwright_python.sync_playwright import Axe
from browser import Looks, chromium, looking
from ports_in_memory import ANA, InMemory
from visiting import PASSWORD, TOKEN, console

ADDRESSES = {
    "overview": "/",
    "site": "/sites/my-shop",
    "badge": "/sites/my-shop/badges/gold",
    "members": "/sites/my-shop/members",
    "runs": "/runs",
    "runs-of-site": "/sites/my-shop/runs",
    "drift": "/sites/my-shop/drift",
    "quarantine": "/sites/my-shop/quarantine",
    "operator": "/operator",
}


@contextmanager
def served(app: web.Application) -> Iterator[str]:
    loop, runner = asyncio.new_event_loop(), web.AppRunner(app, access_log=None)
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def run(work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, loop).result(30)

    run(runner.setup())
    site = web.TCPSite(runner, "127.0.0.1", 0)
    run(site.start())
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        run(runner.cleanup())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_pages_full_and_empty_can_be_read_by_everybody_in_both_schemes_wide_and_narrow() -> None:
    axe = Axe()
    with (
        served(console(InMemory())) as full,
        served(console(InMemory(is_empty=True))) as empty,
        chromium() as browser,
    ):
        with looking(browser, full) as looks:
            _walk(looks, full, "light", axe)
        with looking(browser, full, scheme="dark") as looks:
            _walk(looks, full, "dark", axe)
        with looking(browser, full, width=360) as looks:
            _walk(looks, full, "narrow", axe)
        with looking(browser, empty, scheme="dark") as looks:
            _log_in(looks, empty)
            for name in ("overview", "site", "runs", "drift", "quarantine"):
                looks.page.goto(f"{empty}{ADDRESSES[name]}")
                looks.at(f"empty-{name}", axe=axe)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_without_scripts_everything_is_there_and_by_the_keyboard_alone_too() -> None:
    with (
        served(console(ports := InMemory())) as base,
        chromium() as browser,
        looking(browser, base, scripts=False) as looks,
    ):
        page = looks.page
        page.goto(base)
        page.keyboard.type(PASSWORD)  # the field has the focus
        page.keyboard.press("Enter")
        page.wait_for_url(f"{base}/")
        page.keyboard.press("Tab")
        assert page.locator(":focus").inner_text() == "Skip to the content"
        page.goto(f"{base}/operator?back=/sites/my-shop/retry")
        page.get_by_label("Your name").fill("Olga")
        page.get_by_label("Operator's token").fill(TOKEN)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{base}/sites/my-shop/retry")
        page.get_by_role("button", name="Try again").press("Enter")
        page.wait_for_url(f"{base}/sites/my-shop")
        assert page.get_by_role("status").inner_text() == "my-shop: Nothing is to be tried again."
        assert ports.done == [("retry", "my-shop", "Olga")]


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_another_sites_link_finds_the_visitor_logged_in_and_its_forms_do_nothing() -> None:
    with (
        served(console(ports := InMemory())) as base,
        served(elsewhere_than(base)) as other,
        chromium() as browser,
    ):
        page = browser.new_context().new_page()
        page.goto(f"{base}/log-in")
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{base}/")
        # for browsers it is another site, though it is this machine again
        lure = other.replace("127.0.0.1", "localhost")
        for form in ("Log in", "Try again"):
            page.goto(lure)
            page.get_by_role("button", name=form).click()
            page.wait_for_url(f"{base}/**")
        page.goto(lure)
        page.get_by_role("link", name="Look").click()
        page.wait_for_url(f"{base}/sites/my-shop")
        assert page.get_by_role("button", name="Log out").count() == 1
        assert not ports.done


def elsewhere_than(base: str) -> web.Application:
    """Another site, with a link and forms that lead to the console."""
    text = f"""<!doctype html><title>A mail</title><a href="{base}/sites/my-shop">Look</a>
<form method="post" action="{base}/log-in"><button>Log in</button></form>
<form method="post" action="{base}/sites/my-shop/retry"><button>Try again</button></form>"""

    async def show(_: web.Request) -> web.Response:
        return web.Response(text=text, content_type="text/html")

    app = web.Application()
    app.router.add_get("/", show)
    return app


PAGE = """\
<!doctype html><html lang="en"><head><title>A page</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="/{style}"><style>body {{ margin: 0 }}</style></head>
<body><main><h1 style="margin: 0">A page</h1>{body}</main></body></html>
"""


def page_of(body: str, style: str = "good.css") -> web.Application:
    """A console that has one page."""
    app = web.Application()
    text = PAGE.format(body=body, style=style)

    async def page(_: web.Request) -> web.Response:
        return web.Response(text=text, content_type="text/html")

    async def good(_: web.Request) -> web.Response:
        return web.Response(text="p { color: #333 }", content_type="text/css")

    app.router.add_get("/", page)
    app.router.add_get("/good.css", good)
    return app


OVER = "<p style='position: absolute; top: 0; left: 20px; margin: 0'>It lies over</p>"

BROKEN = "<table style='width: 1px'><tbody><tr><td class='n'>12 s</td></tr></tbody></table>"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "style", "told"),
    [
        ("<p>Whole.</p>", "good.css", ""),
        ("<p>Bare.</p>", "gone.css", r"answered 404: \S+/gone.css"),
        ("<script>fetch('/live')</script>", "good.css", r"answered 404: \S+/live"),
        (OVER, "good.css", "“A page” and “It lies over” overlap"),
        (BROKEN, "good.css", "“12 s” is broken over 2 lines"),
        ("<button>Press</button><b style='margin-left: -30px'>or not</b>", "good.css", "“Press”"),
    ],
)
def test_a_page_with_something_that_fails_or_overlaps_does_not_pass(
    body: str, style: str, told: str
) -> None:
    wrong = pytest.raises(AssertionError, match=told) if told else nullcontext()
    with (
        served(page_of(body, style)) as base,
        chromium() as browser,
        wrong,
        looking(browser, base) as looks,
    ):
        looks.page.goto(base)
        looks.page.wait_for_load_state("networkidle")
        looks.at("one-page")


@pytest.mark.slow
def test_a_page_is_refused_where_that_is_expected_and_only_there() -> None:
    app = page_of("<p>Whole.</p>")
    with served(app) as base, chromium() as browser:
        with looking(browser, base) as looks, looks.refused(404):
            looks.page.goto(f"{base}/nowhere")
        with (
            pytest.raises(AssertionError, match="no page was refused with 404"),
            looking(browser, base) as looks,
            looks.refused(404),
        ):
            looks.page.goto(base)


def _walk(looks: Looks, base: str, tag: str, axe: Axe) -> None:
    page = looks.page
    page.goto(base)
    looks.at(f"{tag}-log-in", axe=axe)
    _log_in(looks, base)
    for name, address in ADDRESSES.items():
        page.goto(f"{base}{address}")
        looks.at(f"{tag}-{name}", axe=axe)
    with looks.refused(404):
        page.goto(f"{base}/nowhere")
    looks.at(f"{tag}-nowhere", axe=axe)
    page.goto(f"{base}/sites/my-shop/members")
    page.get_by_label("Member's id").fill(ANA)
    page.get_by_role("button", name="Explain").click()
    looks.at(f"{tag}-member", axe=axe)
    member = page.url
    page.goto(f"{base}/operator")
    page.get_by_label("Your name").fill("Olga")
    page.get_by_label("Operator's token").fill(TOKEN)
    page.get_by_role("button", name="Become an operator").click()
    for name, address in (("revoke", f"{member}/revoke"), ("scan", f"{base}/sites/my-shop/scan")):
        page.goto(address)
        looks.at(f"{tag}-{name}", axe=axe)
    page.get_by_role("button", name="Read now").click()
    looks.at(f"{tag}-site-of-operator", axe=axe)


def _log_in(looks: Looks, base: str) -> None:
    looks.page.goto(f"{base}/log-in")
    looks.page.get_by_label("Password").fill(PASSWORD)
    looks.page.get_by_role("button", name="Log in").click()
    looks.page.wait_for_url(f"{base}/")
