from __future__ import annotations

import pytest
from processes import Spawn, said

from badgejobs.errors import StateError
from badgejobs.service.lifeline import owner_of_this_process, watch_owner

pytest_plugins = ["service_fixtures"]

_OWNER = """
import sys
from badgejobs.service.lifeline import owner_of_this_process
print(owner_of_this_process(), flush=True)
sys.stdin.readline()
"""

_CHILD = """
import signal, sys, time
from badgejobs.service.lifeline import watch_owner
if sys.argv[2] == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
watch_owner(sys.argv[1])
print("watching", flush=True)
while True:
    time.sleep(1)
"""


@pytest.mark.parametrize(("manner", "code"), [("polite", -15), ("stubborn", 70)])
def test_a_process_ends_within_ten_seconds_of_its_killed_owner(
    manner: str, code: int, spawn: Spawn
) -> None:
    owner = spawn(_OWNER)
    child = spawn(_CHILD, said(owner), manner)
    assert said(child) == "watching"
    owner.kill()  # and nobody waits for it: a zombie counts as gone
    assert child.wait(timeout=10) == code


def test_a_pid_that_came_again_is_not_the_owner(spawn: Spawn) -> None:
    pid, _, created = owner_of_this_process().partition(":")
    child = spawn(_CHILD, f"{pid}:{float(created) - 3600}", "polite")
    assert child.wait(timeout=20) == -15


@pytest.mark.parametrize("owner", ["", "12", "me:now", "12:"])
def test_a_malformed_owner_is_named(owner: str) -> None:
    with pytest.raises(StateError, match="PID:CREATE_TIME"):
        watch_owner(owner)
