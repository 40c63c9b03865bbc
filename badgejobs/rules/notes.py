"""What the owner of a rules file should know though it holds: what was assumed."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet


def notes_about(left_open: AbstractSet[str]) -> Iterator[str]:
    """A sentence for each thing that was assumed."""
    if "timezone" in left_open:
        yield "timezone: taken as UTC here; the service takes the site's own, as Wix tells it"
    if "currency" in left_open:
        yield (
            "currency: the site's own is not known here; amounts were checked as if it had two "
            "digits behind the point"
        )
