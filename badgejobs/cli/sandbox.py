"""The sandbox as a process."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from badgejobs.cli.logs import set_up_logs
from badgejobs.cli.opening import watched
from badgejobs.cli.output import Output
from badgejobs.config import owner
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
    """Serve a sandbox of Wix until Ctrl-C.

    It is empty at first: POST /_sandbox/reset sets up sites, /_sandbox/replay lets real
    history arrive; the README has both as curl lines.

    Example: badgejobs sandbox serve --port 0 --port-file /tmp/sandbox.port
    """
    # It knows no site of the configuration, so a secret that is missing there is no matter.
    set_up_logs(level="INFO", form="console")
    watched(owner())
    if port:
        listening(host, port).close()  # one that is in use says so before anything is promised
        Output().note(f"the sandbox answers on http://{host}:{port}")
    serve_sandbox(host, port, port_file=port_file)
