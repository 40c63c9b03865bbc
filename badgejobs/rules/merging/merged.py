"""The door of merging: the texts of a pack and of overrides in, one whole rules file out."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import partial

from badgejobs.errors import RulesError
from badgejobs.rules.language.names import OUR_SOURCES
from badgejobs.rules.loader import Reading, read_text
from badgejobs.rules.merging.joining import Joined, joined
from badgejobs.rules.merging.writing import written
from badgejobs.rules.setting import SiteDefaults
from badgejobs.rules.yaml_tree import Document, Place, Trail, load

_NOTHING_KNOWN = SiteDefaults()
#: How an error names another place of the same file.
_IN_LINE = re.compile(r"\bin line (\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text of rules."""

    text: str
    #: What it is called in errors: a path, or a pack and its version.
    file: str

    @property
    def says_nothing(self) -> bool:
        """Whether there are comments at most."""
        return all(not line or line.startswith("#") for line in map(str.strip, self._lines))

    @property
    def _lines(self) -> list[str]:
        return self.text.removeprefix("\ufeff").splitlines()


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """One whole rules file: a pack and what is said otherwise."""

    pack: Text
    overrides: Text
    #: A rules file as any other. Where nothing is said otherwise, the pack's own text.
    text: str
    _joined: Joined | None = None

    @property
    def removed(self) -> tuple[str, ...]:
        """The ids of the pack that are left out."""
        return self._joined.removed if self._joined else ()

    def origin(self, one: str) -> str:
        """Where a badge or a ladder comes from, in words."""
        if self._joined and one in self._joined.own:
            return self.overrides.file
        if self._joined and (changed := self._joined.changed.get(one)):
            return f"{self.pack.file}; {self.overrides.file}: {', '.join(changed)}"
        return self.pack.file

    def annotated(self) -> str:
        """The text, with a comment to each badge and ladder where it comes from."""
        tree = self._joined.tree if self._joined else load(self.text, file=self.pack.file).tree
        text = written(tree, self.origin)
        if self.removed:
            text += f"\n# left out by {self.overrides.file}: {', '.join(self.removed)}\n"
        return text


def merged(pack: Text, overrides: Text) -> Merged:
    """Lay overrides over a pack.

    Raises ``RulesError`` for overrides that name what the pack has not, with file, line, column
    and cure. Whether the whole holds is told by :func:`read_merged`.
    """
    if overrides.says_nothing:
        return Merged(pack=pack, overrides=overrides, text=pack.text)
    whole = load(pack.text, file=pack.file)
    if not isinstance(whole.tree, dict):
        read_text(pack.text, file=pack.file, sources=OUR_SOURCES, site=_NOTHING_KNOWN)
    found = joined(whole, load(overrides.text, file=overrides.file))
    return Merged(pack=pack, overrides=overrides, text=written(found.tree), _joined=found)


def read_merged(
    whole: Merged,
    *,
    sources: AbstractSet[str] = OUR_SOURCES,
    site: SiteDefaults = _NOTHING_KNOWN,
) -> Reading:
    """Read what was merged, as any rules file.

    Raises ``RulesError`` as reading a file does, with the place in the text that is to blame.
    """
    try:
        return read_text(whole.text, file=whole.pack.file, sources=sources, site=site)
    except RulesError as error:
        if whole._joined is None:  # noqa: SLF001 - our own
            raise
        raise _blamed(error, whole, whole._joined) from None  # noqa: SLF001 - our own


def _blamed(error: RulesError, whole: Merged, found: Joined) -> RulesError:
    if error.line is None or error.column is None:
        return RulesError(error.problem, file=whole.overrides.file)
    document = load(whole.text, file=whole.pack.file)
    there, place = _origin(document, Place(error.line, error.column), found)
    problem = _IN_LINE.sub(partial(_in_line, document, found), error.problem)
    if there.file != whole.overrides.file:
        problem += f"; so it is together with {whole.overrides.file}"
    return RulesError(problem, file=there.file, line=place.line, column=place.column)


def _origin(document: Document, place: Place, found: Joined) -> tuple[Document, Place]:
    """The text and the place in it of what stands at a place of the whole.

    Where a part begins with another, that which the overrides say is to blame.
    """
    of_keys = [(trail, True) for trail, at in document.keys.items() if at == place]
    candidates = of_keys + [(trail, False) for trail, at in document.values.items() if at == place]
    ends = [_traced(trail, found, of_key=of_key) for trail, of_key in candidates]
    ends = ends or [_traced((), found, of_key=False)]
    return next((one for one in ends if one[0] is found.origin(())[0]), ends[0])


def _traced(trail: Trail, found: Joined, *, of_key: bool) -> tuple[Document, Place]:
    there, at = found.origin(trail)
    return there, there.place(at, of_key=of_key)


def _in_line(document: Document, found: Joined, match: re.Match[str]) -> str:
    line = int(match[1])
    at = next((trail for trail, place in document.values.items() if place.line == line), ())
    there, place = _traced(at, found, of_key=False)
    return f"in line {place.line} of {there.file}"
