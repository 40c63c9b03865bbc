"""YAML text in, a plain tree and the place of every node out; nothing surprising gets through.

Only the events of PyYAML's pure-Python parser are used: its C parser dies on deep nesting, and
its constructors turn ``no`` into false, ``1:30`` into 90 and a repeated key into the last one.
Here a scalar is the text that was written, quoted or not; only an empty value is ``None``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import yaml

from badgejobs.errors import RulesError

#: More than any rules file needs, and little enough to parse in a second or two.
MOST_BYTES = 256 * 1024
MOST_NODES = 20_000
DEEPEST = 20
#: A colour that YAML takes for a comment.
_COLOUR = re.compile(r"(?!\s*#).*?:\s+(#(?:[0-9A-Fa-f]{6}|[0-9A-Fa-f]{3})\b)")

#: Where a node stands in the tree: keys and list indices from the root.
Trail = tuple[str | int, ...]


class Place(NamedTuple):
    """A place in the file, both numbers counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A rules file as a tree of ``dict``, ``list``, ``str`` and ``None``, with its places."""

    file: str
    tree: Any
    keys: dict[Trail, Place]
    values: dict[Trail, Place]

    def place(self, trail: Trail, *, of_key: bool = False) -> Place:
        """The place of a node, or of the deepest known node above it."""
        if of_key and trail in self.keys:
            return self.keys[trail]
        while trail and trail not in self.values:
            trail = trail[:-1]
        return self.values.get(trail, Place(1, 1))


@dataclass(slots=True)
class _Open:
    """A mapping or list whose end has not been seen."""

    container: dict[str, Any] | list[Any]
    trail: Trail
    key: str | None = None


@dataclass(slots=True)
class _Scan:
    file: str
    tree: Any = None
    opened: list[_Open] = field(default_factory=list)
    keys: dict[Trail, Place] = field(default_factory=dict)
    values: dict[Trail, Place] = field(default_factory=dict)
    nodes: int = 0
    documents: int = 0

    def take(self, event: yaml.Event) -> None:
        match event:
            case yaml.DocumentStartEvent():
                self.documents += 1
                if self.documents > 1:
                    raise self.refused(
                        "a second document begins here; keep one and remove the '---' line", event
                    )
            case yaml.AliasEvent():
                raise self.refused(
                    f"the alias '*{shortened(event.anchor or '')}' is not allowed; "
                    "write the value out again",
                    event,
                )
            case yaml.ScalarEvent() | yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._take_node(event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self.opened.pop()
            case _:
                pass

    def _take_node(
        self, event: yaml.ScalarEvent | yaml.MappingStartEvent | yaml.SequenceStartEvent
    ) -> None:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise self.refused(f"more than {MOST_NODES} values; split the file by site", event)
        if event.anchor is not None:
            raise self.refused(
                f"the anchor '&{shortened(event.anchor)}' is not allowed; remove it", event
            )
        if event.tag is not None:
            raise self.refused(f"the tag '{shortened(event.tag)}' is not allowed; remove it", event)
        top = self.opened[-1] if self.opened else None
        if top and isinstance(top.container, dict) and top.key is None:
            self._take_key(top, event)
        elif isinstance(event, yaml.ScalarEvent):
            self._check_characters(event)
            # a quoted '' is an empty text; a plain empty value was forgotten
            self._attach(None if event.value == "" and event.style is None else event.value, event)
        else:
            if len(self.opened) == DEEPEST:
                raise self.refused(f"nested more than {DEEPEST} levels deep; flatten it", event)
            container: dict[str, Any] | list[Any]
            container = {} if isinstance(event, yaml.MappingStartEvent) else []
            self.opened.append(_Open(container, self._attach(container, event)))

    def _take_key(
        self, top: _Open, event: yaml.ScalarEvent | yaml.MappingStartEvent | yaml.SequenceStartEvent
    ) -> None:
        if not isinstance(event, yaml.ScalarEvent):
            raise self.refused("a key must be a plain word", event)
        self._check_characters(event)
        trail = (*top.trail, event.value)
        if event.value in top.container:
            raise self.refused(
                f"the key '{shortened(event.value)}' is written twice "
                f"(first in line {self.keys[trail].line}); keep one",
                event,
            )
        self.keys[trail] = _place(event.start_mark)
        top.key = event.value

    def _attach(self, value: Any, event: yaml.Event) -> Trail:
        """Hang a value into the container that is open; returns its trail."""
        trail: Trail = ()
        if not self.opened:
            self.tree = value
        else:
            top = self.opened[-1]
            if isinstance(top.container, list):
                trail = (*top.trail, len(top.container))
                top.container.append(value)
            else:
                assert top.key is not None
                trail = (*top.trail, top.key)
                top.container[top.key] = value
                top.key = None
        self.values[trail] = _place(event.start_mark)
        return trail

    def _check_characters(self, event: yaml.ScalarEvent) -> None:
        """Refuse what YAML's escapes can smuggle in: controls and lone surrogates."""
        for character in event.value:
            if character not in "\n\t" and unicodedata.category(character) in {"Cc", "Cs"}:
                raise self.refused(
                    f"the character U+{ord(character):04X} is not allowed; remove it", event
                )

    def refused(self, problem: str, event: yaml.Event) -> RulesError:
        line, column = _place(event.start_mark)
        return RulesError(problem, file=self.file, line=line, column=column)


