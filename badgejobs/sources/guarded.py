"""A plug-in's source among ours: what goes wrong in it is told by its name, and ends one scan."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TypeVar

from badgejobs.core.site import Site
from badgejobs.core.source import Mode, Page, Scope
from badgejobs.errors import BadgeJobsError, SourceBroken

Given = TypeVar("Given")

#: What a source may be able to do beside fetching.
_MORE: Final = ("probe", "reread", "count")


class PlugIn:
    """The class of a plug-in's source, whose objects are guarded."""

    def __init__(self, factory: Any, *, name: str, told: str) -> None:
        self.name, self.mode = name, str(factory.mode)
        self._factory, self._told = factory, told
        if callable(getattr(factory, "probe", None)):
            #: That it is there says that its sources are probed.
            self.probe = factory.probe

    def __call__(self, site: Site, /) -> Guarded:
        """The source of one site."""
        source = _guarded(self._told, self._factory, site)
        return Guarded(source, site=site, told=self._told)


class Guarded:
    """A plug-in's source of one site.

    An error of its own becomes :class:`SourceBroken`, which names the package and the line, and
    never what was being read. What it gives is looked at before it is believed: an activity of
    another site or source would be another's badge.
    """

    def __init__(self, source: Any, *, site: Site, told: str) -> None:
        self.name: str = source.name
        self.mode: Mode = source.mode
        self._source, self._site, self._told = source, site, told
        for name in _MORE:
            if callable(method := getattr(source, name, None)):
                setattr(self, name, self._as_guarded(method))

    def fetch(self, client: Any, scope: Scope, cursor: str | None) -> Page:
        """One page, as the plug-in gives it; raises what the client raised."""
        page = _guarded(self._told, self._source.fetch, client, scope, cursor)
        if not isinstance(page, Page):
            raise SourceBroken(f"{self._told} gave no Page; tell its author")
        self._require_own(page)
        return page

    def _require_own(self, page: Page) -> None:
        own = (self._site.name, self.name)
        others = [one for one in page.activities if (one.site, one.source) != own]
        if others or any(one.source != self.name for one in page.unreadable):
            raise SourceBroken(
                f"{self._told} gave what is of another site or source; tell its author"
            )

    def _as_guarded(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(*given: Any) -> Any:
            found = _guarded(self._told, method, *given)
            if isinstance(found, Page):
                self._require_own(found)
            return found

        return guarded


def _guarded(told: str, call: Callable[..., Given], *given: Any) -> Given:
    with _Guard(told):
        return call(*given)


class _Guard:
    """Makes whatever goes wrong in a plug-in's code one error of ours.

    Authors raise what they like, and none of it may leave a lease taken, or tell what was read.
    Our own errors, such as those of the client, pass.
    """

    def __init__(self, told: str) -> None:
        self._told = told

    def __enter__(self) -> None:
        """Nothing is to be prepared."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Raise ``SourceBroken`` in the place of an error that is none of ours."""
        if not isinstance(error, Exception) or isinstance(error, BadgeJobsError):
            return
        # neither its text nor itself as a cause: both may hold what a member wrote
        last = traceback.extract_tb(trace)[-1]
        raise SourceBroken(
            f"{self._told} failed: {type(error).__name__} in {Path(last.filename).name}, line "
            f"{last.lineno}; update that package, or tell its author"
        ) from None
