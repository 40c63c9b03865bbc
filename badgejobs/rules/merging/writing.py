"""A tree of rules written as YAML, so that reading it gives the same tree."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from io import StringIO
from typing import Any

import yaml
from yaml.emitter import Emitter
from yaml.representer import SafeRepresenter
from yaml.resolver import BaseResolver
from yaml.serializer import Serializer

_TEXT, _MAPPING, _LIST = (f"tag:yaml.org,2002:{kind}" for kind in ("str", "map", "seq"))
#: Mappings and lists that are not longer than this stand on one line.
_SHORT = 72
#: Lines are never folded: where one ends would be part of no text, and hard to read.
_WIDTH = 1_000_000


class _Dumper(Emitter, Serializer, SafeRepresenter, BaseResolver):
    """Writes texts as they are read here: plain where they can be, whatever YAML makes of them.

    ``no`` and ``10`` are texts to our reader, so they need no quotes.
    """

    def __init__(self, stream: Any) -> None:
        Emitter.__init__(self, stream, width=_WIDTH, allow_unicode=True)
        Serializer.__init__(self)
        SafeRepresenter.__init__(self, sort_keys=False)
        BaseResolver.__init__(self)

    def ignore_aliases(self, _: Any) -> bool:
        """What stands twice is written twice: our reader knows no aliases."""
        return True


def written(tree: dict[str, Any], told: Callable[[str], str] = lambda _: "") -> str:
    """A rules file with this tree.

    ``told`` is asked for a comment to each badge and ladder by its id.
    """
    parts = list[str]()
    for key, value in tree.items():
        if key in {"badges", "ladders"} and isinstance(value, list) and value:
            parts.append(f"{key}:\n" + "".join(_entry(one, told) for one in value))
        else:
            parts.append(_dumped({key: value}))
    return "\n".join(parts) if len(parts) > 1 else "".join(parts)


def _entry(entry: Any, told: Callable[[str], str]) -> str:
    one = entry.get("id") if isinstance(entry, dict) else None
    comment = told(one) if isinstance(one, str) else ""
    text = (f"# {comment}\n" if comment else "") + _dumped([entry])
    return textwrap.indent(text, "  ")


def _dumped(tree: Any) -> str:
    """The text of a tree whose outermost level, and entries, never stand on one line."""
    stream = StringIO()
    dumper = _Dumper(stream)
    node: Any = dumper.represent_data(tree)
    node.flow_style = False
    for child in node.value if isinstance(tree, list) else ():
        child.flow_style = False
    dumper.open()
    dumper.serialize(node)
    dumper.close()
    return stream.getvalue()


def _text(dumper: SafeRepresenter, text: str) -> yaml.Node:
    # nothing at all would be an empty value, which is another thing than an empty text
    return dumper.represent_scalar(_TEXT, text, style=None if text else "'")


def _nothing(dumper: SafeRepresenter, _: None) -> yaml.Node:
    return dumper.represent_scalar(_TEXT, "")


def _mapping(dumper: SafeRepresenter, value: dict[str, Any]) -> yaml.Node:
    return dumper.represent_mapping(_MAPPING, value, flow_style=_is_short(value))


def _list(dumper: SafeRepresenter, value: list[Any]) -> yaml.Node:
    return dumper.represent_sequence(_LIST, value, flow_style=_is_short(value))


_Dumper.add_representer(str, _text)
_Dumper.add_representer(type(None), _nothing)
_Dumper.add_representer(dict, _mapping)
_Dumper.add_representer(list, _list)


def _is_short(value: Any) -> bool:
    """Whether it may stand on one line: nothing empty in it, which could not be told there."""
    return _length(value) <= _SHORT


def _length(value: Any) -> int:
    match value:
        case dict():
            return sum(len(key) + _length(one) + 4 for key, one in value.items()) + 2
        case list():
            return sum(_length(one) + 2 for one in value) + 2
        case str() if value.isprintable():
            return len(value)
        case _:
            return _SHORT + 1