def load(text: str, *, file: str) -> Document:
    """Parse one YAML document; anything that is not plain data is a :class:`RulesError`."""
    text = text.removeprefix("\ufeff")
    if len(text) > MOST_BYTES or len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise too_large(file)
    scan = _Scan(file)
    for event in _events(text, file):
        scan.take(event)
    if scan.tree is None:
        raise RulesError(
            "the file is empty; begin with 'version: 1' and a list of 'badges:'",
            file=file, line=1, column=1,
        )  # fmt: skip
    return Document(file=file, tree=scan.tree, keys=scan.keys, values=scan.values)


def _events(text: str, file: str) -> Iterator[yaml.Event]:
    loader: Any = None
    try:
        loader = yaml.SafeLoader(text)
        while loader.check_event():
            yield loader.get_event()
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        raise RulesError(
            f"the character U+{ord(text[error.position]):04X} is not allowed; "
            "is this a YAML file in UTF-8?",
            file=file,
            line=before.count("\n") + 1,
            column=error.position - before.rfind("\n"),
        ) from None
    except yaml.MarkedYAMLError as error:
        line, column = _place(error.problem_mark) if error.problem_mark else (None, None)
        raise RulesError(_explained(error, text), file=file, line=line, column=column) from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        # PyYAML lets some conversions escape: a long %YAML version, "\U00110000"
        raise RulesError(
            f"not valid YAML ({shortened(str(error))}); check escapes and directives",
            file=file,
            line=loader.line + 1 if loader else 1,
            column=loader.column + 1 if loader else 1,
        ) from None


def _explained(error: yaml.MarkedYAMLError, text: str) -> str:
    problem = shortened(error.problem or error.context or "unreadable", most=120)
    if "'\\t'" in problem:
        return "a tab cannot stand here; indent with spaces"
    cure = "check the indentation, the colons and the quotes around this line"
    if bare := _bare_colour(error, text):
        cure = f"put the colour in quotes, '{bare}': a bare # begins a comment"
    return f"not valid YAML: {problem}; {cure}"


def _bare_colour(error: yaml.MarkedYAMLError, text: str) -> str | None:
    """A colour without quotes on this line or just before, which hid the rest of its line."""
    if not error.problem_mark:
        return None
    line = error.problem_mark.line
    found = map(_COLOUR.match, text.splitlines()[max(0, line - 2) : line + 1])
    return next((one[1] for one in found if one), None)


def too_large(file: str) -> RulesError:
    """The error of a file that is not even looked at."""
    return RulesError(
        f"larger than {MOST_BYTES // 1024} KiB; a rules file is much smaller: is it the right one?",
        file=file,
    )


def shortened(text: str, most: int = 40) -> str:
    r"""Text of a user for an error message: printable, and never a page of it.

    >>> shortened("a" * 5000)[-4:], shortened("two\nlines")
    ('a...', 'two\\nlines')
    """
    cut = text if len(text) <= most else text[:most] + "..."
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in cut)


def _place(mark: Any) -> Place:
    return Place(mark.line + 1, mark.column + 1)
