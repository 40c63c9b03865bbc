"""The console as a process of its own, and a visitor who logs in and looks at page after page."""

from __future__ import annotations

import http.client
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

from badgejobs.errors import StateError
from badgejobs.service.addresses import free_port

_START_SECONDS = 40.0
_WORD = re.compile(r'name="form" value="([^"]+)"')
_LOOPBACK = "127.0.0.1"


class Visitor:
    """Somebody with a browser that keeps cookies and one connection."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection(_LOOPBACK, port, timeout=60)
        self._cookies = dict[str, str]()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def log_in(self, password: str) -> None:
        """Give the password; ``StateError`` where it does not open the console."""
        self._let_in("/log-in", password=password)

    def become_operator(self, token: str) -> None:
        """Give the token of those who may act; ``StateError`` where it is not taken."""
        self._let_in("/operator", token=token, name="bench", back="/")

    def _let_in(self, path: str, **fields: str) -> None:
        word = _WORD.search(self.page(path))
        form = urlencode({"form": word[1] if word else ""} | fields)
        status, _ = self._asked("POST", path, form)
        if status != http.HTTPStatus.SEE_OTHER:
            raise StateError(f"the console did not let us in: it answered {status}")

    def page(self, path: str) -> str:
        """A page that is there; ``StateError`` for any other answer."""
        status, text = self._asked("GET", path)
        if status != http.HTTPStatus.OK:
            raise StateError(f"the console answered {status} to {path}")
        return text

    def link(self, path: str, *, on: str) -> str | None:
        """The first link of a page that begins so."""
        found = re.search(rf'href="({re.escape(path)}[^"]+)"', self.page(on))
        return unescape(found[1]) if found else None

    def _asked(self, method: str, path: str, form: str | None = None) -> tuple[int, str]:
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        if form is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        self._connection.request(method, path, form, headers)
        answer = self._connection.getresponse()
        for cookie in answer.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        return answer.status, answer.read().decode()


@contextmanager
def visiting(folder: Path) -> Iterator[Visitor]:
    """A visitor of the console over the configuration in a folder, logged in."""
    port, password = free_port(), secrets.token_urlsafe(18)
    file = folder / "console.password"
    file.touch(mode=0o600)
    file.write_text(f"{password}\n", encoding="ascii")
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("BADGEJOBS_")
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "badgejobs", "console", "--port", str(port)],
        env=environment | {"BADGEJOBS_CONFIG": str(folder / "badgejobs.toml")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with closing(_admitted(process, port, password)) as visitor:
            yield visitor
    finally:
        process.terminate()
        process.wait()


def _admitted(process: subprocess.Popen[bytes], port: int, password: str) -> Visitor:
    ends = time.monotonic() + _START_SECONDS
    while True:
        visitor = Visitor(port)
        try:
            visitor.log_in(password)
        except OSError:
            visitor.close()
            if process.poll() is not None or time.monotonic() > ends:
                raise StateError(
                    "the console to measure did not start; try `badgejobs console` to see why"
                ) from None
            time.sleep(0.1)
        else:
            return visitor
