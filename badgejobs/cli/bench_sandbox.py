"""A sandbox in a process of its own, and our client of it, for measurements."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from badgejobs.cli.scanbench.serving import serving
from badgejobs.sandbox import builtin
from badgejobs.wix.auth import AppCredentials
from badgejobs.wix.client import WixClient


@contextmanager
def measured_sandbox(seed: str) -> Iterator[str]:
    """The address of a sandbox that holds this seed, with no limit and no lag."""
    with serving(seed) as there:
        yield there.url


@contextmanager
def measuring_client(url: str) -> Iterator[WixClient]:
    """Our client of the first built-in site, without a pace."""
    credentials = AppCredentials(
        app_id=builtin.APP_ID,
        app_secret=builtin.APP_SECRET,
        instance_id=builtin.instance_id(1),
    )
    with WixClient(
        base_url=url,
        credentials=credentials,
        pace=lambda: None,
        request_deadline=timedelta(seconds=30),
    ) as client:
        yield client
