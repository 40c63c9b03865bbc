"""A small client of the admin interface, for programs that watch a sandbox from outside."""

from __future__ import annotations

import json
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

from badgejobs.errors import StateError

#: A sandbox stands on this machine: no proxy of the environment is ever asked.
_OPENER = build_opener(ProxyHandler({}))
#: Seconds; the call that loads a whole log is the slowest.
_PATIENCE = 60.0


class SandboxAway(StateError):
    """Nothing that is a sandbox answers at this address."""


class RemoteSandbox:
    """Speaks to ``/_sandbox/...`` of the sandbox at ``base_url``.

    Every call raises :class:`StateError` where the sandbox refuses, :class:`SandboxAway` where
    there is none.
    """

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url

    def is_up(self) -> bool:
        """Whether it answers."""
        try:
            self._call("log")
        except StateError:
            return False
        return True

    def reset(self, sites: list[dict[str, Any]]) -> None:
        """Forget everything and set up these sites, in the form of ``POST /_sandbox/reset``."""
        self._call("reset", {"sites": sites})

    def store(self, instance_id: str, kind: str, records: list[dict[str, Any]]) -> None:
        """Store records of a kind (``comments``, ...), each in place of the one with its id."""
        self._call(kind, {"instanceId": instance_id, kind: records})

    def sow(self, instance_id: str, seed: str) -> None:
        """Give one site the orders of a seed ``orders:N`` in place of those that it has."""
        self._call("seed", {"instanceId": instance_id, "seed": seed})

    def faults(self, faults: list[dict[str, Any]]) -> None:
        """Script faults, in the form of ``POST /_sandbox/faults``, behind those that wait."""
        self._call("faults", {"faults": faults})

    def log(self) -> list[dict[str, Any]]:
        """Every API request since the last reset, in order of arrival."""
        return list(self._call("log")["requests"])

    def switches(self) -> dict[str, Any]:
        """Every switch with its position, its other ones and its meaning."""
        return dict(self._call("switches")["switches"])

    def turn(self, positions: dict[str, Any]) -> None:
        """Turn some switches, by name."""
        self._call("switches", positions)

    def start_replay(self, instance_id: str, *, seconds: float, data: str | None) -> None:
        """Let the history of a data folder, or of the shipped extract, arrive."""
        body = {"instanceId": instance_id, "seconds": seconds}
        self._call("replay", body | ({"data": data} if data else {}))

    def replay(self, instance_id: str) -> dict[str, Any]:
        """How far the replay is."""
        return self._call("replay", query={"instanceId": instance_id})

    def stats(self, instance_id: str) -> dict[str, Any]:
        """How many requests were answered, by endpoint and by status."""
        return self._call("stats", query={"instanceId": instance_id})

    def state(self, instance_id: str) -> dict[str, Any]:
        """The badges and badge assignments that stand now, without any lag."""
        return self._call("state", query={"instanceId": instance_id})

    def _call(
        self,
        name: str,
        body: dict[str, Any] | None = None,
        *,
        query: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        url = f"{self.base_url}/_sandbox/{name}" + (f"?{urlencode(query)}" if query else "")
        request = Request(  # noqa: S310 - the scheme is http, the host this machine
            url,
            data=json.dumps(body).encode() if body is not None else None,
            headers={"Content-Type": "application/json"},
        )
        try:
            with _OPENER.open(request, timeout=_PATIENCE) as response:
                return dict(json.loads(response.read()))
        except HTTPError as error:
            with error:
                told = _message(error.read())
            if told is None:
                raise self._away(f"something else does, with status {error.code}") from None
            raise StateError(f"the sandbox refuses {name}: {told}") from None
        except URLError as error:
            raise self._away(str(error.reason)) from None
        except (OSError, HTTPException, ValueError) as error:
            raise self._away(str(error)) from None

    def _away(self, reason: str) -> SandboxAway:
        return SandboxAway(f"no sandbox answers at {self.base_url} ({reason})")


def _message(body: bytes) -> str | None:
    """What a refusal says, None if it is none of a sandbox's."""
    try:
        return str(json.loads(body)["message"])
    except (ValueError, TypeError, KeyError):
        return None
