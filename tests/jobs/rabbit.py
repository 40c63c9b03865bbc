"""A RabbitMQ of a test's own: a plain process on loopback, in a folder of its own."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from badgejobs.service.addresses import free_port

#: Debian's start scripts would change to a user of their own; these below do not.
_SCRIPTS = sorted(Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin"))
_START_SECONDS = 120.0


def at_hand() -> bool:
    """Whether a RabbitMQ is installed here."""
    return bool(_SCRIPTS) and shutil.which("epmd") is not None


@contextmanager
def running(folder: Path, *, password: str) -> Iterator[str]:
    """Start one and yield its address; its process and its port mapper are ended at the end."""
    folder.mkdir(parents=True)
    port, mapper, distribution = free_port(), free_port(), free_port()
    (folder / "rabbitmq.conf").write_text(
        f"listeners.tcp.1 = 127.0.0.1:{port}\n"
        "default_user = jobs\n"
        f"default_pass = {password}\n"
        "loopback_users = none\n"
        "log.console = true\n"
    )
    (folder / "plugins").write_text("[].\n")
    (folder / ".erlang.cookie").write_text(secrets.token_hex(16))
    (folder / ".erlang.cookie").chmod(0o400)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "ERL_EPMD_PORT": str(mapper),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": f"badgejobs{port}@localhost",
        "RABBITMQ_DIST_PORT": str(distribution),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        "RABBITMQ_BASE": str(folder),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "none.config"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
    }
    log = folder / "server.log"
    with log.open("wb") as said:
        mapping = subprocess.Popen(
            [shutil.which("epmd") or "epmd", "-port", str(mapper), "-address", "127.0.0.1"],
            env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said,
        )  # fmt: skip
        server = subprocess.Popen(
            [str(_SCRIPTS[-1] / "rabbitmq-server")], cwd=folder, env=environment,
            stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True,
        )  # fmt: skip
    try:
        _until_it_answers(port, server, log)
        yield f"amqp://jobs:{password}@127.0.0.1:{port}//"
    finally:
        _end(server)
        mapping.kill()
        mapping.wait()


def _until_it_answers(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        assert server.poll() is None, log.read_text(errors="replace")
        assert time.monotonic() < deadline, log.read_text(errors="replace")
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)


def _end(server: subprocess.Popen[bytes]) -> None:
    """End the scripts and all that they started."""
    try:
        family = [psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        family = []
    for one in family:
        try:
            one.send_signal(signal.SIGTERM)
        except psutil.NoSuchProcess:
            continue
    _, left = psutil.wait_procs(family, timeout=15)
    for one in left:
        one.kill()
    server.wait()
