"""What an endpoint is: a path, the scope it needs, and a function from a call to an answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from badgejobs.sandbox import validation
from badgejobs.sandbox.records.query import Fields, Filter, compile_filter
from badgejobs.sandbox.switches import Switches
from badgejobs.sandbox.world import Site, World


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One authorized request to a known path."""

    world: World
    site: Site
    #: The clock's time of this request; all of one call happens at one moment.
    at: float
    path: Mapping[str, str]
    query: Mapping[str, Sequence[str]]
    body: dict[str, Any]
    #: Once a page was read: where it began, as the content of a cursor that leads there again.
    page_start: list[Any] = field(default_factory=list)

    @property
    def switches(self) -> Switches:
        """How the world answers where Wix leaves it open."""
        return self.world.switches

    def filter(self, given: object, fields: Fields, path: str) -> Filter:
        """A filter compiled as the switches say; ``path`` is where it stood."""
        return compile_filter(
            given,
            fields,
            path,
            strict=self.switches.operators_per_field == "documented",
            most_in=self.switches.most_in,
        )

    def parameter(self, name: str) -> str | None:
        """The last value of a query parameter, None if it is absent."""
        values = self.query.get(name)
        return values[-1] if values else None

    def path_guid(self, field: str) -> str:
        """The id in the path, if it is a GUID; ``field`` names it in the refusal."""
        return validation.guid(self.path["id"], field)


#: An answer is a JSON object, or its text where it is joined from records encoded before.
Answer = dict[str, Any] | bytes


def _always(_: Switches) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method and path of the API; the path may hold ``{id}``."""

    method: str
    path: str
    scope: str | None
    answer: Callable[[Call], Answer]
    #: Whether the path is there at all; where not, it is answered like an unknown one.
    present: Callable[[Switches], bool] = _always
