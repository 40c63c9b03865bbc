"""Every page of a console that runs, as whoever has its password sees them."""

from __future__ import annotations

import re
from html import unescape
from http.cookiejar import CookieJar
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, ProxyHandler, build_opener

_PASSWORD_FORM = re.compile(r'name="form" value="([^"]+)"')
_MOST = 60


def console_pages(port: int, password: str) -> dict[str, str]:
    """The pages that links lead to from the first one, by their address."""
    base = f"http://127.0.0.1:{port}"
    opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(CookieJar()))

    def page(address: str, data: bytes | None = None) -> str:
        with opener.open(f"{base}{address}", data, timeout=20) as answer:
            return str(answer.read().decode())

    [word] = _PASSWORD_FORM.findall(page("/log-in"))
    page("/log-in", urlencode({"form": word, "password": password}).encode())
    pages, left = dict[str, str](), ["/"]
    while left and len(pages) < _MOST:
        address = left.pop(0)
        if address not in pages:
            pages[address] = page(address)
            left += map(unescape, re.findall(r'href="(/(?!static)[^"#]*)"', pages[address]))
    return {f"console {address}": text for address, text in pages.items()}
