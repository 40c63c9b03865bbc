"""How a site's pace falls when Wix says 429, and comes back.

A 429 halves the pace and shuts the site's gate for the pause that Wix asks for; when the gate
opens, the pace grows evenly. Plain arithmetic, so that memory and Redis reckon alike.
"""

from __future__ import annotations

from dataclasses import dataclass

#: What a 429 leaves of the pace ...
CUT = 0.5
#: ... down to this part of the whole: enough to see that Wix takes requests again.
LEAST_SHARE = 1 / 16
#: How much of the whole comes back in a second: 5 % a minute, so ten minutes after one 429.
#: Long enough to see a second one before the old pace is reached, short enough not to matter
#: to a scan of a day.
REGAINED_A_SECOND = 0.05 / 60

#: A pause that Wix asks for is kept within these bounds: a broken ``Retry-After`` neither
#: hammers Wix nor stops a site for hours.
SHORTEST_SHUT_SECONDS = 1.0
LONGEST_SHUT_SECONDS = 900.0


def shut_for(seconds: float) -> float:
    """A pause within its bounds; what is no number is the longest.

    >>> shut_for(-3), shut_for(7), shut_for(1e9), shut_for(float("nan"))
    (1.0, 7, 900.0, 900.0)
    """
    if not seconds <= LONGEST_SHUT_SECONDS:  # also true of NaN
        return LONGEST_SHUT_SECONDS
    return max(SHORTEST_SHUT_SECONDS, seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A site after a 429. Moments are seconds of one clock."""

    opens_at: float
    #: The part of the pace that is left when it opens.
    share: float
    #: When the pace was last cut.
    cut_at: float

    def share_at(self, now: float) -> float:
        """The part of the pace that is left now.

        >>> gate = Gate(opens_at=100, share=0.5, cut_at=70)
        >>> gate.share_at(80), gate.share_at(400), gate.share_at(5000)
        (0.5, 0.75, 1.0)
        """
        return min(1.0, self.share + REGAINED_A_SECOND * max(0.0, now - self.opens_at))


def shut(gate: Gate | None, now: float, *, seconds: float, last_taken: float | None) -> Gate:
    """The gate after a 429; ``last_taken`` is when the latest slot was taken.

    Requests that were under way together are refused together: while the gate is shut, and as
    long as nobody has taken a slot since the last cut, another 429 tells nothing new. The
    longer of two pauses is kept.

    >>> first = shut(None, 0, seconds=60, last_taken=0)
    >>> shut(first, 1, seconds=2, last_taken=0) == first
    True
    >>> shut(first, 60, seconds=60, last_taken=60)
    Gate(opens_at=120, share=0.25, cut_at=60)
    """
    opens_at = now + shut_for(seconds)
    if gate is None:
        return Gate(opens_at=opens_at, share=CUT, cut_at=now)
    opens_at = max(opens_at, gate.opens_at)
    if now < gate.opens_at or last_taken is None or last_taken <= gate.cut_at:
        return Gate(opens_at=opens_at, share=gate.share_at(now), cut_at=gate.cut_at)
    share = max(LEAST_SHARE, CUT * gate.share_at(now))
    return Gate(opens_at=opens_at, share=share, cut_at=now)


def allowed(per_minute: int, share: float) -> int:
    """The pace that a share leaves; at least one, so that it can be seen when Wix relents."""
    return max(1, int(per_minute * share))
