from __future__ import annotations

import os
import shutil
import signal
import stat
import tempfile
from functools import partial
from pathlib import Path

import kombu
import psutil
import pytest
from processes import Spawn, eventually, runs, said
from redis import Redis

from badgejobs.errors import StateError
from badgejobs.service.broker import EmbeddedBroker, ensure_broker
from badgejobs.service.brokerfiles import server_process

pytest_plugins = ["service_fixtures"]

#: Six users that start at once, none of which inherits a right from another.
_SIX_USERS = """
import os, signal, sys
from pathlib import Path
from badgejobs.service.broker import ensure_broker
from badgejobs.service.brokerfiles import server_process
for _ in range(6):
    if os.fork() == 0:
        broker = ensure_broker(Path(sys.argv[1]))
        server, keeper = server_process(broker.files).pid, broker.files.keeper.read_text()
        os.write(1, f"{os.getpid()} {server} {int(keeper)}\\n".encode())
        signal.pause()
sys.stdin.readline()
"""

_FORKING_USER = """
import os, sys
from pathlib import Path
from badgejobs.service.broker import ensure_broker
broker = ensure_broker(Path(sys.argv[1]))
child = os.fork()
if child:
    print(child, flush=True)
sys.stdin.readline()
"""


def server_pid(broker: EmbeddedBroker) -> int:
    process = server_process(broker.files)
    assert process
    return process.pid


def is_ending(log: Path) -> bool:
    return "Received SIGTERM" in log.read_text()


def keeper_pid(broker: EmbeddedBroker) -> int:
    return int(broker.files.keeper.read_text())


def test_redis_and_celery_find_the_broker_under_their_addresses(state: Path) -> None:
    folder = state / "a b&1%"
    with ensure_broker(folder) as broker:
        with Redis.from_url(broker.redis_url) as redis:
            assert redis.ping()
            assert redis.config_get("appendonly") == {"appendonly": "yes"}
            assert redis.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        with kombu.Connection(broker.celery_url) as connection:
            queue = connection.SimpleQueue("bells")
            queue.put({"site": "shop"})
            assert queue.get(timeout=5).payload == {"site": "shop"}
            queue.close()
    assert broker.wait_until_stopped(10)


def test_nobody_else_can_reach_the_broker_and_no_terminal_can_interrupt_it(state: Path) -> None:
    with ensure_broker(state) as broker:
        assert stat.S_IMODE(state.stat().st_mode) == 0o700
        assert stat.S_IMODE(broker.files.socket.stat().st_mode) == 0o700
        server = psutil.Process(server_pid(broker))
        assert server.net_connections("inet") == []
        for pid in (server.pid, keeper_pid(broker)):
            assert os.getsid(pid) != os.getsid(0)
    assert broker.wait_until_stopped(10)
    assert not runs(server.pid)


def test_what_the_broker_leaves_in_its_folder_only_we_can_read(state: Path) -> None:
    before = os.umask(0o022)
    try:
        with ensure_broker(state) as broker:
            found = [one for one in state.iterdir() if one.is_file()]
    finally:
        os.umask(before)
    assert {broker.files.log, broker.files.users, broker.files.pid} <= set(found)
    assert {stat.S_IMODE(one.stat().st_mode) & 0o077 for one in found} == {0}
    assert broker.wait_until_stopped(10)


def test_six_users_that_race_share_one_server_which_ends_when_all_are_killed(
    state: Path, spawn: Spawn
) -> None:
    crowd = spawn(_SIX_USERS, state)
    answers = [tuple(map(int, said(crowd).split())) for _ in range(6)]
    users = [user for user, _, _ in answers]
    try:
        ((server, keeper),) = {(server, keeper) for _, server, keeper in answers}
        assert runs(server)
        assert runs(keeper)
        for user in users[:5]:
            os.kill(user, signal.SIGKILL)
        with pytest.raises(AssertionError):
            eventually(lambda: not runs(server), seconds=1)
    finally:
        for user in users:
            os.kill(user, signal.SIGKILL)
    eventually(lambda: not runs(server) and not runs(keeper))


def test_a_forked_child_keeps_the_broker_that_its_parent_asked_for(
    state: Path, spawn: Spawn
) -> None:
    parent = spawn(_FORKING_USER, state)
    child = int(said(parent))
    with ensure_broker(state) as broker:
        server = server_pid(broker)
    parent.kill()
    parent.wait()
    with pytest.raises(AssertionError):
        eventually(lambda: not runs(server), seconds=1)
    os.kill(child, signal.SIGKILL)
    eventually(lambda: not runs(server))


