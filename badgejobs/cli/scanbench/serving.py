"""A sandbox in a process of its own, and a folder with settings for its first site."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from badgejobs.cli.scanbench.rules import RULES
from badgejobs.errors import StateError
from badgejobs.sandbox import builtin
from badgejobs.sandbox.remote import RemoteSandbox
from badgejobs.sandbox.settings import DuplicateMode

#: The name of the site that is measured.
SITE = "bench"

#: A sandbox that has not begun to answer by then will not.
_START_SECONDS = 60.0

_SETTINGS = """\
state_dir = "{folder}/state"
wix_base_url = "{url}"
log_level = "WARNING"

[sites.{site}]
rules = "rules.yaml"
app_id = "{app}"
instance_id = "{instance}"
app_secret_file = "app.secret"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A sandbox that runs."""

    url: str
    pid: int

    @property
    def remote(self) -> RemoteSandbox:
        """What asks it how it is."""
        return RemoteSandbox(self.url)

    def calls(self) -> dict[str, int]:
        """How many requests of the first site arrived, by path."""
        found = dict[str, int]()
        for one in self.remote.stats(builtin.instance_id(1))["requests"]:
            found[one["path"]] = found.get(one["path"], 0) + one["count"]
        return found


@contextmanager
def serving(
    seed: str,
    *,
    sites: int = 1,
    rate_limit: int = 0,
    lag_seconds: float = 0,
    duplicates: DuplicateMode = DuplicateMode.CONFLICT,
) -> Iterator[Served]:
    """A sandbox with this seed, no limit and no lag unless one is asked for, until the end."""
    with tempfile.TemporaryDirectory() as folder:
        port_file = Path(folder) / "port"
        line = ["sandbox", "serve", "--port", "0", "--port-file", str(port_file)]
        behaviour = ["--seed", seed, "--lag", str(lag_seconds), "--duplicates", duplicates]
        behaviour += ["--sites", str(sites), "--rate-limit", str(rate_limit)]
        process = subprocess.Popen(
            [sys.executable, "-m", "badgejobs", *line, *behaviour],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            ends = time.monotonic() + _START_SECONDS
            while not port_file.exists():
                if process.poll() is not None or time.monotonic() > ends:
                    raise StateError(
                        "the sandbox to measure did not start; try `badgejobs sandbox serve --seed "
                        f"{seed}` to see why"
                    )
                time.sleep(0.05)
            port = port_file.read_text(encoding="ascii").strip()
            yield Served(url=f"http://127.0.0.1:{port}", pid=process.pid)
        finally:
            process.terminate()
            process.wait()


@contextmanager
def settings_for(url: str) -> Iterator[Path]:
    """A folder with settings, rules and a secret for the first site of a sandbox."""
    with tempfile.TemporaryDirectory(prefix="badgejobs-bench-") as name:
        folder = Path(name)
        told = _SETTINGS.format(
            folder=folder,
            url=url,
            site=SITE,
            app=builtin.APP_ID,
            instance=builtin.instance_id(1),
        )
        (folder / "state").mkdir(mode=0o700)
        secret = folder / "app.secret"
        secret.touch(mode=0o600)
        for file, text in (
            (folder / "badgejobs.toml", told),
            (folder / "rules.yaml", RULES),
            (secret, builtin.APP_SECRET),
        ):
            file.write_text(text, encoding="utf-8")
        # rules that were written this moment would be waited for
        os.utime(folder / "rules.yaml", (0, 0))
        yield folder
