"""How commands find a sandbox that runs already."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, NoReturn
from urllib.parse import urlsplit

import typer

from badgejobs.cli.exits import Code
from badgejobs.cli.output import Output
from badgejobs.sandbox.remote import RemoteSandbox, SandboxAway
from badgejobs.sandbox.server import DEFAULT_PORT

#: Where a sandbox answers that was started without a port.
HERE = f"http://127.0.0.1:{DEFAULT_PORT}"

Url = Annotated[str, typer.Option(help="Where the sandbox answers, on this machine.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@contextmanager
def running_sandbox(url: str) -> Iterator[RemoteSandbox]:
    """The sandbox at an address of this machine; where there is none, the cure is told."""
    parts = urlsplit(url)
    try:
        host, port = parts.hostname or "", parts.port or 80
        is_here = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_here = False
    if not is_here or parts.scheme != "http" or "@" in parts.netloc:
        wrong_usage(f"--url is a sandbox on this machine, as {HERE}; not {url!r}")
    try:
        yield RemoteSandbox(f"http://{parts.netloc}")
    except SandboxAway as away:
        cure = f"start one with `badgejobs sandbox serve --port {port}`, or name another by --url"
        raise SandboxAway(f"{away}: {cure}") from None


def wrong_usage(sentence: str) -> NoReturn:
    """End with one sentence and the code of wrong usage."""
    Output().note(f"badgejobs: {sentence}")
    raise typer.Exit(Code.USAGE)