def test_a_killed_server_starts_again_with_all_that_was_queued(state: Path) -> None:
    with ensure_broker(state) as first:
        with Redis.from_url(first.redis_url) as redis:
            for number in range(1000):
                redis.rpush("queue", number)
        killed = server_pid(first)
        os.kill(killed, signal.SIGKILL)
        eventually(lambda: not runs(killed))
        assert first.files.socket.exists()
        assert first.files.pid.exists()

        with ensure_broker(state) as second, Redis.from_url(second.redis_url) as redis:
            assert server_pid(second) != killed
            assert redis.lrange("queue", 0, -1) == [b"%d" % number for number in range(1000)]
    assert second.wait_until_stopped(10)


def test_what_is_queued_outlives_a_normal_end(state: Path) -> None:
    with ensure_broker(state) as first, Redis.from_url(first.redis_url) as redis:
        redis.rpush("queue", "bell")
    assert first.wait_until_stopped(10)
    with ensure_broker(state) as second, Redis.from_url(second.redis_url) as redis:
        assert redis.lrange("queue", 0, -1) == [b"bell"]


def test_after_sigkill_of_the_keeper_the_next_user_brings_a_new_one(state: Path) -> None:
    with ensure_broker(state) as first:
        server, killed = server_pid(first), keeper_pid(first)
        os.kill(killed, signal.SIGKILL)
        eventually(lambda: not runs(killed))
    assert runs(server)
    with ensure_broker(state) as second:
        assert server_pid(second) == server
        assert keeper_pid(second) != killed
    assert second.wait_until_stopped(10)
    assert not runs(server)


def test_a_user_who_comes_while_the_broker_ends_gets_a_living_one(state: Path) -> None:
    for _ in range(3):
        with ensure_broker(state) as broker:
            pass
        eventually(partial(is_ending, broker.log))
        with ensure_broker(state) as again, Redis.from_url(again.redis_url) as redis:
            assert redis.ping()
        assert again.wait_until_stopped(10)
        again.log.unlink()


def test_a_state_folder_that_is_removed_takes_its_server_along(state: Path) -> None:
    with ensure_broker(state) as broker:
        server, keeper = server_pid(broker), keeper_pid(broker)
        # it slept a few times since, so it has looked around and knows the server
        looks = psutil.Process(keeper).num_ctx_switches().voluntary + 4
        eventually(lambda: psutil.Process(keeper).num_ctx_switches().voluntary >= looks)
        shutil.rmtree(state)
    eventually(lambda: not runs(server) and not runs(keeper))


def test_a_long_state_path_gets_its_socket_in_a_short_private_folder(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory(prefix="bj") as short:
        monkeypatch.setenv("TMPDIR", short)
        monkeypatch.setattr(tempfile, "tempdir", short)
        with ensure_broker(state / ("long" * 30)) as broker:
            assert broker.files.socket.is_relative_to(short)
            assert stat.S_IMODE(broker.files.socket.parent.stat().st_mode) == 0o700
            with Redis.from_url(broker.redis_url) as redis:
                assert redis.ping()
        assert broker.wait_until_stopped(10)


def test_a_file_in_place_of_the_state_folder_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(StateError, match=r"cannot use the folder .*; name another state folder"):
        ensure_broker(tmp_path / "state")


def test_a_folder_of_another_user_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    with pytest.raises(StateError, match="belongs to another user"):
        ensure_broker(tmp_path)


def test_a_machine_without_a_server_is_told_what_to_install(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.system", lambda: "Plan9")
    monkeypatch.setenv("PATH", str(state))
    with pytest.raises(StateError, match="install one of them, or set BADGEJOBS_REDIS_URL"):
        ensure_broker(state)


def test_a_server_that_refuses_to_start_is_quoted(state: Path, tmp_path: Path) -> None:
    program = tmp_path / "valkey-server"
    program.write_text("#!/bin/sh\necho 'no such option' >&2\nexit 1\n")
    program.chmod(0o700)
    with pytest.raises(StateError, match="refuses to start: no such option"):
        ensure_broker(state, program=lambda: program)


def test_a_server_that_dies_at_its_start_shows_its_log(state: Path) -> None:
    with ensure_broker(state) as broker, Redis.from_url(broker.redis_url) as redis:
        redis.rpush("queue", "bell")
    assert broker.wait_until_stopped(10)
    (log,) = (state / "broker.data" / "appendonlydir").glob("*.incr.aof")
    log.write_text("this is no append-only file\n")
    with pytest.raises(StateError, match=r"(?s)ended at its start.*Bad file format"):
        ensure_broker(state)
