"""The sandbox as a process."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from badgejobs.cli.opening import settled, watched
from badgejobs.cli.output import Output
from badgejobs.sandbox.server import listening
from badgejobs.sandbox.server import serve as serve_sandbox

sandbox = typer.Typer(help="A Wix that runs on this machine, for trying things out.")


@sandbox.callback()
def _sandbox() -> None:
    """A Wix that runs on this machine, for trying things out."""


@sandbox.command("serve")
def serve(
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = 8080,
    port_file: Annotated[Path | None, typer.Option(help="Where to write the port.")] = None,
    host: Annotated[str, typer.Option(help="A loopback address.")] = "127.0.0.1",
) -> None:
    """Serve a sandbox of Wix until Ctrl-C; sites are set up by POST /_sandbox/reset.

    Example: badgejobs sandbox serve --port 0 --port-file /tmp/sandbox.port
    """
    settings = settled()
    watched(settings)
    if port:
        listening(host, port).close()  # one that is in use says so before anything is promised
        Output().note(f"the sandbox answers on http://{host}:{port}")
    serve_sandbox(host, port, port_file=port_file)
