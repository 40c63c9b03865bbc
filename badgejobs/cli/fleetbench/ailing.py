"""What bad sites of a measurement suffer from, so that others can be seen not to."""

from __future__ import annotations

from enum import StrEnum

from badgejobs.sandbox import builtin
from badgejobs.sandbox.remote import RemoteSandbox

#: Longer than a request of ours is waited for.
_TOO_LATE_SECONDS = 31


class Ailment(StrEnum):
    """One way to be a bad neighbour."""

    LIMITED = "always 429"
    LATE = "every answer takes 31 s"
    REFUSED = "bad credentials"
    BACKLOG = "a long history to read"


def ailments(number: int) -> list[Ailment]:
    """What so many bad sites have, by turns.

    >>> [one.name for one in ailments(5)]
    ['LIMITED', 'LATE', 'REFUSED', 'BACKLOG', 'LIMITED']
    """
    all_ways = list(Ailment)
    return [all_ways[at % len(all_ways)] for at in range(number)]


def afflict(sandbox: RemoteSandbox, site: int, ailment: Ailment, *, backlog: int) -> None:
    """Let the built-in site of that number suffer; bad credentials are the settings' affair."""
    instance = builtin.instance_id(site)
    every = {"path": "*", "instanceId": instance, "forever": True}
    match ailment:
        case Ailment.LIMITED:
            sandbox.faults([every | {"kind": "status", "status": 429}])
        case Ailment.LATE:
            sandbox.faults([every | {"kind": "slow", "delaySeconds": _TOO_LATE_SECONDS}])
        case Ailment.BACKLOG:
            sandbox.sow(instance, f"orders:{backlog}")
        case Ailment.REFUSED:
            pass
