from __future__ import annotations

import http.client
from html.parser import HTMLParser

from sandbox_caller import ONE, sandbox

from badgejobs.sandbox import admin, builtin, welcome


class _Text(HTMLParser):
    """The text that a reader sees, and every address that the page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self.loaded: list[str] = []

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del tag
        self.loaded += [value or "" for name, value in attrs if name in {"src", "href"}]


def seen(address: str) -> tuple[http.client.HTTPResponse, _Text]:
    connection = http.client.HTTPConnection(address, timeout=30)
    connection.request("GET", "/")
    answer = connection.getresponse()
    page = _Text()
    page.feed(answer.read().decode())
    connection.close()
    return answer, page


def test_the_page_shows_sites_what_they_hold_and_its_own_address() -> None:
    with sandbox(members=3) as wix:
        wix.badge()
        answer, page = seen(wix.address)
        text = " ".join(page.pieces)
        for name in ("siteId", "instanceId", "appId"):
            assert ONE[name] in text
        assert f"BADGEJOBS_WIX_BASE_URL=http://{wix.address}" in text
        assert answer.headers.get_content_type() == "text/html"
        held = [piece for piece in page.pieces if piece.isdigit()]
        assert held[:5] == ["1", "0", "3", "0", "0"]


def test_the_page_loads_nothing_from_anywhere() -> None:
    with sandbox() as wix:
        answer, page = seen(wix.address)
    assert page.loaded == []
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_a_secret_that_somebody_set_up_is_not_shown_and_the_built_in_one_is() -> None:
    with sandbox() as wix:
        _, page = seen(wix.address)
        text = " ".join(page.pieces)
        assert ONE["appSecret"] not in text
        assert ONE["apiKey"] not in text
        wix.reset(*builtin.sites(1))
        _, page = seen(wix.address)
        text = " ".join(page.pieces)
    assert builtin.APP_SECRET in text
    assert builtin.API_KEY in text


def test_a_hostile_scope_name_is_text_and_no_markup() -> None:
    with sandbox() as wix:
        wix.reset(ONE | {"scopes": ["<script>alert(1)</script>"]})
        _, page = seen(wix.address)
    assert "<script>alert(1)</script>" in "".join(page.pieces)


def test_a_sandbox_without_sites_says_how_to_set_some_up() -> None:
    with sandbox() as wix:
        wix.reset()
        _, page = seen(wix.address)
    assert "No site is set up." in "".join(page.pieces)


def test_the_page_is_no_api_request() -> None:
    with sandbox() as wix:
        before = len(wix.good("GET", "/_sandbox/log")["requests"])
        seen(wix.address)
        assert len(wix.good("GET", "/_sandbox/log")["requests"]) == before


def test_the_page_names_every_admin_call() -> None:
    routes = {f"{method} {admin.PREFIX}{name}" for method, name, _ in admin.ROUTES}
    assert set(welcome.CALLS) == routes
