"""Overrides laid over a pack: one tree, which remembers from which text each part of it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from badgejobs.errors import RulesError
from badgejobs.rules.complaints import named
from badgejobs.rules.language.scalars import did_you_mean, nearest
from badgejobs.rules.yaml_tree import Document, Trail, shortened

#: What overrides may say.
_KEYS = ("version", "site", "policies", "badges", "ladders", "remove")
#: A list of these is merged entry by entry, by their ids; every other list is replaced.
_BY_ID = frozenset({"badges", "ladders", "tiers"})
#: Conditions and measures are replaced as a whole: half of one beside half of another is neither.
_WHOLE = frozenset({"when", "measure"})
#: What an entry of its own must have at least.
_NEEDED = {"badges": ("badge", "when"), "ladders": ("measure", "tiers"), "tiers": ("badge", "gte")}
_EXAMPLES = {"badges": "first-purchase", "ladders": "spender", "tiers": "silver"}

#: A part of a document.
Part = tuple[Document, Trail]


@dataclass(slots=True)
class Joined:
    """The tree of the whole, and what was done to come by it."""

    tree: dict[str, Any] = field(default_factory=dict)
    #: Where the parts are from that were taken as they are; what is in them is from there too.
    came: dict[Trail, Part] = field(default_factory=dict)
    #: By the id of a badge, ladder or tier of the pack: what is said otherwise of it.
    changed: dict[str, tuple[str, ...]] = field(default_factory=dict)
    #: The ids that only the overrides have.
    own: set[str] = field(default_factory=set)
    removed: tuple[str, ...] = ()

    def origin(self, trail: Trail) -> Part:
        """The part of a text that stands at this place of the whole."""
        rest: Trail = ()
        while trail not in self.came:
            trail, rest = trail[:-1], (trail[-1], *rest)
        document, there = self.came[trail]
        return document, (*there, *rest)


def joined(pack: Document, overrides: Document) -> Joined:
    """The overrides laid over the pack.

    Raises ``RulesError`` with the place in the overrides for what names nothing in the pack, or
    is no overriding at all. Whether the whole holds is another question.
    """
    tree = overrides.tree
    if not isinstance(tree, dict):
        raise wrong(overrides, (), "must be a mapping: lines such as 'badges:' and 'remove: [id]'")
    for key in tree:
        if key not in _KEYS:
            text = f"'{shortened(key)}' is not known in overrides; {did_you_mean(key, _KEYS)}"
            raise wrong(overrides, (key,), text, of_key=True)
    joining = _Joining(pack, overrides)
    joining.remove()
    said = {key: value for key, value in tree.items() if key != "remove"}
    joining.so_far.tree = joining.mapping(pack.tree, (), said, (), ())
    for key in ("badges", "ladders"):
        if joining.so_far.tree.get(key) == [] and joining.so_far.removed:
            del joining.so_far.tree[key]
    if not {"badges", "ladders"} & set(joining.so_far.tree):
        text = "leaves no badge at all; leave one of the pack, or write one of your own"
        raise wrong(overrides, ("remove",), text, of_key=True)
    return joining.so_far


def wrong(document: Document, trail: Trail, text: str, *, of_key: bool = False) -> RulesError:
    """An error at a place of a document."""
    place = document.place(trail, of_key=of_key)
    said = text if of_key else named(trail, text)
    return RulesError(said, file=document.file, line=place.line, column=place.column)


class _Joining:
    def __init__(self, pack: Document, overrides: Document) -> None:
        self._pack, self._overrides = pack, overrides
        self._known = dict(_ids_in(pack.tree))
        self.so_far = Joined()

    def remove(self) -> None:
        """What is left out: ids of the pack, each once, and of nothing that is changed too."""
        tree = self._overrides.tree
        if "remove" not in tree:
            return
        ids, changed = tree["remove"], {one for one, _ in _ids_in(tree)}
        if not isinstance(ids, list) or not ids:
            text = "must be a list of ids of the pack, such as [first-purchase]"
            raise wrong(self._overrides, ("remove",), text)
        for number, one in enumerate(ids):
            trail: Trail = ("remove", number)
            if not isinstance(one, str):
                raise wrong(self._overrides, trail, "must be an id of the pack")
            if one in ids[:number]:
                raise wrong(self._overrides, trail, f"'{one}' is named twice; keep one")
            if one not in self._known:
                raise wrong(self._overrides, trail, self._unknown(one))
            if one in changed:
                text = f"'{one}' is changed further below or above; leave it out or change it"
                raise wrong(self._overrides, trail, text)
        self.so_far.removed = tuple(ids)

    def mapping(
        self, ours: Mapping[str, Any], there: Trail, said: Mapping[str, Any], here: Trail, at: Trail
    ) -> dict[str, Any]:
        """A mapping of the pack with what the overrides say in it, key by key."""
        self.so_far.came[at] = (self._overrides, here)
        found = dict[str, Any]()
        for key in dict.fromkeys((*ours, *said)):
            place = (*at, key)
            mine, other = ours.get(key), said.get(key)
            if key in _BY_ID and (isinstance(mine, list) or key in said):
                found[key] = self._entries(
                    key,
                    ours=mine if isinstance(mine, list) else [],
                    there=(*there, key),
                    said=said,
                    here=(*here, key),
                    at=place,
                )
            elif key not in said:
                self.so_far.came[place] = (self._pack, (*there, key))
                found[key] = mine
            elif key not in _WHOLE and isinstance(mine, dict) and isinstance(other, dict):
                found[key] = self.mapping(mine, (*there, key), other, (*here, key), place)
            else:
                self.so_far.came[place] = (self._overrides, (*here, key))
                found[key] = other
        return found

    def _entries(
        self,
        kind: str,
        *,
        ours: list[Any],
        there: Trail,
        said: Mapping[str, Any],
        here: Trail,
        at: Trail,
    ) -> list[Any]:
        """Badges, ladders or tiers: the pack's in their order, then those of its own."""
        changes = self._by_id(kind, said[kind], here) if kind in said else {}
        from_said = kind in said and not ours
        self.so_far.came[at] = (self._overrides, here) if from_said else (self._pack, there)
        found = list[Any]()
        for number, entry in enumerate(ours):
            one, trail, place = _id_of(entry), (*there, number), (*at, len(found))
            if one in self.so_far.removed:
                continue
            if one in changes:
                index, change = changes.pop(one)
                found.append(self.mapping(entry, trail, change, (*here, index), place))
                self.so_far.changed[one] = tuple(_said(change))
            else:
                self.so_far.came[place] = (self._pack, trail)
                found.append(
                    self.mapping(entry, trail, {}, here, place)
                    if self._loses_a_tier(entry)
                    else entry
                )
        for one, (index, entry) in changes.items():
            self._require_own(kind, one, entry, (*here, index))
            self.so_far.came[(*at, len(found))] = (self._overrides, (*here, index))
            self.so_far.own |= {one, *(tier for tier, _ in _ids_in(entry))}
            found.append(entry)
        return found

    def _loses_a_tier(self, entry: object) -> bool:
        tiers = entry.get("tiers") if isinstance(entry, dict) else None
        return isinstance(tiers, list) and any(
            _id_of(tier) in self.so_far.removed for tier in tiers
        )

    def _by_id(
        self, kind: str, entries: object, here: Trail
    ) -> dict[str, tuple[int, dict[str, Any]]]:
        """Entries of the overrides by their ids, with their numbers."""
        if not isinstance(entries, list) or not entries:
            raise wrong(self._overrides, here, "must be a list: each entry begins with '- id: '")
        found = dict[str, tuple[int, dict[str, Any]]]()
        for number, entry in enumerate(entries):
            trail = (*here, number)
            one = _id_of(entry)
            if not isinstance(entry, dict) or "id" not in entry:
                text = f"'id' is missing; add for example 'id: {_EXAMPLES[kind]}'"
                raise wrong(self._overrides, trail, text)
            if not one:
                raise wrong(self._overrides, (*trail, "id"), "must be an id")
            if one in found:
                line = self._overrides.place((*here, found[one][0], "id")).line
                text = f"'{shortened(one)}' stands in line {line} too; write both as one entry"
                raise wrong(self._overrides, (*trail, "id"), text)
            found[one] = (number, entry)
        return found

    def _require_own(self, kind: str, one: str, entry: Mapping[str, Any], here: Trail) -> None:
        """An entry that changes nothing of the pack must be whole."""
        if one in self._known:
            text = f"the pack has '{one}' under '{self._known[one]}'; change it there"
            raise wrong(self._overrides, (*here, "id"), text)
        missing = [key for key in _NEEDED[kind] if key not in entry]
        if missing:
            lacks = " and ".join(f"'{key}'" for key in missing)
            text = f"{self._unknown(one)}; for one of your own add {lacks}"
            raise wrong(self._overrides, (*here, "id"), text)

    def _unknown(self, one: str) -> str:
        near = nearest(one, self._known)
        cure = f"did you mean '{near}'?" if near else f"it has: {', '.join(sorted(self._known))}"
        return f"the pack has no '{shortened(one)}'; {cure}"


def _ids_in(tree: object, under: str = "") -> Iterator[tuple[str, str]]:
    """Every id in a file or in an entry of it, with the key under which it is to be found."""
    for kind in sorted(_BY_ID):
        entries = tree.get(kind) if isinstance(tree, dict) else None
        for entry in entries if isinstance(entries, list) else ():
            if one := _id_of(entry):
                yield one, f"{kind} of {under}" if under else kind
                yield from _ids_in(entry, one)


def _id_of(entry: object) -> str:
    one = entry.get("id") if isinstance(entry, dict) else None
    return one if isinstance(one, str) else ""


def _said(change: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """What an entry says otherwise, each with the keys above it."""
    for key, value in change.items():
        if key == "id" and not above:
            continue
        if isinstance(value, dict) and value and key not in _WHOLE:
            yield from _said(value, f"{above}{key}.")
        else:
            yield f"{above}{key}"
